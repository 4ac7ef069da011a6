"""The conditions of `state.node_rules`, one small function each: from evidence to what there is to say.

A condition says nothing where its evidence is missing or too old. Sentences carry no durations: `since` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from storj_monitor.model.node_state import (
    Hearing,
    NodeEvidence,
    NodeStateKind,
    Phase,
    ProcessEvidence,
    SourceEvidence,
    StandingLevel,
    StateSource,
)
from storj_monitor.units import format_bytes

SILENT_S = 180.0
"""Two sources that say nothing for so long: the node is down, whatever was usual."""
LOG_ALONE_S = 1800.0
"""A log alone is believed later: after half an hour and three times what is long for it."""
LOG_ALONE_MOST_S = 6 * 3600.0
"""No longer: without any traffic a node still writes of its hourly chores and of its scores every four hours."""
CONTACT_S = 2 * 3600.0
"""Satellites look for a node every hour; the node's own dashboard calls it offline after two."""
YOUNG_S = 1800.0
"""A node that has only just started need not have been reached yet."""
REFUSED_S = 1800.0
"""A failed write stands for so long, or as long as the disk is as good as full; one that works ends it."""
GONE_S = 15.0
"""Two ports that refuse connections for so long: there is no process behind them."""
_MORE = re.compile(r" \(and (\d+) more\)$")
LEAST_FREE = 1_000_000_000
LEAST_SHARE = 0.05
"""A disk with less than 1 GB, or than a twentieth of the allocation where that is less, is full: databases and compactions need some."""
OVER_SHARE = 0.01

NAMES = {
    StateSource.LOG: "log",
    StateSource.API: "API",
    StateSource.METRICS: "/metrics",
    StateSource.PUBLIC_PORT: "public port",
}


class Found(NamedTuple):
    """What a rule found; `kind` where it is not the rule's own."""

    sentence: str
    since: float | None
    evidence_at: float | None
    source: StateSource
    subject: str = ""
    kind: NodeStateKind | None = None


Find = Callable[[NodeEvidence, float], Iterator[Found]]


# ---- is it there ----


def silent_from(source: SourceEvidence, evidence: NodeEvidence) -> float | None:
    """Since when nothing good was heard of a source that somebody listened to; None while that cannot be said.

    A file that was read to its end tells of the time before the monitor began, too.
    """
    since = source.silent_since
    if since is None:
        return None
    return max(since, evidence.awake_since if source.is_kept and source.hearing is Hearing.GOOD else evidence.watching_since)


def silent_s(source: SourceEvidence, evidence: NodeEvidence, now: float) -> float:
    """For how long nothing good was heard of a source."""
    since = silent_from(source, evidence)
    return 0.0 if since is None else now - since


def _away_since(begun: float, evidence: NodeEvidence) -> float:
    """Since when a node is away that this run saw away from `begun` on; what it was before the run, its log and an earlier run tell.

    A node that has answered this run was there then. Else it is away since the last that is known of it.
    """
    endpoints = [one for one in evidence.sources if one.source is not StateSource.LOG]
    if any(one.good_at is not None and one.good_at >= evidence.watching_since for one in endpoints):
        return begun
    lines = [
        max(one.good_at, evidence.awake_since)
        for one in evidence.sources
        if one.source is StateSource.LOG and one.is_kept and one.hearing is Hearing.GOOD and not one.is_mute and one.good_at is not None
    ]
    known = [*lines, *(one.shut_from for one in endpoints if one.shut_from is not None)]
    heard = [one.good_at for one in endpoints if one.good_at is not None]
    return min(begun, max([min(known), *lines, *heard])) if known else begun


def _heard_of(source: SourceEvidence) -> bool:
    """The public port is only a source once it has answered: most are not reachable from inside."""
    return source.required or source.good_at is not None


def is_silent(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    sources = [one for one in evidence.sources if _heard_of(one) and not one.is_unread]
    silent = [one for one in sources if silent_s(one, evidence, now) >= (SILENT_S if len(sources) > 1 else _alone_s(one))]
    needed = min(2, len(sources))
    if not silent or len(silent) < needed:
        return
    begun = sorted(since for one in silent if (since := silent_from(one, evidence)) is not None)[needed - 1]
    speaking = [one for one in sources if one not in silent]  # what is silent itself speaks for nobody, however long its pauses may be
    if any(one.is_good(now) and one.good_at is not None and one.good_at > begun for one in speaking):
        return  # something still speaks: the silent ones are in trouble for themselves
    words = named(silent)
    verb = "says nothing" if len(silent) == 1 else "say nothing"
    details = [one.detail for one in silent if one.detail]
    why = f" ({in_brackets(details[0])})" if details else ""
    since = _away_since(begun, evidence)
    yield Found(f"The node is not heard: its {words} {verb}{why}.", since, since, silent[0].source)


def named(sources: Sequence[SourceEvidence]) -> str:
    """`log`, `log and API`, `log, API and /metrics`."""
    names = [NAMES[one.source] for one in sources]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _alone_s(one: SourceEvidence) -> float:
    """A log that is all there is may have its pauses."""
    if one.source is not StateSource.LOG or one.hearing is not Hearing.GOOD:
        return SILENT_S
    return one.fresh_s if one.fresh_s == float("inf") else max(LOG_ALONE_S, min(3 * one.fresh_s, LOG_ALONE_MOST_S))


def has_stopped(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    process = evidence.process
    if process is None or process.phase is not Phase.DOWN or _answers_since(evidence, process.since, now):
        return
    words = _last_words(process)
    if process.failed_starts:
        tries = "once" if process.failed_starts == 1 else f"{process.failed_starts} times"
        yield Found(f"The node does not start (tried {tries}).{words}", process.since, process.at, StateSource.LOG)
    else:
        yield Found(f"The node has stopped.{words}", process.since, process.at, StateSource.LOG)


def _last_words(process: ProcessEvidence) -> str:
    """What the node wrote stands in quotes: it has colons of its own."""
    if not process.words:
        return ""
    line = process.words.splitlines()[0]
    return f" Its last words: “{line}”." if process.is_quoted else f" {line}"


def in_brackets(detail: str) -> str:
    """`/api/sno/: HTTP 502` within a sentence that has its own colon, or none."""
    detail = _MORE.sub(r", and \1 more", detail)
    path, colon, why = detail.partition(": ")
    return f"{path}, {why}" if colon and path.startswith("/") else detail


def _answers_since(evidence: NodeEvidence, since: float | None, now: float) -> bool:
    """Somebody got an answer from the node after that."""
    return since is not None and any(
        one.source is not StateSource.LOG and one.is_good(now) and one.good_at is not None and one.good_at > since
        for one in evidence.sources
    )


def is_starting(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    process = evidence.process
    if process is not None and process.phase is Phase.STARTING and not _answers_since(evidence, process.since, now):
        yield Found("The node is starting.", process.since, process.at, StateSource.LOG)


def source_is_silent(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    for one in evidence.sources:
        if one.source is StateSource.LOG or not _heard_of(one) or one.hearing in (Hearing.PENDING, Hearing.BEHIND) or one.is_good(now):
            continue
        why = f" ({in_brackets(one.detail)})." if one.detail else "."
        since = min(one.since, one.shut_from or one.since) if one.hearing is Hearing.FAILING else one.silent_since
        part = " with the node's own figures" if one.in_part else ""
        yield Found(f"The {NAMES[one.source]} does not answer{part}{why}", since, one.good_at or one.since, one.source)


def log_is_unread(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    for one in evidence.sources:
        if one.source is StateSource.LOG and one.hearing is Hearing.FAILING:
            yield Found(f"The log is not read: {one.detail or 'no reason is known'}", one.since, one.since, StateSource.LOG)


def log_is_silent(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    for one in evidence.sources:
        if one.source is not StateSource.LOG or one.hearing is not Hearing.GOOD or one.is_good(now):
            continue
        if one.good_at is None:
            yield Found("The log has no line yet: is it the one that the node writes?", one.since, one.since, StateSource.LOG)
        else:
            yield Found("The log says nothing, for longer than is usual for it.", one.good_at, one.good_at, StateSource.LOG)


def is_gone(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    refusing = [one for one in evidence.sources if one.hearing is Hearing.FAILING and one.refuses and _heard_of(one)]
    shut = sorted(one.since for one in refusing)
    if len(shut) < 2 or now - max(shut[1], evidence.watching_since) < GONE_S:
        return
    # a port may have been shut long before: the node ran as long as the other one answered
    begun = max([shut[0], *(one.good_at for one in refusing if one.good_at is not None)])
    if any(one.is_good(now) and one.good_at is not None and one.good_at > begun + GONE_S for one in evidence.sources):
        return  # its log goes on: the addresses are wrong
    words = named(refusing)
    yield Found(f"The node does not run: its {words} refuse connections.", _away_since(begun, evidence), now, refusing[0].source)


# ---- do satellites want it ----


def at_satellite(level: StandingLevel) -> Find:
    def find(evidence: NodeEvidence, now: float) -> Iterator[Found]:
        for one in evidence.standings:
            if one.level is level:
                yield Found(f"{one.name}: {one.words}", one.since, one.at, one.source, one.satellite)

    return find


def no_contact(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    contact = evidence.contact
    if contact is None or contact.last is None:
        return
    ran_s = None if contact.started_at is None else contact.at - contact.started_at
    hint = f" Forward port {contact.port or 'of the node'} (TCP and UDP) to this node, and check its address and firewall."
    if contact.quic and contact.quic != "OK":
        hint = f" QUIC is {contact.quic.lower()}, too." + hint
    if contact.last <= 0:
        if ran_s is None or ran_s >= YOUNG_S:
            yield Found(f"No satellite has ever reached this node.{hint}", contact.started_at, contact.at, StateSource.API, "never")
    elif contact.at - contact.last > CONTACT_S:
        yield Found(f"Nobody reaches this node any more.{hint}", contact.last, contact.at, StateSource.API, "old")


def quic_misconfigured(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    contact = evidence.contact
    if contact is not None and contact.quic.lower() == "misconfigured":
        port = f"port {contact.port}" if contact.port else "the node's port"
        yield Found(f"QUIC is misconfigured: {port} is not reached by UDP.", None, contact.at, StateSource.API)


def below_minimum(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    one = evidence.version
    if one is None or not (one.is_below or one.refused_at is not None):
        return
    version = f"v{one.version}" if one.version else "this version"
    least = f" (v{one.minimum})" if one.minimum else ""
    yield Found(f"The version is not allowed: {version} is below the minimum{least}.", one.since, one.at, one.source)


def says_not_healthy(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    if evidence.is_healthy is False and not evidence.standings:
        yield Found(
            "The node itself answers “not healthy”: a satellite has disqualified or suspended it, or its online score there is below 0.9.",
            None,
            evidence.healthy_at,
            StateSource.PUBLIC_PORT,
        )


# ---- can it store ----


def needed_bytes(allocated: int | None) -> int:
    """What a disk needs free."""
    return LEAST_FREE if allocated is None else min(LEAST_FREE, round(LEAST_SHARE * allocated))


def has_no_space(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    space = evidence.space
    if space is None:
        return
    free = space.disk_free
    is_low = free is not None and free < needed_bytes(space.allocated)
    left = f" ({format_bytes(free)} free)" if free is not None and is_low else ""
    if space.refused_at is not None and (is_low or now - space.refused_at < REFUSED_S):
        yield Found(f"The disk is full: writes fail for want of space{left}.", space.refused_since, space.refused_at, StateSource.LOG)
    elif free is not None and is_low:
        yield Found(f"The disk is full{left}.", space.full_since, space.at, StateSource.FILE_SYSTEM)


def no_storage_folder(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    space = evidence.space
    if space is not None and space.problem:
        words = f"The storage folder {space.folder} cannot be looked at: {space.problem}."
        yield Found(words, space.problem_since, now, StateSource.FILE_SYSTEM)


def is_overused(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    space = evidence.space
    if space is None or not space.overused or space.overused <= OVER_SHARE * (space.allocated or 0):
        return
    yield Found("The node uses more than its allocation: satellites send it no uploads.", space.over_since, space.at, StateSource.API)


# ---- what others found ----


def standing_findings(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    for one in evidence.findings:
        kind = NodeStateKind.AT_RISK if one.is_critical else NodeStateKind.WARNING
        yield Found(f"{one.title}.", one.since, one.at, StateSource.ANALYTICS, str(one.number), kind)


def remarked(code: str) -> Find:
    def find(evidence: NodeEvidence, now: float) -> Iterator[Found]:
        for one in evidence.warnings:
            if one.code == code:
                yield Found(one.sentence, one.since, one.at, one.source, one.subject)

    return find


# ---- not known yet ----


def is_pending(evidence: NodeEvidence, now: float) -> Iterator[Found]:
    for one in evidence.sources:
        if one.required and one.hearing is Hearing.PENDING:
            yield Found(f"The {NAMES[one.source]} has not been tried yet.", one.since, None, one.source)
        elif one.hearing is Hearing.BEHIND:
            yield Found("The log is being read up to now.", one.since, one.good_at, one.source)
