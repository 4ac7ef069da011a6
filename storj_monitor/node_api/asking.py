"""One question to the right door of a node: which method of which client a kind means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from storj_monitor.model.node_answers import AnswerKind, AnswerValue, Door
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.questions import Question
from storj_monitor.node_api.transport import Reply

_DOORS = {AnswerKind.METRICS: Door.METRICS, AnswerKind.HEALTH: Door.HEALTH}
API_KINDS = frozenset(kind for kind in AnswerKind if kind not in _DOORS)

Ask = Callable[[], Awaitable[AnswerValue | None]]


def door_of(kind: AnswerKind) -> Door:
    """Where a kind is asked."""
    return _DOORS.get(kind, Door.API)


class Asker:
    """The clients of one node. `health` is opened when the node has told where its public port is."""

    def __init__(self, api: NodeClient | None, metrics: MetricsClient | None) -> None:
        self.api = api
        self.metrics = metrics
        self.health: HealthClient | None = None

    async def ask(self, question: Question) -> tuple[AnswerValue | None, Reply | None]:
        """The answer and the reply it came in. None for what the node cannot say: an estimate for a satellite that disqualified it, or
        anything of a satellite it does not know. NodeUnreachable, AnswerNotUnderstood.

        LookupError: that door is not open.
        """
        client: NodeClient | MetricsClient | HealthClient
        ask: Ask
        match door_of(question.kind):
            case Door.METRICS if self.metrics:
                client, ask = self.metrics, self.metrics.metrics
            case Door.HEALTH if self.health:
                client, ask = self.health, self.health.health
            case Door.API if self.api:
                client, ask = self.api, _api_method(self.api, question)
            case door:
                raise LookupError(door)
        value = await ask()
        return value, client.last


def _api_method(api: NodeClient, question: Question) -> Ask:
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
