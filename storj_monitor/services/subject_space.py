"""What was said about a node's space goes into memory, and a point of its history to the rows that wait to be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import Pending
from storj_monitor.model.events import FreeSpace, NodeEvent
from storj_monitor.model.figures import Source
from storj_monitor.model.node_events import Filewalker, SpaceWarning
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.space import DiskSpace, LogSpace, SatelliteUsage, SpacePoint
from storj_monitor.state.node_status import NodeStatus, Topic
from storj_monitor.storage_tracker.history import DAY_S, is_due, merge_points, point_of, thin
from storj_monitor.storage_tracker.log_only import log_space
from storj_monitor.storage_tracker.plausible import checked, impossible_size
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.storage_tracker.reported import with_last_day

POINTS_S = 100 * DAY_S
FREE_SPACE_S = 60.0
"""Of the free space in start lines one value a minute is enough."""
AHEAD_S = 60.0
"""A line from further ahead of our clock is not believed."""


def news_of_impossible(node: NodeStatus, before: list[str]) -> set[Topic]:
    """Which subjects look different because the node began (or ceased) to say what cannot be; `before`: what it said of that kind."""
    space = node.space
    if space.checked is not space.evidence:  # most answers say nothing of space
        space.checked = space.evidence
        node.note_impossible(("space",), checked(space.evidence)[1])
    answer = node.answer
    if answer is not None:
        traffic = impossible_size("traffic of this month", answer.bandwidth_bytes, Source.API, answer.taken_at)
        node.note_impossible(("traffic",), traffic)
    return {Topic.HEALTH} if node.impossible_texts != before else set()


def take_disk(node: NodeStatus, disk: DiskSpace, now: float, pending: Pending) -> None:
    """`diskSpace` of the API."""
    node.space.evidence = replace(node.space.evidence, disk=disk)
    _take_point(node, now, pending)


def take_metrics_space(node: NodeStatus, metrics: NodeMetrics, now: float, pending: Pending) -> None:
    """Space families of the debug port."""
    node.space.evidence = replace(node.space.evidence, metrics=metrics.space)
    _take_point(node, now, pending)


def take_usage_space(node: NodeStatus, usage: SatelliteUsage, now: float, pending: Pending) -> None:
    """What a satellite counts. The sum of all ("") stands in until each satellite has told by itself; a part of them is no sum."""
    space = node.space
    space.usages[usage.satellite] = with_last_day(space.usages.get(usage.satellite), usage, now)
    single = [one for satellite, one in space.usages.items() if satellite]
    standings = node.answer.standings if node.answer else ()
    complete = all(one.satellite in space.usages for one in standings)
    together = [space.usages[""]] if "" in space.usages else []
    space.evidence = replace(space.evidence, usages=tuple(single if single and complete else together))
    _complete_point(node, now, pending)


def take_log_space(node: NodeStatus, events: Iterable[NodeEvent], now: float, pending: Pending) -> bool:
    """Warnings and used-space walks of the log. True when they told something."""
    told = log_space(event for event in events if isinstance(event, (Filewalker, SpaceWarning)))
    if told is None:
        return False
    node.space.evidence = replace(node.space.evidence, log=_merged(node.space.evidence.log, told))
    _take_point(node, now, pending)
    return True


def take_free_space(node: NodeStatus, told: Iterable[FreeSpace], now: float, pending: Pending) -> bool:
    """Free space of upload starts: the newest is shown; each is a point of history where nobody but the log tells. True when it shows."""
    space = node.space
    alone, moved, before = space.evidence.disk is None and space.evidence.metrics is None, False, space.points
    for at, free_bytes in sorted((one.time_ms / 1000, one.free_bytes) for one in told):
        known = space.evidence.log
        if at > now + AHEAD_S or (known is not None and known.available_bytes is not None and at < known.taken_at + FREE_SPACE_S):
            continue
        new = _merged(known, replace(known or LogSpace(taken_at=at), taken_at=at, available_bytes=free_bytes))
        space.evidence, moved = replace(space.evidence, log=new), alone
        if alone:
            point = point_of(reconcile(space.evidence, now))
            if point is not None and is_due(space.points[-1] if space.points else None, point):
                space.points = (*space.points, point)
    for point in space.points[len(before) :]:
        pending.put(store.SPACE_POINT, rows.space_row(node.name, point))
    return moved


def recall_free_space(node: NodeStatus) -> None:
    """After a restart the newest point that came from the log stands for the log, with its age."""
    last = node.space.points[-1] if node.space.points else None
    if last is not None and last.source is Source.LOG and last.free is not None and node.space.evidence.log is None:
        node.space.evidence = replace(node.space.evidence, log=LogSpace(taken_at=last.at, available_bytes=last.free))


def add_points(node: NodeStatus, points: Iterable[SpacePoint], pending: Pending) -> None:
    """Points of the past."""
    before = set(node.space.points)
    node.space.points = merge_points(node.space.points, points)
    for point in node.space.points:
        if point not in before:
            pending.put(store.SPACE_POINT, rows.space_row(node.name, point))


def thin_points(node: NodeStatus, now: float, pending: Pending) -> None:
    """Keep what the history keeps by age, in memory and in the database."""
    points = node.space.points
    kept = thin(points, now)
    for point in set(points) - set(kept):
        pending.drop(store.SPACE_POINT, rows.space_row(node.name, point)[: store.SPACE_POINT.key])
    node.space.points = tuple(point for point in kept if point.at >= now - POINTS_S)


def _merged(old: LogSpace | None, new: LogSpace) -> LogSpace:
    """The newest of each; a walk of one satellite alone does not replace the sum of all, but is all that is known then."""
    if old is None:
        return new
    merged = new
    if new.available_bytes is None:
        # `taken_at` is that of the free space, where it is known
        taken_at = max(old.taken_at, new.taken_at) if old.available_bytes is None else old.taken_at
        merged = replace(merged, taken_at=taken_at, available_bytes=old.available_bytes)
    if new.allocated_bytes is None:
        merged = replace(merged, allocated_bytes=old.allocated_bytes, allocated_at=old.allocated_at, what=old.what)
    if new.pieces_bytes is None:
        merged = replace(merged, pieces_bytes=old.pieces_bytes, pieces_at=old.pieces_at)
    return merged


def _complete_point(node: NodeStatus, now: float, pending: Pending) -> None:
    """A node is asked before its satellites: what they tell of the moment of the newest point goes into it."""
    space = node.space
    if not space.points or space.points[-1].reported is not None:
        return
    point = point_of(reconcile(space.evidence, now))
    if point is not None and point.at == space.points[-1].at and point.reported is not None:
        space.points = merge_points(space.points, [point])
        pending.put(store.SPACE_POINT, rows.space_row(node.name, point))


def _take_point(node: NodeStatus, now: float, pending: Pending) -> None:
    space = node.space
    last = space.points[-1] if space.points else None
    if last is not None and now - last.at < 60.0:
        return
    point = point_of(reconcile(space.evidence, now))
    if point is None or point.at > now or not is_due(last, point):
        return
    space.points = merge_points(space.points, [point]) if last is not None and point.at <= last.at else (*space.points, point)
    pending.put(store.SPACE_POINT, rows.space_row(node.name, point))
