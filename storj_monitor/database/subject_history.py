"""The past of scores, space and forecasts for a chart: SQLite picks one row of each stretch of time, so that an answer makes few objects.

Points come as tuples, ready for the wire, times in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from storj_monitor.database.subjects import Connection, Row, satellites_of

SPACE_POINTS = 120
"""Stretches of a window: 6 hours of 30 days, 12 minutes of a day. The last row of each is given."""
SCORE_POINTS = 40
"""18 hours of 30 days, 36 minutes of a day. The worst row of each is given, and the newest of all."""

_SPACE = """
SELECT at_ms / 1000.0, allocated_bytes, used_bytes, pieces_bytes, trash_bytes, reclaimable_bytes, overhead_bytes, free_bytes,
  disk_free_bytes, reported_bytes, source
FROM space_point WHERE node = ? AND at_ms IN (
  SELECT max(at_ms) FROM space_point WHERE node = ? AND at_ms >= ? AND at_ms < ? GROUP BY at_ms / ?)
"""
_SCORE = "at_ms / 1000.0, until_ms / 1000.0, audit_score, suspension_score, online_score, total_audits, successful_audits, source"
# SQLite takes the other columns from the row with the minimum. The weights order by audit score first, then suspension, then online.
_SCORES = f"""
SELECT {_SCORE}, min(audit_score * 1e8 + suspension_score * 1e4 + online_score)
FROM score_point WHERE node = ? AND satellite = ? AND at_ms >= ? AND at_ms < ? GROUP BY at_ms / ? ORDER BY at_ms
"""
_NEWEST = f"SELECT {_SCORE} FROM score_point WHERE node = ? AND satellite = ? AND at_ms < ? ORDER BY at_ms DESC LIMIT 1"

_FORECASTS = """
SELECT period, max(made_ms) / 1000.0, sum(egress_usd_micros + repair_usd_micros + audit_usd_micros + storage_usd_micros - held_usd_micros),
  sum(expected_usd_micros), CASE WHEN count(theirs_usd_micros) = count(*) THEN sum(theirs_usd_micros) END
FROM estimate_snapshot WHERE node = ? AND made_ms >= ? AND made_ms < ? GROUP BY period, day ORDER BY period, day
"""


def forecast_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> list[Row]:
    """What was expected of months, a row for each node and day on which it was: (node, period, made, so far, expected, the node's own).

    Sums over the node's satellites in micro-dollars; the node's own is None unless each satellite had one.
    """
    return [(name, *row) for name, node in _nodes(db, names) for row in db.execute(_FORECASTS, (node, from_ms, to_ms))]


def space_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> dict[str, list[Row]]:
    """By node: (at, allocated, used, pieces, trash, reclaimable, overhead, free, disk free, reported, source), oldest first."""
    stretch_ms = max(1, (to_ms - from_ms) // SPACE_POINTS)
    found = {name: db.execute(_SPACE, (node, node, from_ms, to_ms, stretch_ms)).fetchall() for name, node in _nodes(db, names)}
    return {name: rows for name, rows in found.items() if rows}


def score_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> dict[tuple[str, str], list[Row]]:
    """By node and satellite: (at, until, audit, suspension and online score, audits, successful ones, source), oldest first.

    The row that still held when the window began is the first.
    """
    stretch_ms = max(1, (to_ms - from_ms) // SCORE_POINTS)
    texts = dict(db.execute("SELECT id, text FROM satellite"))
    found: dict[tuple[str, str], list[Row]] = {}
    for name, node in _nodes(db, names):
        for satellite in satellites_of(db, "score_point", node):
            before = [row for row in db.execute(_NEWEST, (node, satellite, from_ms)) if row[1] * 1000 >= from_ms]
            worst = [row[:-1] for row in db.execute(_SCORES, (node, satellite, from_ms, to_ms, stretch_ms))]
            newest = db.execute(_NEWEST, (node, satellite, to_ms)).fetchall()
            rows = before + worst + [row for row in newest if worst and row[0] > worst[-1][0]]
            if rows:
                found[name, texts[satellite]] = rows
    return found


def _nodes(db: Connection, names: Sequence[str]) -> list[tuple[str, int]]:
    wanted = frozenset(names)
    return [(name, node) for node, name in db.execute("SELECT id, name FROM node") if name in wanted]
