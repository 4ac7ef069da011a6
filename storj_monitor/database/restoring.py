"""`database check | backup | restore | accept-clock`: is a file sound, a copy of one in use, and what was set aside taken back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from storj_monitor.database.connection import MonitorLock, connect_reader, connect_writer
from storj_monitor.database.copying import CopyProgress, copy_database, sync_folder
from storj_monitor.database.integrity import PROOF_PAUSES_S, Examination, Pause, Verdict, examine, prove, sleep
from storj_monitor.database.opening import aside_name, open_database, refuse_foreign, set_aside, stamp_of
from storj_monitor.database.salvage import Salvaged, salvage
from storj_monitor.database.schema import Owner, migrate, owner_of
from storj_monitor.database.steady_clock import accept_clock
from storj_monitor.database.transaction import transaction
from storj_monitor.errors import StoreError, StoreForeign

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
