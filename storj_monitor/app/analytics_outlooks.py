"""What nodes say of themselves, for the analytics: space once a minute, forecasts only when their inputs have moved or are old.

The gates: a forecast of space at most once an hour and only for a longer history, a downtime budget when a score or an audit window is
another one, earnings at most once an hour and only for a newer answer; each of them again after six hours in any case.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.model.analytics import BudgetOutlook, EarningsOutlook, NodeInput, SpaceOutlook, SpaceSample
from storj_monitor.model.estimates import NodeEarnings, Score
from storj_monitor.model.reputation import NEVER, Reputation
from storj_monitor.model.space import SpacePoint
from storj_monitor.reputation_tracker.online import BudgetState
from storj_monitor.reputation_tracker.report import report
from storj_monitor.state.node_status import NodeRegistry, NodeStatus, Topic
from storj_monitor.storage_tracker.forecast import WINDOWS_DAYS, GrowthState, forecast
from storj_monitor.storage_tracker.history import DAY_S
from storj_monitor.storage_tracker.reconcile import reconcile

HOUR_S = 3600.0
MAX_AGE_S = 6 * HOUR_S
UNTRIED_BAND = 0.25
"""Half-width of the band of an estimate that has never been compared with a paystub."""
SCORED_MONTHS = 6
OLD_SPACE_S = DAY_S
"""Space that nobody told for so long is not known."""


class Told(NamedTuple):
    """What is due of one node; None where nothing is new. `points` and `known` are to be reckoned with elsewhere."""

    samples: Sequence[SpaceSample] = ()
    points: Sequence[SpacePoint] | None = None
    known: Sequence[Reputation] | None = None
    earnings: EarningsOutlook | None = None

    def as_input(self, node: str, now: float) -> NodeInput:
        """With the forecasts made: the dear part, for a thread of its own."""
        return NodeInput(
            node=node,
            read_to_s=0,
            samples=self.samples,
            space=None if self.points is None else space_outlook(self.points, now),
            budget=None if self.known is None else budget_outlook(self.known, now),
            earnings=self.earnings,
        )


class Outlooks:
    """Remembers of each node what was handed out last. Used on the event loop."""

    def __init__(self, registry: NodeRegistry, estimates: NodeEstimates) -> None:
        self._registry = registry
        self._estimates = estimates
        self._handed: dict[tuple[str, str], tuple[Hashable, float]] = {}

    def of(self, name: str, now: float) -> Told:
        """What is due of a node now."""
        node = self._registry.of(name)
        points = node.space.points
        known = tuple(node.standing.known.values())
        earnings = None
        if self._is_due(name, "earnings", node.revisions[Topic.EARNINGS], HOUR_S, now):
            estimate = self._estimates.of(node, now)
            earnings = None if estimate is None else earnings_outlook(node, estimate)
        return Told(
            samples=space_samples(node, now),
            points=points if points and self._is_due(name, "space", (len(points), points[-1].at), HOUR_S, now) else None,
            known=known if known and self._is_due(name, "budget", _scores_of(known), 0.0, now) else None,
            earnings=earnings,
        )

    def again(self) -> None:
        """What was handed out did not arrive: all is due again."""
        self._handed.clear()

    def _is_due(self, name: str, what: str, inputs: Hashable, at_least_s: float, now: float) -> bool:
        last = self._handed.get((name, what))
        if last is not None:
            age_s = now - last[1]
            if 0 <= age_s < at_least_s or (last[0] == inputs and 0 <= age_s < MAX_AGE_S):
                return False
        self._handed[name, what] = (inputs, now)
        return True


def _scores_of(known: Iterable[Reputation]) -> Hashable:
    return tuple((one.satellite, one.online_score and one.online_score.value, one.windows and one.windows.value) for one in known)


def space_samples(node: NodeStatus, now: float) -> tuple[SpaceSample, ...]:
    """Used space without what waits for a compaction, as the node told it last. Nothing where only the log tells."""
    picture = reconcile(node.space.evidence, now)
    used, free = picture.used, picture.free
    if used is None or now - used.taken_at > OLD_SPACE_S:
        return ()
    dead = picture.reclaimable
    basis = f"{picture.meaning} {used.source} {dead is not None}"
    kept = used.value - (dead.value if dead is not None else 0)
    return (SpaceSample(int(used.taken_at), kept, None if free is None else free.value, basis),)


def space_outlook(points: Sequence[SpacePoint], now: float) -> SpaceOutlook | None:
    """When the node is full, by the shortest window whose growth is known. None: nobody knows."""
    if not points or now - points[-1].at > OLD_SPACE_S:
        return None
    forecasts = [forecast(points, now, days) for days in WINDOWS_DAYS]
    best = next((one for one in forecasts if one.growth.state is not GrowthState.UNKNOWN), forecasts[0])
    for level in best.levels:
        if level.level == 1.0:
            return SpaceOutlook(level.days, level.earliest, level.latest, level.reached)
    return None


def budget_outlook(known: Iterable[Reputation], now: float) -> BudgetOutlook | None:
    """The least of all satellites that have not disqualified the node. One that is suspended, or too young to be, has nothing to lose."""
    found = []
    for one in known:
        gone = one.disqualified_at is not None and one.disqualified_at.value != NEVER
        budget = None if gone else report(one, (), now).budget
        if budget is not None and budget.hours is not None and budget.state is BudgetState.COUNTED:
            found.append(BudgetOutlook(budget.hours, one.satellite, budget.estimated))
    return min(found, default=None)


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
