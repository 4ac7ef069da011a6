"""One model of up, starting, down and unknown from all evidence: the log's lines, its rhythm, those who ask the node, and its contacts.

Pure. Whoever sees the node work outweighs whoever merely does not: transfers in the log end every suspicion, and an API that answers
for a process that began after a stop ends that stop. A silent log alone is a suspicion, also of a node that is very busy; together
with an API or a port that does not answer it is certain.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storj_monitor.model.node_answers import ApiStatus, Endpoint
from storj_monitor.model.uptime import (
    MARKS,
    SILENT_S,
    WITNESS_OF_ENDPOINT,
    LastWord,
    Outage,
    ProcessLife,
    Uptime,
    UptimeSpan,
    UptimeState,
    Witness,
    silence_limit_s,
)
from storj_monitor.reputation_tracker.downtime import Downtime, away_since, downtimes
from storj_monitor.reputation_tracker.process_life import START_LIMIT_S
from storj_monitor.state.node_status import NodeStatus

CONTACT_S = 1800.0
"""A node that nobody has reached for so long, and whose log is silent, is not reached by anybody."""
FRESH_S = 300.0
"""An answer or a contact that is not older shows that the node runs."""
ASKED = (Witness.PROBE, Witness.API_DOWN, Witness.METRICS_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is seen of a node now, beside the lines of its process.

    answered_at     -- newest answer of its API, its /metrics or its public port; None = never
    api_started_at  -- start of the process, told at `answered_at`
    shut            -- endpoints that had answered and do not any more, with since when
    transfer_at     -- newest transfer in the log
    usual_pause_s   -- between two transfers; None when the log has too few to say
    reads_log       -- the log is read up to its end, and read on
    contact_at      -- when somebody from outside reached it last, as its API tells
    knows_log       -- its end was reached once: before that, what was read last may be long over
    """

    answered_at: float | None = None
    api_started_at: float | None = None
    shut: tuple[tuple[Witness, float], ...] = ()
    transfer_at: float | None = None
    usual_pause_s: float | None = None
    reads_log: bool = False
    contact_at: float | None = None
    knows_log: bool = True

    def silent_since(self, up_at: float | None, now: float) -> float | None:
        """Since when the log is silent for longer than it ever is; None while it is not, or while nobody can tell.

        up_at -- a start, after which the first transfer may take as long as any other
        """
        if self.transfer_at is None or self.usual_pause_s is None or not self.reads_log:
            return None
        since = max(self.transfer_at, up_at or 0.0)
        return since if now - since >= silence_limit_s(self.usual_pause_s) else None


def spans(
    outages: Iterable[Outage], starting: Iterable[tuple[float, float]], known_from: float | None, now: float
) -> tuple[UptimeSpan, ...]:
    """The states one after the other, oldest first, without overlap and, from `known_from` on, without a gap.

    known_from -- when the first sign of this node was seen; None: only the times away are known
    """
    found: list[UptimeSpan] = []
    begun = sorted(starting)
    reached = known_from
    for one in downtimes(outages):
        end = now if one.until_at is None else one.until_at
        if reached is not None and one.from_at > reached:
            found.append(UptimeSpan(from_at=reached, until_at=one.from_at, state=UptimeState.UP, certain=True))
        found += _with_starts(UptimeSpan(from_at=one.from_at, until_at=one.until_at, state=UptimeState.DOWN, certain=one.certain,
                                         evidence=one.witnesses), begun, end)  # fmt: skip
        reached = None if reached is None else float("inf") if one.until_at is None else max(reached, end)
    if reached is not None and reached <= now:
        found.append(UptimeSpan(from_at=reached, until_at=None, state=UptimeState.UP, certain=True))
    return tuple(found)


def _with_starts(away: UptimeSpan, starting: Sequence[tuple[float, float]], end: float) -> list[UptimeSpan]:
    """A time away whose end was the start of the process."""
    for begin, until in starting:
        if away.from_at <= begin < until <= end and away.until_at is not None and until == away.until_at:
            start = UptimeSpan(from_at=begin, until_at=until, state=UptimeState.STARTING, certain=True, evidence=(Witness.PROCESS,))
            if begin == away.from_at:
                return [start]
            before = UptimeSpan(from_at=away.from_at, until_at=begin, state=away.state, certain=away.certain, evidence=away.evidence)
            return [before, start]
    return [away]


def uptime(life: ProcessLife, signals: Signals, now: float) -> Uptime:
    """The state now."""
    if life.begun is not None and signals.knows_log:
        return _by_process(life, signals, now)
    silent_at = signals.silent_since(life.up_at, now)
    if signals.shut and (silent_at is not None or not _transfers_flow(signals, now)):
        return _by_doors(life, signals, silent_at)
    if silent_at is not None and not _answers(signals, now):
        minutes = (now - silent_at) / 60
        usual = signals.usual_pause_s or 0.0
        return Uptime(
            state=UptimeState.DOWN,
            since=silent_at,
            certain=False,
            reason=f"The log has been silent for {_minutes(minutes)}; usually a transfer comes every {_seconds(usual)}.",
            evidence=(Witness.LOG_GAP,),
        )
    contact_at = signals.contact_at
    if silent_at is not None and contact_at is not None and contact_at > 0 and now - contact_at >= CONTACT_S:
        far = _minutes((now - contact_at) / 60)
        return Uptime(
            state=UptimeState.DOWN,
            since=max(silent_at, contact_at),
            certain=True,
            reason=f"It runs, but nobody from outside has reached it for {far}, and its log has no transfers.",
            evidence=(Witness.LOG_GAP, Witness.CONTACT),
        )
    return _running(life, signals, now)


def _by_process(life: ProcessLife, signals: Signals, now: float) -> Uptime:
    begun = life.begun
    assert begun is not None
    words = most_telling(life.words)
    since = begun.down_at if begun.down_at is not None else begun.loading_at
    if begun.loading_at is not None and now - begun.loading_at < START_LIMIT_S:
        tries = f" after {_starts(life.failed_starts)}" if life.failed_starts else ""
        return Uptime(
            state=UptimeState.STARTING,
            since=begun.loading_at,
            certain=True,
            reason=f"The process is starting{tries}; it serves from `Node … started` on.",
            evidence=(Witness.PROCESS,),
            last_words=words,
            failed_starts=life.failed_starts,
        )
    if begun.loading_at is not None:
        reason = "A start has begun and nothing has been said since."
    elif life.failed_starts:
        reason = f"Does not start: {_starts(life.failed_starts)}."
    else:
        reason = "The process has ended."
    cause = next((word.text for word in words if word.cause), "") or (words[0].text if words else "")
    return Uptime(
        state=UptimeState.DOWN,
        since=since,
        certain=True,
        reason=f"{reason} {cause}".strip(),
        evidence=(Witness.PROCESS, *(witness for witness, _ in signals.shut)),
        last_words=words,
        failed_starts=life.failed_starts,
    )


def _by_doors(life: ProcessLife, signals: Signals, silent_at: float | None) -> Uptime:
    shut = [witness for witness, _ in signals.shut]
    since = min(at for _, at in signals.shut)
    if silent_at is not None:
        since = silent_at
    elif signals.transfer_at is not None:
        since = max(since, signals.transfer_at)
    names = {Witness.API_DOWN: "its API", Witness.METRICS_DOWN: "its /metrics", Witness.PROBE: "its public port"}
    which = " and ".join(names[witness] for witness in ASKED if witness in shut)
    verb = "do" if len(shut) > 1 else "does"
    also = ", and its log is silent" if silent_at is not None else ""
    return Uptime(
        state=UptimeState.DOWN,
        since=since,
        certain=silent_at is not None or len(shut) > 1 or Witness.PROBE in shut,
        reason=f"{which[0].upper()}{which[1:]} {verb} not answer{also}.",
        evidence=(*shut, *((Witness.LOG_GAP,) if silent_at is not None else ())),
        last_words=most_telling(life.words) if life.up_at is None else (),
    )


def _running(life: ProcessLife, signals: Signals, now: float) -> Uptime:
    answers, flows = _answers(signals, now), _transfers_flow(signals, now)
    begins = [at for at in (life.up_at, signals.api_started_at) if at is not None]
    if life.begun is not None and not (answers or flows):
        reason = "Its log is still being read."
        return Uptime(state=UptimeState.UNKNOWN, since=None, certain=False, reason=reason)
    if not (answers or flows or life.up_at is not None):
        return Uptime(
            state=UptimeState.UNKNOWN,
            since=None,
            certain=False,
            reason="Neither its log nor its API has told lately whether the node runs.",
        )
    seen = [text for text, shown in (("its log has transfers", flows), ("it answers", answers)) if shown]
    return Uptime(
        state=UptimeState.UP,
        since=max(begins, default=None),
        certain=bool(seen),
        reason=f"Running: {' and '.join(seen)}." if seen else "Running, as far as its log tells.",
    )


def down_since(life: ProcessLife, state: Uptime) -> float | None:
    """Since when it is away for certain: a start that goes on is part of the time away. None while it is not."""
    if not state.certain or state.state not in (UptimeState.DOWN, UptimeState.STARTING):
        return None
    begun = life.begun
    return begun.down_at if begun is not None and begun.down_at is not None else state.since


def most_telling(words: Sequence[LastWord]) -> tuple[LastWord, ...]:
    """Why before that: the newest of each text, causes first, newest first."""
    newest = {word.text: word for word in words}
    return tuple(sorted(newest.values(), key=lambda word: (not word.cause, -word.at)))


def without_contradicted(outages: Iterable[Outage], transfers_at: Sequence[float]) -> tuple[Outage, ...]:
    """What endpoints and check-ins saw begins, where transfers went on, only with the last of them; nothing where they never stopped.

    transfers_at -- some moments of transfers, ascending: as far as they are known
    """
    kept: list[Outage] = []
    for one in outages:
        if one.witness in MARKS or one.witness in (Witness.PROCESS, Witness.LOG_GAP):
            kept.append(one)
            continue
        end = float("inf") if one.until_at is None else one.until_at
        if one.witness is Witness.PING_FAILED:  # check-ins are an hour apart: each of them says something of the minutes around it
            end = max(end, one.from_at + SILENT_S)
        place = bisect_left(transfers_at, end)
        last = transfers_at[place - 1] if place else None
        if last is None or last <= one.from_at:
            kept.append(one)
        elif one.until_at is None or (one.witness is not Witness.PING_FAILED and end - last >= SILENT_S):
            kept.append(one._replace(from_at=last))
    return tuple(kept)


def _answers(signals: Signals, now: float) -> bool:
    return signals.answered_at is not None and now - signals.answered_at <= FRESH_S


def _transfers_flow(signals: Signals, now: float) -> bool:
    return signals.transfer_at is not None and now - signals.transfer_at <= max(
        SILENT_S, silence_limit_s(signals.usual_pause_s) if signals.usual_pause_s else 0.0
    )


def _starts(number: int) -> str:
    return "1 start failed" if number == 1 else f"{number} starts failed"


def _minutes(minutes: float) -> str:
    """Whole ones that are over: 7 h 40 min are not 8 hours."""
    return f"{int(minutes)} minutes" if minutes < 120 else f"{int(minutes / 60)} hours"


def _seconds(seconds: float) -> str:
    return "second" if seconds < 1.5 else f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


# ---- of one node, from all that its status holds ----


def node_uptime(status: NodeStatus, now: float) -> Uptime:
    """Whether it runs now, since when, why not, and what it said last."""
    return uptime(status.log.life, _signals(status), now)


def node_downtimes(status: NodeStatus, now: float, since: float = 0.0) -> tuple[Downtime, ...]:
    """When it was away after `since`, as far as endpoints, log and its transfers tell; oldest first.

    What an earlier run of the monitor left open counts again when it is seen again.
    """
    return downtimes(one for one in seen_outages(status, now) if one.until_at is None or one.until_at >= since)


def node_away_since(status: NodeStatus, now: float) -> float | None:
    """Since when satellites cannot reach the node, as far as endpoints, log and the node itself tell; None while they can."""
    answer = status.answer
    down_at = down_since(status.log.life, node_uptime(status, now))
    if answer is None or not answer.last_pinged_at:
        return down_at
    return away_since(down_at, answer.last_pinged_at - (answer.clock_ahead_s or 0.0), answer.taken_at)


def seen_outages(status: NodeStatus, now: float) -> tuple[Outage, ...]:
    """What stands of all that was seen."""
    seen = [one for one in status.outages if one.until_at is not None or _is_still_seen(status, one)]
    state = node_uptime(status, now)
    if state.since is not None:
        silent = (Witness.LOG_GAP, Witness.CONTACT)
        seen += [Outage(witness, state.since, None) for witness in silent if witness in state.evidence]
    return without_contradicted(seen, list(status.log.pulse))


def _is_still_seen(status: NodeStatus, one: Outage) -> bool:
    """Whether an outage that has no end is seen in this run."""
    if one.witness is Witness.PROCESS:
        return not status.log.is_behind
    shut = (
        endpoint.status is ApiStatus.UNREACHABLE
        for endpoint in status.endpoints.values()
        if WITNESS_OF_ENDPOINT[endpoint.endpoint] is one.witness
    )
    return one.witness not in WITNESS_OF_ENDPOINT.values() or any(shut)


def _signals(status: NodeStatus) -> Signals:
    answer, ahead_s = status.answer, (status.answer.clock_ahead_s or 0.0) if status.answer else 0.0
    witnesses = WITNESS_OF_ENDPOINT.values()
    shut = {
        one.witness: one.from_at
        for one in status.outages
        if one.until_at is None and one.witness in witnesses and _is_still_seen(status, one)
    }
    told = ((answer, Endpoint.API), (status.metrics, Endpoint.METRICS), (status.health, Endpoint.HEALTH))
    answered = [one.taken_at for one, endpoint in told if one is not None and _is_ok(status, endpoint)]
    api_is_ok = answer is not None and _is_ok(status, Endpoint.API)
    return Signals(
        answered_at=max(answered, default=None),
        api_started_at=answer.started_at - ahead_s if answer and answer.started_at is not None and api_is_ok else None,
        shut=tuple(sorted(shut.items())),
        transfer_at=status.log.transfer_at,
        usual_pause_s=status.log.pulse.usual_pause_s,
        reads_log=status.log.is_read,
        knows_log=not status.log.is_behind,
        contact_at=answer.last_pinged_at - ahead_s if answer and answer.last_pinged_at and api_is_ok else None,
    )


def _is_ok(status: NodeStatus, endpoint: Endpoint) -> bool:
    return endpoint in status.endpoints and status.endpoints[endpoint].status in (ApiStatus.OK, ApiStatus.PARTIAL)
