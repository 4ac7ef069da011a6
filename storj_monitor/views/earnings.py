"""Topic and question `earnings`: a row for each satellite of a node, one for the node, one for all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.help_texts import HELP
from storj_monitor.financial_tracker.missing import MissingSatellite, missing_paystubs, missing_satellites, why_nothing
from storj_monitor.financial_tracker.revenue import unpaid_data
from storj_monitor.financial_tracker.terms import PricingTerms
from storj_monitor.model.estimates import Comparison, HeldPosition, NodeEarnings, SatelliteEstimate, UnpaidData
from storj_monitor.model.figures import Figure
from storj_monitor.state.node_status import NodeStatus, Topic, name_at
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.views.earnings_fleet import LeftOut, NodeMoney, fleet_row
from storj_monitor.views.earnings_rows import band_row, currency_row, held_sum_row, month_row, theirs_row
from storj_monitor.views.figures import alike, helps
from storj_monitor.views.memo import Memo
from storj_monitor.views.wire import earnings as wire

HELP_TEXTS = helps(HELP)


class _Made(NamedTuple):
    money: NodeMoney
    rows: dict[str, wire.EarningsNodeRow | wire.EarningsSatelliteRow]


class EarningsView:
    """Rows are made once for a change, however many pages and questions look. `estimates` are shared with all who ask for them."""

    def __init__(self, estimates: NodeEstimates) -> None:
        self._estimates = estimates
        self._made: Memo[_Made] = Memo()

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> dict[str, wire.EarningsRow]:
        """By "" (fleet), node, `node/satellite`."""
        every = list(nodes)
        made = {node.name: self._of(node, now) for node in every}
        told = [one for one in made.values() if one is not None]
        if not told:
            return {}
        silent = [name for name, one in made.items() if one is None]
        left_out = LeftOut(
            silent,
            [missing_row(node, lost) for node in every if node.name not in silent for lost in missing_satellites(node)],
            [wire.LeftOutPaystubs(node=node.name, why=why) for node in every if (why := missing_paystubs(node))],
        )
        rows: dict[str, wire.EarningsRow] = {"": fleet_row([one.money for one in told], left_out, self._estimates.terms.currency)}
        for one in told:
            rows.update(one.rows)
        return rows

    def _of(self, node: NodeStatus, now: float) -> _Made | None:
        earnings = self._estimates.of(node, now)
        if earnings is None:
            return None

        def make() -> _Made:
            known = NodeMoney(node, earnings, _unpaid(node, earnings, now))
            return _Made(known, _rows(known, self._estimates.terms))

        return self._made.of(node.name, node.revisions[Topic.STORAGE], make, made_of=earnings)


def _rows(known: NodeMoney, terms: PricingTerms) -> dict[str, wire.EarningsNodeRow | wire.EarningsSatelliteRow]:
    node, earnings = known.node, known.earnings
    comparisons = {one.satellite: one for one in earnings.satellite_comparisons}
    held = {one.satellite: one for one in earnings.held}
    rows: dict[str, wire.EarningsNodeRow | wire.EarningsSatelliteRow] = {node.name: _node(known, terms)}
    for lost in missing_satellites(node):
        rows[f"{node.name}/{lost.satellite}"] = _unknown(node, lost, held.get(lost.satellite))
    for one in earnings.estimate.satellites:
        rows[f"{node.name}/{one.satellite}"] = _satellite(node, one, comparisons.get(one.satellite), held.get(one.satellite))
    return rows


def _node(known: NodeMoney, terms: PricingTerms) -> wire.EarningsNodeRow:
    node, earnings = known.node, known.earnings
    estimate, money = earnings.estimate, node.money
    return wire.EarningsNodeRow(
        node=node.name,
        satellite="",
        name=node.name,
        source="computed",
        at=money.at,
        now=month_row(estimate.now),
        month_end=month_row(estimate.month_end),
        expected_usd_micros=estimate.expected_usd_micros,
        previous=month_row(estimate.previous),
        theirs=theirs_row(money.estimates.get(""), money.estimated_at),
        comparison=alike(wire.Comparison, earnings.comparison),
        forecast_reasons=list(earnings.forecast_reasons),
        held=held_sum_row(earnings.held),
        balance=alike(wire.Balance, earnings.balance),
        band=band_row(earnings.band),
        revenue=alike(wire.Revenue, earnings.revenue),
        unpaid=alike(wire.Unpaid, known.unpaid),
        profit_now=alike(wire.Profit, earnings.profit_now),
        profit_month_end=alike(wire.Profit, earnings.profit_month_end),
        currency=currency_row(terms.currency),
        left_out_satellites=[missing_row(node, lost) for lost in missing_satellites(node)],
    )


def _satellite(
    node: NodeStatus, one: SatelliteEstimate, comparison: Comparison | None, held: HeldPosition | None
) -> wire.EarningsSatelliteRow:
    return wire.EarningsSatelliteRow(
        node=node.name,
        satellite=one.satellite,
        name=name_at(node, one.satellite),
        source="computed",
        at=node.money.at,
        now=month_row(one.now),
        month_end=month_row(one.month_end),
        expected_usd_micros=one.expected_usd_micros,
        previous=month_row(one.previous),
        theirs=theirs_row(node.money.estimates.get(one.satellite), node.money.estimated_at),
        comparison=alike(wire.Comparison, comparison),
        prices=alike(wire.Prices, one.prices),
        formula=one.formula.value,
        joined_at=None if one.joined_ms is None else one.joined_ms / 1000,
        disqualified_at=None if one.disqualified_ms is None else one.disqualified_ms / 1000,
        notes=list(one.notes),
        unknown=why_nothing(node, one.satellite) or None,
        held=alike(wire.Held, held),
    )


def _unknown(node: NodeStatus, lost: MissingSatellite, held: HeldPosition | None) -> wire.EarningsSatelliteRow:
    """A satellite of which nothing is known this month, and why."""
    return wire.EarningsSatelliteRow(
        node=node.name,
        satellite=lost.satellite,
        name=name_at(node, lost.satellite),
        source="computed",
        at=node.money.at,
        now=None,
        month_end=None,
        expected_usd_micros=None,
        previous=None,
        theirs=None,
        comparison=None,
        prices=None,
        formula=None,
        joined_at=None,
        disqualified_at=None,
        notes=[lost.why],
        unknown=lost.why,
        held=alike(wire.Held, held),
    )


def missing_row(node: NodeStatus, lost: MissingSatellite) -> wire.LeftOutSatellite:
    """A satellite that a sum leaves out."""
    return wire.LeftOutSatellite(node=lost.node, satellite=lost.satellite, name=name_at(node, lost.satellite), why=lost.why)


def _unpaid(node: NodeStatus, earnings: NodeEarnings, now: float) -> UnpaidData | None:
    picture = reconcile(node.space.evidence, now)
    if picture.used is None or picture.pieces is None or picture.reported is None:
        return None

    def value(one: Figure[int] | None) -> int:
        return one.value if one else 0

    return unpaid_data(
        value(picture.trash),
        value(picture.reclaimable),
        picture.pieces.value - picture.reported.value,
        earnings.unpaid_price_usd_micros_per_tb_month,
    )
