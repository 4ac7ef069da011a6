"""What a node tells of its money, as changes of what is known and records to be stored. Pure.

Nothing is stored while the node's clock cannot be believed: its month may not be ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from msgspec.structs import replace

from storj_monitor.financial_tracker.comparison import score
from storj_monitor.financial_tracker.history import merge_payouts, merge_paystubs
from storj_monitor.financial_tracker.months import DAY_MS, end_ms, node_previous_period, period_of, shifted, start_ms
from storj_monitor.financial_tracker.plausible import believable, impossible_estimate, impossible_prices, impossible_traffic
from storj_monitor.financial_tracker.usage import merge_days, usage_days
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing, SatelliteUsage, StubKey
from storj_monitor.model.estimates import MonthEstimate, NodeEarnings, SatelliteEstimate, Score
from storj_monitor.model.figures import ImpossibleValue
from storj_monitor.model.kept import Kept, KeptAccuracy, KeptEstimate, KeptHeld, KeptPayout, KeptPaystub, KeptPricing
from storj_monitor.model.node_answers import Answer, AnswerKind, NodeAnswer, SatelliteAnswer
from storj_monitor.state.node_status import CLOCK_BELIEVED_S, NO_CHANGES, Changes, Money, NodeStatus, Topic

ESTIMATE_LATE_S = 7200.0
"""A node that has not given its own sum for so long does not give it: time goes on by its other answers."""
_SCORED_LATE_MS = 2 * DAY_MS
_EARNINGS = frozenset({Topic.EARNINGS})
_OF_PAYOUTS = frozenset({AnswerKind.PERIODS, AnswerKind.PAYSTUBS, AnswerKind.PAYOUT_HISTORY, AnswerKind.HELD_HISTORY})


def update(status: NodeStatus, answer: Answer, now: float) -> Changes:
    """One answer. Kinds that tell nothing of money change nothing."""
    value, draft = answer.value, _Draft(status)
    if isinstance(value, SatelliteAnswer):
        draft.take_usage(answer, value.usage)
        return draft.changes(ends_month=_estimate_is_late(draft.money, answer))
    if isinstance(value, EstimatedPayout):
        draft.take_estimate(answer, value)
        return draft.changes(ends_month=not answer.satellite)
    if isinstance(value, Pricing):
        draft.take_pricing(answer, value)
    elif isinstance(value, NodeAnswer):
        trusted = frozenset(one.satellite for one in value.standings)
        gone = {one.satellite for one in value.standings if one.disqualified_at}
        return draft.changes() if trusted and draft.forget_satellites(trusted, gone) else NO_CHANGES
    elif isinstance(value, tuple) and answer.kind in _OF_PAYOUTS:
        if answer.kind is AnswerKind.PERIODS:
            draft.money = replace(draft.money, periods_at=answer.asked_at)
        if not status.node_id:  # whose paystubs these are is not known yet; they are asked for again
            return replace(draft.changes(), topics=frozenset())
        draft.take_paystubs([one for one in value if isinstance(one, Paystub)], round(now * 1000))
        draft.take_payouts([one for one in value if isinstance(one, PayoutHistoryRow)])
        draft.take_held_history([one for one in value if isinstance(one, HeldHistoryRow)], now)
    else:
        return NO_CHANGES
    return draft.changes()


def update_from_estimate(status: NodeStatus, earnings: NodeEarnings) -> Changes:
    """Our estimate of the month was made after an answer: one a day of each satellite is kept, and of a month's last day the last one."""
    draft = _Draft(status)
    if _clock_is_believed(status) and _usage_is_of_this_month(status):
        draft.keep_estimates(earnings.estimate.satellites)
    return replace(draft.changes(), topics=frozenset())


def resume(status: NodeStatus) -> Changes:
    """After a restart: nothing was told of usage in this run yet, and another node may have had this name before."""
    money, node_id = replace(status.money, usage_since=0.0), status.node_id
    if node_id:
        stubs = {key: stub for key, stub in money.stubs.items() if key.node_id == node_id}
        payouts = {key: payout for key, payout in money.payouts.items() if key.node_id == node_id}
        money = replace(money, stubs=stubs, payouts=payouts)
    return Changes(money=money)


def add_estimates(status: NodeStatus, made: Iterable[tuple[int, SatelliteEstimate]], now: float) -> Changes:
    """Estimates of the past (Unix milliseconds when made, what), oldest first; months whose paystub is there already are scored."""
    draft = _Draft(status)
    draft.add_estimates(made, round(now * 1000))
    return draft.changes()


def is_doubtful(earnings: NodeEarnings) -> bool:
    """Whether ours differs from the node's own estimate without a reason of the operator's: then its satellites were asked too long ago."""
    if earnings.comparison is None or earnings.comparison.agrees:
        return False
    return not any(one.prices.overridden for one in earnings.estimate.satellites)


class _Draft:
    """Money as it becomes while one thing that was told is taken in."""

    def __init__(self, status: NodeStatus) -> None:
        self._status = status
        self.money = status.money
        self._impossible: dict[tuple[str, ...], tuple[ImpossibleValue, ...]] = {}
        self._kept: list[Kept] = []
        self._refused: list[str] = []

    def changes(self, *, ends_month: bool = False) -> Changes:
        """What has come of it."""
        return Changes(
            money=self.money,
            impossible=self._impossible,
            kept=tuple(self._kept),
            refused=tuple(self._refused),
            topics=_EARNINGS,
            ends_month=ends_month,
        )

    def take_usage(self, answer: Answer, usage: SatelliteUsage) -> None:
        """The present month with one satellite. A date of joining that has not come yet is none."""
        if usage.joined_ms is not None and usage.joined_ms > answer.asked_at * 1000 + DAY_MS:
            usage = replace(usage, joined_ms=None)
        impossible = impossible_traffic(usage, answer.asked_at)
        if usage.prices is not None:
            impossible += impossible_prices(usage.prices, answer.asked_at)
        self._impossible["usage", usage.satellite] = impossible
        usage, money = believable(usage), self.money
        node_ms, now_ms, estimates = _node_time_ms(self._status, answer), money.now_ms, money.estimates
        usage_since = money.usage_since or answer.asked_at
        if not now_ms or answer.asked_at - max(money.estimated_at, usage_since) > ESTIMATE_LATE_S:
            # time goes on without the node's own sum
            if now_ms and period_of(now_ms) != period_of(node_ms):
                estimates = {}
            now_ms = node_ms
        kept = money.kept
        if _clock_is_believed(self._status):
            before = kept.get(usage.satellite)
            after = merge_days(before, usage, start_ms(shifted(period_of(node_ms), -1)))
            kept = {**kept, usage.satellite: after}
            known = set() if before is None else set(usage_days(before))
            self._kept += [day for day in usage_days(after) if day not in known]
        self.money = replace(
            money,
            usages={**money.usages, usage.satellite: usage},
            kept=kept,
            estimates=estimates,
            now_ms=now_ms,
            at=max(money.at, answer.asked_at),
            usage_since=usage_since,
        )

    def take_estimate(self, answer: Answer, estimate: EstimatedPayout) -> None:
        """The node's own estimate of one satellite, or (satellite "") of all."""
        satellite, money = answer.satellite or "", self.money
        impossible = self._impossible["estimate", satellite] = impossible_estimate(estimate, answer.asked_at)
        estimates = {one: known for one, known in money.estimates.items() if one != satellite}
        if not impossible:
            estimates[satellite] = estimate
        self.money = replace(money, estimates=estimates, at=max(money.at, answer.asked_at))
        if not satellite:
            self.money = replace(self.money, estimated_at=answer.asked_at, now_ms=_node_time_ms(self._status, answer))

    def take_pricing(self, answer: Answer, pricing: Pricing) -> None:
        """Prices of one satellite; kept when they change."""
        impossible = self._impossible["prices", pricing.satellite] = impossible_prices(pricing, answer.asked_at)
        if not impossible and self.money.pricing.get(pricing.satellite) != pricing:
            self.money = replace(self.money, pricing={**self.money.pricing, pricing.satellite: pricing})
            self._kept.append(KeptPricing(round(answer.asked_at * 1000), pricing))

    def take_paystubs(self, stubs: Iterable[Paystub], now_ms: int) -> None:
        """Paystubs for ever; a new one shows how good our estimate was."""
        merged = merge_paystubs(self._status.node_id, self.money.stubs, stubs)
        self._refused += merged.refused
        if merged.changed:
            self.money = replace(self.money, stubs={**self.money.stubs, **merged.changed})
        for key, stub in merged.changed.items():
            self._kept.append(KeptPaystub(key, stub))
            self._score(key, stub, now_ms)

    def take_payouts(self, payouts: Iterable[PayoutHistoryRow]) -> None:
        """Receipts of one month."""
        merged = merge_payouts(self._status.node_id, self.money.payouts, payouts)
        self._refused += merged.refused
        if merged.changed:
            self.money = replace(self.money, payouts={**self.money.payouts, **merged.changed})
        self._kept += [KeptPayout(key, payout) for key, payout in merged.changed.items()]

    def take_held_history(self, held: Iterable[HeldHistoryRow], now: float) -> None:
        """Sums of what is held, the latest word of each satellite."""
        known = dict(self.money.held_history)
        for told in held:
            future = told.joined_ms is not None and told.joined_ms > now * 1000 + DAY_MS
            row = replace(told, joined_ms=None) if future else told
            if row.satellite and known.get(row.satellite) != row:
                known[row.satellite] = row
                self._kept.append(KeptHeld(self._status.node_id, row))
        self.money = replace(self.money, held_history=known)

    def forget_satellites(self, trusted: Set[str], gone: Set[str]) -> bool:
        """What is asked of a satellite that is not trusted any more is no part of the present month. True when there was something."""
        money, gone = self.money, gone | self._status.disqualified_ms.keys()
        self.money = replace(
            money,
            usages={one: told for one, told in money.usages.items() if one in trusted},
            pricing={one: told for one, told in money.pricing.items() if one in trusted},
            estimates={one: told for one, told in money.estimates.items() if not one or (one in trusted and one not in gone)},
        )
        after = self.money
        return (len(after.usages), len(after.pricing), len(after.estimates)) != (
            len(money.usages),
            len(money.pricing),
            len(money.estimates),
        )

    def keep_estimates(self, satellites: Iterable[SatelliteEstimate]) -> None:
        made_ms, every, last = self.money.now_ms, list(satellites), dict(self.money.last_estimates)
        for one in every:
            before = last.get((one.satellite, one.now.period))
            is_last_day = made_ms >= end_ms(one.now.period) - DAY_MS
            if before is not None and before[0] // DAY_MS >= made_ms // DAY_MS and not is_last_day:
                continue
            theirs = self.money.estimates.get(one.satellite)
            cents = None if theirs is None else round(theirs.current_month.payout_cents * 10_000)
            last[one.satellite, one.now.period] = (made_ms, one.now)
            self._kept.append(KeptEstimate(made_ms, one, cents))
        self.money = replace(self.money, last_estimates=last)
        for one in every:
            self._keep_unseen_month(one)

    def _keep_unseen_month(self, one: SatelliteEstimate) -> None:
        """The month before, where this monitor was not there to see its end: by our formula from what the node counted, once."""
        before, made_ms, theirs = one.previous, self.money.now_ms, self.money.estimates.get(one.satellite)
        if before is None or _saw_the_end(self.money.last_estimates.get((one.satellite, before.period)), before.period):
            return
        if theirs is None or node_previous_period(made_ms) != before.period or not before.gross_usd_micros:
            return
        self.money = replace(self.money, last_estimates={**self.money.last_estimates, (one.satellite, before.period): (made_ms, before)})
        whole = replace(one, now=before, expected_usd_micros=before.payout_usd_micros)
        self._kept.append(KeptEstimate(made_ms, whole, round(theirs.previous_month.payout_cents * 10_000)))
        key = StubKey(self._status.node_id, one.satellite, before.period)
        if key in self.money.stubs:
            self._score(key, self.money.stubs[key], made_ms)

    def add_estimates(self, made: Iterable[tuple[int, SatelliteEstimate]], now_ms: int) -> None:
        last = dict(self.money.last_estimates)
        for made_ms, one in made:
            key = (one.satellite, one.now.period)
            if key not in last or last[key][0] < made_ms:
                last[key] = (made_ms, one.now)
            self._kept.append(KeptEstimate(made_ms, one, None))
        self.money = replace(self.money, last_estimates=last)
        for stub_key, stub in self.money.stubs.items():
            if stub_key not in self.money.scores:
                self._score(stub_key, stub, now_ms)

    def _score(self, key: StubKey, stub: Paystub, now_ms: int) -> None:
        """Only an estimate from the end of its month can be held against the paystub."""
        result = _accuracy(self.money, key, stub)
        if result is not None:
            self.money = replace(self.money, scores={**self.money.scores, key: result})
            self._kept.append(KeptAccuracy(key, now_ms, result))


def _accuracy(money: Money, key: StubKey, stub: Paystub) -> Score | None:
    made = money.last_estimates.get((key.satellite, key.period))
    if made is None or not _saw_the_end(made, key.period):
        return None
    usage = money.usages.get(key.satellite)
    return score(made[1], stub, usage.joined_ms if usage is not None else None)


def _saw_the_end(made: tuple[int, MonthEstimate] | None, period: str) -> bool:
    return made is not None and made[1].through_ms >= end_ms(period) - _SCORED_LATE_MS


def _clock_is_believed(status: NodeStatus) -> bool:
    """Whether the node's clock is near enough to ours."""
    return status.answer is None or abs(status.answer.clock_ahead_s or 0.0) <= CLOCK_BELIEVED_S


def _node_time_ms(status: NodeStatus, answer: Answer) -> int:
    """The node's own time when it gave this answer, ours where its clock cannot be believed."""
    ahead_s = (status.answer.clock_ahead_s or 0.0) if status.answer is not None and _clock_is_believed(status) else 0.0
    return round((answer.asked_at + answer.took_ms / 1000 + ahead_s) * 1000)


def _estimate_is_late(money: Money, answer: Answer) -> bool:
    """Whether the node gives usage, but not its own sum (it gives none at all while it lacks the prices of one satellite)."""
    return answer.asked_at - max(money.estimated_at, money.usage_since) > ESTIMATE_LATE_S


def _usage_is_of_this_month(status: NodeStatus) -> bool:
    """Whether all satellites were asked in the month of the estimate: at its turn the node's sum may come before them: ours would be 0."""
    period = period_of(status.money.now_ms)
    asked = [told.taken_at for satellite, told in status.space.usages.items() if satellite in status.money.usages]
    return all(period_of(round(at * 1000)) == period for at in asked)
