"""What is to be asked of one node, and when each question is due. Grows with the satellites and months that the node tells of. No I/O."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final, NamedTuple

from storj_monitor.model.node_answers import AnswerKind, AnswerValue, Endpoint
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.schedule import Schedule
from storj_monitor.node_api.transport import Reply

PER_SATELLITE: Final = (AnswerKind.SATELLITE, AnswerKind.ESTIMATE, AnswerKind.PRICING)
PER_NODE: Final = (
    AnswerKind.NODE, AnswerKind.NOTIFICATIONS, AnswerKind.SATELLITES, AnswerKind.ESTIMATE, AnswerKind.PERIODS, AnswerKind.HELD_HISTORY,
)  # fmt: skip
LIFE_SIGNS: Final = frozenset({AnswerKind.NODE, AnswerKind.METRICS, AnswerKind.HEALTH})
"""Whether an endpoint answers is judged by these: one that works again is heard within a minute."""
LATE_PERIODS: Final = 3
"""Of the newest months payouts and receipts still change."""


class PollTask(NamedTuple):
    """One thing to ask: about a satellite, or a period (`YYYY-MM`; of paystubs `YYYY-MM/YYYY-MM`, first and last), or neither."""

    kind: AnswerKind
    satellite: str | None = None
    period: str = ""


@dataclass(slots=True)
class Turn:
    """When a question is due (monotonic seconds; never = infinity), and how often it has failed in a row.

    absent -- the node's version does not have this route
    """

    due: float
    slot: int | None = None
    failures: int = 0
    absent: bool = False


class PollQueue:
    """All questions of one node. Every question is there once: asked twice, it is answered once."""

    def __init__(self, schedule: Schedule, rng: Random, jitter_pct: float) -> None:
        self._schedule = schedule
        self._rng = rng
        self._jitter_pct = jitter_pct
        self._turns: dict[PollTask, Turn] = {}
        self._imported = False
        self.young_until = -math.inf

    def __iter__(self) -> Iterator[PollTask]:
        return iter(self._turns)

    def add(self, question: PollTask, now: float) -> None:
        """A new question; nothing happens when it is there already."""
        if question not in self._turns:
            self._turns[question] = Turn(self._schedule.first_due(question.kind, now))

    def first(
        self, held: Collection[AnswerKind], only: PollTask | None, under_way: Collection[PollTask] = ()
    ) -> tuple[float, PollTask | None]:
        """The question that is due first and when. Those of kinds in `held` wait, except `only`; so do those that are `under_way`."""
        due, found = math.inf, None
        for question, turn in self._turns.items():
            if turn.due < due and question not in under_way and (question.kind not in held or question == only):
                due, found = turn.due, question
        return due, found

    def answered(self, question: PollTask, now: float) -> None:
        """Due again at its next place on the grid; a month whose figures are final is not asked again."""
        if question.kind is AnswerKind.PAYSTUBS:
            self._imported = True
        turn = self._turns.get(question)
        if turn is None:
            return
        if question.kind is AnswerKind.PAYOUT_HISTORY and question.period not in self._late():
            turn.due, turn.failures = math.inf, 0
            return
        moved = self._rng.uniform(-self._jitter_pct, self._jitter_pct)
        young = now < self.young_until
        turn.slot, turn.due = self._schedule.next_due(question.kind, now, turn.slot, moved, young)
        turn.failures = 0

    def failed(self, question: PollTask, begun: float, now: float, hanging: bool = False) -> None:
        """Asked at `begun`, failed `now`: due again within a minute of `begun`, or after a short rest when the failing took longer.

        hanging -- the node took the question and did not answer: it is asked again more and more rarely, but for the one by which its
                   endpoint is known to answer
        """
        turn = self._turns.get(question)
        if turn is None:
            return
        turn.failures += 1
        wait_s = self._schedule.retry_s(turn.failures, hanging and question.kind not in LIFE_SIGNS) * (
            1 - self._jitter_pct * self._rng.random()
        )
        turn.due = max(begun + wait_s, now + min(wait_s, self._schedule.retry_first_s))

    def ask_soon(self, kinds: Collection[AnswerKind], now: float) -> None:
        """Ask these kinds as soon as their groups allow; what the node does not have is not asked."""
        for question, turn in self._turns.items():
            if question.kind in kinds and not turn.absent:
                turn.due = min(turn.due, self._schedule.first_due(question.kind, now))

    def ask_failed_soon(self, now: float) -> None:
        """The node answers again: what has failed is asked at once, and what seemed not to be there."""
        for question, turn in self._turns.items():
            if turn.failures or turn.absent:
                turn.absent = False
                turn.due = min(turn.due, self._schedule.first_due(question.kind, now))

    def rest(self, question: PollTask) -> None:
        """The node's version does not have this route."""
        turn = self._turns.get(question)
        if turn is not None:
            turn.due, turn.failures, turn.absent = math.inf, 0, True

    def set_satellites(self, satellites: Collection[str], now: float) -> list[PollTask]:
        """The node trusts these satellites now. Returns the questions that fell away."""
        gone = [question for question in self._turns if question.satellite and question.satellite not in satellites]
        for question in gone:
            del self._turns[question]
        for satellite in satellites:
            for kind in PER_SATELLITE:
                self.add(PollTask(kind, satellite), now)
        return gone

    def set_periods(self, periods: Collection[str], now: float) -> list[PollTask]:
        """The node has paystubs of these months: all at first, then the newest ones. Returns the questions that fell away."""
        if not periods:
            return []
        ordered = sorted(periods)
        for period in ordered:
            self.add(PollTask(AnswerKind.PAYOUT_HISTORY, period=period), now)
        first = ordered[-LATE_PERIODS:][0] if self._imported else ordered[0]
        wanted = PollTask(AnswerKind.PAYSTUBS, period=f"{first}/{ordered[-1]}")
        gone = [question for question in self._turns if question.kind is AnswerKind.PAYSTUBS and question != wanted]
        for question in gone:
            del self._turns[question]
        self.add(wanted, now)
        return gone

    def begin_again(self, now: float, young_for_s: float) -> None:
        """The node has just started: it fetched prices and all paystubs anew, and its satellites will come one by one."""
        self.young_until = now + young_for_s
        self._imported = False
        for turn in self._turns.values():
            turn.absent = False
        self.ask_soon([kind for kind in AnswerKind if kind is not AnswerKind.NODE], now)

    def _late(self) -> list[str]:
        periods = sorted(question.period for question in self._turns if question.kind is AnswerKind.PAYOUT_HISTORY)
        return periods[-LATE_PERIODS:]


# ---- One question to the right endpoint of a node: which method of which client a kind means.


_ENDPOINTS = {AnswerKind.METRICS: Endpoint.METRICS, AnswerKind.HEALTH: Endpoint.HEALTH}
API_KINDS = frozenset(kind for kind in AnswerKind if kind not in _ENDPOINTS)

Ask = Callable[[], Awaitable[AnswerValue | None]]


def endpoint_of(kind: AnswerKind) -> Endpoint:
    """Where a kind is asked."""
    return _ENDPOINTS.get(kind, Endpoint.API)


class PollClients:
    """The clients of one node. `health` is opened when the node has told where its public port is."""

    def __init__(self, api: NodeClient | None, metrics: MetricsClient | None) -> None:
        self.api = api
        self.metrics = metrics
        self.health: HealthClient | None = None

    async def ask(self, question: PollTask) -> tuple[AnswerValue | None, Reply | None]:
        """The answer and the reply it came in. None for what the node cannot say: an estimate for a satellite that disqualified it, or
        anything of a satellite it does not know. NodeUnreachable, AnswerNotUnderstood.

        LookupError: that endpoint is not open.
        """
        client: NodeClient | MetricsClient | HealthClient
        ask: Ask
        match endpoint_of(question.kind):
            case Endpoint.METRICS if self.metrics:
                client, ask = self.metrics, self.metrics.metrics
            case Endpoint.HEALTH if self.health:
                client, ask = self.health, self.health.health
            case Endpoint.API if self.api:
                client, ask = self.api, _api_method(self.api, question)
            case endpoint:
                raise LookupError(endpoint)
        value = await ask()
        return value, client.last


def _api_method(api: NodeClient, question: PollTask) -> Ask:
    kind, satellite, period = question
    if satellite:
        per_satellite: dict[AnswerKind, Ask] = {
            AnswerKind.SATELLITE: partial(api.satellite, satellite),
            AnswerKind.PRICING: partial(api.pricing, satellite),
            AnswerKind.ESTIMATE: partial(api.estimated_payout, satellite),
        }
        return per_satellite[kind]
    per_node: dict[AnswerKind, Ask] = {
        AnswerKind.NODE: api.node,
        AnswerKind.SATELLITES: api.satellites,
        AnswerKind.NOTIFICATIONS: api.notifications,
        AnswerKind.ESTIMATE: api.estimated_payout,
        AnswerKind.PERIODS: api.periods,
        AnswerKind.PAYSTUBS: partial(api.paystubs, *period.split("/")),
        AnswerKind.PAYOUT_HISTORY: partial(api.payout_history, period),
        AnswerKind.HELD_HISTORY: api.held_history,
    }
    return per_node[kind]
