"""Parts of the rows of `earnings`, as they go on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from storj_monitor.financial_tracker.estimate import usd_micros
from storj_monitor.financial_tracker.export import Currency
from storj_monitor.model.earnings import EstimatedPayout
from storj_monitor.model.estimates import Balance, Band, Comparison, HeldPosition, MonthEstimate, Profit, Revenue, UnpaidData
from storj_monitor.views.tables import Row


def month_row(month: MonthEstimate | None) -> Row | None:
    """One month, as far as it is estimated."""
    if month is None:
        return None
    usage = month.usage
    return {
        "period": month.period,
        "through": month.through_ms / 1000,
        "egress_bytes": usage.egress_bytes,
        "repair_bytes": usage.repair_bytes,
        "audit_bytes": usage.audit_bytes,
        "storage_byte_months": usage.storage_byte_months,
        "egress_usd_micros": month.egress_usd_micros,
        "repair_usd_micros": month.repair_usd_micros,
        "audit_usd_micros": month.audit_usd_micros,
        "storage_usd_micros": month.storage_usd_micros,
        "gross_usd_micros": month.gross_usd_micros,
        "held_percent": month.held_percent,
        "held_usd_micros": month.held_usd_micros,
        "disposed_usd_micros": month.disposed_usd_micros,
        "payout_usd_micros": month.payout_usd_micros,
    }


def balance_row(one: Balance) -> Row:
    """Sums over paystubs."""
    return {
        "earned_usd_micros": one.earned_usd_micros,
        "held_usd_micros": one.held_usd_micros,
        "disposed_usd_micros": one.disposed_usd_micros,
        "paid_usd_micros": one.paid_usd_micros,
        "distributed_usd_micros": one.distributed_usd_micros,
        "undistributed_usd_micros": one.undistributed_usd_micros,
    }


def theirs_row(one: EstimatedPayout | None, at: float) -> Row | None:
    """The node's own estimate, asked at `at`."""
    if one is None:
        return None
    return {
        "now_usd_micros": usd_micros(one.current_month.payout_cents),
        "held_usd_micros": usd_micros(one.current_month.held_cents),
        "expected_usd_micros": usd_micros(one.expected_cents),
        "previous_usd_micros": usd_micros(one.previous_month.payout_cents),
        "at": at,
        "source": "api",
    }


def comparison_row(one: Comparison | None) -> Row | None:
    """Ours beside the other side's, with the reasons."""
    if one is None:
        return None
    return {
        "agrees": one.agrees,
        "reasons": list(one.reasons),
        "differences": [
            {
                "category": d.category,
                "ours_usd_micros": d.ours_usd_micros,
                "theirs_usd_micros": d.theirs_usd_micros,
                "difference_usd_micros": d.difference_usd_micros,
            }
            for d in one.differences
        ],
    }


def held_sum_row(held: Sequence[HeldPosition]) -> Row:
    """What several satellites hold."""
    return {
        "held_usd_micros": sum(one.held_usd_micros for one in held),
        "disposed_usd_micros": sum(one.disposed_usd_micros for one in held),
        "net_usd_micros": sum(one.net_usd_micros for one in held),
        "return_usd_micros": sum(one.return_usd_micros for one in held),
        "exit_usd_micros": sum(one.exit_usd_micros for one in held),
        "lost_usd_micros": sum(one.lost_usd_micros for one in held),
    }


def profit_row(one: Profit | None) -> Row | None:
    """What is left after costs."""
    if one is None:
        return None
    return {
        "revenue_usd_micros": one.revenue_usd_micros,
        "power_usd_micros": one.power_usd_micros,
        "fixed_usd_micros": one.fixed_usd_micros,
        "profit_usd_micros": one.profit_usd_micros,
    }


def revenue_row(one: Revenue) -> Row:
    """What a TB brings."""
    return {name: getattr(one, name) for name in one.__struct_fields__}


def unpaid_row(one: UnpaidData | None) -> Row | None:
    """What lies on the disk for nothing."""
    if one is None:
        return None
    return {
        "trash_bytes": one.trash_bytes,
        "reclaimable_bytes": one.reclaimable_bytes,
        "uncollected_bytes": one.uncollected_bytes,
        "total_bytes": one.total_bytes,
        "total_usd_micros_per_month": one.total_usd_micros_per_month,
    }


def band_row(one: Band | None) -> Row | None:
    """Where the month's end may lie."""
    return None if one is None else {"low_usd_micros": one.low_usd_micros, "high_usd_micros": one.high_usd_micros}


def currency_row(one: Currency | None) -> Row | None:
    """Another currency, for those who read the page."""
    return None if one is None else {"code": one.code, "per_usd": float(one.per_usd)}
