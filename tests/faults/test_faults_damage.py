"""A database that was damaged: set aside, never deleted, and said so; the logs fill a new one. A WAL that lost its end costs nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, stored, until

PAGE_BYTES = 4096
BROKEN = b"\xa5" * PAGE_BYTES


def filled(folder: Path, fleet: Fleet) -> Path:
    """A database with a part of the logs; the monitor that wrote it has ended in order."""
    with Monitor(folder, fleet.logs) as monitor:
        monitor.wait_for_lines(fleet.lines())
        assert monitor.stop()[0] == 0
    return monitor.database


def set_aside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("monitor.db.damaged-*") if not path.name.endswith(("-wal", "-shm")))


def page_numbers(database: Path, damage: str) -> list[int]:
    """Which pages are overwritten; the newest leaf of a table is found only when something is written into it."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        if damage == "leaf":
            # children stand in a root page as cells of a 4-byte number and a key, and the last one in its header
            root = int(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'notable'").fetchone()[0])
            page = database.read_bytes()[(root - 1) * PAGE_BYTES :]
            assert page[0] in (2, 5), "the table must have grown beyond its first page"
            return [int.from_bytes(page[8:12])]
        roots = sorted(number for (number,) in db.execute("SELECT rootpage FROM sqlite_schema") if number > 1)
    return {"head": [1], "roots": roots}[damage]


@pytest.mark.parametrize("damage", [pytest.param("head", marks=pytest.mark.long), pytest.param("roots", marks=pytest.mark.long), "leaf"])
def test_a_damaged_database_is_set_aside_and_filled_anew(tmp_path: Path, damage: str) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=8000) as fleet:
        fleet.write(1.5)
        database = filled(tmp_path, fleet)
        pages = page_numbers(database, damage)
        with database.open("r+b") as file:
            for number in pages:
                file.seek((number - 1) * PAGE_BYTES)
                file.write(BROKEN)
        fleet.write(0.5)
        fleet.finish()
        with Monitor(tmp_path, fleet.logs) as monitor:
            until(lambda: set_aside(tmp_path), 60, lambda: f"the damaged file set aside: {monitor.text()}")
            until(monitor.healthy, 20, "the address answers (again)")
            monitor.wait_for_lines(fleet.lines(), limit_s=120)
            (aside,) = set_aside(tmp_path)
            content = aside.read_bytes()
            assert all(content[(number - 1) * PAGE_BYTES : number * PAGE_BYTES] == BROKEN for number in pages)
            assert "damaged" in monitor.text() and str(aside) in monitor.text()
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


@pytest.mark.parametrize("keep", [pytest.param(0.0, marks=pytest.mark.long), 0.37, pytest.param(0.999, marks=pytest.mark.long)])
def test_a_wal_that_lost_its_end(tmp_path: Path, keep: float) -> None:
    """A power cut may take the newest commits; their positions go with them, so their lines are read again."""
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet:
        fleet.start()
        with Monitor(tmp_path, fleet.logs) as monitor:
            wal = monitor.database.with_name("monitor.db-wal")
            until(lambda: wal.exists() and wal.stat().st_size > 150_000, 30, "a few commits")
        size = wal.stat().st_size
        with wal.open("r+b") as file:
            file.truncate(int(size * keep))
        fleet.finish()
        with Monitor(tmp_path, fleet.logs) as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert set_aside(tmp_path) == []
        assert difference(stored(monitor.database), fleet.truth()) == {}
