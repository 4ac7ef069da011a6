"""Everything about one node at one satellite, judged, so that the worst can be shown first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum

from storj_monitor.model.analytics import BudgetOutlook
from storj_monitor.model.ids import Action, Outcome, name_of_address, op_action, op_code, satellite_name
from storj_monitor.model.node_metrics import Growth
from storj_monitor.model.node_state import StandingEvidence, StandingLevel, StateSource
from storj_monitor.model.reputation import COMPLETED, FAILED, NEVER, AuditWindow, Exit, Reputation, ScorePoint
from storj_monitor.reputation_tracker.beta import AUDIT, SUSPENSION, failures_allowed
from storj_monitor.reputation_tracker.disqualification_margin import DisqualificationMargin, Trend, disqualification_margin
from storj_monitor.reputation_tracker.online import (
    OFFLINE_THRESHOLD,
    TRACKED_WINDOWS,
    BudgetState,
    DowntimeBudget,
    OfflineWindow,
    downtime_budget,
    estimated_budget,
    offline_windows,
)
from storj_monitor.reputation_tracker.pieces import Failures, RefusedAudits
from storj_monitor.reputation_tracker.pieces import failures as failures_of
from storj_monitor.reputation_tracker.sanctions import offline_suspensions
from storj_monitor.reputation_tracker.uptime import node_away_since
from storj_monitor.reputation_tracker.vetting import Vetting, vetting
from storj_monitor.state.counters import HOUR_S, POLL_S
from storj_monitor.state.node_status import NodeStatus, Topic
from storj_monitor.units import format_hours

FEW_FAILURES = 20
"""Fewer allowed failures than this is a risk, whatever the trend."""
SOON_HOURS = 30 * 24.0
LOW_ONLINE = 0.7
MOST_PIECES = 20
BUDGET_S = 900.0
_FAILED_AUDIT = op_code(Action.GET_AUDIT, Outcome.FAILED)


class Standing(IntEnum):
    """The verdict, worst first: what a page sorts by."""

    DISQUALIFIED = 0
    SUSPENDED = 1
    OFFLINE_SUSPENDED = 2
    AT_RISK = 3
    WATCH = 4
    UNKNOWN = 5
    VETTING = 6
    HEALTHY = 7
    EXITING = 8
    EXITED = 9

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SatelliteReport:
    """One node at one satellite at one moment.

    reason             -- why the standing is what it is, in a sentence
    suspension_allowed -- unknown audit results in a row that do not suspend the node yet
    missed_audits      -- total - successful: offline, unknown and failed ones together
    """

    reputation: Reputation
    standing: Standing
    reason: str
    margin: DisqualificationMargin | None
    suspension_allowed: int | None
    missed_audits: int | None
    vetting: Vetting
    offline_windows: tuple[OfflineWindow, ...]
    budget: DowntimeBudget
    failures: Failures
    refused: RefusedAudits | None = None
    exit: Exit | None = None
    offline_suspended_at: float | None = None


NO_FAILURES = Failures((), 0, 0, 0, 0)


def report(
    reputation: Reputation,
    points: Sequence[ScorePoint],
    now: float,
    *,
    failures: Failures = NO_FAILURES,
    offline_since: float | None = None,
    budget: DowntimeBudget | None = None,
    refused: RefusedAudits | None = None,
    left_by: Exit | None = None,
    offline_suspended_at: float | None = None,
) -> SatelliteReport:
    """`points`: this satellite's history of the last 30 days, oldest first; `failures`: of this satellite, from the last 24 hours or so.

    `budget`: as it was reckoned a moment ago, where nothing that it depends on has changed.
    """
    windows = reputation.windows.value if reputation.windows else ()
    margin = None
    if reputation.audit_score is not None:
        newer = any(p.last_at > reputation.audit_score.taken_at and p.audits for p in failures.pieces)
        margin = disqualification_margin(reputation.audit_score, points, windows, now, failing_now=newer)
    progress = vetting(reputation, now)
    left = budget or _budget(reputation, windows, now, offline_since)
    standing, reason = _judged(reputation, margin, progress, failures, left)
    if refused is not None and refused.audits and _is_doubted(reputation):
        standing, reason = _with_refused(standing, reason, refused)
    if left_by is not None and standing is not Standing.DISQUALIFIED:
        standing, reason = _with_exit(standing, reason, left_by)
    dated = offline_suspended_at if standing is Standing.OFFLINE_SUSPENDED else None
    if dated is not None:
        reason = f"{reason} The node says: suspended since {datetime.fromtimestamp(dated, UTC):%Y-%m-%d %H:%M} UTC."
    total, good = reputation.total_audits, reputation.successful_audits
    return SatelliteReport(
        reputation=reputation,
        standing=standing,
        reason=reason,
        margin=margin,
        suspension_allowed=_suspension_allowed(reputation, windows),
        missed_audits=max(0, total.value - good.value) if total and good else None,
        vetting=progress,
        offline_windows=offline_windows(windows),
        budget=left,
        failures=failures,
        refused=refused,
        exit=left_by,
        offline_suspended_at=dated,
    )


def _with_exit(standing: Standing, reason: str, left_by: Exit) -> tuple[Standing, str]:
    """A node that leaves is judged by that: its scores lead nowhere any more, but for trouble while it still leaves."""
    if left_by.state == COMPLETED:
        return Standing.EXITED, "Graceful exit is complete: the node has left this satellite, which pays back what it held."
    if left_by.state == FAILED:
        return Standing.AT_RISK, "Graceful exit failed: what the satellite holds back may be lost. Look at the log of that time."
    if standing <= Standing.AT_RISK:
        return standing, f"{reason} The node is leaving this satellite (graceful exit)."
    return Standing.EXITING, "The node is leaving this satellite (graceful exit). It must stay online until that is complete."


def _is_doubted(reputation: Reputation) -> bool:
    """Whether the satellite has had audits with an unknown result."""
    score = reputation.suspension_score
    return score is not None and score.value < 1.0


def _with_refused(standing: Standing, reason: str, refused: RefusedAudits) -> tuple[Standing, str]:
    """The log of a node does not tell which audits it refused; its counters do, though not at which satellite."""
    many = f"{refused.audits} audit{'s' if refused.audits != 1 else ''}"
    words = f"The node refused {many} by its own counters; its log does not tell them."
    if standing > Standing.WATCH and refused.lately:
        return Standing.WATCH, words
    return standing, f"{reason} {words}" if standing < Standing.UNKNOWN else reason


def _suspension_allowed(reputation: Reputation, windows: Sequence[AuditWindow]) -> int | None:
    """A new node is suspended sooner: its first audits weigh more. Those that found it away do not count."""
    score, good = reputation.suspension_score, reputation.successful_audits
    if score is None:
        return None
    counted = sum(window.online for window in windows) if reputation.windows else None
    return failures_allowed(score.value, SUSPENSION, good.value if good else counted)


def worst_first(reports: Iterable[SatelliteReport]) -> list[SatelliteReport]:
    """The order of the page: by standing, then by what is left of the audit score, then by the online score."""
    return sorted(reports, key=_badness)


def _badness(one: SatelliteReport) -> tuple[int, float, float, float, str]:
    known = one.reputation
    return (
        one.standing,
        known.audit_score.value if known.audit_score else 1.0,
        known.suspension_score.value if known.suspension_score else 1.0,
        known.online_score.value if known.online_score else 1.0,
        known.satellite,
    )


def _budget(reputation: Reputation, windows: Sequence[object], now: float, offline_since: float | None) -> DowntimeBudget:
    if windows and reputation.windows is not None:
        return downtime_budget(reputation.windows.value, now, offline_since)
    if reputation.online_score is None:
        return DowntimeBudget(hours=None, score=None, windows=0, full=False, estimated=True)
    joined = reputation.joined_at
    away_s = max(0.0, now - offline_since) if offline_since is not None else 0.0
    estimated = estimated_budget(reputation.online_score.value, now - joined.value if joined and joined.value > 0 else None, away_s)
    return replace(estimated, away_since=offline_since)


def _judged(
    reputation: Reputation, margin: DisqualificationMargin | None, progress: Vetting, failed: Failures, left: DowntimeBudget
) -> tuple[Standing, str]:
    """A date outweighs every score."""
    if reputation.disqualified_at and reputation.disqualified_at.value != NEVER:
        return Standing.DISQUALIFIED, "Disqualified. The scores beside it are the last ones before that and no longer count."
    if margin and margin.score.value <= AUDIT.threshold:
        return (
            Standing.DISQUALIFIED,
            "The audit score is at 0.96 or below: the satellite disqualifies at that, even if no date is told yet.",
        )
    if reputation.suspended_at and reputation.suspended_at.value != NEVER:
        return Standing.SUSPENDED, "Suspended for unknown audit results; ends by itself when the suspension score is above 0.6."
    suspension, online = reputation.suspension_score, reputation.online_score
    if suspension and suspension.value <= SUSPENSION.threshold:
        return Standing.SUSPENDED, "The suspension score is at 0.6 or below, which suspends the node."
    if online and online.value < OFFLINE_THRESHOLD:
        if left.state is BudgetState.YOUNG:
            return (
                Standing.AT_RISK,
                f"The online score is below 0.6. Satellites suspend for that when they have {TRACKED_WINDOWS} windows of audits; "
                f"this one has {left.windows}.",
            )
        return (
            Standing.OFFLINE_SUSPENDED,
            "The online score is below 0.6: suspended for being offline, unless the node is younger than 30 days.",
        )
    return _judged_by_scores(reputation, margin, progress, failed)


def _judged_by_scores(
    reputation: Reputation, margin: DisqualificationMargin | None, progress: Vetting, failed: Failures
) -> tuple[Standing, str]:
    suspension, online = reputation.suspension_score, reputation.online_score
    if margin and margin.failures_allowed < FEW_FAILURES:
        return Standing.AT_RISK, f"Only {margin.failures_allowed} more audits in a row may fail."
    if margin and margin.hours_to_disqualification is not None and margin.hours_to_disqualification < SOON_HOURS:
        return (
            Standing.AT_RISK,
            f"At the present rate of failed audits the node is disqualified in {format_hours(margin.hours_to_disqualification)}.",
        )
    if suspension and failures_allowed(suspension.value, SUSPENSION) < 3:
        return Standing.AT_RISK, "A few more unknown audit results suspend the node."
    if online and online.value < LOW_ONLINE:
        return Standing.AT_RISK, "The online score comes near 0.6, where the node is suspended."
    if margin and margin.trend is Trend.FALLING:
        return Standing.WATCH, "The audit score is falling."
    if failed.audits:
        return Standing.WATCH, f"{failed.audits} audit{'s' if failed.audits != 1 else ''} failed lately."
    if margin is None:
        return Standing.UNKNOWN, "No audit score is known yet."
    if progress.done is False:
        return Standing.VETTING, "New at this satellite; it sends more when 100 audits and 504 hours are over."
    return Standing.HEALTHY, "All scores are well above their limits."


class SatelliteReports:
    """Reports of each node, made once for a change of its standing, however many ask."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[int, list[SatelliteReport]]] = {}
        self._budgets: dict[tuple[str, str], tuple[tuple[object, ...], DowntimeBudget]] = {}

    def of(self, status: NodeStatus, now: float) -> list[SatelliteReport]:
        """One node at each of its satellites."""
        revision = status.revisions[Topic.REPUTATION]
        made = self._made.get(status.name)
        if made is None or made[0] != revision:
            away_since = node_away_since(status, now)
            reports = [self._report(status, satellite, now, away_since) for satellite in status.standing.known]
            made = self._made[status.name] = (revision, reports)
        return made[1]

    def _report(self, status: NodeStatus, satellite: str, now: float, away_since: float | None) -> SatelliteReport:
        """A budget is in steps of a quarter of an hour: it is reckoned anew with new windows, or when another quarter has begun."""
        standing = status.standing
        known = standing.known[satellite]
        basis = (known.windows or known.online_score, known.joined_at, away_since, int(now // BUDGET_S))
        before = self._budgets.get((status.name, satellite))
        made = report(
            known,
            standing.points.get(satellite, ()),
            now,
            failures=failures_of(standing.failing, standing.in_trash, satellite=satellite, limit=MOST_PIECES),
            offline_since=away_since,
            budget=before[1] if before is not None and before[0] == basis else None,
            refused=refused_audits(status, now),
            left_by=standing.exits.get(satellite),
            offline_suspended_at=offline_suspensions(status.notifications).get(satellite),
        )
        self._budgets[status.name, satellite] = (basis, made.budget)
        return made


def refused_audits(status: NodeStatus, now: float) -> RefusedAudits | None:
    """By the counters of /metrics, less what the log tells of the same time; None for a node without them."""
    counted = status.counted
    if not counted.since:
        return None
    told = [one.time_ms / 1000 for one in status.standing.failing if op_action(one.op) is Action.GET_AUDIT]

    def beyond_the_log(growth: Mapping[int, Growth], since: float) -> int:
        found = growth.get(_FAILED_AUDIT)
        return max(0, (found.number if found is not None else 0) - sum(at >= since for at in told))

    return RefusedAudits(
        beyond_the_log(counted.ops, counted.since), counted.since, beyond_the_log(counted.last_hour(now), now - HOUR_S - POLL_S)
    )


def budget_outlook(known: Iterable[Reputation], now: float) -> BudgetOutlook | None:
    """The least of all satellites that have not disqualified the node. One that is suspended, or too young to be, has nothing to lose."""
    found = []
    for one in known:
        gone = one.disqualified_at is not None and one.disqualified_at.value != NEVER
        budget = None if gone else report(one, (), now).budget
        if budget is not None and budget.hours is not None and budget.state is BudgetState.COUNTED:
            found.append(BudgetOutlook(budget.hours, one.satellite, budget.estimated))
    return min(found, default=None)


_LEVELS = {
    Standing.DISQUALIFIED: StandingLevel.DISQUALIFIED,
    Standing.SUSPENDED: StandingLevel.SUSPENDED,
    Standing.OFFLINE_SUSPENDED: StandingLevel.OFFLINE_SUSPENDED,
    Standing.AT_RISK: StandingLevel.AT_RISK,
    Standing.WATCH: StandingLevel.WATCH,
}


_SOURCES = {
    "api": StateSource.API,
    "metrics": StateSource.METRICS,
    "log": StateSource.LOG,
    "probe": StateSource.PUBLIC_PORT,
    "file_system": StateSource.FILE_SYSTEM,
}


def standing_evidence(reports: Iterable[SatelliteReport]) -> Iterator[StandingEvidence]:
    """Of reports those that are worse than nothing."""
    for one in reports:
        level = _LEVELS.get(one.standing)
        if level is None:
            continue
        known = one.reputation
        date = known.disqualified_at if level is StandingLevel.DISQUALIFIED else known.suspended_at
        since = date.value if level in (StandingLevel.DISQUALIFIED, StandingLevel.SUSPENDED) and date and date.value > 0 else None
        told = date or known.audit_score or known.online_score
        source = _SOURCES.get(told.source.value, StateSource.API) if told is not None else StateSource.API
        name = satellite_name(known.satellite, {known.satellite: name_of_address(known.address)})
        yield StandingEvidence(known.satellite, name, level, one.reason, since, known.taken_at, source)
