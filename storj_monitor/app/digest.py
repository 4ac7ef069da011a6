"""From one chunk of an old log to its delta: the same parser and the same sums as the live way, here or in a worker process."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.log_processor import LineProcessor
from storj_monitor.log_processor.places import CountryLookup
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.blocks import pack_events
from storj_monitor.model.lines import Chunk
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.state.accumulator import Accumulator


class Digester:
    """Turns chunks of one node, in order, into deltas that are ready to be committed."""

    def __init__(self, node: str, sieve: LineSieve) -> None:
        self._processor = LineProcessor(node, CountryLookup(), sieve=sieve)
        self._sieve = sieve
        self._accumulator = Accumulator(node)

    def warm_up(self, before: bytes) -> None:
        """Lines in front of the first chunk: only what they started counts."""
        self._processor.warm_up(before)

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
            digester.warm_up(before)
        deltas.append(digester.digest(chunk))
    return deltas
