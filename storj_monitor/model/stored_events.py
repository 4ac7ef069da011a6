"""Stored events: which equal ones are one row with a count, and which ones are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from storj_monitor.model import hashstore_events as h
from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.severity import Severity

# ---- Which equal events are one row with a count: a log may say the same thing forty times a second, and a table must stay readable.


FOLD_MS = 3_600_000
"""Equal events of one clock hour of the log are one row."""
MOST_AN_HOUR = 500
"""Rows of one kind of one node in one hour, whatever they say; more are added to the last of them."""

_SAME: Mapping[type[NodeEvent], tuple[str, ...]] = {
    ev.BloomFilterFailed: ("error",),
    ev.RetainQueued: (),
    ev.ExpiredPieceFailed: ("error",),
    ev.MigrationQueued: ("error",),
    ev.MigrationIdle: ("active",),
    ev.MigrationCleaned: (),
    ev.MigrationPieceFailed: ("error",),
    ev.OrdersFailed: ("step", "error"),
    ev.PingFailed: ("step", "error"),
    ev.PingWarned: ("error",),
    ev.LostPiece: ("error",),
    ev.ClockChecked: ("state", "error"),
    ev.GracefulExit: ("step", "reason"),
    ev.UploadRejected: (),
    ev.AuditUnfinished: ("node_stopped",),
    ev.ConfigurationInvalid: ("what", "key"),
    ev.ServiceSlow: ("name",),
    ev.DiskCheckFailed: ("what", "error"),
    ev.VersionMinimum: ("minimum",),
    ev.VersionOutdated: ("current", "minimum", "error"),
    ev.UpdaterStep: ("message", "service", "binary_version", "error"),
    h.TrashedRecordRead: ("store", "error"),
}
"""What must be the same for two events of a type to be one row, beside node, level, satellite and hour."""

_VALUE = re.compile(r"[A-Za-z2-7]{40,}|\d+")


def fold_key(event: NodeEvent) -> str | None:
    """Equal for events that are one row; None for a type whose events are never folded."""
    fields = _SAME.get(type(event))
    if fields is None:
        return None
    values = "\n".join(str(getattr(event, name)) for name in fields)
    return f"{event.__struct_config__.tag}\n{event.level}\n{event.satellite}\n{event.time_ms // FOLD_MS}\n{_VALUE.sub('#', values)[:300]}"


# ---- What is asked about events, checked.


class EventFilter(NamedTuple):
    """Which events, beside nodes and window; an empty filter lets all pass.

    kinds      -- tags of types
    before     -- (time_ms, id) of the last row of the page before, None for the first page
    limit      -- rows of a page at most
    """

    kinds: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    before: tuple[int, int] | None = None
    limit: int = 100
