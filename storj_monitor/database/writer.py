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
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from storj_monitor.database.commit import reductions
from storj_monitor.database.connection import WAL_PAGES, transaction
from storj_monitor.database.file_keeper import FileHooks, FileKeeper
from storj_monitor.database.integrity import is_busy, may_pass
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals, Suspicion, Task, Work, WriterStatus
from storj_monitor.errors import PositionConflict, StoreError
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.tasks import Failed, outcome_of_call

_log = logging.getLogger(__name__)
# Two commits may wait: one being written, one being prepared; more would only hide that the disk is too slow.
QUEUE_DEPTH = 1
_RETRY_S = (0.1, 0.25, 0.5, 1.0, 2.0)
_PRUNE_EVERY_S = 30.0
_LOOK_EVERY_S = 15.0
# How often an idle writer looks whether its file is still there.
_LOOK_AT_FILE_S = 5.0
# What is no passing error is tried so often again: another process may be about to change the schema.
_TRIES_OF_A_BAD_VALUE = 2
# How often a database that refused is tried while there is nothing to commit.
_HEALED_EVERY_S = 2.0
# Another process may hold the database so long before it is called a problem.
_BUSY_PATIENCE_S = 2.0
# From so many times the usual length on, a checkpoint waits for readers.
_LONG_WAL = 4
# At stop a disk that refuses gets this long; what is not committed is read from the log again at the next start.
LAST_TRY_S = 0.8


class Writer:
    """Starts its thread at once; `submit` blocks while the queue is full; `close` commits what was submitted."""

    def __init__(
        self,
        path: Path,
        retention: Retention,
        *,
        signals: StoreSignals | None = None,
        hooks: FileHooks | None = None,
    ) -> None:
        self._path = path
        self.signals = signals or StoreSignals()
        self._looked_at = 0.0
        self._queue: queue.Queue[Task | None] = queue.Queue(QUEUE_DEPTH)
        self._in_hand: Task | None = None
        self._stopping = threading.Event()
        self._deadline = math.inf
        self._gave_up = False
        self._next_prune = 0.0
        self._refused: set[str] = set()
        self._works: deque[Work] = deque()
        self._busy_since = 0.0
        self._committing = False
        self.status = WriterStatus()
        self.opened = threading.Event()
        """The file is open, or will not be (see `refusal`)."""
        self.refusal: StoreError | None = None
        self._files = FileKeeper(path, retention, hooks or FileHooks(), pause=self._pause, say=self._failed)
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    @property
    def was_crash(self) -> bool:
        """Whoever wrote before us did not end in order."""
        return self._files.was_crash

    @property
    def commits_waiting(self) -> int:
        """Submitted and not on disk yet: at most QUEUE_DEPTH + 1."""
        return self._queue.qsize() + self._committing

    def submit(self, deltas: Sequence[NodeDelta]) -> bool:
        """Hand over for one commit; waits for room. False: the program stops and the database does not take more (see `set_deadline`)."""
        return self._put(deltas, math.inf)

    def submit_write(self, write: Callable[[sqlite3.Connection], None], done: Callable[[], None]) -> None:
        """Hand over a small write; never waits. Works are committed in their order, tried again until the database takes them.

        `write` may run more than once, each time after a rollback. What it raises but errors of the disk or a lock gives it up.
        """
        work = Work(write, done)
        self._works.append(work)
        with contextlib.suppress(queue.Full):  # full: the thread is about to look anyway
            self._queue.put_nowait(work)

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

    def set_deadline(self, limit_s: float) -> None:
        """The program is about to stop: nobody waits longer than this for a database that refuses.

        What cannot be committed is not lost: its position is not either, so the next start reads it from the log.
        """
        self._deadline = min(self._deadline, time.monotonic() + limit_s)
        self._stopping.set()

    def close(self) -> None:
        """Commit what was submitted, checkpoint, end the thread."""
        self.set_deadline(LAST_TRY_S)
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=0.1)
                break
            except queue.Full:
                continue
        self._thread.join()

    def suspect(self) -> None:
        """A reader met what may be damage: the file is to be examined, when there is time. Never waits."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(Suspicion())

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
        if self.refusal is not None:
            raise self.refusal
        if not self._thread.is_alive():
            raise StoreError("the writer of the database has ended")

    def _run(self) -> None:
        files = self._files
        try:
            files.open()
            self._note(committed_at=files.session.last_commit())
            self.opened.set()
            while True:
                outcome = outcome_of_call(self._step)
                if isinstance(outcome, Failed):
                    self._on_unexpected(outcome.error)
                elif not outcome:
                    break
            if not files.is_lost:
                self._checkpoint("TRUNCATE")
        except (StoreError, sqlite3.Error) as error:
            self.refusal = error if isinstance(error, StoreError) else StoreError(f"the database {self._path} cannot be used: {error}")
            self._gave_up = True
        finally:
            self.opened.set()
            files.close()

    def _pause(self, seconds: float) -> bool:
        """Waits; True when the program stops and its last moment for tries is over."""
        if self._stopping.wait(seconds):
            time.sleep(min(seconds, 0.05))
        return time.monotonic() > self._deadline

    def _on_unexpected(self, error: Exception) -> None:
        """Not SQLite's: the only writer does not end for it. What it had in its hands is tried again."""
        _log.error("the writer of the database met an error that nobody expected, and goes on", exc_info=error)
        self._failed(f"an unexpected error: {type(error).__name__}: {error}")
        self._pause(_RETRY_S[-1])

    def _step(self) -> bool:
        """Wait for one piece of work and do it; False when it was the last."""
        if self._gave_up or self._files.is_lost:
            self._gave_up = True
            return self._queue.get() is not None
        try:
            # Without work the thread sleeps; pruning only follows commits, an idle monitor writes nothing.
            self._look_at_file()
            self._look_for_others()
            if self._in_hand is None:
                try:
                    self._in_hand = self._queue.get(timeout=_HEALED_EVERY_S if self.status.problem or self._works else _LOOK_AT_FILE_S)
                except queue.Empty:
                    self._look_whether_healed()
                    self._do_works()
                    return True
                if self._in_hand is None:
                    self._do_works()
                    return False
            self._do_works()
            self._do(self._in_hand)
            self._in_hand = None
        except sqlite3.Error as error:
            if not is_busy(error):
                self._failed(str(error))
            self._files.recover(error)
        return True

    def _do(self, work: Task) -> None:
        if isinstance(work, threading.Event):
            work.set()
        elif isinstance(work, Suspicion):
            self._files.prove()
        elif not isinstance(work, Work):
            self._committing = True
            try:
                self._commit([delta for delta in work if delta.node not in self._refused])
            finally:
                self._committing = False
            self._in_hand = None
            self._prune_when_due()

    def _prune_when_due(self) -> None:
        if time.monotonic() < self._next_prune or self.status.problem or self._gave_up:
            return
        more = self._files.prune(time.time())
        self._note(believed_s=self._files.session.pruner.believed_s)
        self._next_prune = time.monotonic() + (0.0 if more else _PRUNE_EVERY_S)

    def _look_at_file(self) -> None:
        """Waits here while the path does not lead to the open file: what is committed meanwhile would go into nothing."""
        while words := self._files.look():
            self._failed(words)
            if self._files.is_lost or self._pause(_HEALED_EVERY_S):
                self._gave_up = True
                return

    def _do_works(self) -> None:
        """A work that fails stays first; it is tried again after the next commit, or in a while."""
        if not self._works or self._gave_up:
            return
        while self._works:
            started = time.perf_counter()
            outcome = outcome_of_call(self._write_first)
            if isinstance(outcome, Failed):
                if not may_pass(outcome.error):
                    _log.error("a write was given up: the database will never take it", exc_info=outcome.error)
                    self._note(left_out=self.status.left_out + 1)
                    self._works.popleft().done()
                    continue
                self._busy_since = self._busy_since or started
                if not is_busy(outcome.error) or started - self._busy_since >= _BUSY_PATIENCE_S:
                    self._failed(str(outcome.error))
                self._files.recover(outcome.error)
                return
            self._busy_since = 0.0
            self._works.popleft().done()
            self._succeeded(time.perf_counter() - started)
        self._checkpoint_when_due()
        self._prune_when_due()

    def _write_first(self) -> None:
        db = self._files.session.db
        with transaction(db):
            self._works[0].write(db)

    def _look_whether_healed(self) -> None:
        """Nothing to commit, but the last try failed: a problem that has gone must not stand on the page until the next line comes."""
        if self.status.problem:
            db = self._files.session.db
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
            if self._checkpoint("PASSIVE"):
                self._succeeded(self.status.commit_s)

    def _look_for_others(self) -> None:
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            if self._files.session.others_wrote():
                for subscriber in self.signals.foreign:
                    subscriber()

    def _commit(self, deltas: Sequence[NodeDelta]) -> None:
        if not deltas:
            return
        attempt, first_try = 0, time.monotonic()
        while True:
            self._look_at_file()
            if self._gave_up:
                return
            started = time.perf_counter()
            outcome = outcome_of_call(partial(self._files.session.committer.commit, deltas, time.time()))
            if not isinstance(outcome, Failed):
                self._succeeded(time.perf_counter() - started)
                self._checkpoint_when_due()
                return
            error = outcome.error
            if isinstance(error, PositionConflict):
                self._commit_singly(deltas)
                return
            if not may_pass(error) and attempt >= _TRIES_OF_A_BAD_VALUE:
                self._commit_what_can_be(deltas, error)
                return
            busy = is_busy(error)
            if not busy or time.monotonic() - first_try >= _BUSY_PATIENCE_S:
                self._failed(str(error))
            pause_s = _RETRY_S[0] if busy else _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
            if not self._files.recover(error) or self._pause(pause_s):
                # From here on nothing is committed: a later piece without this one would be a hole.
                self._gave_up = True
                return
            attempt += 1

    def _commit_what_can_be(self, deltas: Sequence[NodeDelta], error: Exception) -> None:
        """The database will never take this as it is. One node's value must not stop the others, nor its own log for ever."""
        if len(deltas) > 1:
            for delta in deltas:
                self._commit([delta])
            return
        for what, smaller in reductions(deltas[0]):
            if isinstance(outcome_of_call(partial(self._files.session.committer.commit, [smaller], time.time())), Failed):
                continue
            _log.error("%s: %s of a commit were left out, the database does not take them", deltas[0].node, what, exc_info=error)
            self._note(left_out=self.status.left_out + 1)
            self._succeeded(self.status.commit_s)
            return
        # Not even its position is taken: the node begins anew from the database's, and the others go on.
        _log.error("%s: a commit was left out, the database does not take it", deltas[0].node, exc_info=error)
        self._refuse(deltas[0].node)

    def _refuse(self, node: str) -> None:
        self._refused.add(node)
        for subscriber in self.signals.conflict:
            subscriber(node)

    def _commit_singly(self, deltas: Sequence[NodeDelta]) -> None:
        """Another process has read one of these logs meanwhile: only that node's batch is dropped, and read again.

        So is what comes after it until `resume`: it may begin in a file that the database does not know yet, behind a hole.
        """
        for delta in deltas:
            if len(deltas) == 1:
                self._refuse(delta.node)
            else:
                self._commit([delta])

    def _checkpoint_when_due(self) -> None:
        """Readers that follow one another without a gap keep a WAL from beginning anew: when it is long, wait a moment for them."""
        pages = self._files.session.wal_pages()
        if pages > WAL_PAGES:
            self._checkpoint("PASSIVE" if pages <= _LONG_WAL * WAL_PAGES else "RESTART")

    def _checkpoint(self, mode: str) -> bool:
        # A checkpoint that cannot finish now (a reader, a full disk) is no loss: the WAL holds the data.
        try:
            self._files.session.checkpoint(mode)
            return True
        except sqlite3.Error as error:
            if not is_busy(error):
                self._failed(str(error))
            return False

    def _failed(self, words: str) -> None:
        if self.status.problem != words:
            self._say_problem(words)
        self.status = self.status.failing(words, time.time())

    def _succeeded(self, took_s: float) -> None:
        self._files.calm()
        if self.status.problem:
            self._say_problem("")
        self.status = self.status.committed(took_s, time.time())

    def _say_problem(self, words: str) -> None:
        for subscriber in self.signals.problem:
            subscriber(words)

    def _note(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
