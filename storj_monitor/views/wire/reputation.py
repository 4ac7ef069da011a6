"""Rows of `reputation`: a node at a satellite."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.reputation import SanctionKind
from storj_monitor.reputation_tracker.disqualification_margin import Trend
from storj_monitor.reputation_tracker.online import BudgetState
from storj_monitor.reputation_tracker.pieces import Cause
from storj_monitor.reputation_tracker.report import Standing
from storj_monitor.views.wire.fields import (
    Count,
    Date,
    NodeName,
    Number,
    SatelliteId,
    SatelliteName,
    Seconds,
    Sentence,
    UnixSeconds,
    Whole,
    Wire,
    at_most,
    doc,
    one_of,
)

AuditWindow = tuple[float, int, int]
"""Unix second of its start, audits in all, audits while online; 12 hours."""
TrendName = Annotated[str, one_of((one.value for one in Trend), "where the score goes")]
FailuresAllowed = Annotated[int, doc("failed audits in a row until disqualification")]
HoursToDisqualification = Annotated[
    float | None, doc("hours until disqualification at the present rate; null = it does not come, or unknown")
]
StandingName = Annotated[str, one_of((one.label for one in Standing), "what the satellite thinks of the node, the worst first")]


class GracefulExit(Wire, frozen=True, kw_only=True):
    """Of a node that leaves, or has left."""

    state: Annotated[str, one_of(("begun", "completed", "failed"), "how far it is")]
    at: UnixSeconds


class AuditRate(Wire, frozen=True, kw_only=True):
    """How the audit score moved."""

    from_: UnixSeconds
    to: UnixSeconds
    change: Annotated[float, doc("of the score, in that time")]
    audits: Annotated[float | None, doc("audits in that time; null = unknown")]
    failed: Annotated[float | None, doc("failed audits in that time; null = unknown")]


class MarginSummary(Wire, frozen=True, kw_only=True):
    """How far the node is from disqualification: what a first look shows."""

    failures_allowed: FailuresAllowed
    trend: TrendName
    hours_to_disqualification: HoursToDisqualification


class DisqualificationMargin(Wire, frozen=True, kw_only=True):
    """How far the node is from disqualification."""

    distance: Annotated[float, doc("of the score from the limit")]
    failures_allowed: FailuresAllowed
    trend: TrendName
    settles_at_score: Annotated[float | None, doc("score at which it comes to rest at the present rate, or null")]
    hours_to_disqualification: HoursToDisqualification
    rate: Annotated[AuditRate | None, doc("null = unknown")]


class Vetting(Wire, frozen=True, kw_only=True):
    """How far the node is from being vetted (100 audits, 504 hours)."""

    done: Annotated[bool | None, doc("null = unknown")]
    audits: Annotated[int | None, doc("audits so far; null = unknown")]
    at_least: Annotated[bool, doc("`audits` may be more")]
    audits_left: Annotated[int | None, doc("null = unknown")]
    hours: Annotated[float | None, doc("hours online so far; null = unknown")]
    hours_left: Annotated[float | None, doc("null = unknown")]


class OfflineWindow(Wire, frozen=True, kw_only=True):
    """A window with audits that were missed."""

    start: UnixSeconds
    length_s: Seconds
    total: Count
    missed: Count
    offline_s: Annotated[int, doc("seconds offline that it counts as")]


class BudgetSummary(Wire, frozen=True, kw_only=True):
    """How long the node may be off: what a first look shows."""

    hours: Annotated[float | None, doc("safe to be off for so many hours; null = unknown")]
    state: Annotated[
        str, one_of((one.value for one in BudgetState), "`young`: cannot be suspended before 60 windows; `suspended`: it is already")
    ]
    windows: Annotated[Count, doc("how many it is made of")]
    estimated: Annotated[bool, doc("the windows are not known, `hours` is a careful estimate")]
    limited_by: Annotated[str, one_of(("online_score", "contact"), "what gives way first")]
    away_since: Annotated[float | None, doc("Unix seconds: where the node is away already, `hours` is what is left; else null")]


class DowntimeBudget(BudgetSummary, frozen=True, kw_only=True):
    """How long the node may be off."""

    score: Annotated[float | None, doc("online score that it starts from; null = unknown")]
    full: Annotated[bool, doc("all windows of the satellite's month are there")]


class FailingPiece(Wire, frozen=True, kw_only=True):
    """A piece that audits or repairs failed on."""

    piece_id: Annotated[str, doc("as the log has it")]
    cause: Annotated[str, one_of((one.value for one in Cause), "what was wrong")]
    cause_text: Annotated[str, doc("the same in words")]
    reason: Annotated[str, doc("as the log says")]
    audits: Annotated[Count, doc("failed audits")]
    repairs: Annotated[Count, doc("failed repairs")]
    in_trash: Annotated[Count, doc("times that it was found in the trash")]
    first: UnixSeconds
    last: UnixSeconds


class FailuresSummary(Wire, frozen=True, kw_only=True):
    """Failures of the last 24 hours of the log: what a first look shows."""

    audits: Annotated[Count, doc("failed audits")]


class Failures(FailuresSummary, frozen=True, kw_only=True):
    """Failures of the last 24 hours of the log."""

    repairs: Annotated[Count, doc("failed repairs")]
    in_trash: Annotated[Count, doc("pieces found in the trash")]
    more: Annotated[Count, doc("pieces left out of `pieces`")]
    pieces: Annotated[list[FailingPiece], doc("at most 20")]


class RefusedAudits(Wire, frozen=True, kw_only=True):
    """Failed audits that only the node's counters know."""

    value: Annotated[Count, doc("since `since`")]
    last_hour: Annotated[Count, doc("of the last hour")]
    since: UnixSeconds
    source: Annotated[str, one_of(("metrics",), "who counted")]


class ReputationCommon(Wire, frozen=True, kw_only=True):
    """What whole rows and summaries both have."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    rank: Annotated[int, doc("0 = worst of the view: sort by it")]
    standing: StandingName
    reason: Annotated[Sentence, doc("a sentence: why")]
    unknown: Annotated[str | None, doc("why the node's answer about the satellite fails: what is shown is old; null = it does not")]
    vetting: Vetting
    audit_score: Number
    suspension_score: Number
    online_score: Number
    disqualified_at: Date
    suspended_at: Date


class ReputationSummary(ReputationCommon, frozen=True, kw_only=True):
    """What a view of several nodes has of a row."""

    disqualification_margin: Annotated[MarginSummary | None, doc("null = the score is unknown")]
    budget: BudgetSummary
    failures: FailuresSummary


class ReputationRow(ReputationCommon, frozen=True, kw_only=True):
    """A node at a satellite. Key: `node/satellite`."""

    address: Annotated[str, doc('address of the satellite, or ""')]
    exit: Annotated[GracefulExit | None, doc("null = the node does not leave")]
    offline_suspended_at: Annotated[float | None, doc("Unix seconds, as the node's notification dates it, or null")]
    total_audits: Whole
    successful_audits: Whole
    vetted_at: Date
    joined_at: Date
    disqualification_margin: Annotated[DisqualificationMargin | None, doc("null = the score is unknown")]
    suspension_allowed: Annotated[int | None, doc("audits that may end in an error in a row until suspension; null = unknown")]
    missed_audits: Annotated[int | None, doc("audits missed while offline, in the known windows; null = unknown")]
    windows: Annotated[list[AuditWindow], doc("`[start, total, online]` of 12 hours each, oldest first, at most 62; the last one is open")]
    offline_windows: Annotated[list[OfflineWindow], doc("those in which audits were missed, oldest first, at most 62")]
    budget: DowntimeBudget
    failures: Failures
    refused_audits: Annotated[RefusedAudits | None, doc("null = the node has no counters")]


class ScoreHistory(Wire, frozen=True, kw_only=True):
    """Scores over time at one satellite."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    points: Annotated[list[tuple[float | str | None, ...]], at_most(300, "oldest first, at most 300, each in the order of `columns`")]


class AuditHistory(Wire, frozen=True, kw_only=True):
    """Audit windows at one satellite, kept after the node has dropped them."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    length_s: Annotated[int | None, doc("null: windows as they are; where there are more than 300, sums of so many seconds")]
    windows: Annotated[list[AuditWindow], at_most(300, "`[start, total, online]`, oldest first, at most 300")]


class SanctionSpan(Wire, frozen=True, kw_only=True):
    """A disqualification or suspension."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    kind: Annotated[str, one_of((one.value for one in SanctionKind), "what it was")]
    from_: Annotated[float, doc("Unix seconds, the satellite's date")]
    until: Annotated[float | None, doc("Unix seconds of the first answer without it; null = it lasts")]
