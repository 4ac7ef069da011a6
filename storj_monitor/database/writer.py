"""The one thread that owns the write connection.

Deltas are committed in the order in which they came. A commit that fails because of the disk or a lock is tried again until it
succeeds or the program stops; meanwhile the queue is full and whoever submits waits: the log is the queue, nothing is lost.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import WAL_PAGES, connect_writer
from storj_monitor.database.retention import Pruner, Retention
from storj_monitor.errors import PositionConflict
from storj_monitor.model.rollups import NodeDelta

# Two commits may wait: one being written, one being prepared; more would only hide that the disk is too slow.
QUEUE_DEPTH = 1
_RETRY_S = (0.1, 0.25, 0.5, 1.0, 2.0)
_PRUNE_EVERY_S = 30.0
_LOOK_EVERY_S = 15.0
# At stop a disk that refuses gets this long; what is not committed is read from the log again at the next start.
_LAST_TRY_S = 1.0


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """`problem` is empty when the last commit succeeded; `commit_s` is how long it took."""

    problem: str = ""
    since: float = 0.0
    committed_at: float = 0.0
    commit_s: float = 0.0
    longest_commit_s: float = 0.0
    commits: int = 0


class Writer:
    """Starts its thread at once; `submit` blocks while the queue is full; `close` commits what was submitted."""

    def __init__(
        self,
        path: Path,
        retention: Retention,
        *,
        on_conflict: Callable[[str], None],
        on_foreign: Callable[[], None] | None = None,
        on_problem: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._retention = retention
        self._on_conflict = on_conflict
        self._on_foreign = on_foreign
        self._on_problem = on_problem
        self._data_version = 0
        self._looked_at = 0.0
        self._queue: queue.Queue[Sequence[NodeDelta] | threading.Event | None] = queue.Queue(QUEUE_DEPTH)
        self._stopping = threading.Event()
        self.status = WriterStatus()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, deltas: Sequence[NodeDelta]) -> bool:
        """Hand over for one commit; waits for room. False when the writer was told to stop while waiting."""
        while not self._stopping.is_set():
            try:
                self._queue.put(deltas, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def barrier(self, timeout_s: float) -> bool:
        """Wait until everything submitted before is committed; False when that took too long."""
        reached = threading.Event()
        deadline = time.monotonic() + timeout_s
        try:
            self._queue.put(reached, timeout=timeout_s)
        except queue.Full:
            return False
        return reached.wait(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Commit what was submitted, checkpoint, end the thread."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        db = connect_writer(self._path)
        try:
            committer, pruner = Committer(db), Pruner(db, self._retention)
            next_prune = 0.0
            while True:
                try:
                    # Without work the thread sleeps; pruning only follows commits, an idle monitor writes nothing.
                    self._look_for_others(db)
                    try:
                        work = self._queue.get(timeout=_LOOK_EVERY_S)
                    except queue.Empty:
                        continue
                    if work is None:
                        break
                    if isinstance(work, threading.Event):
                        work.set()
                        continue
                    self._commit(committer, db, work)
                    if time.monotonic() >= next_prune and not self.status.problem:
                        more = pruner.step()
                        next_prune = time.monotonic() + (0.0 if more else _PRUNE_EVERY_S)
                except sqlite3.Error as error:
                    self._failed(error)
            self._checkpoint(db, "TRUNCATE")
        finally:
            db.close()

    def _look_for_others(self, db: sqlite3.Connection) -> None:
        """SQLite's data_version moves when another connection has written: an `ingest` beside us."""
        if time.monotonic() - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        version = int(db.execute("PRAGMA data_version").fetchone()[0])
        if self._on_foreign and self._data_version not in (0, version):
            self._on_foreign()
        self._data_version = version

    def _commit(self, committer: Committer, db: sqlite3.Connection, deltas: Sequence[NodeDelta]) -> None:
        attempt, give_up = 0, None
        while True:
            started = time.perf_counter()
            try:
                committer.commit(deltas, time.time())
            except PositionConflict:
                self._commit_singly(committer, db, deltas)
                return
            except sqlite3.Error as error:
                self._failed(error)
                give_up = give_up or (time.monotonic() + _LAST_TRY_S if self._stopping.is_set() else None)
                if give_up and time.monotonic() > give_up:
                    return
                self._stopping.wait(_RETRY_S[min(attempt, len(_RETRY_S) - 1)]) if not give_up else time.sleep(0.05)
                attempt += 1
                continue
            self._succeeded(time.perf_counter() - started)
            if self._wal_pages(db) > WAL_PAGES:
                self._checkpoint(db, "PASSIVE")
            return

    def _commit_singly(self, committer: Committer, db: sqlite3.Connection, deltas: Sequence[NodeDelta]) -> None:
        """Another process has read one of these logs meanwhile: only that node's batch is dropped, and read again."""
        for delta in deltas:
            if len(deltas) == 1:
                self._on_conflict(delta.node)
            else:
                self._commit(committer, db, [delta])

    def _wal_pages(self, db: sqlite3.Connection) -> int:
        wal = self._path.with_name(self._path.name + "-wal")
        try:
            return wal.stat().st_size // 4096
        except OSError:
            return 0

    def _checkpoint(self, db: sqlite3.Connection, mode: str) -> None:
        # A checkpoint that cannot finish now (a reader, a full disk) is no loss: the WAL holds the data.
        try:
            db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            self._failed(error)

    def _failed(self, error: sqlite3.Error) -> None:
        old = self.status
        since = old.since if old.problem else time.time()
        if self._on_problem and old.problem != str(error):
            self._on_problem(str(error))
        self.status = WriterStatus(str(error), since, old.committed_at, old.commit_s, old.longest_commit_s, old.commits)

    def _succeeded(self, took_s: float) -> None:
        now, old = time.time(), self.status
        if self._on_problem and old.problem:
            self._on_problem("")
        self.status = WriterStatus("", 0.0, now, took_s, max(took_s, old.longest_commit_s), old.commits + 1)
