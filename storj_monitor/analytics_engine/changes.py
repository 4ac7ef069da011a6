"""What may explain that something is different now: restarts and new versions from a node's log."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.analytics import Change
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import ConfigurationLoaded, NodeFailed, NodeStarted, Panic, SignalReceived, UpdaterStep
from storj_monitor.model.versions import version_of

RESTART = "restart"
VERSION = "version"


def changes_of(events: Iterable[NodeEvent], version: str) -> tuple[list[Change], str]:
    """Changes in these events, oldest first, and the version that runs after them. `version`: the one before, "" when unknown."""
    found = []
    for event in sorted(events, key=lambda event: event.time_ms):
        at_s = event.time_ms // 1000
        if told := version_of(event):
            if version and told != version:
                how = "was installed" if isinstance(event, UpdaterStep) else "started"
                found.append(Change(at_s, VERSION, f"v{told} {how}"))
            version = told
        elif isinstance(event, (NodeStarted, ConfigurationLoaded)):
            if not isinstance(event, ConfigurationLoaded) or event.process in ("", "storagenode"):
                found.append(Change(at_s, RESTART, "the node started again"))
        elif isinstance(event, (SignalReceived, NodeFailed, Panic)) and at_s:
            found.append(Change(at_s, RESTART, "the node stopped"))
    return found, version
