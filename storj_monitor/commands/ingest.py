"""`ingest`: old logs go the same way as live ones, as fast as the machine allows, and never twice.

Chunks are digested in order or, for large inputs on machines with more than one core, side by side in worker processes; they are
committed in order either way, each with its position, so an interruption loses nothing and a repetition adds nothing.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice, repeat
from pathlib import Path
from typing import NamedTuple

import msgspec

from storj_monitor.commands.ingest_report import InputReport, in_all
from storj_monitor.commands.workers import Digester, Workers
from storj_monitor.config import STANDARD_INPUT, IngestInput, IngestProgress, ProgressCallback, Settings
from storj_monitor.database import queries
from storj_monitor.database.history import node_history
from storj_monitor.database.known_lines import StoredLines
from storj_monitor.database.opening import open_patiently
from storj_monitor.database.reader import Reader
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals
from storj_monitor.database.writer import Writer
from storj_monitor.errors import StoreError
from storj_monitor.log_processor.sieve import LineSieve, RepeatWatch
from storj_monitor.model.fingerprints import new_session
from storj_monitor.model.rollups import HOUR_S, NodeDelta
from storj_monitor.model.sources import Chunk, SavedPosition
from storj_monitor.platform.process import put_the_collector_off
from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.state.hot import HOT_OPS, HotPieces

# Small enough for one short transaction each. Where a log has few lines a minute, and so many rollup rows a megabyte, chunks are smaller.
CHUNK_BYTES = 2 << 20
LEAST_CHUNK_BYTES = 64 << 10
CELLS_A_CHUNK = 1000
CELLS_A_MINUTE = 8
# Worker processes take a moment to start; smaller inputs are done before.
PARALLEL_FROM_BYTES = 24 << 20
# Side by side, a worker gets this many chunks in a row; a transfer that began in front of them is paired with lines a megabyte back,
# as after a restart of the monitor. One that began even earlier counts, but without a duration.
CHUNKS_A_STRETCH = 5
PRIME_BYTES = 1 << 20
# A chunk ends with a line, which may be a megabyte long.
SLOT_BYTES = CHUNKS_A_STRETCH * (CHUNK_BYTES + (1 << 20)) + PRIME_BYTES + (1 << 20)
# Beyond these the one writer is the narrow place.
MAX_WORKERS = 4
_DISK_PATIENCE_S = 600.0
_MINUTE = re.compile(rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)")
_LOOK_BYTES = 2000


def ingest(
    settings: Settings, inputs: Sequence[IngestInput], progress: ProgressCallback, parallel_from_bytes: int = PARALLEL_FROM_BYTES
) -> int:
    """Load old logs; says of each what became of its lines. Raises StoreError for the database.

    1 when one could not be read to its end, is no log of a node, or nothing came: no line at all, or none by the standard input. Else 0.
    """
    put_the_collector_off()
    # A monitor may be using the file: what is damaged is only said here.
    open_patiently(settings.database, say=_tell, may_set_aside=False)
    sizes = {one: _size(one) for one in inputs}
    known = sum(size for size in sizes.values() if size)
    total = 0 if None in sizes.values() else known
    with ExitStack() as stack:
        cores = os.cpu_count() or 1
        workers = None
        if cores > 1 and known >= parallel_from_bytes:
            # Before any thread exists: a process forked from a threaded one may hang.
            workers = stack.enter_context(Workers(min(cores, MAX_WORKERS), SLOT_BYTES))
        reader = Reader(settings.database, 1)
        stack.callback(reader.close)
        loader = _Loader(settings, reader, workers, progress, total)
        stack.callback(loader.close)
        loaded = [_said(loader.load(one)) for one in inputs]
    reports = [one.report for one in loaded]
    if len(reports) > 1:
        print(in_all(reports))
    if all(one.is_empty for one in reports) or any(one.is_trouble for one in loaded):
        return 1
    return 0


def _size(one: IngestInput) -> int | None:
    """Bytes on disk, 0 for a file that is missing (its reading will say so), None for what has no size."""
    if one.path == STANDARD_INPUT:
        return None
    path = Path(one.path)
    return path.stat().st_size if path.is_file() else 0


class Loaded(NamedTuple):
    """One input at its end. `error`: what ended it early, or ""."""

    report: InputReport
    error: str

    @property
    def is_trouble(self) -> bool:
        return bool(self.error or self.report.misfit or (self.report.is_pipe and self.report.is_empty))


def _said(one: Loaded) -> Loaded:
    """Sums on standard output, troubles on standard error."""
    if one.error:
        print(one.error, file=sys.stderr)
    if not (one.error and one.report.is_empty):
        print(*one.report.sentences(), sep="\n", file=sys.stderr if one.report.is_empty else sys.stdout)
    if one.report.misfit:
        print(f"{one.report.name}: {one.report.misfit}", file=sys.stderr)
    return one


class _Loader:
    """Loads inputs one after the other through one writer."""

    def __init__(self, settings: Settings, reader: Reader, workers: Workers | None, progress: ProgressCallback, total: int) -> None:
        keep = settings.retention
        self._reader = reader
        self._workers = workers
        self._progress = progress
        self._total = total
        self._done = 0
        self._report = InputReport("")
        self._lines = 0
        self._conflict = False
        self._hot: dict[str, HotPieces] = {}
        retention = Retention(keep.events_s, keep.minutes_s, keep.hours_s, keep.days_s, keep.size_cap_bytes or 0)
        self._writer = Writer(settings.database, retention, signals=StoreSignals([self._on_conflict], problem=[_tell]))

    def close(self) -> None:
        """Commit what was read, and the hot pieces of hours that nobody will close."""
        self._writer.barrier(_DISK_PATIENCE_S)
        leftovers = [delta for node, hot in self._hot.items() if (delta := hot.leave(node, self._newest_ms(node)))]
        if leftovers:
            self._writer.submit(leftovers)
        self._writer.close()

    def load(self, one: IngestInput) -> Loaded:
        """Read one input to its end."""
        source = ArchiveSource(
            one.node, sys.stdin.buffer if one.path == STANDARD_INPUT else one.path, self._positions(one.node), time.time(), name=one.path
        )
        try:
            self._report = report = InputReport(one.path)
            for delta in self._digested(source, one):
                self._commit(delta)
                self._lines += report.note(delta)
                self._progress(IngestProgress(one.path, self._done + source.consumed_bytes, self._total, self._lines))
            if not self._writer.barrier(_DISK_PATIENCE_S):
                raise StoreError(f"the database does not take what was read: {self._writer.status.problem or 'it is too slow'}")
            self._done += source.consumed_bytes
            self._progress(IngestProgress(one.path, self._done, self._total, self._lines))
            report.skipped = source.skipped
            return Loaded(report, source.error)
        finally:
            source.close()

    def _commit(self, delta: NodeDelta) -> None:
        if delta.node not in self._hot:
            self._hot[delta.node] = self._open_hour(delta)
        self._hot[delta.node].feed(delta, time.time())
        if not self._writer.submit([delta]):
            raise StoreError(f"the database does not take what was read: {self._writer.status.problem}")

    def _digested(self, source: ArchiveSource, one: IngestInput) -> Iterator[NodeDelta]:
        """Deltas in the order of the lines; after a conflict reading goes on from the position of the database.

        A log that shares no time with what the database has needs no comparing, and is read side by side. Where that shows to be
        wrong, it is read on in turn, through a sieve.
        """
        node, again = one.node, one.path != STANDARD_INPUT and Path(one.path).is_file()
        workers = self._workers if again and not self._known_lines(node).has_bare_times else None
        while True:
            # What stands in front of the position was counted, but transfers and lines in two parts may have begun there.
            before = source.lines_before() or b""
            chunks = self._chunks(source)
            if not again:
                way = self._each_at_once(chunks, node, before)
            elif workers:
                way = self._watched(_side_by_side(chunks, workers, before, new_session()))
            else:
                way = self._in_turn(chunks, self._digester(node, before))
            for delta in way:
                if not self._conflict:
                    yield delta
            if not self._writer.barrier(_DISK_PATIENCE_S) or not self._conflict:
                return
            workers = None
            self._report.begin_again()
            self._go_on(node)
            source.resync(self._positions(node))

    def _go_on(self, node: str) -> None:
        """After a conflict."""
        self._conflict = False
        self._hot.pop(node, None)
        self._writer.resume(node)

    def _each_at_once(self, chunks: Iterator[Chunk], node: str, before: bytes) -> Iterator[NodeDelta]:
        """Of a pipe, which cannot be read again: the next chunk is taken when the last one is on disk, however often that must be tried.

        After a conflict it has no place any more: who reads the same log beside us has moved it. The sieve tells what is known.
        """
        digester, placeless = self._digester(node, before), False
        for chunk in chunks:
            yield digester.digest(_without_place(chunk) if placeless else chunk)
            while self._writer.barrier(_DISK_PATIENCE_S) and self._conflict:
                placeless = True
                self._report.begin_again(last_only=True)
                self._go_on(node)
                digester = self._digester(node, before)
                yield digester.digest(_without_place(chunk))
            before = _tail(before + chunk.data)
        self._report.undecided(digester.finish())

    def _in_turn(self, chunks: Iterator[Chunk], digester: Digester) -> Iterator[NodeDelta]:
        yield from map(digester.digest, chunks)
        self._report.undecided(digester.finish())

    def _watched(self, deltas: Iterator[NodeDelta]) -> Iterator[NodeDelta]:
        """Lines that come again are a conflict, too."""
        watch = RepeatWatch()
        for delta in deltas:
            if not self._conflict and any(map(watch.sees_again, delta.fingerprints)):
                self._conflict = True
            yield delta

    def _digester(self, node: str, before: bytes) -> Digester:
        digester = Digester(node, LineSieve(new_session(), self._known_lines(node)))
        digester.prime(before)
        return digester

    def _known_lines(self, node: str) -> StoredLines:
        def find() -> int | None:
            return self._ids().get(node)

        return StoredLines(self._reader, find(), lambda: self._writer.barrier(_DISK_PATIENCE_S), find, ask_bare=True)

    def _chunks(self, source: ArchiveSource) -> Iterator[Chunk]:
        limit = LEAST_CHUNK_BYTES
        while not (source.finished or self._conflict):
            chunk = source.read(time.time(), limit)
            if chunk is not None:
                yield chunk
                limit = next_chunk_bytes(chunk.data)
            elif not source.finished and not source.busy:
                # Only a last line without its end, in a file that changed a moment ago, is waited for.
                time.sleep(0.1)

    def _open_hour(self, delta: NodeDelta) -> HotPieces:
        """Where lines go on in the hour in which the database ends, so does the counting of downloads."""
        hot = HotPieces()
        first_s = min((key.start_s for key in delta.cells), default=0)
        for history in self._reader.ask_now(node_history, [delta.node], int(time.time()) - HOUR_S, (), HOT_OPS):
            if first_s // HOUR_S * HOUR_S <= history.hot_hour_s <= delta.newest_ms // 1000:
                hot.resume(history.hot_hour_s, history.hot)
        return hot

    def _positions(self, name: str) -> list[SavedPosition]:
        known = self._ids()
        return self._reader.ask_now(queries.positions, known[name]) if name in known else []

    def _ids(self) -> dict[str, int]:
        return {node.name: node.id for node in self._reader.ask_now(queries.nodes)}

    def _newest_ms(self, name: str) -> int:
        return max((node.newest_ms for node in self._reader.ask_now(queries.nodes) if node.name == name), default=0)

    def _on_conflict(self, _node: str) -> None:
        self._conflict = True


def _tell(problem: str) -> None:
    """The database began to refuse: reading waits. Told once, until it is another problem."""
    if problem:
        print(f"the database does not take what was read ({problem}); trying again", file=sys.stderr)


def _without_place(chunk: Chunk) -> Chunk:
    return msgspec.structs.replace(chunk, identity=None, previous=None)


def _side_by_side(chunks: Iterator[Chunk], workers: Workers, before: bytes, session: int) -> Iterator[NodeDelta]:
    """In the order of the chunks. All that was submitted is taken, also after a conflict: the workers begin the next try empty-handed."""
    before = _tail(before)
    # Short ones first, so that no worker waits long for its first lines.
    for length in chain(range(1, CHUNKS_A_STRETCH), repeat(CHUNKS_A_STRETCH)):
        stretch = list(islice(chunks, length))
        if not stretch:
            break
        if not workers.has_room:
            yield from workers.result()
        workers.submit(stretch, before, session)
        before = _tail(stretch[-1].data)
    while workers.under_way:
        yield from workers.result()


def next_chunk_bytes(data: bytes) -> int:
    """Bytes that the next chunk may have when it is like this one."""
    cells = CELLS_A_MINUTE * _minutes(data)
    if data.count(b"\n", 0, LEAST_CHUNK_BYTES) < cells:  # a quick look tells for most logs that there are more
        cells = min(cells, data.count(b"\n"))
    return min(max(LEAST_CHUNK_BYTES, len(data) * CELLS_A_CHUNK // max(cells, 1)), CHUNK_BYTES)


def _minutes(data: bytes) -> int:
    """About how many minutes lie between the first and the last line; 1 where lines have no such time."""
    found = [*_MINUTE.finditer(data[:_LOOK_BYTES]), *_MINUTE.finditer(data[-_LOOK_BYTES:])]
    return abs(_minute_number(found[-1]) - _minute_number(found[0])) + 1 if found else 1


def _minute_number(found: re.Match[bytes]) -> int:
    year, month, day, hour, minute = map(int, found.groups())
    return (((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute


def _tail(data: bytes) -> bytes:
    """Whole lines of about PRIME_BYTES from the end."""
    tail = data[-PRIME_BYTES:]
    return tail if len(tail) == len(data) else tail[tail.find(b"\n") + 1 :]
