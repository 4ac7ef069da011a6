"""Rows that cannot be what was written: the file was damaged in a way that no check of SQLite sees. They are named, left out and counted.

One such row must not end every start. Whoever reads rows of the file into memory does it through `each`.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

R = TypeVar("R")
T = TypeVar("T")
Row = tuple[Any, ...]

BAD_ROW = (TypeError, ValueError, KeyError, IndexError, OverflowError, UnicodeError)
"""What comes of a value that is of another kind than was written."""
MOST_NAMED = 1000
NUMBER = (int, float)
_log = logging.getLogger(__name__)


class BadRows:
    """All that were met, each counted once; shared by the connections of one reader."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._known)

    def tables(self) -> dict[str, int]:
        """How many there are, by table."""
        names = [table for table, _ in self._known]
        return {name: names.count(name) for name in sorted(set(names))}

    def each(self, table: str, rows: Iterable[R], make: Callable[[R], T]) -> Iterator[T]:
        """What `make` gives of each row, without those that it refuses with one of BAD_ROW."""
        for row in rows:
            try:
                made = make(row)
            except BAD_ROW as error:
                self.leave_out(table, row, error)
                continue
            yield made

    def leave_out(self, table: str, row: object, error: Exception) -> None:
        key = (table, repr(row)[:200])
        if key not in self._known and len(self._known) < MOST_NAMED:
            self._known.add(key)
            why = f"{type(error).__name__}: {error}"
            _log.error("a row of the table %s cannot be understood and is left out (%s): %s", table, why, key[1])


class ReaderConnection(sqlite3.Connection):
    """Knows where bad rows are counted."""

    bad_rows: BadRows | None = None


def bad_rows_of(db: sqlite3.Connection) -> BadRows:
    """Where the connection's bad rows are counted; for one without a place they are only named."""
    known = db.bad_rows if isinstance(db, ReaderConnection) else None
    return BadRows() if known is None else known


def checked(*kinds: type | tuple[type, ...]) -> Callable[[Row], Row]:
    """The row itself where each value is of its kind. TypeError, ValueError."""

    def check(row: Row) -> Row:
        for value, kind in zip(row, kinds, strict=True):
            if not isinstance(value, kind):
                raise TypeError(f"{value!r:.60} is a {type(value).__name__}")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{value} is no number")
        return row

    return check
