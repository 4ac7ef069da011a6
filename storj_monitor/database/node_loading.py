"""What an earlier run knew of its nodes, from the rows that it wrote. Rows that cannot be what was written are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from storj_monitor.database import node_records as rows
from storj_monitor.database import node_tables as store
from storj_monitor.database.bad_rows import BadRows
from storj_monitor.model.kept import KnownNode
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.model.node_metrics import Growth
from storj_monitor.model.reputation import SCORES_IN_MEMORY_S, SanctionKind, SanctionSpan, ScorePoint
from storj_monitor.model.space import SPACE_IN_MEMORY_S

T = TypeVar("T")
DAY_S = 86_400.0
LOADED = (
    *(table for table in store.TABLES if table is not store.AUDIT_WINDOW),
    store.COUNTER_HOUR,
)
"""What a starting monitor reads. Old audit windows are only asked for; the node tells the present ones itself."""


def since_ms(now: float) -> dict[str, int]:
    """From when on each table of points is wanted; the others are wanted whole."""
    ages = {
        store.SCORE_POINT: SCORES_IN_MEMORY_S,
        store.SPACE_POINT: SPACE_IN_MEMORY_S,
        store.USAGE_DAY: 70 * DAY_S,
        store.OUTAGE: 60 * DAY_S,
        store.ESTIMATE_SNAPSHOT: 70 * DAY_S,
        store.COUNTER_HOUR: DAY_S,
    }
    return {table.name: round((now - age_s) * 1000) for table, age_s in ages.items()}


def known_nodes(read: Mapping[str, list[store.Row]], names: Iterable[str], bad: BadRows) -> dict[str, KnownNode]:
    """Of each name, from all rows (see `node_tables.read_all`). `bad`: where rows that cannot be are counted."""
    by_node: dict[str, dict[str, list[store.Row]]] = {}
    for table in LOADED:
        column = table.columns.index("node")
        groups = by_node[table.name] = {}
        for row in read.get(table.name, ()):
            groups.setdefault(row[column], []).append(row)
    found = _Found(by_node, bad)
    return {name: _known(found, name) for name in names}


def kept_answers(read: Mapping[str, list[store.Row]]) -> list[Answer]:
    """The last answers, a node's own before others of it, older ones first."""
    told = [answer for row in read.get(store.LAST_ANSWER.name, ()) if (answer := rows.answer(row, rows.KEPT_ANSWERS)) is not None]
    return sorted(told, key=lambda answer: (answer.kind is not AnswerKind.NODE, answer.asked_at))


def _known(found: _Found, name: str) -> KnownNode:
    return KnownNode(
        points=_grouped(found.of(store.SCORE_POINT, name, lambda row: (row[1], rows.score_point(row)))),
        spans=_spans(found, name),
        space=tuple(point for point in found.of(store.SPACE_POINT, name, rows.space_point) if point.can_be),
        outages=tuple(found.of(store.OUTAGE, name, rows.outage)),
        days=rows.usages(found.of(store.USAGE_DAY, name, lambda row: row)),
        pricing=dict(found.of(store.PRICING, name, lambda row: (row[1], rows.pricing(row)))),
        stubs=dict(found.of(store.PAYSTUB, name, rows.paystub)),
        payouts=dict(found.of(store.PAYOUT, name, rows.payout)),
        held_history=dict(found.of(store.HELD_HISTORY, name, lambda row: (row[1], rows.held(row)))),
        accuracy=dict(found.of(store.ESTIMATE_SCORE, name, rows.accuracy)),
        last_estimates=dict(found.of(store.ESTIMATE_SNAPSHOT, name, lambda row: ((row[1], row[2]), (row[4], rows.estimate(row))))),
        growth_hours=_hours(found, name),
        position=next(iter(found.of(store.COUNTER_POSITION, name, rows.position)), None),
        intervals=tuple(sorted(found.of(store.COUNTER_RECENT, name, rows.interval), key=lambda one: one.from_at)),
    )


class _Found(NamedTuple):
    """Rows by table and node, and where those are counted that cannot be understood."""

    rows: Mapping[str, Mapping[str, list[store.Row]]]
    bad: BadRows

    def of(self, table: store.Table, name: str, make: Callable[[store.Row], T]) -> Iterator[T]:
        """What `make` gives of each row of a node."""
        return self.bad.each(table.name, self.rows[table.name].get(name, ()), make)


def _grouped(pairs: Iterable[tuple[str, ScorePoint]]) -> dict[str, tuple[ScorePoint, ...]]:
    found: dict[str, list[ScorePoint]] = {}
    for satellite, point in pairs:
        found.setdefault(satellite, []).append(point)
    return {satellite: tuple(points) for satellite, points in found.items()}


def _spans(found: _Found, name: str) -> dict[tuple[str, SanctionKind], SanctionSpan]:
    """Rows come oldest first: the newest of each kind stays."""
    spans = found.of(store.STANDING, name, lambda row: (row[1], rows.sanction_span(row)))
    return {(satellite, span.kind): span for satellite, span in spans}


def _hours(found: _Found, name: str) -> dict[int, dict[int, Growth]]:
    hours: dict[int, dict[int, Growth]] = {}
    for start_ms, op, growth in found.of(store.COUNTER_HOUR, name, lambda row: (row[1], row[2], rows.counter(row))):
        hours.setdefault(start_ms, {})[op] = growth
    return hours
