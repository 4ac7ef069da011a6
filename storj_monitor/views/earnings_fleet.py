"""The row of `earnings` for all nodes of a view together; every sum says which nodes it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storj_monitor.financial_tracker.comparison import compare_nodes
from storj_monitor.financial_tracker.days import month_band, sum_days
from storj_monitor.financial_tracker.estimate import sum_months
from storj_monitor.financial_tracker.export import Currency
from storj_monitor.financial_tracker.held import balance
from storj_monitor.financial_tracker.revenue import revenue_per_tb, sum_profits, sum_unpaid
from storj_monitor.model.estimates import DayEarnings, MonthEstimate, NodeEarnings, UnpaidData
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.views.earnings_rows import band_row, currency_row, held_sum_row, month_row, theirs_row
from storj_monitor.views.figures import alike
from storj_monitor.views.wire import earnings as wire
from storj_monitor.views.wire.earnings import SummedDay, SummedForecast

# ---- Sums over nodes of what each of them was expected to earn and has earned, day by day: as large for a hundred nodes as for one.


_DAY_S = 86_400


class MadeForecast(NamedTuple):
    """What a month was expected to bring, as it was made at `made` (Unix seconds); a row of database.node_history."""

    node: str
    period: str
    made: float
    now_usd_micros: int
    expected_usd_micros: int
    theirs_usd_micros: int | None


def day_sums(nodes: Sequence[Sequence[DayEarnings]]) -> list[SummedDay]:
    """Oldest first. A day is complete when it is for every node that has it."""
    sums: dict[int, int] = {}
    incomplete: set[int] = set()
    for days in nodes:
        for day in days:
            sums[day.start_ms] = sums.get(day.start_ms, 0) + day.usd_micros
            if not day.complete:
                incomplete.add(day.start_ms)
    return [
        SummedDay(day=start_ms / 1000, payout_usd_micros=micros, complete=start_ms not in incomplete)
        for start_ms, micros in sorted(sums.items())
    ]


def forecast_sums(made: Sequence[MadeForecast]) -> list[SummedForecast]:
    """The last of each UTC day, oldest first. The sum of a period begins when all nodes that ever told of it have told."""
    tellers: dict[str, set[str]] = {}
    for one in made:
        tellers.setdefault(one.period, set()).add(one.node)
    known: dict[str, dict[str, int]] = {period: {} for period in tellers}
    sums: dict[tuple[str, int], SummedForecast] = {}
    for one in sorted(made, key=lambda one: one.made):
        known[one.period][one.node] = one.expected_usd_micros
        if len(known[one.period]) == len(tellers[one.period]):
            expected = sum(known[one.period].values())
            sums[one.period, int(one.made // _DAY_S)] = SummedForecast(period=one.period, made=one.made, expected_usd_micros=expected)
    return list(sums.values())


# ---- The row of `earnings` for all nodes of a view together; every sum says which nodes it leaves out.


class NodeMoney(NamedTuple):
    """One node that has told of its money."""

    node: NodeStatus
    earnings: NodeEarnings
    unpaid: UnpaidData | None


class LeftOut(NamedTuple):
    """What sums of all nodes leave out: nodes without figures, satellites, paystubs."""

    nodes: list[str]
    satellites: list[wire.LeftOutSatellite]
    paystubs: list[wire.LeftOutPaystubs]


def fleet_row(told: Sequence[NodeMoney], left_out: LeftOut, currency: Currency | None) -> wire.EarningsFleetRow:
    """`told` must not be empty.

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
    comparison = compare_nodes(compared, [one.node.name for one in told if one.node.name not in compared])
    band = None if now is None else month_band(days, now.payout_usd_micros, expected, max(one.estimate.now.through_ms for one in every))
    return wire.EarningsFleetRow(
        node="",
        satellite="",
        name="",
        source="computed",
        at=max(one.node.money.at for one in told),
        now=month_row(now),
        month_end=month_row(_sum(one.estimate.month_end for one in every)),
        expected_usd_micros=expected,
        band=band_row(band),
        previous=month_row(_sum(one.estimate.previous for one in every)),
        theirs=_their_sum(told),
        comparison=alike(wire.Comparison, comparison),
        balance=alike(wire.Balance, balance(stubs.values())),
        held=held_sum_row([position for one in ever for position in one.held]),
        revenue=None if now is None else alike(wire.Revenue, revenue_per_tb(now)),
        unpaid=alike(wire.Unpaid, sum_unpaid(one.unpaid for one in told)),
        profit_now=alike(wire.Profit, sum_profits(one.profit_now for one in every)),
        profit_month_end=alike(wire.Profit, sum_profits(one.profit_month_end for one in every)),
        without_costs=[one.node.name for one in told if one.earnings.profit_now is None],
        currency=currency_row(currency),
        nodes=len(told),
        left_out=[*left_out.nodes, *behind],
        left_out_satellites=left_out.satellites,
        left_out_paystubs=left_out.paystubs,
    )


def _their_sum(told: Iterable[NodeMoney]) -> wire.NodeOwnEstimate | None:
    rows = [row for one in told if (row := theirs_row(one.node.money.estimates.get(""), one.node.money.estimated_at)) is not None]
    if not rows:
        return None
    return wire.NodeOwnEstimate(
        now_usd_micros=sum(one.now_usd_micros for one in rows),
        held_usd_micros=sum(one.held_usd_micros for one in rows),
        expected_usd_micros=sum(one.expected_usd_micros for one in rows),
        previous_usd_micros=sum(one.previous_usd_micros for one in rows),
        at=min(one.at for one in rows),
        source="api",
    )


def _sum(months: Iterable[MonthEstimate | None]) -> MonthEstimate | None:
    """Months of the newest period added up; None when there are none (or some are too young to tell)."""
    known = [month for month in months if month is not None]
    if not known:
        return None
    period = max(month.period for month in known)
    same = [month for month in known if month.period == period]
    return sum_months(same, period, max(month.through_ms for month in same))
