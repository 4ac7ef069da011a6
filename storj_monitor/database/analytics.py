"""Baselines and findings, written by key and read by node; and the rollup rows, changes and failures that analytics are made of.

Names of nodes are those of now, also in findings that are older than a node's name (their sentences stay as they were told).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from storj_monitor.database import queries
from storj_monitor.database.bad_rows import Row, bad_rows_of, checked
from storj_monitor.model.analytics import NO_REASON, FailureCount, Finding, HourCell, StoredBaseline
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import DIRECTIONS, Outcome, op_action
from storj_monitor.model.node_events import AnyNodeEvent, VersionSeen
from storj_monitor.model.rollups import HOUR_S, Cell, CellKey
from storj_monitor.model.versions import version_of
from storj_monitor.stats import decode_sketch

Connection = sqlite3.Connection

CHANGE_KINDS = ("node_started", "configuration_loaded", "version_seen", "updater_step", "signal_received", "node_failed", "panic")
_MOST_CHANGES = 500
_MOST_STEPS = 50
"""So many lines of the updater are looked at for one that tells a version."""
_MOST_FAILURES = 2000
_NO_SIZES: list[int] = []


class Reach(NamedTuple):
    """How far a node's lines go in the database; Unix seconds, 0 = there are none."""

    node: int
    first_s: int
    newest_s: int


class Kept(NamedTuple):
    """What an engine begins with; `next_number` is above every number that was ever given in this database."""

    baselines: list[StoredBaseline]
    standing: list[Finding]
    next_number: int


class Found(NamedTuple):
    """Findings of a window, newest change first, and how many more there are."""

    findings: list[Finding]
    more: int


# ---- what is kept ----


def write(db: Connection, baselines: Iterable[StoredBaseline], findings: Iterable[Finding]) -> None:
    """Insert or replace, inside the caller's transaction."""
    for node, satellite, direction, through_s, data in baselines:
        key = (_id(db, "node", "name", node), _id(db, "satellite", "text", satellite), direction)
        db.execute("INSERT OR REPLACE INTO baseline(node, satellite, direction, through_s, data) VALUES (?, ?, ?, ?, ?)",
                   (*key, through_s, data))  # fmt: skip
    for finding in findings:
        row = (_id(db, "node", "name", finding.subject.node), finding.onset_s, finding.changed_s, finding.resolved_s)
        db.execute(
            "INSERT INTO finding(id, node, onset_s, changed_s, resolved_s, data) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT(id) DO UPDATE SET changed_s = excluded.changed_s, resolved_s = excluded.resolved_s, data = excluded.data",
            (finding.number, *row, msgspec.json.encode(finding).decode()),
        )


def restore(db: Connection) -> Kept:
    """All baselines and standing findings, of every node."""
    names = {node.id: node.name for node in queries.nodes(db)}
    satellites = queries.satellites(db)
    check = checked(int, int, str, int, bytes)

    def baseline(row: Row) -> StoredBaseline:
        node, satellite, direction, through_s, data = check(row)
        return StoredBaseline(names[node], satellites[satellite], direction, through_s, data)

    stored = db.execute("SELECT node, satellite, direction, through_s, data FROM baseline")
    baselines = list(bad_rows_of(db).each("baseline", (row for row in stored if row[0] in names), baseline))
    rows = db.execute("SELECT node, data FROM finding WHERE resolved_s IS NULL")
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'finding'").fetchone()
    # Sorted here: SQLite would read the whole table in the order of ids for it.
    standing = sorted(_decoded(db, rows, names), key=lambda one: one.number)
    return Kept(baselines, standing, (last[0] if last else 0) + 1)


def recent_findings(db: Connection, names: Sequence[str], since_s: int) -> list[Finding]:
    """Those that stand, and those that have changed since; oldest number first."""
    found = [one for name in names for one in find(db, [name], since_s, 1 << 62, _MOST_FAILURES).findings]
    return sorted(found, key=lambda one: one.number)


def find(db: Connection, names: Sequence[str], from_s: int, to_s: int, limit: int) -> Found:
    """Findings of these nodes that stood at any moment of [from_s, to_s)."""
    ids = {node.id: node.name for node in queries.nodes(db) if node.name in frozenset(names)}
    marks = ", ".join("?" * len(ids))
    # Told apart like this each half has its index; a finding that has ended changed last when it ended.
    halves = (
        f"SELECT node, changed_s, id, data FROM finding WHERE node IN ({marks}) AND resolved_s IS NULL AND onset_s < ? UNION ALL "
        f"SELECT node, changed_s, id, data FROM finding WHERE node IN ({marks}) AND changed_s >= ? AND onset_s < ? "
        "AND resolved_s IS NOT NULL"
    )
    values = (*ids, to_s, *ids, from_s, to_s)
    rows = db.execute(f"SELECT node, data FROM ({halves}) ORDER BY changed_s DESC, id DESC LIMIT ?", (*values, limit)).fetchall()
    number = db.execute(f"SELECT count(*) FROM ({halves})", values).fetchone()[0] if len(rows) == limit else len(rows)
    return Found(_decoded(db, rows, ids), number - len(rows))


def _decoded(db: Connection, rows: Iterable[Row], names: dict[int, str]) -> list[Finding]:
    decode = msgspec.json.Decoder(Finding).decode

    def named(row: Row) -> Finding:
        finding = decode(row[1])
        return replace(finding, subject=finding.subject._replace(node=names[row[0]]))

    return list(bad_rows_of(db).each("finding", (row for row in rows if row[0] in names), named))


def _id(db: Connection, table: str, column: str, text: str) -> int:
    db.execute(f"INSERT OR IGNORE INTO {table}({column}) VALUES (?)", (text,))
    return int(db.execute(f"SELECT id FROM {table} WHERE {column} = ?", (text,)).fetchone()[0])


# ---- what they are made of ----


def use_small_cache(db: Connection) -> None:
    """Nothing here is read twice: this connection keeps few pages (128 KiB)."""
    db.execute("PRAGMA cache_size = -128")


def reaches(db: Connection) -> dict[str, Reach]:
    """By name of the node."""
    return {node.name: Reach(node.id, node.first_ms // 1000, node.newest_ms // 1000) for node in queries.nodes(db)}


def hours(db: Connection, node: int, from_s: int, to_s: int) -> list[HourCell]:
    """Hour rows in [from_s, to_s): counts, and durations of those that have some."""
    names = queries.satellites(db)
    rows = db.execute(
        "SELECT start_s, satellite, op, n, timed, sketch FROM satellite_hour WHERE node = ? AND start_s >= ? AND start_s < ?",
        (node, from_s, to_s),
    )
    return [HourCell(start, names[satellite], op, _cell(*values)) for start, satellite, op, *values in rows]


def minutes(db: Connection, node: int, from_s: int, to_s: int) -> dict[CellKey, Cell]:
    """Minute rows in [from_s, to_s), as `hours`."""
    names = queries.satellites(db)
    rows = db.execute(
        "SELECT start_s, satellite, op, n, timed, sketch FROM satellite_minute WHERE node = ? AND start_s >= ? AND start_s < ?",
        (node, from_s, to_s),
    )
    return {CellKey(start, names[satellite], op): _cell(*values) for start, satellite, op, *values in rows}


def _cell(count: int, timed: int, sketch: bytes | None) -> Cell:
    return Cell(count, 0, timed, 0, 0, decode_sketch(sketch), _NO_SIZES)


def change_events(db: Connection, node: int, from_s: int, to_s: int) -> list[NodeEvent]:
    """Starts, stops and versions of a node in [from_s, to_s), oldest first."""
    return _events(db, CHANGE_KINDS, node, from_s, to_s, _MOST_CHANGES)[::-1]


def version_before(db: Connection, node: int, at_s: int) -> str:
    """The version that ran at a moment, "" when nothing before it tells."""
    events = _events(db, ["version_seen", "updater_step"], node, 0, at_s, _MOST_STEPS)
    return next((version for event in events if (version := version_of(event))), "")


def _events(db: Connection, kinds: Sequence[str], node: int, from_s: int, to_s: int, most: int) -> list[NodeEvent]:
    """The newest `most` of these kinds in [from_s, to_s), newest first, without those that cannot be understood."""
    decode: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyNodeEvent)
    rows = queries.node_events(db, kinds, [node], from_s * 1000, to_s * 1000, most)
    return list(bad_rows_of(db).each("node_event", rows, lambda row: decode.decode(row[5])))


def add_version(db: Connection, node: str, event: VersionSeen) -> None:
    """A version that the node's API or /metrics told, as if its log had: a log at level INFO tells none."""
    db.execute("INSERT OR IGNORE INTO node(name) VALUES (?)", (node,))
    db.execute("INSERT OR IGNORE INTO satellite(text) VALUES ('')")
    db.execute(
        "INSERT INTO node_event(node, time_ms, kind, level, satellite, data, n, last_ms) "
        "SELECT n.id, ?, 'version_seen', '', s.id, ?, 1, ? FROM node n, satellite s WHERE n.name = ? AND s.text = ''",
        (event.time_ms, msgspec.json.encode(event).decode(), event.time_ms, node),
    )


def failures(db: Connection, node: int, from_s: int, to_s: int) -> list[FailureCount]:
    """Failed transfers in [from_s, to_s) by minute, satellite, direction and reason, oldest first; the newest where there are too many."""
    rows = db.execute(
        "SELECT t.time_ms / 60000 * 60 AS minute, s.text, t.op, r.text, count(*) FROM notable t "
        "JOIN satellite s ON s.id = t.satellite LEFT JOIN reason r ON r.id = t.reason "
        "WHERE t.node = ? AND t.time_ms >= ? AND t.time_ms < ? AND t.op & 3 = ? GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC LIMIT ?",
        (node, from_s * 1000, to_s * 1000, int(Outcome.FAILED), _MOST_FAILURES),
    ).fetchall()
    return [
        FailureCount(minute, satellite, op_action(op).direction, reason or NO_REASON, count)
        for minute, satellite, op, reason, count in rows[::-1]
    ]


def oldest_through_s(baselines: Iterable[StoredBaseline]) -> dict[str, int]:
    """By node: the hour from which on its rows are to be learnt again (whole hours; growth has no rows)."""
    found: dict[str, int] = {}
    for one in baselines:
        if one.direction in DIRECTIONS:
            found[one.node] = min(found.get(one.node, one.through_s), one.through_s // HOUR_S * HOUR_S)
    return found
