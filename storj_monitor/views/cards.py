"""The subject topics: which rows, which help, and when they may have changed. One maker for all pages and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from storj_monitor.financial_tracker.terms import OwnTerms
from storj_monitor.model.node_metrics import Spread
from storj_monitor.state.nodes import State
from storj_monitor.views import analytics, earnings, node_health, reputation, storage
from storj_monitor.views.actions import Grown, spreads_of
from storj_monitor.views.analytics import AnalyticsView
from storj_monitor.views.earnings import EarningsView
from storj_monitor.views.node_health import HealthView
from storj_monitor.views.reputation import ReputationView
from storj_monitor.views.storage import StorageView
from storj_monitor.views.subjects import HOUR_S, NodeSubjects, Subject, Subjects
from storj_monitor.views.tables import Rows

HELPS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        Subject.REPUTATION.value: reputation.HELP_TEXTS,
        Subject.STORAGE.value: storage.HELP_TEXTS,
        Subject.EARNINGS.value: earnings.HELP_TEXTS,
        Subject.HEALTH.value: node_health.HELP_TEXTS,
        Subject.ANALYTICS.value: analytics.HELP_TEXTS,
    }
)
"""Help by topic, then by the name of the figure."""


class Cards:
    """Rows of the subject topics for any set of nodes; `now` is asked for when they are made, `terms` are what the operator sets."""

    def __init__(self, subjects: Subjects, state: State, now: Callable[[], float], terms: OwnTerms | None = None) -> None:
        self.subjects = subjects
        self.earnings = EarningsView(terms)
        self._health = HealthView(state)
        self._analytics = AnalyticsView()
        self._now = now
        self._reputation = ReputationView()
        self._storage = StorageView()

    def revision(self, topic: str) -> int:
        """Grows whenever the topic's rows may have changed."""
        return self.subjects.revisions[Subject(topic)]

    def counted(self, name: str) -> tuple[Grown, Mapping[int, Spread]]:
        """What a node's own counters grew by in the last hour, and the durations of its recent sample."""
        node = self.subjects.of(name)
        return (growth, spreads_of(node.metrics)) if (growth := node.counted.last_hour(self._now())) else ({}, {})

    def spreads(self, name: str, to_s: float) -> Mapping[int, Spread]:
        """Durations of a node's recent sample, for a stretch of time that goes on to now."""
        return spreads_of(self.subjects.of(name).metrics) if to_s >= self._now() - HOUR_S else {}

    def rows(self, topic: str, names: Iterable[str]) -> Rows:
        """Rows of a topic by their key."""
        nodes = self.nodes(names)
        now = self._now()
        match Subject(topic):
            case Subject.REPUTATION:
                return self._reputation.rows(nodes, now)
            case Subject.STORAGE:
                return self._storage.rows(nodes, now)
            case Subject.EARNINGS:
                return self.earnings.rows(nodes, now)
            case Subject.HEALTH:
                return self._health.rows(nodes, now)
            case Subject.ANALYTICS:
                return self._analytics.rows(nodes)

    def nodes(self, names: Iterable[str]) -> list[NodeSubjects]:
        """What is known of the named nodes."""
        return [self.subjects.of(name) for name in names]
