"""Figures of money and traffic that cannot be true: named, so that the operator knows what a sum leaves out."""

from __future__ import annotations

import msgspec

from storj_monitor.financial_tracker.usage import MOST_BYTES, believable_storage, believable_traffic
from storj_monitor.model.earnings import EstimatedPayout, MonthPayout, Pricing, SatelliteUsage
from storj_monitor.model.figures import ImpossibleValue, Source

MOST_CENTS = 1e9
"""Ten million dollars in a month from one node."""
MOST_CENTS_PER_TB = 1_000_000


def impossible_traffic(usage: SatelliteUsage, taken_at: float) -> tuple[ImpossibleValue, ...]:
    """Days of `bandwidthDaily` that no line can carry, told once."""
    wrong = [day for day in usage.bandwidth if not believable_traffic(day)]
    if not wrong:
        return ()
    day = wrong[-1]
    worst = max((day.egress_usage_bytes, day.egress_repair_bytes, day.egress_audit_bytes), key=abs)
    return (_refused(f"a day's traffic at {usage.satellite[:8]}", worst, "B", taken_at),)


def impossible_estimate(estimate: EstimatedPayout, taken_at: float) -> tuple[ImpossibleValue, ...]:
    """What is wrong with the node's own estimate; () when nothing is."""
    whose = f" at {estimate.satellite[:8]}" if estimate.satellite else ""
    cents = {"estimated payout of this month": estimate.expected_cents, **_sums("this", estimate.current_month)}
    cents |= _sums("the previous", estimate.previous_month)
    wrong = [_refused(name + whose, one / 100, "USD", taken_at) for name, one in cents.items() if not -1.0 <= one <= MOST_CENTS]
    for which, month in (("this", estimate.current_month), ("the previous", estimate.previous_month)):
        sizes = (month.egress_bytes, month.repair_audit_bytes, month.storage_byte_months, month.held_percent)
        wrong += [_refused(f"usage of {which} month{whose}", one, "", taken_at) for one in sizes if not 0 <= one <= MOST_BYTES]
    return tuple(wrong[:1])


def _sums(which: str, month: MonthPayout) -> dict[str, float]:
    return {
        f"payout of {which} month": month.payout_cents,
        f"held of {which} month": month.held_cents,
        f"pay for storage of {which} month": month.storage_cents,
        f"pay for traffic of {which} month": month.egress_cents,
        f"pay for repair of {which} month": month.repair_audit_cents,
    }


def believable(usage: SatelliteUsage) -> SatelliteUsage:
    """Without days and prices that cannot be: those are unknown, and not kept."""
    traffic = tuple(filter(believable_traffic, usage.bandwidth))
    stored = tuple(filter(believable_storage, usage.storage))
    wrong_prices = usage.prices is not None and impossible_prices(usage.prices, 0.0)
    if not wrong_prices and len(traffic) == len(usage.bandwidth) and len(stored) == len(usage.storage):
        return usage
    return msgspec.structs.replace(usage, bandwidth=traffic, storage=stored, prices=None if wrong_prices else usage.prices)


def impossible_prices(prices: Pricing, taken_at: float) -> tuple[ImpossibleValue, ...]:
    """Prices below nothing, or ten thousand dollars a TB."""
    names = (name for name in prices.__struct_fields__ if name != "satellite")
    wrong = [(name, value) for name in names if not 0 <= (value := getattr(prices, name)) <= MOST_CENTS_PER_TB]
    return tuple(_refused(f"price at {prices.satellite[:8]}", value / 100, "USD", taken_at) for _, value in wrong[:1])


def _refused(figure: str, value: float, unit: str, taken_at: float) -> ImpossibleValue:
    number = f"{value:.2e}" if abs(value) >= 1e9 else f"{value:g}"
    text = f"The node reports an impossible value: {figure} {number}{unit and ' ' + unit} (its API). It is left out."
    return ImpossibleValue(figure, value, Source.API, taken_at, text)
