"""Log of downtimes: outages seen by different witnesses, laid over each other. Pure, idempotent, in any order.

One witness can be wrong (a quiet log, a monitor without network, one satellite in trouble): a downtime is certain when the log shows the
process stop, when our own probe of the public port failed, or when two kinds of witnesses agree; otherwise it is suspected.
A silent log and failed check-ins say roughly when; the others say exactly when, so they decide about begin and end where both are there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import PingFailed
from storj_monitor.model.uptime import MARKS, Outage, Witness

JOIN_S = 90.0
"""Outages that are this near to each other are one."""
PING_JOIN_S = 7200.0
"""Check-ins are an hour apart: failures within two are one outage."""
LATE_CONTACT_S = 7200.0
"""Satellites look for a node every hour."""
PING_SATELLITES_S = 900.0
"""Check-ins at different satellites that fail within this time are one failure of the node's; one satellite alone is the satellite's."""


@dataclass(frozen=True, slots=True)
class Downtime:
    """Outages that belong together; `until_at` None while it lasts."""

    from_at: float
    until_at: float | None
    witnesses: tuple[Witness, ...]
    certain: bool

    def duration_s(self, now: float) -> float:
        return max(0.0, (now if self.until_at is None else self.until_at) - self.from_at)


_CERTAIN = frozenset({Witness.PROCESS, Witness.PROBE})
_ROUGH = frozenset({Witness.LOG_GAP, Witness.PING_FAILED})


def coalesce(outages: Iterable[Outage], join_s: float = JOIN_S) -> tuple[Outage, ...]:
    """Outages of the same witness that overlap or nearly touch become one: what is worth storing. Oldest first."""
    ordered = sorted(set(outages), key=lambda o: (o.from_at, _end(o)))
    merged = [o for o in ordered if o.witness in MARKS]
    for witness in Witness:
        if witness not in MARKS:
            merged += _joined([o for o in ordered if o.witness is witness], 0.0 if witness is Witness.PROCESS else join_s)
    return tuple(sorted(merged, key=lambda o: (o.from_at, o.witness)))


def downtimes(outages: Iterable[Outage], join_s: float = JOIN_S) -> tuple[Downtime, ...]:
    """The log of downtimes, oldest first; they do not overlap.

    The log tells to the second when the process was away. Those who ask the node see that a little later: what they saw at the edges of
    it is the same time away, and only what goes on for longer is one of its own.
    """
    merged = coalesce((o for o in outages if o.witness not in MARKS), join_s)
    processes = [o for o in merged if o.witness is Witness.PROCESS]
    rough = [o for o in merged if o.witness in _ROUGH]
    polled = [o for o in merged if o.witness not in _ROUGH and o.witness is not Witness.PROCESS]
    rest = sorted((part for one in polled for part in _outside(one, processes, join_s)), key=lambda o: o.from_at)
    begins = [process.from_at for process in processes]
    between = [list(parts) for _, parts in groupby(rest, key=lambda part: bisect_right(begins, part.from_at))]
    alone = set(rest)
    edges = [one for one in polled if one not in alone]
    found: list[Downtime] = []
    explained: set[Outage] = set()
    for group in [[one] for one in processes] + [group for parts in between for group in _grouped(parts, join_s)]:
        near = _touching(rough, group, join_s)
        also = _touching(edges, group, 0.0)
        explained.update(near)
        found.append(_downtime(group, {o.witness for o in (*group, *near, *also)}))
    left = _grouped([o for o in rough if o not in explained], join_s)
    found += [_downtime(group, {o.witness for o in group}) for group in left]
    return tuple(sorted((d for d in found if d.until_at is None or d.until_at > d.from_at), key=lambda d: d.from_at))


def _outside(one: Outage, processes: Sequence[Outage], join_s: float) -> list[Outage]:
    """The parts of an outage that no process explains."""
    parts, begin = [], one.from_at
    for process in processes:
        if _end(process) <= begin or process.from_at >= _end(one):
            continue
        if process.from_at - begin > join_s:
            parts.append(one._replace(from_at=begin, until_at=process.from_at))
        begin = _end(process)
    if begin == one.from_at or _end(one) - begin > join_s:
        parts.append(one._replace(from_at=begin))
    return parts


def away_since(down_at: float | None, last_contact: float, told_at: float) -> float | None:
    """Since when satellites cannot reach the node; None while it is reached, as far as is known.

    down_at      -- since when it is down for certain
    last_contact -- what the node itself told at `told_at`
    """
    if told_at - last_contact > LATE_CONTACT_S:
        return last_contact if down_at is None else min(down_at, last_contact)
    return down_at


def hours_down(times: Iterable[Downtime], from_at: float, to_at: float, *, certain_only: bool = True) -> float:
    """Hours of downtime between two moments."""
    total = 0.0
    for one in times:
        if one.certain or not certain_only:
            total += max(0.0, min(to_at, to_at if one.until_at is None else one.until_at) - max(from_at, one.from_at))
    return total / 3600


def ping_outages(events: Iterable[NodeEvent], processes: Sequence[Outage] = ()) -> tuple[Outage, ...]:
    """Check-ins that failed at several satellites, those near each other as one. Those of a process that stops are the stop."""
    stops = [(o.from_at - 10, (o.from_at + 60) if o.until_at is None else o.until_at) for o in processes]
    failed = sorted((e.time_ms / 1000, e.satellite) for e in events if isinstance(e, PingFailed))
    failed = [(t, satellite) for t, satellite in failed if not any(a <= t <= b for a, b in stops)]
    shared = _at_several(failed) | _at_several([(-t, satellite) for t, satellite in reversed(failed)])
    own = [Outage(Witness.PING_FAILED, t, t) for t in sorted({abs(t) for t in shared})]
    return tuple(_joined(own, PING_JOIN_S))


def _at_several(failed: Sequence[tuple[float, str]]) -> set[float]:
    """Times that follow soon on a failure at another satellite; `failed` ascending."""
    found: set[float] = set()
    newest, other = ("", float("-inf")), ("", float("-inf"))  # of the newest satellite, and of the newest of all others
    for t, satellite in failed:
        before = other[1] if satellite == newest[0] else newest[1]
        if t - before <= PING_SATELLITES_S:
            found.add(t)
        if satellite != newest[0]:
            other = newest
        newest = (satellite, t)
    return found


def _end(outage: Outage) -> float:
    return float("inf") if outage.until_at is None else outage.until_at


def _until(end: float) -> float | None:
    return None if end == float("inf") else end


def _touch(a: Outage, b: Outage, join_s: float) -> bool:
    return a.from_at <= _end(b) + join_s and b.from_at <= _end(a) + join_s


def _touching(outages: Sequence[Outage], group: Sequence[Outage], join_s: float) -> list[Outage]:
    """Those that touch one of the group."""
    begin, end = min(own.from_at for own in group) - join_s, max(_end(own) for own in group) + join_s
    near = [o for o in outages if o.from_at <= end and (o.until_at is None or o.until_at >= begin)]
    return [o for o in near if any(_touch(o, own, join_s) for own in group)]


def _joined(outages: Sequence[Outage], join_s: float) -> list[Outage]:
    """Outages of one witness, sorted."""
    joined: list[Outage] = []
    for outage in outages:
        if joined and outage.from_at <= _end(joined[-1]) + join_s:
            joined[-1] = joined[-1]._replace(until_at=_until(max(_end(joined[-1]), _end(outage))))
        else:
            joined.append(outage)
    return joined


def _grouped(outages: Sequence[Outage], join_s: float) -> list[list[Outage]]:
    """Outages of several witnesses, sorted by begin."""
    groups: list[list[Outage]] = []
    end = float("-inf")
    for outage in outages:
        if groups and outage.from_at <= end + join_s:
            groups[-1].append(outage)
        else:
            groups.append([outage])
            end = float("-inf")
        end = max(end, _end(outage))
    return groups


def _downtime(group: Sequence[Outage], witnesses: set[Witness]) -> Downtime:
    return Downtime(
        min(o.from_at for o in group),
        _until(max(_end(o) for o in group)),
        tuple(sorted(witnesses)),
        bool(_CERTAIN & witnesses) or len(witnesses) > 1,
    )
