"""The write connection through all that happens to its file: a disk that fails, damage, a file that is deleted or replaced while in use.

Everything here runs in the writer's thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import connect_writer
from storj_monitor.database.integrity import PROOF_PAUSES_S, Examination, Pause, Verdict, examine, is_doubtful, open_raw, prove
from storj_monitor.database.opening import SIDES, aside_name, mark_damaged, open_patiently, refuse_foreign, stamp_of
from storj_monitor.database.restoring import copy_database
from storj_monitor.database.retention import Pruner, Retention
from storj_monitor.errors import StoreError, StoreForeign

# ---- Does the path still lead to the file that is open? SQLite itself goes on with a file that was deleted, renamed or unmounted under it.


Identity = tuple[int, int]


class Place(StrEnum):
    """What stands at the path. WAL_LOST: the file is the same, but its `-wal` or `-shm` is not (any more) the one that is open."""

    SAME = "same"
    DELETED = "deleted"
    REPLACED = "replaced"
    FOLDER_GONE = "folder gone"
    WAL_LOST = "wal lost"


class FileWatch:
    """Make it right after a connection was opened; `look` costs three `stat`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sides = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
        self._file = _identity(path)
        self._device = _device(path.parent)
        self._known = [_identity(side) for side in self._sides]

    def look(self) -> Place:
        """OSError passes where the path cannot be looked at."""
        file = _identity(self._path)
        if file != self._file:
            if file is not None:
                return Place.REPLACED
            # An empty mount point is no deleted database.
            return Place.DELETED if _device(self._path.parent) == self._device else Place.FOLDER_GONE
        now = [_identity(side) for side in self._sides]
        # They are made with the first statement on the connection.
        self._known = [found if known is None else known for known, found in zip(self._known, now, strict=True)]
        return Place.SAME if now == self._known else Place.WAL_LOST


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - three times as quick as Path.stat, before every commit
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def _device(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:
        return None


# ---- The write connection through all that happens to its file: a disk that fails, damage, a file that is deleted or replaced while in
# use.


_log = logging.getLogger(__name__)
# SQLite itself waits so long for another process; then we look whether we are to stop, and ask again.
_BUSY_WAIT_MS = 100
# Tries on a connection that is in doubt before there is a new one, and before the file is examined.
_DOUBTS_A_CONNECTION = 2
_DOUBTS_BEFORE_A_PROOF = 3
# After an examination that found nothing, and after one that the disk did not let end.
_PROOF_AGAIN_S = 60.0
_PROOF_SOON_S = 5.0
_REOPEN_PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0)
# A file that took commits in this run gets more time before it is believed to be damaged.
_MORE_PAUSES_S = (12.8, 25.6)
_DAYS_WORTH_A_WORD = 30
RESTORE_HINT = "take it back with `storj_monitor database restore`"


@dataclass(frozen=True, slots=True)
class FileHooks:
    """What others are told, in the writer's thread.

    reopened -- all other connections to the file must be opened anew before this returns
    anew     -- the file is damaged, or another one: everything must begin anew with what then stands at the path.
                None: this process does not own the file, and may do nothing of that kind
    notice   -- something happened to the file that its owner should know
    """

    reopened: Callable[[], None] = lambda: None
    anew: Callable[[], object] | None = None
    notice: Callable[[str], None] = lambda _: None


class Session:
    """One connection and those who write through it."""

    def __init__(self, db: sqlite3.Connection, path: Path, retention: Retention) -> None:
        db.execute(f"PRAGMA busy_timeout = {_BUSY_WAIT_MS}")
        self.db = db
        self.watch = FileWatch(path)
        self.committer = Committer(db)
        self.pruner = Pruner(db, retention)
        self._wal = path.with_name(path.name + "-wal")
        self._data_version = 0
        self._path = path
        self._raw: int | None = None

    def raw(self) -> int:
        """The file past SQLite, to be read only; open until all connections to it are closed, see `examine`. OSError."""
        if self._raw is None:
            self._raw = open_raw(self._path)
        return self._raw

    def close(self) -> None:
        """Nobody of this process may have another connection to the file any more, if it is to go on being used."""
        self.db.close()
        if self._raw is not None:
            os.close(self._raw)
            self._raw = None

    def last_commit(self) -> float:
        """Unix seconds; 0.0 when there was none, or that cannot be read."""
        try:
            return float(self.db.execute("SELECT coalesce(max(saved_at), 0.0) FROM position").fetchone()[0])
        except (sqlite3.Error, TypeError, ValueError):
            return 0.0

    def others_wrote(self) -> bool:
        """Since the last look: SQLite's data_version moves when another connection has written, an `ingest` beside us. sqlite3.Error."""
        version = int(self.db.execute("PRAGMA data_version").fetchone()[0])
        before, self._data_version = self._data_version, version
        return before not in (0, version)

    def wal_pages(self) -> int:
        """How much waits for a checkpoint."""
        try:
            return self._wal.stat().st_size // 4096
        except OSError:
            return 0

    def checkpoint(self, mode: str) -> bool:
        """False when somebody kept it from finishing. sqlite3.Error."""
        busy, *_ = self.db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return not busy


class FileKeeper:
    """`pause` waits, and says True when the program stops; `say` is told what is wrong just now."""

    def __init__(self, path: Path, retention: Retention, hooks: FileHooks, *, pause: Pause, say: Callable[[str], None]) -> None:
        self._path = path
        self._retention = retention
        self._hooks = hooks
        self._pause = pause
        self._say = say
        self._session: Session | None = None
        self._doubts = 0
        self._sound = 0
        self._was_good = False
        self._next_proof = 0.0
        self.was_crash = False
        """The file was not closed in order before it was opened here, or somebody else was writing."""
        self.is_lost = False
        """Nothing more can be written through this keeper: everything begins anew, or the program stops."""

    @property
    def session(self) -> Session:
        """The open one; StoreError when there is none."""
        if self._session is None:
            raise StoreError(f"the database {self._path} is not open")
        return self._session

    def open(self) -> None:
        """The first opening, see `open_database`. Raises as that does."""
        with contextlib.suppress(OSError):
            self.was_crash = self._path.with_name(self._path.name + "-wal").stat().st_size > 0
        aside = open_patiently(self._path, pause=self._pause, say=self._say, may_set_aside=self._hooks.anew is not None)
        if aside:
            self._notice(f"the database was damaged; it was set aside as {aside} and a new one was begun: {RESTORE_HINT}")
        while not self._connect():
            if self._pause(_REOPEN_PAUSES_S[0]):
                raise StoreError("the program stops")

    def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            session.close()

    def calm(self) -> None:
        """A commit succeeded: there is no doubt (any more)."""
        self._doubts = self._sound = 0
        self._was_good = True

    def recover(self, error: BaseException) -> bool:
        """After an error: where it may be damage, there is a new connection, and at last an examination. False: all is lost here."""
        if is_doubtful(error):
            self._doubts += 1
            if self._doubts % _DOUBTS_A_CONNECTION == 0 and not self.reopen(in_doubt=True):
                return False
            if self._doubts >= _DOUBTS_BEFORE_A_PROOF:
                return self.prove()
        return True

    def prove(self) -> bool:
        """Examine the file unless that was done a moment ago. False: it is damaged, and everything begins anew."""
        if time.monotonic() < self._next_proof or self._is_elsewhere():
            return True
        # quick_check does not compare an index with its table; when it finds nothing again and again, the long check is made.
        pauses_s = (*PROOF_PAUSES_S, *_MORE_PAUSES_S) if self._was_good else PROOF_PAUSES_S
        try:
            fd = self._session.raw() if self._session is not None else None
            proof = prove(self._path, self._pause, pauses_s, thorough=self._sound > 1, fd=fd)
        except OSError as error:
            proof = Examination(Verdict.UNREADABLE, f"{self._path.name} cannot be opened: {error.strerror or error}")
        self._next_proof = time.monotonic() + (_PROOF_SOON_S if proof.verdict is Verdict.UNREADABLE else _PROOF_AGAIN_S)
        if proof.verdict is Verdict.SOUND:
            self._sound += 1
            return True
        if proof.verdict is Verdict.UNREADABLE:
            self._say(f"the disk does not give back the database: {proof.words}")
            return True
        return self._found_damage(proof)

    def reopen(self, *, in_doubt: bool = False) -> bool:
        """A new connection to the same file, for everybody. False: the program stops, or everything begins anew.

        in_doubt -- the old one is closed last: SQLite's last connection copies the WAL into the file, and a disk that gives back
                    other bytes just now would have these written
        """
        self._hooks.reopened()
        old = self._session if in_doubt else None
        if old is None:
            self.close()
        if not self._connect_patiently():
            return False
        if old is not None:
            old.close()
        return True

    def _connect_patiently(self) -> bool:
        tries = 0
        while not self._connect():
            if self._pause(_REOPEN_PAUSES_S[min(tries, len(_REOPEN_PAUSES_S) - 1)]):
                self.is_lost = True
                return False
            tries += 1
            if tries >= _DOUBTS_BEFORE_A_PROOF and self._path.exists() and not self.prove():
                return False
        return True

    def look(self) -> str:
        """Does the path lead to the open file? What can be done is done. "" when all is well, else why nothing may be written."""
        try:
            place = self.session.watch.look()
            if place is Place.SAME:
                return ""
            if place is Place.WAL_LOST:
                return self._renew_wal()
            if place is Place.DELETED:
                return self._write_anew()
            if place is Place.REPLACED:
                return self._take_the_other()
        except (OSError, StoreError, sqlite3.Error) as error:
            return f"the database file is not what it was, and that cannot be mended: {error}"
        return f"the folder {self._path.parent} is gone (is its disk still there?)"

    def _is_elsewhere(self) -> bool:
        """What stands at the path is not what is open: `look` is to care for that, and an examination would be of the wrong file."""
        try:
            return self._session is not None and self._session.watch.look() is not Place.SAME
        except OSError:
            return True

    def _connect(self) -> bool:
        try:
            db = connect_writer(self._path, create=False)
        except sqlite3.Error as error:
            self._say(str(error))
            return False
        self._session = Session(db, self._path, self._retention)
        return True

    def _found_damage(self, proof: Examination) -> bool:
        self.is_lost = True
        self._say(f"the database is damaged: {proof.words}")
        if self._hooks.anew is not None:
            mark_damaged(self._path, proof)
            self._hooks.anew()
        return False

    def _renew_wal(self) -> str:
        """Somebody deleted the `-wal`: what stands in the open one goes into the file, and then all begin with a new one."""
        if not self.session.checkpoint("TRUNCATE"):
            return "the WAL of the database was deleted while it was in use; waiting for questions to end"
        if not self.reopen():
            return "the WAL of the database was deleted while it was in use"
        self._notice("the WAL of the database was deleted while it was in use; what it held was kept")
        return ""

    def _write_anew(self) -> str:
        """The file was deleted. It still can be read, as long as it is open: all of it goes into a new one of the same name."""
        words = f"the database file {self._path} was deleted while it was in use"
        self._say(words)
        self.session.checkpoint("TRUNCATE")
        copy = aside_name(self._path, "rescued", stamp_of(time.time()))
        copy_database(self.session.db, copy)
        self._hooks.reopened()
        self.close()
        for suffix in SIDES:  # of the deleted file: a new file must not meet an old WAL
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        if self._path.exists():
            self._notice(f"{words}; another one stands there now and is used from now on, all that was there is kept as {copy}")
            return self._begin_with_the_other(words)
        copy.rename(self._path)
        if not self.reopen():
            return words
        self._notice(f"{words}; everything that it held was written anew")
        return ""

    def _take_the_other(self) -> str:
        """Another file stands at the path. When it is sound it is used from now on, and all that the open one held is kept beside it."""
        words = f"the database file {self._path} was replaced by another one while it was in use"
        self._say(words)
        # Else the old WAL, which stands beside the new file, would be taken for its own.
        self.session.checkpoint("TRUNCATE")
        if self._hooks.anew is None:
            raise StoreError(words)
        look = examine(self._path)
        if look.verdict is not Verdict.SOUND:
            return f"{words}, which is no sound database ({look.words}): put it away, or the right one in its place"
        try:
            refuse_foreign(self._path)
        except StoreForeign as error:
            return f"{words}: {error}"
        kept = aside_name(self._path, "replaced", stamp_of(time.time()))
        copy_database(self.session.db, kept)
        self._notice(f"{words}; that one is used from now on, and what was there is kept as {kept}")
        return self._begin_with_the_other(words)

    def _begin_with_the_other(self, words: str) -> str:
        self.is_lost = True
        if self._hooks.anew is not None:
            self._hooks.anew()
        return words

    def prune(self, now: float) -> bool:
        """A step of pruning; True when there is more to delete. sqlite3.Error."""
        pruner = self.session.pruner
        waited = pruner.waits_for_clock
        more = pruner.step(now)
        if pruner.waits_for_clock and not waited:
            self._say_clock_jumped(now, pruner.believed_s)
        return more

    def _say_clock_jumped(self, now: float, believed_s: float) -> None:
        """Only what is worth somebody's attention: a monitor that was off for some days says nothing."""
        days = (now - believed_s) / 86_400
        text = f"the clock shows a time {days:,.0f} days after the last one that is sure; nothing is deleted by it until it has been steady"
        if days > _DAYS_WORTH_A_WORD:
            self._notice(f"{text} for a day of running; if it is right, say so with `storj_monitor database accept-clock`")

    def _notice(self, words: str) -> None:
        _log.error("%s", words)
        self._hooks.notice(words)
