"""What the debug port of a node counts (`/metrics`), reduced to what is watched.

Counts and sums begin at 0 when the node starts: compare two with `state.counters`. Durations are seconds, sizes bytes. None means
that the node has not counted such a thing yet (a series appears with its first event).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.model.reputation import ReputationSnapshot
from storj_monitor.model.space import SpaceMetrics


class Spread(NamedTuple):
    """A distribution as the node keeps it: `number` and `total` since its start, the rest over its recent sample."""

    number: int
    total: float = 0.0
    least: float | None = None
    most: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    recent: float | None = None

    @property
    def mean(self) -> float | None:
        """Since the node's start; None before the first."""
        return self.total / self.number if self.number else None


class TransferCount(NamedTuple):
    """Transfers of one action and outcome since the node's start.

    op           -- `op_code(action, outcome)`; uploads carry no action here, theirs is UNKNOWN_UP; STARTED counts requests
    size_bytes   -- None for STARTED
    duration_s   -- None for STARTED and before the first
    """

    op: int
    number: int
    size_bytes: int | None = None
    duration_s: Spread | None = None


class Growth(NamedTuple):
    """What counters of one op grew by: transfers, bytes, and the summed duration of the `timed` ones (seconds)."""

    number: int = 0
    size_bytes: int = 0
    timed: int = 0
    total_s: float = 0.0

    def plus(self, other: Growth) -> Growth:
        return Growth(self[0] + other[0], self[1] + other[1], self[2] + other[2], self[3] + other[3])

    def minus(self, other: Growth) -> Growth:
        return Growth(self[0] - other[0], self[1] - other[1], self[2] - other[2], self[3] - other[3])


class HashstoreFigures(NamedTuple):
    """Exact figures of one satellite's hashstore. `store` is "s0" or "s1", or "" for both together (never add those to the others).

    set_bytes           -- LenSet: records in the table, trash included
    logs_bytes          -- LenLogs: size of the log files; logs - set is dead
    load                -- how full the table is, 0..1
    compacting          -- 1 while a compaction runs
    free_required_bytes -- free space that the next compaction needs
    last_compact_day    -- day number (Unix days) of the last compaction; per store only
    """

    satellite: str
    store: str
    set_count: int | None = None
    set_bytes: int | None = None
    trash_count: int | None = None
    trash_bytes: int | None = None
    ttl_count: int | None = None
    ttl_bytes: int | None = None
    logs_count: int | None = None
    logs_bytes: int | None = None
    table_bytes: int | None = None
    load: float | None = None
    compacting: int | None = None
    compactions: int | None = None
    logs_rewritten: int | None = None
    rewritten_bytes: int | None = None
    reclaimed_bytes: int | None = None
    reclaimable_bytes: int | None = None
    free_required_bytes: int | None = None
    last_compact_day: int | None = None


class MigrationFigures(NamedTuple):
    """The move of one satellite's pieces into the hashstore: the four switches, and how far it is since the node's start."""

    satellite: str
    passive: bool | None = None
    write_to_new: bool | None = None
    read_new_first: bool | None = None
    ttl_to_new: bool | None = None
    active: bool | None = None
    enqueued: int | None = None
    processed: int | None = None
    successes: int | None = None
    errors: int | None = None
    remaining_directories: int | None = None
    pieces_success: int | None = None
    pieces_error: int | None = None
    pieces_skipped: int | None = None


class CounterPosition(NamedTuple):
    """How far a node's counters of transfers were when they were counted last: growth begins here."""

    taken_at: float
    uptime_s: float | None
    transfers: Mapping[int, TransferCount]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFigures:
    """How the disk answers: the node's own read and write checks, and what its process moved since its start."""

    readability_s: Spread | None = None
    writability_s: Spread | None = None
    read_count: int | None = None
    write_count: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMetrics:
    """One answer of `/metrics`.

    uptime_s     -- of the node's process: when it is less than before, the counters have begun again
    version      -- `1.162.3`, "" when it is not told
    audits_*     -- are in `reputation`, with the scores
    disk_stats   -- await, queue and utilisation of the disk in the node's own names and units (since v1.154)
    collection   -- of garbage: name of the series without `garbage_collection_` -> figures; counts of pieces are in `total`
    counters     -- other plain counters by name: trash_deleted_files, collector_files_deleted, download_verify_orderlimit_failed,
                    download_cancel_unknown_reason_v1, connections_tcp, connections_quic, orders_unsent_file_corrupted
    samples      -- how many samples of wanted families were read
    """

    taken_at: float
    uptime_s: float | None = None
    version: str = ""
    transfers: Mapping[int, TransferCount] = field(default_factory=dict)
    first_byte_sent_s: Spread | None = None
    first_byte_read_s: Spread | None = None
    reputation: tuple[ReputationSnapshot, ...] = ()
    space: SpaceMetrics
    hashstore: tuple[HashstoreFigures, ...] = ()
    migration: tuple[MigrationFigures, ...] = ()
    migration_queue: int | None = None
    disk: DiskFigures = DiskFigures()
    disk_stats: Mapping[str, float] = field(default_factory=dict)
    collection: Mapping[str, Spread] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    samples: int = 0

    @property
    def position(self) -> CounterPosition:
        return CounterPosition(self.taken_at, self.uptime_s, self.transfers)

    @property
    def started_at(self) -> float | None:
        """When the node's process began, by our clock."""
        return None if self.uptime_s is None else self.taken_at - self.uptime_s
