"""A worker that dies is told in one sentence, and nothing waits for it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Literal

import pytest

from storj_monitor.commands.workers import Workers
from storj_monitor.errors import MonitorError
from storj_monitor.model.sources import Chunk

LINE = b"2026-08-20T07:01:10Z\tINFO\tcollector\texpired pieces collection started\t{}\n"


def chunk(lines: int) -> Chunk:
    return Chunk("n1", LINE * lines, 0, len(LINE) * lines, time.time(), None, "node.log", live=False)


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_results_come_in_order(start_method: Literal["fork", "spawn"]) -> None:
    with Workers(2, 1 << 16, start_method) as workers:
        assert not named_memory(os.getpid()), "a kill would leave it behind"
        for lines in (1, 2, 3, 4):
            workers.submit([chunk(lines), chunk(10)], b"")
        assert not workers.has_room
        counted = [[sum(delta.lines.values()) for delta in workers.result()] for _ in range(4)]
    assert counted == [[1, 10], [2, 10], [3, 10], [4, 10]]


def named_memory(process: int) -> list[str]:
    """Shared memory of a process that has a name and would outlive it."""
    maps = Path(f"/proc/{process}/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    return [line for line in lines if "/dev/shm/" in line and not line.endswith("(deleted)")]


def test_a_worker_that_dies() -> None:
    with Workers(1, 1 << 16) as workers:
        (process,) = workers.processes
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with pytest.raises(MonitorError, match="worker process ended"):
            workers.submit([chunk(1)], b"")
            workers.result()
