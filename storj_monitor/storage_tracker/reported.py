"""What satellites say that they store on the node: byte-hours divided by hours, day by day and over the month.

For nodes that nobody else tells about also what the log says of space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.node_events import Filewalker, SpaceWarning
from storj_monitor.model.space import LogSpace, SatelliteUsage, UsageDay

DAY_S = 86_400.0
MOST_BYTES = 1e16
LAST_DAY_STANDS_S = 4 * DAY_S
FULL_DAY_HOURS = 12.0
"""Less than this of a day does not stand for a day."""
_ALLOCATION_WARNINGS = ("Disk space is less than requested. Allocated space is", "Used more space than allocated. Allocated space is")


def day_average(day: UsageDay) -> float | None:
    """Average bytes of one day: byte-hours / hours, the node's own average where the hours are not told or the day was filled in.

    None from a node so old that it tells neither.
    """
    if day.calculated or not day.hours:
        return day.average_bytes
    return day.byte_hours / true_hours(day)


def true_hours(day: UsageDay) -> float:
    """The hours of a report; where the node cuts them to whole ones, 23 and 24 are both a day, and of any other number the middle is taken.

    Without that a day of 23:59 h would be 4.3 % too large, and with it what nobody seems to pay for.
    """
    hours = day.hours or 0.0
    if not day.whole_hours:
        return hours
    return 24.0 if hours in (23.0, 24.0) else hours + 0.5


def newest_day(days: Sequence[UsageDay], now: float) -> UsageDay | None:
    """The newest complete day that a satellite reported; a running or filled-in one only when there is no other."""
    told = [d for d in days if not d.calculated]
    return max(_complete(days, now) or told or days, key=lambda d: d.start_at, default=None)


def with_last_day(before: SatelliteUsage | None, usage: SatelliteUsage, now: float) -> SatelliteUsage:
    """At the turn of a month a node tells of no whole day at first: the newest one before stands until it does, but not for long."""
    if before is None or _complete(usage.days, now):
        return usage
    last = max(_complete(before.days, now), key=lambda d: d.start_at, default=None)
    if last is None or last.start_at < now - LAST_DAY_STANDS_S or any(d.start_at == last.start_at for d in usage.days):
        return usage
    return replace(usage, days=(last, *usage.days))


def _complete(days: Sequence[UsageDay], now: float) -> list[UsageDay]:
    """Days that are over, as satellites reported them."""
    return [d for d in days if not d.calculated and d.start_at + DAY_S <= now and (d.hours is None or d.hours >= FULL_DAY_HOURS)]


def month_average(usage: SatelliteUsage) -> float | None:
    """Average bytes of the month so far, from what was reported; None when nothing was."""
    begun_at = datetime.fromtimestamp(usage.taken_at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    of_month = [d for d in usage.days if d.start_at >= begun_at]
    told = [d for d in of_month if not d.calculated and d.hours]
    hours = sum(true_hours(d) for d in told)
    if hours:
        return sum(d.byte_hours for d in told) / hours
    return usage.average_bytes if of_month else None


def reported(usages: Sequence[SatelliteUsage], now: float) -> Figure[int] | None:
    """Newest daily average of all satellites together. One with satellite "" (all at once) counts only when it is alone."""
    parts = [(newest_day(u.days, now), u) for u in _single(usages)]
    known = [(day_average(day), u.taken_at) for day, u in parts if day is not None]
    return _sum([(value, at) for value, at in known if value is not None])


def reported_month(usages: Sequence[SatelliteUsage]) -> Figure[int] | None:
    """Average of the month so far of all satellites together."""
    parts = [(month_average(u), u.taken_at) for u in _single(usages)]
    return _sum([(value, at) for value, at in parts if value is not None])


def _single(usages: Sequence[SatelliteUsage]) -> list[SatelliteUsage]:
    single = [u for u in usages if u.satellite]
    return single or list(usages)


def _sum(parts: Sequence[tuple[float, float]]) -> Figure[int] | None:
    """As old as the oldest part. Amounts that no disk holds (a lying answer, hours of next to nothing) are left out."""
    parts = [part for part in parts if 0 <= part[0] <= MOST_BYTES]
    if not parts:
        return None
    return Figure(round(sum(value for value, _ in parts)), Source.API, min(at for _, at in parts))


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
