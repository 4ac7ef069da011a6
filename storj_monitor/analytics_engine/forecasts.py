"""Judges what the trackers foresee: days of space, hours of downtime budget, the month's earnings. Bands count; every limit has hysteresis.

A severity is only left for a lower one when the figure is RELEASE times better than its limit.
"""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.analytics import Band, BudgetOutlook, EarningsOutlook, Severity, SpaceOutlook

SPACE_DAYS = ((Severity.CRITICAL, 3.0), (Severity.WARNING, 14.0))
SPACE_EARLIEST_DAYS = 14.0
"""INFO: not expected, but within the band."""
BUDGET_HOURS = ((Severity.CRITICAL, 12.0), (Severity.WARNING, 48.0), (Severity.INFO, 120.0))
EARNINGS_FALL = 0.25
"""Expected payout below the month before by more than this and the estimate's own band."""
RELEASE = 1.25


class Judgement(NamedTuple):
    """`before`: the limit or the month before; `after`: the figure; `band`: where it may lie."""

    severity: Severity
    before: float
    after: float
    band: Band | None = None


def judge_space(outlook: SpaceOutlook, standing: Severity | None) -> Judgement | None:
    """None when there is nothing to say. `standing`: severity of the finding that exists."""
    if outlook.reached:  # nothing is lost by that: it only gets no uploads, as many nodes for years
        return Judgement(Severity.WARNING, SPACE_DAYS[-1][1], 0.0)
    days, band = outlook.days, (outlook.earliest_days, outlook.latest_days)
    for severity, limit in SPACE_DAYS:
        if days is not None and days < _limit(severity, limit, standing):
            return Judgement(severity, limit, days, band)
    earliest = outlook.earliest_days
    if earliest is not None and earliest < _limit(Severity.INFO, SPACE_EARLIEST_DAYS, standing):
        return Judgement(Severity.INFO, SPACE_EARLIEST_DAYS, earliest, band)
    return None


def judge_budget(outlook: BudgetOutlook, standing: Severity | None) -> Judgement | None:
    """An estimated budget (no windows known) is on the safe side and never more than a warning."""
    for severity, limit in BUDGET_HOURS:
        if outlook.hours < _limit(severity, limit, standing):
            capped = min(severity, Severity.WARNING) if outlook.estimated else severity
            return Judgement(capped, limit, outlook.hours)
    return None


def judge_earnings(outlook: EarningsOutlook, standing: Severity | None) -> Judgement | None:
    """Only a fall that the estimate's band cannot explain."""
    previous = outlook.previous_usd_micros
    if not previous or previous <= 0:
        return None
    fall = 1 - outlook.expected_usd_micros / previous - max(0.0, outlook.band_share)
    if fall > EARNINGS_FALL / (1.0 if standing is None else RELEASE):
        width = max(0.0, outlook.band_share) * outlook.expected_usd_micros
        band = (outlook.expected_usd_micros - width, outlook.expected_usd_micros + width)
        return Judgement(Severity.WARNING, float(previous), float(outlook.expected_usd_micros), band)
    return None


def _limit(severity: Severity, limit: float, standing: Severity | None) -> float:
    return limit * RELEASE if standing is not None and standing >= severity else limit
