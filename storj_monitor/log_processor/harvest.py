"""What one chunk gives: rows of finished transfers, events, errors and counts, put together to an EventBatch at the end."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import partial

from storj_monitor.log_processor.tally import KnownKeys, Tally
from storj_monitor.log_processor.transfers import MESSAGE_OF_OP, TRANSFER_LOGGER
from storj_monitor.model.events import UNKNOWN_DURATION, UNKNOWN_SIZE, ErrorSeen, LineKind, NodeEvent, Transfer
from storj_monitor.model.ids import Outcome, piece_hash

MAX_REMEMBERED = 1024
MAX_SIZE_BYTES = 2**62
COARSE_MS = 1000
FINE_MS = 1

Row = tuple[int, str, int, int, int, str, str, str]
"""A finished transfer: time_ms, satellite, op, size_bytes, duration_ms, piece_id, remote_address, reason."""

_OPS = max(MESSAGE_OF_OP) + 1
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_DIGITS = bytes.maketrans(_BASE32, b"0123456789abcdefghijklmnopqrstuv")
_PIECE_ID_LENGTH = 52
_new_transfer: Callable[[Sequence[object]], Transfer] = partial(tuple.__new__, Transfer)


def piece_hashes(piece_ids: Sequence[str]) -> list[int]:
    """`ids.piece_hash` of each, all at once: 16 characters of base32 are 80 bits, of which the first 64 are the hash."""
    heads = "".join([piece_id[:16] for piece_id in piece_ids]).encode()
    if set(map(len, piece_ids)) != {_PIECE_ID_LENGTH} or heads.translate(None, _BASE32):
        return [piece_hash(piece_id) for piece_id in piece_ids]
    digits = int(heads.translate(_TO_DIGITS), 32)
    return [value for (value,) in struct.iter_unpack(">Q2x", digits.to_bytes(10 * len(piece_ids), "big"))]


class Satellites(dict[str, str]):
    """The same satellite is the same text object: batches stay small and look-ups quick; bounded."""

    def __missing__(self, satellite: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        self[satellite] = satellite
        return satellite


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

    def settle_counts(self, keys: KnownKeys) -> None:
        """Turn the op counts of the fast path into line counts and starts."""
        for op, count in enumerate(self.counted_ops):
            if count:
                self.tally.add(keys.key(LineKind.UNDERSTOOD, TRANSFER_LOGGER, MESSAGE_OF_OP[op]), count)
                if op & 3 == Outcome.STARTED:
                    self.start(op >> 2, count)

    def start(self, action: int, count: int = 1) -> None:
        self.started[action] = self.started.get(action, 0) + count

    def resolution_ms(self) -> int:
        if max([row[4] for row in self.rows], default=UNKNOWN_DURATION) == UNKNOWN_DURATION:
            return 0
        return COARSE_MS if self.coarse else FINE_MS

    def transfers(self, satellites: Satellites, countries_of: Callable[[Sequence[str]], list[str]]) -> list[Transfer]:
        if not self.rows:
            return []
        times, raw_satellites, ops, sizes, durations, piece_ids, addresses, reasons = zip(*self.rows, strict=True)
        if max(sizes) > MAX_SIZE_BYTES:
            sizes = tuple([UNKNOWN_SIZE if size > MAX_SIZE_BYTES else size for size in sizes])
        columns = zip(
            times,
            [satellites[satellite] for satellite in raw_satellites],
            ops,
            sizes,
            durations,
            piece_hashes(piece_ids),
            piece_ids,
            countries_of([address.rpartition(":")[0] for address in addresses]),
            reasons,
            strict=True,
        )
        return list(map(_new_transfer, columns))
