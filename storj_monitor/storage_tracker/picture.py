"""The one picture of a node's space, and of all nodes together: what every bar, sum and forecast is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.figures import Figure, ImpossibleValue
from storj_monitor.model.space import SpaceMeaning


class Gap(StrEnum):
    """Differences that a picture can show."""

    OTHER_FILES = "other_files"
    STALE_COUNT = "stale_count"
    DISK_SMALLER = "disk_smaller"
    NOT_PAID = "not_paid"
    PAID_WITHOUT_FILES = "paid_without_files"
    REST = "rest"
    TWO_ANSWERS = "two_answers"


class Difference(NamedTuple):
    """Two figures that do not agree: by how many bytes, and why that is so, in words."""

    gap: Gap
    difference_bytes: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacePicture:
    """Bytes, each with source and time; None where nobody tells. pieces + trash + reclaimable + overhead == used where all are known.

    allocated         -- what the operator gives, at most the disk
    used              -- everything that the node keeps on the disk
    pieces            -- what satellites may ask for
    trash             -- deleted by garbage collection, kept for 7 days
    reclaimable       -- dead bytes in hashstore logs, freed by compaction
    overhead          -- hashstore tables; None where only /metrics could tell and it is not given: then it is inside `pieces`
    reserved          -- kept free by the node for compaction
    free              -- what can still be used, by allocation and disk
    overused          -- above the allocation
    reported          -- average bytes that satellites counted in the newest complete day: what is paid
    reported_month    -- the same over the month so far
    unpaid            -- used - reported; None where satellites count clearly more than there is: then one of the two is not so
    impossible        -- what was said and cannot be: no part of any figure here
    """

    meaning: SpaceMeaning | None = None
    allocated: Figure[int] | None = None
    used: Figure[int] | None = None
    pieces: Figure[int] | None = None
    trash: Figure[int] | None = None
    reclaimable: Figure[int] | None = None
    overhead: Figure[int] | None = None
    reserved: Figure[int] | None = None
    free: Figure[int] | None = None
    overused: Figure[int] | None = None
    file_system_total: Figure[int] | None = None
    file_system_free: Figure[int] | None = None
    reported: Figure[int] | None = None
    reported_month: Figure[int] | None = None
    unpaid: Figure[int] | None = None
    differences: tuple[Difference, ...] = ()
    impossible: tuple[ImpossibleValue, ...] = ()

    @property
    def taken_at(self) -> float:
        """Age of the picture: when space itself was told last (Unix seconds), 0 when never."""
        return max((f.taken_at for f in (self.used, self.free, self.allocated) if f is not None), default=0.0)

    @property
    def capacity_bytes(self) -> int | None:
        """Where the node is full: used + what can still be used, or the allocation when that is all that is known."""
        if self.used is not None and self.free is not None:
            return self.used.value + self.free.value
        return self.allocated.value if self.allocated is not None else None


FIGURES = tuple(f.name for f in fields(SpacePicture) if f.name not in ("meaning", "differences", "impossible"))
"""Names of the figures, in the order in which a page shows them."""


class FleetFigure(NamedTuple):
    """One sum. `oldest_at` is the oldest part's time, 0 with no part; `left_out` are nodes that do not tell this figure."""

    value_bytes: int
    nodes: int
    oldest_at: float
    left_out: tuple[str, ...]


def fleet_space(nodes: Mapping[str, SpacePicture], shared_disks: Mapping[str, str] | None = None) -> dict[str, FleetFigure]:
    """Sums by name of the figure. `shared_disks`: node to a key of its file system, so that one disk of two nodes counts once."""
    return {name: _sum(name, nodes, shared_disks or {}) for name in FIGURES}


def _sum(name: str, nodes: Mapping[str, SpacePicture], disks: Mapping[str, str]) -> FleetFigure:
    total, parts, seen = 0, [], set()
    on_disk: dict[str, int] = {}
    left_out = []
    for node, picture in nodes.items():
        figure: Figure[int] | None = getattr(picture, name)
        if figure is None:
            left_out.append(node)
            continue
        parts.append(figure.taken_at)
        disk = disks.get(node)
        if name.startswith("file_system") and disk is not None:
            if disk in seen:
                continue
            seen.add(disk)
        if name == "free" and disk is not None and picture.file_system_free is not None:
            # What is free on a disk is free for one of its nodes only.
            value = min(figure.value, max(0, picture.file_system_free.value - on_disk.get(disk, 0)))
            on_disk[disk] = on_disk.get(disk, 0) + value
            total += value
            continue
        total += figure.value
    return FleetFigure(total, len(parts), min(parts, default=0.0), tuple(sorted(left_out)))
