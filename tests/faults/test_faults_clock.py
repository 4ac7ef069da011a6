"""Clocks that jump: the node's (times in the lines) and the machine's own."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, SettableClock, difference, stored, until

from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import transfer_lines

DAY_S = 86400.0


def shown(page: Page) -> int:
    """Results of the last 60 minutes, as the page tells them."""
    return sum(row["success"] + row["canceled"] + row["failed"] for row in page.rows("actions").values())


def results(truth: dict[str, Any], since_s: float, until_s: float) -> int:
    """Results in these minutes, by the truth."""
    return sum(n for key, n in truth["minutes"].items() if since_s < int(key.split()[0]) * 60 <= until_s)


def test_lines_from_other_hours_and_days_keep_their_places(tmp_path: Path) -> None:
    """A node's clock goes back, forward, and two years ahead; each line counts in its own minute, and nothing old is thrown away for it."""
    log, total = tmp_path / "node.log", GroundTruth()
    now = time.time()
    moments = (-40 * 60, -40 * 60 - 3600, 3600, -20 * 60, 3 * DAY_S, -3 * DAY_S, 730 * DAY_S, -10 * 60)
    with log.open("ab", buffering=0) as file, Monitor(tmp_path, {"node": log}) as monitor, Page(monitor.port, "actions", "nodes") as page:
        for seed, moment in enumerate(moments):
            data, truth = transfer_lines(1500, NodeProfile(templates=128), seed, now + moment, rate=20.0)
            file.write(data)
            total.add(truth)
            if moment > DAY_S:  # so that some jumps stand between two chunks and others within one
                monitor.wait_for_lines(total.lines)
        monitor.wait_for_lines(total.lines)
        wanted = results(total.as_json(), now // 60 * 60 - 3600, now + 120)
        until(lambda: shown(page) == wanted, 10, lambda: f"{wanted} results of this hour, the page shows {shown(page)}")
        assert monitor.stop()[0] == 0
    # what is too old is thrown away after the first commit of a process, here the one at its end
    with log.open("ab", buffering=0) as file, Monitor(tmp_path, {"node": log}) as monitor:
        data, truth = transfer_lines(200, NodeProfile(templates=128), 99, now, rate=20.0)
        file.write(data)
        total.add(truth)
        monitor.wait_for_lines(total.lines)
        assert monitor.get("/api/v1/nodes")["rows"][0]["last"] < now + 600
        assert monitor.stop()[0] == 0
    assert difference(stored(monitor.database), total.as_json()) == {}


def test_the_machine_sets_its_clock_while_lines_come(tmp_path: Path) -> None:
    clock = SettableClock(tmp_path / "clock")
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet:
        with Monitor(tmp_path, fleet.logs, clock=clock) as monitor, Page(monitor.port, "live", "actions", "nodes", "lines") as page:
            fleet.start()
            fleet.wait_for_lines(2000)
            for jump_s in (2 * 3600.0, -5 * 3600.0, 3 * DAY_S, 0.0):
                clock.move(jump_s)
                before = page.deltas
                fleet.wait_for_lines(1500)
                until(lambda before=before: page.deltas > before, 10, "deltas after the jump")  # type: ignore[misc]
            for name in fleet.names:
                fleet.rotate(name, "rename")
            fleet.wait_for_lines(1000)
            fleet.finish()
            monitor.wait_for_lines(fleet.lines())
            wanted = sum(n for key, n in fleet.truth()["transfers"].items() if not key.endswith(" started"))
            until(lambda: shown(page) == wanted, 10, lambda: f"{wanted} results of this hour, the page shows {shown(page)}")
            assert page.gaps == 0
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.long
def test_what_was_saved_in_a_wrong_future_hides_no_later_part(tmp_path: Path) -> None:
    """Positions saved by a clock a day ahead; then the right time, and rotations while nobody looked."""
    clock = SettableClock(tmp_path / "clock")
    clock.move(DAY_S)
    with Fleet(tmp_path / "logs", names=("rename", "copytruncate", "gzip"), rate=3000) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs, clock=clock) as monitor:
            fleet.wait_for_lines(3000)
            monitor.wait_for_lines(3000)
            assert monitor.stop()[0] == 0
        for _ in range(2):
            fleet.wait_for_lines(3000)
            for name in fleet.names:
                fleet.rotate(name, name)
        fleet.wait_for_lines(500)
        fleet.finish()
        with Monitor(tmp_path, fleet.logs) as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


def test_node_and_machine_far_ahead_prune_nothing(tmp_path: Path) -> None:
    """Both clocks in 2039 for a while: what is kept of today is not old for that, nor after they were set right."""
    log, total, now, ahead_s = tmp_path / "node.log", GroundTruth(), time.time(), 13 * 365 * DAY_S
    clock = SettableClock(tmp_path / "clock")
    kept = []
    for seed, moment in enumerate((now - 900, now + ahead_s, now)):
        clock.move(ahead_s if moment > now else 0.0)
        with log.open("ab", buffering=0) as file, Monitor(tmp_path, {"node": log}, clock=clock) as monitor:
            data, truth = transfer_lines(1500, NodeProfile(templates=128), seed, moment, rate=20.0)
            file.write(data)
            total.add(truth)
            monitor.wait_for_lines(total.lines)
            assert monitor.stop()[0] == 0
        with contextlib.closing(sqlite3.connect(monitor.database)) as db:
            kept.append(db.execute("SELECT sum(n) FROM events").fetchone()[0])
    assert kept[0] < kept[1] < kept[2], kept
    assert kept[2] == sum(n for key, n in total.as_json()["transfers"].items() if not key.endswith(" started"))
    assert "accept-clock" in monitor.output.read_text(encoding="utf-8")
    assert difference(stored(monitor.database), total.as_json()) == {}
