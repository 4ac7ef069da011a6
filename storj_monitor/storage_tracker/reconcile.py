"""From what was said in two meanings and four places to one picture.

Up to v1.142 `diskSpace` has the allocation under `available` and only pieces under `used`; since v1.143 `used` is everything. /metrics has
meant the same at every version (used with trash, available really free). What the file system leaves is a limit to all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.space import DiskSpace, SpaceEvidence, SpaceMeaning, SpaceMetrics
from storj_monitor.storage_tracker.differences import differences, is_worth_telling
from storj_monitor.storage_tracker.picture import SpacePicture
from storj_monitor.storage_tracker.plausible import checked
from storj_monitor.storage_tracker.reported import reported, reported_month

STALE_S = 2 * 3600.0
"""Figures of /metrics that are older than this beside the API's are not mixed with them."""


class _Hashstore(NamedTuple):
    """Sums over satellites."""

    live_bytes: int
    trash_bytes: int
    dead_bytes: int
    table_bytes: int


def reconcile(evidence: SpaceEvidence, now: float) -> SpacePicture:
    """The picture as of `now`. Nothing is guessed: what cannot be known, or was said and cannot be, is None."""
    evidence, impossible = checked(evidence)
    disk, metrics = evidence.disk, evidence.metrics
    if disk is not None and metrics is not None and metrics.taken_at < disk.taken_at - STALE_S:
        metrics = None
    if disk is not None and metrics is not None and metrics.used_bytes is not None and disk.taken_at < metrics.taken_at - STALE_S:
        disk = None
    if disk is not None and disk.used_bytes is None and metrics is not None and metrics.used_bytes is not None:
        picture = _of_metrics(metrics)  # the API's figures cannot be true, these can
        allocated = disk.allocated_bytes if disk.meaning is SpaceMeaning.NEW else disk.available_bytes
        picture = replace(picture, meaning=disk.meaning, allocated=_said(allocated, disk.taken_at) or picture.allocated)
    elif disk is not None:
        picture = _of_new(disk, metrics) if disk.meaning is SpaceMeaning.NEW else _of_old(disk, metrics)
    elif metrics is not None:
        picture = _of_metrics(metrics)
    else:
        picture = SpacePicture()
    picture = _with_log(picture, evidence)
    picture = _with_file_system(picture, evidence)
    picture = replace(picture, reported=reported(evidence.usages, now), reported_month=reported_month(evidence.usages))
    return replace(picture, unpaid=_unpaid(picture), differences=differences(picture, metrics), impossible=impossible)


def _unpaid(picture: SpacePicture) -> Figure[int] | None:
    """Nobody can pay for more than there is: a little more is the satellites' delay and counts as 0, much more is no figure at all."""
    used, paid = picture.used, picture.reported
    if used is None or paid is None:
        return None
    unpaid = used.value - paid.value
    if unpaid < 0 and is_worth_telling(unpaid, paid.value):
        return None
    return Figure(max(0, unpaid), Source.COMPUTED, min(used.taken_at, paid.taken_at))


def hashstore_sums(metrics: SpaceMetrics | None) -> _Hashstore | None:
    """Sums over satellites, None when /metrics tells of no hashstore."""
    if metrics is None or not metrics.hashstore:
        return None
    return _Hashstore(
        live_bytes=sum(h.set_bytes - h.trash_bytes for h in metrics.hashstore),
        trash_bytes=sum(h.trash_bytes for h in metrics.hashstore),
        dead_bytes=sum(max(0, h.logs_bytes - h.set_bytes) for h in metrics.hashstore),
        table_bytes=sum(h.table_bytes for h in metrics.hashstore),
    )


def _of_new(disk: DiskSpace, metrics: SpaceMetrics | None) -> SpacePicture:
    at = disk.taken_at
    hashstore = hashstore_sums(metrics)
    free = None if disk.available_bytes is None else max(0, disk.available_bytes)
    picture = SpacePicture(
        meaning=SpaceMeaning.NEW,
        allocated=_said(disk.allocated_bytes, at),
        used=_said(disk.used_bytes, at),
        trash=_said(disk.trash_bytes, at),
        reclaimable=_said(disk.reclaimable_bytes, at),
        reserved=_measured(metrics.reserved_bytes if metrics else None, metrics),
        free=_said(free, at),
        overused=_said(disk.overused_bytes, at),
    )
    if disk.used_bytes is None or disk.trash_bytes is None:
        return picture
    # The answers are not of the same instant: what the node calls used stays the sum, pieces take the difference.
    rest = max(0, disk.used_bytes - disk.trash_bytes - (disk.reclaimable_bytes or 0))
    tables = min(hashstore.table_bytes, rest) if hashstore else None
    return replace(picture, pieces=Figure(rest - (tables or 0), Source.COMPUTED, at), overhead=_measured(tables, metrics))


def _of_old(disk: DiskSpace, metrics: SpaceMetrics | None) -> SpacePicture:
    """The sum is ours: the answer has none. Dead bytes and tables of a hashstore are not in it unless /metrics tells them."""
    at = disk.taken_at
    hashstore = hashstore_sums(metrics)
    dead, tables = (hashstore.dead_bytes, hashstore.table_bytes) if hashstore else (0, 0)
    allocated = disk.available_bytes
    picture = SpacePicture(
        meaning=SpaceMeaning.OLD,
        allocated=_said(allocated, at),
        pieces=_said(disk.used_bytes, at),
        trash=_said(disk.trash_bytes, at),
        reclaimable=_measured(dead if hashstore else None, metrics),
        overhead=_measured(tables if hashstore else None, metrics),
        reserved=_measured(metrics.reserved_bytes if metrics else None, metrics),
    )
    if disk.used_bytes is None or disk.trash_bytes is None:
        return picture
    used = disk.used_bytes + disk.trash_bytes + dead + tables
    picture = replace(picture, used=Figure(used, Source.COMPUTED, at))
    if allocated is None:
        return picture
    over = max(disk.overused_bytes or 0, used - allocated, 0)
    return replace(picture, free=Figure(max(0, allocated - used), Source.COMPUTED, at), overused=Figure(over, Source.COMPUTED, at))


def _of_metrics(metrics: SpaceMetrics) -> SpacePicture:
    hashstore = hashstore_sums(metrics)
    blobs = sum(b.total_bytes for b in metrics.blobs)
    live, own_trash, dead, tables = hashstore or _Hashstore(0, 0, 0, 0)
    known = hashstore is not None or bool(metrics.blobs)
    used = metrics.used_bytes
    # What `used` has beyond blobs, logs and tables is the trash of the old store, whose size has no family of its own.
    trash = own_trash + max(0, used - blobs - live - own_trash - dead - tables) if used is not None and known else None
    pieces = None if used is None or trash is None else max(0, used - trash - dead - tables)
    over = max(0, used - metrics.allocated_bytes) if used is not None and metrics.allocated_bytes is not None else None
    return SpacePicture(
        allocated=_measured(metrics.allocated_bytes, metrics),
        used=_measured(used, metrics),
        pieces=None if pieces is None else Figure(pieces, Source.COMPUTED, metrics.taken_at),
        trash=None if trash is None else Figure(trash, Source.COMPUTED, metrics.taken_at),
        reclaimable=_measured(dead if known else None, metrics),
        overhead=_measured(tables if known else None, metrics),
        reserved=_measured(metrics.reserved_bytes, metrics),
        free=_measured(None if metrics.available_bytes is None else max(0, metrics.available_bytes), metrics),
        overused=_measured(over, metrics),
    )


def _with_log(picture: SpacePicture, evidence: SpaceEvidence) -> SpacePicture:
    """The log fills what nobody else tells."""
    log = evidence.log
    if log is None:
        return picture
    if picture.allocated is None and log.allocated_bytes is not None:
        told_at = log.taken_at if log.allocated_at is None else log.allocated_at
        picture = replace(picture, allocated=Figure(log.allocated_bytes, Source.LOG, told_at))
    if picture.pieces is None and log.pieces_bytes is not None:
        told_at = log.taken_at if log.pieces_at is None else log.pieces_at
        picture = replace(picture, pieces=Figure(log.pieces_bytes, Source.LOG, told_at))
    if picture.free is None and log.available_bytes is not None:
        picture = replace(picture, free=Figure(max(0, log.available_bytes), Source.LOG, log.taken_at))
    if picture.used is None and picture.allocated is not None and picture.free is not None:
        used = max(0, picture.allocated.value - picture.free.value)
        picture = replace(picture, used=Figure(used, Source.COMPUTED, min(picture.allocated.taken_at, picture.free.taken_at)))
    return picture


def _with_file_system(picture: SpacePicture, evidence: SpaceEvidence) -> SpacePicture:
    """No node can use more than the disk has."""
    disk = evidence.file_system
    if disk is None:
        return picture
    picture = replace(
        picture,
        file_system_total=Figure(disk.total_bytes, Source.FILE_SYSTEM, disk.taken_at),
        file_system_free=Figure(disk.free_bytes, Source.FILE_SYSTEM, disk.taken_at),
    )
    if picture.free is not None and disk.free_bytes < picture.free.value:
        picture = replace(picture, free=Figure(disk.free_bytes, Source.FILE_SYSTEM, disk.taken_at))
    return picture


def _said(value: int | None, at: float) -> Figure[int] | None:
    return None if value is None else Figure(value, Source.API, at)


def _measured(value: int | None, metrics: SpaceMetrics | None) -> Figure[int] | None:
    return None if value is None or metrics is None else Figure(value, Source.METRICS, metrics.taken_at)
