"""The database is its owner's alone: it tells addresses of nodes, what they earn, and when nobody watches them."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

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
