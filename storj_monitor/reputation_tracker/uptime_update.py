"""What is seen of a node's life, as changes of what is known: lines of its process, transfers, endpoints, starts that it tells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_answers import ApiState, ApiStatus, Endpoint, NodeAnswer
from storj_monitor.model.node_events import PingFailed
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.uptime import MARKS, WITNESS_OF_ENDPOINT, Outage, Witness
from storj_monitor.reputation_tracker.downtime import coalesce, ping_outages
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.reputation_tracker.process_life import SAME_START_S, is_process_line, missing_signs, process_life
from storj_monitor.reputation_tracker.uptime import CONTACT_S, FRESH_S, without_contradicted
from storj_monitor.state.node_status import AHEAD_S, NO_CHANGES, Changes, NodeLog, NodeStatus, Topic

OUTAGES_S = 400 * DAY_S
MOST_LINES = 1000
ANSWERS_APART_S = 300.0
"""An answer that was longer ago than this tells nothing of when a process ended."""
LIFE_LOGGERS = frozenset({"piecestore", "collector", "orders", "contact:service", "retain", "pieces:trash", "reputation:service"})
"""A node says something with these only while it runs, also where it says nothing but errors."""
_LOGGED = frozenset({Witness.PROCESS, Witness.PING_FAILED})
_ENDPOINTS = frozenset(WITNESS_OF_ENDPOINT.values())
_HEALTH = frozenset({Topic.HEALTH})
_BOTH = frozenset({Topic.HEALTH, Topic.REPUTATION})


# ---- endpoints ----


def update_endpoint(status: NodeStatus, state: ApiState, now: float) -> Changes:
    """An endpoint that had answered and does not any more is an outage; one that never did tells nothing.

    An outage that was open when the monitor was killed goes on when it starts again, until the endpoint is seen to answer.
    """
    endpoints = {**status.endpoints, state.endpoint: state}
    if state.status is ApiStatus.UNKNOWN:  # not asked yet: what was open stays open
        return Changes(endpoints=endpoints, topics=_HEALTH)
    answered = status.answered_endpoints
    if state.status in (ApiStatus.OK, ApiStatus.PARTIAL):
        answered |= {state.endpoint}
    witness, before = WITNESS_OF_ENDPOINT[state.endpoint], status.outages
    after, down = before, state.status is ApiStatus.UNREACHABLE
    is_open = any(one.witness is witness and one.until_at is None for one in before)
    if down and state.endpoint in answered and not is_open:
        after = (*before, Outage(witness, state.since, None))
    elif not down and is_open:
        ended = [_ended(one, witness, now) for one in before]
        after = coalesce(without_contradicted(ended, list(status.log.pulse)))
    return replace(_outages(status, after, _BOTH if after != before else _HEALTH), endpoints=endpoints, answered_endpoints=answered)


def resume_endpoints(status: NodeStatus) -> Changes:
    """After a restart: endpoints that answered an earlier run, or were shut in its time, are known to be there."""
    answers = ((Endpoint.API, status.answer), (Endpoint.HEALTH, status.health), (Endpoint.METRICS, status.metrics))
    still = {one.witness for one in status.outages if one.until_at is None}
    answered = {endpoint for endpoint, answer in answers if answer is not None}
    answered |= {endpoint for endpoint, witness in WITNESS_OF_ENDPOINT.items() if witness in still}
    return Changes(answered_endpoints=status.answered_endpoints | answered)


def without_endpoints(status: NodeStatus, now: float) -> Changes:
    """The node is not asked any more: nobody will see the end of what was open."""
    before = status.outages
    after = tuple(one._replace(until_at=now) if one.witness in _ENDPOINTS and one.until_at is None else one for one in before)
    return _outages(status, after)


def update_start(status: NodeStatus, value: NodeAnswer | NodeMetrics, now: float) -> Changes:
    """The start of the process, as the API or /metrics tells it.

    Of a node whose log is not read, another start proves that it was away, for as long as the two answers leave open.
    """
    if isinstance(value, NodeAnswer):
        started_at, before = None if value.started_at is None else value.started_at - (value.clock_ahead_s or 0.0), status.answer
        seen_at = before.taken_at if before is not None else None
    else:
        started_at, seen_at = value.started_at, status.metrics.taken_at if status.metrics is not None else None
    if started_at is None or not 0 < started_at <= now + SAME_START_S:
        return NO_CHANGES
    told = [one.from_at for one in status.outages if one.witness is Witness.API_STARTED]
    if any(abs(at - started_at) < SAME_START_S for at in told):
        return NO_CHANGES
    found = [_started_again(one, started_at) for one in status.outages]
    found.append(Outage(Witness.API_STARTED, started_at, started_at))
    if told and seen_at is not None and status.log.is_behind and 0 < started_at - seen_at <= ANSWERS_APART_S:
        found.append(Outage(Witness.PROCESS, seen_at, started_at))
    return _reckoned(status, status.log, coalesce(found), _BOTH)


# ---- the log ----


def update_from_delta(status: NodeStatus, delta: NodeDelta, gaps: Sequence[Outage], now: float) -> Changes:
    """Lines that were just read, but for its typed lines: see update_from_process_lines, which comes after this.

    gaps -- silences of the log that ended in them (see Pulse)
    """
    latest, log, outages = now + AHEAD_S, status.log, status.outages
    if gaps:
        outages = coalesce([*outages, *gaps, *_unreached(status, gaps)])
    lines = [event for event in delta.events if is_process_line(event) and event.time_ms / 1000 <= latest]
    if lines or log.life.begun is not None:
        signs = missing_signs([*log.lines[-1:], *lines], [at for at in _signs_of_life(delta) if at <= latest])
        if signs:
            return _reckoned(status, log, coalesce([*outages, *signs]))
    return _outages(status, outages)


def update_from_old_gaps(status: NodeStatus, gaps: Sequence[Outage]) -> Changes:
    """Silences in what an earlier run stored."""
    return _outages(status, coalesce([*status.outages, *gaps]), frozenset())


def update_from_process_lines(status: NodeStatus, events: Iterable[NodeEvent], now: float) -> Changes:
    """Ends, starts and failed check-ins; their outages are reckoned anew from all that are known."""
    latest_ms, log = (now + AHEAD_S) * 1000, status.log
    known = [event for event in events if event.time_ms <= latest_ms]
    lines = [event for event in known if is_process_line(event)]
    pings = [event for event in known if isinstance(event, PingFailed)]
    if not (lines or pings):
        return NO_CHANGES
    changes = _reckoned(status, replace(log, lines=_added(log.lines, lines), pings=_added(log.pings, pings)), status.outages)
    is_other_life = changes.log is not None and changes.log.life != log.life
    return replace(changes, topics=_BOTH) if is_other_life else changes


def tidy_outages(status: NodeStatus, now: float) -> Changes:
    """Let go of what is older than is kept."""
    old = {one for one in status.outages if one.until_at is not None and one.until_at < now - OUTAGES_S}
    return Changes(outages=tuple(one for one in status.outages if one not in old), dropped=tuple(old))


def _reckoned(status: NodeStatus, log: NodeLog, outages: Sequence[Outage], topics: frozenset[Topic] | None = None) -> Changes:
    marks = [one for one in outages if one.witness in MARKS]
    life = process_life(log.lines, marks)
    from_at = {
        Witness.PROCESS: log.lines[0].time_ms / 1000 if log.lines else float("inf"),
        Witness.PING_FAILED: log.pings[0].time_ms / 1000 if log.pings else float("inf"),
    }
    kept = [one for one in outages if one.witness not in _LOGGED or one.from_at < from_at[one.witness]]
    failed = without_contradicted(ping_outages(log.pings, life.outages), list(log.pulse))
    return replace(_outages(status, coalesce([*kept, *life.outages, *failed]), topics), log=replace(log, life=life))


def _outages(status: NodeStatus, after: tuple[Outage, ...], topics: frozenset[Topic] | None = None) -> Changes:
    """`topics` None: both, where there are other outages than before."""
    before = status.outages
    if after is before:
        return Changes(topics=topics) if topics else NO_CHANGES
    if topics is None:
        topics = _BOTH if after != before else frozenset()
    old, new = set(before), set(after)
    # What only the log tells is open comes back from its lines, which are stored.
    kept = tuple(one for one in new - old if one.until_at is not None or one.witness in _ENDPOINTS)
    return Changes(outages=after, kept=kept, dropped=tuple(old - new), topics=topics)


def _unreached(status: NodeStatus, gaps: Sequence[Outage]) -> list[Outage]:
    """Silences in which the node itself told that nobody had reached it."""
    answer = status.answer
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


def _added(known: Sequence[NodeEvent], more: Iterable[NodeEvent]) -> tuple[NodeEvent, ...]:
    return tuple(sorted((*known, *more), key=lambda event: event.time_ms))[-MOST_LINES:]


def _ended(one: Outage, witness: Witness, until_at: float) -> Outage:
    """The outage, ended when it is the open one of this witness."""
    return one._replace(until_at=max(until_at, one.from_at)) if one.witness is witness and one.until_at is None else one


def _started_again(one: Outage, started_at: float) -> Outage:
    """An endpoint that was shut when the process started was shut no longer than until then, or until somebody looked again."""
    if one.witness in _ENDPOINTS and one.until_at is not None and one.from_at < started_at < one.until_at:
        return one._replace(until_at=started_at)
    return one
