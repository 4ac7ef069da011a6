"""Worker processes for `ingest`: stretch k of a log goes to worker k mod n, so results come back in order without bookkeeping.

Lines travel through shared memory, one slot for each stretch that is under way; only the sums come back through a pipe.

However `ingest` ends (SIGTERM, SIGKILL, out of memory), its workers end with it and nothing stays in /dev/shm: the memory has no name,
or loses it before the first line is sent; Linux kills a worker together with its parent, and everywhere a thread of the worker waits
for the end of a pipe that only the parent holds open.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType
from typing import Literal, NamedTuple

import msgspec

from storj_monitor.errors import MonitorError
from storj_monitor.log_processor import LineProcessor
from storj_monitor.log_processor.line_state import CountryLookup
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.blocks import pack_events
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.sources import Chunk
from storj_monitor.platform.process import keep_the_heap, put_the_collector_off
from storj_monitor.state.accumulator import Accumulator

# Two stretches for each worker: one being digested, the next one waiting.
DEPTH = 2
# A fork of a process without threads starts in milliseconds; elsewhere a fresh interpreter is the safe way.
START_METHOD: Literal["fork", "spawn"] = "fork" if sys.platform == "linux" else "spawn"
PR_SET_PDEATHSIG = 1


class Digester:
    """Turns chunks of one node, in order, into deltas that are ready to be committed."""

    def __init__(self, node: str, sieve: LineSieve) -> None:
        self._processor = LineProcessor(node, CountryLookup(), sieve=sieve)
        self._sieve = sieve
        self._accumulator = Accumulator(node)

    def prime(self, before: bytes) -> None:
        """Lines in front of the first chunk: only what they started counts."""
        self._processor.prime(before)

    def finish(self) -> int:
        """See LineSieve."""
        return self._sieve.finish()

    def digest(self, chunk: Chunk) -> NodeDelta:
        self._accumulator.add(self._processor.process(chunk))
        delta = self._accumulator.drain()
        delta.blocks = pack_events(delta.transfers)
        delta.transfers = []
        return delta


def digest_apart(chunks: Iterable[Chunk], before: bytes, session: int) -> list[NodeDelta]:
    """The same for a stretch of a log on its own; `before` are the lines in front of it, where its transfers may have started.

    Its lines are compared with nothing: where the database has others of the same time, it refuses these.

    Runs in a worker process: nothing is kept between two calls. One delta a chunk, so that each can be a short commit.
    """
    deltas = []
    digester: Digester | None = None
    for chunk in chunks:
        if digester is None:
            digester = Digester(chunk.node, LineSieve(session, seen=0))
            digester.prime(before)
        deltas.append(digester.digest(chunk))
    return deltas


class _Task(NamedTuple):
    """Chunks whose bytes lie in the slot: first `before` bytes of the lines in front of them, then their own, `sizes` bytes each."""

    chunks: tuple[Chunk, ...]
    slot: int
    before: int
    sizes: tuple[int, ...]
    session: int


class _Slots:
    """Memory that this process and its workers share, in slots of equal size.

    Anonymous where workers are forked. Elsewhere it has a name only until every worker has opened it.
    """

    def __init__(self, count: int, slot_bytes: int, *, forked: bool) -> None:
        self._slot_bytes = slot_bytes
        self._count = count
        self._named = None if forked else SharedMemory(create=True, size=count * slot_bytes)
        self._anonymous = mmap.mmap(-1, count * slot_bytes) if forked else None

    def __len__(self) -> int:
        return self._count

    def __getstate__(self) -> tuple[int, int, str]:
        """For a worker that is a fresh interpreter."""
        assert self._named is not None, "anonymous memory is inherited by a fork"
        return self._count, self._slot_bytes, self._named.name

    def __setstate__(self, state: tuple[int, int, str]) -> None:
        self._count, self._slot_bytes, name = state
        self._named, self._anonymous = SharedMemory(name), None

    @contextlib.contextmanager
    def view(self, number: int) -> Iterator[memoryview]:
        """The bytes of one slot."""
        buffer = self._anonymous if self._named is None else self._named.buf
        assert buffer is not None, "closed"
        at = number * self._slot_bytes
        with memoryview(buffer) as whole, whole[at : at + self._slot_bytes] as slot:
            yield slot

    def forget_name(self) -> None:
        """Every worker has the memory open: from here on it goes with the last process that uses it."""
        if self._named is not None:
            self._named.unlink()

    def close(self) -> None:
        if self._named is not None:
            self._named.close()
        elif self._anonymous is not None:
            self._anonymous.close()


class Workers:
    """A context; `submit` as long as `has_room`, `result` gives the oldest one."""

    def __init__(self, count: int, slot_bytes: int, start_method: Literal["fork", "spawn"] = START_METHOD) -> None:
        forked = start_method == "fork"
        context = multiprocessing.get_context("fork") if forked else multiprocessing.get_context("spawn")
        self._slots = _Slots(count * DEPTH, slot_bytes, forked=forked)
        self._pipes: list[Connection] = []
        self.processes: list[BaseProcess] = []
        self._sent = self._taken = 0
        their_end, self._lifeline = context.Pipe(duplex=False)
        with contextlib.ExitStack() as unless_all_begin:
            unless_all_begin.callback(self._end)
            unless_all_begin.callback(self._slots.forget_name)
            for _ in range(count):
                ours, theirs = context.Pipe()
                self._pipes.append(ours)
                arguments = (theirs, self._slots, their_end, self._lifeline, os.getpid())
                process = context.Process(target=_work, args=arguments, daemon=True)
                process.start()
                theirs.close()
                self.processes.append(process)
            their_end.close()
            for pipe in self._pipes:
                if not _has_begun(pipe):
                    raise MonitorError("a worker process ended before it began (out of memory?): run ingest again")
            unless_all_begin.pop_all()
        self._slots.forget_name()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        self._lifeline.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join()
        self._slots.close()

    @property
    def under_way(self) -> int:
        """Stretches submitted whose result was not taken."""
        return self._sent - self._taken

    @property
    def has_room(self) -> bool:
        return self.under_way < len(self._slots)

    def submit(self, chunks: Sequence[Chunk], before: bytes, session: int = 0) -> None:
        """Hand over a stretch and the lines in front of it; together they must fit into a slot."""
        number = self._sent % len(self._slots)
        at = len(before)
        with self._slots.view(number) as memory:
            memory[:at] = before
            for chunk in chunks:
                memory[at : at + len(chunk.data)] = chunk.data
                at += len(chunk.data)
        sizes = tuple(len(chunk.data) for chunk in chunks)
        bare = tuple(msgspec.structs.replace(chunk, data=b"") for chunk in chunks)
        # A worker that has died is noticed where its result is waited for.
        with contextlib.suppress(BrokenPipeError):
            self._pipes[self._sent % len(self._pipes)].send(_Task(bare, number, len(before), sizes, session))
        self._sent += 1

    def result(self) -> list[NodeDelta]:
        """Wait for the deltas of the oldest stretch, one a chunk. Raises MonitorError when its worker has died."""
        try:
            deltas: list[NodeDelta] = self._pipes[self._taken % len(self._pipes)].recv()
        except (EOFError, ConnectionResetError) as error:
            raise MonitorError(
                "a worker process ended before its work was done (out of memory?): run ingest again, it goes on where it was"
            ) from error
        self._taken += 1
        return deltas


def _filled(task: _Task, memory: memoryview) -> Iterator[Chunk]:
    at = task.before
    for chunk, size in zip(task.chunks, task.sizes, strict=True):
        yield msgspec.structs.replace(chunk, data=bytes(memory[at : at + size]))
        at += size


def _has_begun(pipe: Connection) -> bool:
    try:
        return bool(pipe.recv())
    except (EOFError, ConnectionResetError):
        return False


def _work(pipe: Connection, slots: _Slots, lifeline: Connection, parents_end: Connection, parent: int) -> None:
    """A worker's life: until the pipe closes or the parent is no more. Ctrl-C is the parent's matter."""
    parents_end.close()
    _end_with(parent, lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    put_the_collector_off()
    keep_the_heap()
    try:
        pipe.send(True)
        while True:
            task: _Task = pipe.recv()
            with slots.view(task.slot) as memory:
                deltas = digest_apart(_filled(task, memory), bytes(memory[: task.before]), task.session)
            pipe.send(deltas)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        slots.close()


def _end_with(parent: int, lifeline: Connection) -> None:
    """Whatever this process is doing then, also waiting to be rid of a result that nobody takes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it had ended before
            os._exit(1)
    threading.Thread(target=_wait_for_end, args=(lifeline,), name="parent-watch", daemon=True).start()


def _wait_for_end(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
