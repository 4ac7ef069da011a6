"""What a TB brings, what lies on the disk that nobody pays for, and what running the node costs: the profit."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.financial_tracker.months import HOUR_MS, end_ms, start_ms
from storj_monitor.model.estimates import TB_BYTES, CostRates, MonthEstimate, Profit, Revenue, SatelliteEstimate, UnpaidData

_W_PER_KW = 1000


def revenue_per_tb(estimate: MonthEstimate) -> Revenue:
    """Gross revenue per TB-month stored and per TB sent (egress, repair and audit). A month so far counts the TB-months so far."""
    usage = estimate.usage
    sent_bytes = usage.egress_bytes + usage.repair_bytes + usage.audit_bytes
    return Revenue(
        storage_usd_micros_per_tb_month=_per_tb(estimate.storage_usd_micros, usage.storage_byte_months),
        egress_usd_micros_per_tb=_per_tb(estimate.egress_usd_micros + estimate.repair_usd_micros + estimate.audit_usd_micros, sent_bytes),
        all_usd_micros_per_tb_month=_per_tb(estimate.gross_usd_micros, usage.storage_byte_months),
    )


def _per_tb(usd_micros: int, amount: float) -> int | None:
    return round(usd_micros / (amount / TB_BYTES)) if amount > 0 else None


def storage_price_usd_micros(satellites: Iterable[SatelliteEstimate]) -> int:
    """One storage price for a node: the satellites' prices weighted by what they store, plain mean when they store nothing; 0 for none."""
    rows = [one for one in satellites if one.disqualified_ms is None]
    weights = [one.now.usage.storage_byte_months for one in rows]
    total = sum(weights)
    prices = [one.prices.storage_usd_micros_per_tb_month for one in rows]
    if not rows:
        return 0
    if total <= 0:
        return round(sum(prices) / len(prices))
    return round(sum(price * weight for price, weight in zip(prices, weights, strict=True)) / total)


def unpaid_data(trash_bytes: int, reclaimable_bytes: int, uncollected_bytes: int, storage_usd_micros_per_tb_month: int) -> UnpaidData:
    """Trash waits to be deleted, reclaimable bytes for compaction; uncollected pieces are on the disk but in no satellite's tally.

    Negative figures (two sources that do not quite agree) count as 0.
    """

    def worth(size_bytes: int) -> int:
        return size_bytes * storage_usd_micros_per_tb_month // TB_BYTES

    trash, reclaimable, uncollected = (max(0, size) for size in (trash_bytes, reclaimable_bytes, uncollected_bytes))
    return UnpaidData(
        trash_bytes=trash,
        reclaimable_bytes=reclaimable,
        uncollected_bytes=uncollected,
        trash_usd_micros_per_month=worth(trash),
        reclaimable_usd_micros_per_month=worth(reclaimable),
        uncollected_usd_micros_per_month=worth(uncollected),
    )


def sum_unpaid(parts: Iterable[UnpaidData | None]) -> UnpaidData | None:
    """Unpaid data of all nodes that tell it; None for none."""
    known = [one for one in parts if one is not None]
    if not known:
        return None
    return UnpaidData(**{name: sum(getattr(one, name) for one in known) for name in UnpaidData.__struct_fields__})


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
