"""kill -9 at random moments under load: the database equals the log, nothing lost, nothing twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, positions, stored, until

KINDS = ("copytruncate", "gzip", "rename", "zstd")


def kill_rounds(folder: Path, rounds: int, seed: int, rotating: bool) -> None:
    """`rotating`: each node by its own kind, sometimes just before a kill, sometimes while nobody reads."""
    rng, known = random.Random(seed), set[int]()
    with Fleet(folder / "logs", rate=2400, names=KINDS) as fleet:
        fleet.start()
        for _ in range(rounds):
            # Sometimes before the first line is read, sometimes after several commits.
            with Monitor(folder, fleet.logs, wait=rng.random() < 0.8):
                fleet.wait_for_lines(rng.randrange(50, 6000))
                # a log of which nothing was ever saved is new: its parts would be the past, left out on purpose
                rotating_now = rotating and len(positions(folder / "monitor.db")) == len(KINDS)
                for kind in KINDS if rotating_now and rng.random() < 0.6 else ():
                    fleet.rotate(kind, kind)
            for kind in KINDS if rotating_now and rng.random() < 0.6 else ():
                fleet.wait_for_lines(200)
                fleet.rotate(kind, kind)
            known.add(sum(positions(folder / "monitor.db").values()))
        fleet.finish()
        with Monitor(folder, fleet.logs) as monitor:
            monitor.wait_for_lines(fleet.lines(), limit_s=60)
            assert monitor.stop()[0] == 0
        assert len(known) > rounds // 3, f"too few kills met a monitor that had committed something new: {known}"
        assert difference(stored(monitor.database), fleet.truth()) == {}
        assert difference(stored(monitor.database, KINDS[0]), fleet.truth(KINDS[0])) == {}


def test_five_kills_and_rotations_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 5, seed=7, rotating=True)


@pytest.mark.long
@pytest.mark.parametrize("rotating", [False, True], ids=["", "and rotations"])
def test_fifty_kills_under_load_lose_and_double_nothing(tmp_path: Path, rotating: bool) -> None:
    kill_rounds(tmp_path, 50, seed=50, rotating=rotating)


@pytest.mark.long
def test_a_kill_while_it_catches_up(tmp_path: Path) -> None:
    """Large commits follow one another there; a kill meets one of them."""
    with Fleet(tmp_path / "logs", nodes=2, rate=20_000) as fleet:
        fleet.write(4)
        fleet.finish()
        for part in (1, 2):
            with Monitor(tmp_path, fleet.logs) as monitor:
                goal = fleet.lines() * part // 3
                until(lambda goal=goal, monitor=monitor: monitor.lines() > goal, 20, "part of the log")  # type: ignore[misc]
        with Monitor(tmp_path, fleet.logs) as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}
