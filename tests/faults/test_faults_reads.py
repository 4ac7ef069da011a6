"""The disk fails to give back what is stored. SQLite calls that "malformed", but nothing is damaged: nothing may be set aside for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.failing_reads import FailingReads
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, stored, until


def set_aside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("monitor.db.*") if not path.name.endswith((".lock", ".db-wal", ".db-shm")))


def filled(folder: Path, fleet: Fleet) -> None:
    """A database with a part of the logs; the monitor that wrote it has ended in order."""
    with Monitor(folder, fleet.logs) as monitor:
        monitor.wait_for_lines(fleet.lines())
        assert monitor.stop()[0] == 0


@pytest.mark.parametrize("starts", [2, pytest.param(12, marks=pytest.mark.long)])
def test_a_start_with_a_few_failing_reads_sets_nothing_aside(tmp_path: Path, starts: int) -> None:
    reads = FailingReads(tmp_path, "monitor.db")
    with Fleet(tmp_path / "logs", nodes=2, rate=8000) as fleet:
        fleet.write(0.3)
        filled(tmp_path, fleet)
        reads.fail(of_10000=50)
        for start in itertools.count():
            if start >= starts and reads.faults > 0:  # it is left to chance which reads fail
                break
            fleet.write(0.02)
            with Monitor(tmp_path, fleet.logs, more=reads.environment, wait=False) as monitor:
                monitor.wait_until_up(60)
                monitor.wait_for_lines(fleet.lines(), limit_s=60)
                assert monitor.stop()[0] == 0
        assert set_aside(tmp_path) == []
        assert difference(stored(monitor.database), fleet.truth()) == {}


def test_reads_that_fail_while_running_are_waited_for(tmp_path: Path) -> None:
    """All reads fail for a while, as when a cable is loose: it is said, and goes on afterwards."""
    reads = FailingReads(tmp_path, "monitor.db")
    with running(tmp_path, reads) as (fleet, monitor):
        reads.fail()
        until(lambda: monitor.metric("storj_monitor_store_failing") == 1, 30, "it is said that the database fails")
        assert monitor.healthy()
        row = monitor.get("/api/v1/nodes")["rows"][0]
        assert row["state"] == "error" and "database" in row["detail"]
        before = reads.faults
        until(lambda: monitor.get("/api/v1/nodes") and reads.faults > before + 8, 60, lambda: f"tries: {reads.faults - before}")
        goes_on(reads, fleet, monitor)
    assert set_aside(tmp_path) == []
    assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.long
def test_reads_that_give_other_bytes_while_running_damage_nothing(tmp_path: Path) -> None:
    """Not for long: what looks the same again and again for most of a minute is damage."""
    reads = FailingReads(tmp_path, "monitor.db")
    with running(tmp_path, reads) as (fleet, monitor):
        before = reads.faults
        reads.garble()
        until(lambda: reads.faults > before + 8, 60, lambda: f"reads: {reads.faults - before}")
        goes_on(reads, fleet, monitor)
    assert set_aside(tmp_path) == []
    assert difference(stored(monitor.database), fleet.truth()) == {}


@contextmanager
def running(folder: Path, reads: FailingReads) -> Iterator[tuple[Fleet, Monitor]]:
    """A monitor on a database of an earlier run, which has committed in this one, beside nodes that write."""
    with Fleet(folder / "logs", nodes=2, rate=4000) as fleet:
        fleet.write(1.0)
        filled(folder, fleet)
        fleet.start()
        with Monitor(folder, fleet.logs, more=reads.environment) as monitor:
            before = monitor.metric("storj_monitor_commit_timestamp_seconds")
            until(lambda: monitor.metric("storj_monitor_commit_timestamp_seconds") > before, 30, "a commit of this run")
            yield fleet, monitor


def goes_on(reads: FailingReads, fleet: Fleet, monitor: Monitor) -> None:
    """The disk is well again: all is read, and the monitor ends in order."""
    reads.heal()
    until(lambda: monitor.metric("storj_monitor_store_failing") == 0, 30, lambda: f"all well again: {monitor.text()[-2000:]}")
    fleet.finish()
    monitor.wait_for_lines(fleet.lines(), limit_s=60)
    assert monitor.stop()[0] == 0
    assert "internal error" not in monitor.text()


def test_a_disk_that_gives_nothing_back_at_the_start_is_waited_for_with_a_page(tmp_path: Path) -> None:
    reads = FailingReads(tmp_path, "monitor.db")
    with Fleet(tmp_path / "logs", nodes=1, rate=4000) as fleet:
        fleet.write(0.5)
        filled(tmp_path, fleet)
        reads.fail()
        with Monitor(tmp_path, fleet.logs, more=reads.environment) as monitor:
            until(lambda: monitor.metric("storj_monitor_store_failing") == 1, 10, "it is said that the database fails")
            assert "disk" in monitor.get("/api/v1/nodes")["rows"][0]["detail"]
            reads.heal()
            monitor.wait_for_lines(fleet.lines(), limit_s=30)
            assert monitor.stop()[0] == 0
        assert set_aside(tmp_path) == []
        fleet.finish()


def test_a_monitor_that_waits_for_its_disk_can_be_stopped(tmp_path: Path) -> None:
    reads = FailingReads(tmp_path, "monitor.db")
    with Fleet(tmp_path / "logs", nodes=1, rate=4000) as fleet:
        fleet.write(0.2)
        filled(tmp_path, fleet)
        reads.fail()
        for wait in itertools.chain([True], [False] * 2):
            with Monitor(tmp_path, fleet.logs, more=reads.environment, wait=wait) as monitor:
                before = reads.faults
                until(lambda before=before: reads.faults > before, 20, "a failing read")  # type: ignore[misc]
                assert monitor.stop()[0] == 0
        assert set_aside(tmp_path) == []
        fleet.finish()
