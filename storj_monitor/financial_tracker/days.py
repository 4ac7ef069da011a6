"""What each day of a month has brought, and how far the month's end may be off, by how much days differ from each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from storj_monitor.financial_tracker.held import held_percent
from storj_monitor.financial_tracker.months import DAY_MS, HOUR_MS, end_ms, period_of, start_ms
from storj_monitor.financial_tracker.usage import believable_storage, believable_traffic, storage_formula
from storj_monitor.model.earnings import SatelliteUsage, StorageDay
from storj_monitor.model.estimates import MONTH_H, TB_BYTES, Band, DayEarnings, Prices, StorageFormula

FEWEST_DAYS, MOST_DAYS = 7, 30
"""So many whole days are looked at for the band; with fewer there is none."""
_Z_90 = 1.645


def day_earnings(usage: SatelliteUsage, prices: Prices, now_ms: int) -> tuple[DayEarnings, ...]:
    """Payout (after held) of every day of `usage` up to `now_ms`, oldest first, by the formula of the node that told them.

    The sum over the present month is its estimate but for the rounding of cents. A day is complete when it is over and its storage told:
    before v1.162 the satellites' reports come one or two days late.
    """
    formula = storage_formula(usage.storage)
    stored = _stored(usage.storage, formula, now_ms)
    moved = {_day(one.start_ms): one for one in usage.bandwidth if one.start_ms < now_ms and believable_traffic(one)}
    told_ms = max(stored, default=0)
    days = []
    for start in sorted({*stored, *moved}):
        traffic = moved.get(start)
        micros = stored.get(start, 0.0) * prices.storage_usd_micros_per_tb_month
        if traffic is not None:
            micros += traffic.egress_usage_bytes * prices.egress_usd_micros_per_tb
            micros += (traffic.egress_repair_bytes + traffic.egress_audit_bytes) * prices.audit_usd_micros_per_tb
        kept = 1 - held_percent(usage.joined_ms, period_of(start)) / 100
        whole = start + DAY_MS <= now_ms and start <= told_ms and (usage.joined_ms is None or usage.joined_ms <= start)
        days.append(DayEarnings(start, round(micros / TB_BYTES * kept), whole))
    return tuple(days)


def _day(start_ms: int) -> int:
    return start_ms - start_ms % DAY_MS


def _stored(days: Sequence[StorageDay], formula: StorageFormula, now_ms: int) -> dict[int, float]:
    """Byte-months by day. The newest average goes on until now where the node reckons so."""
    told = sorted((day for day in days if day.start_ms < now_ms and believable_storage(day)), key=lambda day: day.start_ms)
    if formula is StorageFormula.REPORTED:
        return {_day(day.start_ms): day.byte_hours / MONTH_H for day in told}
    stored = {}
    for place, day in enumerate(told, start=1):
        start = _day(day.start_ms)
        last_ms = start + DAY_MS if place < len(told) else min(now_ms, end_ms(period_of(start)))
        while start < last_ms:
            stored[start] = (day.average_bytes or 0.0) * (min(start + DAY_MS, now_ms) - start) / HOUR_MS / MONTH_H
            start += DAY_MS
    return stored


def sum_days(parts: Iterable[Iterable[DayEarnings]]) -> tuple[DayEarnings, ...]:
    """Days of several satellites or nodes together; a day is complete when it is for all who tell it."""
    sums: dict[int, tuple[int, bool]] = {}
    for part in parts:
        for day in part:
            usd_micros, complete = sums.get(day.start_ms, (0, True))
            sums[day.start_ms] = (usd_micros + day.usd_micros, complete and day.complete)
    return tuple(DayEarnings(start, *sums[start]) for start in sorted(sums))


def month_days(days: Iterable[DayEarnings], period: str) -> list[DayEarnings]:
    """Those of one month."""
    return [day for day in days if start_ms(period) <= day.start_ms < end_ms(period)]


def month_band(days: Iterable[DayEarnings], earned_usd_micros: int, expected_usd_micros: int, now_ms: int) -> Band | None:
    """Where the month's end lies in nine of ten cases, if days go on differing as they did; None with too few days to tell.

    Prediction interval of a sum of r days from the mean of n: z·s·√(r + r²/n), s the standard deviation of a day. What is earned already
    is never lost.
    """
    whole = [day.usd_micros for day in days if day.complete][-MOST_DAYS:]
    if len(whole) < FEWEST_DAYS:
        return None
    mean = math.fsum(whole) / len(whole)
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in whole) / (len(whole) - 1))
    left = (end_ms(period_of(now_ms)) - now_ms) / DAY_MS
    half = round(_Z_90 * deviation * math.sqrt(left + left * left / len(whole)))
    return Band(max(earned_usd_micros, expected_usd_micros - half), max(earned_usd_micros, expected_usd_micros + half))
