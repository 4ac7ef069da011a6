"""From the writer's trace and the clients' records to delay percentiles: written → received, and read (`t`) → received."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import checkout  # noqa: F401  (before the package)
from wsclient import EVENT

from storj_monitor.model.ids import piece_hash
from storj_monitor.simulator.writer import TRACE_HEAD, TRACE_PIECE


def read_trace(path: Path) -> dict[int, float]:
    """Piece hash → Unix seconds just before its result line was written. Pieces with several results are left out."""
    data = path.read_bytes()
    written: dict[int, float] = {}
    twice: set[int] = set()
    at = 0
    while at + TRACE_HEAD.size <= len(data):
        when, _, count = TRACE_HEAD.unpack_from(data, at)
        at += TRACE_HEAD.size
        for _ in range(count):
            piece = piece_hash(data[at : at + TRACE_PIECE].decode() + "A" * 39)
            at += TRACE_PIECE
            if piece in written:
                twice.add(piece)
            written[piece] = when
    for piece in twice:
        del written[piece]
    return written


def traced_results(path: Path, from_s: float = 0.0, to_s: float = math.inf) -> int:
    """Number of results written in a stretch of time."""
    data = path.read_bytes()
    at = total = 0
    while at + TRACE_HEAD.size <= len(data):
        when, _, count = TRACE_HEAD.unpack_from(data, at)
        at += TRACE_HEAD.size + count * TRACE_PIECE
        total += count if from_s <= when < to_s else 0
    return total


def delays_ms(events: Path, trace: Path, skip_s: float = 0.0) -> tuple[list[float], list[float]]:
    """Sorted delays in milliseconds (written → received, `t` → received) of all clients, without the first `skip_s`."""
    written = read_trace(trace)
    from_line: list[float] = []
    from_read: list[float] = []
    begin: float | None = None
    for _, received, read_at, piece in EVENT.iter_unpack(events.read_bytes()):
        if begin is None:
            begin = received
        if received - begin < skip_s:
            continue
        from_read.append((received - read_at) * 1000)
        line_at = written.get(piece)
        if line_at is not None:
            from_line.append((received - line_at) * 1000)
    return sorted(from_line), sorted(from_read)


def percentiles(ordered: Sequence[float]) -> dict[str, float | int | None]:
    """Number, mean, p50, p95, p99 and maximum of sorted values."""
    if not ordered:
        return {"n": 0, "mean": None, "p50": None, "p95": None, "p99": None, "max": None}
    n = len(ordered)

    def at(share: float) -> float:
        return round(ordered[min(n - 1, max(0, math.ceil(share * n) - 1))], 2)

    return {"n": n, "mean": round(sum(ordered) / n, 2), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": round(ordered[-1], 2)}
