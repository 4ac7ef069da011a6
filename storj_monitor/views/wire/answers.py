"""Answers of `/api/v1`: what each has beside the window that it is about."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, UnsetType

from storj_monitor.views.wire.analytics import FindingRow, LearningRow
from storj_monitor.views.wire.earnings import (
    EarnedDay,
    EarningsFleetRow,
    EarningsNodeRow,
    EarningsSatelliteRow,
    EarningsSums,
    EstimateScore,
    MadeForecast,
    PaidMonth,
    Paystub,
)
from storj_monitor.views.wire.events import EventFigure, EventKind, EventRow, GarbageRun
from storj_monitor.views.wire.fields import (
    ActionName,
    Count,
    Direction,
    HelpText,
    NodeId,
    NodeName,
    Outcome,
    Sentence,
    StateName,
    UnixSeconds,
    Wire,
    at_most,
    doc,
    one_of,
)
from storj_monitor.views.wire.frames import ERROR_CODES, LoadFigures, StoreState
from storj_monitor.views.wire.health import HealthRow, NodeDowntime
from storj_monitor.views.wire.reputation import AuditHistory, ReputationRow, SanctionSpan, ScoreHistory
from storj_monitor.views.wire.storage import SpaceHistory, StorageFleetRow, StorageNodeRow
from storj_monitor.views.wire.tables import (
    ActionRow,
    CompactionRow,
    CountryRow,
    ErrorRow,
    LatencyRow,
    LineReasonRow,
    LineTotalsRow,
    LogCharacter,
    LogState,
    PieceRow,
    SatelliteAnswerRow,
    SizeRow,
    StateReason,
)

Helps = Annotated[dict[str, HelpText], doc("words on the figures, by their name")]
Columns = Annotated[list[str], doc("what the values of a point are")]
Unknown = Annotated[str | None, doc("why successes and bytes are unknown (null, not 0); null: they are known")]
LeftOut = Annotated[list[NodeName], doc("nodes whose logs do not show transfers")]


class Answer(Wire, frozen=True, kw_only=True):
    """What every answer about a window has."""

    from_: Annotated[int, doc("start of the window after snapping, Unix seconds")]
    to: Annotated[int, doc("end of the window after snapping, exclusive, Unix seconds")]
    as_of: Annotated[UnixSeconds | None, doc("Unix seconds of the commit that it reflects; null = there is none yet")]
    nodes: Annotated[list[NodeName], doc("the nodes that it is about")]


class NodeAnswerRow(Wire, frozen=True, kw_only=True):
    """One node and how its log is read."""

    name: NodeName
    node_id: NodeId
    version: Annotated[str, doc('as its log says, or ""')]
    first: Annotated[UnixSeconds | None, doc("Unix seconds of the oldest line, or null")]
    last: Annotated[UnixSeconds | None, doc("Unix seconds of the newest line, or null")]
    lines: Count
    understood: Count
    ignored: Count
    not_understood: Count
    state: LogState
    detail: Annotated[str, doc('why its log is in this state, or ""')]
    path: Annotated[str, doc("the file, or HOST:PORT, that is read or waited for")]
    node_state: StateName
    node_state_since: Annotated[UnixSeconds | None, doc("Unix seconds, or null")]
    node_state_reason: Annotated[Sentence, doc("the worst reason, in one sentence")]
    reasons: Annotated[list[StateReason], doc("the worst first")]
    log: LogCharacter


class NodesAnswer(Answer, frozen=True, kw_only=True):
    """The nodes and how their logs are read."""

    rows: list[NodeAnswerRow]


class TrafficSeries(Wire, frozen=True, kw_only=True):
    """One action and outcome over time."""

    action: ActionName
    direction: Direction
    outcome: Outcome
    count: Annotated[list[int | None], at_most(300, "by bucket, at most 300; null = unknown")]
    bytes: Annotated[list[int | None], at_most(300, "bytes by bucket, at most 300; null = unknown")]


class TrafficAnswer(Answer, frozen=True, kw_only=True):
    """Transfers and bytes over time."""

    bucket_s: Annotated[int, doc("seconds of a bucket")]
    times: Annotated[list[int], at_most(300, "start of each bucket, Unix seconds, at most 300")]
    series: list[TrafficSeries]
    unknown: Unknown
    left_out: LeftOut


class CountedHours(Wire, frozen=True, kw_only=True):
    """Whole hours that figures of counters are of."""

    from_: Annotated[int, doc("Unix seconds")]
    to: Annotated[int, doc("Unix seconds")]


class ActionsAnswer(Answer, frozen=True, kw_only=True):
    """Results, bytes and durations by action, from the log or from the nodes' own counters."""

    rows: list[ActionRow]
    counters_window: Annotated[CountedHours | None, doc("the hours that figures of source `metrics` are of, or null")]
    unknown: Unknown
    left_out: LeftOut


class SatellitesAnswer(Answer, frozen=True, kw_only=True):
    """Results and bytes by satellite."""

    rows: list[SatelliteAnswerRow]
    unknown: Unknown
    left_out: LeftOut


class LatencyAnswer(Answer, frozen=True, kw_only=True):
    """Durations by action and outcome."""

    rows: list[LatencyRow]


class SizesAnswer(Answer, frozen=True, kw_only=True):
    """Transfers by size class."""

    rows: list[SizeRow]


class ErrorsAnswer(Answer, frozen=True, kw_only=True):
    """Errors and warnings, folded: worst first, then most frequent."""

    rows: Annotated[list[ErrorRow], at_most(100, "at most 100")]


class PiecesAnswer(Answer, frozen=True, kw_only=True):
    """Pieces asked for most often."""

    rows: Annotated[list[PieceRow], at_most(100, "at most 100")]


class CountriesAnswer(Answer, frozen=True, kw_only=True):
    """Transfers by country of the other side."""

    rows: list[CountryRow]


class CompactionsAnswer(Answer, frozen=True, kw_only=True):
    """Hashstore compactions, newest first."""

    rows: Annotated[list[CompactionRow], at_most(200, "at most 200")]


class LogsAnswer(Answer, frozen=True, kw_only=True):
    """What the lines of the logs were taken for."""

    totals: Annotated[list[LineTotalsRow], doc("one a node")]
    rows: list[LineReasonRow]


class EventsAnswer(Answer, frozen=True, kw_only=True):
    """What nodes said of themselves beside transfers, one sentence each, newest first; equal ones of an hour are one row."""

    rows: Annotated[list[EventRow], at_most(500, "newest first, at most 500")]
    next: Annotated[str | None, doc("`before` of the next page; null: there is none")]
    kinds: Annotated[list[EventKind], doc("every kind that there is")]
    garbage: Annotated[list[GarbageRun], at_most(200, "with the first page only, at most 200, newest first")]
    figures: Annotated[list[EventFigure], doc("with the first page only: what /metrics says now")]


class StandingsAnswer(Answer, frozen=True, kw_only=True):
    """Audit windows, suspensions and disqualifications, kept after the node has dropped them."""

    audit_windows: list[AuditHistory]
    sanctions: Annotated[list[SanctionSpan], at_most(300, "what held at any moment of the window, newest first, at most 300")]


class FindingsAnswer(Answer, frozen=True, kw_only=True):
    """What is out of the ordinary, since when, why, and what to do; newest change first."""

    rows: Annotated[list[FindingRow], doc("reasons of states that nodes are in now, then findings of the window, at most 500")]
    more: Annotated[Count, doc("findings of the window that were left out")]
    learning: list[LearningRow]
    help: Helps


class ReputationAnswer(Answer, frozen=True, kw_only=True):
    """Standing at each satellite, worst first, and the history of scores: all of it, or the parts asked for."""

    rows: list[ReputationRow] | UnsetType = UNSET
    help: Helps | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET
    history: list[ScoreHistory] | UnsetType = UNSET


class StorageAnswer(Answer, frozen=True, kw_only=True):
    """Space of each node and of all together, its history and forecast: all of it, or the parts asked for."""

    rows: list[StorageNodeRow | StorageFleetRow] | UnsetType = UNSET
    help: Helps | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET
    history: list[SpaceHistory] | UnsetType = UNSET


class EarningsAnswer(Answer, frozen=True, kw_only=True):
    """Earnings of this month, paystubs and payouts: all of it, or the parts asked for."""

    rows: list[EarningsSatelliteRow | EarningsNodeRow | EarningsFleetRow] | UnsetType = UNSET
    help: Helps | UnsetType = UNSET
    paystubs: Annotated[list[Paystub] | UnsetType, doc("whatever the window, newest first")] = UNSET
    months: Annotated[list[PaidMonth] | UnsetType, doc("whatever the window, newest first")] = UNSET
    missing_periods: Annotated[dict[str, list[str]] | UnsetType, doc("months without a paystub between others, by node")] = UNSET
    scores: Annotated[list[EstimateScore] | UnsetType, doc("whatever the window: the last estimate of each month beside its paystub")] = (
        UNSET
    )
    days: Annotated[list[EarnedDay] | UnsetType, doc("of this month")] = UNSET
    forecasts: Annotated[list[MadeForecast] | UnsetType, doc("of the window, one for each day on which they were made")] = UNSET
    sums: EarningsSums | UnsetType = UNSET


class HealthAnswer(Answer, frozen=True, kw_only=True):
    """Who the nodes are, whether they are reached, and when they were away: all of it, or the parts asked for."""

    rows: list[HealthRow] | UnsetType = UNSET
    help: Helps | UnsetType = UNSET
    downtimes: Annotated[list[NodeDowntime] | UnsetType, doc("of the window, newest first")] = UNSET


class LoadAnswer(LoadFigures, frozen=True, kw_only=True):
    """How busy the monitor is, and what pages get."""

    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]


class StoreAnswer(StoreState, frozen=True, kw_only=True):
    """Whether the database can be used, and what happened to it."""

    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]


class AnswerError(Wire, frozen=True, kw_only=True):
    """Why a question is not answered."""

    code: Annotated[str, one_of(ERROR_CODES, "for programs")]
    message: Sentence


class ErrorAnswer(Wire, frozen=True, kw_only=True):
    """The one shape of an error."""

    error: AnswerError
