"""Texts that recur become small numbers. Ids are only remembered once their transaction has committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

Values = tuple[str, ...]


class Dictionary:
    """Ids of one table (`satellite`, `reason`, `template`, `node`): looked up, made when missing, cached (bounded).

    Texts come from logs: where `most` rows are there already, a new text gets the id of `other(text)` instead.
    An id made in a transaction that is rolled back must be forgotten: call `settled` after each transaction.
    """

    MAX_CACHED = 20_000

    def __init__(self, table: str, columns: Sequence[str], most: int = 0, other: Callable[[Values], Values] | None = None) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self._insert = f"INSERT OR IGNORE INTO {table}({names}) VALUES ({marks})"
        self._select = f"SELECT id FROM {table} WHERE " + " AND ".join(f"{c} = ?" for c in columns)
        self._count = f"SELECT count(*) FROM {table}"
        self._most = most
        self._other = other
        self._rows: int | None = None
        self._ids: dict[Values, int] = {}
        self._fresh: list[Values] = []

    def id_of(self, db: sqlite3.Connection, *values: str) -> int:
        """Id of the row with these values; makes the row when it is missing (inside the caller's transaction)."""
        known = self._ids.get(values)
        if known is not None:
            return known
        found = self._find(db, values)
        if found is None:
            if self._other is not None and self._is_full(db) and (other := self._other(values)) != values:
                return self.id_of(db, *other)
            db.execute(self._insert, values)
            found = self._find(db, values)
            assert found is not None, "just made"
        self._ids[values] = found
        self._fresh.append(values)
        return found

    def forget(self, *values: str) -> None:
        """Look this one up again: its row is not what it was."""
        self._ids.pop(values, None)

    def settled(self, committed: bool) -> None:
        """The transaction is over: keep what it made, or forget it."""
        if not committed:
            self._rows = None
            for values in self._fresh:
                self._ids.pop(values, None)
        self._fresh.clear()
        if len(self._ids) > self.MAX_CACHED:
            self._ids.clear()

    def _find(self, db: sqlite3.Connection, values: Values) -> int | None:
        row = db.execute(self._select, values).fetchone()
        return None if row is None else int(row[0])

    def _is_full(self, db: sqlite3.Connection) -> bool:
        """Counted once; from then on every call that says no is a row more."""
        if self._rows is None:
            self._rows = int(db.execute(self._count).fetchone()[0])
        if self._rows >= self._most:
            return True
        self._rows += 1
        return False
