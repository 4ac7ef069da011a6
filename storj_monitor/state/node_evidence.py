"""What memory knows of a node, as evidence for its state. Reads only; every figure keeps the time when it was told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from storj_monitor.model.analytics import FindingState, Metric, Severity
from storj_monitor.model.figures import Source
from storj_monitor.model.node_answers import ApiState, ApiStatus, Endpoint, RouteStatus
from storj_monitor.model.node_state import (
    ContactEvidence,
    Hearing,
    NodeEvidence,
    Phase,
    ProcessEvidence,
    SourceEvidence,
    SpaceTrouble,
    StandingEvidence,
    StandingFinding,
    StateSource,
    VersionEvidence,
)
from storj_monitor.model.sources import SourceState
from storj_monitor.model.space import SpaceFigures
from storj_monitor.model.uptime import WITNESS_OF_ENDPOINT, Uptime, UptimeState, Witness, silence_limit_s
from storj_monitor.state.node_conditions import GONE_S, LOG_ALONE_MOST_S, LOG_ALONE_S, SILENT_S, silent_from
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.state.node_warnings import MAIN_ROUTE, warnings_of
from storj_monitor.state.nodes import NodeState as LiveNode

ANSWER_S = 180.0
"""API, /metrics and public port are asked every minute."""
HOUR_S = 3600.0
MOST_QUIET_S = 4 * HOUR_S
"""Even a node without traffic writes that it did its chores."""
ROTATED_S = 30.0
"""A log that is being rotated may be missing for a moment."""
_ENDPOINTS = {Endpoint.API: StateSource.API, Endpoint.METRICS: StateSource.METRICS, Endpoint.HEALTH: StateSource.PUBLIC_PORT}


def log_fresh_s(node: NodeStatus, silent_s: float) -> float:
    """How long its log may be silent: by its own rhythm, where it has one, and never less than the threshold (0 = for ever)."""
    if not silent_s:
        return float("inf")
    pause_s = node.log.pulse.usual_pause_s
    return MOST_QUIET_S if pause_s is None else max(silent_s, min(silence_limit_s(pause_s), MOST_QUIET_S))


def sources_of(
    node: NodeStatus, log: LiveNode, silent_s: float, now: float, *, has_log: bool, is_stored: bool, is_stream: bool
) -> tuple[SourceEvidence, ...]:
    """Every source of a node. `is_stored` False: the monitor cannot store, so it does not read. `is_stream`: its log is no file."""
    found = [_endpoint(node, one) for one in node.endpoints.values()]
    if has_log:
        is_mute = log.character.is_above_info
        fresh_s = float("inf") if is_mute else log_fresh_s(node, silent_s)
        found.insert(
            0,
            _log(log, fresh_s, now, is_stored=is_stored)._replace(
                is_kept=not is_stream, is_mute=is_mute, is_grim=log.character.has_only_trouble
            ),
        )
    return tuple(found)


def _log(log: LiveNode, fresh_s: float, now: float, *, is_stored: bool) -> SourceEvidence:
    status = log.status
    good_at = min(log.newest_ms / 1000, now) if log.newest_ms else None
    hearing, is_read = Hearing.PENDING, status.read_at is not None
    if status.state == SourceState.CATCHING_UP.value or not is_stored:
        hearing = Hearing.BEHIND
    elif status.state == SourceState.LIVE.value:
        hearing = Hearing.GOOD
    elif status.state == SourceState.ERROR.value or (status.state == SourceState.WAITING.value and status.detail):
        is_moment = status.state == SourceState.WAITING.value and now - status.since < ROTATED_S and is_read and good_at is not None
        hearing = Hearing.GOOD if is_moment else Hearing.FAILING
    is_unread = hearing in (Hearing.FAILING, Hearing.PENDING) and (not is_read or status.state == SourceState.ERROR.value)
    return SourceEvidence(StateSource.LOG, hearing, status.since, good_at, fresh_s, status.detail, is_unread=is_unread)


def _endpoint(node: NodeStatus, state: ApiState) -> SourceEvidence:
    """An answer that came after the endpoint was found shut outweighs it: another question is in trouble."""
    value = {Endpoint.API: node.answer, Endpoint.METRICS: node.metrics, Endpoint.HEALTH: node.health}[state.endpoint]
    good_at = None if value is None else value.taken_at
    main = next((one for one in state.routes if one.path == MAIN_ROUTE and one.status is not RouteStatus.ABSENT), None)
    hearing, since = Hearing.GOOD, state.since
    if main is not None and (good_at is None or good_at <= main.since):
        hearing, since = Hearing.FAILING, main.since
    elif state.status is ApiStatus.UNKNOWN:
        hearing = Hearing.PENDING
    elif state.status is not ApiStatus.OK and (good_at is None or (good_at <= state.since and _has_failed(state))):
        hearing = Hearing.FAILING
    refuses = state.status is ApiStatus.UNREACHABLE and "refused" in state.detail
    is_shut = hearing is Hearing.FAILING and state.status is ApiStatus.UNREACHABLE
    shut = (
        [one.from_at for one in node.outages if one.until_at is None and one.witness is WITNESS_OF_ENDPOINT[state.endpoint]]
        if is_shut
        else ()
    )
    return SourceEvidence(
        _ENDPOINTS[state.endpoint], hearing, since, good_at, ANSWER_S, state.detail, state.endpoint is not Endpoint.HEALTH, refuses,
        opened_at=state.opened_at, in_part=hearing is Hearing.FAILING and state.status is ApiStatus.PARTIAL,
        shut_from=min(shut, default=None),
    )  # fmt: skip


def _has_failed(state: ApiState) -> bool:
    """The API may fail in part, which its routes tell; a port with one question gave nothing, whatever it answered instead."""
    return state.endpoint is not Endpoint.API or state.status is ApiStatus.UNREACHABLE


class TrackerEvidence(NamedTuple):
    """What trackers make of a node's status, for the judge.

    uptime -- whether it runs
    space  -- what of its space may be trouble
    """

    uptime: Uptime
    standings: tuple[StandingEvidence, ...]
    space: SpaceFigures


def gather(
    node: NodeStatus,
    log: LiveNode,
    sources: tuple[SourceEvidence, ...],
    told: TrackerEvidence,
    now: float,
    watching: tuple[float, float],
    *,
    store_problem: str,
) -> NodeEvidence:
    """All evidence of one node. `watching`: since when without a break, and since when awake."""
    health = node.health if node.health is not None and now - node.health.taken_at <= 2 * ANSWER_S else None
    return NodeEvidence(
        watching_since=watching[0],
        awake_since=watching[1],
        sources=sources,
        process=_process(told.uptime),
        standings=told.standings,
        contact=_contact(node),
        space=_space(node, told.space),
        version=_version(node),
        is_healthy=None if health is None else health.all_healthy,
        healthy_at=None if health is None else health.taken_at,
        findings=tuple(_findings(node)),
        warnings=tuple(warnings_of(node, log, told.uptime, now, store_problem)),
    )


def _process(uptime: Uptime) -> ProcessEvidence | None:
    """From the lines of its process; what endpoints and a silent log tell is evidence of its own."""
    if uptime.state is UptimeState.UP or Witness.PROCESS not in uptime.evidence:
        return None
    newest = max((word.at for word in uptime.last_words), default=uptime.since)
    telling = uptime.last_words[0] if uptime.last_words else None
    words, is_quoted = (telling.text, not telling.ours) if telling else ("", False)
    return ProcessEvidence(Phase(uptime.state.value), uptime.since, newest, words, uptime.failed_starts, is_quoted)


def _contact(node: NodeStatus) -> ContactEvidence | None:
    answer = node.answer
    if answer is None:
        return None
    ahead_s = answer.clock_ahead_s or 0.0
    last = answer.last_pinged_at
    return ContactEvidence(
        answer.taken_at,
        last - ahead_s if last else last,
        None if answer.started_at is None else answer.started_at - ahead_s,
        answer.quic_status,
        answer.configured_port,
    )


def _space(node: NodeStatus, figures: SpaceFigures) -> SpaceTrouble:
    signs = node.signs
    return SpaceTrouble(
        at=figures.at,
        refused_at=signs.refused_at,
        refused_since=signs.refused_since,
        disk_free=figures.disk_free,
        full_since=signs.full_since,
        allocated=figures.allocated,
        overused=figures.overused,
        over_since=signs.over_since,
        folder=node.space.folder,
        problem=node.space.problem,
        problem_since=signs.problem_since,
    )


def _version(node: NodeStatus) -> VersionEvidence | None:
    answer, refused = node.answer, node.signs.version_refused
    if refused is not None:
        version, minimum, at = refused
        return VersionEvidence(version, minimum, True, at, at, at, StateSource.LOG)
    versions, allowed = node.versions, node.versions.is_allowed
    if allowed is not None and not allowed.value and versions.running is not None and versions.minimum is not None:
        source = StateSource.LOG if allowed.source is Source.LOG else StateSource.API
        return VersionEvidence(versions.running.value, versions.minimum.value, True, None, None, allowed.taken_at, source)
    if answer is None or answer.up_to_date is not False or (allowed is not None and allowed.taken_at > answer.taken_at):
        return None
    return VersionEvidence(answer.version, answer.allowed_version, True, None, None, answer.taken_at, StateSource.API)


def _findings(node: NodeStatus) -> Iterator[StandingFinding]:
    """Those that an operator must act on; what a month brings in is no state of a node."""
    for one in node.insight.findings.values():
        if one.state is not FindingState.RESOLVED and one.severity >= Severity.WARNING and one.subject.metric is not Metric.EARNINGS:
            yield StandingFinding(one.number, one.severity is Severity.CRITICAL, one.title, float(one.onset_s), float(one.changed_s))


def turns_at(one: SourceEvidence, evidence: NodeEvidence) -> tuple[float, ...]:
    """When a source turns from good to silent by time alone, in steps."""
    since, heard = one.silent_since, silent_from(one, evidence)
    if since is None or heard is None:
        return ()
    soon = (one.since + ROTATED_S, one.since + GONE_S) if one.hearing is Hearing.FAILING or one.detail else ()
    return (*soon, heard + SILENT_S, since + one.fresh_s, since + LOG_ALONE_S, since + 3 * one.fresh_s, since + LOG_ALONE_MOST_S)
