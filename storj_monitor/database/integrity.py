"""Is the file damaged, or does the disk only fail to give it back? SQLite says "malformed" to both.

One look reads every byte past SQLite and then asks `PRAGMA quick_check` on a connection of its own. Damage is proven when looks with
growing pauses between them all find the same damage in the same bytes, and not one read failed meanwhile.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

PROOF_PAUSES_S = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Between the looks that together are a proof."""
_BLOCK = 1 << 16
_HEAD = 4096
_HEAD_LOOKS = 8
_STEPS_BETWEEN_LOOKS = 50_000
_MOST_MESSAGES = 100
# quick_check names pages that it could not read with the code of the error.
_ERROR_CODE = re.compile(r"error code=(\d+)")
_PASSING = frozenset(
    (
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PERM,
    )
)  # fmt: skip
_DOUBTFUL = frozenset((sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


class Verdict(StrEnum):
    """What a look says; UNREADABLE is no word about the file, only about the disk."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"


class Examination(NamedTuple):
    """`words` is one readable line, `found` what quick_check said; `digest` is of all bytes as they were read."""

    verdict: Verdict
    words: str
    found: frozenset[str] = frozenset()
    digest: int = 0


Pause = Callable[[float], bool]
"""Waits so many seconds; True when there is no use in going on (the program stops)."""


def error_code(error: BaseException | None) -> int:
    """SQLite's primary code, 0 where it is none of SQLite's errors."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def is_doubtful(error: BaseException | None) -> bool:
    """The file may be damaged, or could just not be read: only an examination can tell."""
    return error_code(error) in _DOUBTFUL


def is_busy(error: BaseException | None) -> bool:
    """Another process holds the database at this moment."""
    return error_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def may_pass(error: BaseException | None) -> bool:
    """Another try may succeed: the disk, a lock or a lack of room, not what was asked."""
    return error_code(error) in _PASSING


def examine(path: Path, tell: Callable[[int], None] = lambda _: None, *, thorough: bool = False, fd: int | None = None) -> Examination:
    """One look at a database file. It never writes, and never raises: what cannot be read is UNREADABLE.

    tell     -- told again and again how many bytes were read; SQLite reads all of them once more
    thorough -- `integrity_check`, which also compares every index with its table, instead of `quick_check`
    fd       -- the open file. A process that has connections to it must give it, and close it after them: closing any other gives up
                SQLite's locks on the file
    """
    try:
        digest = _read_all(path, tell) if fd is None else _read_open(fd, tell)
        size = path.stat().st_size
    except OSError as error:
        return Examination(Verdict.UNREADABLE, f"{path.name} cannot be read: {error.strerror or error}")
    found: list[str] = []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=2.0)) as db:
            db.set_progress_handler(lambda: tell(size), _STEPS_BETWEEN_LOOKS)
            check = "integrity_check" if thorough else "quick_check"
            for (text,) in db.execute(f"PRAGMA {check}({_MOST_MESSAGES})"):
                found += str(text).splitlines()
    except sqlite3.Error as error:
        if error_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return Examination(Verdict.UNREADABLE, f"{path.name} cannot be read: {error}")
        found.append(str(error))
    return _judge(found, digest)


def _judge(found: Sequence[str], digest: int) -> Examination:
    messages = [text for text in found if text != "ok" and not text.startswith("***")]
    codes = [int(code) & 0xFF for text in messages for code in _ERROR_CODE.findall(text)]
    if sqlite3.SQLITE_IOERR in codes:
        return Examination(Verdict.UNREADABLE, f"pages cannot be read: {messages[0]}")
    if messages:
        return Examination(Verdict.DAMAGED, messages[0], frozenset(messages), digest)
    return Examination(Verdict.SOUND, "nothing is wrong", frozenset(), digest)


def tables(db: sqlite3.Connection) -> list[str]:
    """Names of all tables."""
    return [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]


def check_table(db: sqlite3.Connection, table: str) -> Examination:
    """`quick_check` of one table with its indexes: a look that takes a small part of the time. sqlite3.Error."""
    found: list[str] = []
    for (text,) in db.execute(f'PRAGMA quick_check("{table}")'):
        found += str(text).splitlines()
    return _judge(found, 0)


def sleep(seconds: float) -> bool:
    """A Pause that nobody cuts short."""
    time.sleep(seconds)
    return False


def prove(
    path: Path, pause: Pause = sleep, pauses_s: Sequence[float] = PROOF_PAUSES_S, *, thorough: bool = False, fd: int | None = None
) -> Examination:
    """Looks until one is SOUND, or all of them have found the same damage. Everything else is UNREADABLE: no proof of anything."""
    first: Examination | None = None
    common: frozenset[str] = frozenset()
    for pause_s in (*pauses_s, None):
        look = examine(path, thorough=thorough, fd=fd)
        if look.verdict is not Verdict.DAMAGED:
            return look
        if first is None:
            first, common = look, look.found
        common &= look.found
        if look.digest != first.digest or not common:
            return Examination(Verdict.UNREADABLE, f"the disk gives back something else at every read ({look.words})")
        if pause_s is None:
            return look._replace(words=min(common), found=common)
        if pause(pause_s):
            break
    return Examination(Verdict.UNREADABLE, "not looked at to the end")


def _read_all(path: Path, tell: Callable[[int], None]) -> int:
    fd = open_raw(path)
    try:
        return _read_open(fd, tell)
    finally:
        os.close(fd)


def open_raw(path: Path) -> int:
    """OSError."""
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _read_open(fd: int, tell: Callable[[int], None]) -> int:
    """Checksum of all bytes, read from the disk itself where the system can be told to forget what it has in memory. OSError."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    head = _read_at(fd, _HEAD, 0)
    for _ in range(_HEAD_LOOKS):
        if _read_at(fd, _HEAD, 0) != head:
            raise OSError("the same page reads differently each time")
    digest, offset = 0, 0
    while block := _read_at(fd, _BLOCK, offset):
        digest, offset = zlib.crc32(block, digest), offset + len(block)
        tell(offset)
    return digest


def _read_at(fd: int, size: int, offset: int) -> bytes:
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, size)
