"""Texts that recur become small numbers. Ids are only remembered once their transaction has committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Sequence


class Dictionary:
    """Ids of one table (`satellite`, `reason`, `template`, `node`): looked up, made when missing, cached (bounded).

    An id made in a transaction that is rolled back must be forgotten: call `settled` after each transaction.
    """

    MAX_CACHED = 20_000

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self._insert = f"INSERT OR IGNORE INTO {table}({names}) VALUES ({marks})"
        self._select = f"SELECT id FROM {table} WHERE " + " AND ".join(f"{c} = ?" for c in columns)
        self._ids: dict[Hashable, int] = {}
        self._fresh: list[Hashable] = []

    def id_of(self, db: sqlite3.Connection, *values: str) -> int:
        """Id of the row with these values; makes the row when it is missing (inside the caller's transaction)."""
        known = self._ids.get(values)
        if known is not None:
            return known
        row = db.execute(self._select, values).fetchone()
        if row is None:
            db.execute(self._insert, values)
            row = db.execute(self._select, values).fetchone()
        self._ids[values] = int(row[0])
        self._fresh.append(values)
        return int(row[0])

    def forget(self, *values: str) -> None:
        """Look this one up again: its row is not what it was."""
        self._ids.pop(values, None)

    def settled(self, committed: bool) -> None:
        """The transaction is over: keep what it made, or forget it."""
        if not committed:
            for values in self._fresh:
                self._ids.pop(values, None)
        self._fresh.clear()
        if len(self._ids) > self.MAX_CACHED:
            self._ids.clear()
