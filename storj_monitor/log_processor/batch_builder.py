"""What one chunk gives: rows of finished transfers, events, errors and counts, put together to an EventBatch at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from storj_monitor.log_processor.line_state import CountryLookup
from storj_monitor.model.events import OPS, UNKNOWN_DURATION, UNKNOWN_SIZE, ErrorSeen, LineKey, LineKind, NodeEvent, Row, Transfer
from storj_monitor.model.ids import piece_hashes
from storj_monitor.model.log_character import LogForm
from storj_monitor.units import plain_text

# ---- An honest count of every line, by class, logger and message, with samples of what was not used. The number of keys is bounded.


MAX_KEYS = 2000
MAX_KEY_TEXT = 200
MAX_SAMPLE = 500
OTHER = "(other)"


class KnownKeys:
    """The keys of one log so far: beyond MAX_KEYS, further ones are counted as (other)."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], LineKey] = {}

    def key(self, kind: str, logger: str, message: str) -> LineKey:
        found = self._known.get((kind, logger, message))
        if found is None:
            if len(self._known) >= MAX_KEYS - 3:
                return LineKey(kind, OTHER, OTHER)
            found = LineKey(kind, plain_text(logger[:MAX_KEY_TEXT], MAX_KEY_TEXT), plain_text(message[:MAX_KEY_TEXT], MAX_KEY_TEXT))
            self._known[kind, logger, message] = found
        return found


# ---- Finished transfers get what their lines do not say themselves: the hash of the piece, and the country of the remote address.
#
# Both cost far less for many rows at once than for a few, so batches carry rows, and those of some seconds are completed together.


MAX_REMEMBERED = 1024
# An id of a satellite has some 50 characters, that of a piece 52; what is longer is noise in a log.
MAX_SATELLITE, MAX_PIECE_ID = 100, 100
_new_transfer: Callable[[Sequence[object]], Transfer] = partial(tuple.__new__, Transfer)


class Enricher:
    """Of one node's rows, in order."""

    def __init__(self, country_of: Callable[[str], str]) -> None:
        self._countries_of = _for_many(country_of)
        self._satellites = _Satellites()

    def __call__(self, rows: Sequence[Row]) -> list[Transfer]:
        if not rows:
            return []
        times, raw_satellites, ops, sizes, durations, piece_ids, addresses, reasons = zip(*rows, strict=True)
        satellites = self._satellites
        columns = zip(
            times,
            [satellites[satellite] for satellite in raw_satellites],
            ops,
            sizes,
            durations,
            piece_hashes(piece_ids),
            piece_ids if _are_plain(piece_ids) else [plain_text(piece_id, MAX_PIECE_ID) for piece_id in piece_ids],
            self._countries_of([address.rpartition(":")[0] for address in addresses]),
            reasons,
            strict=True,
        )
        return list(map(_new_transfer, columns))


def _are_plain(piece_ids: Sequence[str]) -> bool:
    """Letters and digits only, as all real ones: of bytes that is told far quicker than of text."""
    joined = "".join(piece_ids)
    return joined.isascii() and joined.encode().isalnum()


class _Satellites(dict[str, str]):
    """The same satellite is the same text object: batches stay small and look-ups quick; bounded."""

    def __missing__(self, satellite: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        found = self[satellite] = plain_text(satellite, MAX_SATELLITE)
        return found


def _for_many(country_of: Callable[[str], str]) -> Callable[[Sequence[str]], list[str]]:
    """The table answers many at once quicker; anything else is asked one by one."""
    if isinstance(country_of, CountryLookup):
        return country_of.many
    return lambda hosts: [country_of(host) for host in hosts]


# ---- What one chunk gives: rows of finished transfers, events, errors and counts, put together to an EventBatch at the end.


MAX_SIZE_BYTES = 2**62
COARSE_MS = 1000
FINE_MS = 1

_NOTHING: frozenset[str] = frozenset()
_no_ops = ([0] * OPS).copy


class BatchBuilder(msgspec.Struct, gc=False):
    """Filled by the fast and the full parser alike, in the order of the lines.

    ops       -- lines about transfers by op code
    lines     -- all others; `samples`: one of each key that is not used
    newest_ms -- see EventBatch
    coarse    -- a time that was used for a duration had whole seconds only
    form      -- of the last line of a node
    envelopes  -- what stood around lines, in words
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
    envelopes: frozenset[str] = _NOTHING
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
