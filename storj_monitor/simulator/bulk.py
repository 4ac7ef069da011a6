"""Many lines at once: hundreds of thousands of real-format lines within seconds, with exact truth."""

from __future__ import annotations

from collections.abc import Iterator

from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.transfers import TransferStream
from storj_monitor.simulator.truth import Truth


def transfer_lines(
    count: int, profile: NodeProfile | None = None, seed: int = 1, start_s: float = 1_790_000_000.0, rate: float = 200.0
) -> tuple[bytes, Truth]:
    """`count` lines at least (it stops at the end of a second) of nothing but transfers, and their truth.

    start_s -- Unix seconds of the first line; rate -- transfers a second by the lines' own time.
    """
    truth = Truth()
    blocks = list(transfer_blocks(count, profile or NodeProfile(), seed, start_s, rate, truth))
    return b"".join(blocks), truth


def transfer_blocks(count: int, profile: NodeProfile, seed: int, start_s: float, rate: float, truth: Truth) -> Iterator[bytes]:
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
