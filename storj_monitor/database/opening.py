"""Opening the file at a start: migrations, and what is done with one that is damaged or that the disk does not give back.

Nothing is set aside on suspicion: see `integrity`. What was set aside can be taken back with `storj_monitor database restore`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from storj_monitor.database.connection import connect_reader, connect_writer, make_private_folder
from storj_monitor.database.integrity import PROOF_PAUSES_S, Examination, Pause, Verdict, error_code, examine, is_doubtful, prove, sleep
from storj_monitor.database.schema import Owner, migrate, owner_of
from storj_monitor.errors import StoreError, StoreFailing, StoreForeign

SIDES = ("-wal", "-shm")
_MAGIC = b"SQLite format 3\0"
# A table of the first version: its name stands on one of the first pages, whatever came later.
_TRACE = b"satellite_minute"
_TRACE_WITHIN = 1 << 20
_WAIT_S = (0.2, 0.5, 1.0, 2.0, 5.0)


def stamp_of(now: float) -> str:
    """A moment as it stands in names of files."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")


def aside_name(path: Path, why: str, stamp: str) -> Path:
    """A name beside the database that nothing has yet: FILE.WHY-STAMP."""
    aside = path.with_name(f"{path.name}.{why}-{stamp}")
    while aside.exists():
        aside = aside.with_name(aside.name + "+")
    return aside


def set_aside(path: Path, why: str, stamp: str) -> Path:
    """Rename the file with its WAL; returns where it went. OSError."""
    aside = aside_name(path, why, stamp)
    # The file itself goes last: an old WAL must never meet a new file.
    for suffix in (*SIDES, ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def mark_damaged(path: Path, proof: Examination) -> None:
    """Damage was proven while connections are open: the next opening sets the file aside, if it still is what was looked at."""
    with contextlib.suppress(OSError):
        _mark(path).write_text("\n".join(sorted(proof.found)), encoding="utf-8")


def _mark(path: Path) -> Path:
    return path.with_name(path.name + ".is-damaged")


def open_database(
    path: Path,
    now: float,
    stamp: str,
    *,
    pause: Pause = sleep,
    pauses_s: Sequence[float] = PROOF_PAUSES_S,
    may_set_aside: bool = True,
) -> str | None:
    """Create or migrate the file. One that is proven to be damaged is set aside, never deleted; returns where it went, None: all is well.

    `stamp` names the set-aside file. Raises StoreFailing when the disk does not give the file back (later it may), StoreTooNew,
    StoreForeign for a file that was never a database of ours (a slip in --database must not move a stranger's file away), or
    StoreError when the place cannot be used, or may_set_aside is False and the file is damaged.
    """
    try:
        make_private_folder(path.parent)
        marked = _take_mark(path)
        if not marked and not looks_foreign(path):
            _prepare(path, now)
            return None
    except sqlite3.Error as error:
        if not path.exists() or not (is_doubtful(error) or error_code(error) == sqlite3.SQLITE_FULL):
            raise StoreError(f"cannot use the database {path}: {error}{_hint(path)}") from error
        if error_code(error) == sqlite3.SQLITE_FULL:
            raise StoreFailing(f"the database {path} cannot be opened: {error}") from error
    except OSError as error:
        raise StoreError(f"cannot use the database {path}: {error.strerror or error}") from error
    proof = prove(path, pause, () if marked else pauses_s)
    # SQLite takes a file of a few bytes for an empty database, and would write over it.
    if proof.verdict is not Verdict.UNREADABLE and not marked and looks_foreign(path):
        raise _no_database(path)
    if proof.verdict is not Verdict.DAMAGED:
        raise StoreFailing(f"the disk does not give back the database {path}: {proof.words}")
    if not may_set_aside:
        raise StoreError(f"the database {path} is damaged ({proof.words}): see what can be done with `storj_monitor database check`")
    try:
        aside = set_aside(path, "damaged", stamp)
    except OSError as error:
        raise StoreError(f"the database {path} is damaged and cannot be set aside: {error.strerror or error}") from error
    _prepare(path, now)
    return str(aside)


def open_patiently(path: Path, *, pause: Pause = sleep, say: Callable[[str], None], may_set_aside: bool = True) -> str | None:
    """`open_database`, again and again while the disk fails; `say` is told why it takes so long. Raises as that, StoreFailing at a stop."""
    tries = 0
    while True:
        now = time.time()
        try:
            return open_database(path, now, stamp_of(now), pause=pause, may_set_aside=may_set_aside)
        except StoreFailing as error:
            say(str(error))
            if pause(_WAIT_S[min(tries, len(_WAIT_S) - 1)]):
                raise
            tries += 1


def _hint(path: Path) -> str:
    """What SQLite does not say."""
    return "" if not path.exists() or os.access(path, os.R_OK | os.W_OK) else " (this user may not read and write it)"


def looks_foreign(path: Path) -> bool:
    """It does not begin as SQLite's files do, and nothing of our tables is in it: a text, a picture. Reads only.

    A database of ours that has lost its first page still has the names of its tables on the next ones.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
            return bool(head) and head != _MAGIC and _TRACE not in file.read(_TRACE_WITHIN)
    except OSError:  # found out, and told in its words, by whoever opens it
        return False


def _no_database(path: Path) -> StoreForeign:
    why = "it is not SQLite's, and nothing in it is the monitor's"
    return StoreForeign(f"{path} is no database: {why}. Nothing was changed; name another file with --database, or put this one away")


def refuse_foreign(path: Path) -> None:
    """Before anything of it is changed: a connection that writes sets its own kind of journal. StoreForeign."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    if looks_foreign(path):
        raise _no_database(path)
    _refuse_other_tables(path)


def _refuse_other_tables(path: Path) -> None:
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect_reader(path)) as db:  # what cannot be read is found soon enough
        if owner_of(db) is Owner.FOREIGN:
            raise StoreForeign(f"{path} is {Owner.FOREIGN}. Nothing was changed; name another file with --database")


def _take_mark(path: Path) -> bool:
    """Damage was proven a moment ago, and is still there. A mark that does not fit (any more) is removed."""
    try:
        known = frozenset(_mark(path).read_text(encoding="utf-8", errors="replace").splitlines())
    except FileNotFoundError:
        return False
    _mark(path).unlink()
    look = examine(path)
    return look.verdict is Verdict.DAMAGED and bool(look.found & known)


def _prepare(path: Path, now: float) -> None:
    if path.is_file() and path.stat().st_size > 0:
        _refuse_other_tables(path)
    db = connect_writer(path)
    try:
        migrate(db, now)
        # Touch every table's root page: a file that is damaged there must be found now, not at the first commit.
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            db.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()
    finally:
        db.close()
