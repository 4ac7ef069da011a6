"""What may explain that something is different now: restarts and new versions from a node's log, failures by reason."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.analytics import Change, FailureCount
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.ids import Outcome, op_action
from storj_monitor.model.node_events import ConfigurationLoaded, NodeFailed, NodeStarted, Panic, SignalReceived, VersionSeen
from storj_monitor.model.rollups import MINUTE_S

RESTART = "restart"
VERSION = "version"
SETTING = "setting"
NO_REASON = "no reason given"


def changes_of(events: Iterable[NodeEvent], version: str) -> tuple[list[Change], str]:
    """Changes in these events, oldest first, and the version that runs after them. `version`: the one before, "" when unknown."""
    found = []
    for event in sorted(events, key=lambda event: event.time_ms):
        at_s = event.time_ms // 1000
        if isinstance(event, VersionSeen):
            if version and event.version != version:
                found.append(Change(at_s, VERSION, f"v{event.version} started"))
            version = event.version
        elif isinstance(event, (NodeStarted, ConfigurationLoaded)):
            if not isinstance(event, ConfigurationLoaded) or event.process in ("", "storagenode"):
                found.append(Change(at_s, RESTART, "the node started again"))
        elif isinstance(event, (SignalReceived, NodeFailed, Panic)) and at_s:
            found.append(Change(at_s, RESTART, "the node stopped"))
    return found, version


def failures_of(transfers: Iterable[Transfer]) -> list[FailureCount]:
    """Failed transfers (a commit's `notable` has them all) by minute, satellite, direction and reason."""
    counts: dict[tuple[int, str, str, str], int] = {}
    for transfer in transfers:
        if transfer.op & 3 == Outcome.FAILED:
            minute = transfer.time_ms // 60_000 * MINUTE_S
            key = (minute, transfer.satellite, op_action(transfer.op).direction, transfer.reason or NO_REASON)
            counts[key] = counts.get(key, 0) + 1
    return [FailureCount(*key, count) for key, count in counts.items()]
