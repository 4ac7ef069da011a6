"""Connections to the database file and their pragmas, one way to write, private files, and the one-monitor lock."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from storj_monitor.database.bad_rows import BadRows, ReaderConnection
from storj_monitor.errors import StoreError, StoreLocked
from storj_monitor.stats import merge_sketches

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# ---- One way to write: all or nothing.


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commits at the end, rolls back when anything is raised. The write lock is taken at once: a busy database says so first."""
    db.execute("BEGIN IMMEDIATE")
    committed = False
    try:
        yield
        db.execute("COMMIT")
        committed = True
    finally:
        if not committed and db.in_transaction:
            db.execute("ROLLBACK")


# ---- The database is its owner's alone: it tells addresses of nodes, what they earn, and when nobody watches them.


_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OWN_FOLDER = "storj_monitor"
_SUFFIXES = ("", "-wal", "-shm", "-journal")


def make_private_folder(folder: Path) -> None:
    """Makes the folder where it is missing. One of ours from before becomes private too; one that somebody else chose stays as it is."""
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        if folder.name == _OWN_FOLDER:
            _tighten(folder, _FOLDER_MODE)


def make_private_files(database: Path, *, create: bool) -> None:
    """The database and what SQLite puts beside it, which gets the same rights. OSError: it cannot be made."""
    if create:
        # Only where there is none: closing a file of a database that is in use would give up SQLite's locks on it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_EXCL, _FILE_MODE))
    for suffix in _SUFFIXES:
        _tighten(database.with_name(database.name + suffix), _FILE_MODE)


def _tighten(path: Path, most: int) -> None:
    """Takes rights away, gives none; where the file is not ours, or the file system knows no rights, it stays as it is."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode & 0o777
        if mode & ~most:
            path.chmod(mode & most)


# ---- Connections to the database file and their pragmas, and the one-monitor lock.


_log = logging.getLogger(__name__)
BUSY_TIMEOUT_MS = 2000
# Small on purpose: the system's own cache holds the file, and the whole monitor has 68 MiB.
WRITER_CACHE_KIB = 1024
READER_CACHE_KIB = 512
# A checkpoint copies pages and syncs twice; this many pages (4 MiB) between two of them bounds both the WAL and its cost.
WAL_PAGES = 1024


class MonitorLock:
    """One monitor per database: an advisory lock on `FILE.lock`, freed by the system even after kill -9."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._fd: int | None = None

    def __enter__(self) -> MonitorLock:
        self._fd = self._take()
        return self

    def renew(self) -> bool:
        """Take it again where its file was deleted, for no other monitor sees the old one. True: that was so. Raises as entering."""
        old = self._fd
        if old is None or not self._path.parent.is_dir():
            return False
        try:
            if os.path.samestat(os.fstat(old), self._path.stat()):
                return False
        except FileNotFoundError:
            pass
        self._fd = self._take()
        os.close(old)
        return True

    def _take(self) -> int:
        try:
            make_private_folder(self._path.parent)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"cannot use the folder of the database {self._path.parent}: {error.strerror or error}") from error
        try:
            if sys.platform == "win32":
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise StoreLocked(
                f"another storj_monitor is running on this database ({self._path} is locked): stop it, or name another file with --database"
            ) from error
        return fd

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def connect_writer(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """The write connection; transactions are ours (autocommit mode). Call from the thread that will use it."""
    try:
        make_private_files(path, create=create)
    except OSError as error:  # as SQLite says it
        raise sqlite3.OperationalError(f"unable to open database file: {error.strerror or error}") from error
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
    try:
        _set_up_writer(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _set_up_writer(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    # A power cut may take the newest commits, never the order: positions go back together with what was read, and the log is read again.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    db.execute("PRAGMA temp_store = MEMORY")
    # Checkpoints are made by the writer between transactions, so that no commit waits for one.
    db.execute("PRAGMA wal_autocheckpoint = 0")
    # After a checkpoint the WAL begins anew as an empty file: its size always tells how much of it waits for the next one.
    db.execute("PRAGMA journal_size_limit = 0")
    db.create_function("sketch_merge", 2, _merge_sketches, deterministic=True)


def _merge_sketches(stored: bytes | None, added: bytes | None) -> bytes | None:
    """A stored sketch that was damaged begins anew: an error here would refuse every later commit to its row."""
    try:
        return merge_sketches(stored, added)
    except (TypeError, ValueError, OverflowError) as error:
        _log.error("a sketch of durations in the database cannot be understood and begins anew", exc_info=error)
        return added


def connect_reader(path: Path, bad_rows: BadRows | None = None) -> sqlite3.Connection:
    """A read-only connection; it never blocks the writer. `bad_rows`: where rows that cannot be understood are counted."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    timeout_s = BUSY_TIMEOUT_MS / 1000
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout_s, check_same_thread=False, factory=ReaderConnection)
    db.bad_rows = bad_rows
    try:
        db.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        db.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        db.close()
        raise
    return db
