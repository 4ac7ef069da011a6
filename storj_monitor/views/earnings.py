"""Topic and question `earnings`: a row for each satellite of a node, one for the node, one for all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.help_texts import HELP
from storj_monitor.financial_tracker.missing import MissingSatellite, missing_paystubs, missing_satellites, why_nothing
from storj_monitor.financial_tracker.revenue import unpaid_data
from storj_monitor.financial_tracker.terms import OwnTerms
from storj_monitor.model.estimates import HeldPosition, NodeEarnings, SatelliteEstimate, UnpaidData
from storj_monitor.model.figures import Figure
from storj_monitor.state.node_status import NodeStatus, Topic, name_at
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.views.earnings_fleet import NodeMoney, fleet_row
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
from storj_monitor.views.figures import helps
from storj_monitor.views.tables import Row, Rows

HELP_TEXTS = helps(HELP)


class _Made(NamedTuple):
    """`earnings` and `of_space`: what it was made of."""

    earnings: NodeEarnings
    of_space: int
    money: NodeMoney
    rows: Rows


class EarningsView:
    """Rows are made once for a change, however many pages and questions look. `estimates` are shared with all who ask for them."""

    def __init__(self, estimates: NodeEstimates) -> None:
        self._estimates = estimates
        self._made: dict[str, _Made] = {}

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> Rows:
        """By "" (fleet), node, `node/satellite`."""
        every = list(nodes)
        made = {node.name: self._of(node, now) for node in every}
        told = [one for one in made.values() if one is not None]
        if not told:
            return {}
        left_out = [name for name, one in made.items() if one is None]
        rows: Rows = {"": fleet_row([one.money for one in told], left_out, self._estimates.terms.currency)}
        rows[""]["left_out_satellites"] = [
            missing_row(node, lost) for node in every if node.name not in left_out for lost in missing_satellites(node)
        ]
        rows[""]["left_out_paystubs"] = [{"node": node.name, "why": why} for node in every if (why := missing_paystubs(node))]
        for one in told:
            rows.update(one.rows)
        return rows

    def _of(self, node: NodeStatus, now: float) -> _Made | None:
        earnings, of_space = self._estimates.of(node, now), node.revisions[Topic.STORAGE]
        if earnings is None:
            return None
        made = self._made.get(node.name)
        if made is None or made.earnings is not earnings or made.of_space != of_space:
            known = NodeMoney(node, earnings, _unpaid(node, earnings, now))
            made = self._made[node.name] = _Made(earnings, of_space, known, _rows(known, self._estimates.terms))
        return made


def _rows(known: NodeMoney, terms: OwnTerms) -> Rows:
    node, earnings = known.node, known.earnings
    estimate, money = earnings.estimate, node.money
    comparisons = {one.satellite: one for one in earnings.satellite_comparisons}
    held = {one.satellite: one for one in earnings.held}
    common = {"node": node.name, "source": "computed", "at": money.at}
    rows: Rows = {
        node.name: {
            "kind": "node",
            **common,
            "satellite": "",
            "name": node.name,
            "now": month_row(estimate.now),
            "month_end": month_row(estimate.month_end),
            "expected_usd_micros": estimate.expected_usd_micros,
            "previous": month_row(estimate.previous),
            "theirs": theirs_row(money.estimates.get(""), money.estimated_at),
            "comparison": comparison_row(earnings.comparison),
            "forecast_reasons": list(earnings.forecast_reasons),
            "held": held_sum_row(earnings.held),
            "balance": balance_row(earnings.balance),
            "band": band_row(earnings.band),
            "revenue": revenue_row(earnings.revenue),
            "unpaid": unpaid_row(known.unpaid),
            "profit_now": profit_row(earnings.profit_now),
            "profit_month_end": profit_row(earnings.profit_month_end),
            "currency": currency_row(terms.currency),
            "left_out_satellites": [missing_row(node, lost) for lost in missing_satellites(node)],
        }
    }
    for lost in missing_satellites(node):
        rows[f"{node.name}/{lost.satellite}"] = _unknown(lost, held.get(lost.satellite), common | {"name": name_at(node, lost.satellite)})
    for one in estimate.satellites:
        rows[f"{node.name}/{one.satellite}"] = {
            "kind": "satellite",
            **common,
            **_satellite(one),
            "name": name_at(node, one.satellite),
            "unknown": why_nothing(node, one.satellite) or None,
            "theirs": theirs_row(money.estimates.get(one.satellite), money.estimated_at),
            "comparison": comparison_row(comparisons.get(one.satellite)),
            "held": _held(held.get(one.satellite)),
        }
    return rows


def _satellite(one: SatelliteEstimate) -> Row:
    prices = one.prices
    return {
        "satellite": one.satellite,
        "now": month_row(one.now),
        "month_end": month_row(one.month_end),
        "expected_usd_micros": one.expected_usd_micros,
        "previous": month_row(one.previous),
        "prices": {
            "egress_usd_micros_per_tb": prices.egress_usd_micros_per_tb,
            "repair_usd_micros_per_tb": prices.repair_usd_micros_per_tb,
            "audit_usd_micros_per_tb": prices.audit_usd_micros_per_tb,
            "storage_usd_micros_per_tb_month": prices.storage_usd_micros_per_tb_month,
            "source": prices.source.value,
            "overridden": list(prices.overridden),
        },
        "formula": one.formula.value,
        "joined_at": None if one.joined_ms is None else one.joined_ms / 1000,
        "disqualified_at": None if one.disqualified_ms is None else one.disqualified_ms / 1000,
        "notes": list(one.notes),
    }


def _unknown(lost: MissingSatellite, held: HeldPosition | None, common: Row) -> Row:
    """A satellite of which nothing is known this month, and why."""
    nothing = ("now", "month_end", "expected_usd_micros", "previous", "theirs", "comparison", "prices", "joined_at", "disqualified_at")
    return {
        "kind": "satellite",
        **common,
        "satellite": lost.satellite,
        **dict.fromkeys(nothing),
        "formula": None,
        "held": _held(held),
        "notes": [lost.why],
        "unknown": lost.why,
    }


def missing_row(node: NodeStatus, lost: MissingSatellite) -> Row:
    """A satellite that a sum leaves out."""
    return {"node": lost.node, "satellite": lost.satellite, "name": name_at(node, lost.satellite), "why": lost.why}


def _held(one: HeldPosition | None) -> Row | None:
    if one is None:
        return None
    fields = {name: getattr(one, name) for name in one.__struct_fields__ if name not in ("satellite", "stages_usd_micros")}
    return {**fields, "net_usd_micros": one.net_usd_micros, "stages_usd_micros": list(one.stages_usd_micros)}


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
