"""What one chunk gives: rows of finished transfers, events, errors and counts, put together to an EventBatch at the end."""

from __future__ import annotations

import msgspec

from storj_monitor.log_processor.tally import MAX_SAMPLE, KnownKeys
from storj_monitor.model.events import OPS, UNKNOWN_DURATION, UNKNOWN_SIZE, ErrorSeen, LineKey, LineKind, NodeEvent, Row
from storj_monitor.model.log_character import LogForm
from storj_monitor.units import plain_text

MAX_SIZE_BYTES = 2**62
COARSE_MS = 1000
FINE_MS = 1

_NOTHING: frozenset[str] = frozenset()
_no_ops = ([0] * OPS).copy


class Harvest(msgspec.Struct, gc=False):
    """Filled by the fast and the exact path alike, in the order of the lines.

    ops       -- lines about transfers by op code
    lines     -- all others; `samples`: one of each key that is not used
    newest_ms -- see EventBatch
    coarse    -- a time that was used for a duration had whole seconds only
    form      -- of the last line of a node
    wrappers  -- what stood around lines, in words
    levels, transfer_levels -- of lines: of those about transfers (of failed ones the errors tell), and of all others
    """

    keys: KnownKeys
    rows: list[Row] = []
    events: list[NodeEvent] = []
    errors: list[ErrorSeen] = []
    ops: list[int] = msgspec.field(default_factory=_no_ops)
    lines: dict[LineKey, int] = {}
    samples: dict[LineKey, str] = {}
    newest_ms: int = 0
    coarse: bool = False
    form: LogForm = LogForm.NONE
    wrappers: frozenset[str] = _NOTHING
    levels: set[str] = set()
    transfer_levels: set[str] = set()

    def count(self, kind: str, logger: str, message: str, line: bytes, times: int = 1) -> None:
        """Lines that are not counted by op code."""
        key = self.keys.key(kind, logger, message)
        self.lines[key] = self.lines.get(key, 0) + times
        if kind != LineKind.UNDERSTOOD and key not in self.samples:
            self.samples[key] = plain_text(line[: 4 * MAX_SAMPLE].decode("utf-8", "replace")[:MAX_SAMPLE], MAX_SAMPLE, keep="\t\n")

    def resolution_ms(self) -> int:
        for row in self.rows:
            if row[4] != UNKNOWN_DURATION:
                return COARSE_MS if self.coarse else FINE_MS
        return 0

    def settled_rows(self) -> list[Row]:
        """The rows; a size that no piece can have is unknown."""
        rows = self.rows
        if rows and max([row[3] for row in rows]) > MAX_SIZE_BYTES:
            return [(*row[:3], UNKNOWN_SIZE, *row[4:]) if row[3] > MAX_SIZE_BYTES else row for row in rows]
        return rows
