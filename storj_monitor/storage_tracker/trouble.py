"""What of a node's space may be trouble at once: a disk that is as good as full, more used than allocated.

The same as the whole picture says, but cheap enough for every answer; what cannot be true says nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from storj_monitor.model.space import SpaceEvidence, SpaceFigures, SpaceMeaning
from storj_monitor.storage_tracker.plausible import MOST_BYTES, SLACK_BYTES


def space_figures(evidence: SpaceEvidence, needed_bytes: Callable[[int | None], int]) -> SpaceFigures:
    """`needed_bytes`: of an allocation; a difference between allocation and disk below that is chance."""
    told = _told(evidence)
    file_system = evidence.file_system
    if file_system is not None:
        at = file_system.taken_at if told is None else max(told[0], file_system.taken_at)
        allocated, overused = (None, 0) if told is None else (told[1], told[4])
        return SpaceFigures(at, allocated, file_system.free_bytes, overused)
    if told is None:
        return SpaceFigures(None, None, None, 0)
    at, allocated, used, free, overused = told
    reserved = evidence.metrics.reserved_bytes or 0 if evidence.metrics is not None else 0
    is_less = (
        allocated is not None
        and used is not None
        and free is not None
        and allocated - used - reserved > free + needed_bytes(allocated)
    )  # fmt: skip
    return SpaceFigures(at, allocated, free if is_less else None, overused)


def _told(evidence: SpaceEvidence) -> tuple[float, int | None, int | None, int | None, int] | None:
    """(at, allocated, used, free, overused) of API or /metrics."""
    disk, metrics = evidence.disk, evidence.metrics
    if disk is not None:
        allocated, used, free = disk.allocated_bytes, disk.used_bytes, disk.available_bytes
        if disk.meaning is SpaceMeaning.OLD:
            allocated, used, free = disk.available_bytes, None, None
        over = _known(disk.overused_bytes) or 0
        is_absurd = over > (_known(disk.used_bytes) or 0) + SLACK_BYTES
        return disk.taken_at, _known(allocated), _known(used), _known(free), 0 if is_absurd else over
    if metrics is not None and metrics.allocated_bytes is not None:
        allocated, used = _known(metrics.allocated_bytes), _known(metrics.used_bytes)
        over = 0 if used is None or allocated is None else max(0, used - allocated)
        return metrics.taken_at, allocated, used, _known(metrics.available_bytes), over
    return None


def _known(size: int | None) -> int | None:
    """A negative size is none, and so is more than any disk holds."""
    return None if size is None or not 0 <= size <= MOST_BYTES else size
