"""Disqualification margin: how far a node is from it, how many failures that allows, and when it comes at the present rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storj_monitor.model.figures import Figure
from storj_monitor.model.reputation import AuditWindow, ScorePoint
from storj_monitor.reputation_tracker.beta import AUDIT, audits_until, failed_between, failures_allowed
from storj_monitor.reputation_tracker.history import DAY_S

HOUR_S = 3600.0
LOOK_BACK_S = (DAY_S, 3 * DAY_S, 7 * DAY_S, 30 * DAY_S)
"""The trend is that of the shortest of these that has enough audits."""
ENOUGH_AUDITS = 20
RECOVERED_SHARE, RECOVERED_AUDITS = 0.25, 50
"""A score that has made good this much of its fall rises; so does one that is above its lowest point after so many audits: with one bad
audit in twenty or more it would not be."""


class Trend(StrEnum):
    """Where the audit score goes."""

    UNKNOWN = "unknown"
    STEADY = "steady"
    RISING = "rising"
    FALLING = "falling"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRate:
    """What happened between two points. `failed` is worked out from the score, so audits missed while offline are not in it.

    audits        -- audits that touched the score, None when nobody counted them
    change        -- of the score
    """

    from_at: float
    to_at: float
    change: float
    audits: float | None
    failed: float | None

    @property
    def hours(self) -> float:
        return (self.to_at - self.from_at) / HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class DisqualificationMargin:
    """distance           -- score - 0.96, never below 0
    failures_allowed     -- consecutive failures that are survived now
    hours_to_disqualification     -- at the present rate; None when it does not come that way, or when that is not known (see trend)
    settles_at_score           -- the score that the present rate leads to, None when unknown
    """

    score: Figure[float]
    distance: float
    failures_allowed: int
    trend: Trend
    rate: AuditRate | None
    settles_at_score: float | None
    hours_to_disqualification: float | None


def disqualification_margin(
    score: Figure[float], points: Sequence[ScorePoint], windows: Sequence[AuditWindow], now: float, *, failing_now: bool = False
) -> DisqualificationMargin:
    """`points`: history, oldest first; `windows`: audit history, for nodes whose audits nobody else counts.

    `failing_now`: the log has failed audits since the score was told; a score that stands still is then not called steady.
    """
    rate = present_rate(points, windows, now)
    trend, settles_at_score, hours = Trend.UNKNOWN, None, None
    if rate is not None and rate.change < 0:
        rate = _recovery(points, windows, now) or rate
    if rate is not None:
        trend = Trend.STEADY if rate.change == 0 else Trend.RISING if rate.change > 0 else Trend.FALLING
        if trend is Trend.STEADY and failing_now:
            trend = Trend.UNKNOWN
        settles_at_score, hours = _projected(score.value, rate)
    return DisqualificationMargin(
        score=score,
        distance=max(0.0, score.value - AUDIT.threshold),
        failures_allowed=failures_allowed(score.value, AUDIT),
        trend=trend,
        rate=rate,
        settles_at_score=settles_at_score,
        hours_to_disqualification=0.0 if score.value <= AUDIT.threshold else hours,
    )


def present_rate(points: Sequence[ScorePoint], windows: Sequence[AuditWindow], now: float) -> AuditRate | None:
    """Change over the shortest look-back with enough audits, or over the longest that there is; None with less than two moments."""
    best = None
    for length in LOOK_BACK_S:
        begin = now - length
        inside = [p for p in points if p.until >= begin and p.at <= now]
        if not inside or inside[-1].until <= max(inside[0].at, begin):
            continue
        best = rate_between(inside[0], inside[-1], windows, max(inside[0].at, begin))
        if best.audits is not None and best.audits >= ENOUGH_AUDITS:
            return best
    return best


def _recovery(points: Sequence[ScorePoint], windows: Sequence[AuditWindow], now: float) -> AuditRate | None:
    """What happened since the lowest score of the last day, if that was the end of the fall; None while it goes on.

    What went wrong for some minutes and is over lies in the look-back for a day: it is no rate, and no date is to be made of it.
    """
    begin = now - LOOK_BACK_S[0]
    inside = [point for point in points if point.until >= begin and point.at <= now]
    if not inside:
        return None
    low = min(range(len(inside)), key=lambda place: (inside[place].audit_score, -place))
    lowest, last = inside[low], inside[-1]
    highest = max(point.audit_score for point in inside[: low + 1])
    rise, fall = last.audit_score - lowest.audit_score, highest - lowest.audit_score
    if rise <= 0:
        return None
    rate = rate_between(lowest, last, windows)
    is_long = rate.audits is not None and rate.audits >= RECOVERED_AUDITS
    return rate if is_long or rise >= RECOVERED_SHARE * fall else None


def rate_between(first: ScorePoint, last: ScorePoint, windows: Sequence[AuditWindow], from_at: float | None = None) -> AuditRate:
    """What happened from one point to a later one."""
    begin = first.at if from_at is None else from_at
    audits: float | None = None
    failed: float | None = None
    counts = (first.successful_audits, last.successful_audits, first.total_audits, last.total_audits)
    if counts[0] is not None and counts[1] is not None and counts[2] is not None and counts[3] is not None and counts[3] >= counts[2]:
        good = max(0, counts[1] - counts[0])
        others = max(0, counts[3] - counts[2] - good)
        failed = failed_between(first.audit_score, last.audit_score, good, others, AUDIT)
        audits = good + failed
    elif windows:
        audits = float(sum(w.online for w in windows if begin <= w.start_at < last.until))
        failed = _failed_of_all(first.audit_score, last.audit_score, audits)
    return AuditRate(from_at=begin, to_at=last.until, change=last.audit_score - first.audit_score, audits=audits, failed=failed)


def _failed_of_all(before: float, after: float, audits: float) -> float:
    """The same when only the sum of good and bad is known."""
    if audits <= 0:
        return 0.0
    kept = math.pow(AUDIT.forgetting, audits)
    level = (after - before * kept) / (1 - kept)
    return audits * min(1.0, max(0.0, 1 - level))


def _projected(score: float, rate: AuditRate) -> tuple[float | None, float | None]:
    """(where the score settles, hours until the threshold)."""
    if rate.audits and rate.failed is not None:
        level = 1 - rate.failed / rate.audits
        # Fewer than half a failure is what rounding leaves of none.
        if rate.failed < 0.5:
            return 1.0, None
        until = audits_until(score, level, AUDIT)
        return level, None if until is None else until * rate.hours / rate.audits
    if rate.change < 0:
        return None, (score - AUDIT.threshold) / (-rate.change / rate.hours)
    return None, None
