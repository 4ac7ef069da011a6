"""What one commit adds to the history of a node (mergeable cells, exact once each), and what memory takes back of it when it begins."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from storj_monitor.model.blocks import PackedEvents
from storj_monitor.model.events import FreeSpace, LineKey, NodeEvent, Transfer
from storj_monitor.model.fingerprints import Fingerprints
from storj_monitor.model.sources import Checkpoint
from storj_monitor.stats import SIZE_CLASSES, Buckets, add_counts

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
FREE_SPACE_MS = 600_000
ID_LENGTH = 52


class CellKey(NamedTuple):
    """Key of a rollup cell; `start_s` is the aligned start of its bucket in Unix seconds (UTC)."""

    start_s: int
    satellite: str
    op: int


@dataclass(slots=True)
class Cell:
    """Sums over the transfers of one (bucket, satellite, op). Unknown sizes add 0 bytes and fall in no size class."""

    count: int = 0
    size_bytes: int = 0
    timed: int = 0
    duration_sum_ms: int = 0
    duration_max_ms: int = 0
    buckets: Buckets = field(default_factory=dict)
    sizes: list[int] = field(default_factory=lambda: [0] * SIZE_CLASSES)

    def plus(self, other: Cell) -> Cell:
        """A new cell with the sums of both."""
        buckets = dict(self.buckets)
        add_counts(buckets, other.buckets)
        return Cell(
            self.count + other.count,
            self.size_bytes + other.size_bytes,
            self.timed + other.timed,
            self.duration_sum_ms + other.duration_sum_ms,
            max(self.duration_max_ms, other.duration_max_ms),
            buckets,
            [a + b for a, b in zip(self.sizes, other.sizes, strict=True)],
        )


class CountryKey(NamedTuple):
    """Transfers with one country in one minute; coarser levels are made by the writer."""

    start_s: int
    country: str
    direction: str


class ErrorKey(NamedTuple):
    """One folded error of one minute; coarser levels are made by the writer."""

    start_s: int
    level: str
    logger: str
    message: str
    template: str


@dataclass(slots=True)
class ErrorCount:
    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    sample: str = ""
    satellite: str = ""

    def merge(self, other: ErrorCount) -> None:
        self.count += other.count
        self.first_ms = min(self.first_ms, other.first_ms) if self.first_ms else other.first_ms
        if other.last_ms >= self.last_ms:
            self.last_ms, self.sample, self.satellite = other.last_ms, other.sample, other.satellite


class HotPiece(msgspec.Struct, gc=False):
    """Downloads (GET, any outcome) of one piece; the true count lies in [count - error, count]."""

    piece_id: str
    satellite: str
    count: int = 0
    error: int = 0
    size_bytes: int = 0


class SingleDownloads(NamedTuple):
    """Pieces that a batch saw once within an hour, as columns; sizes in bytes, ids joined (ID_LENGTH characters each)."""

    start_s: int
    pieces: array[int]
    sizes: array[int]
    ids: str
    satellites: list[str]

    def piece(self, i: int) -> HotPiece:
        """Row `i`."""
        return HotPiece(self.piece_id(i), self.satellites[i], 1, 0, self.sizes[i])

    def piece_id(self, i: int) -> str:
        """Of row `i`."""
        return self.ids[i * ID_LENGTH : (i + 1) * ID_LENGTH]


@dataclass(slots=True)
class NodeDelta:
    """Everything that happened to one node since the last commit; committed in one transaction with its checkpoints.

    cells are minutes; coarser levels are made by the writer from the same cells, so that no level can differ.
    free_space has the newest of each FREE_SPACE_MS of the log's time, by their number.
    hot is keyed by (hour start, piece hash); singles are more of the same, of pieces that came once.
    follows: the first of its lines comes right after the last one before it; False where lines may be missing in between.
    transfers are packed into blocks as late as possible: few large blocks take less room than many small ones.
    """

    node: str
    cells: dict[CellKey, Cell] = field(default_factory=dict)
    countries: dict[CountryKey, list[int]] = field(default_factory=dict)
    errors: dict[ErrorKey, ErrorCount] = field(default_factory=dict)
    hot: dict[tuple[int, int], HotPiece] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    singles: list[SingleDownloads] = field(default_factory=list)
    blocks: list[PackedEvents] = field(default_factory=list)
    notable: list[Transfer] = field(default_factory=list)
    events: list[NodeEvent] = field(default_factory=list)
    lines: dict[LineKey, int] = field(default_factory=dict)
    samples: dict[LineKey, str] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    newest_ms: int = 0
    resolution_ms: int = 0
    free_space: dict[int, FreeSpace] = field(default_factory=dict)
    follows: bool = True
    fingerprints: list[Fingerprints] = field(default_factory=list)

    def absorb(self, later: NodeDelta) -> None:
        """Take in a later delta of the same node."""
        for key, cell in later.cells.items():
            known = self.cells.get(key)
            self.cells[key] = cell if known is None else known.plus(cell)
        for country, (count, size) in later.countries.items():
            pair = self.countries.setdefault(country, [0, 0])
            pair[0] += count
            pair[1] += size
        for error, seen in later.errors.items():
            self.errors.setdefault(error, ErrorCount()).merge(seen)
        for piece, hot in later.hot.items():
            mine = self.hot.setdefault(piece, HotPiece(hot.piece_id, hot.satellite))
            mine.count += hot.count
            mine.error += hot.error
            mine.size_bytes += hot.size_bytes
        add_counts(self.lines, later.lines)
        self.samples.update(later.samples)
        self.transfers += later.transfers
        self.blocks += later.blocks
        self.notable += later.notable
        self.events += later.events
        for checkpoint in later.checkpoints:
            add_checkpoint(self.checkpoints, checkpoint)
        self.free_space.update(later.free_space)
        self.fingerprints += later.fingerprints
        self.newest_ms = max(self.newest_ms, later.newest_ms)
        self.resolution_ms = later.resolution_ms or self.resolution_ms


def add_checkpoint(checkpoints: list[Checkpoint], new: Checkpoint) -> None:
    """Append a checkpoint, or lengthen the last one where it goes on in the same file."""
    if checkpoints:
        last = checkpoints[-1]
        if last.end == new.start and last.identity == (new.previous or new.identity):
            checkpoints[-1] = Checkpoint(new.identity, last.start, new.end, new.path, last.previous or new.previous)
            return
    checkpoints.append(new)


# ---- What memory takes from the database when it begins, or begins again: one node's last hour and running totals.


class SatelliteMinute(NamedTuple):
    """Count and bytes of one minute, satellite and op; `start_s` in Unix seconds."""

    start_s: int
    satellite: str
    op: int
    transfers: int
    size_bytes: int


class TotalMinute(NamedTuple):
    """One minute of one op over all satellites, with sizes and durations."""

    start_s: int
    op: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """One node as committed.

    events            -- compaction lines of the last two days, oldest first
    hour_s            -- begin of the clock hour that `countries` ((country, direction) -> [count, bytes]) and `errors` are of
    hot_hour_s, hot   -- downloads by piece in the hour of the node's newest line
    severe            -- severe errors of the last days
    """

    name: str
    node_id: str
    version: str
    newest_ms: int
    resolution_ms: int
    satellites: Sequence[SatelliteMinute]
    totals: Sequence[TotalMinute]
    lines: Mapping[LineKey, int]
    samples: Mapping[LineKey, str]
    events: Sequence[NodeEvent]
    hour_s: int
    countries: Mapping[tuple[str, str], list[int]]
    errors: Mapping[ErrorKey, ErrorCount]
    hot_hour_s: int
    hot: Mapping[int, HotPiece]
    severe: Mapping[ErrorKey, ErrorCount] = field(default_factory=dict)
