"""What `stats --database` and a starting monitor ask: whole histories, in the words of the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from storj_monitor.database import queries
from storj_monitor.database.bad_rows import bad_rows_of
from storj_monitor.errors import StoreError
from storj_monitor.model.events import LineKey
from storj_monitor.model.node_events import AnyNodeEvent
from storj_monitor.model.rollups import HOUR_S, HotPiece, NodeHistory
from storj_monitor.model.severity import classify
from storj_monitor.model.statistics import Statistics, statistics_of_totals


def statistics(db: sqlite3.Connection, names: Sequence[str]) -> Statistics:
    """Totals of the named nodes (none named: all) since the database began. Raises StoreError for a name it does not know."""
    known = {node.name: node.id for node in queries.nodes(db)}
    missing = [name for name in names if name not in known]
    if missing:
        raise StoreError(f"the database has no node {missing[0]!r}; it has {', '.join(sorted(known)) or 'none yet'}")
    ids = [known[name] for name in names] if names else list(known.values())
    marks = ", ".join("?" * len(ids))
    satellites = queries.satellites(db)
    totals = [
        (satellites.get(satellite, ""), op, count, size)
        for satellite, op, count, size in db.execute(
            f"SELECT satellite, op, sum(n), sum(bytes) FROM satellite_day WHERE node IN ({marks}) GROUP BY 1, 2", ids
        )
    ]
    errors = db.execute(
        f"SELECT t.level, t.logger, t.message, t.template, sum(e.n) FROM error_day e JOIN template t ON t.id = e.template "
        f"WHERE e.node IN ({marks}) GROUP BY e.template",
        ids,
    ).fetchall()
    lines: dict[LineKey, int] = {}
    samples: dict[LineKey, str] = {}
    for _, kind, logger, message, count, sample in queries.line_counts(db, ids):
        key = LineKey(kind, logger, message)
        lines[key] = lines.get(key, 0) + count
        samples[key] = sample
    return statistics_of_totals(totals, queries.minute_counts(db, ids), errors, lines, samples)


# A node's clock may be ahead of ours.
_AHEAD_S = 120
_EVENTS_BACK_MS = 2 * 86400 * 1000
_MAX_EVENTS = 2000
_HOT_PIECES = 512
_MAX_ERRORS = 200
_SEVERE_BACK_S = 7 * 86400
_MAX_SEVERE = 100


def node_history(
    db: sqlite3.Connection, names: Sequence[str], since_s: int, kinds: Sequence[str], hot_ops: frozenset[int] | None
) -> list[NodeHistory]:
    """What memory needs of the named nodes that the database knows (none named: all of them).

    since_s -- begin of the last hour; kinds -- event tags to give back; hot_ops -- count the open hour's downloads (None: do not)
    """
    decode = msgspec.json.Decoder(AnyNodeEvent).decode
    histories = []
    for node in queries.nodes(db):
        if names and node.name not in names:
            continue
        # Lines of a clock that is far ahead are kept where they say; they are not in the last hour, nor do they tell which hour is open.
        latest_s = since_s + HOUR_S + _AHEAD_S
        satellites, totals = queries.window_rows(db, node.id, since_s, latest_s)
        lines = {LineKey(*row[1:4]): (row[4], row[5]) for row in queries.line_counts(db, [node.id])}
        events = queries.node_events(db, kinds, [node.id], node.newest_ms - _EVENTS_BACK_MS, node.newest_ms + 1, _MAX_EVENTS)
        hot_hour_s = min(node.newest_ms // 1000, latest_s) // HOUR_S * HOUR_S
        hour_s = (since_s + HOUR_S) // HOUR_S * HOUR_S
        errors = {one.key: one.seen for one in queries.errors(db, [node.id], hour_s, hour_s + HOUR_S, _MAX_ERRORS)}
        worst = queries.errors(db, [node.id], hour_s - _SEVERE_BACK_S, hour_s + HOUR_S, _MAX_SEVERE)
        countries = {(row[0], row[1]): [row[2], row[3]] for row in queries.countries(db, [node.id], hour_s, hour_s + HOUR_S)}
        histories.append(
            NodeHistory(
                node.name,
                node.node_id,
                node.version,
                node.newest_ms,
                node.resolution_ms,
                satellites,
                totals,
                {key: count for key, (count, _) in lines.items()},
                {key: sample for key, (_, sample) in lines.items() if sample},
                list(bad_rows_of(db).each("node_event", reversed(events), lambda row: decode(row[5]))),
                hour_s,
                countries,
                errors,
                hot_hour_s,
                queries.open_hot_hour(db, node.id, hot_hour_s, hot_ops, _HOT_PIECES) if hot_ops else {},
                {one.key: one.seen for one in worst if classify(*one.key[1:]).is_severe},
            )
        )
    return histories


def hot_of_hour(db: sqlite3.Connection, name: str, hour_s: int, hot_ops: frozenset[int], keep: int) -> dict[int, HotPiece]:
    """The pieces that a node was asked for most, and more than once, in an hour whose single events are kept."""
    for node in queries.nodes(db):
        if node.name == name:
            counted = queries.open_hot_hour(db, node.id, hour_s, hot_ops, keep)
            return {piece: hot for piece, hot in counted.items() if hot.count > 1}
    return {}
