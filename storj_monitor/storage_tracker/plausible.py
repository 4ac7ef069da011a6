"""Figures of space that cannot be true: found before anything is made of them, named, and left out.

A node whose counters have gone wrong answers with a negative or an absurd size (and the API writes down what it is given). One such
figure in a sum makes all of the sum wrong, and a bar with it shows more free space than there is disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from storj_monitor.model.figures import ImpossibleValue, Source
from storj_monitor.model.space import (
    BlobsUsage,
    DiskSpace,
    HashstoreUsage,
    LogSpace,
    SatelliteUsage,
    SpaceEvidence,
    SpaceMeaning,
    SpaceMetrics,
    UsageDay,
)
from storj_monitor.units import format_bytes

MOST_BYTES = 10**16
"""More than any node stores: ten petabytes."""
MONTH_H = 31 * 24
SLACK_BYTES = 10**9
"""Parts of one answer are counted at slightly different moments: so much they may disagree."""
_SAID_BY = {Source.API: "its API", Source.METRICS: "/metrics", Source.LOG: "its log"}


class Checker:
    """What one look at the evidence has found; `size` gives a value back, or None where it cannot be."""

    def __init__(self, source: Source, taken_at: float) -> None:
        self._source = source
        self._taken_at = taken_at
        self.found: list[ImpossibleValue] = []

    def size(self, figure: str, value: int | None) -> int | None:
        """The value, if a disk can hold that."""
        if value is None or 0 <= value <= MOST_BYTES:
            return value
        self.refuse(figure, value, "less than nothing" if value < 0 else "more than any disk holds")
        return None

    def refuse(self, figure: str, value: int, why: str) -> None:
        """Note it."""
        text = f"The node reports an impossible value: {figure} {size_text(value)} ({_SAID_BY[self._source]}), {why}. It is left out."
        self.found.append(ImpossibleValue(figure, value, self._source, self._taken_at, text))


def size_text(value: int) -> str:
    """A size in words; what no unit reaches is a number."""
    return format_bytes(value) if abs(value) <= MOST_BYTES else f"{value:.2e} B"


def checked(evidence: SpaceEvidence) -> tuple[SpaceEvidence, tuple[ImpossibleValue, ...]]:
    """The evidence without figures that cannot be, and those figures."""
    disk, of_disk = _disk(evidence.disk) if evidence.disk is not None else (None, [])
    metrics, of_metrics = _metrics(evidence.metrics) if evidence.metrics is not None else (None, [])
    log, of_log = _log(evidence.log) if evidence.log is not None else (None, [])
    usages, of_usages = _usages(evidence.usages)
    found = (*of_disk, *of_metrics, *of_log, *of_usages)
    return (replace(evidence, disk=disk, metrics=metrics, log=log, usages=usages), found) if found else (evidence, ())


def impossible_size(figure: str, value: int, source: Source, taken_at: float) -> tuple[ImpossibleValue, ...]:
    """One size by itself; () when it can be."""
    checker = Checker(source, taken_at)
    checker.size(figure, value)
    return tuple(checker.found)


def _disk(disk: DiskSpace) -> tuple[DiskSpace, list[ImpossibleValue]]:
    checker = Checker(Source.API, disk.taken_at)
    is_new = disk.meaning is SpaceMeaning.NEW
    allocated = checker.size("allocated space", disk.allocated_bytes)
    used = checker.size("used space", disk.used_bytes)
    trash = checker.size("trash", disk.trash_bytes)
    reclaimable = checker.size("reclaimable space", disk.reclaimable_bytes)
    overused = checker.size("overused space", disk.overused_bytes)
    if used is not None and overused is not None and overused > used + SLACK_BYTES:
        checker.refuse("overused space", overused, f"more than the {size_text(used)} that are used")
        overused = None
    if is_new and used is not None and (trash or 0) + (reclaimable or 0) > used + SLACK_BYTES:
        which, part = ("trash", trash or 0) if (trash or 0) > used + SLACK_BYTES else ("reclaimable space", reclaimable or 0)
        checker.refuse(which, part, f"more than the {size_text(used)} that are used")
        trash, reclaimable = (None, reclaimable) if which == "trash" else (trash, None)
    if is_new:
        available = _free(checker, disk.available_bytes, allocated, used, overused)
    else:
        available = checker.size("allocated space", disk.available_bytes)
    if not checker.found:
        return disk, []
    meant = disk.meaning
    return (
        replace(
            disk, used_bytes=used, available_bytes=available, trash_bytes=trash, overused_bytes=overused, allocated_bytes=allocated,
            reclaimable_bytes=reclaimable, meant=meant,
        ),
        checker.found,
    )  # fmt: skip


def _free(checker: Checker, free: int | None, allocated: int | None, used: int | None, overused: int | None) -> int | None:
    """Below 0 as far as the node is overfull, by what it says itself or by what it uses; never above the allocation."""
    by_use = 0 if used is None or allocated is None else used + SLACK_BYTES - allocated
    over = max(overused + SLACK_BYTES if overused else 0, by_use)
    if free is None or -over <= free < 0:
        return free
    if checker.size("free space", free) is None:
        return None
    if allocated is not None and free > allocated:
        checker.refuse("free space", free, f"more than the {size_text(allocated)} that are allocated")
        return None
    return free


def _metrics(metrics: SpaceMetrics) -> tuple[SpaceMetrics, list[ImpossibleValue]]:
    checker = Checker(Source.METRICS, metrics.taken_at)
    allocated = checker.size("allocated space", metrics.allocated_bytes)
    used = checker.size("used space", metrics.used_bytes)
    free = _free(checker, metrics.available_bytes, allocated, used, None)
    reserved = checker.size("reserved space", metrics.reserved_bytes)
    capacity = checker.size("capacity told to satellites", metrics.reported_capacity_bytes)
    blobs = tuple(one for one in metrics.blobs if _sizes(checker, "space of piece files", one))
    hashstore = tuple(one for one in metrics.hashstore if _sizes(checker, "space of the hashstore", one))
    if not checker.found:
        return metrics, []
    return (
        replace(
            metrics, allocated_bytes=allocated, used_bytes=used, available_bytes=free, reserved_bytes=reserved,
            reported_capacity_bytes=capacity, blobs=blobs, hashstore=hashstore,
        ),
        checker.found,
    )  # fmt: skip


def _sizes(checker: Checker, figure: str, usage: BlobsUsage | HashstoreUsage) -> bool:
    """Whether all sizes of one satellite can be."""
    sizes: Iterable[int] = usage[1:]
    return all(checker.size(figure, size) is not None for size in sizes)


def _usages(usages: Sequence[SatelliteUsage]) -> tuple[tuple[SatelliteUsage, ...], list[ImpossibleValue]]:
    """Of what satellites count, days that cannot be are left out; each satellite's are told once."""
    kept, found = [], []
    for usage in usages:
        checker = Checker(Source.API, usage.taken_at)
        days = tuple(day for day in usage.days if _day_can_be(day))
        if len(days) < len(usage.days):
            worst = max((day for day in usage.days if not _day_can_be(day)), key=lambda day: abs(_largest(day)))
            checker.refuse(f"a day's storage at {usage.satellite[:8] or 'all satellites'}", round(_largest(worst)), "no disk holds that")
            usage = replace(usage, days=days)
        kept.append(usage)
        found += checker.found
    return tuple(kept), found


def _day_can_be(day: UsageDay) -> bool:
    """As for money (`financial_tracker.usage`); byte-hours are of a day, or of the few that an old node adds up."""
    average = day.average_bytes or 0.0
    return 0 <= average <= MOST_BYTES and 0 <= day.byte_hours <= MOST_BYTES * MONTH_H


def _largest(day: UsageDay) -> float:
    return max(day.byte_hours, day.average_bytes or 0.0, key=abs)


def _log(log: LogSpace) -> tuple[LogSpace, list[ImpossibleValue]]:
    """Free space below 0 is what the node writes when it is overfull."""
    checker = Checker(Source.LOG, log.taken_at)
    free = log.available_bytes
    if free is None or not -MOST_BYTES <= free < 0:
        free = checker.size("free space", free)
    allocated = checker.size("allocated space", log.allocated_bytes)
    pieces = checker.size("space of pieces", log.pieces_bytes)
    if free is not None and allocated is not None and free > allocated and (log.allocated_at or 0.0) >= log.taken_at:
        checker.refuse("free space", free, f"more than the {size_text(allocated)} that are allocated")
        free = None
    if not checker.found:
        return log, []
    return replace(log, available_bytes=free, allocated_bytes=allocated, pieces_bytes=pieces), checker.found
