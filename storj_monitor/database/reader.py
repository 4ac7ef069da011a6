"""A few read-only connections, one a thread, with a time limit for every question."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from storj_monitor.database.connection import connect_reader
from storj_monitor.database.pool import FixedPool, GrowingPool, Pool, most_threads
from storj_monitor.errors import StoreError

P = ParamSpec("P")
T = TypeVar("T")

TIME_LIMIT_S = 5.0
_STEPS_BETWEEN_LOOKS = 20_000


class Reader:
    """Runs query functions (see queries) in a small pool; the event loop never waits for the disk.

    workers -- threads at most; None: as many as the questions need (see pool)
    """

    def __init__(self, path: Path, workers: int | None, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._path = path
        self._time_limit_s = time_limit_s
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._pool: Pool = FixedPool(workers) if workers else GrowingPool(most_threads(), self._disconnect)

    @property
    def threads(self) -> int:
        """How many threads there are to answer."""
        return self._pool.threads

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer of `question(connection, *args)`. Raises StoreError when it takes longer than the time limit or the file fails."""
        return await self._pool.run(lambda: self.ask_now(question, *args, **kwargs))

    def ask_now(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, in the caller's thread."""
        deadline = time.monotonic() + self._time_limit_s
        try:
            db = self._connection()
            db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
            # One transaction: all statements of an answer see the same commit.
            db.execute("BEGIN")
            try:
                return question(db, *args, **kwargs)
            finally:
                db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"the database {self._path} did not answer: {error}") from error

    def close(self) -> None:
        """End; questions that are being answered are broken off."""
        for connection in list(self._connections):
            connection.interrupt()
        self._pool.close()
        for connection in self._connections:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect_reader(self._path)
            self._connections.append(db)
        return db

    def _disconnect(self) -> None:
        """This thread ends."""
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is not None:
            self._connections.remove(db)
            db.close()
