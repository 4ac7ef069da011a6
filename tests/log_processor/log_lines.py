"""What the tests of the log processor share: lines of every spelling, chunks, and totals of what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.events import ErrorSeen, EventBatch, LineKey, LineKind, NodeEvent, Transfer
from storj_monitor.model.ids import Outcome, op_action, op_code, op_label, op_outcome
from storj_monitor.model.sources import Chunk, FileIdentity

CORPUS = Path(__file__).parent.parent / "corpus" / "logs"
IDENTITY = FileIdentity(4096, "00" * 16)

PIECE = "HMPVZUYVY7FPTCI2BKAQ4PUOELD75MD5NF563XQKMV5ZJZS6J6WA"
OTHER_PIECE = "SKPHX26EUU2RMNE76NJF2BDBPSK4GYZTEMOQIRSJLQCUHOBYKXBQ"
SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
ADDRESS = "203.0.113.24:51322"
TIME = "2026-08-20T07:01:10Z"
TIME_MS = 1_787_209_270_000


def somewhere(host: str) -> str:
    """A country for every address that is one, so that it can be seen that it was asked for."""
    return "AQ" if host else ""


def new_processor() -> LineProcessor:
    return LineProcessor("node", somewhere)


def chunk_of(data: bytes, start: int = 0, *, identity: FileIdentity | None = IDENTITY, length: int | None = None) -> Chunk:
    """`length` is the size on disk where that is another."""
    return Chunk("node", data, start, start + (len(data) if length is None else length), 1000.5, identity, "node.log")


def chunks_of(data: bytes, size: int) -> Iterator[Chunk]:
    """Whole lines, about `size` bytes each."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(start + size, len(data)) - 1) + 1 or len(data)
        yield chunk_of(data[start:end], start)
        start = end


def zap(
    message: str, fields: str = '{"process": "storagenode"}', *, logger: str = "piecestore", level: str = "INFO", time: str = TIME
) -> bytes:
    """A console line."""
    columns = [time, level, *([logger] if logger else []), message, *([fields] if fields else [])]
    return "\t".join(columns).encode() + b"\n"


def new_fields(piece: str = PIECE, *, action: str = "PUT", address: str = ADDRESS, more: str = ', "size": 2319360') -> str:
    return (
        f'{{"process": "storagenode", "piece_id": "{piece}", "satellite_id": "{SATELLITE}", "action": "{action}", '
        f'"remote_address": "{address}"{more}}}'
    )


def one(*lines: bytes) -> EventBatch:
    """The batch of these lines by a new processor."""
    return new_processor().process(chunk_of(b"".join(lines)))


def only_transfer(*lines: bytes) -> Transfer:
    (transfer,) = one(*lines).transfers
    return transfer


def only_event(*lines: bytes) -> NodeEvent:
    (event,) = one(*lines).events
    return event


@dataclass
class Totals:
    """Everything of several batches, in the terms of counts.json."""

    transfers: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    satellites: Counter[str] = field(default_factory=Counter)
    minutes: Counter[str] = field(default_factory=Counter)
    lines: Counter[LineKey] = field(default_factory=Counter)
    events: list[NodeEvent] = field(default_factory=list)
    errors: list[ErrorSeen] = field(default_factory=list)
    rows: list[Transfer] = field(default_factory=list)
    samples: dict[LineKey, str] = field(default_factory=dict)

    def add(self, batch: EventBatch) -> None:
        for action, count in batch.started.items():
            self.transfers[op_label(op_code(action, Outcome.STARTED))] += count
        for transfer in batch.transfers:
            self._add_transfer(transfer)
        self.lines.update(batch.lines)
        self.events += batch.events
        self.errors += batch.errors
        self.rows += batch.transfers
        self.samples |= dict(batch.samples)

    def _add_transfer(self, transfer: Transfer) -> None:
        action, outcome = op_action(transfer.op).label, op_outcome(transfer.op).label
        label = op_label(transfer.op)
        self.transfers[label] += 1
        self.bytes[label] += max(transfer.size_bytes, 0)
        self.satellites[f"{transfer.satellite} {action} {outcome}"] += 1
        self.minutes[f"{transfer.time_ms // 60_000} {action} {outcome}"] += 1

    def kinds(self) -> Counter[str]:
        kinds: Counter[str] = Counter()
        for key, count in self.lines.items():
            kinds[key.kind] += count
        return kinds

    def keys(self, kind: str) -> set[tuple[str, str]]:
        return {(key.logger, key.message) for key in self.lines if key.kind == kind}

    def not_understood(self) -> set[tuple[str, str]]:
        return self.keys(LineKind.NOT_UNDERSTOOD)


def totals_of(batches: Iterable[EventBatch]) -> Totals:
    totals = Totals()
    for batch in batches:
        totals.add(batch)
    return totals


def read_all(chunks: Iterable[Chunk], processor: LineProcessor | None = None) -> Totals:
    processor = processor or new_processor()
    return totals_of(processor.process(chunk) for chunk in chunks)


def same_totals(a: Totals, b: Totals, *, rows: Sequence[str] = ()) -> None:
    """Everything that does not depend on how a file was cut into chunks."""
    assert a.transfers == b.transfers
    assert a.lines == b.lines
    assert a.rows == b.rows
    assert a.events == b.events
    assert a.errors == b.errors
