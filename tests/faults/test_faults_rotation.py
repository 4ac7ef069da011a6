"""Rotation of each kind under load, watched and while nobody reads: every line that is still somewhere is counted once."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, stored

KINDS = ("rename", "copytruncate", "gzip", "zstd", "delete")


def compare(fleet: Fleet, database: Path) -> None:
    """All together; node by node where that is wrong, so that a message names the kind of rotation."""
    if not difference(stored(database), fleet.truth()):
        return
    wrong = {name: found for name in fleet.names if (found := difference(stored(database, name), fleet.truth(name)))}
    assert wrong == {}


def rotate_live(folder: Path, rounds: int) -> None:
    with Fleet(folder / "logs", rate=2500, names=KINDS) as fleet, Monitor(folder, fleet.logs) as monitor:
        fleet.start()
        for _ in range(rounds):
            fleet.wait_for_lines(4000)
            # a file that is deleted must have been seen before: a part that came and went between two looks is gone for everybody
            monitor.wait_for_lines(fleet.lines("delete"), "delete")
            for kind in KINDS:
                fleet.rotate(kind, kind)
        fleet.wait_for_lines(4000)
        fleet.finish()
        monitor.wait_for_lines(fleet.lines(), limit_s=30)
        assert monitor.stop()[0] == 0
        compare(fleet, monitor.database)


def test_each_kind_of_rotation_under_load(tmp_path: Path) -> None:
    rotate_live(tmp_path, 2)


@pytest.mark.long
def test_forty_rotations_of_each_kind_under_load(tmp_path: Path) -> None:
    rotate_live(tmp_path, 40)


@pytest.mark.long
def test_rotations_while_the_monitor_is_down(tmp_path: Path) -> None:
    """It was killed in mid-file; three parts were written, compressed and moved on before it came back."""
    kinds = tuple(kind for kind in KINDS if kind != "delete")
    with Fleet(tmp_path / "logs", rate=4000, names=kinds) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs) as monitor:
            fleet.wait_for_lines(3000)
            monitor.wait_for_lines(3000)
        for _ in range(3):
            fleet.wait_for_lines(2500)
            for kind in kinds:
                fleet.rotate(kind, kind)
        # the same again with the other packing, so that plain, .gz and .zst parts of one log lie side by side
        fleet.wait_for_lines(2500)
        for kind, other in zip(kinds, (*kinds[1:], kinds[0]), strict=True):
            fleet.rotate(kind, other)
        fleet.wait_for_lines(2500)
        with Monitor(tmp_path, fleet.logs) as monitor:
            fleet.finish()
            monitor.wait_for_lines(fleet.lines(), limit_s=30)
            assert monitor.stop()[0] == 0
        compare(fleet, monitor.database)


@pytest.mark.long
@pytest.mark.parametrize("how", ["rename", "copytruncate", "gzip"])
def test_a_kill_just_after_a_rotation(tmp_path: Path, how: str) -> None:
    """What was read of the old file and not yet committed stands in a part now."""
    with Fleet(tmp_path / "logs", nodes=2, rate=4000) as fleet:
        fleet.start()
        for _ in range(2):
            with Monitor(tmp_path, fleet.logs) as monitor:
                fleet.wait_for_lines(3000)
                monitor.wait_for_lines(1000)
                for name in fleet.names:
                    fleet.rotate(name, how)
        with Monitor(tmp_path, fleet.logs) as monitor:
            fleet.finish()
            monitor.wait_for_lines(fleet.lines(), limit_s=30)
            assert monitor.stop()[0] == 0
        compare(fleet, monitor.database)
