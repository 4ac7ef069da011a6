"""The watch of the load: a look a second, and the event loop's own lateness among the measures."""

from __future__ import annotations

import asyncio

import pytest

from storj_monitor.model.load import Load, LoadState, Measures
from storj_monitor.services.watches import LOOK_S, UNWATCHED_LOOK_S, LoadWatch


class PlannedClock:
    """Sleeps of `plan` seconds whatever was asked for; then for ever."""

    def __init__(self, plan: list[float]) -> None:
        self.plan = plan
        self.asked: list[float] = []
        self.time = 100.0
        self.done = asyncio.Event()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        if not self.plan:
            self.done.set()
            await asyncio.Event().wait()
        self.time += self.plan.pop(0)


async def looked(plan: list[float], lags: list[int], commits: list[int], watched: bool = True, rare_looks: int = 0) -> list[Load]:
    """What was told, for these lengths of sleep and these measures."""
    clock = PlannedClock(plan)
    told: list[Load] = []
    watch = LoadWatch(
        clock, lag_bytes=lambda: lags.pop(0), commits_waiting=lambda: commits.pop(0), watched=lambda: watched, tell=told.append
    )
    task = asyncio.create_task(watch.run())
    await clock.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    rare = [seconds for seconds in clock.asked if seconds != LOOK_S]
    assert rare == [UNWATCHED_LOOK_S] * rare_looks
    return told


async def test_looks_are_rarer_after_a_minute_in_which_nobody_watched_and_all_was_well() -> None:
    await looked([1.0] * 60 + [5.0], [0] * 61, [0] * 61, watched=False, rare_looks=2)
    await looked([1.0] * 60 + [5.0], [0] * 61, [0] * 61)
    await looked([1.0] * 60 + [5.0, 1.0], [0] * 60 + [9 << 20] * 2, [0] * 62, watched=False, rare_looks=1)


async def test_measures_and_states_in_order() -> None:
    told = await looked([1.0] * 8, [0, 9 << 20, 90 << 20, 90 << 20, 1, 1, 1, 0], [0] * 8)
    assert [load.state.value for load in told] == ["normal", "downsampled", *["paused"] * 4, "downsampled", "downsampled"]
    assert told[2].measures == Measures(90 << 20, 0, 0.0)


async def test_late_turns_and_long_commits_are_a_load_when_they_last() -> None:
    twice = await looked([1.0, 1.5, 1.5, 1.0, 1.0], [0] * 5, [0, 2, 2, 0, 0])
    assert {load.state for load in twice} == {LoadState.NORMAL}
    late = await looked([1.5, 1.7, 1.6, 1.0], [0] * 4, [0] * 4)
    assert [(load.state.value, load.reason) for load in late] == [("normal", "")] * 2 + [("downsampled", "loop")] * 2
    assert late[2].measures.loop_lag_s == pytest.approx(0.5)
    slow = await looked([1.0] * 3, [0] * 3, [2] * 3)
    assert [(load.state.value, load.reason) for load in slow] == [("normal", "")] * 2 + [("downsampled", "commits")]
