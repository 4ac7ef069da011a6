"""History of scores: a row only where something changed, however many sources tell the same. Merging is idempotent.

A point holds from `at` until `until`, the last time that it was confirmed. Rows are few: a node asks its satellites every 4 hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storj_monitor.model.reputation import ReputationSnapshot, ScorePoint
from storj_monitor.reputation_tracker.reputation import known_score

DAY_S = 86_400.0
WINDOW_S = 43_200.0

THINNING = ((3 * DAY_S, 0.0), (10 * DAY_S, WINDOW_S), (float("inf"), DAY_S))
"""(up to this age, one bucket a ...): all points for 3 days, then the worst and the last of 12 hours, after 10 days those of a day."""


def point_of(snapshot: ReputationSnapshot) -> ScorePoint | None:
    """The snapshot as a point; None when it does not have all three scores."""
    audit, suspension, online = (known_score(s) for s in (snapshot.audit_score, snapshot.suspension_score, snapshot.online_score))
    if audit is None or suspension is None or online is None:
        return None
    at = snapshot.taken_at
    return ScorePoint(at, at, audit, suspension, online, snapshot.total_audits, snapshot.successful_audits, snapshot.source)


def merge_points(known: Sequence[ScorePoint], more: Iterable[ScorePoint]) -> tuple[ScorePoint, ...]:
    """Both histories as one, oldest first, equal neighbours as one point. Order of arrival and repetition make no difference."""
    ends = []
    for point in (*known, *more):
        ends.append(point._replace(until=point.at))
        if point.until > point.at:
            ends.append(point._replace(at=point.until))
    merged: list[ScorePoint] = []
    for point in sorted(ends, key=_order):
        if merged and _same(merged[-1], point):
            merged[-1] = _longer(merged[-1], point)
        else:
            merged.append(point)
    return tuple(merged)


def confirm(last: ScorePoint | None, point: ScorePoint) -> tuple[ScorePoint, bool]:
    """The quick way for what comes in order: (point to store, whether it is a new row) after the newest row so far."""
    if last is not None and point.at >= last.until and _same(last, point):
        return _longer(last, point), False
    return point, True


def thin(points: Sequence[ScorePoint], now: float) -> tuple[ScorePoint, ...]:
    """What is kept by age (see THINNING): no bucket loses its worst score, nor its last point."""
    kept: set[int] = set()
    buckets: dict[tuple[float, int], list[int]] = {}
    for i, point in enumerate(points):
        width = next(width for age, width in THINNING if now - point.until <= age)
        if width:
            buckets.setdefault((width, int(point.at // width)), []).append(i)
        else:
            kept.add(i)
    for members in buckets.values():
        kept.add(members[-1])
        for which in range(3):
            # of equally bad ones the latest, which may be kept already
            kept.add(min(members, key=lambda i, which=which: (points[i].worst[which], -i)))  # type: ignore[misc]
    return tuple(points[i] for i in sorted(kept))


def within(points: Sequence[ScorePoint], from_at: float, to_at: float) -> tuple[ScorePoint, ...]:
    """Points that held at any time between."""
    return tuple(p for p in points if p.until >= from_at and p.at <= to_at)


def _order(point: ScorePoint) -> tuple[float, tuple[float, float, float], int, int, str]:
    total, good = point.total_audits, point.successful_audits
    return (point.at, point.worst, -1 if total is None else total, -1 if good is None else good, point.source)


def _same(a: ScorePoint, b: ScorePoint) -> bool:
    """Equal as far as both tell."""
    return a.worst == b.worst and all(
        x is None or y is None or x == y for x, y in ((a.total_audits, b.total_audits), (a.successful_audits, b.successful_audits))
    )


def _longer(point: ScorePoint, later: ScorePoint) -> ScorePoint:
    return point._replace(
        until=max(point.until, later.until),
        total_audits=later.total_audits if point.total_audits is None else point.total_audits,
        successful_audits=later.successful_audits if point.successful_audits is None else point.successful_audits,
    )
