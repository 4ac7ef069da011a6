"""A few threads answer questions, at most as many as the setting says; one thread writes, whatever is asked."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from builders import batch, transfer
from patience import PATIENCE_S

from storj_monitor.database import queries
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader, auto_workers
from storj_monitor.database.retention import Retention
from storj_monitor.database.writer import Writer
from storj_monitor.errors import StoreError
from storj_monitor.state.accumulator import Accumulator


class Gate:
    """A question that tells which thread and connection it has, and waits until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)
        self.threads: set[str] = set()
        self.connections: set[int] = set()

    def __call__(self, db: sqlite3.Connection) -> int:
        self.threads.add(threading.current_thread().name)
        self.connections.add(id(db))
        self.inside.release()
        assert self.open.wait(PATIENCE_S)
        return int(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])


def reader_of(path: Path, workers: int | None) -> Reader:
    assert open_database(path, 1.0, "stamp") is None
    return Reader(path, workers)


def test_auto_is_a_few_by_the_cores() -> None:
    assert [auto_workers(cores) for cores in (1, 2, 4, 64)] == [2, 3, 4, 4]


@pytest.mark.parametrize("workers", [1, 3, None])
async def test_a_number_is_the_greatest_number_of_threads(tmp_path: Path, workers: int | None) -> None:
    """Each with a connection of its own; as many questions are answered at once."""
    reader, gate = reader_of(tmp_path / "m.db", workers), Gate()
    most = workers or auto_workers()
    try:
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(6)]
        for _ in range(most):
            assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        assert not gate.inside.acquire(blocking=False)
        gate.open.set()
        await asyncio.gather(*asked)
        assert (len(gate.threads), len(gate.connections)) == (most, most)
    finally:
        reader.close()


@pytest.mark.parametrize("workers", [None, 2])
async def test_errors_and_cancellations_lose_no_thread(tmp_path: Path, workers: int | None) -> None:
    reader, gate = reader_of(tmp_path / "m.db", workers), Gate()
    try:
        with pytest.raises(StoreError, match="no such table"):
            await reader.ask(lambda db: db.execute("SELECT * FROM missing"))
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(20)]
        assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert all(task.cancelled() for task in asked)
        gate.open.set()
        assert await reader.ask(queries.nodes) == []
    finally:
        reader.close()


async def test_closing_ends_who_waits(tmp_path: Path) -> None:
    reader, gate = reader_of(tmp_path / "m.db", None), Gate()
    asked = [asyncio.create_task(reader.ask(gate)) for _ in range(30)]
    for _ in range(auto_workers()):
        assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
    closing = asyncio.create_task(asyncio.to_thread(reader.close))
    await asyncio.wait(asked[auto_workers() :])  # cancelled; then those who hold a thread may end
    gate.open.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    await closing
    assert all(isinstance(outcome, int | StoreError | asyncio.CancelledError) for outcome in outcomes)
    assert sum(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes) == 30 - auto_workers()


def writers() -> set[threading.Thread]:
    """Of all databases of this process: those of earlier tests may still be ending."""
    return {thread for thread in threading.enumerate() if thread.name == "database-writer"}


@pytest.mark.parametrize("workers", [None, 6])
async def test_one_thread_writes_however_many_read(tmp_path: Path, workers: int | None) -> None:
    reader, before = reader_of(tmp_path / "m.db", workers), writers()
    writer = Writer(tmp_path / "m.db", Retention())
    gate, writing = Gate(), set()
    try:
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(6)]
        assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        done = [threading.Event() for _ in range(20)]
        for number, event in enumerate(done):
            accumulator = Accumulator("n")
            accumulator.add(batch([transfer(1_764_158_400_000 + number)], node="n"))
            assert writer.submit([accumulator.drain()])
            writer.submit_write(lambda db: writing.add(threading.get_ident()), event.set)
        for event in done:
            assert await asyncio.to_thread(event.wait, PATIENCE_S)
        assert len(writing) == 1
        assert len(writers() - before) == 1
        gate.open.set()
        await asyncio.gather(*asked)
        assert [node.name for node in await reader.ask(queries.nodes)] == ["n"]
    finally:
        gate.open.set()
        await asyncio.to_thread(writer.close)
        reader.close()
