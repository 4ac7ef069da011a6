"""Small builders for tests: transfers and batches with sensible defaults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storj_monitor.model.events import ErrorSeen, EventBatch, LineKey, NodeEvent, Row, Transfer
from storj_monitor.model.ids import Action, Outcome, op_code, piece_hash
from storj_monitor.model.sources import Checkpoint, FileIdentity

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
EU1 = "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs"
NOON_MS = 1_764_158_400_000  # 2025-11-26T12:00:00Z
UPLOADED = LineKey("understood", "piecestore", "uploaded")
IDENTITY = FileIdentity(4096, "aa" * 16)


def transfer(
    time_ms: int = NOON_MS,
    *,
    satellite: str = US1,
    action: Action = Action.PUT,
    outcome: Outcome = Outcome.SUCCESS,
    size: int = 1000,
    duration_ms: int = -1,
    piece_id: str = "A" * 52,
    country: str = "DE",
    reason: str = "",
) -> Transfer:
    return Transfer(time_ms, satellite, op_code(action, outcome), size, duration_ms, piece_hash(piece_id), piece_id, country, reason)


def rows_of(transfers: Iterable[Transfer]) -> list[Row]:
    """As the log processor has them, but with the country in the place of the address."""
    return [(t.time_ms, t.satellite, t.op, t.size_bytes, t.duration_ms, t.piece_id, t.country, t.reason) for t in transfers]


def completed(rows: Sequence[Row]) -> list[Transfer]:
    """Transfers again of rows from `rows_of`."""
    return [Transfer(*row[:5], piece_hash(row[5]), *row[5:]) for row in rows]


def batch(
    transfers: list[Transfer],
    *,
    node: str = "n1",
    start: int = 0,
    end: int = 100,
    events: list[NodeEvent] | None = None,
    errors: list[ErrorSeen] | None = None,
    lines: dict[LineKey, int] | None = None,
    newest_ms: int | None = None,
    identity: FileIdentity = IDENTITY,
) -> EventBatch:
    newest = max((t.time_ms for t in transfers), default=0) if newest_ms is None else newest_ms
    counts = {UPLOADED: len(transfers)} if lines is None else lines
    checkpoint = Checkpoint(identity, start, end, "node.log")
    rows = rows_of(transfers)
    return EventBatch(node, newest / 1000, True, rows, completed, (), events or [], errors or [], counts, {}, newest, 1000, checkpoint)
