"""Care of nodes: what each takes, another name for one, and the removal of one with everything that is kept of it.

A removal takes the node's name away in one commit; from then on no question sees it. Its rows go in short transactions and its own
row goes last, so that a removal that was interrupted is finished by the next one, and whoever else writes never waits long.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from storj_monitor.database import queries
from storj_monitor.database.connection import MonitorLock, connect_writer, transaction
from storj_monitor.database.opening import refuse_foreign
from storj_monitor.database.queries import REMOVED_NODE
from storj_monitor.database.schema import migrate
from storj_monitor.errors import StoreError

# A transaction deletes for so long, in steps of so many rows.
_BUDGET_S = 0.01
_ROWS = 20
# Between two transactions others get their turn; after so many of them the WAL, a few MB by then, is copied into the file.
_PAUSE_S = 0.003
_CHECKPOINT_EVERY = 8
_BUSY_TIMEOUT_MS = 10_000
# Free pages that are given back in one transaction.
_VACUUM_PAGES = 256


class NodeSummary(NamedTuple):
    """A node and what the database has of it. Times in Unix milliseconds (0 = never); `events_bytes` is the size of its single events."""

    name: str
    node_id: str
    version: str
    first_ms: int
    newest_ms: int
    lines: int
    transfers: int
    events_bytes: int


class RemovalProgress(NamedTuple):
    """How far a removal is: `rows` deleted so far, all tables before `table` done; `tables` is how many there are."""

    table: str
    tables_done: int
    tables: int
    rows: int


def summaries(db: sqlite3.Connection) -> list[NodeSummary]:
    """All nodes, by name."""
    found = []
    for node in queries.nodes(db):
        lines, transfers, events_bytes = (
            int(db.execute(f"SELECT coalesce(sum({what}), 0) FROM {table} WHERE node = ?", (node.id,)).fetchone()[0])
            for table, what in (("line_count", "n"), ("total_day", "n"), ("events", "length(data)"))
        )
        found.append(NodeSummary(node.name, node.node_id, node.version, node.first_ms, node.newest_ms, lines, transfers, events_bytes))
    return sorted(found)


def half_removed(db: sqlite3.Connection) -> list[str]:
    """Former names of nodes whose removal was interrupted."""
    rows = db.execute("SELECT name FROM node WHERE substr(name, 1, ?) = ? ORDER BY id", (len(REMOVED_NODE), REMOVED_NODE))
    return [name.split("/", 2)[2] for (name,) in rows]


def tables_of_nodes(db: sqlite3.Connection) -> list[str]:
    """Every table whose rows belong to a node: those with a column `node`."""
    return [
        name
        for (name,) in db.execute(
            "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c ON c.name = 'node' WHERE t.type = 'table' ORDER BY t.name"
        )
    ]


@contextmanager
def node_care(path: Path, now: float) -> Iterator[NodeCare]:
    """Take the database for rename and remove. Raises StoreLocked while a monitor has it, StoreTooNew, StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    with MonitorLock(path):
        try:
            refuse_foreign(path)
            with closing(connect_writer(path)) as db:
                db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
                migrate(db, now)
                yield NodeCare(db)
        except sqlite3.Error as error:
            raise StoreError(f"cannot use the database {path}: {error}") from error


class NodeCare:
    """Changes nodes through a write connection of its own; nobody else may be caring for them (see `node_care`)."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rests = 0
        self.longest_s = 0.0

    def rename(self, old: str, new: str) -> None:
        """The node keeps its whole history. Raises StoreError when there is no `old`, or a `new` already."""
        with self._transaction():
            node = self._id_of(old)
            if self._db.execute("SELECT 1 FROM node WHERE name = ?", (new,)).fetchone():
                raise StoreError(f"the database has a node {new!r} already: rename or remove that one first")
            self._db.execute("UPDATE node SET name = ? WHERE id = ?", (new, node))

    def remove(self, name: str, progress: Callable[[RemovalProgress], None]) -> int:
        """Delete everything of a node, and what an interrupted removal left; returns the number of rows. Raises StoreError."""
        with self._transaction():
            if name not in half_removed(self._db) or self._known(name):
                node = self._id_of(name)
                self._db.execute("UPDATE node SET name = ? WHERE id = ?", (f"{REMOVED_NODE}{node}/{name}", node))
        tables = tables_of_nodes(self._db)
        rows = 0
        for done, table in enumerate(tables):
            for node in self._marked():
                for deleted in self._delete_all(table, node):
                    rows += deleted
                    progress(RemovalProgress(table, done, len(tables), rows))
        with self._transaction():
            self._db.executemany("DELETE FROM node WHERE id = ?", [(node,) for node in self._marked()])
        progress(RemovalProgress("", len(tables), len(tables), rows))
        self._give_back()
        return rows

    def _known(self, name: str) -> bool:
        return any(node.name == name for node in queries.nodes(self._db))

    def _id_of(self, name: str) -> int:
        known = {node.name: node.id for node in queries.nodes(self._db)}
        if name not in known:
            raise StoreError(f"the database has no node {name!r}; it has {', '.join(sorted(known)) or 'none yet'}")
        return known[name]

    def _marked(self) -> list[int]:
        rows = self._db.execute("SELECT id FROM node WHERE substr(name, 1, ?) = ?", (len(REMOVED_NODE), REMOVED_NODE))
        return [node for (node,) in rows]

    def _delete_all(self, table: str, node: int) -> Iterator[int]:
        """Delete a node's rows of one table; yields how many each transaction deleted."""
        key = _key_columns(self._db, table)
        select = f"SELECT {', '.join(key)} FROM {table} WHERE node = ? LIMIT {_ROWS}"
        delete = f"DELETE FROM {table} WHERE {' AND '.join(f'{column} IS ?' for column in key)}"
        while True:
            deleted = 0
            with self._transaction():
                deadline = time.perf_counter() + _BUDGET_S
                keys = self._db.execute(select, (node,)).fetchall()
                while keys:
                    self._db.executemany(delete, keys)
                    deleted += len(keys)
                    if time.perf_counter() > deadline:
                        break
                    keys = self._db.execute(select, (node,)).fetchall()
            if deleted:
                yield deleted
            if not keys:
                return
            self._rest()

    def _give_back(self) -> None:
        """The file shrinks by what was deleted."""
        free = self._pragma("freelist_count")
        while free:
            began = time.perf_counter()
            # Not execute(): that makes one step of a statement without columns, which is one page.
            self._db.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
            self.longest_s = max(self.longest_s, time.perf_counter() - began)
            left = self._pragma("freelist_count")
            if left >= free:
                break
            free = left
            self._rest()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    def _rest(self) -> None:
        self._rests += 1
        if self._rests % _CHECKPOINT_EVERY == 0:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        time.sleep(_PAUSE_S)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Committed as a whole or not at all. Counts how long others were kept out."""
        began = time.perf_counter()
        try:
            with transaction(self._db):
                yield
        finally:
            self.longest_s = max(self.longest_s, time.perf_counter() - began)


def _key_columns(db: sqlite3.Connection, table: str) -> Sequence[str]:
    rows = db.execute("SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,)).fetchall()
    return [name for (name,) in rows] or ["rowid"]
