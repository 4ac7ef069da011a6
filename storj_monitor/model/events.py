"""What the log processor makes of lines: transfers, node events, folded errors, and an honest count of every line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from storj_monitor.model.fingerprints import FingerprintTaker
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.sources import Checkpoint

UNKNOWN_SIZE = -1
UNKNOWN_DURATION = -1


class Transfer(NamedTuple):
    """One finished upload or download: exactly one result line of logger `piecestore`.

    time_ms      -- the line's own time, Unix milliseconds (whole seconds since node v1.83)
    satellite    -- id as in the log, "" when the line has none
    op           -- ids.op_code(action, outcome)
    size_bytes   -- uploads: bytes received; downloads: bytes REQUESTED since v1.99; UNKNOWN_SIZE when missing
    duration_ms  -- from the start line of the same transfer; UNKNOWN_DURATION when there is none
    piece        -- ids.piece_hash of the id
    piece_id     -- full id, "" when the line has none
    country      -- ISO 3166 two letters of the remote address, "" when unknown or private
    reason       -- folded error or cancel reason, "" for a success
    """

    time_ms: int
    satellite: str
    op: int
    size_bytes: int
    duration_ms: int
    piece: int
    piece_id: str
    country: str
    reason: str


Row = tuple[int, str, int, int, int, str, str, str]
"""A finished transfer as its line says it: time_ms, satellite, op, size_bytes, duration_ms (all as in Transfer), piece_id, remote
address, reason. Hash and country are worked out later, for many rows at once."""


class ErrorSeen(NamedTuple):
    """A WARN, ERROR or FATAL line (or a failed transfer at any level), folded: numbers, ids and addresses replaced."""

    time_ms: int
    level: str
    logger: str
    message: str
    template: str
    sample: str
    satellite: str


class LineKind:
    """The four classes that a line can fall in; understood + ignored + not_understood == lines read."""

    UNDERSTOOD = "understood"
    IGNORED = "ignored"
    NOT_UNDERSTOOD = "not_understood"


class LineKey(NamedTuple):
    """Why lines were counted as they were: class, logger, and message or reason."""

    kind: str
    logger: str
    message: str


TRANSFER_LOGGER = "piecestore"
_TRANSFER_MESSAGES = {
    "up": ("upload started", "uploaded", "upload canceled", "upload failed"),
    "down": ("download started", "downloaded", "download canceled", "download failed"),
}

KEY_OF_OP: Mapping[int, LineKey] = {
    op_code(action, outcome): LineKey(LineKind.UNDERSTOOD, TRANSFER_LOGGER, _TRANSFER_MESSAGES[action.direction][outcome])
    for action in Action
    for outcome in Outcome
}
"""Under which lines about transfers are counted, by what they became."""

OPS = max(KEY_OF_OP) + 1


def line_counts(ops: Sequence[int], others: Mapping[LineKey, int]) -> dict[LineKey, int]:
    """Numbers of lines by key, of lines about transfers that were counted by op code and of all others."""
    lines: dict[LineKey, int] = {}
    for op, count in enumerate(ops):
        if count:
            lines[KEY_OF_OP[op]] = lines.get(KEY_OF_OP[op], 0) + count
    for key, count in others.items():
        lines[key] = lines.get(key, 0) + count
    return lines


class NodeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all typed events that are not transfers; see node_events. `satellite` is "" for node-wide events."""

    time_ms: int
    level: str = "INFO"
    satellite: str = ""


class FreeSpace(NamedTuple):
    """`available_space` of an upload's start line: what the node could still take then. Unix milliseconds, bytes."""

    time_ms: int
    free_bytes: int


class EventBatch(msgspec.Struct, frozen=True, gc=False):
    """Everything that one chunk of a log said. Pure data; handed over once.

    rows         -- finished transfers
    complete     -- makes Transfers of rows, also of those of many batches of this node together
    ops          -- number of lines about transfers by op code, of which those that start one are at DEBUG since v1.116
    other_lines  -- number of all other lines by LineKey
    samples      -- one raw line (at most 500 characters) for keys that were ignored or not understood
    newest_ms    -- newest line time seen, 0 when no line had a time
    duration_resolution_ms -- 1000, 1 for lines with finer time stamps; 0 when no duration is known
    checkpoint   -- None for a stream
    free_space   -- of the newest start line that tells it
    finished     -- the rest of the file before this one: a line that began there ends here
    follows      -- its lines come right after those of the batch before; False where some may be missing in between
    counted      -- knows the lines that were counted, where they are to be known again
    """

    node: str
    read_at: float
    live: bool
    rows: Sequence[Row]
    complete: Callable[[Sequence[Row]], list[Transfer]]
    ops: Sequence[int]
    events: Sequence[NodeEvent]
    errors: Sequence[ErrorSeen]
    other_lines: Mapping[LineKey, int]
    samples: Mapping[LineKey, str]
    newest_ms: int
    duration_resolution_ms: int
    checkpoint: Checkpoint | None
    free_space: FreeSpace | None = None
    finished: Checkpoint | None = None
    follows: bool = True
    counted: FingerprintTaker | None = None

    @property
    def transfers(self) -> list[Transfer]:
        """The finished transfers with hash and country."""
        return self.complete(self.rows)

    @property
    def started(self) -> dict[int, int]:
        """Transfers started, by action."""
        return {op >> 2: count for op, count in enumerate(self.ops) if count and op & 3 == Outcome.STARTED}

    @property
    def lines(self) -> dict[LineKey, int]:
        """Number of lines by LineKey."""
        return line_counts(self.ops, self.other_lines)

    @property
    def line_count(self) -> int:
        """Of all lines."""
        return sum(filter(None, self.ops)) + sum(self.other_lines.values())
