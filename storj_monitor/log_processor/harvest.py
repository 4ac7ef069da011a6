"""What one chunk gives: rows of finished transfers, events, errors and counts, put together to an EventBatch at the end."""

from __future__ import annotations

from itertools import compress

from storj_monitor.log_processor.tally import KnownKeys, Tally
from storj_monitor.log_processor.transfers import KEY_OF_OP, TRANSFER_LOGGER
from storj_monitor.model.events import UNKNOWN_DURATION, UNKNOWN_SIZE, ErrorSeen, NodeEvent, Row
from storj_monitor.model.ids import Outcome
from storj_monitor.model.log_character import LogForm

MAX_SIZE_BYTES = 2**62
COARSE_MS = 1000
FINE_MS = 1

_OPS = max(KEY_OF_OP) + 1
_EVERY_OP = range(_OPS)
_NOTHING: frozenset[str] = frozenset()
_STARTED = int(Outcome.STARTED)
_FAILED = int(Outcome.FAILED)


class Harvest:
    """Filled by the fast and the exact path alike, in the order of the lines."""

    def __init__(self, keys: KnownKeys) -> None:
        self.rows: list[Row] = []
        self.events: list[NodeEvent] = []
        self.errors: list[ErrorSeen] = []
        self.started: dict[int, int] = {}
        self.tally = Tally(keys)
        self.counted_ops = [0] * _OPS
        """Lines of the fast path by what they became; the exact path counts its own."""
        self.newest_ms = 0
        self.coarse = False
        """A time that was used for a duration had whole seconds only."""
        self.form = LogForm.NONE
        """Of the last line of a node."""
        self.wrappers: frozenset[str] = _NOTHING
        """What stood around lines, in words."""
        self.levels: set[str] = set()
        self.transfer_levels: set[str] = set()
        """Levels of lines: of those about transfers (of failed ones the errors tell), and of all others."""

    def settle_counts(self) -> None:
        """Turn the op counts of the fast path into line counts, starts and levels."""
        counted = self.counted_ops
        for op in compress(_EVERY_OP, counted):
            self.tally.add(KEY_OF_OP[op], counted[op])
            if op & 3 == _STARTED:
                self.start(op >> 2, counted[op])
            if op & 3 != _FAILED:
                # starts are DEBUG lines since v1.116: beside results at INFO that makes no difference
                self.transfer_levels.add("INFO")
        for error in self.errors:
            if error.logger == TRANSFER_LOGGER:
                self.transfer_levels.add(error.level)

    def start(self, action: int, count: int = 1) -> None:
        self.started[action] = self.started.get(action, 0) + count

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
