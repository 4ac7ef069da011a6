"""`database check | backup | restore | accept-clock`: is a file sound, a copy of one in use, and what was set aside taken back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from storj_monitor.database.connection import MonitorLock, connect_reader, connect_writer, transaction
from storj_monitor.database.integrity import PROOF_PAUSES_S, Examination, Pause, Verdict, examine, prove, sleep
from storj_monitor.database.opening import aside_name, open_database, refuse_foreign, set_aside, stamp_of
from storj_monitor.database.retention import accept_clock
from storj_monitor.database.schema import Owner, migrate, owner_of
from storj_monitor.errors import StoreError, StoreForeign

# ---- A whole database into a new file, while it is in use: SQLite's own online backup, checked before it gets its name.


_PAGES = 2048

CopyProgress = Callable[[int, int], None]
"""Pages done, and pages in all."""


def copy_database(source: sqlite3.Connection, target: Path, progress: CopyProgress | None = None) -> None:
    """Copy everything that the connection sees to `target`, which must not be there yet; it appears when it is complete and was checked.

    With `progress` the connection must be in a transaction: else the copy begins anew whenever somebody writes.
    Raises StoreError when something stands there already or the copy is not sound, sqlite3.Error, OSError.
    """
    draft = target.with_name(target.name + ".unfinished")
    _remove_draft(draft)
    try:
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            if progress is None:
                # In one step nobody can write in between, so that it never begins again.
                source.backup(copy)
            else:
                source.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total), sleep=0.0)
        look = examine(draft)
        if look.verdict is not Verdict.SOUND:
            raise StoreError(f"the copy is not what it should be: {look.words}")
        _give_name(draft, target)
    finally:
        _remove_draft(draft)


def _give_name(draft: Path, target: Path) -> None:
    """Unlike a rename this never takes the place of a file that came meanwhile."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise StoreError(f"{target} is there already") from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise StoreError(f"{target} is there already") from None
        draft.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """The names in it are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _remove_draft(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


# ---- Every row of a damaged file that can still be read, into a new one: each table from its beginning, and from its end, up to the
# damage.


_ROWS = 500
_OWN = frozenset(("migration",))
Row = tuple[object, ...]


class Salvaged(NamedTuple):
    """Rows that were saved by table, and the tables that could not be read to their end."""

    rows: dict[str, int]
    incomplete: tuple[str, ...]


def salvage(source: Path, target: Path, progress: CopyProgress) -> Salvaged:
    """`target` is a new database of this version. Rows that it does not take are left out."""
    rows: dict[str, int] = {}
    incomplete = []
    with closing(connect_writer(target)) as into, closing(connect_reader(source)) as db:
        tables = {
            name: [column[1] for column in into.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in into.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            if name not in _OWN and not name.startswith("sqlite_")
        }
        for number, (table, columns) in enumerate(tables.items()):
            progress(number, len(tables))
            before = into.total_changes
            whole = _copy(db, into, table, columns, "ASC")
            if not whole:
                _copy(db, into, table, columns, "DESC")
                incomplete.append(table)
            rows[table] = into.total_changes - before
        progress(len(tables), len(tables))
    return Salvaged({table: count for table, count in rows.items() if count}, tuple(incomplete))


def _copy(db: sqlite3.Connection, into: sqlite3.Connection, table: str, columns: Sequence[str], direction: str) -> bool:
    """False when the damage ended it."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    key = [column[1] for column in sorted(into.execute(f'PRAGMA table_info("{table}")'), key=lambda one: one[5]) if column[5]] or ["rowid"]
    question = f"SELECT {names} FROM {table} NOT INDEXED ORDER BY {', '.join(f'{column} {direction}' for column in key)}"
    rows = _Rows(db, question)
    while batch := rows.next(_ROWS):
        with transaction(into):
            into.executemany(f"INSERT OR IGNORE INTO {table}({names}) VALUES ({marks})", batch)
    return not rows.broken


class _Rows:
    """Rows up to where the file cannot be read."""

    def __init__(self, db: sqlite3.Connection, question: str) -> None:
        self.broken = False
        self._rows = self._read(db, question)

    def _read(self, db: sqlite3.Connection, question: str) -> Iterator[Row]:
        try:
            yield from db.execute(question)
        except sqlite3.Error:
            self.broken = True

    def next(self, most: int) -> list[Row]:
        return [row for _, row in zip(range(most), self._rows, strict=False)]


# ---- `database check | backup | restore | accept-clock`: is a file sound, a copy of one in use, and what was set aside taken back.


ASIDE = ("damaged", "replaced", "rescued", "before-restore")
"""Why a file stands beside the database: the first part of what follows its name."""


class AsideFile(NamedTuple):
    """A file that was set aside: why, how large, and when it was written last (Unix seconds)."""

    path: Path
    why: str
    size_bytes: int
    changed_at: float


class Checked(NamedTuple):
    """What `check` has found: is the file sound, and whose is it (None where that cannot be told)."""

    look: Examination
    owner: Owner | None


class Restored(NamedTuple):
    """`kept` is where the database that was there before is now, None when there was none; `salvaged` what of a damaged file was saved."""

    kept: Path | None
    salvaged: Salvaged | None


def files_aside(database: Path) -> list[AsideFile]:
    """All that was set aside beside the database, newest first."""
    found = []
    for path in database.parent.glob(f"{database.name}.*-*"):
        why = path.name[len(database.name) + 1 :].rpartition("-")[0]
        if why in ASIDE and not path.name.endswith(("-wal", "-shm")):
            stat = path.stat()
            found.append(AsideFile(path, why, stat.st_size, stat.st_mtime))
    return sorted(found, key=lambda one: one.changed_at, reverse=True)


def check(path: Path, tell: Callable[[int], None], *, thorough: bool = False, pause: Pause = sleep) -> Checked:
    """Is the file sound, and is it ours? Damage is only told when many looks find the same. StoreError when there is no such file."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    look = examine(path, tell, thorough=thorough)
    if look.verdict is Verdict.DAMAGED:
        look = prove(path, pause, PROOF_PAUSES_S, thorough=thorough)
    owner = None
    if look.verdict is Verdict.SOUND:
        with _translated(path), closing(connect_reader(path)) as db:
            owner = owner_of(db)
    return Checked(look, owner)


def backup(path: Path, target: Path, progress: CopyProgress) -> None:
    """Copy a database, in use or not, to a file that is not there yet; the copy is checked. StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    with _translated(path), closing(connect_reader(path)) as db:
        # One transaction: what a running monitor commits meanwhile is not in the copy, and does not make it begin anew.
        db.execute("BEGIN")
        _is_ours(path, db)
        copy_database(db, target, progress)


def trust_clock(path: Path, now: float) -> None:
    """The operator says that `now`, the machine's clock, is right: what is old by it may go. May run beside a monitor. StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    refuse_foreign(path)
    with _translated(path), closing(connect_writer(path, create=False)) as db:
        migrate(db, now)
        with transaction(db):
            accept_clock(db, now)


def restore(path: Path, source: Path, now: float, progress: CopyProgress, *, save_what_can_be: bool = False) -> Restored:
    """Put a copy of `source` in the place of the database; what was there is kept beside it. Nothing is changed unless all went well.

    save_what_can_be -- of a damaged source, every row that can be read. Else StoreError for one that is not sound.
    Raises StoreLocked while a monitor runs, StoreTooNew, StoreError.
    """
    if not source.is_file():
        raise StoreError(f"there is no file {source}")
    if path.exists() and path.samefile(source):
        raise StoreError(f"{source} is the database already")
    refuse_foreign(path)
    with MonitorLock(path), _translated(source):
        look = check(source, lambda _: None).look
        draft = path.with_name(path.name + ".restoring")
        _remove(draft)
        salvaged = None
        try:
            if look.verdict is Verdict.SOUND:
                with closing(connect_reader(source)) as db:
                    db.execute("BEGIN")
                    _is_ours(source, db)
                    copy_database(db, draft, progress)
            elif look.verdict is Verdict.DAMAGED and save_what_can_be:
                open_database(draft, now, stamp_of(now))
                salvaged = salvage(source, draft, progress)
                if not salvaged.rows:
                    raise StoreError(f"not one row of {source} can be read ({look.words}). Nothing was changed.")
            else:
                hint = "; --salvage takes every row that can be read" if look.verdict is Verdict.DAMAGED else ""
                raise StoreError(f"{source} is {look.verdict}: {look.words}{hint}. Nothing was changed.")
            open_database(draft, now, stamp_of(now), may_set_aside=False)
            kept = _put_in_place(draft, path, stamp_of(now))
        finally:
            _remove(draft)
    return Restored(kept, salvaged)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"cannot use the database {path}: {error}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}") from error


def _is_ours(path: Path, db: sqlite3.Connection) -> None:
    """StoreForeign for what is nothing that a monitor could go on with."""
    owner = owner_of(db)
    if owner in (Owner.EMPTY, Owner.FOREIGN):
        raise StoreForeign(f"{path} is {owner}. Nothing was changed.")


def _put_in_place(draft: Path, path: Path, stamp: str) -> Path | None:
    """The name never leads to nothing where the system allows that; an old WAL never meets the new file."""
    kept = None
    if path.exists():
        with suppress(sqlite3.Error), closing(connect_writer(path, create=False)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        kept = aside_name(path, "before-restore", stamp)
        try:
            if path.with_name(path.name + "-wal").exists():  # it could not be taken into the file
                raise OSError("it has a WAL")
            os.link(path, kept)
        except OSError:
            kept = set_aside(path, "before-restore", stamp)
    draft.replace(path)
    sync_folder(path.parent)
    return kept


def _remove(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
