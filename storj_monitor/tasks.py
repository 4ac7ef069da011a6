"""Named background tasks: no task is lost, none dies in silence, all end when asked.

The only `except Exception` of the product is here (`outcome_of` and, for a thread, `outcome_of_call`); cancellation always passes.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeVar

from storj_monitor.clock import Clock

# A thread that waits for the loop looks this often whether there is one.
LOOK_AT_LOOP_S = 5.0

T = TypeVar("T")
Work = Callable[[], Coroutine[object, object, None]]

_log = logging.getLogger(__name__)


class Failed(NamedTuple):
    """What `outcome_of` gives instead of a result."""

    error: Exception


class TaskFailure(NamedTuple):
    """A task without back-off ended by an error: the program cannot go on as a whole."""

    name: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a failed task is started again: doubling from `first_s` to `most_s`.

    A task that ran for `calm_s` before it failed starts again at `first_s`.
    """

    first_s: float = 1.0
    most_s: float = 60.0
    calm_s: float = 60.0


async def outcome_of(work: Awaitable[T]) -> T | Failed:
    """The result of `work`, or the error that ended it. Cancellation and KeyboardInterrupt pass."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the one place where any error is contained
        return Failed(error)


def outcome_of_call(work: Callable[[], T]) -> T | Failed:
    """The same for a thread that must not end: the result of `work()`, or the error that ended it."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the twin of the one above
        return Failed(error)


def repeat_on(loop: asyncio.AbstractEventLoop, work: Callable[[], float | None]) -> None:
    """Called in a thread: `work` is called on the loop, and again after the seconds that it returns. Returns when that was None.

    What `work` raises goes to the loop's own handler, and is the end as well. A plain timer: a sleeping task needs two turns of the loop.
    """
    ended = threading.Event()

    def turn() -> None:
        pause_s = None
        try:
            pause_s = work()
        finally:
            if pause_s is None:
                ended.set()
            else:
                loop.call_later(pause_s, turn)

    loop.call_soon_threadsafe(turn)
    while not ended.wait(LOOK_AT_LOOP_S):
        if loop.is_closed():
            raise RuntimeError("the event loop has ended")


class Supervisor:
    """Keeps named tasks. Use as `async with Supervisor(clock) as tasks:`; leaving it cancels what still runs, newest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failure: asyncio.Future[TaskFailure] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Supervisor:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tasks that run now, oldest first."""
        return tuple(self._tasks)

    def spawn(self, name: str, work: Work, *, backoff: Backoff | None = None) -> asyncio.Task[None]:
        """Start `work()` as a task. With `backoff` it is started again when it fails; without, a failure is fatal (see `failure`).

        ValueError: a task of this name is running already.
        """
        if name in self._tasks:
            raise ValueError(f"a task named {name!r} is running already")
        task = asyncio.create_task(self._keep(name, work, backoff), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))
        return task

    async def failure(self) -> TaskFailure:
        """Wait until a task without back-off has failed, and say which and why."""
        return await asyncio.shield(self._failure)

    async def cancel(self, *names: str) -> None:
        """Cancel tasks, together, and wait for their ends. Nothing happens for a name of which there is none."""
        tasks = [task for name in names if (task := self._tasks.get(name)) is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Cancel all tasks, newest first, each awaited before the next: what was built last ends first."""
        for name in reversed(self.names):
            await self.cancel(name)

    async def _keep(self, name: str, work: Work, backoff: Backoff | None) -> None:
        delay_s = backoff.first_s if backoff else 0.0
        while True:
            started = self._clock.monotonic()
            outcome = await outcome_of(work())
            if not isinstance(outcome, Failed):
                return
            if backoff is None:
                _log.error("task %s failed", name, exc_info=outcome.error)
                if not self._failure.done():
                    self._failure.set_result(TaskFailure(name, outcome.error))
                return
            if self._clock.monotonic() - started >= backoff.calm_s:
                delay_s = backoff.first_s
            _log.error("task %s failed, starting again in %.1f s", name, delay_s, exc_info=outcome.error)
            await self._clock.sleep(delay_s)
            delay_s = min(delay_s * 2, backoff.most_s)


class SoonTogether:
    """Does something for each of the names that were told within `within_s`, once; on the event loop."""

    def __init__(self, within_s: float, work: Callable[[str], object]) -> None:
        self._within_s = within_s
        self._work = work
        self._names: dict[str, None] = {}

    def tell(self, name: str) -> None:
        """Something is to be done for it."""
        if not self._names:
            asyncio.get_running_loop().call_later(self._within_s, self._do)
        self._names[name] = None

    def _do(self) -> None:
        names, self._names = [*self._names], {}
        try:
            while names:
                self._work(names.pop(0))
        finally:
            for name in names:  # what one of them raised is for the loop's handler to say: the others have their turn
                self.tell(name)


async def every(
    interval_s: float,
    work: Callable[[], Awaitable[None]],
    *,
    clock: Clock,
    rng: Random,
    jitter_pct: float,
    offset_s: float = 0.0,
) -> None:
    """Await `work()` again and again: first after `offset_s`, then every `interval_s` on a fixed grid, for ever.

    Each moment is moved by up to ± `jitter_pct` (0.15 = 15 %) of the interval, so that many such loops do not wake together;
    moves do not add up. Work that takes longer than the interval skips the moments that it missed. Errors of `work` are
    raised: restarting is the supervisor's matter.

    ValueError: the interval is not positive or the jitter is not in [0, 0.5].
    """
    if interval_s <= 0 or not 0 <= jitter_pct <= 0.5:
        raise ValueError("interval_s must be positive and jitter_pct in [0, 0.5]")
    base = clock.monotonic() + offset_s
    slot = 0
    while True:
        moved = rng.uniform(-jitter_pct, jitter_pct) if jitter_pct and slot else 0.0
        await clock.sleep(base + (slot + moved) * interval_s - clock.monotonic())
        await work()
        # early by jitter: the grid point itself has not passed yet, so never go back to the same slot
        slot = max(slot + 1, math.ceil((clock.monotonic() - base) / interval_s))
