"""What this month has brought and will bring: the node's own formulas, step by step, in our own types.

The node reckons in cents (floats) and rounds each category to a hundredth of a cent, half away from zero; a month of storage has 720
hours whatever its length; repair is paid at the audit price; the month's expectation is the payout so far, scaled by minutes, its
fraction of a cent dropped for each satellite; a satellite that has disqualified the node counts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from storj_monitor.financial_tracker.held import held_percent
from storj_monitor.financial_tracker.months import DAY_MS, HOUR_MS, MINUTE_MS, end_ms, node_previous_period, period_of, shifted, start_ms
from storj_monitor.financial_tracker.terms import price_notes
from storj_monitor.financial_tracker.usage import (
    believable_storage,
    month_usage,
    reported_hours,
    storage_formula,
    usage_from_totals,
)
from storj_monitor.model.earnings import EstimatedPayout, MonthPayout, SatelliteUsage, StorageDay
from storj_monitor.model.estimates import (
    MICROS_PER_CENT,
    MONTH_H,
    TB_BYTES,
    MonthEstimate,
    MonthUsage,
    NodeEstimate,
    Prices,
    SatelliteEstimate,
    StorageFormula,
)

_NANOSECOND_MINUTES = 1 / 60e9
_DISQUALIFIED = "Disqualified here: nothing more is paid, and what is held is lost."
_STEADY_MINUTES = 24 * 60
_RECENT_MS = 4 * DAY_MS
"""A report of the month before that is older says nothing about this one."""


def round_cents(cents: float) -> float:
    """To two decimals, half away from zero."""
    scaled = cents * 100
    whole = math.trunc(scaled)
    if abs(scaled - whole) >= 0.5:
        whole += 1 if scaled > 0 else -1
    return whole / 100


def usd_micros(cents: float) -> int:
    """Cents to whole micro-dollars."""
    return round(cents * MICROS_PER_CENT)


def month_payout(usage: MonthUsage, prices: Prices, percent: float) -> MonthPayout:
    """One month of one satellite exactly as the node computes it, in cents."""
    repair_audit_bytes = usage.repair_bytes + usage.audit_bytes
    egress = round_cents(_bandwidth_cents(usage.egress_bytes, prices.egress_usd_micros_per_tb))
    repair_audit = round_cents(_bandwidth_cents(repair_audit_bytes, prices.audit_usd_micros_per_tb))
    storage = round_cents(usage.storage_byte_months * (prices.storage_usd_micros_per_tb_month / MICROS_PER_CENT) / TB_BYTES)
    held = (storage + egress + repair_audit) * percent / 100
    return MonthPayout(
        egress_bytes=usage.egress_bytes,
        egress_cents=egress,
        repair_audit_bytes=repair_audit_bytes,
        repair_audit_cents=repair_audit,
        storage_byte_months=usage.storage_byte_months,
        storage_cents=storage,
        held_percent=percent,
        held_cents=held,
        payout_cents=round_cents(storage + egress + repair_audit - held),
    )


def _bandwidth_cents(size_bytes: int, usd_micros_per_tb: int) -> float:
    cents, rest = divmod(usd_micros_per_tb, MICROS_PER_CENT)
    price = cents if not rest else usd_micros_per_tb / MICROS_PER_CENT
    return float(size_bytes * price) / TB_BYTES


def month_estimate(
    satellite: str, period: str, through_ms: int, usage: MonthUsage, prices: Prices, percent: float, disposed_usd_micros: int = 0
) -> MonthEstimate:
    """`month_payout` as whole micro-dollars; repair and audit, which the node has as one sum, are told apart by their bytes."""
    payout = month_payout(usage, prices, percent)
    repair_audit = usd_micros(payout.repair_audit_cents)
    audit = repair_audit * usage.audit_bytes // payout.repair_audit_bytes if payout.repair_audit_bytes else 0
    return MonthEstimate(
        satellite=satellite,
        period=period,
        through_ms=through_ms,
        usage=usage,
        egress_usd_micros=usd_micros(payout.egress_cents),
        repair_usd_micros=repair_audit - audit,
        audit_usd_micros=audit,
        storage_usd_micros=usd_micros(payout.storage_cents),
        held_percent=percent,
        held_usd_micros=usd_micros(payout.held_cents),
        disposed_usd_micros=disposed_usd_micros,
    )


def _minutes(now_ms: int, joined_ms: int | None) -> tuple[float, float]:
    """Minutes of the month that the node has been there: so far, and by the end of the month."""
    first_ms = start_ms(period_of(now_ms))
    since_ms = first_ms if joined_ms is None or joined_ms < first_ms else joined_ms
    whole = (end_ms(period_of(now_ms)) - since_ms) / MINUTE_MS - _NANOSECOND_MINUTES
    return (now_ms - since_ms) / MINUTE_MS, whole


def month_factor(now_ms: int, joined_ms: int | None) -> float | None:
    """What the figures so far are multiplied with to get those of the whole month. None in a month's or node's first moment."""
    past, whole = _minutes(now_ms, joined_ms)
    return whole / past if past > 0 else None


def expected_cents(payout_cents: float, now_ms: int, joined_ms: int | None) -> int:
    """The node's expectation of one satellite for the whole month. 0 in the first moment, where the node divides by zero."""
    past, whole = _minutes(now_ms, joined_ms)
    return int(payout_cents / past * whole) if past > 0 else 0


def storage_at_the_end(days: Sequence[StorageDay], earlier: Sequence[StorageDay], now_ms: int, joined_ms: int | None) -> float | None:
    """Byte-months by the month's end of a node that counts only what was reported: what it has a day, for all days.

    Reports come a day or two late and may be missing: to scale what is there by the time gone by would take the days that are not told yet
    for empty ones. Before the month's first report the last one of the month before (`earlier`) stands; None without either.
    """
    first_ms, last_ms = start_ms(period_of(now_ms)), end_ms(period_of(now_ms))
    told = [day for day in days if first_ms <= day.start_ms < last_ms and not day.calculated and believable_storage(day)]
    if not told:
        recent = [day for day in earlier if first_ms - _RECENT_MS <= day.start_ms < first_ms and believable_storage(day)]
        told = [max(recent, key=lambda day: day.start_ms)] if recent else []
    hours = math.fsum(reported_hours(day) for day in told)
    if not hours:
        return None
    since_ms = max(first_ms, joined_ms or 0)
    return math.fsum(day.byte_hours for day in told) / hours * (last_ms - since_ms) / HOUR_MS / MONTH_H


def projected(
    estimate: MonthEstimate, factor: float, storage_byte_months: float | None = None, prices: Prices | None = None
) -> MonthEstimate:
    """A month so far, scaled to its end; with `storage_byte_months` and `prices` storage is that, whatever was reported so far."""

    def scale(value: int) -> int:
        return round(value * factor)

    usage = estimate.usage
    figures = (estimate.egress_usd_micros, estimate.repair_usd_micros, estimate.audit_usd_micros, estimate.storage_usd_micros)
    egress, repair, audit, storage = (scale(value) for value in figures)
    stored = usage.storage_byte_months * factor
    if storage_byte_months is not None and prices is not None:
        stored = storage_byte_months
        storage = round(stored * prices.storage_usd_micros_per_tb_month / TB_BYTES)
    return MonthEstimate(
        satellite=estimate.satellite,
        period=estimate.period,
        through_ms=end_ms(estimate.period),
        usage=MonthUsage(
            egress_bytes=scale(usage.egress_bytes),
            repair_bytes=scale(usage.repair_bytes),
            audit_bytes=scale(usage.audit_bytes),
            storage_byte_months=stored,
        ),
        egress_usd_micros=egress,
        repair_usd_micros=repair,
        audit_usd_micros=audit,
        storage_usd_micros=storage,
        held_percent=estimate.held_percent,
        held_usd_micros=round((egress + repair + audit + storage) * (estimate.held_percent or 0.0) / 100),
        disposed_usd_micros=estimate.disposed_usd_micros,
    )


def estimate_satellite(
    usage: SatelliteUsage,
    prices: Prices,
    now_ms: int,
    *,
    disqualified_ms: int | None = None,
    previous: MonthUsage | None = None,
    earlier: Sequence[StorageDay] = (),
    disposed_usd_micros: int = 0,
) -> SatelliteEstimate:
    """The estimate of one satellite at `now_ms`, which should be the moment of the answer that `usage` came with.

    previous            -- from `previous_month_usage`
    earlier             -- days of the month before, as stored
    disposed_usd_micros -- from `held.expected_disposed_usd_micros`, for the present month
    """
    period = period_of(now_ms)
    formula = storage_formula(usage.storage)
    counted = disqualified_ms is None
    used = month_usage(usage.bandwidth, usage.storage, period, now_ms) if counted else MonthUsage()
    percent = held_percent(usage.joined_ms, period) if counted else 0.0
    now = month_estimate(usage.satellite, period, now_ms, used, prices, percent, disposed_usd_micros if counted else 0)
    factor = month_factor(now_ms, usage.joined_ms) if counted else 1.0
    payout_cents = month_payout(used, prices, percent).payout_cents
    before = shifted(period, -1)
    late = formula is StorageFormula.REPORTED and counted
    stored = storage_at_the_end(usage.storage, earlier, now_ms, usage.joined_ms) if late else None
    end = None if factor is None else projected(now, factor, stored, prices)
    expected = expected_cents(payout_cents, now_ms, usage.joined_ms) * MICROS_PER_CENT
    if end is not None and stored is not None:  # the node's own expectation takes days that are not reported yet for empty ones
        expected = end.payout_usd_micros // MICROS_PER_CENT * MICROS_PER_CENT
    return SatelliteEstimate(
        satellite=usage.satellite,
        now=now,
        month_end=end,
        expected_usd_micros=expected,
        prices=prices,
        formula=formula,
        joined_ms=usage.joined_ms,
        disqualified_ms=disqualified_ms,
        previous=None
        if previous is None or not counted
        else month_estimate(usage.satellite, before, start_ms(period), previous, prices, held_percent(usage.joined_ms, before)),
        notes=_notes(usage, prices, now_ms, formula) if counted else (_DISQUALIFIED,),
    )


def _notes(usage: SatelliteUsage, prices: Prices, now_ms: int, formula: StorageFormula) -> tuple[str, ...]:
    notes = list(price_notes(prices))
    if usage.joined_ms is None:
        notes.append("The node does not know when it joined: nothing is reckoned as held.")
    if _minutes(now_ms, usage.joined_ms)[0] < _STEADY_MINUTES:
        notes.append("Less than a day to go by: the forecast still swings.")
    today_ms = now_ms - now_ms % DAY_MS
    days = [day for day in usage.storage if start_ms(period_of(now_ms)) <= day.start_ms <= today_ms]
    reported = [day for day in days if not day.calculated]
    if formula is StorageFormula.AREA:
        filled = len(days) - len(reported)
        if filled:
            notes.append(f"{_days(filled)} of storage had no report of the satellite and {'is' if filled == 1 else 'are'} filled in.")
    elif reported:
        missing = _missing_days(reported, now_ms, usage.joined_ms)
        if missing:
            notes.append(
                f"This node counts storage only when reported: {_days(missing)} of this month missing, so storage so far is too low."
            )
    return tuple(notes)


def _missing_days(reported: Sequence[StorageDay], now_ms: int, joined_ms: int | None) -> int:
    """Days of the month without a report, from the day of joining until yesterday."""
    first = max(start_ms(period_of(now_ms)), joined_ms or 0) // DAY_MS
    today = now_ms // DAY_MS
    return max(0, today - first) - len({day.start_ms // DAY_MS for day in reported if first <= day.start_ms // DAY_MS < today})


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def previous_month_usage(stored: SatelliteUsage | None, node: EstimatedPayout | None, now_ms: int) -> MonthUsage | None:
    """Usage of the month before: the node's own totals, or the days that were stored while it lasted; None when there is neither.

    On some days the node takes the present month for the previous one; its totals are then no use. Where both are there and count the
    same repair and audit bytes, the stored days tell the two apart.
    """
    period = period_of(now_ms)
    before = shifted(period, -1)
    kept = None
    if stored is not None and any(
        start_ms(before) <= start < start_ms(period)
        for start in (*(day.start_ms for day in stored.bandwidth), *(day.start_ms for day in stored.storage))
    ):
        kept = month_usage(stored.bandwidth, stored.storage, before, start_ms(period))
    if node is None or node_previous_period(now_ms) != before:
        return kept
    totals = usage_from_totals(node.previous_month)
    if kept is None or kept.repair_bytes + kept.audit_bytes != totals.repair_bytes:
        return totals
    return MonthUsage(
        egress_bytes=totals.egress_bytes,
        repair_bytes=kept.repair_bytes,
        audit_bytes=kept.audit_bytes,
        storage_byte_months=totals.storage_byte_months,
    )


def sum_months(estimates: Iterable[MonthEstimate], period: str, through_ms: int, satellite: str = "") -> MonthEstimate:
    """Sum of one month over satellites or nodes."""
    rows = list(estimates)

    def total(figure: Callable[[MonthEstimate], int]) -> int:
        return sum(figure(row) for row in rows)

    return MonthEstimate(
        satellite=satellite,
        period=period,
        through_ms=through_ms,
        usage=MonthUsage(
            egress_bytes=total(lambda row: row.usage.egress_bytes),
            repair_bytes=total(lambda row: row.usage.repair_bytes),
            audit_bytes=total(lambda row: row.usage.audit_bytes),
            storage_byte_months=math.fsum(row.usage.storage_byte_months for row in rows),
        ),
        egress_usd_micros=total(lambda row: row.egress_usd_micros),
        repair_usd_micros=total(lambda row: row.repair_usd_micros),
        audit_usd_micros=total(lambda row: row.audit_usd_micros),
        storage_usd_micros=total(lambda row: row.storage_usd_micros),
        held_usd_micros=total(lambda row: row.held_usd_micros),
        disposed_usd_micros=total(lambda row: row.disposed_usd_micros),
    )


def estimate_node(satellites: Sequence[SatelliteEstimate], now_ms: int) -> NodeEstimate:
    """One node's satellites and their sums. No month end while one of them cannot tell."""
    period = period_of(now_ms)
    ends = [one.month_end for one in satellites if one.month_end is not None]
    known = [one.previous for one in satellites if one.previous is not None]
    return NodeEstimate(
        satellites=tuple(satellites),
        now=sum_months((one.now for one in satellites), period, now_ms),
        month_end=sum_months(ends, period, end_ms(period)) if len(ends) == len(satellites) else None,
        expected_usd_micros=sum(one.expected_usd_micros for one in satellites),
        previous=sum_months(known, shifted(period, -1), start_ms(period)) if known else None,
    )
