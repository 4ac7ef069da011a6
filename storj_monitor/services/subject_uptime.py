"""What is seen of a node's life goes into memory: lines of its process, transfers, doors, starts that its API tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import Pending
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import Outcome, op_outcome
from storj_monitor.model.node_answers import ApiState, ApiStatus, Door
from storj_monitor.model.node_events import PingFailed
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.uptime import MARKS, Outage, Witness
from storj_monitor.reputation_tracker.downtime import coalesce, ping_outages
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.reputation_tracker.process_life import SAME_START_S, is_process_line, missing_signs, process_life
from storj_monitor.reputation_tracker.uptime import CONTACT_S, FRESH_S, WITNESS_OF_DOOR, node_uptime, without_contradicted
from storj_monitor.state.node_status import NodeStatus, Topic

OUTAGES_S = 400 * DAY_S
MOST_LINES = 1000
ANSWERS_APART_S = 300.0
"""An answer that was longer ago than this tells nothing of when a process ended."""
AHEAD_S = 3600.0
"""Lines of a time that is not yet (a clock that was wrong for a while) tell nothing: they would outweigh all that comes."""
LIFE_LOGGERS = frozenset({"piecestore", "collector", "orders", "contact:service", "retain", "pieces:trash", "reputation:service"})
"""A node says something with these only while it runs, also where it says nothing but errors."""
_LOGGED = frozenset({Witness.PROCESS, Witness.PING_FAILED})
_DOORS = frozenset(WITNESS_OF_DOOR.values())
_BOTH = frozenset({Topic.HEALTH, Topic.REPUTATION})
_NOTHING: frozenset[Topic] = frozenset()


class UptimeKeeper:
    """All nodes. Every `take_…` says which subjects may look different; outages are put to the rows that wait.

    A door's outage that was open when the monitor was killed goes on when it starts again, until the door is seen to answer.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[NodeEvent]] = {}
        self._pings: dict[str, list[NodeEvent]] = {}
        self._was_ok: set[tuple[str, Door]] = set()
        self._shown: dict[str, tuple[object, ...]] = {}

    # ---- doors ----

    def take_door(self, node: NodeStatus, state: ApiState, now: float, pending: Pending) -> frozenset[Topic]:
        """A door that had answered and does not any more is an outage; one that never did tells nothing."""
        node.doors[state.door] = state
        witness, key = WITNESS_OF_DOOR[state.door], (node.name, state.door)
        if state.status is ApiStatus.UNKNOWN:  # not asked yet: what was open stays open
            return frozenset({Topic.HEALTH})
        if state.status in (ApiStatus.OK, ApiStatus.PARTIAL):
            self._was_ok.add(key)
        is_open = any(one.witness is witness and one.until_at is None for one in node.outages)
        before, down = node.outages, state.status is ApiStatus.UNREACHABLE
        if down and key in self._was_ok and not is_open:
            node.outages = (*before, Outage(witness, state.since, None))
        elif not down and is_open:
            ended = [_ended(one, witness, now) for one in before]
            node.outages = coalesce(without_contradicted(ended, list(node.log.pulse)))
        _write(node, before, pending)
        return _BOTH if node.outages != before else frozenset({Topic.HEALTH})

    def resume(self, node: NodeStatus) -> None:
        """After a restart: doors that answered an earlier run, or were shut in its time, are known to be doors."""
        answered = ((Door.API, node.answer), (Door.HEALTH, node.health), (Door.METRICS, node.metrics))
        self._was_ok.update((node.name, door) for door, answer in answered if answer is not None)
        still = {one.witness for one in node.outages if one.until_at is None}
        self._was_ok.update((node.name, door) for door, witness in WITNESS_OF_DOOR.items() if witness in still)

    def take_no_doors(self, node: NodeStatus, now: float, pending: Pending) -> None:
        """The node is not asked any more: nobody will see the end of what was open."""
        before = node.outages
        node.outages = tuple(one._replace(until_at=now) if one.witness in _DOORS and one.until_at is None else one for one in before)
        _write(node, before, pending)

    def take_start(
        self, node: NodeStatus, started_at: float | None, seen_at: float | None, now: float, pending: Pending
    ) -> frozenset[Topic]:
        """The start of the process, as the API or /metrics tells it (by our clock); `seen_at`: its answer before this one.

        Of a node whose log is not read, another start proves that it was away, for as long as the two answers leave open.
        """
        if started_at is None or not 0 < started_at <= now + SAME_START_S:
            return _NOTHING
        told = [one.from_at for one in node.outages if one.witness is Witness.API_STARTED]
        if any(abs(at - started_at) < SAME_START_S for at in told):
            return _NOTHING
        before = node.outages
        found = [_started_again(one, started_at) for one in before]
        found.append(Outage(Witness.API_STARTED, started_at, started_at))
        if told and seen_at is not None and node.log.is_behind and 0 < started_at - seen_at <= ANSWERS_APART_S:
            found.append(Outage(Witness.PROCESS, seen_at, started_at))
        node.outages = coalesce(found)
        self._reckon(node)
        _write(node, before, pending)
        return _BOTH

    # ---- the log ----

    def take_delta(self, node: NodeStatus, delta: NodeDelta, now: float, pending: Pending) -> frozenset[Topic]:
        """Lines that were just read, but for its typed lines: see take_lines, which comes after this."""
        before = node.outages
        if not delta.follows:
            node.log.pulse.lose_track()
        latest = now + AHEAD_S
        if delta.transfers and delta.transfers[-1].time_ms / 1000 <= latest:
            node.log.transfer_at = max(node.log.transfer_at or 0.0, delta.transfers[-1].time_ms / 1000)
        if delta.cells:
            minutes: dict[int, tuple[int, int]] = {}
            for key, cell in delta.cells.items():
                if key.start_s > latest:
                    continue
                count, good = minutes.get(key.start_s, (0, 0))
                minutes[key.start_s] = (count + cell.count, good + cell.count * (op_outcome(key.op) is Outcome.SUCCESS))
            gaps = node.log.pulse.add(minutes)
            if gaps:
                node.outages = coalesce([*node.outages, *gaps, *_unreached(node, gaps)])
        lines = [event for event in delta.events if is_process_line(event) and event.time_ms / 1000 <= latest]
        if lines or node.log.life.begun is not None:
            known = self._lines.get(node.name, [])
            signs = missing_signs([*known[-1:], *lines], [at for at in _signs_of_life(delta) if at <= latest])
            if signs:
                node.outages = coalesce([*node.outages, *signs])
                self._reckon(node)
        _write(node, before, pending)
        return _BOTH if node.outages != before else _NOTHING

    def take_old_minutes(self, node: NodeStatus, minutes: Mapping[int, tuple[int, int]], now: float, pending: Pending) -> None:
        """Transfers and successes by minute, as an earlier run stored them: a silence that goes on from there is one."""
        before = node.outages
        known = {minute: counts for minute, counts in minutes.items() if minute <= now + AHEAD_S}
        node.outages = coalesce([*before, *node.log.pulse.add(known)])
        last = node.log.pulse.last_minute
        node.log.transfer_at = max(node.log.transfer_at or 0.0, float(last)) if last is not None else node.log.transfer_at
        _write(node, before, pending)

    def take_lines(self, node: NodeStatus, events: Sequence[NodeEvent], now: float, pending: Pending) -> frozenset[Topic]:
        """Ends, starts and failed check-ins; their outages are reckoned anew from all that are known."""
        latest_ms = (now + AHEAD_S) * 1000
        lines = [event for event in events if is_process_line(event) and event.time_ms <= latest_ms]
        pings: list[NodeEvent] = [event for event in events if isinstance(event, PingFailed) and event.time_ms <= latest_ms]
        if not (lines or pings):
            return _NOTHING
        _add(self._lines.setdefault(node.name, []), lines)
        _add(self._pings.setdefault(node.name, []), pings)
        before, life = node.outages, node.log.life
        self._reckon(node)
        _write(node, before, pending)
        return _BOTH if node.outages != before or node.log.life != life else _NOTHING

    def _reckon(self, node: NodeStatus) -> None:
        lines, pings = self._lines.get(node.name, []), self._pings.get(node.name, [])
        marks = [one for one in node.outages if one.witness in MARKS]
        life = node.log.life = process_life(lines, marks)
        from_at = {
            Witness.PROCESS: lines[0].time_ms / 1000 if lines else float("inf"),
            Witness.PING_FAILED: pings[0].time_ms / 1000 if pings else float("inf"),
        }
        kept = [one for one in node.outages if one.witness not in _LOGGED or one.from_at < from_at[one.witness]]
        failed = without_contradicted(ping_outages(pings, life.outages), list(node.log.pulse))
        node.outages = coalesce([*kept, *life.outages, *failed])

    # ---- as time goes by ----

    def look(self, node: NodeStatus, now: float) -> frozenset[Topic]:
        """A silence grows until it is too long, a start takes too long: nothing comes, and the state is another one."""
        state = node_uptime(node, now)
        shown = (state.state, state.since, state.certain, state.evidence)
        if self._shown.get(node.name) == shown:
            return _NOTHING
        self._shown[node.name] = shown
        return _BOTH


def expire_outages(node: NodeStatus, now: float, pending: Pending) -> None:
    """Let go of what is older than is kept."""
    old = {one for one in node.outages if one.until_at is not None and one.until_at < now - OUTAGES_S}
    for one in old:
        pending.drop(store.OUTAGE, rows.outage_row(node.name, one)[: store.OUTAGE.key])
    node.outages = tuple(one for one in node.outages if one not in old)


def _unreached(node: NodeStatus, gaps: Sequence[Outage]) -> list[Outage]:
    """Silences in which the node itself told that nobody had reached it."""
    answer = node.answer
    if answer is None or not answer.last_pinged_at:
        return []
    contact_at = answer.last_pinged_at - (answer.clock_ahead_s or 0.0)
    if answer.taken_at - contact_at < CONTACT_S:
        return []
    return [
        Outage(Witness.CONTACT, max(gap.from_at, contact_at), gap.until_at)
        for gap in gaps
        if gap.until_at is not None and contact_at < gap.until_at and gap.from_at < answer.taken_at <= gap.until_at + FRESH_S
    ]


def _signs_of_life(delta: NodeDelta) -> list[float]:
    """When the lines show that the node worked, ascending."""
    found = [transfer.time_ms for transfer in delta.transfers]
    found += [seen.first_ms for key, seen in delta.errors.items() if key.logger in LIFE_LOGGERS]
    return sorted(at_ms / 1000 for at_ms in found)


def _add(known: list[NodeEvent], more: list[NodeEvent]) -> None:
    known += more
    known.sort(key=lambda event: event.time_ms)
    del known[:-MOST_LINES]


def _write(node: NodeStatus, before: tuple[Outage, ...], pending: Pending) -> None:
    if before is node.outages:
        return
    old, new = set(before), set(node.outages)
    for one in old - new:
        pending.drop(store.OUTAGE, rows.outage_row(node.name, one)[: store.OUTAGE.key])
    for one in new - old:
        # What only the log tells is open comes back from its lines, which are stored.
        if one.until_at is not None or one.witness in _DOORS:
            pending.put(store.OUTAGE, rows.outage_row(node.name, one))


def _ended(one: Outage, witness: Witness, until_at: float) -> Outage:
    """The outage, ended when it is the open one of this witness."""
    return one._replace(until_at=max(until_at, one.from_at)) if one.witness is witness and one.until_at is None else one


def _started_again(one: Outage, started_at: float) -> Outage:
    """A door that was shut when the process started was shut no longer than until then, or until somebody looked again."""
    if one.witness in _DOORS and one.until_at is not None and one.from_at < started_at < one.until_at:
        return one._replace(until_at=started_at)
    return one
