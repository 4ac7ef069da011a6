"""What a node, its satellites, its log and its disk tell of space, as changes of what is known and points of its history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from msgspec import structs

from storj_monitor.model.events import FreeSpace, NodeEvent
from storj_monitor.model.figures import ImpossibleValue, Source
from storj_monitor.model.kept import Kept
from storj_monitor.model.node_answers import AllSatellitesAnswer, Answer, NodeAnswer, SatelliteAnswer
from storj_monitor.model.node_events import Filewalker, SpaceWarning
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.space import SPACE_IN_MEMORY_S, FileSystemSpace, LogSpace, SatelliteUsage, SpacePoint
from storj_monitor.state.node_status import NO_CHANGES, Changes, NodeStatus, Space, Topic
from storj_monitor.storage_tracker.history import is_due, merge_points, point_of, thin
from storj_monitor.storage_tracker.plausible import checked, impossible_size
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.storage_tracker.reported import log_space, with_last_day

FREE_SPACE_S = 60.0
"""Of the free space in start lines one value a minute is enough."""
AHEAD_S = 60.0
"""A line from further ahead of our clock is not believed."""
_STORAGE = frozenset({Topic.STORAGE})


def update(status: NodeStatus, answer: Answer, now: float) -> Changes:
    """One answer. Kinds that tell nothing of space change nothing."""
    space, value = status.space, answer.value
    if isinstance(value, NodeAnswer):
        space, kept = _with_point(structs.replace(space, evidence=replace(space.evidence, disk=value.disk)), now)
        trusted = {one.satellite for one in value.standings}
        if trusted:
            space = structs.replace(space, usages={one: told for one, told in space.usages.items() if not one or one in trusted})
        traffic = impossible_size("traffic of this month", value.bandwidth_bytes, Source.API, value.taken_at)
        return _changes(space, kept, {("traffic",): traffic})
    if isinstance(value, NodeMetrics):
        return _changes(*_with_point(structs.replace(space, evidence=replace(space.evidence, metrics=value.space)), now))
    if isinstance(value, (SatelliteAnswer, AllSatellitesAnswer)):
        return _changes(*_with_usage(status, value.storage, now))
    return NO_CHANGES


def update_from_lines(status: NodeStatus, events: Iterable[NodeEvent], now: float) -> Changes:
    """Warnings and used-space walks of the log."""
    told = log_space(event for event in events if isinstance(event, (Filewalker, SpaceWarning)))
    if told is None:
        return NO_CHANGES
    evidence = replace(status.space.evidence, log=_merged(status.space.evidence.log, told))
    space, kept = _with_point(structs.replace(status.space, evidence=evidence), now)
    return Changes(space=space, kept=kept, topics=_STORAGE)


def update_from_free_space(status: NodeStatus, told: Iterable[FreeSpace], now: float) -> Changes:
    """Free space of upload starts: the newest is shown; each is a point of history where nobody but the log tells."""
    evidence, points, shows = status.space.evidence, status.space.points, False
    alone = evidence.disk is None and evidence.metrics is None
    for at, free_bytes in sorted((one.time_ms / 1000, one.free_bytes) for one in told):
        known = evidence.log
        if at > now + AHEAD_S or (known is not None and known.available_bytes is not None and at < known.taken_at + FREE_SPACE_S):
            continue
        new = _merged(known, replace(known or LogSpace(taken_at=at), taken_at=at, available_bytes=free_bytes))
        evidence, shows = replace(evidence, log=new), alone
        if alone:
            point = point_of(reconcile(evidence, now))
            if point is not None and is_due(points[-1] if points else None, point):
                points = (*points, point)
    if evidence is status.space.evidence:
        return NO_CHANGES
    space = structs.replace(status.space, evidence=evidence, points=points)
    return Changes(space=space, kept=points[len(status.space.points) :], topics=_STORAGE if shows else frozenset())


def update_from_disk(status: NodeStatus, folder: str, found: FileSystemSpace | None, problem: str) -> Changes:
    """The disk of a node was looked at; None where it could not be, for the reason `problem`."""
    evidence = replace(status.space.evidence, file_system=found)
    return Changes(space=structs.replace(status.space, evidence=evidence, folder=folder, problem=problem), topics=_STORAGE)


def recall_free_space(status: NodeStatus) -> Changes:
    """After a restart the newest point that came from the log stands for the log, with its age."""
    space = status.space
    last = space.points[-1] if space.points else None
    if last is None or last.source is not Source.LOG or last.free is None or space.evidence.log is not None:
        return NO_CHANGES
    return Changes(
        space=structs.replace(space, evidence=replace(space.evidence, log=LogSpace(taken_at=last.at, available_bytes=last.free)))
    )


def add_history(status: NodeStatus, points: Sequence[SpacePoint]) -> Changes:
    """Points of the past, in any order."""
    before, merged = set(status.space.points), merge_points(status.space.points, points)
    kept = tuple(point for point in merged if point not in before)
    return Changes(space=structs.replace(status.space, points=merged), kept=kept, topics=_STORAGE)


def tidy(status: NodeStatus, now: float) -> Changes:
    """Keep what the history keeps by age, in memory and in the database."""
    points = status.space.points
    kept = thin(points, now)
    in_memory = tuple(point for point in kept if point.at >= now - SPACE_IN_MEMORY_S)
    return Changes(space=structs.replace(status.space, points=in_memory), dropped=tuple(set(points) - set(kept)))


def _changes(space: Space, kept: tuple[Kept, ...], impossible: dict[tuple[str, ...], tuple[ImpossibleValue, ...]] | None = None) -> Changes:
    return Changes(space=space, kept=kept, impossible={("space",): checked(space.evidence)[1], **(impossible or {})}, topics=_STORAGE)


def _with_usage(status: NodeStatus, usage: SatelliteUsage, now: float) -> tuple[Space, tuple[Kept, ...]]:
    """What a satellite counts. The sum of all ("") stands in until each satellite has told by itself; a part of them is no sum."""
    usages = dict(status.space.usages)
    usages[usage.satellite] = with_last_day(usages.get(usage.satellite), usage, now)
    single = [one for satellite, one in usages.items() if satellite]
    complete = all(one.satellite in usages for one in (status.answer.standings if status.answer else ()))
    together = [usages[""]] if "" in usages else []
    evidence = replace(status.space.evidence, usages=tuple(single if single and complete else together))
    space = structs.replace(status.space, usages=usages, evidence=evidence)
    # A node is asked before its satellites: what they tell of the moment of the newest point goes into it.
    if not space.points or space.points[-1].reported is not None:
        return space, ()
    point = point_of(reconcile(evidence, now))
    if point is None or point.at != space.points[-1].at or point.reported is None:
        return space, ()
    return structs.replace(space, points=merge_points(space.points, [point])), (point,)


def _with_point(space: Space, now: float) -> tuple[Space, tuple[Kept, ...]]:
    """A point of the history, where one is due."""
    last = space.points[-1] if space.points else None
    if last is not None and now - last.at < 60.0:
        return space, ()
    point = point_of(reconcile(space.evidence, now))
    if point is None or point.at > now or not is_due(last, point):
        return space, ()
    points = merge_points(space.points, [point]) if last is not None and point.at <= last.at else (*space.points, point)
    return structs.replace(space, points=points), (point,)


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
