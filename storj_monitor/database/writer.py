"""The one thread that owns the write connection.

Deltas are committed in the order in which they came. A commit that fails because of the disk or a lock is tried again until it
succeeds or the program stops; meanwhile the queue is full and whoever submits waits: the log is the queue, nothing is lost.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import WAL_PAGES, connect_writer, is_damage, mark_damaged
from storj_monitor.database.retention import Pruner, Retention
from storj_monitor.database.transaction import transaction
from storj_monitor.errors import PositionConflict, StoreError
from storj_monitor.model.rollups import NodeDelta

_log = logging.getLogger(__name__)
# Two commits may wait: one being written, one being prepared; more would only hide that the disk is too slow.
QUEUE_DEPTH = 1
_RETRY_S = (0.1, 0.25, 0.5, 1.0, 2.0)
_PRUNE_EVERY_S = 30.0
_LOOK_EVERY_S = 15.0
# How often a database that refused is tried while there is nothing to commit.
_HEALED_EVERY_S = 2.0
# SQLite itself waits so long for another process; then we look whether we are to stop, and ask again.
_BUSY_WAIT_MS = 100
# Another process may hold the database so long before it is called a problem.
_BUSY_PATIENCE_S = 2.0
# From so many times the usual length on, a checkpoint waits for readers.
_LONG_WAL = 4
# At stop a disk that refuses gets this long; what is not committed is read from the log again at the next start.
LAST_TRY_S = 0.8


class Work(NamedTuple):
    """A small write of another room, in a transaction of its own; `done` is called in the writer's thread after its commit."""

    write: Callable[[sqlite3.Connection], None]
    done: Callable[[], None]


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
        on_damage: Callable[[], object] | None = None,
    ) -> None:
        self._on_damage = on_damage
        self._path = path
        self._retention = retention
        self._on_conflict = on_conflict
        self._on_foreign = on_foreign
        self._on_problem = on_problem
        self._data_version = 0
        self._looked_at = 0.0
        self._queue: queue.Queue[Sequence[NodeDelta] | threading.Event | Work | None] = queue.Queue(QUEUE_DEPTH)
        self._stopping = threading.Event()
        self._deadline = math.inf
        self._gave_up = False
        self._next_prune = 0.0
        self._refused: set[str] = set()
        self._works: deque[Work] = deque()
        self._busy_since = 0.0
        self._committing = False
        self.status = WriterStatus()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    @property
    def commits_waiting(self) -> int:
        """Commits submitted and not on disk yet: at most QUEUE_DEPTH + 1."""
        return self._queue.qsize() + self._committing

    def submit(self, deltas: Sequence[NodeDelta]) -> bool:
        """Hand over for one commit; waits for room. False: the program stops and the database does not take more (see `hurry`)."""
        return self._put(deltas, math.inf)

    def submit_work(self, write: Callable[[sqlite3.Connection], None], done: Callable[[], None]) -> None:
        """Hand over a small write; never waits. Works are committed in their order, tried again until the database takes them.

        `write` may run more than once, each time after a rollback; it raises nothing but sqlite3.Error.
        """
        self._works.append(Work(write, done))
        with contextlib.suppress(queue.Full):  # full: the thread is about to look anyway
            self._queue.put_nowait(self._works[-1])

    def barrier(self, timeout_s: float) -> bool:
        """Wait until everything submitted before is committed; False when that took too long, or will not happen any more."""
        reached = threading.Event()
        deadline = time.monotonic() + timeout_s
        if not self._put(reached, deadline):
            return False
        while not reached.wait(0.1):
            self._check_alive()
            if time.monotonic() > min(deadline, self._deadline):
                return False
        return True

    def resume(self, node: str) -> None:
        """After a conflict: this node goes on from the database's position; what is submitted from now on is taken again."""
        self._refused.discard(node)

    def hurry(self, limit_s: float) -> None:
        """The program is about to stop: nobody waits longer than this for a database that refuses.

        What cannot be committed is not lost: its position is not either, so the next start reads it from the log.
        """
        self._deadline = min(self._deadline, time.monotonic() + limit_s)
        self._stopping.set()

    def close(self) -> None:
        """Commit what was submitted, checkpoint, end the thread."""
        self.hurry(LAST_TRY_S)
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=0.1)
                break
            except queue.Full:
                continue
        self._thread.join()

    def _put(self, work: Sequence[NodeDelta] | threading.Event, deadline: float) -> bool:
        while not self._gave_up:
            self._check_alive()
            try:
                self._queue.put(work, timeout=0.1)
                return True
            except queue.Full:
                if time.monotonic() > min(deadline, self._deadline):
                    return False
        return False

    def _check_alive(self) -> None:
        """Raises StoreError when the thread has ended, by `close` or by an error that nobody expected: nobody waits for it in vain."""
        if not self._thread.is_alive():
            raise StoreError("the writer of the database has ended")

    def _run(self) -> None:
        db = self._connect()
        try:
            if db is None:
                self._drop_all()
                return
            committer, pruner = Committer(db), Pruner(db, self._retention)
            while self._step(db, committer, pruner):
                pass
            self._checkpoint(db, "TRUNCATE")
        finally:
            if db is not None:
                db.close()

    def _connect(self) -> sqlite3.Connection | None:
        """The file was opened a moment ago; another process may hold it just now. None when the program stops before it lets go."""
        while True:
            try:
                db = connect_writer(self._path)
                db.execute(f"PRAGMA busy_timeout = {_BUSY_WAIT_MS}")
                self.status = WriterStatus(committed_at=_last_commit(db))
                return db
            except sqlite3.Error as error:
                self._failed(error)
                if time.monotonic() > self._deadline:
                    return None
                time.sleep(_RETRY_S[0])

    def _drop_all(self) -> None:
        self._gave_up = True
        while self._queue.get() is not None:
            pass

    def _step(self, db: sqlite3.Connection, committer: Committer, pruner: Pruner) -> bool:
        """Wait for one piece of work and do it; False when it was the last."""
        try:
            # Without work the thread sleeps; pruning only follows commits, an idle monitor writes nothing.
            self._look_for_others(db)
            try:
                work = self._queue.get(timeout=_HEALED_EVERY_S if self.status.problem or self._works else _LOOK_EVERY_S)
            except queue.Empty:
                self._look_whether_healed(db)
                self._do_works(db)
                return True
            if not self._gave_up:
                self._do_works(db)
            if work is None:
                return False
            if isinstance(work, Work) or self._gave_up:
                return True
            if isinstance(work, threading.Event):
                work.set()
                return True
            self._committing = True
            try:
                self._commit(committer, db, [delta for delta in work if delta.node not in self._refused])
            finally:
                self._committing = False
            if time.monotonic() >= self._next_prune and not self.status.problem:
                more = pruner.step(time.time())
                self._next_prune = time.monotonic() + (0.0 if more else _PRUNE_EVERY_S)
        except sqlite3.Error as error:
            if is_damage(error):
                self._found_damage(error)
            elif not _is_busy(error):
                self._failed(error)
        return True

    def _found_damage(self, error: sqlite3.Error) -> None:
        """Nothing more is committed; whoever opens the file next sets it aside."""
        self._failed(error)
        self._gave_up = True
        mark_damaged(self._path)
        if self._on_damage:
            self._on_damage()

    def _do_works(self, db: sqlite3.Connection) -> None:
        """A work that fails stays first; it is tried again after the next commit, or in a while."""
        if not self._works:
            return
        while self._works:
            started = time.perf_counter()
            try:
                with transaction(db):
                    self._works[0].write(db)
            except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError):
                _log.exception("a write was given up: the database will never take it")
                self._works.popleft().done()
                continue
            except sqlite3.Error as error:
                if is_damage(error):
                    raise
                self._busy_since = self._busy_since or started
                if not _is_busy(error) or started - self._busy_since >= _BUSY_PATIENCE_S:
                    self._failed(error)
                return
            self._busy_since = 0.0
            self._works.popleft().done()
            self._succeeded(time.perf_counter() - started)
        self._checkpoint_when_due(db)

    def _look_whether_healed(self, db: sqlite3.Connection) -> None:
        """Nothing to commit, but the last try failed: a problem that has gone must not stand on the page until the next line comes."""
        if self.status.problem:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
            if self._checkpoint(db, "PASSIVE"):
                self._succeeded(self.status.commit_s)

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
        if not deltas:
            return
        attempt, first_try = 0, time.monotonic()
        while True:
            started = time.perf_counter()
            try:
                committer.commit(deltas, time.time())
            except PositionConflict:
                self._commit_singly(committer, db, deltas)
                return
            except sqlite3.Error as error:
                if is_damage(error):
                    self._found_damage(error)
                    return
                busy = _is_busy(error)
                if not busy or time.monotonic() - first_try >= _BUSY_PATIENCE_S:
                    self._failed(error)
                if time.monotonic() > self._deadline:
                    # From here on nothing is committed: a later piece without this one would be a hole.
                    self._gave_up = True
                    return
                pause_s = _RETRY_S[0] if busy else _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                if self._stopping.wait(pause_s):
                    time.sleep(0.05)
                attempt += 1
                continue
            self._succeeded(time.perf_counter() - started)
            self._checkpoint_when_due(db)
            return

    def _commit_singly(self, committer: Committer, db: sqlite3.Connection, deltas: Sequence[NodeDelta]) -> None:
        """Another process has read one of these logs meanwhile: only that node's batch is dropped, and read again.

        So is what comes after it until `resume`: it may begin in a file that the database does not know yet, behind a hole.
        """
        for delta in deltas:
            if len(deltas) == 1:
                self._refused.add(delta.node)
                self._on_conflict(delta.node)
            else:
                self._commit(committer, db, [delta])

    def _checkpoint_when_due(self, db: sqlite3.Connection) -> None:
        """Readers that follow one another without a gap keep a WAL from beginning anew: when it is long, wait a moment for them."""
        wal = self._path.with_name(self._path.name + "-wal")
        try:
            pages = wal.stat().st_size // 4096
        except OSError:
            return
        if pages > WAL_PAGES:
            self._checkpoint(db, "PASSIVE" if pages <= _LONG_WAL * WAL_PAGES else "RESTART")

    def _checkpoint(self, db: sqlite3.Connection, mode: str) -> bool:
        # A checkpoint that cannot finish now (a reader, a full disk) is no loss: the WAL holds the data.
        try:
            db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            return True
        except sqlite3.Error as error:
            if not _is_busy(error):
                self._failed(error)
            return False

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


def _last_commit(db: sqlite3.Connection) -> float:
    """Unix seconds; 0.0 when there was none."""
    return float(db.execute("SELECT coalesce(max(saved_at), 0.0) FROM position").fetchone()[0])


def _is_busy(error: sqlite3.Error) -> bool:
    """Another process holds the database at this moment."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
