"""The past of scores, space and forecasts for a chart: SQLite picks one row of each stretch of time, so that an answer makes few objects.

Points come as tuples, ready for the wire, times in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storj_monitor.database.node_tables import Connection, Row, satellites_of

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

AUDIT_WINDOWS = 300
"""Of one satellite: 150 days of 12 hours. Where there are more, sums of whole days."""
STANDINGS = 300
_DAY_MS = 86_400_000

_WINDOWS = """
SELECT start_ms / 1000.0, total, online FROM audit_window WHERE node = ? AND satellite = ? AND start_ms >= ? AND start_ms < ?
ORDER BY start_ms LIMIT ?
"""
_WINDOW_SUMS = """
SELECT min(start_ms) / 1000.0, sum(total), sum(online)
FROM audit_window WHERE node = ? AND satellite = ? AND start_ms >= ? AND start_ms < ? GROUP BY start_ms / ?
"""
_STANDINGS = """
SELECT satellite, kind, from_ms / 1000.0, until_ms / 1000.0 FROM standing
WHERE node = ? AND from_ms < ? AND (until_ms IS NULL OR until_ms >= ?)
"""

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


class AuditHistory(NamedTuple):
    """Windows (start in Unix seconds, audits, audits that found the node online) of one node at one satellite, oldest first.

    length_s -- of the sums that they are; None: they are the satellite's own windows
    """

    node: str
    satellite: str
    length_s: int | None
    windows: list[Row]


def audit_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> list[AuditHistory]:
    """Windows that begin in [from_ms, to_ms), at most AUDIT_WINDOWS a satellite; where there are more, their sums by whole UTC days."""
    texts = dict(db.execute("SELECT id, text FROM satellite"))
    found: list[AuditHistory] = []
    for name, node in _nodes(db, names):
        for satellite in satellites_of(db, "audit_window", node):
            key, length_ms = (node, satellite, from_ms, to_ms), None
            rows = db.execute(_WINDOWS, (*key, AUDIT_WINDOWS + 1)).fetchall()
            if len(rows) > AUDIT_WINDOWS:
                length_ms = max(1, -(-(to_ms - from_ms) // (AUDIT_WINDOWS - 1) // _DAY_MS)) * _DAY_MS
                rows = sorted(db.execute(_WINDOW_SUMS, (*key, length_ms)))
            if rows:
                found.append(AuditHistory(name, texts[satellite], None if length_ms is None else length_ms // 1000, rows))
    return found


def standing_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> list[Row]:
    """(node, satellite, kind, from, until or None) of what held at any moment of the window, newest first, at most STANDINGS."""
    texts = dict(db.execute("SELECT id, text FROM satellite"))
    found = [
        (name, texts[satellite], *rest)
        for name, node in _nodes(db, names)
        for satellite, *rest in db.execute(_STANDINGS, (node, to_ms, from_ms))
    ]
    return sorted(found, key=lambda row: (-row[3], *row[:3]))[:STANDINGS]


def sanctions_history(db: Connection, names: Sequence[str], from_ms: int, to_ms: int) -> tuple[list[AuditHistory], list[Row]]:
    """Audit windows and standings of a window, of one commit."""
    return audit_history(db, names, from_ms, to_ms), standing_history(db, names, from_ms, to_ms)


def _nodes(db: Connection, names: Sequence[str]) -> list[tuple[str, int]]:
    wanted = frozenset(names)
    return [(name, node) for node, name in db.execute("SELECT id, name FROM node") if name in wanted]
