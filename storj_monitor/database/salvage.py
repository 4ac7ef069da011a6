"""Every row of a damaged file that can still be read, into a new one: each table from its beginning, and from its end, up to the damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.copying import CopyProgress
from storj_monitor.database.transaction import transaction

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
