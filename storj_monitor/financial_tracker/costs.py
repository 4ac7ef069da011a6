"""What a node costs its operator, and what is left. Power is counted by real hours, the fixed cost by the share of the month."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.financial_tracker.months import HOUR_MS, end_ms, start_ms
from storj_monitor.model.estimates import CostRates, MonthEstimate, Profit

_W_PER_KW = 1000


def month_profit(
    revenue_usd_micros: int, period: str, rates: CostRates, from_ms: int | None = None, through_ms: int | None = None
) -> Profit:
    """Profit of one month, or of the part of it from `from_ms` (the node's first day) to `through_ms`."""
    first, last = start_ms(period), end_ms(period)
    begin = first if from_ms is None else min(max(from_ms, first), last)
    end = last if through_ms is None else min(max(through_ms, begin), last)
    hours = (end - begin) / HOUR_MS
    return Profit(
        revenue_usd_micros=revenue_usd_micros,
        power_usd_micros=round(rates.power_w / _W_PER_KW * hours * rates.power_usd_micros_per_kwh),
        fixed_usd_micros=round(rates.fixed_usd_micros_per_month * (end - begin) / (last - first)),
    )


def estimate_profit(estimate: MonthEstimate, rates: CostRates, from_ms: int | None = None) -> Profit:
    """Profit of a month so far or at its end: payout after held, with what is given back, against the cost of the same time."""
    revenue = estimate.payout_usd_micros + estimate.disposed_usd_micros
    return month_profit(revenue, estimate.period, rates, from_ms, estimate.through_ms)


def sum_profits(profits: Iterable[Profit | None]) -> Profit | None:
    """Profit of all nodes of which the cost is known; None for none."""
    known = [one for one in profits if one is not None]
    if not known:
        return None
    return Profit(
        revenue_usd_micros=sum(one.revenue_usd_micros for one in known),
        power_usd_micros=sum(one.power_usd_micros for one in known),
        fixed_usd_micros=sum(one.fixed_usd_micros for one in known),
    )
