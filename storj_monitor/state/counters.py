"""Growth of a node's own counters, as `/metrics` tells them: between two answers, across restarts, by hour. Pure."""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.model.kept import Kept, KeptGrowth, KeptInterval, KnownNode
from storj_monitor.model.node_metrics import CounterPosition, Growth, NodeMetrics, TransferCount

HOUR_S = 3600.0
DAY_S = 86_400.0
POLL_S = 90.0
"""Counters are asked every minute or so."""
MOST_UNKEPT = 80
"""Of the intervals of the last hour: one a minute, and some more."""
_SLACK_S = 5.0


class CounterInterval(NamedTuple):
    """Between two answers: what the node's counters grew by, by op."""

    from_at: float
    growth: Mapping[int, Growth]

    def pack(self) -> bytes:
        """The same in far less memory: an hour of them is held only to be let go of one by one."""
        return marshal.dumps((self.from_at, {op: tuple(growth) for op, growth in self.growth.items()}))

    @classmethod
    def unpack(cls, packed: bytes) -> CounterInterval:
        from_at, growth = marshal.loads(packed)  # our own bytes
        return cls(from_at, {op: Growth(*values) for op, values in growth.items()})


@dataclass(slots=True)
class CounterHistory:
    """Growth of the node's own counters, by op.

    since, ops -- since the first answer to this run of the monitor
    recent     -- the last hour's, answer by answer: when each began, and the interval packed; `hour` is their sum
    hours      -- by start of the hour (Unix milliseconds): those that are not stored yet, and the one that the stored answer lies in
    position   -- up to where all of this counts; after a restart as it was stored
    unkept     -- intervals that are not stored yet
    slot       -- where the next one is stored: the newest take the place of the oldest
    kept_at    -- when this was stored last
    """

    since: float = 0.0
    ops: dict[int, Growth] = field(default_factory=dict)
    recent: deque[tuple[float, bytes]] = field(default_factory=deque)
    hour: dict[int, Growth] = field(default_factory=dict)
    hours: dict[int, dict[int, Growth]] = field(default_factory=dict)
    position: CounterPosition | None = None
    unkept: list[CounterInterval] = field(default_factory=list)
    slot: int = 0
    kept_at: float = 0.0

    def add(self, interval: CounterInterval) -> None:
        """The newest interval."""
        self.recent.append((interval.from_at, interval.pack()))
        self.hour = add_up((self.hour, interval.growth))

    def count(self, after: NodeMetrics, known: NodeMetrics | None) -> None:
        """Counters by delta, across restarts of the node, and of the monitor where the answer before (`known`) is a stored one."""
        before, self.position = self.position or known, after.position
        growth = transfer_growth(before, after)
        if self.since:
            self.ops = add_up((self.ops, growth))
        else:
            self.since = after.taken_at
        if before is None or not 0 < after.taken_at - before.taken_at <= DAY_S:
            return
        interval = CounterInterval(before.taken_at, growth)
        self.add(interval)
        self.unkept = [*self.unkept[1 - MOST_UNKEPT :], interval]
        self.last_hour(after.taken_at)
        hour = self.hours.setdefault(int(after.taken_at // HOUR_S * HOUR_S * 1000), {})
        hour.update({op: hour[op].plus(more) if op in hour else more for op, more in growth.items()})

    def take_unkept(self, now: float) -> Iterator[Kept]:
        """To be stored together with the position that they count to: so no growth is lost or counted twice, whenever the monitor ends."""
        if self.position is None:
            return
        self.kept_at = now
        yield self.position
        for interval in self.unkept:
            yield KeptInterval(self.slot, interval.from_at, interval.growth)
            self.slot = (self.slot + 1) % MOST_UNKEPT
        self.unkept = []
        for start_ms, ops in self.hours.items():
            for op, growth in ops.items():
                yield KeptGrowth(start_ms, op, growth)
        for start_ms in sorted(self.hours)[:-1]:
            del self.hours[start_ms]

    @classmethod
    def resumed(cls, known: KnownNode, metrics: NodeMetrics | None, now: float) -> CounterHistory:
        """Where the counters were, the hour that this lies in, and the last hour answer by answer: as if the monitor had not ended.

        A database of an earlier version has no position: there the stored answer is one.
        """
        # The hour that the stored position lies in: what is added later in it adds up.
        newest = max(known.growth_hours, default=None)
        hours = {} if newest is None else {newest: dict(known.growth_hours[newest])}
        counted = cls(hours=hours, position=known.position or (metrics.position if metrics else None))
        for slot, from_at, growth in known.intervals:
            counted.slot = (slot + 1) % MOST_UNKEPT
            if now - HOUR_S - POLL_S <= from_at <= now:
                counted.add(CounterInterval(from_at, growth))
        return counted

    def last_hour(self, now: float) -> dict[int, Growth]:
        """What was added in the last 60 minutes, as far as it was asked."""
        while self.recent and self.recent[0][0] < now - HOUR_S - POLL_S:
            for op, growth in CounterInterval.unpack(self.recent.popleft()[1]).growth.items():
                self.hour[op] = self.hour[op].minus(growth)
        return {op: growth for op, growth in self.hour.items() if growth.number}


def add_up(parts: Iterable[Mapping[int, Growth]]) -> dict[int, Growth]:
    """The sums by op."""
    total: dict[int, Growth] = {}
    for part in parts:
        for op, growth in part.items():
            known = total.get(op)
            total[op] = growth if known is None else known.plus(growth)
    return total


def has_restarted(before: NodeMetrics | CounterPosition, after: NodeMetrics) -> bool:
    """Whether the node's process began again between the two answers.

    By its uptime; by the time that went by, where the new process is already older than the old one was; by a counter that fell.
    """
    if before.uptime_s is not None and after.uptime_s is not None:
        elapsed_s = after.taken_at - before.taken_at
        if after.uptime_s < before.uptime_s:
            return True
        if before.uptime_s + _SLACK_S < elapsed_s and after.uptime_s + _SLACK_S < elapsed_s:
            return True
    return any(op in after.transfers and after.transfers[op].number < was.number for op, was in before.transfers.items())


def transfer_growth(before: NodeMetrics | CounterPosition | None, after: NodeMetrics) -> dict[int, Growth]:
    """What was added by op; ops without a change are left out.

    Without a `before` nothing is known to be new: an empty result. After a restart all that the new process counted is new.
    """
    if before is None:
        return {}
    restarted = has_restarted(before, after)
    grown = {op: _growth(None if restarted else before.transfers.get(op), count) for op, count in after.transfers.items()}
    return {op: growth for op, growth in grown.items() if growth.number}


def _growth(before: TransferCount | None, after: TransferCount) -> Growth:
    was, now = (before.duration_s if before else None), after.duration_s
    timed = (now.number if now else 0) - (was.number if was else 0)
    total_s = (now.total if now else 0.0) - (was.total if was else 0.0)
    size_bytes = (after.size_bytes or 0) - ((before.size_bytes or 0) if before else 0)
    return Growth(after.number - (before.number if before else 0), max(0, size_bytes), max(0, timed), max(0.0, total_s))
