"""A whole database into a new file, while it is in use: SQLite's own online backup, checked before it gets its name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storj_monitor.database.integrity import Verdict, examine
from storj_monitor.errors import StoreError

_PAGES = 2048

CopyProgress = Callable[[int, int], None]
"""Pages done, and pages in all."""


def copy_database(source: sqlite3.Connection, target: Path, progress: CopyProgress | None = None) -> None:
    """Copy everything that the connection sees to `target`, which must not be there yet; it appears when it is complete and was checked.

    With `progress` the connection must be in a transaction: else the copy begins anew whenever somebody writes.
    Raises StoreError when something stands there already or the copy is not sound, sqlite3.Error, OSError.
    """
    draft = target.with_name(target.name + ".unfinished")
    _remove(draft)
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
        _remove(draft)


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


def _remove(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
