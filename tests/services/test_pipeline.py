"""From lines in files to the database and to memory: each line once, whatever comes in between."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from app_rig import SATELLITE, Rig, ingest_quietly, line
from patience import PATIENCE_S

from storj_monitor.app.monitor import move_tables
from storj_monitor.commands.stats import stats_of_database
from storj_monitor.config import IngestInput
from storj_monitor.database.connection import connect_reader
from storj_monitor.model.events import EventBatch
from storj_monitor.model.sources import Chunk
from storj_monitor.services.log_pipeline import COMMIT_LINES_BEHIND, Tick
from storj_monitor.services.node_pipeline import LINES_A_CELL, LOOP_BYTES, READ_BYTES, ROUND_BYTES, NodePipeline, Processor, Rest, Scheduler


@pytest.fixture(autouse=True, params=[False, True], ids=["thread", "on_loop"])
def on_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """All must hold whether or not calm rounds run on an event loop."""
    if not request.param:
        yield False
        return
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="loop")
    thread.start()
    monkeypatch.setattr(Rig, "loop", loop)
    yield True
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def lines(count: int, first: int = 0, *, age_s: float | None = None, **words: str) -> bytes:
    """A minute old, unless an hour has begun since: errors and countries are taken from the database by the hour."""
    now = time.time()
    if age_s is None:
        age_s = 61 if now % 3600 > 90 else 0
    return b"".join(line(now - age_s, number, **words) for number in range(first, first + count))


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


def read(rig: Rig) -> int:
    """Lines that were read, committed or not."""
    return sum(sum(batch.lines.values()) for tick in rig.ticks for batch in tick.batches)


def in_window(rig: Rig, node: str = "n1") -> tuple[int, int, int]:
    """Transfers, errors and transfers by country."""
    window = rig.state.nodes[node].window
    return (
        sum(cell.count for cell in window.by_op.values()),
        sum(seen.count for seen in window.errors.values()),
        sum(count for count, _ in window.by_country.values()),
    )


def test_what_was_read_is_in_database_and_window(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    log.write_bytes(lines(50) + lines(5, 50, message="upload failed", more=', "error": "disk is gone"'))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 55, "the lines that were there")
        append(log, lines(10, 60))
        rig.until(lambda: rig.stored_lines() == 65, "the live lines")
        rig.until(lambda: in_window(rig) == (65, 5, 65), "the window")
        assert rig.stored().satellites == {f"{SATELLITE} PUT success": 60, f"{SATELLITE} PUT failed": 5}


def test_what_another_process_has_read_counts_once(tmp_path: Path) -> None:
    """The monitor has read lines that it has not committed; `ingest` commits them first; more lines come."""
    log = tmp_path / "n1.log"
    log.write_bytes(lines(20))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 20, "the beginning")
        rig.commit_every(3600)
        append(log, lines(100, 20) + lines(5, 50, message="upload failed", more=', "error": "disk is gone"'))
        rig.until(lambda: read(rig) == 125, "read by the monitor")
        assert ingest_quietly(rig.path, IngestInput("n1", str(log))) == 0
        assert rig.stored_lines() == 125
        rig.commit_every(0.05)
        append(log, lines(30, 200))
        rig.until(lambda: rig.conflicts == ["n1"], "refused")
        rig.until(lambda: rig.stored_lines() == 155, "read on")
        rig.until(lambda: in_window(rig) == (155, 5, 155), "memory has it once, too")
    stored = stats_of_database(rig.path, [])
    assert stored.transfers == {"PUT up success": 150, "PUT up failed": 5}
    assert sum(stored.minutes.values()) == 155


def test_a_refused_node_reads_on_although_the_database_did_not_answer(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    log.write_bytes(lines(20))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 20, "the beginning")
        rig.commit_every(3600)
        rig.unanswered = 1
        append(log, lines(50, 20))
        rig.until(lambda: read(rig) == 70, "read by the monitor")
        assert ingest_quietly(rig.path, IngestInput("n1", str(log))) == 0
        rig.commit_every(0.05)
        append(log, lines(30, 200))
        rig.until(lambda: rig.stored_lines() == 100, "read on")
        rig.until(lambda: in_window(rig) == (100, 0, 100), "memory has it once, too")
        assert rig.unanswered == 0


def test_memory_taken_anew_equals_the_database(tmp_path: Path) -> None:
    """An old part is loaded beside, while lines of the log are on their way."""
    log, old = tmp_path / "n1.log", tmp_path / "old.log"
    log.write_bytes(lines(20))
    old.write_bytes(lines(40, 1000, age_s=180) + lines(7, 2000, age_s=7200))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 20, "the beginning")
        rig.commit_every(3600)
        append(log, lines(30, 20))
        rig.until(lambda: read(rig) == 50, "read by the monitor")
        assert ingest_quietly(rig.path, IngestInput("n1", str(old))) == 0
        rig.commit_every(0.05)
        rig.pipeline.reload()
        append(log, lines(30, 50))
        rig.until(lambda: rig.stored_lines() == 127, "all lines")
        rig.until(lambda: in_window(rig)[0] == 120, "the window has them, without what is too old")
        assert rig.conflicts == []
        rig.pipeline.reload()
        loads = rig.state.loads
        rig.until(lambda: rig.state.loads > loads, "once more")
        assert in_window(rig)[0] == 120
        assert rig.state.nodes["n1"].count_lines()["lines"] == 127


def test_hot_pieces_are_counted_on_after_a_reload(tmp_path: Path) -> None:
    log, old = tmp_path / "n1.log", tmp_path / "old.log"
    # an hour must not end between the lines
    age_s = max(1.0, time.time() % 3600 - 1800)
    words = {"message": "downloaded", "action": "GET"}
    log.write_bytes(b"".join(lines(1, 7, age_s=age_s, **words) for _ in range(5)))
    others = b"".join(lines(1, 7, age_s=age_s, more=f', "offset": {number}', **words) for number in range(3))
    old.write_bytes(others + lines(1, 8, age_s=age_s, **words))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 5, "the beginning")
        assert ingest_quietly(rig.path, IngestInput("n1", str(old))) == 0
        rig.pipeline.reload()
        rig.until(lambda: bool(rig.state.loads), "taken anew")
        append(log, lines(1, 7, age_s=age_s, **words))
        rig.until(lambda: rig.stored_lines() == 10, "one more")
    (pipeline,) = rig.pipeline.scheduler
    assert [hot.count for hot in pipeline.hot.top().values()] == [9]
    assert next(iter(pipeline.hot.top().values())).piece_id.startswith("HAAA")


def test_an_hour_that_ends_just_after_a_restart_is_written_whole(tmp_path: Path) -> None:
    """Its beginning was counted by an earlier run; the log has gone on into the next hour while nobody read it."""
    log = tmp_path / "n1.log"
    hour_s = int(time.time()) // 3600 * 3600 - 3600

    def downloads(at_s: float, count: int) -> bytes:
        return b"".join(line(at_s + i, 7, message="downloaded", action="GET") for i in range(count))

    log.write_bytes(downloads(hour_s + 100, 5))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 5, "the beginning")
    append(log, downloads(hour_s + 200, 3) + downloads(hour_s + 3600, 2))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 10, "the end of the hour, and the next one")
        rig.pipeline.reload()
        rig.until(lambda: bool(rig.state.loads), "counted")
    with closing(connect_reader(rig.path)) as db:
        assert db.execute("SELECT start_s, n, error FROM hot_hour").fetchall() == [(hour_s, 8, 0)]
    (pipeline,) = rig.pipeline.scheduler
    assert [hot.count for hot in pipeline.hot.top().values()] == [2]


def test_stop_commits_what_was_read(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    log.write_bytes(lines(2000))
    with Rig(tmp_path, {"n1": log}, commit_s=3600) as rig:
        rig.until(lambda: read(rig) == 2000, "read")
        rig.stop()
        assert rig.stored_lines() == 2000
        (position,) = rig.positions("n1")
        assert position.offset == log.stat().st_size


def test_many_logs_behind_are_committed_in_small_parts(tmp_path: Path) -> None:
    logs = {f"n{i}": tmp_path / f"n{i}.log" for i in range(12)}
    for log in logs.values():
        log.write_bytes(lines(4 * READ_BYTES // len(lines(1)), age_s=86400))
    with Rig(tmp_path, logs, commit_s=3600) as rig:
        rig.until(lambda: len(rig.writer.sizes) > 3, "commits")
        rig.stop()
        a_round = (ROUND_BYTES + READ_BYTES) // len(lines(1))
        assert max(rig.writer.sizes) <= COMMIT_LINES_BEHIND + a_round
        assert rig.stored_lines() == sum(rig.writer.sizes)


def test_catching_up_is_not_now(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    log.write_bytes(lines(3000, age_s=86400) + lines(10, 5000))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 3010, "caught up")
        rig.until(lambda: in_window(rig) == (10, 0, 10), "the window")
        assert sum(not batch.live for tick in rig.ticks for batch in tick.batches) == sum(len(tick.batches) for tick in rig.ticks)
        append(log, lines(1, 6000))
        rig.until(lambda: any(batch.live for tick in rig.ticks for batch in tick.batches), "live")


def test_windows_move_on_without_lines(tmp_path: Path) -> None:
    with Rig(tmp_path, {"n1": tmp_path / "n1.log"}, quiet_tick_s=0.1) as rig:
        rig.until(lambda: len(rig.ticks) > 3, "ticks without news")


def test_a_tick_without_news_lets_go_of_what_is_an_hour_old(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    log.write_bytes(lines(20))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: in_window(rig)[0] == 20, "the window")
    revision = rig.state.revision
    move_tables(rig.state, Tick(time.time() + 1800))
    assert (in_window(rig)[0], rig.state.revision) == (20, revision)
    move_tables(rig.state, Tick(time.time() + 3700))
    assert in_window(rig) == (0, 0, 0)
    assert rig.state.revision > revision


def test_a_log_with_few_lines_a_minute_is_committed_in_smaller_parts(tmp_path: Path) -> None:
    log = tmp_path / "n1.log"
    now = time.time()
    log.write_bytes(b"".join(line(now - 10**6 + i * 60, i) for i in range(8000)))
    with Rig(tmp_path, {"n1": log}, commit_s=3600) as rig:
        rig.until(lambda: sum(rig.writer.sizes) > 4000, "commits")
        rig.stop()
        assert rig.stored_lines() == sum(rig.writer.sizes)
        assert max(rig.writer.sizes) <= COMMIT_LINES_BEHIND // LINES_A_CELL + READ_BYTES // len(line(0, 0)) + 1


def test_calm_rounds_are_done_on_the_loop_and_the_rest_by_the_thread(tmp_path: Path, on_loop: bool) -> None:
    """Lines, a rotation, commits: what is read at once and what is not are one log."""
    log = tmp_path / "n1.log"
    log.write_bytes(lines(20))
    with Rig(tmp_path, {"n1": log}) as rig:
        rig.until(lambda: rig.stored_lines() == 20, "the beginning")
        for number in range(1, 40):
            append(log, lines(5, 100 * number))
            if number == 20:
                log.rename(tmp_path / "n1.log.1")
                log.write_bytes(lines(5, 10_000))
            rig.until(lambda number=number: read(rig) == 20 + 5 * number + 5 * (number >= 20), "read")  # type: ignore[misc]
        rig.until(lambda: rig.stored_lines() == 220, "committed")
        assert bool(rig.ticks_on_loop) is on_loop
        assert rig.stored().transfers == {"PUT up success": 220}


def test_what_is_much_is_for_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_loop: bool) -> None:
    """A round on the loop is bounded by bytes, and by what there is to sum up."""
    logs = {f"n{i}": tmp_path / f"n{i}.log" for i in range(12)}
    for log in logs.values():
        log.write_bytes(lines(1))
    sizes: list[int] = []
    take_at_once = Scheduler.take_at_once

    def seen(self: Scheduler, now: float) -> tuple[list[tuple[NodePipeline, Chunk]], Rest]:
        chunks, rest = take_at_once(self, now)
        sizes.append(sum(len(chunk.data) for _, chunk in chunks))
        return chunks, rest

    monkeypatch.setattr(Scheduler, "take_at_once", seen)
    with Rig(tmp_path, logs, commit_s=3600) as rig:
        rig.until(lambda: read(rig) == 12, "the beginning")
        for number in range(1, 6):
            if on_loop:
                before = rig.ticks_on_loop

                def calm(before: int = before) -> bool:
                    append(logs["n0"], lines(1, 10**6))  # until one of them is read on the loop
                    return rig.ticks_on_loop > before

                rig.until(calm, "calm again")
            for log in logs.values():
                append(log, lines(150, 1000 * number))
        rig.until(lambda: read(rig) >= 12 + 5 * 12 * 150, "all of it")
    assert bool(sizes) is on_loop
    assert max(sizes, default=0) <= 2 * LOOP_BYTES + READ_BYTES


class FailsOnTheLoop:
    sieve = None

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self.character = processor.character

    def prime(self, data: bytes) -> None:
        self._processor.prime(data)

    def process(self, chunk: Chunk) -> EventBatch:
        if threading.current_thread().name == "loop":
            raise ZeroDivisionError
        return self._processor.process(chunk)


@pytest.mark.parametrize("on_loop", [True], indirect=True)
def test_an_error_in_a_round_on_the_loop_ends_the_thread(tmp_path: Path, on_loop: bool) -> None:
    """So that the supervisor hears of it: what had been read must be read again."""
    assert on_loop
    log = tmp_path / "n1.log"
    log.write_bytes(lines(20))
    rig, raised, seen = Rig(tmp_path, {"n1": log}), [], threading.Event()

    def run() -> None:
        try:
            rig.pipeline.run()
        except RuntimeError as error:
            raised.append(str(error))

    assert rig.loop is not None
    rig.loop.call_soon_threadsafe(rig.loop.set_exception_handler, lambda _loop, _context: seen.set())
    rig._thread = threading.Thread(target=run)
    with rig:
        rig.until(lambda: rig.stored_lines() == 20, "the beginning")
        (pipeline,) = rig.pipeline.scheduler

        def is_on_loop() -> bool:
            append(log, lines(1, 10**6))  # until one of them is read on the loop
            return rig.ticks_on_loop > 0

        rig.until(is_on_loop, "a round on the loop")
        pipeline.processor = FailsOnTheLoop(pipeline.processor)  # type: ignore[assignment]
        for number in range(2, 2000):  # until a round on the loop has some of them
            append(log, lines(1, number))
            if seen.wait(0.01):
                break
        rig._thread.join(PATIENCE_S)
    assert raised == ["a round on the event loop ended with an error (see the log): what it had read is not complete"]
