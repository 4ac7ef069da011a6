"""What only a line or a notification tells of a standing: graceful exit, and since when a node is suspended for being offline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from storj_monitor.model.node_answers import Notification
from storj_monitor.model.node_events import GracefulExit
from storj_monitor.model.reputation import Exit

SUSPENSION = 3
"""Kind of a notification: at present the node makes it for OFFLINE suspension only."""
BEGUN, COMPLETED, FAILED = "begun", "completed", "failed"

_SINCE = re.compile(r"suspended since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.IGNORECASE)
_SATELLITE = re.compile(r"\b([1-9A-HJ-NP-Za-km-z]{40,60})\b")


def exit_after(known: Exit | None, event: GracefulExit) -> Exit | None:
    """The exit after one more line; older lines, and those that tell of no new state, change nothing."""
    at = event.time_ms / 1000
    if event.state not in (BEGUN, COMPLETED, FAILED) or (known is not None and at < known.at):
        return known
    return Exit(event.state, at)


def offline_suspensions(notifications: Iterable[Notification]) -> dict[str, float]:
    """By satellite: since when the node says that it is suspended for being offline (Unix seconds), the newest that it says."""
    found: dict[str, float] = {}
    for one in notifications:
        since, satellite = _SINCE.search(one.title), _SATELLITE.search(one.message)
        if one.kind != SUSPENSION or since is None or satellite is None:
            continue
        try:
            at = datetime.fromisoformat(since[1]).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
        found[satellite[1]] = max(at, found.get(satellite[1], 0.0))
    return found
