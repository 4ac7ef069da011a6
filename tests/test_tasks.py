"""Tasks end when asked, come back when they should, and never die in silence; repeated messages do not drown the log."""

from __future__ import annotations

import asyncio
import heapq
import logging
import re
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S

from storj_monitor import tasks
from storj_monitor.clock import SystemClock
from storj_monitor.platform.log_setup import RepeatFilter
from storj_monitor.tasks import Backoff, Failed, SoonTogether, Supervisor, every, outcome_of, repeat_on


class StepClock:
    """Time that passes only while everybody sleeps; remembers how long each sleep was."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + max(0.0, seconds), len(self.slept), woken))
        asyncio.get_running_loop().call_soon(self._wake)
        await woken

    def _wake(self) -> None:
        if self._sleepers:
            at, _, woken = heapq.heappop(self._sleepers)
            self.at = max(self.at, at)
            if not woken.done():
                woken.set_result(None)


class Enough(Exception):
    """Ends a loop of a test."""


async def test_outcome_contains_errors_and_passes_cancellation() -> None:
    async def fail() -> int:
        raise ValueError("x")

    async def give() -> int:
        return 3

    assert await outcome_of(give()) == 3
    failed = await outcome_of(fail())
    assert isinstance(failed, Failed) and isinstance(failed.error, ValueError)
    task = asyncio.ensure_future(outcome_of(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_failed_task_comes_back_with_growing_delays(caplog: pytest.LogCaptureFixture) -> None:
    clock, runs = StepClock(), []

    async def work() -> None:
        runs.append(clock.at)
        if len(runs) == 5:
            clock.at += 100  # ran long enough to be trusted again
        if len(runs) < 7:
            raise ValueError("again")

    async with Supervisor(clock) as tasks:
        await tasks.spawn("reader", work, backoff=Backoff(first_s=1, most_s=4, calm_s=60))
    assert clock.slept == [1, 2, 4, 4, 1, 2]
    assert caplog.text.count("task reader failed, starting again") == 6


async def test_a_task_without_backoff_that_fails_is_told() -> None:
    async def work() -> None:
        raise ValueError("broken")

    async with Supervisor(SystemClock()) as tasks:
        tasks.spawn("writer", work)
        failure = await tasks.failure()
    assert (failure.name, str(failure.error)) == ("writer", "broken")


async def test_stop_ends_the_newest_first_and_waits_for_each() -> None:
    ended: list[str] = []

    def sleeper(name: str, started: asyncio.Event) -> Callable[[], Coroutine[object, object, None]]:
        async def work() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        return work

    async with Supervisor(SystemClock()) as tasks:
        for name in ("database", "server", "tail"):
            started = asyncio.Event()
            tasks.spawn(name, sleeper(name, started))
            await started.wait()
        assert tasks.names == ("database", "server", "tail")
        with pytest.raises(ValueError, match="running already"):
            tasks.spawn("tail", sleeper("tail", asyncio.Event()))
        await tasks.cancel("server")
        await tasks.cancel("nobody")
    assert ended == ["server", "tail", "database"]
    assert tasks.names == ()  # type: ignore[comparison-overlap]


async def test_one_that_cannot_be_done_keeps_no_other_from_it() -> None:
    done, failed, all_done = list[str](), list[object](), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context["exception"]))

    def work(name: str) -> None:
        if name == "b":
            raise ZeroDivisionError
        done.append(name)
        if name == "c":
            all_done.set()

    soon = SoonTogether(0.0, work)
    for name in ("a", "b", "c"):
        soon.tell(name)
    async with asyncio.timeout(PATIENCE_S):
        await all_done.wait()
    assert done == ["a", "c"] and [type(error) for error in failed] == [ZeroDivisionError]


async def test_what_is_told_several_times_is_done_once() -> None:
    done: list[str] = []
    both = asyncio.Event()

    def work(name: str) -> None:
        done.append(name)
        if len(done) == 2:
            both.set()

    soon = SoonTogether(0.01, work)
    for name in ("a", "b", "a", "a"):
        soon.tell(name)
    assert done == []
    await asyncio.wait_for(both.wait(), PATIENCE_S)
    assert done == ["a", "b"]
    both.clear()
    done.clear()
    soon.tell("b")
    soon.tell("a")
    await asyncio.wait_for(both.wait(), PATIENCE_S)
    assert done == ["b", "a"]


async def run_every(clock: StepClock, times: int, took_s: float = 0.0, seed: int = 1, **settings: float) -> list[float]:
    moments: list[float] = []

    async def work() -> None:
        moments.append(clock.at)
        clock.at += took_s
        if len(moments) == times:
            raise Enough

    with pytest.raises(Enough):
        await every(work=work, clock=clock, rng=Random(seed), **{"jitter_pct": 0.0, **settings})
    return moments


async def test_every_keeps_the_grid() -> None:
    assert await run_every(StepClock(), 4, interval_s=10, offset_s=3) == [103, 113, 123, 133]
    assert await run_every(StepClock(), 4, took_s=2, interval_s=10) == [100, 110, 120, 130]


async def test_every_skips_what_it_missed() -> None:
    assert await run_every(StepClock(), 3, took_s=25, interval_s=10) == [100, 130, 160]


async def test_the_largest_jitter_that_can_be_set_keeps_order_and_number() -> None:
    moments = await run_every(StepClock(), 200, interval_s=10, jitter_pct=0.5)
    assert moments == sorted(moments)
    assert abs(moments[-1] - (100 + 199 * 10)) <= 5


async def test_jitter_moves_two_loops_apart_and_none_keeps_them_together() -> None:
    apart = [await run_every(StepClock(), 50, seed=seed, interval_s=10, jitter_pct=0.15) for seed in (1, 2)]
    assert sum(abs(one - other) < 0.01 for one, other in zip(*apart, strict=True)) <= 3  # the first, and accidents
    assert max(abs(one - other) for one, other in zip(*apart, strict=True)) > 0.5
    together = [await run_every(StepClock(), 50, seed=seed, interval_s=10) for seed in (1, 2)]
    assert together[0] == together[1]


@given(st.floats(0.01, 0.5), st.floats(0.1, 1000))
def test_jitter_moves_each_moment_and_never_adds_up(jitter: float, interval_s: float) -> None:
    moments = asyncio.run(run_every(StepClock(), 30, interval_s=interval_s, jitter_pct=jitter))
    for number, moment in enumerate(moments):
        assert abs(moment - (100 + number * interval_s)) <= jitter * interval_s + 1e-6


async def test_every_refuses_nonsense() -> None:
    for settings in ({"interval_s": 0}, {"interval_s": 1, "jitter_pct": 0.51}, {"interval_s": 1, "jitter_pct": -0.1}):
        with pytest.raises(ValueError, match="must be positive"):
            await run_every(StepClock(), 1, **settings)


async def test_the_system_clock() -> None:
    clock = SystemClock()
    assert clock.now() > 1.7e9
    before = clock.monotonic()
    await clock.sleep(-1)
    await clock.sleep(0.001)
    assert clock.monotonic() > before


def record(level: int, message: str, created: float, *args: object) -> logging.LogRecord:
    made = logging.LogRecord("storj_monitor.x", level, "x.py", 1, message, args, None)
    made.created = created
    return made


def test_repeats_are_left_out_and_counted() -> None:
    quiet = RepeatFilter(every_s=30)
    passed = [quiet.filter(record(logging.WARNING, "cannot read %s", 1000 + second, "a")) for second in range(30)]
    assert passed == [True] + [False] * 29
    assert quiet.filter(record(logging.WARNING, "something else", 1001))
    later = record(logging.WARNING, "cannot read %s", 1031, "b")
    assert quiet.filter(later)
    assert later.getMessage() == "cannot read b (29 more like this in the last 31 s)"


def test_two_warnings_of_one_place_are_two() -> None:
    """At the start of `run` the second warning (a settings file with a password that others can read) was left out for the first."""
    quiet = RepeatFilter(every_s=30)
    passed = [quiet.filter(record(logging.WARNING, "%s", 1000 + second, text)) for second, text in enumerate(("a", "b", "a"))]
    assert passed == [True, True, False]
    assert quiet.summaries(2000) == ["storj_monitor.x: a (1 more like this)"]


def test_the_same_trouble_of_several_nodes_names_each() -> None:
    quiet = RepeatFilter(every_s=30)
    passed = []
    for second in range(3):
        for name in ("attic", "barn"):
            one = record(logging.WARNING, "API of node %s: refused", 1000 + second, name)
            one.node = name
            passed.append(quiet.filter(one))
    assert passed == [True, True, False, False, False, False]
    assert [text.rpartition(" (")[2] for text in quiet.summaries(2000)] == [
        "2 more like this of node attic)",
        "2 more like this of node barn)",
    ]


def failure(kind: type[Exception], line: int, created: float) -> logging.LogRecord:
    """As `log.exception` makes it; `line`: where it was raised."""
    made = record(logging.ERROR, "it failed", created)
    try:
        exec(compile("\n" * line + "raise kind('x')", "somewhere.py", "exec"), {"kind": kind})  # noqa: S102
    except Exception as error:  # noqa: BLE001
        made.exc_info = (kind, error, error.__traceback__)
    return made


def test_of_errors_the_first_is_written_and_the_others_are_counted() -> None:
    quiet = RepeatFilter(every_s=30)
    passed = [quiet.filter(failure(ValueError, 7, 1000 + n / 100)) for n in range(1000)]
    assert passed == [True] + [False] * 999
    assert quiet.filter(failure(KeyError, 7, 1001)), "an error of another type is no repetition"
    assert quiet.filter(failure(ValueError, 9, 1001)), "nor one from another place"
    later = failure(ValueError, 7, 1031)
    assert quiet.filter(later)
    assert later.getMessage() == "it failed (999 more like this in the last 31 s)"
    assert later.exc_info is not None, "with its details again"
    quiet.filter(failure(ValueError, 7, 1032))
    assert quiet.summaries(2000) == ["storj_monitor.x: it failed [ValueError at somewhere.py:8] (1 more like this)"]


def test_what_fell_silent_is_told_once() -> None:
    quiet = RepeatFilter(every_s=30)
    for _ in range(3):
        quiet.filter(record(logging.INFO, "tick %d", 1000, 1))
    assert quiet.summaries(1010) == []
    assert quiet.summaries(1030) == ["storj_monitor.x: tick %d (2 more like this)"]
    assert quiet.summaries(1090) == []


def test_the_last_words_tell_what_has_not_fallen_silent(caplog: pytest.LogCaptureFixture) -> None:
    quiet = RepeatFilter(every_s=30)
    for _ in range(5):
        quiet.filter(record(logging.INFO, "100 %% of %d", 1000, 1))
    with caplog.at_level(logging.INFO):
        quiet.tell(1001)
        assert caplog.text == ""
        quiet.tell()
        quiet.tell()
    assert [one.getMessage() for one in caplog.records] == ["storj_monitor.x: 100 %% of %d (4 more like this)"]
    assert quiet.filter(caplog.records[0])


def test_what_is_forgotten_for_want_of_room_is_counted_too() -> None:
    quiet = RepeatFilter(every_s=30)
    for number in range(600):
        for _ in range(3):
            quiet.filter(record(logging.INFO, f"message {number}", 1000))
    told = quiet.summaries(2000)
    assert told[-1] == f"{2 * (600 - 512)} more of other repeated messages"
    assert len(told) == 513


@given(st.lists(st.tuples(st.sampled_from(["a", "b %d", "c"]), st.sampled_from([10, 20, 30, 40, 50]), st.integers(0, 40)), max_size=80))
def test_whatever_comes_every_message_is_written_or_counted(stream: list[tuple[str, int, int]]) -> None:
    quiet, at, passed = RepeatFilter(every_s=30), 1000.0, 0
    for message, level, pause_s in stream:
        at += pause_s
        one = record(level, message.replace(" %d", ""), at)
        let_pass = quiet.filter(one)
        passed += let_pass
        passed += int(found[1]) if let_pass and (found := re.search(r"\((\d+) more like", one.getMessage())) else 0
    passed += sum(int(re.search(r"\((\d+) more like", line)[1]) for line in quiet.summaries(float("inf")))  # type: ignore[index, misc]
    assert passed == len(stream)


def test_many_threads_may_log_at_once() -> None:
    quiet, handler = RepeatFilter(every_s=0.0001), logging.NullHandler()
    handler.addFilter(quiet)
    start, failed = threading.Barrier(4), []

    def log(name: int) -> None:
        start.wait(PATIENCE_S)
        try:
            for number in range(2000):
                handler.handle(record(logging.INFO, f"message {(name * number) % 700}", 1000 + number / 1000))
                quiet.summaries(1000 + number / 1000)
        except (KeyError, RuntimeError) as error:
            failed.append(error)

    threads = [threading.Thread(target=log, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_clock_set_back_does_not_silence_the_log_for_long() -> None:
    quiet = RepeatFilter(every_s=30)
    quiet.filter(record(logging.INFO, "tick", 5000))
    assert quiet.filter(record(logging.INFO, "tick", 1000))


def test_the_memory_of_messages_is_bounded() -> None:
    quiet = RepeatFilter()
    for number in range(5000):
        assert quiet.filter(record(logging.INFO, f"message {number}", 1000))
    assert len(quiet._seen) <= 512


async def test_work_of_a_thread_is_repeated_on_the_loop_until_it_has_enough() -> None:
    loop, seen = asyncio.get_running_loop(), []

    def work() -> float | None:
        seen.append(threading.get_ident())
        return 0.001 if len(seen) < 3 else None

    await asyncio.to_thread(repeat_on, loop, work)
    assert seen == [threading.get_ident()] * 3


async def test_repeated_work_that_fails_is_told_to_the_loop_and_the_thread_goes_on() -> None:
    loop, told = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _loop, context: told.append(type(context["exception"])))

    def work() -> float | None:
        raise ZeroDivisionError

    await asyncio.to_thread(repeat_on, loop, work)
    assert told == [ZeroDivisionError]


def test_a_thread_does_not_wait_for_a_loop_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LOOK_AT_LOOP_S", 0.01)
    loop, began = asyncio.new_event_loop(), threading.Event()

    def work() -> float | None:
        began.set()
        loop.stop()
        return 60.0

    def wait() -> None:
        with pytest.raises(RuntimeError, match="the event loop has ended"):
            repeat_on(loop, work)

    thread = threading.Thread(target=wait)
    thread.start()
    loop.run_forever()
    loop.close()
    thread.join(PATIENCE_S)
    assert began.is_set() and not thread.is_alive()


async def test_several_tasks_are_cancelled_together() -> None:
    """Each waits, while it ends, until all others were told to end as well."""
    names = [f"t{number}" for number in range(100)]
    told: set[str] = set()
    all_told = asyncio.Event()

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.add(name)
            if len(told) == len(names):
                all_told.set()
            await all_told.wait()

    async with Supervisor(SystemClock()) as tasks:
        for name in names:
            tasks.spawn(name, partial(work, name))
        await asyncio.sleep(0)  # all have begun
        await asyncio.wait_for(tasks.cancel(*names, "no such task"), PATIENCE_S)
        assert tasks.names == ()
