"""The ends of a monitor: in order, interrupted, killed; and two of them on one database."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, Process, command, difference, stored, until
from patience import stretched


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_under_load_commits_everything_read(tmp_path: Path, number: signal.Signals) -> None:
    """The second monitor gets the other signal."""
    with Fleet(tmp_path / "logs", rate=2500) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs) as monitor, Page(monitor.port, "lines", "live") as page:
            fleet.wait_for_lines(4000)
            until(lambda: sum(page.row("lines", name).get("lines", 0) for name in fleet.names) > 2000, 10, "lines on the page")
            code, took_s = monitor.stop(number)
            assert (code, took_s <= stretched(2)) == (0, True), f"{took_s} s:\n{monitor.text()}"
            until(lambda: page.close_code is not None, 5, "the end of the connection")
            assert page.close_code == 1001
            told = sum(page.row("lines", name)["lines"] for name in fleet.names)
        assert stored(monitor.database)["lines"] >= told
        with Monitor(tmp_path, fleet.logs) as monitor:
            fleet.finish()
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop(signal.SIGTERM if number is signal.SIGINT else signal.SIGINT)[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.long
def test_a_signal_while_it_starts_or_catches_up(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=20_000) as fleet:
        fleet.write(5)
        fleet.finish()
        with Monitor(tmp_path, fleet.logs) as monitor:
            until(lambda: monitor.lines() > fleet.lines() // 8, 20, "part of the log")
            code, took_s = monitor.stop()
            assert (code, took_s <= stretched(2)) == (0, True), f"{took_s} s"
            assert 0 < stored(monitor.database)["lines"] < fleet.lines()
        with Monitor(tmp_path, fleet.logs) as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


def test_the_second_monitor_is_refused_and_follows_a_killed_one_at_once(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs) as first:
            flags = [part for name, log in fleet.logs.items() for part in ("--node", f"{name}:{log}")]
            with Process(command("run", "--database", first.database, "--port", 0, *flags), tmp_path / "second.out") as second:
                assert second.end(10) == 3
                assert "another storj_monitor is running on this database" in second.text()
                assert "Traceback" not in second.text()
            assert first.healthy()
        with Monitor(tmp_path, fleet.logs) as third:
            fleet.finish()
            third.wait_for_lines(fleet.lines())
            assert third.stop()[0] == 0
        assert difference(stored(third.database), fleet.truth()) == {}
