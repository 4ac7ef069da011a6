"""Chunks of one node's log become event batches. Pure: no clock, no files; the same bytes always give the same batches."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import msgspec

from storj_monitor.log_processor.batch_builder import MAX_SAMPLE, BatchBuilder, Enricher, KnownKeys
from storj_monitor.log_processor.character import CharacterTracker
from storj_monitor.log_processor.entry import DOCKER_START
from storj_monitor.log_processor.envelopes import MAX_HELD_BYTES, SPLIT_PART, NamePrefixes, Unwrapped, unwrap, unwrap_docker
from storj_monitor.log_processor.fast_parser import FastParser
from storj_monitor.log_processor.full_parser import EMPTY_LINE, FullParserOnly
from storj_monitor.log_processor.line_state import LineState, newest_free_space
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.events import EventBatch, FreeSpace, LineKind
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.sources import Checkpoint, Chunk, FileIdentity

FREE_SPACE_EVERY_MS = 60_000
# A log in which known lines come first: so many in front of the first new one are read again for the transfers that they began.
PASSED_OVER_LINES = 4000
_UPLOAD_STARTS = [op_code(action, Outcome.STARTED) for action in Action if action.direction == "up"]


class LineProcessor:
    """One for each node's log. It keeps what lines leave behind for later ones; `process` never raises, whatever the bytes.

    A line that Docker has split and that is not complete at the end of a chunk is held back: the batch's checkpoint ends where it
    begins, and the next batch's checkpoint starts there. A restart therefore reads it again, whole.

    fast  -- False: every line by the full parser, which says the same
    sieve -- which lines count; None: all, and no fingerprints are taken
    """

    def __init__(self, node: str, country_of: Callable[[str], str], *, fast: bool = True, sieve: LineSieve | None = None) -> None:
        self._node = node
        self._complete = Enricher(country_of)
        self._keys = KnownKeys()
        self._state = LineState()
        self._path = FastParser(self._state) if fast else FullParserOnly(self._state)
        self._held = b""
        self._checkpoint: Checkpoint | None = None
        self._read_to = 0
        self._free_space_ms = 0
        self._live = False
        self._read_of: tuple[FileIdentity | None, ...] | None = None
        self.sieve = sieve
        self._passed_over: list[Unwrapped] = []
        self._tracker = CharacterTracker()
        self._names = NamePrefixes()

    @property
    def character(self) -> LogCharacter:
        """What kind of log it is, as the newest lines tell, those of `prime` included."""
        return self._tracker.result()

    def prime(self, data: bytes) -> None:
        """Lines before the resumed place: starts and twins are remembered, nothing is counted."""
        batch = BatchBuilder(KnownKeys())
        self._read(data, batch, counts=False)
        self._tracker.add(batch, data)

    def process(self, chunk: Chunk) -> EventBatch:
        """Everything that the chunk's lines say, in order."""
        data, start, of_file_before = self._with_held(chunk) if self._held else (chunk.data, chunk.start, 0)
        batch = BatchBuilder(self._keys)
        follows = self._live or self._follows(chunk)
        if not follows:
            self._state.lose_track()
        if chunk.end - start == len(data) - of_file_before:
            held = self._read(data, batch)
            end = max(start, chunk.end - len(held))
        else:
            held, end = self._read_unlike_disk(data, start, chunk.end, batch)
        self._read_of, self._live = (chunk.identity,), self._live or chunk.live
        finished = self._checkpoint if of_file_before else None
        if finished:
            # what was held back of it is read now
            finished = msgspec.structs.replace(finished, start=finished.end, end=self._read_to, previous=None)
        self._tracker.add(batch, data)
        checkpoint = None
        if chunk.identity is not None:
            checkpoint = Checkpoint(chunk.identity, start, end, chunk.path, chunk.previous)
        self._held, self._checkpoint, self._read_to = held, checkpoint, chunk.end
        return EventBatch(
            node=self._node,
            read_at=chunk.read_at,
            live=chunk.live,
            rows=batch.settled_rows(),
            complete=self._complete,
            ops=batch.ops,
            events=batch.events,
            errors=batch.errors,
            other_lines=batch.lines,
            samples=batch.samples,
            newest_ms=batch.newest_ms,
            duration_resolution_ms=batch.resolution_ms(),
            checkpoint=checkpoint,
            finished=finished,
            free_space=self._free_space(data, batch),
            follows=follows,
            counted=self.sieve,
        )

    def _read(self, data: bytes, batch: BatchBuilder, *, counts: bool = True) -> bytes:
        """Read all that is complete; gives what is not. Lines that do not count only leave behind what later ones need."""
        unwrapped, sieve = unwrap(data, self._names), self.sieve
        blank = unwrapped.blank
        if sieve is not None and sieve.compares and _has_docker_lines(unwrapped, data):
            unwrapped = unwrap_docker(unwrapped.lines)
        known = None
        if sieve is not None and counts:
            known = sieve.sift(unwrapped.lines)
        elif sieve is not None:
            sieve.prime(unwrapped.lines)
        if known is None:
            self._read_new(unwrapped, batch)
        else:
            if all(known):
                blank = 0  # they go with what stands between them
            self._read_unknown(unwrapped, batch, known)
        if blank:
            batch.count(LineKind.IGNORED, "", EMPTY_LINE, b"", blank)
        batch.events += self._state.let_go(self._state.last_ms)
        return unwrapped.held

    def _read_unknown(self, unwrapped: Unwrapped, batch: BatchBuilder, known: bytearray) -> None:
        """Of lines that are known, only the last ones in front of a new one are read, for what they have begun."""
        for is_known, places in groupby(range(len(known)), key=known.__getitem__):
            stretch = list(places)
            part = _part(unwrapped, stretch[0], stretch[-1] + 1)
            if is_known:
                self._pass_over(_part(part, -PASSED_OVER_LINES, None))
            else:
                self._read_new(part, batch)

    def _pass_over(self, part: Unwrapped) -> None:
        """Remember it, and forget what is too far in front of the next new line."""
        parts = [*self._passed_over, part]
        while sum(len(one.lines) for one in parts[1:]) >= PASSED_OVER_LINES:
            del parts[0]
        self._passed_over = parts

    def _read_new(self, unwrapped: Unwrapped, batch: BatchBuilder) -> None:
        """Lines that count, and first those that were passed over in front of them."""
        if self._passed_over:
            for part in self._passed_over:
                self._read_lines(part, BatchBuilder(KnownKeys()))
            self._passed_over.clear()
        self._read_lines(unwrapped, batch)

    def _read_lines(self, unwrapped: Unwrapped, batch: BatchBuilder) -> None:
        while True:
            if unwrapped.envelopes:
                batch.envelopes |= unwrapped.envelopes
            if unwrapped.parts:
                batch.count(LineKind.IGNORED, "", SPLIT_PART, unwrapped.part_sample, unwrapped.parts)
            lines = iter(unwrapped.lines)
            arrivals = iter(unwrapped.arrivals) if unwrapped.arrivals is not None else None
            docker_line = self._path.read(lines, arrivals, batch)
            if docker_line is None:
                break
            unwrapped = unwrap_docker([docker_line, *lines])

    def _read_unlike_disk(self, data: bytes, start: int, end: int, batch: BatchBuilder) -> tuple[bytes, int]:
        """Sizes on disk differ (UTF-16, CRLF), so where an unfinished line begins is not known: the whole chunk waits for its end."""
        unfinished = unwrap(data, self._names).held
        if unfinished and len(data) <= MAX_HELD_BYTES:
            return data, start
        lost = self._read(data, batch)
        if lost:
            batch.count(LineKind.IGNORED, "", SPLIT_PART, lost[:MAX_SAMPLE], lost.count(b"\n"))
        return b"", end

    def _follows(self, chunk: Chunk) -> bool:
        """Nothing is missing in between: it is more of the same file, or the log has been followed, so that a rotation was seen.

        The first chunk follows on the lines of the warm-up. Between older parts some may be gone: a silence there says nothing.
        """
        if self._read_of is None:
            return self._state.last_ms > 0
        return chunk.identity in self._read_of or chunk.previous in self._read_of

    def _free_space(self, data: bytes, batch: BatchBuilder) -> FreeSpace | None:
        """Looked for when there are starts of uploads, once a minute of the log's time."""
        if 0 <= batch.newest_ms - self._free_space_ms < FREE_SPACE_EVERY_MS or not any(batch.ops[op] for op in _UPLOAD_STARTS):
            return None
        found = newest_free_space(data, self._state.names)
        if found is not None:
            self._free_space_ms = found.time_ms
        return found

    def _with_held(self, chunk: Chunk) -> tuple[bytes, int, int]:
        """What was held back comes first; where the data begins in the chunk's file; how many bytes in front of that are of another.

        A file that grew changes its identity once. Another file is the next one of the log: what Docker or a kubelet has split may
        go on there, for they rotate between any two parts.
        """
        before = self._checkpoint
        if before is None or before.identity in (chunk.identity, chunk.previous):
            start = before.end if before else chunk.start - len(self._held)
            return self._held + chunk.data, start, 0
        return self._held + chunk.data, chunk.start, len(self._held)


def character_of(sample: bytes) -> LogCharacter:
    """What kind of log some bytes of it are of: whole lines, as a source hands them out. The newest ones tell most."""
    processor = LineProcessor("sample", lambda _address: "")
    processor.prime(sample)
    return processor.character


def _has_docker_lines(unwrapped: Unwrapped, data: bytes) -> bool:
    return unwrapped.arrivals is None and DOCKER_START in data and any(line.startswith(DOCKER_START) for line in unwrapped.lines)


def _part(unwrapped: Unwrapped, start: int, end: int | None) -> Unwrapped:
    """Some of its lines."""
    arrivals = unwrapped.arrivals
    return Unwrapped(unwrapped.lines[start:end], None if arrivals is None else arrivals[start:end])
