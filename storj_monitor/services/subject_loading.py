"""What an earlier run knew comes back into memory, from the rows that it wrote. Rows that cannot be what was written are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.bad_rows import BadRows
from storj_monitor.model.node_metrics import Growth
from storj_monitor.model.reputation import ScorePoint
from storj_monitor.model.space import SpacePoint
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.services.subject_health import MOST_UNKEPT
from storj_monitor.services.subject_money import LastEstimates
from storj_monitor.services.subject_scores import POINTS_S
from storj_monitor.services.subject_space import POINTS_S as SPACE_POINTS_S
from storj_monitor.state.node_status import HOUR_S, POLL_S, CounterHistory, CounterInterval, NodeRegistry, NodeStatus
from storj_monitor.storage_tracker.history import can_be

T = TypeVar("T")
_USAGE_S = 70 * DAY_S
_OUTAGES_S = 60 * DAY_S
LOADED = (
    *(table for table in store.TABLES if table is not store.AUDIT_WINDOW),
    store.COUNTER_HOUR,
)
"""What a starting monitor reads. Old audit windows are only asked for; the node tells the present ones itself."""


def since_ms(now: float) -> dict[str, int]:
    """From when on each table of points is wanted; the others are wanted whole."""
    ages = {
        store.SCORE_POINT: POINTS_S,
        store.SPACE_POINT: SPACE_POINTS_S,
        store.USAGE_DAY: _USAGE_S,
        store.OUTAGE: _OUTAGES_S,
        store.ESTIMATE_SNAPSHOT: _USAGE_S,
        store.COUNTER_HOUR: DAY_S,
    }
    return {table.name: round((now - age_s) * 1000) for table, age_s in ages.items()}


class Found(NamedTuple):
    """Rows by table, and where those are counted that cannot be understood."""

    rows: Mapping[str, list[store.Row]]
    bad: BadRows

    def of(self, table: store.Table, make: Callable[[store.Row], T], node: str | None = None) -> Iterator[T]:
        """What `make` gives of each row (of a node)."""
        rows = self.rows.get(table.name, [])
        return self.bad.each(table.name, rows if node is None else (row for row in rows if row[0] == node), make)


def load_histories(subjects: NodeRegistry, found: Found) -> None:
    """Points of scores and space, and outages; those without an end are of doors."""
    scores: dict[tuple[str, str], list[ScorePoint]] = {}
    for key, point in found.of(store.SCORE_POINT, lambda row: ((row[0], row[1]), rows.score_point(row))):
        scores.setdefault(key, []).append(point)
    for (name, satellite), points in scores.items():
        subjects.of(name).standing.points[satellite] = tuple(points)
    spaces: dict[str, list[SpacePoint]] = {}
    for name, space in found.of(store.SPACE_POINT, lambda row: (row[0], rows.space_point(row))):
        spaces.setdefault(name, []).append(space)
    for name, kept in spaces.items():
        subjects.of(name).space.points = tuple(filter(can_be, kept))
    for name, outage in found.of(store.OUTAGE, lambda row: (row[0], rows.outage(row))):
        node = subjects.of(name)
        node.outages = (*node.outages, outage)


def load_standings(subjects: NodeRegistry, found: Found) -> None:
    """Disqualifications and suspensions as they are in the database, whatever kept answers told meanwhile: those may be older."""
    for node in subjects.nodes.values():
        node.standing.spans, node.standing.written = {}, {}
    for name, satellite, span in found.of(store.STANDING, lambda row: (row[0], row[1], rows.standing_span(row))):  # oldest first
        subjects.of(name).standing.spans[satellite, span.kind] = span


def load_counted(node: NodeStatus, found: Found, now: float) -> CounterHistory:
    """Where its counters were, the hour that this lies in, and the last hour answer by answer: as if the monitor had not ended.

    A database of an earlier version has no position: there the stored answer is one.
    """
    hours: dict[int, dict[int, Growth]] = {}
    for start_ms, op, growth in found.of(store.COUNTER_HOUR, lambda row: (row[1], row[2], rows.counter(row)), node.name):
        hours.setdefault(start_ms, {})[op] = growth
    # The hour that the stored position lies in: what is added later in it adds up.
    counted = CounterHistory(
        hours={max(hours): hours[max(hours)]} if hours else {}, position=node.metrics.position if node.metrics else None
    )
    for position in found.of(store.COUNTER_POSITION, rows.position, node.name):
        counted.position = position
    for slot, (from_at, recent) in sorted(
        found.of(store.COUNTER_RECENT, lambda row: (row[1], rows.stretch(row)), node.name), key=lambda one: one[1][0]
    ):
        counted.slot = (slot + 1) % MOST_UNKEPT
        if now - HOUR_S - POLL_S <= from_at <= now:
            counted.add(CounterInterval(from_at, recent))
    return counted


def load_money(subjects: NodeRegistry, found: Found) -> dict[str, LastEstimates]:
    """Paystubs, payouts, prices, days; returns the last estimate of each node, satellite and month."""
    for name in subjects.nodes:
        subjects.of(name).money.kept = rows.usages(found.of(store.USAGE_DAY, lambda row: row, name))
    for name, pricing, satellite in found.of(store.PRICING, lambda row: (row[0], rows.pricing(row), row[1])):
        subjects.of(name).money.pricing[satellite] = pricing
    for name, (key, stub) in found.of(store.PAYSTUB, lambda row: (row[3], rows.paystub(row))):
        subjects.of(name).money.stubs[key] = stub
    for name, (key, payout) in found.of(store.PAYOUT, lambda row: (row[3], rows.payout(row))):
        subjects.of(name).money.payouts[key] = payout
    for name, satellite, held in found.of(store.HELD_HISTORY, lambda row: (row[2], row[1], rows.held(row))):
        subjects.of(name).money.held_history[satellite] = held
    for name, (key, result) in found.of(store.ESTIMATE_SCORE, lambda row: (row[3], rows.estimate_score(row))):
        subjects.of(name).money.scores[key] = result
    last: dict[str, LastEstimates] = {}
    for name, month, estimate in found.of(store.ESTIMATE_SNAPSHOT, lambda row: (row[0], (row[1], row[2]), (row[4], rows.estimate(row)))):
        last.setdefault(name, {})[month] = estimate
    return last
