"""Chunks of one node's log become event batches. Pure: no clock, no files; the same bytes always give the same batches."""

from __future__ import annotations

from collections.abc import Callable

from storj_monitor.log_processor.fast_path import FastPath
from storj_monitor.log_processor.harvest import Harvest, Hosts, Memory, Satellites
from storj_monitor.log_processor.line_state import LineState
from storj_monitor.log_processor.tally import MAX_SAMPLE, KnownKeys
from storj_monitor.log_processor.wrappers import MAX_HELD_BYTES, SPLIT_PART, Unwrapped, unwrap
from storj_monitor.model.events import EventBatch, LineKind
from storj_monitor.model.lines import Chunk
from storj_monitor.model.positions import Checkpoint, FileIdentity


class LineProcessor:
    """One for each node's log. It keeps what lines leave behind for later ones; `process` never raises, whatever the bytes.

    A line that Docker has split and that is not complete at the end of a chunk is held back: the batch's checkpoint ends where it
    begins, and the next batch's checkpoint starts there. A restart therefore reads it again, whole.
    """

    def __init__(self, node: str, country_of: Callable[[str], str]) -> None:
        self._node = node
        self._state = LineState()
        self._fast = FastPath(self._state)
        self._memory = Memory(Hosts(country_of), Satellites(), KnownKeys())
        self._held = b""
        self._held_start = 0
        self._held_of: FileIdentity | None = None

    def warm_up(self, data: bytes) -> None:
        """Lines before the resumed place: starts and twins are remembered, nothing is counted."""
        self._read(unwrap(data), Harvest(KnownKeys()))

    def process(self, chunk: Chunk) -> EventBatch:
        """Everything that the chunk's lines say, in order."""
        data, start = self._with_held(chunk)
        unwrapped = unwrap(data)
        end = chunk.end
        if unwrapped.held:
            unwrapped, end = self._hold(unwrapped, data, start, chunk)
        harvest = Harvest(self._memory.keys)
        if unwrapped.parts:
            harvest.tally.count(LineKind.IGNORED, "", SPLIT_PART, unwrapped.part_sample, unwrapped.parts)
        self._read(unwrapped, harvest)
        harvest.settle_counts(self._memory.keys)
        checkpoint = None
        if chunk.identity is not None:
            checkpoint = Checkpoint(chunk.identity, start, end, chunk.path, chunk.previous)
        return EventBatch(
            node=self._node,
            read_at=chunk.read_at,
            live=chunk.live,
            transfers=harvest.transfers(self._memory),
            started=harvest.started,
            events=harvest.events,
            errors=harvest.errors,
            lines=harvest.tally.lines,
            samples=harvest.tally.samples,
            newest_ms=harvest.newest_ms,
            duration_resolution_ms=harvest.resolution_ms(),
            checkpoint=checkpoint,
        )

    def _read(self, unwrapped: Unwrapped, harvest: Harvest) -> None:
        self._fast.read(unwrapped.lines, unwrapped.arrivals, harvest)
        self._state.let_go(self._state.last_ms)

    def _with_held(self, chunk: Chunk) -> tuple[bytes, int]:
        """What was held back comes first, if it is of the same file (a file that grew changes its identity once)."""
        held, start = self._held, self._held_start
        self._held = b""
        same_file = self._held_of in (chunk.identity, chunk.previous)
        if not held or not same_file:
            return chunk.data, chunk.start
        return held + chunk.data, start

    def _hold(self, unwrapped: Unwrapped, data: bytes, start: int, chunk: Chunk) -> tuple[Unwrapped, int]:
        """Keep the unfinished line for later; gives what may be read now, and where that ends."""
        held = unwrapped.held
        if chunk.end - start != len(data):
            # sizes on disk differ (UTF-16, CRLF): the place where the line begins is not known, so the whole chunk waits
            if len(data) > MAX_HELD_BYTES:
                parts = unwrapped.parts + held.count(b"\n")
                return unwrapped._replace(parts=parts, part_sample=unwrapped.part_sample or held[:MAX_SAMPLE], held=b""), chunk.end
            held = data
            unwrapped = Unwrapped([], None)
        self._held = held
        self._held_of = chunk.identity
        self._held_start = start if held is data else chunk.end - len(held)
        return unwrapped, self._held_start
