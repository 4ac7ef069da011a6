"""Does the path still lead to the file that is open? SQLite itself goes on with a file that was deleted, renamed or unmounted under it."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

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
