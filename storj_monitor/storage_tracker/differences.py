"""Why two figures about the same disk differ, in words that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from storj_monitor.model.space import SpaceEvidence, SpaceFigures, SpaceMeaning, SpaceMetrics
from storj_monitor.storage_tracker.picture import Difference, Gap, SpacePicture
from storj_monitor.storage_tracker.plausible import MOST_BYTES, SLACK_BYTES
from storj_monitor.units import format_bytes

# ---- What of a node's space may be trouble at once: a disk that is as good as full, more used than allocated.
#
# The same as the whole picture says, but cheap enough for every answer; what cannot be true says nothing.


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


# ---- Why two figures about the same disk differ, in words that say what to do.


WORTH_SHARE = 0.02
WORTH_BYTES = 1_000_000_000
"""A difference is shown when it is above 2 % of what is used and above 1 GB."""


def differences(picture: SpacePicture, metrics: SpaceMetrics | None = None) -> tuple[Difference, ...]:
    """All that are worth telling, the largest first."""
    found = [*_of_file_system(picture), *_of_satellites(picture), *_of_allocation(picture), *_of_metrics(picture, metrics)]
    return tuple(sorted(found, key=lambda d: -abs(d.difference_bytes)))


def is_worth_telling(difference: int, of: int) -> bool:
    """Whether a difference is more than what moments and rounding make."""
    return abs(difference) > max(WORTH_BYTES, WORTH_SHARE * of)


def _of_file_system(picture: SpacePicture) -> Iterator[Difference]:
    total, free, used = picture.file_system_total, picture.file_system_free, picture.used
    if total is None or free is None or used is None:
        return
    taken = total.value - free.value
    other = taken - used.value
    if other > 0 and is_worth_telling(other, total.value):
        yield Difference(
            Gap.OTHER_FILES,
            other,
            f"The disk has {format_bytes(taken)} in use, the node knows of {format_bytes(used.value)}. The rest is other files, what the "
            "file system keeps for itself and rounding up to blocks; or pieces that the node does not count, if its used-space scan is "
            "switched off or has not finished.",
        )
    elif other < 0 and is_worth_telling(other, total.value):
        yield Difference(
            Gap.STALE_COUNT,
            other,
            f"The node counts {format_bytes(used.value)}, but only {format_bytes(taken)} of the disk are in use. Its count is out of date: "
            "let the used-space filewalker finish (it runs at start, if `storage2.piece-scan-on-startup` is on). If that does not "
            "help, files are missing.",
        )


def _of_allocation(picture: SpacePicture) -> Iterator[Difference]:
    allocated, used, free = picture.allocated, picture.used, picture.free
    if allocated is None or used is None or free is None:
        return
    reserved = picture.reserved.value if picture.reserved else 0
    over = picture.overused.value if picture.overused else 0
    missing = allocated.value + over - used.value - free.value - reserved
    disk_free = picture.file_system_free
    if disk_free is not None and disk_free.value <= free.value and missing > 0 and is_worth_telling(missing, allocated.value):
        yield Difference(
            Gap.DISK_SMALLER,
            missing,
            f"The allocation has {format_bytes(missing)} that the disk has not: it is full before the allocation is. Lower the allocation "
            "or free space; a disk needs some 10 % free.",
        )
    elif is_worth_telling(missing, allocated.value):
        yield Difference(
            Gap.REST,
            missing,
            f"Used and free together are {format_bytes(abs(missing))} {'less' if missing > 0 else 'more'} than the allocation: "
            "the node keeps some free (for compaction, or because the disk has less), or the answers are of different moments.",
        )


def _of_satellites(picture: SpacePicture) -> Iterator[Difference]:
    paid, pieces = picture.reported, picture.pieces
    if paid is None or pieces is None:
        return
    difference = pieces.value - paid.value
    if not is_worth_telling(difference, max(pieces.value, paid.value)):
        return
    if difference > 0:
        yield Difference(
            Gap.NOT_PAID,
            difference,
            f"Pieces take {format_bytes(pieces.value)}, satellites count {format_bytes(paid.value)}. The difference is deleted data that "
            "the next bloom filters will take to the trash, and data that is newer than the satellites' last count (1 to 2 days).",
        )
    else:
        yield Difference(
            Gap.PAID_WITHOUT_FILES,
            difference,
            f"Satellites count {format_bytes(paid.value)}, but the node has pieces of {format_bytes(pieces.value)} only. Right after large "
            "deletions that is the satellites' delay. If it stays, either the node's count is wrong or pieces are lost: see the audits.",
        )


def _of_metrics(picture: SpacePicture, metrics: SpaceMetrics | None) -> Iterator[Difference]:
    used = picture.used
    if metrics is None or metrics.used_bytes is None or used is None or used.source == "metrics":
        return
    difference = metrics.used_bytes - used.value
    if is_worth_telling(difference, max(used.value, metrics.used_bytes)):
        yield Difference(
            Gap.TWO_ANSWERS,
            difference,
            f"The API says {format_bytes(used.value)} are used, /metrics {format_bytes(metrics.used_bytes)}. They are of different "
            "moments, or the old API leaves out dead bytes of the hashstore. The picture follows the API.",
        )
