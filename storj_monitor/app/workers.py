"""Worker processes for `ingest`: chunk k goes to worker k mod n, so results come back in order without bookkeeping.

Lines travel through shared memory, one slot for each chunk that is under way; only the sums come back through a pipe.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType
from typing import NamedTuple

from storj_monitor.app.digest import digest_apart
from storj_monitor.model.lines import Chunk
from storj_monitor.model.rollups import NodeDelta

# Two chunks for each worker: one being digested, the next one waiting.
DEPTH = 2


class _Task(NamedTuple):
    """A chunk whose bytes lie in the slot: first `before` bytes of the lines in front of it, then its `size` own bytes."""

    chunk: Chunk
    slot: int
    before: int
    size: int


class Workers:
    """A context; `submit` as long as `has_room`, `result` gives the oldest one."""

    def __init__(self, count: int, slot_bytes: int) -> None:
        # A fork of a process without threads starts in milliseconds; elsewhere a fresh interpreter is the safe way.
        context = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
        self._slots = [SharedMemory(create=True, size=slot_bytes) for _ in range(count * DEPTH)]
        names = [slot.name for slot in self._slots]
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        self._sent = self._taken = 0
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, names), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()
        for slot in self._slots:
            slot.close()
            slot.unlink()

    @property
    def under_way(self) -> int:
        """Chunks submitted whose result was not taken."""
        return self._sent - self._taken

    @property
    def has_room(self) -> bool:
        return self.under_way < len(self._slots)

    def submit(self, chunk: Chunk, before: bytes) -> None:
        """Hand over a chunk and the lines in front of it; together they must fit into a slot."""
        number = self._sent % len(self._slots)
        size, front = len(chunk.data), len(before)
        memory = _memory(self._slots[number])
        memory[:front] = before
        memory[front : front + size] = chunk.data
        self._pipes[self._sent % len(self._pipes)].send(_Task(chunk._replace(data=b""), number, front, size))
        self._sent += 1

    def result(self) -> NodeDelta:
        """Wait for the oldest chunk's delta."""
        delta: NodeDelta = self._pipes[self._taken % len(self._pipes)].recv()
        self._taken += 1
        return delta


def _memory(slot: SharedMemory) -> memoryview:
    assert slot.buf is not None, "closed"
    return slot.buf


def _work(pipe: Connection, names: list[str]) -> None:
    """A worker's life: until the pipe closes. Ctrl-C is the parent's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    slots = [SharedMemory(name) for name in names]
    try:
        while True:
            task: _Task = pipe.recv()
            memory = _memory(slots[task.slot])
            before = bytes(memory[: task.before])
            data = bytes(memory[task.before : task.before + task.size])
            pipe.send(digest_apart(task.chunk._replace(data=data), before))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        for slot in slots:
            slot.close()
