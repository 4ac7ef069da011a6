"""A log read the way the monitor reads it, and what that tells of the node's life."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import structs

from storj_monitor.log_processor.processor import LineProcessor
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.reputation_tracker.uptime import node_downtimes
from storj_monitor.reputation_tracker.uptime_update import update_from_delta, update_from_process_lines
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.node_status import AHEAD_S, NodeStatus

FILE = FileIdentity(4096, "aa" * 16)


def clock(text: str, day: str = "2026-11-30") -> float:
    """`HH:MM:SS` of a day, UTC."""
    return datetime.fromisoformat(f"{day}T{text}").replace(tzinfo=UTC).timestamp()


def shown(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


NOW = clock("23:00:00")


class Replay:
    """One node. `read` any number of times; chunks end at line ends."""

    def __init__(self) -> None:
        self.node = NodeStatus("n")
        self.processor = LineProcessor("n", lambda _address: "")
        self.accumulator = Accumulator("n")
        self.offset = 0
        self.file = FILE

    def read(self, data: bytes, chunk_bytes: int = 1 << 16, *, live: bool = True) -> Replay:
        lines, part = data.splitlines(keepends=True), b""
        for i, line in enumerate(lines):
            part += line
            if len(part) >= chunk_bytes or i == len(lines) - 1:
                self._take(part, live)
                part = b""
        self.node.log = structs.replace(self.node.log, is_read=True, is_behind=False)
        return self

    def next_file(self) -> None:
        """What is read next stands in another file."""
        self.offset, self.file = 0, FileIdentity(4096, "bb" * 16)

    def downtimes(self, now: float = 0.0) -> list[tuple[str | None, str | None, bool]]:
        return [(shown(one.from_at), shown(one.until_at), one.certain) for one in node_downtimes(self.node, now)]

    def _take(self, part: bytes, live: bool) -> None:
        chunk = Chunk("n", part, self.offset, self.offset + len(part), 0.0, self.file, "node.log", None, live)
        self.offset += len(part)
        self.accumulator.add(self.processor.process(chunk))
        delta = self.accumulator.drain()
        gaps = self.node.log.pulse.take(delta, NOW + AHEAD_S)
        self.node.apply(update_from_delta(self.node, delta, gaps, NOW))
        self.node.apply(update_from_process_lines(self.node, delta.events, NOW))
