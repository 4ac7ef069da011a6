"""Transfers as packed columns: how the database keeps single events, about 21 bytes each plus the sparse reasons.

A block is self-contained: satellites and reasons are indices into lists of its own, so that a worker process can pack
without knowing the numbers of the database.

Layout (little endian), n = number of events:
  u8 version=1, u32 n, i64 base_ms, u8 number of satellites, u16 number of reasoned events,
  satellites as u32 database ids, u32 x n ms since base, u64 x n piece hash, i32 x n size (-1 unknown),
  u8 x n satellite index, u8 x n op, durations as i32 x n ms (-1 unknown; left out when all are unknown, flag in version's high bit),
  (u32 event index, u32 reason id) per reasoned event.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from storj_monitor.model.events import UNKNOWN_DURATION, UNKNOWN_SIZE, Transfer

_HEADER = Struct("<BIqBI")
_VERSION = 1
_NO_DURATIONS = 0x80
_MAX_OFFSET_MS = 0xFFFFFFFF
_MAX_I32 = 0x7FFFFFFF
MAX_SATELLITES = 255
MAX_EVENTS = 8192


class PackedEvents(NamedTuple):
    """Columns of up to MAX_EVENTS transfers; `satellites` and `reasons` are still texts."""

    events: int
    from_ms: int
    to_ms: int
    has_durations: bool
    columns: bytes
    satellites: tuple[str, ...]
    reasoned: tuple[tuple[int, str], ...]


class StoredTransfer(NamedTuple):
    """One event read back; ids are those of the database, reason 0 means none."""

    time_ms: int
    satellite_id: int
    op: int
    size_bytes: int
    duration_ms: int
    piece: int
    reason_id: int


def pack_events(transfers: Sequence[Transfer]) -> list[PackedEvents]:
    """Pack transfers in order; a new block begins where a bound of the format is reached."""
    blocks: list[PackedEvents] = []
    for start in range(0, len(transfers), MAX_EVENTS):
        blocks += _pack(transfers[start : start + MAX_EVENTS])
    return blocks


def _pack(part: Sequence[Transfer]) -> list[PackedEvents]:
    times, sats, ops, sizes, durations, pieces, _, _, reasons = zip(*part, strict=True)
    low, high = min(times), max(times)
    names = tuple(dict.fromkeys(sats))
    # A log with a wrong clock may span more than the 49 days that 32 bits of milliseconds hold.
    if (high - low > _MAX_OFFSET_MS or len(names) > MAX_SATELLITES) and len(part) > 1:
        middle = len(part) // 2
        return _pack(part[:middle]) + _pack(part[middle:])
    index = {name: i for i, name in enumerate(names)}
    has_durations = max(durations) != UNKNOWN_DURATION
    columns = [
        _array("I", [time_ms - low for time_ms in times]),
        _array("Q", pieces),
        _array("i", sizes if max(sizes) <= _MAX_I32 else [min(size, _MAX_I32) for size in sizes]),
        bytes(map(index.__getitem__, sats)),
        bytes(ops),
    ]
    if has_durations:
        columns.append(_array("i", durations if max(durations) <= _MAX_I32 else [min(d, _MAX_I32) for d in durations]))
    reasoned = tuple((i, reason) for i, reason in enumerate(reasons) if reason) if any(reasons) else ()
    return [PackedEvents(len(part), low, high, has_durations, b"".join(columns), names, reasoned)]


def _array(code: str, values: Sequence[int]) -> bytes:
    packed = array(code, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def encode_block(packed: PackedEvents, satellite_ids: Sequence[int], reason_ids: Sequence[int]) -> bytes:
    """The bytes that the database stores; ids in the order of `packed.satellites` and of `packed.reasoned`."""
    version = _VERSION if packed.has_durations else _VERSION | _NO_DURATIONS
    parts = [
        _HEADER.pack(version, packed.events, packed.from_ms, len(packed.satellites), len(packed.reasoned)),
        _array("I", satellite_ids),
        packed.columns,
    ]
    if packed.reasoned:
        parts.append(_array("I", [n for (i, _), r in zip(packed.reasoned, reason_ids, strict=True) for n in (i, r)]))
    return b"".join(parts)


class Columns(NamedTuple):
    """A block as it is stored, column by column; `satellites` are indices into `satellite_ids`."""

    base_ms: int
    satellite_ids: array[int]
    offsets_ms: array[int]
    pieces: array[int]
    sizes: array[int]
    satellites: array[int]
    ops: array[int]
    durations: Sequence[int]
    reasons: dict[int, int]


def decode_columns(data: bytes) -> Columns:
    """Inverse of encode_block, for those who look at a few columns of many events."""
    version, count, base_ms, satellites, reasoned = _HEADER.unpack_from(data)
    if version & ~_NO_DURATIONS != _VERSION:
        raise ValueError(f"event block of unknown version {version}")
    view, at = memoryview(data), _HEADER.size

    def column(code: str, n: int, width: int) -> array[int]:
        nonlocal at
        values = array(code)
        values.frombytes(view[at : at + n * width])
        if sys.byteorder == "big":
            values.byteswap()
        at += n * width
        return values

    ids = column("I", satellites, 4)
    offsets, pieces, sizes = column("I", count, 4), column("Q", count, 8), column("i", count, 4)
    sats, ops = column("B", count, 1), column("B", count, 1)
    durations = [UNKNOWN_DURATION] * count if version & _NO_DURATIONS else column("i", count, 4)
    pairs = column("I", 2 * reasoned, 4)
    return Columns(base_ms, ids, offsets, pieces, sizes, sats, ops, durations, dict(zip(pairs[::2], pairs[1::2], strict=True)))


def decode_block(data: bytes) -> list[StoredTransfer]:
    """Inverse of encode_block."""
    c = decode_columns(data)
    return [
        StoredTransfer(
            c.base_ms + c.offsets_ms[i],
            c.satellite_ids[c.satellites[i]],
            c.ops[i],
            max(c.sizes[i], UNKNOWN_SIZE),
            c.durations[i],
            c.pieces[i],
            c.reasons.get(i, 0),
        )
        for i in range(len(c.pieces))
    ]
