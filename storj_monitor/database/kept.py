"""What is still kept as finely as it is asked for.

Old minutes are pruned long before the hours that hold the same transfers. A window whose edge lies within an hour of which minutes
are missing is moved outward to that hour, and in the same way to days: an answer is coarser then, but never too small.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

HOUR_S = 3600
DAY_S = 86400


class Kept(NamedTuple):
    """[from_s, to_s) and the bucket that can be answered exactly."""

    from_s: int
    to_s: int
    bucket_s: int


class _Step(NamedTuple):
    """A coarse level that is complete, and the tables of the finer one that may lack its beginning."""

    length_s: int
    coarse: str
    finer: tuple[str, ...]


_STEPS = (
    _Step(HOUR_S, "total_hour", ("total_minute", "total_m5", "satellite_minute")),
    _Step(DAY_S, "total_day", ("total_hour", "satellite_hour")),
)


def kept_window(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int, bucket_s: int, *, points: bool) -> Kept:
    """The window itself, or the next one outward that all nodes' rollups can answer exactly.

    points -- the answer has a value for each bucket, so that the finer level is needed from one end to the other
    """
    for length_s, coarse, finer in _STEPS:
        if points and bucket_s % length_s:
            if any(_first_is_cut(db, node, from_s // length_s * length_s, to_s, coarse, finer, length_s) for node in node_ids):
                bucket_s = length_s
                from_s, to_s = from_s // length_s * length_s, -(-to_s // length_s) * length_s
        elif not points:
            low, high = from_s // length_s * length_s, to_s // length_s * length_s
            if low < from_s and any(_first_is_cut(db, node, low, low + length_s, coarse, finer, length_s) for node in node_ids):
                from_s = low
            if high < to_s and any(_first_is_cut(db, node, high, high + length_s, coarse, finer, length_s) for node in node_ids):
                to_s = high + length_s
    return Kept(from_s, to_s, bucket_s)


def _first_is_cut(db: sqlite3.Connection, node: int, from_s: int, to_s: int, coarse: str, finer: Sequence[str], length_s: int) -> bool:
    """Does the first coarse bucket in [from_s, to_s) that holds something lack finer rows? Later ones lack none: the oldest go first."""
    row = db.execute(f"SELECT min(start_s) FROM {coarse} WHERE node = ? AND start_s >= ? AND start_s < ?", (node, from_s, to_s)).fetchone()
    if row[0] is None:
        return False
    begin, end = row[0], row[0] + length_s
    for table in finer:
        oldest = db.execute(f"SELECT min(start_s) FROM {table} WHERE node = ?", (node,)).fetchone()[0]
        if oldest is None or oldest >= end:
            return True
        if oldest > begin and _count(db, table, node, begin, end) != _count(db, coarse, node, begin, end):
            return True
    return False


def _count(db: sqlite3.Connection, table: str, node: int, from_s: int, to_s: int) -> int:
    row = db.execute(f"SELECT sum(n) FROM {table} WHERE node = ? AND start_s >= ? AND start_s < ?", (node, from_s, to_s)).fetchone()
    return int(row[0] or 0)
