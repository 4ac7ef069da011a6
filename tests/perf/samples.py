"""Real material for timing single functions: a minute of one node's log, what was read of it, and durations as they come."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import checkout  # noqa: F401  (before the package)

from storj_monitor.log_processor import CountryLookup, LineProcessor
from storj_monitor.model.events import EventBatch
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import transfer_blocks
from storj_monitor.websocket_utils import Frame

START_S = 1_790_000_000.0
NODE = "node1"
SECONDS = 60
RATE = 200.0


class Sink:
    """Stands where a socket is: takes every frame."""

    def __init__(self) -> None:
        self.bytes = 0

    def send(self, frame: Frame) -> bool:
        self.bytes += len(frame.wire)
        return True


@lru_cache(maxsize=1)
def chunks() -> tuple[Chunk, ...]:
    """A minute of one node's log, a chunk a second."""
    at, found = 0, []
    for data in transfer_blocks(int(RATE * 2 * SECONDS), NodeProfile(NODE), 1, START_S, RATE, GroundTruth()):
        found.append(Chunk(NODE, data, at, at + len(data), START_S, FileIdentity(4096, "00"), "node.log"))
        at += len(data)
    return tuple(found)


@lru_cache(maxsize=1)
def batches() -> tuple[EventBatch, ...]:
    processor = LineProcessor(NODE, CountryLookup())
    return tuple(batch for chunk in chunks() if (batch := processor.process(chunk)).rows)


@lru_cache(maxsize=1)
def durations() -> tuple[int, ...]:
    random = Random(1)
    return tuple(int(random.lognormvariate(4.5, 1.2)) for _ in range(100_000))
