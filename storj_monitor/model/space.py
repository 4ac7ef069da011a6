"""What a node, its log and its file system say about space. Bytes, Unix seconds; None means "this source does not tell".

The types keep what was said in the meaning in which it was said; `storage_tracker.reconcile` makes one picture of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.figures import Source


class SpaceMeaning(StrEnum):
    """What `available` and `used` of `diskSpace` mean; told apart by the key `allocated`, not by the version."""

    OLD = "old"
    """Up to v1.142: `available` is the ALLOCATED size, `used` is pieces only (no trash, no dead bytes of the hashstore)."""
    NEW = "new"
    """Since v1.143: `available` can really still be used, `used` includes trash, reclaimable bytes and hashstore tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """`diskSpace` of `/api/sno/`, numbers exactly as answered. `allocated_bytes` and `reclaimable_bytes`: None when the key is missing.

    The others are None only in evidence that was checked (`storage_tracker.plausible`), where the answer cannot be true.
    """

    taken_at: float
    used_bytes: int | None
    available_bytes: int | None
    trash_bytes: int | None
    overused_bytes: int | None = 0
    allocated_bytes: int | None = None
    reclaimable_bytes: int | None = None
    meant: SpaceMeaning | None = None

    @property
    def meaning(self) -> SpaceMeaning:
        """By the key `allocated`; `meant` says it where that key's value had to be left out."""
        return self.meant or (SpaceMeaning.OLD if self.allocated_bytes is None else SpaceMeaning.NEW)


class BlobsUsage(NamedTuple):
    """`blobs_usage{satellite}`: piece files of the old store, with and without their headers."""

    satellite: str
    total_bytes: int
    content_bytes: int


class HashstoreUsage(NamedTuple):
    """`hashstore{satellite}` WITHOUT the label `db` (those with it are parts of these): exact sums of both stores.

    set_bytes   -- LenSet: records in the table, trash included
    trash_bytes -- LenTrash
    logs_bytes  -- LenLogs: size of the log files; logs - set is dead and can be reclaimed
    table_bytes -- TableSize
    """

    satellite: str
    set_bytes: int
    trash_bytes: int
    logs_bytes: int
    table_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceMetrics:
    """Space families of `/metrics`, field `recent`. Here `used` includes trash and `available` is really free at EVERY version.

    `reported_capacity_bytes` is what satellites were last told; it can be an hour old.
    """

    taken_at: float
    allocated_bytes: int | None = None
    used_bytes: int | None = None
    available_bytes: int | None = None
    reserved_bytes: int | None = None
    reported_capacity_bytes: int | None = None
    blobs: tuple[BlobsUsage, ...] = ()
    hashstore: tuple[HashstoreUsage, ...] = ()


class UsageDay(NamedTuple):
    """One entry of `storageDaily`.

    start_at      -- begin of the UTC day
    byte_hours    -- `atRestTotal`; 0 where `calculated`
    average_bytes -- `atRestTotalBytes`; None from a node that has no such key (before v1.71)
    hours         -- `intervalInHours`, only told per satellite; None otherwise
    calculated    -- a gap that the node filled itself (since v1.162); False where the key is missing
    whole_hours   -- the node cuts `hours` to whole ones (before v1.162: 23:59 h is told as 23)
    """

    start_at: float
    byte_hours: float
    average_bytes: float | None
    hours: float | None = None
    calculated: bool = False
    whole_hours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SatelliteUsage:
    """What satellites count as stored (and pay): `/api/sno/satellite/{id}`, or `/api/sno/satellites` with satellite "".

    month_byte_hours -- `storageSummary`, this UTC month so far, gaps not filled
    average_bytes    -- `averageUsageBytes`
    """

    taken_at: float
    satellite: str
    days: tuple[UsageDay, ...]
    month_byte_hours: float
    average_bytes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemSpace:
    """statvfs of the storage directory: `free_bytes` is f_bavail * f_frsize, what an ordinary user can still write.

    `device` is the same for all folders of one file system.
    """

    taken_at: float
    path: str
    total_bytes: int
    free_bytes: int
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpace:
    """What the log said, for nodes that nobody else tells about; `storage_tracker.reported` makes it of events.

    available_bytes -- `available_space` of an upload's start line, at `taken_at`
    allocated_bytes -- what a warning named as the allocation that the node then uses, at `allocated_at`; `what` is its message
    pieces_bytes    -- sum of the newest used-space walks, as old as the oldest of them (`pieces_at`)
    """

    taken_at: float
    available_bytes: int | None = None
    allocated_bytes: int | None = None
    allocated_at: float | None = None
    pieces_bytes: int | None = None
    pieces_at: float | None = None
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceEvidence:
    """The newest of each kind for one node; `usages` one a satellite (or a single one with satellite "")."""

    disk: DiskSpace | None = None
    metrics: SpaceMetrics | None = None
    usages: tuple[SatelliteUsage, ...] = ()
    file_system: FileSystemSpace | None = None
    log: LogSpace | None = None


SPACE_IN_MEMORY_S = 100 * 86_400.0
"""Points of space that are older are only in the database."""


class SpacePoint(NamedTuple):
    """A picture at `at` (Unix seconds); bytes, None where nobody told. `source` told `used`, or what it is computed from."""

    at: float
    allocated: int | None
    used: int | None
    pieces: int | None
    trash: int | None
    reclaimable: int | None
    overhead: int | None
    free: int | None
    disk_free: int | None
    reported: int | None
    source: Source

    @property
    def occupied(self) -> int | None:
        """Bytes that grow when the node fills: `used`, or what has become less of `free` for nodes that tell nothing else."""
        if self.used is not None:
            return self.used
        return None if self.free is None else -self.free

    @property
    def can_be(self) -> bool:
        """Whether it would be stored today: earlier versions kept what a node said, also below nothing."""
        return (self.used or 0) >= 0 and (self.free is None or self.allocated is None or 0 <= self.free <= self.allocated)


class SpaceFigures(NamedTuple):
    """Bytes; None = not told. `disk_free` is what the disk has left, where that is less than what the allocation has."""

    at: float | None
    allocated: int | None
    disk_free: int | None
    overused: int
