"""What a log alone tells about space: free space of upload starts, the allocation of warnings, pieces of used-space walks."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import Filewalker, SpaceWarning
from storj_monitor.model.space import LogSpace

_ALLOCATION_WARNINGS = ("Disk space is less than requested. Allocated space is", "Used more space than allocated. Allocated space is")


def log_space(events: Iterable[NodeEvent], available: tuple[float, int] | None = None) -> LogSpace | None:
    """Newest of each; None when the log tells nothing.

    events    -- SpaceWarning and Filewalker events in any order; others are let pass
    available -- (Unix seconds, bytes) of the newest `available_space`, which start lines have (DEBUG since v1.116)
    """
    warning: SpaceWarning | None = None
    walks: dict[str, Filewalker] = {}
    for event in events:
        if isinstance(event, SpaceWarning) and event.what.strip() in _ALLOCATION_WARNINGS and event.bytes_available >= 0:
            if warning is None or event.time_ms >= warning.time_ms:
                warning = event
        elif isinstance(event, Filewalker) and event.walker == "used-space" and event.state == "finished" and event.total_bytes >= 0:
            known = walks.get(event.satellite)
            if known is None or event.time_ms >= known.time_ms:
                walks[event.satellite] = event
    if warning is None and not walks and available is None:
        return None
    walked_at = min((w.time_ms / 1000 for w in walks.values()), default=None)
    warned_at = None if warning is None else warning.time_ms / 1000
    newest = max(at for at in (walked_at, warned_at, available[0] if available else None) if at is not None)
    return LogSpace(
        taken_at=available[0] if available else newest,
        available_bytes=available[1] if available else None,
        allocated_bytes=warning.bytes_available if warning else None,
        allocated_at=warned_at,
        pieces_bytes=sum(w.total_bytes for w in walks.values()) if walks else None,
        pieces_at=walked_at,
        what=warning.what.strip() if warning else "",
    )
