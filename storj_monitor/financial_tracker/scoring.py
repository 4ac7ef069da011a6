"""Each month the estimate is held against the paystub: how far off it was, by category, and why."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.financial_tracker.comparison import money_text
from storj_monitor.financial_tracker.held import earned_usd_micros, held_percent, satellite_held_percent
from storj_monitor.model.analytics import EarningsOutlook
from storj_monitor.model.earnings import Paystub
from storj_monitor.model.estimates import MICROS_PER_CENT, Comparison, Difference, MonthEstimate, NodeEarnings, Score
from storj_monitor.state.node_status import NodeStatus

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
            reasons=() if agrees else tuple(_reasons(estimate, stub, joined_ms)),
        ),
    )


def _percent(estimated: int, paid: int) -> float | None:
    return 100 * (estimated - paid) / paid if paid else None


def _reasons(estimate: MonthEstimate, stub: Paystub, joined_ms: int | None) -> list[str]:
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
