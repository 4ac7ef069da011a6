"""What was said about a node's doors, stops and counters goes into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from storj_monitor.app import subject_rows as rows
from storj_monitor.app.subject_rows import Pending
from storj_monitor.database import subjects as store
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_answers import ApiState, ApiStatus, Door
from storj_monitor.model.node_events import (
    ConfigurationLoaded,
    NodeFailed,
    NodeStarted,
    Panic,
    PingFailed,
    ServiceStopped,
    SignalReceived,
)
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.node_api.counters import transfer_growth
from storj_monitor.reputation_tracker.downtime import LOG_GAP_S, Outage, Witness, coalesce, ping_outages, process_outages
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.views.subjects import NodeSubjects, Stretch, add_up

OUTAGES_S = 400 * DAY_S
MOST_LINES = 1000
MINUTE_S = 60
HOUR_S = 3600
BUSY_TRANSFERS = 120
"""In the hour before a silence: a node with fewer may well have none for a quarter of an hour."""
_EVENTS = (ConfigurationLoaded, NodeFailed, NodeStarted, Panic, PingFailed, ServiceStopped, SignalReceived)
_LOGGED = frozenset({Witness.PROCESS, Witness.PING_FAILED})
_WITNESS = {Door.API: Witness.API_DOWN, Door.HEALTH: Witness.PROBE}
_DOORS = frozenset(_WITNESS.values())


class Pulse:
    """Minutes of one log that had transfers: a silence counts only when the hour before it was busy."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, int]] = deque()
        self._count = 0

    def silences(self, minutes: Mapping[int, int]) -> list[Outage]:
        """Silences that ended in these minutes (start in Unix seconds -> transfers). Minutes that came before are let pass."""
        found: list[Outage] = []
        for minute in sorted(minutes):
            last = self._minutes[-1][0] if self._minutes else minute
            if minute < last:
                continue
            while self._minutes and self._minutes[0][0] <= last - HOUR_S:
                self._count -= self._minutes.popleft()[1]
            if minute - last - MINUTE_S >= LOG_GAP_S and self._count >= BUSY_TRANSFERS:
                found.append(Outage(Witness.LOG_GAP, last + MINUTE_S, minute))
            self._minutes.append((minute, minutes[minute]))
            self._count += minutes[minute]
        return found


class Downtimes:
    """Outages of all nodes, from their doors and their logs; put to the rows that wait, those of doors as soon as they begin.

    One that was open when the monitor was killed goes on when it starts again, until the door is seen to answer.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[NodeEvent]] = {}
        self._was_ok: set[tuple[str, Door]] = set()
        self._pulses: dict[str, Pulse] = {}

    def take_door(self, node: NodeSubjects, state: ApiState, now: float, pending: Pending) -> None:
        """A door that had answered and does not any more is an outage; one that never did tells nothing."""
        node.doors[state.door] = state
        witness, key = _WITNESS.get(state.door), (node.name, state.door)
        if witness is None:
            return
        if state.status is ApiStatus.UNKNOWN:  # not asked yet: what was open stays open
            return
        if state.status in (ApiStatus.OK, ApiStatus.PARTIAL):
            self._was_ok.add(key)
        is_open = any(one.witness is witness and one.until_at is None for one in node.outages)
        before, down = node.outages, state.status is ApiStatus.UNREACHABLE
        if down and key in self._was_ok and not is_open:
            node.outages = (*before, Outage(witness, state.since, None))
        elif not down and is_open:
            node.outages = coalesce(_ended(one, witness, now) for one in before)
        _write(node, before, pending)

    def resume(self, node: NodeSubjects) -> None:
        """After a restart: doors that answered an earlier run, or were shut in its time, are known to be doors."""
        if node.answer is not None:
            self._was_ok.add((node.name, Door.API))
        if node.health is not None:
            self._was_ok.add((node.name, Door.HEALTH))
        still = {one.witness for one in node.outages if one.until_at is None}
        self._was_ok.update((node.name, door) for door, witness in _WITNESS.items() if witness in still)

    def take_no_doors(self, node: NodeSubjects, now: float, pending: Pending) -> None:
        """The node is not asked any more: nobody will see the end of what was open."""
        before = node.outages
        node.outages = tuple(one._replace(until_at=now) if one.witness in _DOORS and one.until_at is None else one for one in before)
        _write(node, before, pending)

    def take_lines(self, node: NodeSubjects, events: list[NodeEvent], pending: Pending) -> bool:
        """Stops, starts and failed check-ins; their outages are reckoned anew from all that are known. True when they changed."""
        told = [event for event in events if isinstance(event, _EVENTS)]
        if not told:
            return False
        known = self._lines.setdefault(node.name, [])
        known += told
        known.sort(key=lambda event: event.time_ms)
        del known[:-MOST_LINES]
        starts = [event.time_ms / 1000 for event in known if isinstance(event, NodeStarted)]
        node.log_started_at = starts[-1] if starts else node.log_started_at
        processes = process_outages(known)
        logged = [*processes, *ping_outages(known, processes)]
        begin, before = known[0].time_ms / 1000, node.outages
        kept = [one for one in before if one.witness not in _LOGGED or one.from_at < begin]
        node.outages = coalesce([*kept, *logged])
        _write(node, before, pending)
        return node.outages != before

    def take_minutes(self, node: NodeSubjects, minutes: Mapping[int, int], pending: Pending) -> bool:
        """Minutes with transfers. True when they ended a silence."""
        gaps = self._pulses.setdefault(node.name, Pulse()).silences(minutes)
        if not gaps:
            return False
        before = node.outages
        node.outages = coalesce([*before, *gaps])
        _write(node, before, pending)
        return True


def expire_outages(node: NodeSubjects, now: float, pending: Pending) -> None:
    """Let go of what is older than is kept."""
    old = [one for one in node.outages if one.until_at is not None and one.until_at < now - OUTAGES_S]
    for one in old:
        pending.drop(store.OUTAGE, rows.outage_row(node.name, one)[: store.OUTAGE.key])
    node.outages = tuple(one for one in node.outages if one not in old)


def count_transfers(node: NodeSubjects, after: NodeMetrics) -> None:
    """Counters by delta, across restarts of the node, and of the monitor where the answer before is a stored one."""
    before, counted = node.metrics, node.counted
    growth = transfer_growth(before, after)
    if counted.since:
        counted.ops = add_up((counted.ops, growth))
    else:
        counted.since = after.taken_at
    if before is None or not 0 < after.taken_at - before.taken_at <= DAY_S:
        return
    counted.add(Stretch(before.taken_at, growth))
    counted.last_hour(after.taken_at)
    hour = counted.hours.setdefault(int(after.taken_at // HOUR_S * HOUR_S * 1000), {})
    hour.update({op: hour[op].plus(more) if op in hour else more for op, more in growth.items()})


def keep_counters(node: NodeSubjects, pending: Pending) -> None:
    """To be stored together with the answer that they count to: so no growth is lost or counted twice, whenever the monitor ends."""
    hours = node.counted.hours
    for start_ms, ops in hours.items():
        for op, growth in ops.items():
            pending.put(store.COUNTER_HOUR, rows.counter_row(node.name, start_ms, op, growth))
    for start_ms in sorted(hours)[:-1]:
        del hours[start_ms]


def _write(node: NodeSubjects, before: tuple[Outage, ...], pending: Pending) -> None:
    for one in before:
        if one not in node.outages:
            pending.drop(store.OUTAGE, rows.outage_row(node.name, one)[: store.OUTAGE.key])
    for one in node.outages:
        # What only the log tells is open comes back from its lines, which are stored.
        if one not in before and (one.until_at is not None or one.witness in _DOORS):
            pending.put(store.OUTAGE, rows.outage_row(node.name, one))


def _ended(one: Outage, witness: Witness, until_at: float) -> Outage:
    """The outage, ended when it is the open one of this witness."""
    return one._replace(until_at=max(until_at, one.from_at)) if one.witness is witness and one.until_at is None else one
