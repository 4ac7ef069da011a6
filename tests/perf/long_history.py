"""Months of history at once: rollups written directly into a new database, as much of each level as retention would have left.

Every level tells the same story (a coarser bucket is the sum of its finer ones), as it would had the lines been read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import checkout  # noqa: F401  (before the package)

from storj_monitor.database.connection import connect_writer
from storj_monitor.database.opening import open_database
from storj_monitor.database.schema import SATELLITE_LEVELS, SIZE_COLUMNS, TOTAL_LEVELS, Level
from storj_monitor.simulator.profile import SATELLITES
from storj_monitor.stats import bucket_of, encode_sketch

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
MINUTES_KEPT_S, HOURS_KEPT_S = 30 * DAY_S, 730 * DAY_S
OPS = (9, 21, 25, 29)
"""PUT, GET, GET_AUDIT and GET_REPAIR that succeeded."""
SATELLITE_COUNT = 3
A_MINUTE = 3
"""Transfers of each minute, node, satellite and op."""
SIZE_BYTES = 181_504
DURATIONS_MS = (12, 40, 45, 51, 70, 88, 120, 180, 260, 400, 900, 2500)


def make_history(path: Path, days: float, *, nodes: int = 2, end_s: int, minutes_kept_s: int = MINUTES_KEPT_S) -> int:
    """A database of nodes node1 … with `days` of history up to `end_s` (a full minute); returns its size in bytes."""
    open_database(path, end_s, "x")
    db = connect_writer(path)
    db.execute("PRAGMA synchronous = OFF")
    begin_s = int(end_s - days * DAY_S) // HOUR_S * HOUR_S
    satellites = [s.id for s in SATELLITES[:SATELLITE_COUNT]]
    try:
        db.execute("BEGIN")
        db.executemany("INSERT INTO satellite VALUES (?, ?)", enumerate(satellites, 1))
        for node in range(1, nodes + 1):
            db.execute(
                "INSERT INTO node(id, name, first_ms, newest_ms, resolution_ms) VALUES (?, ?, ?, ?, 1)",
                (node, f"node{node}", begin_s * 1000, end_s * 1000),
            )
        for level in SATELLITE_LEVELS:
            _fill(db, level, _rows(level, nodes, range(1, SATELLITE_COUNT + 1), A_MINUTE, begin_s, end_s, minutes_kept_s))
        for level in TOTAL_LEVELS:
            _fill(db, level, _rows(level, nodes, (0,), A_MINUTE * SATELLITE_COUNT, begin_s, end_s, minutes_kept_s))
        for name, length_s in (("hour", HOUR_S), ("day", DAY_S)):
            db.executemany(f"INSERT INTO country_{name} VALUES (?, ?, ?, ?, ?, ?)", _countries(nodes, length_s, begin_s, end_s))
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    return path.stat().st_size


def _starts(length_s: int, begin_s: int, end_s: int) -> Iterator[tuple[int, int]]:
    """(start, minutes in it) of all buckets; the first and the last may be cut."""
    for start in range(begin_s // length_s * length_s, end_s, length_s):
        yield start, (min(start + length_s, end_s) - max(start, begin_s)) // MINUTE_S


def _rows(
    level: Level, nodes: int, satellites: Iterable[int], a_minute: int, begin_s: int, end_s: int, minutes_kept_s: int
) -> Iterator[tuple[object, ...]]:
    kept_s = minutes_kept_s if level.length_s < HOUR_S else HOURS_KEPT_S if level.length_s < DAY_S else DAY_S * 100_000
    first_s = max(begin_s, (end_s - kept_s) // HOUR_S * HOUR_S)
    values = {minutes: _values(a_minute * minutes) for _, minutes in _starts(level.length_s, begin_s, end_s)}
    ids = tuple(satellites)
    for node in range(1, nodes + 1):
        for start, minutes in _starts(level.length_s, first_s, end_s):
            for satellite in ids:
                for op in OPS:
                    yield node, start, satellite, op, *values[minutes]


def _values(count: int) -> tuple[object, ...]:
    """n, bytes, timed, duration sum and maximum, sketch, size classes."""
    shares = [count // len(DURATIONS_MS) + (i < count % len(DURATIONS_MS)) for i in range(len(DURATIONS_MS))]
    pairs = [(ms, n) for ms, n in zip(DURATIONS_MS, shares, strict=True) if n]
    sketch = encode_sketch({bucket_of(ms): n for ms, n in pairs})
    classes = [0] * len(SIZE_COLUMNS)
    classes[4] = count
    return count, count * SIZE_BYTES, count, sum(ms * n for ms, n in pairs), pairs[-1][0], sketch, *classes


def _countries(nodes: int, length_s: int, begin_s: int, end_s: int) -> Iterator[tuple[object, ...]]:
    for node in range(1, nodes + 1):
        for start, minutes in _starts(length_s, begin_s, end_s):
            for country in ("DE", "FI", "US", "FR", "NL"):
                for direction in ("up", "down"):
                    yield node, start, country, direction, minutes * A_MINUTE, minutes * A_MINUTE * SIZE_BYTES


def _fill(db: sqlite3.Connection, level: Level, rows: Iterator[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * (10 + len(SIZE_COLUMNS)))
    db.executemany(f"INSERT INTO {level.table} VALUES ({marks})", rows)
