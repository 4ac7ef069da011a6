"""Topic and question `earnings`: a row for each satellite of a node, one for the node, one for all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.financial_tracker.balance import balance
from storj_monitor.financial_tracker.earnings import NodeInputs, node_earnings
from storj_monitor.financial_tracker.estimate import usd_micros
from storj_monitor.financial_tracker.months import end_ms, start_ms
from storj_monitor.financial_tracker.revenue import unpaid_data
from storj_monitor.model.earnings import EstimatedPayout
from storj_monitor.model.estimates import (
    Balance,
    Comparison,
    HeldPosition,
    MonthEstimate,
    MonthUsage,
    NodeEarnings,
    Profit,
    SatelliteEstimate,
)
from storj_monitor.model.figures import Figure, Help
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.views.figures import helps
from storj_monitor.views.names import satellite_name
from storj_monitor.views.subjects import Money, NodeSubjects, Subject
from storj_monitor.views.tables import Row, Rows

HELP = MappingProxyType(
    {
        "now": Help(
            "What this month has brought so far, before (gross) and after (payout) what is held back, by the node's own formulas.",
            "It grows every day; storage counts by the hour, traffic as it comes.",
            "Compare with the node's own figure beside it; the reasons of a difference are given in words.",
        ),
        "expected": Help(
            "The month at its end if it goes on as so far.",
            "Rough in the first days of a month, within some percent later.",
            "Nothing: it is a forecast, not a promise.",
        ),
        "held": Help(
            "Part of a new node's pay that the satellite keeps: 75 % in months 1 to 3, 50 % in 4 to 6, 25 % in 7 to 9.",
            "Nothing more is held from month 10 on; half comes back after month 15, the rest at a graceful exit.",
            "Do not let the node be disqualified: then the held amount is lost.",
        ),
        "balance": Help(
            "All paystubs together: earned, held, paid (approved), distributed (really transferred).",
            "Undistributed money waits until it is worth a transfer (a threshold of the payout network).",
            "If it stays high for months, look at the wallet and at the payout network that the node has opted in to.",
        ),
        "prices": Help(
            "What the satellite pays, as the node knows it. `published` means that nobody asked the satellite.",
            "From the node.",
            "Set your own prices only if you know better.",
        ),
        "comparison": Help(
            "Our estimate beside the node's own, category by category.",
            "They agree within a cent.",
            "Read the reasons: mostly the two were made at different moments.",
        ),
        "unpaid": Help(
            "Data on the disk that nobody pays for: trash, dead space of the hashstore, pieces that satellites do not count (any more).",
            "Some percent of what is used.",
            "If it stays above 10 %, see the storage card: a filewalker, garbage collection or compaction may not have finished.",
        ),
        "score": Help(
            "How far our last estimate of a month was from its paystub.",
            "Within a few percent.",
            "Read the reasons beside it.",
        ),
    }
)
HELP_TEXTS = helps(HELP)


class _Made(NamedTuple):
    revisions: tuple[int, int]
    earnings: NodeEarnings
    rows: Rows


class EarningsView:
    """Estimates are made once for a change, however many pages and questions look."""

    def __init__(self) -> None:
        self._made: dict[str, _Made] = {}

    def rows(self, nodes: Iterable[NodeSubjects], now: float) -> Rows:
        """By "" (fleet), node, `node/satellite`."""
        every = list(nodes)
        made = {node.name: self._of(node, now) for node in every}
        told = {name: one for name, one in made.items() if one is not None}
        if not told:
            return {}
        rows: Rows = {"": _fleet(list(told.values()), [node.name for node in every if node.name not in told], every)}
        for one in told.values():
            rows.update(one.rows)
        return rows

    def estimate_of(self, node: NodeSubjects, now: float) -> NodeEarnings | None:
        """All figures of one node; None before its first answer about money."""
        made = self._of(node, now)
        return None if made is None else made.earnings

    def _of(self, node: NodeSubjects, now: float) -> _Made | None:
        money = node.money
        if not (money.usages or money.stubs):
            return None
        revisions = (node.revisions[Subject.EARNINGS], len(node.disqualified_ms))
        made = self._made.get(node.name)
        if made is None or made.revisions != revisions:
            earnings = node_earnings(inputs_of(node), money.now_ms or int(now * 1000))
            made = self._made[node.name] = _Made(revisions, earnings, _rows(node, earnings, now))
        return made


def inputs_of(node: NodeSubjects) -> NodeInputs:
    """What is known of a node's money, as the tracker wants it."""
    money = node.money
    return NodeInputs(
        usages=money.usages,
        kept=money.kept,
        pricing=money.pricing,
        disqualified_ms=node.disqualified_ms,
        estimates=money.estimates,
        stubs=money.stubs,
        held_history=money.held_history,
    )


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


def _rows(node: NodeSubjects, earnings: NodeEarnings, now: float) -> Rows:
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
            "theirs": _theirs(money.estimates.get(""), money),
            "comparison": _comparison(earnings.comparison),
            "forecast_reasons": list(earnings.forecast_reasons),
            "held": _held_sum(earnings.held),
            "balance": balance_row(earnings.balance),
            "revenue": {name: getattr(earnings.revenue, name) for name in earnings.revenue.__struct_fields__},
            "unpaid": _unpaid(node, earnings, now),
            "profit_now": _profit(earnings.profit_now),
            "profit_month_end": _profit(earnings.profit_month_end),
        }
    }
    for one in estimate.satellites:
        rows[f"{node.name}/{one.satellite}"] = {
            "kind": "satellite",
            **common,
            **_satellite(one),
            "theirs": _theirs(money.estimates.get(one.satellite), money),
            "comparison": _comparison(comparisons.get(one.satellite)),
            "held": _held(held.get(one.satellite)),
        }
    return rows


def _satellite(one: SatelliteEstimate) -> Row:
    prices = one.prices
    return {
        "satellite": one.satellite,
        "name": satellite_name(one.satellite),
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


def _theirs(one: EstimatedPayout | None, money: Money) -> Row | None:
    if one is None:
        return None
    return {
        "now_usd_micros": usd_micros(one.current_month.payout_cents),
        "held_usd_micros": usd_micros(one.current_month.held_cents),
        "expected_usd_micros": usd_micros(one.expected_cents),
        "previous_usd_micros": usd_micros(one.previous_month.payout_cents),
        "at": money.estimated_at,
        "source": "api",
    }


def _comparison(one: Comparison | None) -> Row | None:
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


def _held(one: HeldPosition | None) -> Row | None:
    if one is None:
        return None
    fields = {name: getattr(one, name) for name in one.__struct_fields__ if name not in ("satellite", "stages_usd_micros")}
    return {**fields, "net_usd_micros": one.net_usd_micros, "stages_usd_micros": list(one.stages_usd_micros)}


def _held_sum(held: Sequence[HeldPosition]) -> Row:
    return {
        "held_usd_micros": sum(one.held_usd_micros for one in held),
        "disposed_usd_micros": sum(one.disposed_usd_micros for one in held),
        "net_usd_micros": sum(one.net_usd_micros for one in held),
        "return_usd_micros": sum(one.return_usd_micros for one in held),
        "exit_usd_micros": sum(one.exit_usd_micros for one in held),
        "lost_usd_micros": sum(one.lost_usd_micros for one in held),
    }


def _unpaid(node: NodeSubjects, earnings: NodeEarnings, now: float) -> Row | None:
    picture = reconcile(node.space.evidence, now)
    if picture.used is None or picture.pieces is None or picture.reported is None:
        return None

    def value(one: Figure[int] | None) -> int:
        return one.value if one else 0

    unpaid = unpaid_data(
        value(picture.trash),
        value(picture.reclaimable),
        picture.pieces.value - picture.reported.value,
        earnings.unpaid_price_usd_micros_per_tb_month,
    )
    return {
        "trash_bytes": unpaid.trash_bytes,
        "reclaimable_bytes": unpaid.reclaimable_bytes,
        "uncollected_bytes": unpaid.uncollected_bytes,
        "total_bytes": unpaid.total_bytes,
        "total_usd_micros_per_month": unpaid.total_usd_micros_per_month,
    }


def _profit(one: Profit | None) -> Row | None:
    if one is None:
        return None
    return {
        "revenue_usd_micros": one.revenue_usd_micros,
        "power_usd_micros": one.power_usd_micros,
        "fixed_usd_micros": one.fixed_usd_micros,
        "profit_usd_micros": one.profit_usd_micros,
    }


def _fleet(told: Sequence[_Made], left_out: list[str], nodes: Sequence[NodeSubjects]) -> Row:
    estimates = [one.earnings.estimate for one in told]
    # One node id under two names has its paystubs once.
    stubs = {key: stub for node in nodes for key, stub in node.money.stubs.items()}
    return {
        "kind": "fleet",
        "node": "",
        "satellite": "",
        "name": "",
        "source": "computed",
        "at": max(node.money.at for node in nodes),
        "now": month_row(_sum([one.now for one in estimates])),
        "month_end": month_row(_sum([one.month_end for one in estimates])),
        "expected_usd_micros": sum(one.expected_usd_micros for one in estimates),
        "previous": month_row(_sum([one.previous for one in estimates])),
        "theirs": _their_sum(nodes),
        "comparison": None,
        "balance": balance_row(balance(stubs.values())),
        "held": _held_sum([position for one in told for position in one.earnings.held]),
        "nodes": len(told),
        "left_out": left_out,
    }


def _their_sum(nodes: Iterable[NodeSubjects]) -> Row | None:
    rows = [row for node in nodes if (row := _theirs(node.money.estimates.get(""), node.money)) is not None]
    if not rows:
        return None
    sums = {name: sum(int(str(row[name])) for row in rows) for name in rows[0] if name.endswith("_usd_micros")}
    return {**sums, "at": min(float(str(row["at"])) for row in rows), "source": "api"}


def _sum(months: Iterable[MonthEstimate | None]) -> MonthEstimate | None:
    """Months of the newest period added up; None when there are none (or some are too young to tell)."""
    known = [month for month in months if month is not None]
    if not known:
        return None
    period = max(month.period for month in known)
    same = [month for month in known if month.period == period]

    def total(of: Callable[[MonthEstimate], int]) -> int:
        return sum(map(of, same))

    return MonthEstimate(
        satellite="",
        period=period,
        through_ms=min(max(month.through_ms for month in same), end_ms(period)) if same else start_ms(period),
        usage=MonthUsage(
            egress_bytes=total(lambda m: m.usage.egress_bytes),
            repair_bytes=total(lambda m: m.usage.repair_bytes),
            audit_bytes=total(lambda m: m.usage.audit_bytes),
            storage_byte_months=sum(m.usage.storage_byte_months for m in same),
        ),
        egress_usd_micros=total(lambda m: m.egress_usd_micros),
        repair_usd_micros=total(lambda m: m.repair_usd_micros),
        audit_usd_micros=total(lambda m: m.audit_usd_micros),
        storage_usd_micros=total(lambda m: m.storage_usd_micros),
        held_usd_micros=total(lambda m: m.held_usd_micros),
        disposed_usd_micros=total(lambda m: m.disposed_usd_micros),
    )
