"""What a chunk of a followed log costs. It has five to ten lines, so what is done once a chunk counts nearly as much as what is done once

a line. Calls are counted, not timed: their number is the same on any machine, busy or not.
"""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType

from samples import NODE, chunks

from storj_monitor.log_processor import CountryLookup, LineProcessor
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.fingerprints import new_session
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.state.accumulator import Accumulator

LINES = 10
WARM_UP, COUNTED, A_DRAIN = 50, 200, 50

MAX_CALLS = 44
"""Calls of Python functions a chunk, its share of the sums included. When written: 38; 48 when each stage looked at it by itself."""
MAX_C_CALLS = 128
"""Calls of functions written in C a chunk. When written: 117; 138 before."""


def small_chunks() -> list[Chunk]:
    """As a log is read that grows by a few lines at a time."""
    lines = b"".join(chunk.data for chunk in chunks()).splitlines(keepends=True)
    found, at = [], 0
    for first in range(0, LINES * (WARM_UP + COUNTED), LINES):
        data = b"".join(lines[first : first + LINES])
        found.append(Chunk(NODE, data, at, at + len(data), 0.0, FileIdentity(4096, "00"), "node.log"))
        at += len(data)
    return found


def test_a_small_chunk_takes_few_calls() -> None:
    processor, accumulator = LineProcessor(NODE, CountryLookup(), sieve=LineSieve(new_session())), Accumulator(NODE)
    counted: Counter[str] = Counter()
    lines = 0

    def count(_frame: FrameType, event: str, _what: object) -> None:
        counted[event] += 1

    for number, chunk in enumerate(small_chunks()):
        if number == WARM_UP:
            sys.setprofile(count)
        lines += accumulator.add(processor.process(chunk))
        if number % A_DRAIN == A_DRAIN - 1:
            accumulator.drain()
    sys.setprofile(None)
    calls, c_calls = counted["call"] / COUNTED, counted["c_call"] / COUNTED
    print(f"\n{calls:.1f} calls a chunk, {c_calls:.1f} of them in C")
    assert lines == LINES * (WARM_UP + COUNTED)
    assert calls <= MAX_CALLS
    assert c_calls <= MAX_C_CALLS
