"""Arithmetic on numbers: a mergeable duration sketch and size classes. Pure.

The sketch is a DDSketch (Masson, Rim, Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch"): a value v falls in
bucket ceil(log_gamma(v)), gamma = (1 + a) / (1 - a), so every quantile is off by at most a fraction a of its value.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import TypeVar

RELATIVE_ERROR = 0.01
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)

K = TypeVar("K", bound=Hashable)

Buckets = dict[int, int]
"""Sketch in memory: bucket number -> count. Bucket -1 holds zeros (durations below the clock's resolution)."""

ZERO_BUCKET = -1
_MAX_COUNT = 0xFFFFFFFF


@lru_cache(maxsize=65536)
def bucket_of(value: int) -> int:
    """Bucket of a whole, non-negative value."""
    return ZERO_BUCKET if value <= 0 else max(0, math.ceil(math.log(value) / _LOG_GAMMA - 1e-9))


def bucket_value(bucket: int) -> float:
    """The value that stands for a bucket: the relative middle of its bounds."""
    return 0.0 if bucket == ZERO_BUCKET else 2 * _GAMMA**bucket / (_GAMMA + 1)


def add_counts(into: dict[K, int], more: Mapping[K, int]) -> None:
    """Add counts by key; two sketches become one."""
    for key, count in more.items():
        into[key] = into.get(key, 0) + count


def quantile(buckets: Mapping[int, int], q: float) -> float | None:
    """The q-quantile (0..1) of what was counted, None when nothing was."""
    total = sum(buckets.values())
    if not total:
        return None
    rank = q * (total - 1)
    seen = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen > rank:
            return bucket_value(bucket)
    return bucket_value(max(buckets))


def encode_sketch(buckets: Mapping[int, int]) -> bytes | None:
    """Sketch on disk: n bucket numbers + 1 as u16, then their n counts as u32, little endian. None when empty.

    Fixed widths, because reading matters more than a few bytes: an answer over a day decodes thousands of sketches.
    """
    if not buckets:
        return None
    return _bytes_of("H", [bucket + 1 for bucket in buckets]) + _bytes_of("I", [min(count, _MAX_COUNT) for count in buckets.values()])


def decode_sketch(data: bytes | None) -> Buckets:
    """Inverse of encode_sketch."""
    if not data:
        return {}
    size = len(data) // 6 * 2
    return dict(zip([bucket - 1 for bucket in _numbers("H", data[:size])], _numbers("I", data[size:]), strict=True))


def _bytes_of(code: str, values: list[int]) -> bytes:
    numbers = array(code, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _numbers(code: str, data: bytes) -> array[int]:
    numbers = array(code, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def merge_sketches(a: bytes | None, b: bytes | None) -> bytes | None:
    """Two encoded sketches become one; registered with SQLite as `sketch_merge`."""
    if a is None:
        return b
    if b is None:
        return a
    buckets = decode_sketch(a)
    add_counts(buckets, decode_sketch(b))
    return encode_sketch(buckets)


SIZE_CLASS_BOUNDS_BYTES = (0, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 21)
"""Lower bounds of the eight size classes; the last class is open."""

SIZE_CLASSES = len(SIZE_CLASS_BOUNDS_BYTES)

_CLASS_BY_BITS = (0,) * 11 + (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6) + (7,) * 64


def class_of_bits(bits: int) -> int:
    """Class 0..7 of all sizes with this `int.bit_length`: the bounds are powers of two."""
    return _CLASS_BY_BITS[bits]
