"""The writer's thread: what it refuses, what it survives, and how much it leaves behind."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import EU1, NOON_MS, US1, batch, transfer

from storj_monitor.database import queries
from storj_monitor.database.connection import WAL_PAGES, connect_reader
from storj_monitor.database.opening import open_database
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals
from storj_monitor.database.writer import QUEUE_DEPTH, Writer
from storj_monitor.errors import StoreError
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.state.accumulator import Accumulator

PAGE_BYTES = 4096


class Kept:
    """A database with its writer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "monitor.db"
        open_database(self.path, 1.0, "stamp")
        self.refused: list[str] = []
        self.writer = Writer(self.path, Retention(), signals=StoreSignals([self.refused.append]))
        self.reader = connect_reader(self.path)

    def commit(self, delta: NodeDelta) -> None:
        assert self.writer.submit([delta])
        assert self.writer.barrier(10.0)

    def wal_pages(self) -> int:
        return self.path.with_name(self.path.name + "-wal").stat().st_size // PAGE_BYTES

    def transfers(self) -> int:
        return sum(cell.count for cell in queries.totals(self.reader, [1], NOON_MS // 1000 - 3600, NOON_MS // 1000 + 86400).values())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.reader.close()
    kept.writer.close()


def part(number: int, count: int = 1, *, satellite: str = US1, size: int = 1000) -> NodeDelta:
    """The number-th stretch of a log."""
    accumulator = Accumulator("n1")
    shapes = [transfer(NOON_MS + number * 60_000, satellite=satellite, size=size) for _ in range(count)]
    accumulator.add(batch(shapes, start=number * 100, end=number * 100 + 100))
    return accumulator.drain()


def test_after_a_checkpoint_the_wal_begins_anew(kept: Kept) -> None:
    """Else every commit from then on would be followed by a checkpoint, with its two syncs."""
    sizes = []
    for number in range(24):
        kept.commit(part(number, 24_000))
        sizes.append(kept.wal_pages())
    assert max(sizes) > WAL_PAGES
    over = [size > WAL_PAGES for size in sizes]
    assert sum(over) <= 6
    assert not any(first and second for first, second in zip(over, over[1:], strict=False))


def test_sums_beyond_all_bounds_are_the_greatest_that_can_be_kept(kept: Kept) -> None:
    for number in range(3):
        kept.commit(part(number, 3, size=2**62))
    kept.commit(part(3, 1, satellite=EU1))
    assert kept.transfers() == 10
    assert queries.by_satellite(kept.reader, [1], NOON_MS // 1000 - 3600, NOON_MS // 1000 + 86400)


def test_commits_that_wait_are_counted(kept: Kept) -> None:
    """Another process holds the database: one commit is being tried, one waits, and no more can."""
    kept.commit(part(0))
    assert kept.writer.commits_waiting == 0
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert kept.writer.submit([part(1)])
        assert kept.writer.submit([part(2)])  # there is room for it once the first is taken up
        deadline = time.monotonic() + 10
        while kept.writer.commits_waiting < QUEUE_DEPTH + 1:  # the writer has it in its hands, but may not have begun
            assert time.monotonic() < deadline
        assert kept.writer.commits_waiting == 2
        other.execute("ROLLBACK")
    assert kept.writer.barrier(10.0)
    assert kept.writer.commits_waiting == 0
    assert kept.transfers() == 3


def test_who_submits_to_a_writer_that_has_ended_is_told(kept: Kept) -> None:
    kept.writer.close()
    with pytest.raises(StoreError):
        kept.writer.submit([part(0)])
    with pytest.raises(StoreError):
        kept.writer.barrier(1.0)


def test_the_last_commit_is_known_after_a_restart(kept: Kept) -> None:
    kept.commit(part(0))
    committed_at = kept.writer.status.committed_at
    again = Writer(kept.path, Retention(), signals=StoreSignals([kept.refused.append]))
    try:
        assert again.barrier(10.0)
        assert abs(again.status.committed_at - committed_at) < 1.0
    finally:
        again.close()
