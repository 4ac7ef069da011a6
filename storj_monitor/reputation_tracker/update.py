"""What a node, its counters and its log tell of its standing, as changes of what is known. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.figures import ImpossibleValue, Source
from storj_monitor.model.ids import Action, Outcome, op_action, op_outcome
from storj_monitor.model.kept import Kept, KeptSanction, KeptScore, KeptWindow, Membership
from storj_monitor.model.node_answers import AllSatellitesAnswer, Answer, AnswerKind, NodeAnswer, SatelliteAnswer
from storj_monitor.model.node_events import FoundInTrash, GracefulExit, ScoresReported
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.reputation import (
    SCORES_IN_MEMORY_S,
    HealthAnswer,
    NotableTransfer,
    Reputation,
    ReputationSnapshot,
    SanctionKind,
    ScorePoint,
)
from storj_monitor.reputation_tracker.history import DAY_S, confirm, merge_points, point_of, thin
from storj_monitor.reputation_tracker.reputation import (
    checked,
    merge,
    not_from_the_future,
    snapshot_of_event,
    snapshots_of_addresses,
    snapshots_of_health,
)
from storj_monitor.reputation_tracker.sanctions import exit_after, spans_after
from storj_monitor.reputation_tracker.uptime_update import update_start
from storj_monitor.state.node_status import NO_CHANGES, Changes, NodeStatus, Standing, Topic

CONFIRM_S = 3600.0
"""A score that stays is confirmed in the database this often; in memory at once."""
FAILURES_S = DAY_S
MOST_FAILURES = 2000
_DATED = {SanctionKind.DISQUALIFIED: "disqualified_at", SanctionKind.SUSPENDED: "suspended_at"}
_EXACT = frozenset({Source.API, Source.PROBE})
"""They tell the satellite's own dates; /metrics tells how long ago, hours late."""
_SCORED = frozenset({Action.GET_AUDIT, Action.GET_REPAIR})
_FIGURES = (
    "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits", "disqualified_at", "suspended_at", "vetted_at",
    "joined_at", "windows",
)  # fmt: skip
_REPUTATION = frozenset({Topic.REPUTATION})


def update(status: NodeStatus, answer: Answer, now: float) -> Changes:
    """One answer. Kinds that tell nothing of a standing change nothing."""
    draft, value = _Draft(status), answer.value
    if isinstance(value, NodeAnswer):
        draft.take_snapshots(value.standings, now)
        if value.standings:
            draft.forget_satellites(frozenset(one.satellite for one in value.standings))
        changes = _with_start(status, draft.changes(_REPUTATION), value, now)
        return replace(changes, topics=changes.topics | {Topic.EARNINGS}) if draft.moved else changes
    if isinstance(value, SatelliteAnswer):
        draft.take_snapshots([value.reputation], now)
    elif isinstance(value, AllSatellitesAnswer):
        addresses = {known.address: satellite for satellite, known in draft.known.items() if known.address}
        draft.take_snapshots(snapshots_of_addresses(value.scores, addresses, answer.asked_at), now)
    elif isinstance(value, NodeMetrics):
        draft.take_snapshots(value.reputation, now)
        return _with_start(status, draft.changes(_REPUTATION), value, now)
    elif isinstance(value, HealthAnswer):
        draft.take_snapshots(snapshots_of_health(value), now)
    else:
        return Changes(topics=_REPUTATION if answer.kind is AnswerKind.NOTIFICATIONS else frozenset())
    return draft.changes(_REPUTATION)


def _with_start(status: NodeStatus, changes: Changes, value: NodeAnswer | NodeMetrics, now: float) -> Changes:
    """A start of the process is told by the same answer; it changes other parts."""
    start = update_start(status, value, now)
    if start is NO_CHANGES:
        return changes
    return replace(
        changes,
        outages=start.outages,
        log=start.log,
        kept=changes.kept + start.kept,
        dropped=changes.dropped + start.dropped,
        topics=changes.topics | start.topics,
    )


def update_from_lines(status: NodeStatus, events: Iterable[NodeEvent], now: float) -> Changes:
    """Score lines, pieces found in the trash and graceful exits."""
    told = [event for event in events if isinstance(event, (ScoresReported, FoundInTrash, GracefulExit))]
    if not told:
        return NO_CHANGES
    draft = _Draft(status)
    for event in told:
        if isinstance(event, ScoresReported):
            draft.take_snapshots([snapshot_of_event(event)], now)
        elif isinstance(event, FoundInTrash):
            draft.in_trash = (*draft.in_trash, event)
            draft.moved = True
        else:
            draft.take_exit(event)
    return draft.changes()


def update_from_transfers(status: NodeStatus, transfers: Iterable[Transfer]) -> Changes:
    """Failed audits and repairs."""
    new = [
        NotableTransfer(one.time_ms, one.satellite, one.op, one.piece_id, one.reason)
        for one in transfers
        if op_outcome(one.op) is Outcome.FAILED and op_action(one.op) in _SCORED
    ]
    if not new:
        return NO_CHANGES
    standing = status.standing
    return Changes(standing=replace(standing, failing=(*standing.failing, *new), changes=standing.changes + 1), topics=_REPUTATION)


def add_history(status: NodeStatus, by_satellite: Mapping[str, Sequence[ScorePoint]]) -> Changes:
    """Points of the past, in any order."""
    draft = _Draft(status)
    for satellite, points in by_satellite.items():
        draft.set_points(satellite, merge_points(draft.points.get(satellite, ()), points))
    return replace(draft.changes(), topics=_REPUTATION)


def tidy(status: NodeStatus, now: float) -> Changes:
    """Let go of failures that are older than a day, and keep of points what the history keeps by age."""
    draft, oldest_ms = _Draft(status), (now - FAILURES_S) * 1000
    for satellite, points in status.standing.points.items():
        kept = thin(points, now)
        draft.dropped += [KeptScore(satellite, point) for point in set(points) - set(kept)]
        draft.points[satellite] = tuple(point for point in kept if point.until >= now - SCORES_IN_MEMORY_S)
    draft.failing = tuple(one for one in draft.failing if one.time_ms >= oldest_ms)[-MOST_FAILURES:]
    draft.in_trash = tuple(one for one in draft.in_trash if one.time_ms >= oldest_ms)[-MOST_FAILURES:]
    before = status.standing
    are_fewer = (len(draft.failing), len(draft.in_trash)) != (len(before.failing), len(before.in_trash))
    return replace(draft.changes(), topics=_REPUTATION if are_fewer else frozenset())


class _Draft:
    """A standing as it becomes while one thing that was told is taken in. `moved`: a value, not only its age, is another one."""

    def __init__(self, status: NodeStatus) -> None:
        standing = self._before = status.standing
        self._status = status
        self.known, self.points = dict(standing.known), dict(standing.points)
        self.failing, self.in_trash = standing.failing, standing.in_trash
        self._spans, self._exits, self._written = dict(standing.spans), dict(standing.exits), dict(standing.written)
        self._impossible: dict[tuple[str, ...], tuple[ImpossibleValue, ...]] = {}
        self._kept: list[Kept] = []
        self.dropped: list[Kept] = []
        self.moved = False

    def changes(self, told_again: frozenset[Topic] = frozenset()) -> Changes:
        """What has come of it."""
        standing = Standing(
            known=self.known,
            points=self.points,
            failing=self.failing,
            in_trash=self.in_trash,
            spans=self._spans,
            exits=self._exits,
            written=self._written,
            changes=self._before.changes + self.moved,
        )
        return Changes(
            standing=standing,
            impossible=self._impossible,
            kept=tuple(self._kept),
            dropped=tuple(self.dropped),
            topics=_REPUTATION if self.moved else frozenset(),
            told_again=told_again,
        )

    def take_snapshots(self, snapshots: Iterable[ReputationSnapshot], now: float) -> None:
        """Merge what one answer or some lines told."""
        for told in snapshots:
            if not told.satellite or _is_left(self._status, told):
                continue
            snapshot, impossible = checked(not_from_the_future(told, now))
            self._impossible["reputation", snapshot.satellite, snapshot.source.value, *_parts(snapshot)] = impossible
            before = self.known.get(snapshot.satellite)
            after = self.known[snapshot.satellite] = merge(before, snapshot)
            if before is None or _values(before) != _values(after):
                self.moved = True
                self._keep_membership(after)
            if snapshot.windows is not None:
                self._keep_windows(after)
            self._keep_sanctions(after, snapshot)
            point = point_of(snapshot)
            if point is not None:
                self._take_point(snapshot.satellite, point)

    def take_exit(self, event: GracefulExit) -> None:
        before = self._exits.get(event.satellite)
        after = exit_after(before, event)
        if after is None or after == before:
            return
        self._exits[event.satellite] = after
        if event.satellite:  # its scores may never be told: the log alone is to show that the node leaves
            self.known.setdefault(event.satellite, Reputation(satellite=event.satellite))
        self.moved = True

    def forget_satellites(self, trusted: frozenset[str]) -> None:
        """Let go of satellites that the node does not trust any more; their history stays in the database."""
        gone = [satellite for satellite in self.known if satellite not in trusted]
        for satellite in gone:
            del self.known[satellite]
            self._impossible.update((asked, ()) for asked in self._status.impossible if satellite in asked)
            self.moved = True

    def set_points(self, satellite: str, after: tuple[ScorePoint, ...]) -> None:
        """What differs from before is stored anew, what is gone is deleted: a point is known by when it began."""
        before = self.points.get(satellite, ())
        known, begins = set(before), {_begin(point) for point in after}
        self.dropped += [KeptScore(satellite, point) for point in before if _begin(point) not in begins]
        self._kept += [KeptScore(satellite, point) for point in after if point not in known]
        self.points[satellite] = after

    def _take_point(self, satellite: str, point: ScorePoint) -> None:
        """Into the history; a point that only lasts longer is stored now and then."""
        points = self.points.get(satellite, ())
        last = points[-1] if points else None
        if last is not None and point.at < last.until:
            merged = merge_points(points, [point])
            if merged != points:
                self.set_points(satellite, merged)
                self.moved = True
            return
        stored, new = confirm(last, point)
        if new or last is None:
            self.points[satellite] = (*points, stored)
            self._kept.append(KeptScore(satellite, stored))
            self.moved = True
            return
        self.points[satellite] = (*points[:-1], stored)
        told_more = (last.total_audits, last.successful_audits) != (stored.total_audits, stored.successful_audits)
        if told_more or int(last.until // CONFIRM_S) != int(stored.until // CONFIRM_S):
            self._kept.append(KeptScore(satellite, stored))

    def _keep_membership(self, known: Reputation) -> None:
        dates = (known.joined_at, known.vetted_at, known.disqualified_at)
        joined, vetted, disqualified = (one.value if one is not None and one.value > 0 else None for one in dates)
        if joined or vetted or disqualified:
            self._kept.append(Membership(known.satellite, joined, vetted, disqualified))

    def _keep_windows(self, known: Reputation) -> None:
        """Windows that are new or have grown; all of them once in a run, because an earlier one may have been killed before it wrote."""
        told = known.windows.value if known.windows is not None else ()
        written = self._written.get(known.satellite, ())
        if told is not written:
            self._kept += [KeptWindow(known.satellite, one) for one in frozenset(told).difference(written) if one.start_at > 0]
            self._written[known.satellite] = told

    def _keep_sanctions(self, known: Reputation, snapshot: ReputationSnapshot) -> None:
        """Begins and ends that this snapshot told, unless somebody told something newer."""
        if snapshot.source not in _EXACT:
            return
        for kind, name in _DATED.items():
            date = getattr(known, name)
            if date is None or (date.source, date.taken_at) != (snapshot.source, snapshot.taken_at) or getattr(snapshot, name) is None:
                continue
            for span in spans_after(self._spans.get((known.satellite, kind)), kind, date.value, date.taken_at):
                self._spans[known.satellite, kind] = span
                self._kept.append(KeptSanction(known.satellite, span))


def _begin(point: ScorePoint) -> int:
    return round(point.at * 1000)


def _parts(snapshot: ReputationSnapshot) -> tuple[str, ...]:
    """Of one source several answers tell of a satellite, each its own part: one must not take back what another said."""
    return tuple(name for name in ("audit_score", "windows") if getattr(snapshot, name) is not None)


def _is_left(status: NodeStatus, snapshot: ReputationSnapshot) -> bool:
    """Counters and the public port go on naming satellites that the node does not trust any more."""
    trusted = status.answer.standings if status.answer is not None else ()
    return (
        snapshot.source in (Source.METRICS, Source.PROBE)
        and bool(trusted)
        and all(one.satellite != snapshot.satellite for one in trusted)
    )  # fmt: skip


def _values(known: Reputation) -> tuple[object, ...]:
    return tuple(None if (one := getattr(known, name)) is None else one.value for name in _FIGURES)
