"""The topics of what nodes say: which rows, which help, and when they may have changed. One place for all pages and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.reputation_tracker.report import SatelliteReports
from storj_monitor.state.counters import HOUR_S
from storj_monitor.state.node_status import NodeRegistry, NodeStatus, Topic
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.views import analytics, earnings, node_health, reputation, storage
from storj_monitor.views.actions import Counters, Grown, counters_of
from storj_monitor.views.analytics import AnalyticsView
from storj_monitor.views.earnings import EarningsView
from storj_monitor.views.memo import Memo
from storj_monitor.views.node_health import HealthView
from storj_monitor.views.reputation import ReputationView
from storj_monitor.views.storage import StorageView
from storj_monitor.views.wire.analytics import FindingRow
from storj_monitor.views.wire.earnings import EarningsRow
from storj_monitor.views.wire.fields import HelpText
from storj_monitor.views.wire.health import HealthRow
from storj_monitor.views.wire.reputation import ReputationRow
from storj_monitor.views.wire.storage import StorageFleetRow, StorageNodeRow
from storj_monitor.views.wire.topics import Rows

HELPS: Mapping[str, dict[str, HelpText]] = MappingProxyType(
    {
        Topic.REPUTATION.value: reputation.HELP_TEXTS,
        Topic.STORAGE.value: storage.HELP_TEXTS,
        Topic.EARNINGS.value: earnings.HELP_TEXTS,
        Topic.HEALTH.value: node_health.HELP_TEXTS,
        Topic.ANALYTICS.value: analytics.HELP_TEXTS,
    }
)
"""Help by topic, then by the name of the figure."""

GATHER_S = 5.0
COUNTED_S = 60.0
"""Growth leaves the last hour at this grain."""


class TopicRenderers:
    """Rows of these topics for any set of nodes; `now` is asked for when they are made. `estimates` and `reports` may be shared."""

    def __init__(
        self,
        registry: NodeRegistry,
        state: State,
        now: Callable[[], float],
        estimates: NodeEstimates | None = None,
        reports: SatelliteReports | None = None,
    ) -> None:
        self.registry = registry
        self._state = state
        self.estimates = estimates or NodeEstimates()
        self.reports = reports or SatelliteReports()
        self._now = now
        self._earnings = EarningsView(self.estimates)
        self._health = HealthView(self._state)
        self._analytics = AnalyticsView(self._state)
        self._reputation = ReputationView(self.reports)
        self._storage = StorageView()
        self._shown: dict[str, tuple[int, float]] = {}
        self._counted: Memo[Counters | None] = Memo()

    @property
    def log_nodes(self) -> Mapping[str, NodeState]:
        """What the logs tell, by node name."""
        return self._state.nodes

    def revision(self, topic: str) -> int:
        """Grows when the topic's rows may have changed; what several answers change within GATHER_S is made and sent once."""
        latest, now = self.registry.revisions[topic], self._now()
        shown = self._shown.get(topic)
        if shown is None or (shown[0] != latest and abs(now - shown[1]) >= GATHER_S):
            shown = self._shown[topic] = (latest, now)
        return shown[0]

    def counted(self, name: str) -> Counters | None:
        """What a node's own counters say of the last hour. Made once for a change."""
        node, now = self.registry.of(name), self._now()
        if not node.counted.recent:
            return None
        version = (node.metrics.taken_at if node.metrics else 0.0, int(now // COUNTED_S))
        return self._counted.of(name, version, lambda: counters_of(node.counted.last_hour(now), node.metrics))

    def counters(self, name: str, growth: Grown, to_s: float) -> Counters | None:
        """The same of another stretch; the node's recent sample is of one that goes on to now."""
        return counters_of(growth, self.registry.of(name).metrics if to_s >= self._now() - HOUR_S else None)

    def reputation(self, names: Iterable[str]) -> dict[str, ReputationRow]:
        """Rows by `node/satellite`, worst first."""
        return self._reputation.rows(self.nodes(names), self._now())

    def storage(self, names: Iterable[str]) -> dict[str, StorageNodeRow | StorageFleetRow]:
        """Rows by node; "" is the fleet."""
        return self._storage.rows(self.nodes(names), self._now())

    def earnings(self, names: Iterable[str]) -> dict[str, EarningsRow]:
        """Rows by node and `node/satellite`; "" is the fleet."""
        return self._earnings.rows(self.nodes(names), self._now())

    def health(self, names: Iterable[str]) -> dict[str, HealthRow]:
        """Rows by node."""
        return self._health.rows(self.nodes(names), self._now())

    def rows(self, topic: str, names: Iterable[str]) -> Rows:
        """Rows of a topic by their key."""
        match Topic(topic):
            case Topic.REPUTATION:
                return self.reputation(names)
            case Topic.STORAGE:
                return self.storage(names)
            case Topic.EARNINGS:
                return self.earnings(names)
            case Topic.HEALTH:
                return self.health(names)
            case Topic.ANALYTICS:
                return self._analytics.rows(self.nodes(names))

    def reasons(self, names: Iterable[str]) -> list[FindingRow]:
        """Reasons of the states of these nodes, as findings."""
        return [row for name in names for row in self._analytics.reasons(name)]

    def nodes(self, names: Iterable[str]) -> list[NodeStatus]:
        """What is known of the named nodes."""
        return [self.registry.of(name) for name in names]
