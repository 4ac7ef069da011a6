"""Parts of the rows of `earnings`, as they go on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from storj_monitor.financial_tracker.estimate import usd_micros
from storj_monitor.financial_tracker.export import Currency
from storj_monitor.model.earnings import EstimatedPayout
from storj_monitor.model.estimates import Band, HeldPosition, MonthEstimate
from storj_monitor.views.wire import earnings as wire


def month_row(month: MonthEstimate | None) -> wire.Month | None:
    """One month, as far as it is estimated."""
    if month is None:
        return None
    usage = month.usage
    return wire.Month(
        period=month.period,
        through=month.through_ms / 1000,
        egress_bytes=usage.egress_bytes,
        repair_bytes=usage.repair_bytes,
        audit_bytes=usage.audit_bytes,
        storage_byte_months=usage.storage_byte_months,
        egress_usd_micros=month.egress_usd_micros,
        repair_usd_micros=month.repair_usd_micros,
        audit_usd_micros=month.audit_usd_micros,
        storage_usd_micros=month.storage_usd_micros,
        gross_usd_micros=month.gross_usd_micros,
        held_percent=month.held_percent,
        held_usd_micros=month.held_usd_micros,
        disposed_usd_micros=month.disposed_usd_micros,
        payout_usd_micros=month.payout_usd_micros,
    )


def theirs_row(one: EstimatedPayout | None, at: float) -> wire.NodeOwnEstimate | None:
    """The node's own estimate, asked at `at`."""
    if one is None:
        return None
    return wire.NodeOwnEstimate(
        now_usd_micros=usd_micros(one.current_month.payout_cents),
        held_usd_micros=usd_micros(one.current_month.held_cents),
        expected_usd_micros=usd_micros(one.expected_cents),
        previous_usd_micros=usd_micros(one.previous_month.payout_cents),
        at=at,
        source="api",
    )


def held_sum_row(held: Sequence[HeldPosition]) -> wire.HeldSum:
    """What several satellites hold."""
    return wire.HeldSum(
        held_usd_micros=sum(one.held_usd_micros for one in held),
        disposed_usd_micros=sum(one.disposed_usd_micros for one in held),
        net_usd_micros=sum(one.net_usd_micros for one in held),
        return_usd_micros=sum(one.return_usd_micros for one in held),
        exit_usd_micros=sum(one.exit_usd_micros for one in held),
        lost_usd_micros=sum(one.lost_usd_micros for one in held),
    )


def band_row(one: Band | None) -> wire.Band | None:
    """Where the month's end may lie."""
    return None if one is None else wire.Band(**one._asdict())


def currency_row(one: Currency | None) -> wire.Currency | None:
    """Another currency, for those who read the page."""
    return None if one is None else wire.Currency(code=one.code, per_usd=float(one.per_usd))
