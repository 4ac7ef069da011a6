"""What was said about a node's standing goes into memory and, where it is new, to the rows that wait to be written."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import Pending
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.figures import Source
from storj_monitor.model.ids import Action, Outcome, op_action, op_outcome
from storj_monitor.model.node_events import FoundInTrash, GracefulExit, ScoresReported
from storj_monitor.model.reputation import NotableTransfer, Reputation, ReputationSnapshot, ScorePoint, StandingKind
from storj_monitor.reputation_tracker.history import DAY_S, confirm, merge_points, point_of, thin
from storj_monitor.reputation_tracker.plausible import checked
from storj_monitor.reputation_tracker.reputation import merge, not_from_the_future, snapshot_of_event
from storj_monitor.reputation_tracker.standings import spans_after
from storj_monitor.reputation_tracker.told import exit_after
from storj_monitor.state.node_status import NodeStatus

CONFIRM_S = 3600.0
"""A score that stays is confirmed in the database this often; in memory at once."""
POINTS_S = 31 * DAY_S
FAILURES_S = DAY_S
MOST_FAILURES = 2000
_DATED = {StandingKind.DISQUALIFIED: "disqualified_at", StandingKind.SUSPENDED: "suspended_at"}
_EXACT = frozenset({Source.API, Source.PROBE})
"""They tell the satellite's own dates; /metrics tells how long ago, hours late."""
_SCORED = frozenset({Action.GET_AUDIT, Action.GET_REPAIR})
_FIGURES = (
    "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits", "disqualified_at", "suspended_at", "vetted_at",
    "joined_at", "windows",
)  # fmt: skip


def take_snapshots(node: NodeStatus, snapshots: Iterable[ReputationSnapshot], now: float, pending: Pending) -> bool:
    """Merge what one answer or some lines told. True when a value (not only its age) has changed."""
    moved = False
    for told in snapshots:
        if not told.satellite or _is_left(node, told):
            continue
        snapshot, impossible = checked(not_from_the_future(told, now))
        node.note_impossible(("reputation", snapshot.satellite, snapshot.source.value, *_parts(snapshot)), impossible)
        before = node.standing.known.get(snapshot.satellite)
        after = node.standing.known[snapshot.satellite] = merge(before, snapshot)
        changed = before is None or _values(before) != _values(after)
        moved |= changed
        if changed:
            _put_membership(node, after, pending)
        if snapshot.windows is not None:
            _put_windows(node, after, pending)
        _put_standings(node, after, snapshot, pending)
        point = point_of(snapshot)
        if point is not None:
            moved |= _take_point(node, snapshot.satellite, point, pending)
    return moved


def _parts(snapshot: ReputationSnapshot) -> tuple[str, ...]:
    """Of one source several answers tell of a satellite, each its own part: one must not take back what another said."""
    return tuple(name for name in ("audit_score", "windows") if getattr(snapshot, name) is not None)


def _is_left(node: NodeStatus, snapshot: ReputationSnapshot) -> bool:
    """Counters and the public port go on naming satellites that the node does not trust any more."""
    trusted = node.answer.standings if node.answer is not None else ()
    return (
        snapshot.source in (Source.METRICS, Source.PROBE)
        and bool(trusted)
        and all(one.satellite != snapshot.satellite for one in trusted)
    )  # fmt: skip


def take_events(node: NodeStatus, events: Iterable[NodeEvent], now: float, pending: Pending) -> bool:
    """Score lines and pieces found in the trash. True when something has changed."""
    moved = False
    for event in events:
        if isinstance(event, ScoresReported):
            moved |= take_snapshots(node, [snapshot_of_event(event)], now, pending)
        elif isinstance(event, FoundInTrash):
            node.standing.in_trash.append(event)
            moved = True
        elif isinstance(event, GracefulExit):
            moved |= _take_exit(node, event)
    return moved


def _take_exit(node: NodeStatus, event: GracefulExit) -> bool:
    before = node.standing.exits.get(event.satellite)
    after = exit_after(before, event)
    if after is None or after == before:
        return False
    node.standing.exits[event.satellite] = after
    if event.satellite:  # its scores may never be told: the log alone is to show that the node leaves
        node.standing.known.setdefault(event.satellite, Reputation(satellite=event.satellite))
    return True


def take_transfers(node: NodeStatus, transfers: Iterable[Transfer]) -> bool:
    """Failed audits and repairs. True when there was one."""
    new = [
        NotableTransfer(t.time_ms, t.satellite, t.op, t.piece_id, t.reason)
        for t in transfers
        if op_outcome(t.op) is Outcome.FAILED and op_action(t.op) in _SCORED
    ]
    node.standing.failing += new
    return bool(new)


def forget_satellites(node: NodeStatus, trusted: frozenset[str]) -> bool:
    """Let go of satellites that the node does not trust any more; their history stays in the database."""
    gone = [satellite for satellite in node.standing.known if satellite not in trusted]
    for satellite in gone:
        del node.standing.known[satellite]
        node.impossible = {asked: found for asked, found in node.impossible.items() if satellite not in asked}
    return bool(gone)


def expire(node: NodeStatus, now: float) -> bool:
    """Let go of failures that are older than a day. True when there were any."""
    standing, oldest_ms = node.standing, (now - FAILURES_S) * 1000
    before = len(standing.failing) + len(standing.in_trash)
    standing.failing = [one for one in standing.failing if one.time_ms >= oldest_ms][-MOST_FAILURES:]
    standing.in_trash = [one for one in standing.in_trash if one.time_ms >= oldest_ms][-MOST_FAILURES:]
    return len(standing.failing) + len(standing.in_trash) != before


def add_points(node: NodeStatus, satellite: str, points: Iterable[ScorePoint], pending: Pending) -> None:
    """Points of the past, in any order."""
    before = node.standing.points.get(satellite, ())
    after = node.standing.points[satellite] = merge_points(before, points)
    _write_changes(node.name, satellite, before, after, pending)


def thin_points(node: NodeStatus, now: float, pending: Pending) -> None:
    """Keep what the history keeps by age, in memory and in the database."""
    for satellite, points in node.standing.points.items():
        kept = thin(points, now)
        for point in set(points) - set(kept):
            pending.drop(store.SCORE_POINT, rows.score_row(node.name, satellite, point)[: store.SCORE_POINT.key])
        node.standing.points[satellite] = tuple(point for point in kept if point.until >= now - POINTS_S)


def _values(known: Reputation) -> tuple[object, ...]:
    return tuple(None if (one := getattr(known, name)) is None else one.value for name in _FIGURES)


def _take_point(node: NodeStatus, satellite: str, point: ScorePoint, pending: Pending) -> bool:
    """Into the history. True for a new row; one that only lasts longer is written now and then."""
    points = node.standing.points.get(satellite, ())
    last = points[-1] if points else None
    if last is not None and point.at < last.until:
        merged = merge_points(points, [point])
        if merged == points:
            return False
        _write_changes(node.name, satellite, points, merged, pending)
        node.standing.points[satellite] = merged
        return True
    stored, new = confirm(last, point)
    if new or last is None:
        node.standing.points[satellite] = (*points, stored)
        pending.put(store.SCORE_POINT, rows.score_row(node.name, satellite, stored))
        return True
    node.standing.points[satellite] = (*points[:-1], stored)
    told_more = (last.total_audits, last.successful_audits) != (stored.total_audits, stored.successful_audits)
    if told_more or int(last.until // CONFIRM_S) != int(stored.until // CONFIRM_S):
        pending.put(store.SCORE_POINT, rows.score_row(node.name, satellite, stored))
    return False


def _write_changes(node: str, satellite: str, before: tuple[ScorePoint, ...], after: tuple[ScorePoint, ...], pending: Pending) -> None:
    kept = {rows.score_row(node, satellite, point) for point in after}
    keys = {row[: store.SCORE_POINT.key] for row in kept}
    for point in before:
        row = rows.score_row(node, satellite, point)
        if row[: store.SCORE_POINT.key] not in keys:
            pending.drop(store.SCORE_POINT, row[: store.SCORE_POINT.key])
        kept.discard(row)
    for row in kept:
        pending.put(store.SCORE_POINT, row)


def _put_membership(node: NodeStatus, known: Reputation, pending: Pending) -> None:
    dates = (known.joined_at, known.vetted_at, known.disqualified_at)
    told = tuple(round(one.value * 1000) if one is not None and one.value > 0 else None for one in dates)
    if any(told):
        pending.put(store.MEMBERSHIP, (node.name, known.satellite, *told))


def _put_windows(node: NodeStatus, known: Reputation, pending: Pending) -> None:
    """Windows that are new or have grown; all of them once in a run, because an earlier one may have been killed before it wrote."""
    told = known.windows.value if known.windows is not None else ()
    written = node.standing.written.get(known.satellite, ())
    if told is written:
        return
    for window in frozenset(told).difference(written):
        if window.start_at > 0:
            pending.put(store.AUDIT_WINDOW, rows.window_row(node.name, known.satellite, window))
    node.standing.written[known.satellite] = told


def _put_standings(node: NodeStatus, known: Reputation, snapshot: ReputationSnapshot, pending: Pending) -> None:
    """Begins and ends that this snapshot told, unless somebody told something newer."""
    if snapshot.source not in _EXACT:
        return
    for kind, name in _DATED.items():
        date = getattr(known, name)
        if date is None or (date.source, date.taken_at) != (snapshot.source, snapshot.taken_at) or getattr(snapshot, name) is None:
            continue
        for span in spans_after(node.standing.spans.get((known.satellite, kind)), kind, date.value, date.taken_at):
            node.standing.spans[known.satellite, kind] = span
            pending.put(store.STANDING, rows.standing_row(node.name, known.satellite, span))
