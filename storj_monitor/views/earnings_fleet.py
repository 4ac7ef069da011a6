"""The row of `earnings` for all nodes of a view together; every sum says which nodes it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from storj_monitor.financial_tracker.comparison import compare_nodes
from storj_monitor.financial_tracker.days import month_band, sum_days
from storj_monitor.financial_tracker.estimate import sum_months
from storj_monitor.financial_tracker.export import Currency
from storj_monitor.financial_tracker.held import balance
from storj_monitor.financial_tracker.revenue import revenue_per_tb, sum_profits, sum_unpaid
from storj_monitor.model.estimates import MonthEstimate, NodeEarnings, UnpaidData
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.views.earnings_rows import (
    balance_row,
    band_row,
    comparison_row,
    currency_row,
    held_sum_row,
    month_row,
    profit_row,
    revenue_row,
    theirs_row,
    unpaid_row,
)
from storj_monitor.views.tables import Row


class NodeMoney(NamedTuple):
    """One node that has told of its money."""

    node: NodeStatus
    earnings: NodeEarnings
    unpaid: UnpaidData | None


def fleet_row(told: Sequence[NodeMoney], left_out: list[str], currency: Currency | None) -> Row:
    """`told` must not be empty; `left_out` are the nodes of the view without figures.

    A node whose newest figures are of an earlier month is left out of the sums of this one; what was paid and is held counts for ever.
    """
    # One node id under two names has its paystubs once.
    stubs = {key: stub for one in told for key, stub in one.node.money.stubs.items()}
    period = max(one.earnings.estimate.now.period for one in told)
    ever, behind = [one.earnings for one in told], [one.node.name for one in told if one.earnings.estimate.now.period != period]
    told = [one for one in told if one.node.name not in behind]
    every = [one.earnings for one in told]
    now = _sum(one.estimate.now for one in every)
    expected = sum(one.estimate.expected_usd_micros for one in every)
    days = sum_days(one.days for one in every)
    compared = {one.node.name: one.earnings.comparison for one in told if one.earnings.comparison is not None}
    return {
        "kind": "fleet",
        "node": "",
        "satellite": "",
        "name": "",
        "source": "computed",
        "at": max(one.node.money.at for one in told),
        "now": month_row(now),
        "month_end": month_row(_sum(one.estimate.month_end for one in every)),
        "expected_usd_micros": expected,
        "band": None
        if now is None
        else band_row(month_band(days, now.payout_usd_micros, expected, max(one.estimate.now.through_ms for one in every))),
        "previous": month_row(_sum(one.estimate.previous for one in every)),
        "theirs": _their_sum(told),
        "comparison": comparison_row(compare_nodes(compared, [one.node.name for one in told if one.node.name not in compared])),
        "balance": balance_row(balance(stubs.values())),
        "held": held_sum_row([position for one in ever for position in one.held]),
        "revenue": None if now is None else revenue_row(revenue_per_tb(now)),
        "unpaid": unpaid_row(sum_unpaid(one.unpaid for one in told)),
        "profit_now": profit_row(sum_profits(one.profit_now for one in every)),
        "profit_month_end": profit_row(sum_profits(one.profit_month_end for one in every)),
        "without_costs": [one.node.name for one in told if one.earnings.profit_now is None],
        "currency": currency_row(currency),
        "nodes": len(told),
        "left_out": [*left_out, *behind],
    }


def _their_sum(told: Iterable[NodeMoney]) -> Row | None:
    rows = [row for one in told if (row := theirs_row(one.node.money.estimates.get(""), one.node.money.estimated_at)) is not None]
    if not rows:
        return None
    sums: Mapping[str, int] = {name: sum(int(str(row[name])) for row in rows) for name in rows[0] if name.endswith("_usd_micros")}
    return {**sums, "at": min(float(str(row["at"])) for row in rows), "source": "api"}


def _sum(months: Iterable[MonthEstimate | None]) -> MonthEstimate | None:
    """Months of the newest period added up; None when there are none (or some are too young to tell)."""
    known = [month for month in months if month is not None]
    if not known:
        return None
    period = max(month.period for month in known)
    same = [month for month in known if month.period == period]
    return sum_months(same, period, max(month.through_ms for month in same))
