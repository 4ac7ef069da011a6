"""Writes the logs of several simulated nodes into files in real time, counts exactly, and notes when each result was written."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from storj_monitor.simulator.chores import Chores
from storj_monitor.simulator.ground_truth import GroundTruth, LogFigures
from storj_monitor.simulator.log_formatter import TIME, stamp
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.transfers import Block, TransferStream

# ---- The log of one simulated node: transfers and chores together, in order, from any time to any time.


DAY = 86400.0
TROUBLE_RAMP_S = 3 * 3600.0
"""A node that degrades gets worse over three hours."""

MAX_STEP_S = 3600.0
"""A writer that slept longer does not make up for all of it."""


class NodeLog:
    """Deterministic by profile, seed and the times it is asked for.

    begin_s        -- Unix seconds of the first line (the node starts then)
    tick_s         -- grain of transfer durations; use the distance between two calls of `advance`
    trouble_from_s -- when a profile with `trouble` begins to degrade; None = at once in full
    start_up       -- begin with the lines of a starting node
    chores         -- False: transfers only
    figures        -- are told every minute what the log says
    """

    def __init__(
        self, profile: NodeProfile, seed: int, begin_s: float, *, tick_s: float = 1.0,
        trouble_from_s: float | None = None, start_up: bool = True, chores: bool = True, figures: LogFigures | None = None,
    ) -> None:  # fmt: skip
        self.profile = profile
        self._stream = TransferStream(profile, seed, tick_s)
        self._figures = figures or LogFigures()
        self._told_minute = -1
        self._chores = Chores(profile, seed, begin_s, start_up=start_up, figures=self._figures) if chores else None
        self._noise = random.Random(f"noise {seed} {profile.name}")
        self._trouble_from_s = trouble_from_s
        self._now_s = begin_s
        self._owed = 0.0
        self._gust = 1.0
        self._gust_until_s = begin_s

    def advance(self, now_s: float, rate: float) -> Block:
        """Everything between the last call and `now_s`, at `rate` transfers a second (before rhythm and noise)."""
        elapsed_s = min(max(0.0, now_s - self._now_s), MAX_STEP_S)
        self._now_s = max(now_s, self._now_s)
        self._owed += elapsed_s * rate * self._weather(now_s)
        starts = int(self._owed)
        self._owed -= starts
        block = self._stream.step(self._now_s, starts, self._trouble(now_s))
        if int(now_s) // 60 != self._told_minute:
            self._told_minute, truth = int(now_s) // 60, self._stream.tally.folded
            self._figures.tell(now_s, truth.transfers, truth.bytes, truth.satellites)
        if self._chores is None:
            return block
        due = self._chores.due(now_s)
        if not due:
            return block
        self._stream.tally.other_lines(len(due))
        return Block(b"".join([line.replace(TIME, stamp(at)) for at, line in due]) + block.data, block.results)

    def lines(self, start_s: float, end_s: float, rate: float = 1.0, step_s: float = 1.0) -> Iterator[bytes]:
        """Lines with their line ends, from `start_s` (or where the last call ended) up to `end_s`."""
        self._now_s = max(self._now_s, start_s)
        now_s = self._now_s
        while now_s < end_s:
            yield from self.advance(now_s, rate).data.splitlines(keepends=True)
            now_s += step_s

    def drain(self) -> Block:
        """Results of all transfers that are still running."""
        return self._stream.drain(self._now_s)

    def truth(self) -> GroundTruth:
        """What has been written so far."""
        return self._stream.tally.truth()

    def _weather(self, now_s: float) -> float:
        """Daily rhythm (busiest at 15 UTC) and gusts of half a minute; exactly 1 for a profile without rhythm."""
        amplitude = self.profile.rhythm
        if not amplitude:
            return 1.0
        if now_s >= self._gust_until_s:
            self._gust = self._noise.lognormvariate(0, amplitude / 2)
            self._gust_until_s = now_s + self._noise.uniform(5, 40)
        return (1 + amplitude * math.cos((now_s % DAY - 15 * 3600) / DAY * math.tau)) * self._gust

    def _trouble(self, now_s: float) -> float:
        if not self.profile.trouble or self._trouble_from_s is None:
            return self.profile.trouble
        return self.profile.trouble * min(1.0, max(0.0, (now_s - self._trouble_from_s) / TROUBLE_RAMP_S))


# ---- Writes the logs of several simulated nodes into files in real time, counts exactly, and notes when each result was written.


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

    def truth(self) -> dict[str, GroundTruth]:
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


def write_truth(path: Path, truths: dict[str, GroundTruth]) -> None:
    """All nodes and their sum as JSON, whole or not at all."""
    total = GroundTruth()
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


# ---- Many lines at once: hundreds of thousands of real-format lines within seconds, with exact truth.


def transfer_lines(
    count: int, profile: NodeProfile | None = None, seed: int = 1, start_s: float = 1_790_000_000.0, rate: float = 200.0
) -> tuple[bytes, GroundTruth]:
    """`count` lines at least (it stops at the end of a second) of nothing but transfers, and their truth.

    start_s -- Unix seconds of the first line; rate -- transfers a second by the lines' own time.
    """
    truth = GroundTruth()
    blocks = list(transfer_blocks(count, profile or NodeProfile(), seed, start_s, rate, truth))
    return b"".join(blocks), truth


def transfer_blocks(count: int, profile: NodeProfile, seed: int, start_s: float, rate: float, truth: GroundTruth) -> Iterator[bytes]:
    """The same in blocks of one second, for files larger than memory; `truth` is complete when the iterator is."""
    stream = TransferStream(profile, seed)
    lines = 0
    now_s = start_s
    owed = 0.0
    while lines < count:
        owed += rate
        starts = int(owed)
        owed -= starts
        data = stream.step(now_s, starts).data
        lines += data.count(b"\n")
        now_s += 1
        yield data
    yield stream.drain(now_s).data
    truth.add(stream.tally.truth())
