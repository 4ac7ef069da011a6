"""The nodes' ways through the pipeline: what is read, parsed and summed up of each, and what of it waits for the next commit."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from storj_monitor.database import queries
from storj_monitor.database.known_lines import StoredLines, knows_lines, newest_row
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.events import EventBatch, Row
from storj_monitor.model.fingerprints import PASSES, new_session
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.rollups import HotPiece, NodeDelta
from storj_monitor.model.sources import Chunk, SavedPosition, SourceStatus
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.hot import HotPieces

READ_BYTES = 1 << 16
ROUND_BYTES = 4 * READ_BYTES
# Most that a round on the event loop may read, so that nobody waits for it.
LOOP_BYTES = 1 << 16
# A commit costs by lines and by rollup cells; a cell costs as much as this many lines. A minute has a handful of cells.
LINES_A_CELL = 4
CELLS_A_MINUTE = 8
# Batches whose newest line is older than this move history only, not the page's live part.
LIVE_AGE_S = 300
PASSES_OF_A_SIEVE = 1 << 10
"""A sieve numbers its own passes from where it begins."""
_TRIES = 5
_PAUSE_S = 0.2
_log = logging.getLogger(__name__)


class Source(Protocol):
    """What a pipeline needs of sources.LineSource."""

    def due(self, now: float) -> bool: ...
    def read(self, now: float, limit_bytes: int = ...) -> Chunk | None: ...
    def read_at_once(self, now: float, limit_bytes: int = ...) -> Chunk | None: ...
    @property
    def at_once(self) -> bool: ...
    @property
    def knows_its_place(self) -> bool: ...
    def status(self) -> SourceStatus: ...
    def resync(self, saved: Sequence[SavedPosition]) -> None: ...
    def close(self) -> None: ...


class Processor(Protocol):
    """What a pipeline needs of log_processor.LineProcessor."""

    @property
    def character(self) -> LogCharacter: ...
    def prime(self, data: bytes) -> None: ...
    def process(self, chunk: Chunk) -> EventBatch: ...

    sieve: LineSieve | None


def _no_sieve(_compare: bool) -> None:
    """All lines are new, and none is known again."""


@dataclass(slots=True)
class NodePipeline:
    """One node on its way: source, parser (`lines_before`: those in front of the first one), sums, what waits for the next commit.

    new_sieve -- gives one that compares lines with what is known, or one that does not; may raise StoreError
    begun     -- something of the log was read: whatever file it goes on in, that is more of the same log
    """

    node: str
    source: Source
    new_processor: Callable[[], Processor]
    accumulator: Accumulator
    lines_before: Callable[[], bytes | None]
    new_sieve: Callable[[bool], LineSieve | None] = _no_sieve
    processor: Processor = field(init=False)
    hot: HotPieces = field(default_factory=HotPieces)
    pending: NodeDelta | None = None
    weight: int = 0
    warm: bool = False
    begun: bool = False
    told: SourceStatus | None = None
    told_character: LogCharacter | None = None

    def __post_init__(self) -> None:
        self.processor = self.new_processor()
        self.processor.sieve = self.new_sieve(False)

    def compare(self) -> None:
        """Reading begins with a file that was never seen: its lines may be known all the same."""
        with contextlib.suppress(StoreError):  # where the database cannot be read, nothing can be compared
            self.processor.sieve = self.new_sieve(True)

    @property
    def is_settled(self) -> bool:
        """The next lines need neither what stands in front of them nor a look into the database."""
        return self.warm and not (self.processor.sieve is not None and self.processor.sieve.compares)

    def stage(self, delta: NodeDelta) -> None:
        """For the next commit."""
        if self.pending is None:
            self.pending = NodeDelta(self.node)
        self.pending.absorb(delta)

    def resume_from(self, saved: Sequence[SavedPosition], sieve: LineSieve | None) -> None:
        """Read on from the database's position; what the parser remembers of lines that will come again is forgotten."""
        self.source.resync(saved)
        self.processor = self.new_processor()
        self.processor.sieve = sieve
        self.warm = False


class Rest(IntEnum):
    """What reading at once leaves to the thread."""

    NONE = 0
    ASK_THE_DISK = 1
    TOO_MUCH = 2
    BEHIND = 3


class Scheduler:
    """All of them, and whose turn it is.

    read_at    -- when something was read last; 0: never
    read_bytes -- what the last look at all logs brought
    """

    def __init__(self) -> None:
        self._pipelines: list[NodePipeline] = []
        self._turn = 0
        self.read_at = 0.0
        self.read_bytes = 0

    def __iter__(self) -> Iterator[NodePipeline]:
        return iter(self._pipelines)

    def add(self, pipeline: NodePipeline) -> None:
        self._pipelines.append(pipeline)

    @property
    def at_once(self) -> bool:
        """Reading all of them without waiting is worth trying: the last look brought little, and nothing must be looked up for it."""
        return self.read_bytes <= LOOP_BYTES and all(pipeline.source.at_once and pipeline.is_settled for pipeline in self._pipelines)

    @property
    def weight(self) -> int:
        """What waits for the next commit, in lines."""
        return sum(pipeline.weight for pipeline in self._pipelines)

    @property
    def lines_to_sum_up(self) -> int:
        """What waits for the next drain."""
        return sum(pipeline.accumulator.line_count for pipeline in self._pipelines)

    def take(self, now: float) -> tuple[list[tuple[NodePipeline, Chunk]], bool]:
        """The chunks of one round, at most about ROUND_BYTES; the next round begins with the log whose turn it is.

        All are read before the first is parsed: each of the two goes quicker when it is done again and again.
        """
        chunks, behind, size = [], False, 0
        for pipeline in self._in_turn(now):
            if not pipeline.warm:
                pipeline.warm = True
                pipeline.processor.prime(pipeline.lines_before() or b"")
            chunk = pipeline.source.read(now, READ_BYTES)
            if chunk is None:
                continue
            if not pipeline.begun:
                pipeline.begun = True
                if chunk.identity is not None and not pipeline.source.knows_its_place:
                    pipeline.compare()
            chunks.append((pipeline, chunk))
            behind |= not chunk.live
            size += len(chunk.data)
            if size >= ROUND_BYTES:
                behind = True
                break
        self._note(now, size)
        return chunks, behind

    def take_at_once(self, now: float) -> tuple[list[tuple[NodePipeline, Chunk]], Rest]:
        """What can be read without waiting, and what is left for the thread."""
        chunks, rest, size = [], Rest.NONE, 0
        for pipeline in self._in_turn(now):
            try:
                chunk = pipeline.source.read_at_once(now, READ_BYTES)
            except BlockingIOError:
                rest = max(rest, Rest.ASK_THE_DISK)
                continue
            if chunk is not None:
                chunks.append((pipeline, chunk))
                size += len(chunk.data)
                if not chunk.live or size > 2 * LOOP_BYTES:
                    rest = Rest.BEHIND
                    break
        self._note(now, size)
        return chunks, max(rest, Rest.TOO_MUCH) if size > LOOP_BYTES else rest

    def _in_turn(self, now: float) -> Iterator[NodePipeline]:
        for _ in self._pipelines:
            pipeline = self._pipelines[self._turn % len(self._pipelines)]
            self._turn += 1
            if pipeline.source.due(now):
                yield pipeline

    def _note(self, now: float, size: int) -> None:
        self.read_bytes = size
        if size:
            self.read_at = now

    def drain(self, now: float) -> list[NodeDelta]:
        """What came since the last drain, summed up; it is also staged for the next commit."""
        deltas = []
        for pipeline in self._pipelines:
            if pipeline.accumulator.is_empty:
                continue
            delta = pipeline.accumulator.drain()
            pipeline.hot.feed(delta, now)
            deltas.append(delta)
            pipeline.stage(delta)
        return deltas

    def take_staged(self) -> list[NodeDelta]:
        """What was staged: for a commit."""
        deltas = [pipeline.pending for pipeline in self._pipelines if pipeline.pending is not None]
        for pipeline in self._pipelines:
            pipeline.pending = None
            pipeline.weight = 0
        return deltas

    def statuses(self) -> list[tuple[str, SourceStatus]]:
        """Those that have changed."""
        changed = []
        for pipeline in self._pipelines:
            status = pipeline.source.status()
            if status != pipeline.told:
                pipeline.told = status
                changed.append((pipeline.node, status))
        return changed

    def characters(self) -> dict[str, LogCharacter]:
        """What kind of log each node has: of those where that has changed."""
        changed = {}
        for pipeline in self._pipelines:
            character = pipeline.processor.character
            if character != pipeline.told_character:
                changed[pipeline.node] = pipeline.told_character = character
        return changed

    def hot(self) -> dict[str, dict[int, HotPiece]]:
        """The pieces downloaded most in the open hour, by node."""
        return {pipeline.node: pipeline.hot.top() for pipeline in self._pipelines}


def parse(chunks: Sequence[tuple[NodePipeline, Chunk]], now: float) -> list[EventBatch]:
    """Everything that the chunks say goes to the sums; those batches that are of now are returned."""
    batches = []
    for pipeline, chunk in chunks:
        batch = pipeline.processor.process(chunk)
        if pipeline.processor.sieve is not None and batch.live:
            pipeline.processor.sieve.trust()
        pipeline.weight += _weight_of(pipeline.accumulator.add(batch), batch.rows)
        if batch.newest_ms / 1000 > now - LIVE_AGE_S:
            batches.append(batch)
    return batches


def _weight_of(lines: int, rows: Sequence[Row]) -> int:
    """Lines, or more where a few of them span many minutes and so touch many rollup rows."""
    if not rows:
        return lines
    minutes = abs(rows[-1][0] - rows[0][0]) // 60_000 + 1
    return max(lines, LINES_A_CELL * min(len(rows), CELLS_A_MINUTE * minutes))


class LineSieves:
    """Of one node. `placed`: its log can be read again from a place; a stream cannot, so its lines are never refused.

    All of them are passes of one session: what an earlier one has read is this reader's own, and refuses no commit of a later one.
    """

    def __init__(self, reader: Reader, name: str, *, placed: bool) -> None:
        self._reader = reader
        self._name = name
        self._placed = placed
        self._session = new_session()
        self._passes = 0

    def __call__(self, compare: bool) -> LineSieve:
        """A new one; without `compare`, or where nothing is known of the node, all its lines are new. Raises StoreError."""
        session = self._session + self._passes * PASSES_OF_A_SIEVE % PASSES
        self._passes += 1
        if not self._placed:
            return LineSieve(session)
        node = next((node.id for node in self._reader.ask_now(queries.nodes) if node.name == self._name), None)
        if compare and node is not None and self._reader.ask_now(knows_lines, node):
            return LineSieve(session, _PatientLines(self._reader, node))
        return LineSieve(session, seen=self._reader.ask_now(newest_row))


class _PatientLines(StoredLines):
    """A database that does not answer for a moment is asked again: reading waits."""

    def _rows(self, hour_s: int, but: int) -> dict[int, list[bytes]]:
        for _ in range(_TRIES):
            try:
                return super()._rows(hour_s, but)
            except StoreError as error:
                problem = error
                time.sleep(_PAUSE_S)
        hour = time.strftime("%Y-%m-%d %H:00", time.gmtime(hour_s))
        _log.warning("lines of %s are not compared with those of the database: %s", hour, problem)
        return {}
