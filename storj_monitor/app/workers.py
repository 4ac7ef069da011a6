"""Worker processes for `ingest`: stretch k of a log goes to worker k mod n, so results come back in order without bookkeeping.

Lines travel through shared memory, one slot for each stretch that is under way; only the sums come back through a pipe.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType
from typing import NamedTuple

from storj_monitor.app.digest import digest_apart
from storj_monitor.app.memory import keep_the_heap, put_the_collector_off
from storj_monitor.errors import MonitorError
from storj_monitor.model.lines import Chunk
from storj_monitor.model.rollups import NodeDelta

# Two stretches for each worker: one being digested, the next one waiting.
DEPTH = 2
PARENT_LOOK_S = 1.0


class _Task(NamedTuple):
    """Chunks whose bytes lie in the slot: first `before` bytes of the lines in front of them, then their own, `sizes` bytes each."""

    chunks: tuple[Chunk, ...]
    slot: int
    before: int
    sizes: tuple[int, ...]


class Workers:
    """A context; `submit` as long as `has_room`, `result` gives the oldest one."""

    def __init__(self, count: int, slot_bytes: int) -> None:
        # A fork of a process without threads starts in milliseconds; elsewhere a fresh interpreter is the safe way.
        context = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
        self._slots = [SharedMemory(create=True, size=slot_bytes) for _ in range(count * DEPTH)]
        names = [slot.name for slot in self._slots]
        self._pipes: list[Connection] = []
        self.processes: list[BaseProcess] = []
        self._sent = self._taken = 0
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, names), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self.processes.append(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join()
        for slot in self._slots:
            slot.close()
            slot.unlink()

    @property
    def under_way(self) -> int:
        """Stretches submitted whose result was not taken."""
        return self._sent - self._taken

    @property
    def has_room(self) -> bool:
        return self.under_way < len(self._slots)

    def submit(self, chunks: Sequence[Chunk], before: bytes) -> None:
        """Hand over a stretch and the lines in front of it; together they must fit into a slot."""
        number = self._sent % len(self._slots)
        at = len(before)
        memory = _memory(self._slots[number])
        memory[:at] = before
        for chunk in chunks:
            memory[at : at + len(chunk.data)] = chunk.data
            at += len(chunk.data)
        bare = tuple(chunk._replace(data=b"") for chunk in chunks)
        # A worker that has died is noticed where its result is waited for.
        with contextlib.suppress(BrokenPipeError):
            self._pipes[self._sent % len(self._pipes)].send(_Task(bare, number, len(before), tuple(len(chunk.data) for chunk in chunks)))
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
        yield chunk._replace(data=bytes(memory[at : at + size]))
        at += size


def _memory(slot: SharedMemory) -> memoryview:
    assert slot.buf is not None, "closed"
    return slot.buf


def _work(pipe: Connection, names: list[str]) -> None:
    """A worker's life: until the pipe closes. Ctrl-C is the parent's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    put_the_collector_off()
    keep_the_heap()
    slots = [SharedMemory(name) for name in names]
    parent = multiprocessing.parent_process()
    try:
        while True:
            # A parent that was killed closes nothing that a sibling still holds open: ask whether it lives.
            while not pipe.poll(PARENT_LOOK_S):
                if parent is not None and not parent.is_alive():
                    return
            task: _Task = pipe.recv()
            memory = _memory(slots[task.slot])
            pipe.send(digest_apart(_filled(task, memory), bytes(memory[: task.before])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        for slot in slots:
            slot.close()
