"""Versions of a node, as its API, /metrics and log tell them. A change that no log tells is kept as an event: it may explain others."""

from __future__ import annotations

from storj_monitor.model.figures import Source
from storj_monitor.model.node_answers import AnswerValue, NodeAnswer
from storj_monitor.model.node_events import VersionSeen
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.state.node_status import NodeStatus


def take_version(node: NodeStatus, value: AnswerValue) -> VersionSeen | None:
    """What an answer says of its version; the event to keep when that is another one than anybody told before."""
    known = node.versions
    if isinstance(value, NodeAnswer):
        source = Source.API
        node.versions = known.with_minimum(value.allowed_version, source, value.taken_at)
    elif isinstance(value, NodeMetrics):
        source = Source.METRICS
    else:
        return None
    before = known.running.value if known.running is not None else ""
    node.versions = node.versions.with_running(value.version, source, value.taken_at)
    now = node.versions.running
    if now is None or now.value == before:
        return None
    return VersionSeen(time_ms=round(value.taken_at * 1000), level="", version=now.value)
