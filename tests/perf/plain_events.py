"""The plain way, to compare with: one row an event, and the composite indexes that the questions would ask for."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import checkout  # noqa: F401  (before the package)

from storj_monitor.database import queries

TABLE = (
    "CREATE TABLE plain(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, time_ms INTEGER NOT NULL, satellite INTEGER NOT NULL, "
    "op INTEGER NOT NULL, size INTEGER NOT NULL, duration_ms INTEGER NOT NULL, piece INTEGER NOT NULL, reason INTEGER NOT NULL)"
)
INDEXES = {
    "node, time": "CREATE INDEX plain_time ON plain(node, time_ms)",
    "node, satellite, time": "CREATE INDEX plain_satellite ON plain(node, satellite, time_ms)",
    "node, time, op, size, satellite, duration (covering)": (
        "CREATE INDEX plain_covering ON plain(node, time_ms, op, size, satellite, duration_ms)"
    ),
    "piece": "CREATE INDEX plain_piece ON plain(piece)",
}


class Built(NamedTuple):
    """What a step of building cost."""

    what: str
    us_per_event: float
    bytes_per_event: float


def events_of(db: sqlite3.Connection) -> Iterator[tuple[int, ...]]:
    """All single events that a database has: (node, time_ms, satellite, op, size, duration_ms, piece, reason)."""
    for node in queries.nodes(db):
        for t in queries.events_since(db, node.id, 0):
            piece = t.piece - (1 << 64) if t.piece >> 63 else t.piece
            yield node.id, t.time_ms, t.satellite_id, t.op, t.size_bytes, t.duration_ms, piece, t.reason_id


def build(path: Path, events: list[tuple[int, ...]]) -> list[Built]:
    """A new database at `path` with the events in order of time; a row without indexes, then each index."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    try:
        return [
            _timed(db, "rows alone", len(events), lambda: _insert(db, events)),
            *(_timed(db, f"index ({name})", len(events), lambda sql=sql: db.execute(sql)) for name, sql in INDEXES.items()),
        ]
    finally:
        db.close()


def insert_in_place(path: Path, events: list[tuple[int, ...]], indexes: bool) -> float:
    """CPU microseconds an event of inserts in transactions of 1,000, as a live monitor makes them."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        db.execute(TABLE)
        for sql in INDEXES.values() if indexes else ():
            db.execute(sql)
        begun = time.process_time()
        for at in range(0, len(events), 1000):
            db.execute("BEGIN")
            _rows(db, events[at : at + 1000])
            db.execute("COMMIT")
        return (time.process_time() - begun) / len(events) * 1e6
    finally:
        db.close()


def _insert(db: sqlite3.Connection, events: list[tuple[int, ...]]) -> None:
    db.execute(TABLE)
    db.execute("BEGIN")
    _rows(db, events)
    db.execute("COMMIT")


def _rows(db: sqlite3.Connection, events: list[tuple[int, ...]]) -> None:
    db.executemany(
        "INSERT INTO plain(node, time_ms, satellite, op, size, duration_ms, piece, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", events
    )


def _timed(db: sqlite3.Connection, what: str, count: int, step: object) -> Built:
    pages = "PRAGMA page_count"
    before, begun = db.execute(pages).fetchone()[0], time.perf_counter()
    step()  # type: ignore[operator]
    took = time.perf_counter() - begun
    grown = (db.execute(pages).fetchone()[0] - before) * 4096
    return Built(what, took / count * 1e6, grown / count)
