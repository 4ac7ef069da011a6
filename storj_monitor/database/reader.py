"""A few read-only connections, one a thread, with a time limit for every question.

A read that fails is tried again. Pages that came well are in the connection's memory, which is made larger for that, so each try gets
further. Now and then there is a new connection: such memory may also hold what the disk gave back wrongly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from storj_monitor.database.bad_rows import BAD_ROW, BadRows
from storj_monitor.database.connection import READER_CACHE_KIB, connect_reader
from storj_monitor.database.integrity import is_doubtful
from storj_monitor.errors import StoreError, StoreFailing

P = ParamSpec("P")
T = TypeVar("T")

TIME_LIMIT_S = 5.0
_STEPS_BETWEEN_LOOKS = 20_000
# Before the second, the third, ... try.
_AGAIN_S = (0.0,) * 7 + (0.01,) * 8 + (0.05,) * 8 + (0.2,) * 4
_TRIES_A_CONNECTION = 8
_CACHE_IN_DOUBT_KIB = 16_384
_log = logging.getLogger(__name__)


def auto_workers(cores: int | None = None) -> int:
    """Threads of `auto`: Python computes in one of them at a time, so more than a few only get into each other's way."""
    return min(4, (cores or os.cpu_count() or 1) + 1)


class _Held:
    """A connection; whoever uses or closes it holds the lock."""

    __slots__ = ("closed", "db", "lock")

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.lock = threading.Lock()
        self.closed = False

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.db.close()


class Asks(Protocol):
    """Who answers questions; see Reader.ask."""

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...


class PatientReader:
    """Asks again as long as it is the disk that fails. `wait` is awaited with the error and the number of the try."""

    def __init__(self, reader: Asks, wait: Callable[[StoreError, int], Awaitable[None]]) -> None:
        self._reader = reader
        self._wait = wait

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As Reader.ask."""
        tries = 0
        while True:
            try:
                return await self._reader.ask(question, *args, **kwargs)
            except StoreFailing as error:
                await self._wait(error, tries)
                tries += 1


class Reader:
    """Runs query functions (see queries) in a small pool; the event loop never waits for the disk.

    workers -- threads at most; None: a few, by the cores (auto_workers). A thread starts when a question finds none idle

    `on_doubt` may be set: called in a reader's thread when the file gave something back that may be damage.
    """

    def __init__(self, path: Path, workers: int | None, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._path = path
        self._time_limit_s = time_limit_s
        self._local = threading.local()
        self._connections: set[_Held] = set()
        self.workers = workers or auto_workers()
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="database-reader")
        self.bad_rows = BadRows()
        self.on_doubt: Callable[[], None] = lambda: None

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer of `question(connection, *args)`. Raises StoreError when it takes longer than the time limit or the file fails."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: self.ask_now(question, *args, **kwargs))

    def ask_now(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, in the caller's thread."""
        deadline = time.monotonic() + self._time_limit_s
        tries = 0
        while True:
            try:
                held = self._connection()
                with held.lock:
                    if held.closed:
                        continue
                    answer = self._answer(held.db, deadline, question, *args, **kwargs)
                    if tries:
                        held.db.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
                        held.db.execute("PRAGMA shrink_memory")
                    return answer
            except sqlite3.Error as error:
                if not is_doubtful(error):
                    raise StoreError(f"the database {self._path} did not answer: {error}") from error
                # Where the disk gives back nonsense SQLite may wait for locks at every try.
                if tries == len(_AGAIN_S) or time.monotonic() > deadline:
                    self.on_doubt()
                    raise StoreFailing(f"the database {self._path} cannot be read: {error}") from error
                time.sleep(_AGAIN_S[tries])
                tries += 1
                self._doubt(new=tries % _TRIES_A_CONNECTION == 0)
            except BAD_ROW as error:
                what = getattr(question, "__name__", "a question")
                _log.error("a row of the database cannot be understood (%s)", what, exc_info=error)
                raise StoreError(f"the database {self._path} holds a row that cannot be understood ({what}: {error})") from error

    @staticmethod
    def _answer(
        db: sqlite3.Connection,
        deadline: float,
        question: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        # One transaction: all statements of an answer see the same commit.
        db.execute("BEGIN")
        try:
            return question(db, *args, **kwargs)
        finally:
            if db.in_transaction:
                db.execute("COMMIT")

    def reopen(self) -> None:
        """The file is another one now, or its WAL is: every connection is closed, after its answer, and opened anew when it is needed."""
        for held in list(self._connections):
            held.close()
            self._connections.discard(held)

    def close(self) -> None:
        """End; questions that are being answered are broken off."""
        for held in list(self._connections):
            held.db.interrupt()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.reopen()

    def _connection(self) -> _Held:
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or held.closed:
            held = self._local.held = _Held(connect_reader(self._path, self.bad_rows))
            self._connections.add(held)
        return held

    def _doubt(self, *, new: bool) -> None:
        """Before another try: a new connection, or more memory for pages of this one."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            return
        if new:
            held.close()
            self._connections.discard(held)
        else:
            with held.lock, contextlib.suppress(sqlite3.Error):
                held.db.execute(f"PRAGMA cache_size = -{_CACHE_IN_DOUBT_KIB}")
