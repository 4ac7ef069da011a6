"""Damage is looked for before it is met by chance."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from storj_monitor.database.integrity import tables
from storj_monitor.database.opening import open_database
from storj_monitor.services.watches import IntegrityWatch

PAGE = 4096


class CountingClock:
    """Waits for nothing; tells how long would have been waited."""

    def __init__(self, most: int) -> None:
        self.waits: list[float] = []
        self._most = most
        self._at = 0.0

    def now(self) -> float:
        return self._at

    def monotonic(self) -> float:
        self._at += 0.5
        return self._at

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) > self._most:
            raise asyncio.CancelledError
        await asyncio.sleep(0)


def names(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return tables(db)


async def watched(path: Path, *, after_crash: bool, sleeps: int) -> tuple[int, list[float]]:
    """How often something was suspected, and the pauses."""
    suspicions: list[None] = []
    clock = CountingClock(sleeps)
    with pytest.raises(asyncio.CancelledError):
        await IntegrityWatch(path, lambda: suspicions.append(None), clock).run(after_crash=after_crash)
    return len(suspicions), clock.waits


async def test_a_sound_file_is_looked_at_rarely_and_after_a_crash_soon(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "stamp")
    count = len(names(path))
    found, waits = await watched(path, after_crash=False, sleeps=count)
    assert found == 0
    assert waits[1:] == [1800.0] * count
    found, waits = await watched(path, after_crash=True, sleeps=count + 2)
    assert found == 0
    assert waits[1 : count + 1] == [10.0] * count, "half a second of work, a twentieth of the time"
    assert waits[count + 1 :] == [1800.0, 1800.0], "the second round is one like all others"


async def test_damage_of_any_table_is_suspected(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "stamp")
    with contextlib.closing(sqlite3.connect(path)) as db:
        page = int(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'paystub'").fetchone()[0])
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa5" * PAGE)
    found, _ = await watched(path, after_crash=True, sleeps=len(names(path)))
    assert found == 1


async def test_a_file_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    found, waits = await watched(tmp_path / "none.db", after_crash=False, sleeps=3)
    assert (found, len(waits)) == (0, 4)
