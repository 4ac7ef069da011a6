"""All about the money of one node, out of what is known of it: the one question that a page asks of this room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from storj_monitor.financial_tracker.comparison import compare_node, compare_previous, compare_satellite, expectation_reasons
from storj_monitor.financial_tracker.days import day_earnings, month_band, sum_days
from storj_monitor.financial_tracker.estimate import estimate_node, estimate_satellite, previous_month_usage
from storj_monitor.financial_tracker.held import balance, expected_disposed_usd_micros, held_position
from storj_monitor.financial_tracker.missing import missing_satellites
from storj_monitor.financial_tracker.months import period_of
from storj_monitor.financial_tracker.revenue import estimate_profit, revenue_per_tb, storage_price_usd_micros
from storj_monitor.financial_tracker.terms import PriceOverride, PricingTerms, override_for, resolve_prices
from storj_monitor.financial_tracker.usage import merge_days
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, Paystub, Pricing, SatelliteUsage, StubKey
from storj_monitor.model.estimates import Comparison, CostRates, HeldPosition, NodeEarnings, NodeEstimate, SatelliteEstimate
from storj_monitor.state.node_status import NodeStatus, Topic, name_at

TOLD_AGAIN_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInputs:
    """What is known of one node. Mappings are by satellite id where nothing else is said; any of them may be empty.

    usages          -- newest answer of each satellite: this is the satellite set
    kept            -- days as stored, with those of the month before (`usage.merge_days`)
    pricing         -- newest prices; where missing, those of the usage answer are taken
    overrides       -- settings; "" is for all satellites
    disqualified_ms -- satellites that have disqualified the node
    estimates       -- the node's own; "" is the sum over all satellites
    costs           -- None: not known, so no profit
    stubs           -- all paystubs of this node, also of satellites that are gone
    missing         -- by name: satellites of this node of whose month nothing is known, and why
    since_ms        -- when this node began to cost money; None means before this month
    """

    usages: Mapping[str, SatelliteUsage]
    kept: Mapping[str, SatelliteUsage] = field(default_factory=dict)
    pricing: Mapping[str, Pricing] = field(default_factory=dict)
    overrides: Mapping[str, PriceOverride] = field(default_factory=dict)
    disqualified_ms: Mapping[str, int] = field(default_factory=dict)
    estimates: Mapping[str, EstimatedPayout] = field(default_factory=dict)
    stubs: Mapping[StubKey, Paystub] = field(default_factory=dict)
    held_history: Mapping[str, HeldHistoryRow] = field(default_factory=dict)
    costs: CostRates | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    since_ms: int | None = None


def node_earnings(inputs: NodeInputs, now_ms: int) -> NodeEarnings:
    """All figures at `now_ms`.

    Beside the node's own estimate the two are closest when `now_ms` is the node's time of that answer: storage counts up to it.
    """
    held = _held(inputs, now_ms)
    period = period_of(now_ms)
    satellites = [
        _satellite(inputs, satellite, now_ms, expected_disposed_usd_micros(held.get(satellite), period))
        for satellite in sorted(inputs.usages)
    ]
    estimate = estimate_node(satellites, now_ms)
    theirs = inputs.estimates.get("")
    days = sum_days(
        day_earnings(_with_days_before(inputs, one.satellite), one.prices, now_ms) for one in satellites if one.disqualified_ms is None
    )
    costs, end = inputs.costs, estimate.month_end
    return NodeEarnings(
        estimate=estimate,
        comparison=None if theirs is None else compare_node(estimate, theirs, inputs.missing),
        satellite_comparisons=_satellite_comparisons(inputs, estimate),
        previous_comparisons=_previous_comparisons(inputs, estimate, now_ms),
        forecast_reasons=() if theirs is None else expectation_reasons(estimate, theirs),
        held=tuple(held.values()),
        balance=balance(inputs.stubs.values()),
        revenue=revenue_per_tb(estimate.now),
        unpaid_price_usd_micros_per_tb_month=storage_price_usd_micros(satellites),
        days=days,
        band=month_band(days, estimate.now.payout_usd_micros, estimate.expected_usd_micros, now_ms),
        profit_now=None if costs is None else estimate_profit(estimate.now, costs, inputs.since_ms),
        profit_month_end=None if costs is None or end is None else estimate_profit(end, costs, inputs.since_ms),
    )


def _with_days_before(inputs: NodeInputs, satellite: str) -> SatelliteUsage:
    """The newest answer, and where there are any the days of the month before."""
    return merge_days(inputs.kept.get(satellite), inputs.usages[satellite], 0)


def _prices_of(inputs: NodeInputs, satellite: str) -> Pricing | None:
    usage = inputs.usages.get(satellite)
    return inputs.pricing.get(satellite) or (None if usage is None else usage.prices)


def _satellite(inputs: NodeInputs, satellite: str, now_ms: int, disposed_usd_micros: int) -> SatelliteEstimate:
    return estimate_satellite(
        inputs.usages[satellite],
        resolve_prices(satellite, _prices_of(inputs, satellite), override_for(satellite, inputs.overrides)),
        now_ms,
        disqualified_ms=inputs.disqualified_ms.get(satellite),
        previous=previous_month_usage(inputs.kept.get(satellite), inputs.estimates.get(satellite), now_ms),
        earlier=kept.storage if (kept := inputs.kept.get(satellite)) is not None else (),
        disposed_usd_micros=disposed_usd_micros,
    )


def _held(inputs: NodeInputs, now_ms: int) -> dict[str, HeldPosition]:
    by_satellite: dict[str, list[Paystub]] = {satellite: [] for satellite in {*inputs.usages, *inputs.held_history}}
    for key, stub in inputs.stubs.items():
        by_satellite.setdefault(key.satellite, []).append(stub)
    positions = {}
    for satellite in sorted(by_satellite):
        usage = inputs.usages.get(satellite)
        joined_ms = None if usage is None else usage.joined_ms
        stubs, history = by_satellite[satellite], inputs.held_history.get(satellite)
        positions[satellite] = held_position(satellite, joined_ms, stubs, history, now_ms, satellite in inputs.disqualified_ms)
    return positions


def _satellite_comparisons(inputs: NodeInputs, estimate: NodeEstimate) -> tuple[Comparison, ...]:
    return tuple(
        compare_satellite(one, inputs.estimates.get(one.satellite), _prices_of(inputs, one.satellite))
        for one in estimate.satellites
        if one.satellite in inputs.estimates or one.disqualified_ms is not None
    )


def _previous_comparisons(inputs: NodeInputs, estimate: NodeEstimate, now_ms: int) -> tuple[Comparison, ...]:
    compared = (
        compare_previous(one, inputs.estimates[one.satellite], now_ms) for one in estimate.satellites if one.satellite in inputs.estimates
    )
    return tuple(one for one in compared if one is not None)


def inputs_of(status: NodeStatus, terms: PricingTerms) -> NodeInputs:
    """What is known of a node's money, as the tracker wants it."""
    money = status.money
    return NodeInputs(
        usages=money.usages,
        kept=money.kept,
        pricing=money.pricing,
        overrides=terms.overrides,
        disqualified_ms=status.disqualified_ms,
        estimates=money.estimates,
        stubs=money.stubs,
        held_history=money.held_history,
        costs=terms.costs.get(status.name),
        missing={name_at(status, one.satellite): one.why for one in missing_satellites(status)},
        since_ms=min((usage.joined_ms for usage in money.usages.values() if usage.joined_ms is not None), default=None),
    )


class NodeEstimates:
    """The figures of each node, made once for a change of its money, however many ask. `terms` are what the operator sets."""

    def __init__(self, terms: PricingTerms | None = None) -> None:
        self.terms = terms or PricingTerms()
        self._made: dict[str, tuple[Hashable, NodeEarnings]] = {}

    def of(self, status: NodeStatus, now: float) -> NodeEarnings | None:
        """All figures of one node; None before its first answer about money."""
        money = status.money
        if not (money.usages or money.stubs):
            return None
        # before the first answer that has the node's time it is ours that counts
        at = money.now_ms or int(now // TOLD_AGAIN_S)
        version = (status.revisions[Topic.EARNINGS], at, tuple(status.disqualified_ms.items()))
        made = self._made.get(status.name)
        if made is None or made[0] != version:
            made = self._made[status.name] = (version, node_earnings(inputs_of(status, self.terms), money.now_ms or int(now * 1000)))
        return made[1]
