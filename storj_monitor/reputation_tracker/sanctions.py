"""What satellites do to a node: disqualification and suspension, from when until when; and how far a graceful exit is.

Made of the dates that nodes tell, kept when they are gone. A node tells of a suspension only while it lasts. Its end is therefore the
first answer that tells of none: at most one poll late. Offline suspension has no date in any answer: only a notification tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from storj_monitor.model.node_answers import Notification
from storj_monitor.model.node_events import GracefulExit
from storj_monitor.model.reputation import BEGUN, COMPLETED, FAILED, Exit, SanctionKind, SanctionSpan

SUSPENSION = 3
"""Kind of a notification: at present the node makes it for OFFLINE suspension only."""

_SINCE = re.compile(r"suspended since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.IGNORECASE)
_SATELLITE = re.compile(r"\b([1-9A-HJ-NP-Za-km-z]{40,60})\b")


def spans_after(last: SanctionSpan | None, kind: SanctionKind, date: float, told_at: float) -> tuple[SanctionSpan, ...]:
    """What is new or different after a date was told: nothing, the last span with an end, the next one, or both.

    date    -- when the satellite did it; NEVER (0) = it has not, or not any more
    told_at -- when the answer came; answers are taken in the order in which they came
    """
    if date <= 0:
        return () if last is None or last.until_at is not None else (_ended(last, told_at),)
    told = SanctionSpan(kind, date)
    if last is None:
        return (told,)
    if round(last.from_at * 1000) == round(date * 1000):
        return () if last.until_at is None else (told,)
    if last.until_at is not None:
        return (told,)
    # A new date ends the old one at the latest when it begins.
    return (_ended(last, date if date > last.from_at else told_at), told)


def _ended(last: SanctionSpan, at: float) -> SanctionSpan:
    return last._replace(until_at=max(at, last.from_at))


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
