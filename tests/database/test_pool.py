"""Readers come when questions wait and go when none come; one thread writes, whatever is asked."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from builders import batch, transfer
from patience import PATIENCE_S, eventually

from storj_monitor.database import pool, queries
from storj_monitor.database.opening import open_database
from storj_monitor.database.pool import FixedPool, GrowingPool, most_threads
from storj_monitor.database.reader import Reader
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


async def test_auto_grows_while_questions_wait_and_not_beyond_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storj_monitor.database.reader.most_threads", lambda: 3)
    reader, gate = reader_of(tmp_path / "m.db", None), Gate()
    try:
        assert reader.threads == 0
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(8)]
        await eventually(lambda: reader.threads == 3)
        for _ in range(3):
            assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        await asyncio.sleep(4 * pool.GROW_AFTER_S)
        assert (reader.threads, len(gate.connections)) == (3, 3)
        gate.open.set()
        assert len(set(await asyncio.gather(*asked))) == 1
        assert (reader.threads, len(gate.connections)) == (3, 3)
    finally:
        reader.close()


async def test_quick_questions_one_after_the_other_need_one_thread(tmp_path: Path) -> None:
    reader = reader_of(tmp_path / "m.db", None)
    try:
        for _ in range(50):
            assert await reader.ask(queries.nodes) == []
        assert reader.threads == 1
    finally:
        reader.close()


async def test_a_queue_that_moves_gets_no_further_thread() -> None:
    """Only one of them computes at a time: more would get into each other's way."""
    threads, gates = GrowingPool(3, lambda: None, grow_after_s=3600), [threading.Event() for _ in range(4)]
    asked = [asyncio.create_task(threads.run(gate.wait)) for gate in gates]
    await asyncio.sleep(0)
    waiting = threads._waiting[-1]
    gates[0].set()
    await asked[0]
    threads._grow(waiting)
    assert threads.threads == 1  # one has just been answered
    threads._moved_at = float("-inf")
    threads._grow(waiting)
    assert threads.threads == 2 and waiting not in threads._waiting
    for gate in gates:
        gate.set()
    assert await asyncio.gather(*asked) == [True] * 4
    threads.close()


async def test_auto_shrinks_to_one_when_nothing_is_asked_and_closes_connections(tmp_path: Path) -> None:
    path, ended = tmp_path / "m.db", []
    assert open_database(path, 1.0, "stamp") is None
    threads, gate = GrowingPool(4, lambda: ended.append(threading.current_thread().name), grow_after_s=0.001, idle_s=0.02), Gate()
    db = sqlite3.connect(path, check_same_thread=False)
    asked = [asyncio.create_task(threads.run(lambda: gate(db))) for _ in range(4)]
    await eventually(lambda: threads.threads == 4)
    gate.open.set()
    await asyncio.gather(*asked)
    await eventually(lambda: threads.threads == 1 and len(ended) == 3)
    assert len(ended) == 3
    assert threads.longest_wait_s >= 0.001
    assert await threads.run(lambda: 5) == 5
    await asyncio.sleep(0.05)
    assert threads.threads == 1  # the last one stays
    threads.close()
    db.close()


async def test_after_closing_nothing_ends_twice() -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    threads, start = GrowingPool(2, lambda: None, grow_after_s=0.001, idle_s=0.02), threading.Barrier(2)
    await asyncio.gather(*(threads.run(lambda: start.wait(PATIENCE_S)) for _ in range(2)))
    assert threads.threads == 2
    threads.close()
    await asyncio.sleep(0.05)
    assert told == []


async def test_a_thread_that_ends_closes_its_connection(tmp_path: Path) -> None:
    reader, gate = reader_of(tmp_path / "m.db", None), Gate()
    try:
        growing = reader._pool
        assert isinstance(growing, GrowingPool)
        growing._idle_s = 0.02
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(2)]
        await eventually(lambda: reader.threads == 2)
        gate.open.set()
        await asyncio.gather(*asked)
        assert len(gate.connections) == 2
        await eventually(lambda: len(reader._connections) == 1)
        assert await reader.ask(queries.nodes) == []
    finally:
        reader.close()


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_number_is_the_greatest_number_of_threads(tmp_path: Path, workers: int) -> None:
    reader, gate = reader_of(tmp_path / "m.db", workers), Gate()
    try:
        assert isinstance(reader._pool, FixedPool)
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(6)]
        for _ in range(workers):
            assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        assert not gate.inside.acquire(blocking=False)
        gate.open.set()
        await asyncio.gather(*asked)
        assert len(gate.threads) <= workers
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
    await eventually(lambda: reader.threads == most_threads())
    closing = asyncio.create_task(asyncio.to_thread(reader.close))
    gate.open.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    await closing
    assert all(isinstance(outcome, int | StoreError | asyncio.CancelledError) for outcome in outcomes)
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


def test_the_bound_follows_the_cores() -> None:
    assert [most_threads(cores) for cores in (1, 2, 4, 64)] == [3, 4, 6, 8]


@pytest.mark.parametrize("workers", [None, 6])
async def test_one_thread_writes_however_many_read(tmp_path: Path, workers: int | None) -> None:
    reader = reader_of(tmp_path / "m.db", workers)
    writer = Writer(tmp_path / "m.db", Retention(), on_conflict=lambda _: None)
    gate, writing = Gate(), set()
    try:
        asked = [asyncio.create_task(reader.ask(gate)) for _ in range(6)]
        assert await asyncio.to_thread(gate.inside.acquire, timeout=PATIENCE_S)
        done = [threading.Event() for _ in range(20)]
        for number, event in enumerate(done):
            accumulator = Accumulator("n")
            accumulator.add(batch([transfer(1_764_158_400_000 + number)], node="n"))
            assert writer.submit([accumulator.drain()])
            writer.submit_work(lambda db: writing.add(threading.get_ident()), event.set)
        for event in done:
            assert await asyncio.to_thread(event.wait, PATIENCE_S)
        assert len(writing) == 1
        assert sum(thread.name == "database-writer" for thread in threading.enumerate()) == 1
        gate.open.set()
        await asyncio.gather(*asked)
        assert [node.name for node in await reader.ask(queries.nodes)] == ["n"]
    finally:
        gate.open.set()
        await asyncio.to_thread(writer.close)
        reader.close()
