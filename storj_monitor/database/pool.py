"""Threads that answer questions: as many as the operator says, or as many as the questions need. The event loop only hands out.

`GrowingPool` begins with none. A question that waits gets a thread of its own, up to `most`, when no thread has finished anything for
`GROW_AFTER_S`: all are held up by the disk or by long questions. A queue that moves is left to the threads there are, for Python computes
in one of them at a time: more would only get into each other's way. A thread that had nothing to do for `IDLE_S` ends, down to one. The
thread used last is used first, so those that are not needed fall idle.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

GROW_AFTER_S = 0.05
IDLE_S = 30.0
_NAME = "database-reader"


def most_threads(cores: int | None = None) -> int:
    """The bound of `auto`: questions read the disk as well as computing, so a few more than cores; each costs about a megabyte."""
    return min(8, (cores or os.cpu_count() or 1) + 2)


class Pool(Protocol):
    """Runs work in threads. `run` is called on the event loop only, `close` anywhere."""

    @property
    def threads(self) -> int: ...

    async def run(self, work: Callable[[], T]) -> T: ...

    def close(self) -> None: ...


class FixedPool:
    """At most `threads` of them, as Python's own pool does it."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=_NAME)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for what runs; what waits is cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class _Job:
    """Work, and who waits for its answer."""

    __slots__ = ("answer", "since", "work")

    def __init__(self, work: Callable[[], Any], answer: asyncio.Future[Any], since: float) -> None:
        self.work = work
        self.answer = answer
        self.since = since


class GrowingPool:
    """See the module. `on_end` is called in a thread that is about to end. `longest_wait_s`: the longest that a question has waited."""

    def __init__(self, most: int, on_end: Callable[[], None], *, grow_after_s: float = GROW_AFTER_S, idle_s: float = IDLE_S) -> None:
        self._most = most
        self._on_end = on_end
        self._grow_after_s = grow_after_s
        self._idle_s = idle_s
        self._threads: set[ThreadPoolExecutor] = set()
        self._idle: list[ThreadPoolExecutor] = []
        self._rests: dict[ThreadPoolExecutor, asyncio.TimerHandle] = {}
        self._waiting: deque[_Job] = deque()
        self._closed = False
        self._moved_at = float("-inf")
        self.longest_wait_s = 0.0

    @property
    def threads(self) -> int:
        """How many there are now."""
        return len(self._threads)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), loop.time())
        if self._idle:
            self._start(self._idle.pop(), job)
        elif not self._threads:
            self._start(self._begin(), job)
        else:
            self._waiting.append(job)
            loop.call_later(self._grow_after_s, self._grow, job)
        answer: T = await job.answer
        return answer

    def close(self) -> None:
        """Wait for what runs; what waits is cancelled."""
        self._closed = True
        waiting, self._waiting = list(self._waiting), deque()
        for job in waiting:
            job.answer.get_loop().call_soon_threadsafe(job.answer.cancel)
        for thread in list(self._threads):
            thread.shutdown(wait=True)

    def _begin(self) -> ThreadPoolExecutor:
        thread = ThreadPoolExecutor(1, thread_name_prefix=_NAME)
        self._threads.add(thread)
        return thread

    def _start(self, thread: ThreadPoolExecutor, job: _Job) -> None:
        if rest := self._rests.pop(thread, None):
            rest.cancel()
        loop = job.answer.get_loop()
        self.longest_wait_s = max(self.longest_wait_s, loop.time() - job.since)

        def tell(done: Future[Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._done, thread, job, done)

        thread.submit(job.work).add_done_callback(tell)

    def _done(self, thread: ThreadPoolExecutor, job: _Job, done: Future[Any]) -> None:
        self._moved_at = job.answer.get_loop().time()
        if not job.answer.done():
            if error := done.exception():
                job.answer.set_exception(error)
            else:
                job.answer.set_result(done.result())
        while self._waiting:
            following = self._waiting.popleft()
            if not following.answer.done():  # nobody waits for a cancelled one
                self._start(thread, following)
                return
        self._idle.append(thread)
        self._rests[thread] = job.answer.get_loop().call_later(self._idle_s, self._end, thread)

    def _grow(self, job: _Job) -> None:
        """The question has waited long enough, unless it was taken meanwhile, or the queue has moved."""
        if self._closed or job not in self._waiting or job.answer.done() or len(self._threads) >= self._most:
            return
        loop = job.answer.get_loop()
        rest_s = self._moved_at + self._grow_after_s - loop.time()
        if rest_s > 0:
            loop.call_later(rest_s, self._grow, job)
            return
        self._waiting.remove(job)
        self._start(self._begin(), job)

    def _end(self, thread: ThreadPoolExecutor) -> None:
        """Nobody has needed it for long; the last one stays."""
        del self._rests[thread]
        if self._closed or len(self._threads) == 1:
            return
        self._idle.remove(thread)
        self._threads.discard(thread)
        thread.submit(self._on_end)
        thread.shutdown(wait=False)
