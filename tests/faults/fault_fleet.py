"""Simulated nodes that write while the test does its harm: exact truth, every kind of rotation."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import zstandard

from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import NodeLog, Target

TICK_S = 0.02
MAX_GAP_S = 0.25
"""A writer that was held up goes on from now: it does not pour out a burst."""


class Fleet:
    """`nodes` nodes write into `folder`, in a thread, `rate` transfers a second together, from `start` to `finish`.

    Each node's file can be rotated while the others write; no line is ever split or lost by the rotation itself.
    """

    def __init__(self, folder: Path, nodes: int = 4, rate: float = 2000.0, seed: int = 1, names: tuple[str, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        now_s = time.time()
        self.names = names or tuple(f"node{number}" for number in range(1, nodes + 1))
        profiles = [NodeProfile(name, rhythm=0.0, templates=256) for name in self.names]
        self._targets = {
            p.name: Target(NodeLog(p, seed, now_s, tick_s=TICK_S, start_up=True, chores=True), folder / f"{p.name}.log") for p in profiles
        }
        self._rate = rate / len(self.names)
        self._files = {name: _append_to(target.path) for name, target in self._targets.items()}
        self._locks = {name: threading.Lock() for name in self.names}
        self._halt = threading.Event()
        self._written_to_s = 0.0
        self._thread = threading.Thread(target=self._run, name="fleet")
        self._closed = False

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.finish()

    @property
    def logs(self) -> dict[str, object]:
        """Name and log of each node, as the monitor is told them."""
        return {name: target.path for name, target in self._targets.items()}

    def path(self, name: str) -> Path:
        return self._targets[name].path

    def start(self) -> Fleet:
        self._thread.start()
        return self

    def write(self, seconds: float) -> None:
        """So much of the nodes' time at once, without a thread: their clock goes on only here, until `start`."""
        now_s = self._written_to_s or time.time()
        for _ in range(int(seconds / TICK_S)):
            now_s += TICK_S
            for name in self.names:
                self._tick(name, now_s)
        self._written_to_s = now_s

    def finish(self) -> GroundTruth:
        """End the writing with the results of all running transfers; what was written in all."""
        if not self._closed:
            self._closed = True
            self._halt.set()
            if self._thread.is_alive():
                self._thread.join()
            for name, target in self._targets.items():
                self._put(name, target.log.drain().data)
                os.close(self._files[name])
        total = GroundTruth()
        for target in self._targets.values():
            total.add(target.log.truth())
        return total

    def truth(self, *names: str) -> dict[str, Any]:
        """What these nodes (none: all) have written; after `finish`."""
        total = GroundTruth()
        for name in names or self.names:
            total.add(self._targets[name].log.truth())
        return total.as_json()

    def lines(self, *names: str) -> int:
        """Lines written so far."""
        count = 0
        for name in names or self.names:
            with self._locks[name]:
                count += self._targets[name].log.truth().lines
        return count

    def wait_for_lines(self, more: int) -> None:
        """Until so many more lines are written: time goes by in lines."""
        goal, end = self.lines() + more, time.monotonic() + 60
        while self.lines() < goal:
            assert time.monotonic() < end, "the fleet does not write"
            time.sleep(TICK_S)

    def inject(self, name: str, data: bytes) -> None:
        """Foreign bytes between two lines of a node."""
        with self._locks[name]:
            self._put(name, data)

    def rotate(self, name: str, how: str) -> None:
        """rename, copytruncate, gzip, zstd (rename and compress) or delete (and create anew)."""
        path = self.path(name)
        first = path.with_name(path.name + ".1")
        with self._locks[name]:
            if how != "delete":
                _shift(path)
            if how == "copytruncate":
                shutil.copyfile(path, first)
                os.ftruncate(self._files[name], 0)
                return
            if how == "delete":
                path.unlink()
            else:
                path.rename(first)
            os.close(self._files[name])
            self._files[name] = _append_to(path)
        if how == "gzip":
            _pack(first, first.with_name(first.name + ".gz"))
        elif how == "zstd":
            _pack(first, first.with_name(first.name + ".zst"))

    def _run(self) -> None:
        next_tick = time.monotonic()
        while not self._halt.is_set():
            for name in self.names:
                self._tick(name, time.time())
            next_tick = max(next_tick + TICK_S, time.monotonic() - MAX_GAP_S)
            self._halt.wait(max(0.0, next_tick - time.monotonic()))

    def _tick(self, name: str, now_s: float) -> None:
        with self._locks[name]:
            self._put(name, self._targets[name].log.advance(now_s, self._rate).data)

    def _put(self, name: str, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._files[name], view) :]


def _append_to(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _shift(path: Path) -> None:
    """What is `.1` becomes `.2` and so on, compressed or not."""
    for number in range(40, 0, -1):
        for suffix in ("", ".gz", ".zst"):
            old = path.with_name(f"{path.name}.{number}{suffix}")
            if old.exists():
                old.replace(path.with_name(f"{path.name}.{number + 1}{suffix}"))


def _pack(plain: Path, packed: Path) -> None:
    """As gzip and zstd do: the packed file grows beside the plain one, then the plain one goes."""
    with plain.open("rb") as source:
        if packed.suffix == ".gz":
            with gzip.open(packed, "wb", compresslevel=1) as target:
                shutil.copyfileobj(source, target)
        else:
            with packed.open("wb") as file:
                zstandard.ZstdCompressor().copy_stream(source, file)
    plain.unlink()
