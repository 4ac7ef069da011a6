"""The database cannot be written: a full disk, another process that holds it. It is said on the page, the log waits, nothing is lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, difference, stored, until
from faults.small_disk import fill, small_disk
from patience import stretched


def wait_until_said(page: Page, name: str, limit_s: float) -> str:
    """The page shows the node in trouble; why."""

    def trouble() -> str:
        row = page.row("nodes", name)
        return row["detail"] if row.get("state") == "error" else ""

    return until(trouble, limit_s, lambda: f"trouble on the page: {page.rows('nodes')}")


def wait_until_well(page: Page, names: tuple[str, ...], limit_s: float) -> None:
    until(
        lambda: all(page.row("nodes", name).get("state") in ("live", "catching_up") for name in names),
        limit_s,
        lambda: f"all well on the page: {page.rows('nodes')}",
    )


def test_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    """Full and free again under load; full again, and there the monitor ends in time; the next one finds all."""
    with small_disk(tmp_path, 16 << 10) as disk, Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet:
        with Monitor(tmp_path, fleet.logs, database=disk / "monitor.db") as monitor, Page(monitor.port, "nodes", "live") as page:
            fleet.start()
            fleet.wait_for_lines(1000)
            ballast = fill(disk, leave_kib=64)
            assert "full" in wait_until_said(page, fleet.names[0], 15)
            assert monitor.healthy()
            fleet.wait_for_lines(4000)
            ballast.unlink(missing_ok=True)
            wait_until_well(page, fleet.names, 10)
            ballast = fill(disk, leave_kib=16)
            wait_until_said(page, fleet.names[0], 15)
            fleet.wait_for_lines(2000)
            code, took_s = monitor.stop()
            assert (code, took_s <= stretched(2)) == (0, True), f"{took_s} s"
        ballast.unlink(missing_ok=True)
        with Monitor(tmp_path, fleet.logs, database=disk / "monitor.db") as monitor:
            fleet.finish()
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.long
def test_kill_on_a_full_disk(tmp_path: Path) -> None:
    """The file that SQLite could not finish is repaired when there is room again."""
    with small_disk(tmp_path, 16 << 10) as disk, Fleet(tmp_path / "logs", nodes=2, rate=4000) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs, database=disk / "monitor.db") as monitor, Page(monitor.port, "nodes") as page:
            ballast = fill(disk, leave_kib=64)
            wait_until_said(page, fleet.names[0], 15)
        fleet.finish()
        ballast.unlink(missing_ok=True)
        with Monitor(tmp_path, fleet.logs, database=disk / "monitor.db") as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@contextlib.contextmanager
def held_by_another(database: Path) -> Iterator[sqlite3.Connection]:
    """Another connection holds the database until it lets go with ROLLBACK, or at the end."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def test_locked_database_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        fleet.start()
        fleet.wait_for_lines(500)
        with Page(monitor.port, "nodes", "live") as page, held_by_another(monitor.database) as other:
            assert "locked" in wait_until_said(page, fleet.names[0], 15)
            assert monitor.healthy()
            fleet.wait_for_lines(4000)
            other.execute("ROLLBACK")
            wait_until_well(page, fleet.names, 10)
            fleet.finish()
            monitor.wait_for_lines(fleet.lines())
            assert page.gaps == 0
        assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.long
def test_the_monitor_ends_in_time_while_another_process_holds_the_database(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=4000) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        fleet.start()
        monitor.wait_for_lines(1000)
        with Page(monitor.port, "nodes") as page, held_by_another(monitor.database):
            wait_until_said(page, fleet.names[0], 15)
            fleet.wait_for_lines(12_000)
            code, took_s = monitor.stop()
            assert (code, took_s <= stretched(2)) == (0, True), f"{took_s} s"
        with Monitor(tmp_path, fleet.logs) as monitor:
            fleet.finish()
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}
