"""What an earlier run knew comes back into memory, from the rows that it wrote."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.app import subject_rows as rows
from storj_monitor.app.subject_money import LastEstimates
from storj_monitor.app.subject_scores import POINTS_S
from storj_monitor.app.subject_space import POINTS_S as SPACE_POINTS_S
from storj_monitor.database import subjects as store
from storj_monitor.model.node_metrics import Growth
from storj_monitor.reputation_tracker.history import DAY_S, ScorePoint
from storj_monitor.storage_tracker.history import SpacePoint, can_be
from storj_monitor.views.subjects import Subjects

Found = Mapping[str, list[store.Row]]
_USAGE_S = 70 * DAY_S
_OUTAGES_S = 60 * DAY_S
LOADED = (*(table for table in store.TABLES if table is not store.AUDIT_WINDOW), store.COUNTER_HOUR)
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


def load_histories(subjects: Subjects, found: Found) -> None:
    """Points of scores and space, and outages; those without an end are of doors."""
    scores: dict[tuple[str, str], list[ScorePoint]] = {}
    for row in found[store.SCORE_POINT.name]:
        scores.setdefault((row[0], row[1]), []).append(rows.score_point(row))
    for (name, satellite), points in scores.items():
        subjects.of(name).standing.points[satellite] = tuple(points)
    spaces: dict[str, list[SpacePoint]] = {}
    for row in found[store.SPACE_POINT.name]:
        spaces.setdefault(row[0], []).append(rows.space_point(row))
    for name, kept in spaces.items():
        subjects.of(name).space.points = tuple(filter(can_be, kept))
    for row in found[store.OUTAGE.name]:
        node = subjects.of(row[0])
        node.outages = (*node.outages, rows.outage(row))


def load_standings(subjects: Subjects, found: Found) -> None:
    """Disqualifications and suspensions as they are in the database, whatever kept answers told meanwhile: those may be older."""
    for node in subjects.nodes.values():
        node.standing.spans, node.standing.written = {}, {}
    for row in found.get(store.STANDING.name, ()):  # oldest first
        span = rows.standing_span(row)
        subjects.of(row[0]).standing.spans[row[1], span.kind] = span


def load_counters(found: Found) -> dict[str, dict[int, dict[int, Growth]]]:
    """The hour that each node's stored answer of /metrics lies in: what is added later in it adds up."""
    hours: dict[str, dict[int, dict[int, Growth]]] = {}
    for row in found.get(store.COUNTER_HOUR.name, ()):
        hours.setdefault(row[0], {}).setdefault(row[1], {})[row[2]] = rows.counter(row)
    return {name: {max(own): own[max(own)]} for name, own in hours.items()}


def load_money(subjects: Subjects, found: Found) -> dict[str, LastEstimates]:
    """Paystubs, payouts, prices, days; returns the last estimate of each node, satellite and month."""
    for name in subjects.nodes:
        subjects.of(name).money.kept = rows.usages(row for row in found[store.USAGE_DAY.name] if row[0] == name)
    for row in found[store.PRICING.name]:
        subjects.of(row[0]).money.pricing[row[1]] = rows.pricing(row)
    for row in found[store.PAYSTUB.name]:
        key, stub = rows.paystub(row)
        subjects.of(row[3]).money.stubs[key] = stub
    for row in found[store.PAYOUT.name]:
        key, payout = rows.payout(row)
        subjects.of(row[3]).money.payouts[key] = payout
    for row in found[store.HELD_HISTORY.name]:
        subjects.of(row[2]).money.held_history[row[1]] = rows.held(row)
    for row in found[store.ESTIMATE_SCORE.name]:
        key, result = rows.estimate_score(row)
        subjects.of(row[3]).money.scores[key] = result
    last: dict[str, LastEstimates] = {}
    for row in found[store.ESTIMATE_SNAPSHOT.name]:
        last.setdefault(row[0], {})[row[1], row[2]] = (row[4], rows.estimate(row))
    return last
