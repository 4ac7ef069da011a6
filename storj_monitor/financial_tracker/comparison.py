"""Our estimate beside the node's, and why they differ, in words that an operator can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from storj_monitor.financial_tracker.estimate import usd_micros
from storj_monitor.financial_tracker.held import earned_usd_micros, held_percent, satellite_held_percent
from storj_monitor.financial_tracker.months import node_previous_period, period_of, shifted
from storj_monitor.model.analytics import EarningsOutlook
from storj_monitor.model.earnings import EstimatedPayout, MonthPayout, Paystub, Pricing
from storj_monitor.model.estimates import (
    MICROS_PER_CENT,
    MICROS_PER_USD,
    Comparison,
    Difference,
    MonthEstimate,
    NodeEarnings,
    NodeEstimate,
    Prices,
    PriceSource,
    SatelliteEstimate,
    Score,
    StorageFormula,
)
from storj_monitor.state.node_status import NodeStatus

_WORTH_BYTES, _WORTH_BYTE_MONTHS = 5_000_000, 50_000_000.0
"""Less than this is 0 in words, and explains nothing."""


def money_text(usd_micros_: int) -> str:
    """`$12.34`, `-$0.05`; four decimals under ten cents."""
    digits = 2 if abs(usd_micros_) >= MICROS_PER_USD // 10 else 4
    return f"{'-' if usd_micros_ < 0 else ''}${abs(usd_micros_) / MICROS_PER_USD:.{digits}f}"


def compare_months(mine: MonthEstimate, theirs: MonthPayout, reasons: Sequence[str] = ()) -> Comparison:
    """One month of one satellite, or a sum. `reasons` come first; those that the figures tell by themselves follow."""
    differences = (
        _difference("egress", mine.egress_usd_micros, theirs.egress_cents),
        _difference("repair and audit", mine.repair_usd_micros + mine.audit_usd_micros, theirs.repair_audit_cents),
        _difference("storage", mine.storage_usd_micros, theirs.storage_cents),
        _difference("held", mine.held_usd_micros, theirs.held_cents),
        _difference("payout", mine.payout_usd_micros, theirs.payout_cents),
    )
    agrees = all(abs(one.difference_usd_micros) <= MICROS_PER_CENT for one in differences)
    return Comparison(
        satellite=mine.satellite,
        period=mine.period,
        differences=differences,
        agrees=agrees,
        reasons=() if agrees else (*reasons, *_reasons(mine, theirs, differences)),
    )


def _difference(category: str, mine: int, cents: float) -> Difference:
    return Difference(category=category, ours_usd_micros=mine, theirs_usd_micros=usd_micros(cents))


def _reasons(mine: MonthEstimate, theirs: MonthPayout, differences: Sequence[Difference]) -> list[str]:
    egress, repair_audit, storage, held, _ = (abs(one.difference_usd_micros) > MICROS_PER_CENT for one in differences)
    reasons = []
    moved = mine.usage.egress_bytes - theirs.egress_bytes + mine.usage.repair_bytes + mine.usage.audit_bytes - theirs.repair_audit_bytes
    if abs(moved) >= _WORTH_BYTES and (egress or repair_audit):
        reasons.append(f"The two were asked at different moments: {abs(moved) / 1e9:.2f} GB of traffic lie between them.")
    if storage:
        more = mine.usage.storage_byte_months - theirs.storage_byte_months
        if abs(more) >= _WORTH_BYTE_MONTHS:
            reasons.append(f"Storage counted differs by {abs(more) / 1e12:.4f} TB-months: ours is {'more' if more > 0 else 'less'}.")
    if (egress or repair_audit or storage) and not reasons:
        reasons.append("Same usage, other prices.")
    if held and mine.held_percent is not None and mine.held_percent != theirs.held_percent:
        reasons.append(f"We reckon {mine.held_percent:g} % as held, the node {theirs.held_percent:g} %.")
    elif held and not reasons:
        reasons.append("What is held differs because the sums differ.")
    return reasons


def compare_satellite(mine: SatelliteEstimate, theirs: EstimatedPayout | None, node_prices: Pricing | None) -> Comparison:
    """The present month of one satellite. The node gives no estimate (`theirs` None) where it is disqualified."""
    if theirs is None:
        why = "The node gives no estimate for this satellite" + (
            "." if mine.disqualified_ms is None else ": it has disqualified the node; both count 0."
        )
        empty = compare_months(mine.now, MonthPayout())
        return Comparison(
            satellite=empty.satellite, period=empty.period, differences=empty.differences, agrees=empty.agrees, reasons=(why,)
        )
    return compare_months(mine.now, theirs.current_month, price_reasons(mine.prices, node_prices))


def price_reasons(prices: Prices, node: Pricing | None) -> tuple[str, ...]:
    """Why other prices than the node's were taken."""
    reasons = []
    if prices.overridden:
        reasons.append("Your settings give other prices than the node has.")
    if prices.source is PriceSource.PUBLISHED:
        reasons.append(
            "The node " + ("gave no prices" if node is None else "has prices of 0 for this satellite") + ": ours uses the published rates."
        )
    return tuple(reasons)


def compare_previous(mine: SatelliteEstimate, theirs: EstimatedPayout, now_ms: int) -> Comparison | None:
    """The month before; None where we know nothing of it."""
    if mine.previous is None:
        return None
    return compare_months(mine.previous, theirs.previous_month, previous_month_reasons(now_ms))


def previous_month_reasons(now_ms: int) -> tuple[str, ...]:
    """The node's previous month is the present one on days that the month before does not have."""
    period = period_of(now_ms)
    if node_previous_period(now_ms) == shifted(period, -1):
        return ()
    return (f"Today the node shows {node_previous_period(now_ms)} as its previous month, because {shifted(period, -1)} had no such day.",)


def compare_node(mine: NodeEstimate, theirs: EstimatedPayout, missing: Mapping[str, str] | None = None) -> Comparison:
    """The present month over all satellites, with the reasons of its parts. `missing`: satellites that ours leaves out, and why."""
    reasons = [f"Ours leaves out {name}. {why}" for name, why in (missing or {}).items()]
    lost = sum(one.disqualified_ms is not None for one in mine.satellites)
    if lost:
        reasons.append(f"{lost} satellite{'s have' if lost > 1 else ' has'} disqualified the node; both leave out what it did there.")
    if any(one.prices.overridden for one in mine.satellites):
        reasons.append("Your settings give other prices than the node has.")
    if any(one.prices.source is PriceSource.PUBLISHED for one in mine.satellites):
        reasons.append("For some satellites the node has no prices: ours uses the published rates.")
    if missing:  # that alone is a difference; what else there may be cannot be told from it
        plain = compare_months(mine.now, theirs.current_month)
        return msgspec.structs.replace(plain, reasons=() if plain.agrees else tuple(reasons))
    return compare_months(mine.now, theirs.current_month, reasons)


def compare_nodes(nodes: Mapping[str, Comparison], left_out: Sequence[str] = ()) -> Comparison | None:
    """All nodes together, by name: they agree when each does. `left_out` are nodes without an estimate of their own. None for no nodes."""
    if not nodes:
        return None
    sums: dict[str, tuple[int, int]] = {}
    for one in nodes.values():
        for row in one.differences:
            ours, theirs = sums.get(row.category, (0, 0))
            sums[row.category] = (ours + row.ours_usd_micros, theirs + row.theirs_usd_micros)
    reasons = [f"{name}: {' '.join(one.reasons)}" for name, one in nodes.items() if not one.agrees]
    if left_out:
        reasons.append(f"Without {', '.join(left_out)}, of which there is no estimate of the node's own.")
    return Comparison(
        satellite="",
        period=max(one.period for one in nodes.values()),
        differences=tuple(
            Difference(category=name, ours_usd_micros=ours, theirs_usd_micros=theirs) for name, (ours, theirs) in sums.items()
        ),
        agrees=all(one.agrees for one in nodes.values()),
        reasons=tuple(reasons),
    )


def expectation_reasons(mine: NodeEstimate, theirs: EstimatedPayout) -> tuple[str, ...]:
    """Why the month's forecast differs; empty when it does not: `expected` is the node's way, `month_end` keeps fractions of a cent."""
    if abs(mine.expected_usd_micros - usd_micros(theirs.expected_cents)) <= MICROS_PER_CENT:
        return ()
    if any(one.formula is StorageFormula.REPORTED for one in mine.satellites):
        return ("This node scales what is reported so far, as if days whose report is late were empty: ours goes on at the reports' pace.",)
    return ("The forecast is what was earned so far, scaled by minutes; it differs because the figures so far, or the moments, differ.",)


# ---- Each month the estimate is held against the paystub: how far off it was, by category, and why.


_CODES = {
    "D": "the satellite has disqualified the node",
    "S": "the payment was withheld by sanctions rules",
    "T": "a tax form is missing",
    "X": "the node left by graceful exit",
    "I": "the node is leaving by graceful exit",
    "O": "the node was offline",
    "B": "a bonus was paid",
}
_USAGE_TOLERANCE = 0.001


def score(estimate: MonthEstimate, stub: Paystub, joined_ms: int | None = None) -> Score:
    """The last estimate of a month against its paystub. Raises ValueError when they are not of the same satellite and period."""
    if (estimate.satellite, estimate.period) != (stub.satellite, stub.period):
        raise ValueError(f"{estimate.satellite} {estimate.period} is not {stub.satellite} {stub.period}")
    surge = stub.surge_percent or 100

    def surged(value: int) -> int:
        return value * surge // 100

    estimated = estimate.payout_usd_micros + estimate.disposed_usd_micros
    differences = (
        Difference(category="egress", ours_usd_micros=estimate.egress_usd_micros, theirs_usd_micros=surged(stub.get_usd_micros)),
        Difference(category="repair", ours_usd_micros=estimate.repair_usd_micros, theirs_usd_micros=surged(stub.get_repair_usd_micros)),
        Difference(category="audit", ours_usd_micros=estimate.audit_usd_micros, theirs_usd_micros=surged(stub.get_audit_usd_micros)),
        Difference(category="storage", ours_usd_micros=estimate.storage_usd_micros, theirs_usd_micros=surged(stub.storage_usd_micros)),
        Difference(category="held", ours_usd_micros=estimate.held_usd_micros, theirs_usd_micros=stub.held_usd_micros),
        Difference(category="disposed", ours_usd_micros=estimate.disposed_usd_micros, theirs_usd_micros=stub.disposed_usd_micros),
        Difference(category="paid", ours_usd_micros=estimated, theirs_usd_micros=stub.paid_usd_micros),
    )
    agrees = all(abs(one.difference_usd_micros) <= MICROS_PER_CENT for one in differences)
    return Score(
        satellite=stub.satellite,
        period=stub.period,
        estimated_usd_micros=estimated,
        paid_usd_micros=stub.paid_usd_micros,
        error_percent=_percent(estimated, stub.paid_usd_micros),
        comparison=Comparison(
            satellite=stub.satellite,
            period=stub.period,
            differences=differences,
            agrees=agrees,
            reasons=() if agrees else tuple(_reasons_of_score(estimate, stub, joined_ms)),
        ),
    )


def _percent(estimated: int, paid: int) -> float | None:
    return 100 * (estimated - paid) / paid if paid else None


def _reasons_of_score(estimate: MonthEstimate, stub: Paystub, joined_ms: int | None) -> list[str]:
    reasons = [f"The paystub says: {_CODES[code]}." for code in stub.codes.split(":") if code in _CODES]
    if stub.surge_percent not in (0, 100):
        reasons.append(f"The satellite paid {stub.surge_percent} % of its prices (surge).")
    usage = estimate.usage
    for name, mine, theirs in (
        ("egress", usage.egress_bytes, stub.usage_get_bytes),
        ("repair and audit traffic", usage.repair_bytes + usage.audit_bytes, stub.usage_get_repair_bytes + stub.usage_get_audit_bytes),
        ("storage", usage.storage_byte_months, stub.usage_storage_byte_months),
    ):
        if abs(mine - theirs) > _USAGE_TOLERANCE * max(mine, theirs):
            reasons.append(f"The satellite counted {_share(theirs, mine)} {name} than the node.")
    earned = earned_usd_micros(stub)
    percent = 100 * stub.held_usd_micros / earned if earned > 0 else 0.0
    if joined_ms is not None and held_percent(joined_ms, stub.period) != satellite_held_percent(joined_ms, stub.period):
        reasons.append("The node joined late in a month: the satellite counts its age in full months, the node in calendar months.")
    elif earned > 0 and estimate.held_percent is not None and abs(percent - estimate.held_percent) > 1:
        reasons.append(f"The satellite held {percent:.0f} %, we reckoned {estimate.held_percent:g} %.")
    if abs(stub.disposed_usd_micros - estimate.disposed_usd_micros) > MICROS_PER_CENT:
        reasons.append(f"Given back was {money_text(stub.disposed_usd_micros)}, we reckoned {money_text(estimate.disposed_usd_micros)}.")
    if not reasons:
        reasons.append("Same usage, other prices.")
    return reasons


def _share(theirs: float, mine: float) -> str:
    if not mine:
        return "more"
    percent = 100 * (theirs - mine) / mine
    return f"{abs(percent):.1f} % {'more' if percent > 0 else 'less'}"


UNTRIED_BAND = 0.25
"""Half-width of the band of an estimate that has never been compared with a paystub."""


SCORED_MONTHS = 6


def earnings_outlook(node: NodeStatus, earnings: NodeEarnings) -> EarningsOutlook | None:
    """The month's end against the month before, both by our formulas; the band is the worst error of earlier estimates."""
    estimate = earnings.estimate
    if estimate.month_end is None or estimate.previous is None:
        return None
    return EarningsOutlook(
        estimate.month_end.period,
        estimate.month_end.payout_usd_micros,
        error_band((key.period, one) for key, one in node.money.scores.items()),
        estimate.previous.payout_usd_micros,
    )


def error_band(scores: Iterable[tuple[str, Score]]) -> float:
    """Worst error (share of what was paid) of the last months' estimates, all satellites of a month together."""
    months: dict[str, tuple[int, int]] = {}
    for period, one in scores:
        estimated, paid = months.get(period, (0, 0))
        months[period] = (estimated + one.estimated_usd_micros, paid + one.paid_usd_micros)
    errors = [abs(estimated - paid) / paid for _, (estimated, paid) in sorted(months.items())[-SCORED_MONTHS:] if paid > 0]
    return max(errors, default=UNTRIED_BAND)
