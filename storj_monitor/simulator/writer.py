"""Writes the logs of several simulated nodes into files in real time, counts exactly, and notes when each result was written."""

from __future__ import annotations

import json
import os
import shutil
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from storj_monitor.simulator.node_log import NodeLog
from storj_monitor.simulator.transfers import Block
from storj_monitor.simulator.truth import Truth

TRACE_HEAD = struct.Struct("<dII")
"""A trace record: Unix seconds just before the write, number of the node, number of results; then 13 letters a result."""

TRACE_PIECE = 13


class Target(NamedTuple):
    """A simulated node and the file that it writes."""

    log: NodeLog
    path: Path


class LogWriter:
    """All nodes share `rate` events (transfers) a second evenly; one write a node and tick.

    trace -- a file that gets a record for every write with results, see TRACE_HEAD; None = no trace
    """

    def __init__(self, targets: Sequence[Target], rate: float, tick_s: float = 0.02, trace: Path | None = None) -> None:
        self._targets = list(targets)
        self._rate = rate
        self._tick_s = tick_s
        self._files = [_open_append(t.path) for t in self._targets]
        self._trace = trace.open("ab", buffering=1 << 16) if trace else None

    def write_tick(self, now_s: float) -> int:
        """Advance every node to `now_s` and write what it says; returns the number of bytes written."""
        share = self._rate / len(self._targets)
        return sum(self._write(number, target.log.advance(now_s, share)) for number, target in enumerate(self._targets))

    def run(self, stop: threading.Event, seconds: float | None = None, rotate_every_s: float = 0.0, how: str = "rename") -> None:
        """Write until `stop` is set or `seconds` have passed."""
        begin = time.monotonic()
        next_tick = begin
        next_rotation = begin + rotate_every_s if rotate_every_s else None
        while not stop.is_set():
            now = time.monotonic()
            if seconds is not None and now - begin >= seconds:
                break
            if next_rotation is not None and now >= next_rotation:
                self.rotate(how)
                next_rotation += rotate_every_s
            self.write_tick(time.time())
            next_tick = max(next_tick + self._tick_s, now)
            stop.wait(max(0.0, next_tick - time.monotonic()))

    def rotate(self, how: str = "rename") -> None:
        """Rotate every file: `rename` moves it to `.1` (older ones move on), `copytruncate` copies and empties it."""
        for number, target in enumerate(self._targets):
            _shift(target.path)
            first = target.path.with_name(target.path.name + ".1")
            if how == "copytruncate":
                shutil.copyfile(target.path, first)
                os.ftruncate(self._files[number], 0)
            else:
                target.path.rename(first)
                os.close(self._files[number])
                self._files[number] = _open_append(target.path)

    def drain(self) -> None:
        """Write the results of all transfers that are still running."""
        for number, target in enumerate(self._targets):
            self._write(number, target.log.drain())

    def truth(self) -> dict[str, Truth]:
        """Exact counts by node."""
        return {t.log.profile.name: t.log.truth() for t in self._targets}

    def close(self) -> None:
        """Close all files."""
        for fd in self._files:
            os.close(fd)
        self._files.clear()
        if self._trace:
            self._trace.close()

    def _write(self, number: int, block: Block) -> int:
        if not block.data:
            return 0
        at_s = time.time()
        view = memoryview(block.data)
        while view:
            view = view[os.write(self._files[number], view) :]
        if self._trace and block.results:
            self._trace.write(TRACE_HEAD.pack(at_s, number, len(block.results)) + b"".join(block.results))
            self._trace.flush()
        return len(block.data)


def write_truth(path: Path, truths: dict[str, Truth]) -> None:
    """All nodes and their sum as JSON, whole or not at all."""
    total = Truth()
    for truth in truths.values():
        total.add(truth)
    content = {"total": total.as_json(), "nodes": {name: truth.as_json() for name, truth in truths.items()}}
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(content), encoding="utf-8")
    beside.replace(path)


def _open_append(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)


def _shift(path: Path) -> None:
    """`.8` becomes `.9` … `.1` becomes `.2`; what was `.9` is gone."""
    for number in range(8, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            old.replace(path.with_name(f"{path.name}.{number + 1}"))
