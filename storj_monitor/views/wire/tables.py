"""Rows of the tables that logs tell: the topics `nodes` to `lines`, and the same rows in answers of /api/v1."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.log_character import LogForm, LogTrouble
from storj_monitor.model.node_state import StateSource
from storj_monitor.model.severity import SeverityClass
from storj_monitor.views.wire.fields import (
    ActionName,
    Bytes,
    Count,
    Direction,
    EventSeverity,
    Milliseconds,
    NodeId,
    NodeName,
    SatelliteId,
    SatelliteName,
    Sentence,
    StateName,
    UnixSeconds,
    Wire,
    doc,
    one_of,
)

Outcomes = Annotated[tuple[int, int, int], doc("`[success, canceled, failed]`")]
KnownOutcomes = Annotated[tuple[int | None, int, int], doc("`[success, canceled, failed]`; success null = only logs that do not show it")]
CompactionText = Annotated[str | None, doc('the node\'s own rounded text, e.g. "1.4 GiB", or null')]
Quantile = Annotated[float | None, doc("milliseconds; null = unknown")]
LogState = Annotated[str, one_of(("live", "catching_up", "waiting", "error", "off"), "state of its log")]


class StateReason(Wire, frozen=True, kw_only=True):
    """Why a node is in its state. A reason of state `ok` is a note."""

    code: Annotated[str, doc("the rule")]
    state: Annotated[StateName, doc("the state that it makes")]
    sentence: Sentence
    since: Annotated[UnixSeconds | None, doc("Unix seconds, or null")]
    source: Annotated[str, one_of((one.value for one in StateSource), "where it is known from")]
    subject: Annotated[str | None, doc("a satellite's id or what else it is about, or null")]


class LogWarning(Wire, frozen=True, kw_only=True):
    """One thing that an operator must know about a log."""

    trouble: Annotated[str, one_of((one.value for one in LogTrouble), "what it is")]
    text: Annotated[Sentence, doc("a sentence with what to do")]


class LogCharacter(Wire, frozen=True, kw_only=True):
    """What kind of log a node has."""

    form: Annotated[str, one_of((one.value for one in LogForm), 'how its lines are written; "" before the first')]
    envelopes: Annotated[list[str], doc("what was put around the lines, in words")]
    level: Annotated[str, doc("lowest level of the last hour or two")]
    transfers: Annotated[bool, doc("false: no lines of successes, rates from it are unknown")]
    above_info: Annotated[bool, doc("true: above INFO, silence means nothing")]
    unknown_reason: Annotated[str, doc('why traffic and success are unknown; "" where the log shows them')]
    understood_pct: Annotated[float | None, doc("percent of the newest lines that is understood, or null")]
    node_ids: Annotated[list[str], doc("ids of nodes that began in it")]
    warnings: list[LogWarning]


class NodeRow(Wire, frozen=True, kw_only=True):
    """One node: the state of its log, who it is, and the one judgement of how it is (`node_state`)."""

    state: LogState
    detail: Annotated[str, doc('why its log is in this state, or ""')]
    last_line: Annotated[float | None, doc("Unix seconds of the newest line, or null")]
    read_at: Annotated[float | None, doc("Unix seconds: when bytes came last, or null")]
    lag_bytes: Annotated[Bytes, doc("bytes of the log not read yet")]
    lines: Annotated[Count, doc("lines read")]
    version: Annotated[str, doc('version of the node as its log says, or ""')]
    node_id: NodeId
    path: Annotated[str, doc("the file, or HOST:PORT, that is read or waited for")]
    since: Annotated[float, doc("Unix seconds: when `state` began; 0 = never")]
    log: LogCharacter
    node_state: StateName
    node_state_since: Annotated[float | None, doc("Unix seconds, or null")]
    node_state_reason: Annotated[Sentence, doc("the worst reason, in one sentence")]
    reasons: Annotated[list[StateReason], doc("the worst first")]


class ActionRow(Wire, frozen=True, kw_only=True):
    """Results and durations of one action, from the log or from the nodes' own counters."""

    action: ActionName
    direction: Direction
    success: Annotated[int | None, doc("count; null where there are only logs above INFO")]
    canceled: Count
    failed: Count
    unrated: Annotated[Count, doc("results from logs that do not show successes: part of no rate")]
    counters_only: Annotated[Count, doc("of `failed`: what only the node's counters know")]
    rejected: Annotated[
        Count, doc("uploads turned away because the node had too many at once: in no other count; 0 in answers about the past")
    ]
    may_hide_failures: Annotated[bool, doc("a log at INFO without counters, which does not show most failed uploads since v1.114")]
    bytes: Annotated[int | None, doc("bytes of the successes; null as `success`")]
    all_bytes: Annotated[Bytes, doc("bytes of all results")]
    timed: Annotated[Count, doc("how many have a duration")]
    mean_ms: Quantile
    p50_ms: Quantile
    p95_ms: Quantile
    p99_ms: Quantile
    resolution_ms: Annotated[int | None, doc("how exact the log's times are, milliseconds; null when nothing was timed by it")]
    source: Annotated[str, one_of(("log", "metrics", "mixed"), "who counted: the log, the node's own counters, or (of several nodes) both")]
    timed_source: Annotated[str | None, one_of(("log", "metrics", None), "where the durations are from, or null")]


class SatelliteRow(Wire, frozen=True, kw_only=True):
    """Results and bytes at one satellite."""

    name: SatelliteName
    put: Outcomes
    get: Outcomes
    audit: Outcomes
    repair: Outcomes
    up_bytes: Annotated[Bytes, doc("bytes of successful uploads")]
    down_bytes: Annotated[Bytes, doc("bytes of successful downloads")]


class SatelliteAnswerRow(Wire, frozen=True, kw_only=True):
    """The same in an answer about the past, of which some may not be known."""

    satellite: SatelliteId
    name: SatelliteName
    put: KnownOutcomes
    get: KnownOutcomes
    audit: KnownOutcomes
    repair: KnownOutcomes
    up_bytes: Annotated[int | None, doc("bytes of successful uploads; null = unknown")]
    down_bytes: Annotated[int | None, doc("bytes of successful downloads; null = unknown")]


class SizeRow(Wire, frozen=True, kw_only=True):
    """Transfers of one size class and direction."""

    direction: Direction
    class_: Annotated[int, doc("0 to 7: below 1 kB, 4 kB, 16 kB, 64 kB, 256 kB, 1 MB, 2 MB, and more (powers of two)")]
    from_bytes: Annotated[Bytes, doc("bytes, from here")]
    to_bytes: Annotated[int | None, doc("bytes, below this; null = no bound")]
    count: Annotated[Count, doc("all outcomes")]
    success: Count


class ErrorRow(Wire, frozen=True, kw_only=True):
    """Errors of one template."""

    level: Annotated[str, doc("of the lines")]
    logger: Annotated[str, doc("the part of the node that wrote them")]
    message: Annotated[str, doc("of the lines")]
    template: Annotated[str, doc("its text without what differs from line to line")]
    count: Count
    first: UnixSeconds
    last: UnixSeconds
    sample: Annotated[str, doc("one of the texts")]
    satellite: SatelliteId
    class_: Annotated[str, one_of((kind.label for kind in SeverityClass), "what it threatens")]
    rank: Annotated[int, doc("0 = the worst class")]
    severity: EventSeverity
    nodes: Annotated[list[NodeName], doc("those that had it, at most 20")]
    node_count: Annotated[Count, doc("how many had it")]


class PieceRow(Wire, frozen=True, kw_only=True):
    """A piece that is asked for often."""

    piece: Annotated[str, doc("first 8 bytes of the piece id, 16 hex digits")]
    piece_id: Annotated[str, doc('as the log has it, or ""')]
    count: Annotated[Count, doc("downloads")]
    error: Annotated[Count, doc("`count` may be too high by this much")]
    bytes: Bytes
    satellite: SatelliteId


class CountryRow(Wire, frozen=True, kw_only=True):
    """Transfers by country of the other side."""

    country: Annotated[str, doc('ISO code; "" = unknown or private')]
    up_count: Count
    down_count: Count
    up_bytes: Bytes
    down_bytes: Bytes


class CompactionRow(Wire, frozen=True, kw_only=True):
    """A compaction of a store of the hashstore."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    store: Annotated[str, doc("`s0` or `s1`")]
    state: Annotated[str, one_of(("running", "done", "failed", "broken_off"), "`broken_off`: the node was restarted meanwhile")]
    started: Annotated[float | None, doc("Unix seconds; null = its beginning is not known")]
    finished: Annotated[float | None, doc("Unix seconds; null = it has not ended")]
    duration_s: Annotated[float | None, doc("seconds, as the node says, or null")]
    stage: Annotated[str, doc('what it does now, or ""')]
    error: Annotated[str, doc('why it failed, or ""')]
    reclaimed: CompactionText
    total: CompactionText
    rewritten: CompactionText
    trashed: CompactionText
    expired: CompactionText


class LineTotalsRow(Wire, frozen=True, kw_only=True):
    """What the lines of one log were taken for. Key: the node's name."""

    node: NodeName
    lines: Count
    understood: Count
    ignored: Annotated[Count, doc("lines that are known and say nothing that is counted")]
    not_understood: Count


class LineReasonRow(Wire, frozen=True, kw_only=True):
    """Lines of one sort that were not used. Key: `node/kind/logger/message`."""

    node: NodeName
    kind: Annotated[str, one_of(("ignored", "not_understood"), "why they were not used")]
    logger: Annotated[str, doc("the part of the node that wrote them")]
    message: Annotated[str, doc("of the lines, without what differs")]
    count: Count
    sample: Annotated[str, doc("one of the lines")]


class LatencyRow(Wire, frozen=True, kw_only=True):
    """Durations of one action and outcome, from the logs."""

    action: ActionName
    direction: Direction
    outcome: Annotated[str, one_of(("success", "canceled", "failed"), "how they ended")]
    count: Count
    timed: Annotated[Count, doc("how many have a duration")]
    mean_ms: Quantile
    p50_ms: Quantile
    p90_ms: Quantile
    p95_ms: Quantile
    p99_ms: Quantile
    max_ms: Annotated[Milliseconds | None, doc("milliseconds; null = unknown")]
    resolution_ms: Annotated[int | None, doc("how exact the log's times are, milliseconds; null when nothing was timed")]
