"""The last six weeks of one series, hour by hour: what baselines are made of. Bounded, mergeable, one small blob.

Five columns of 1008 whole numbers of 16 bits, 10 kB: count, share not successful, share failed, and mean and deviation of the
logarithm of durations. An hour that was not watched, or in which a metric was out of order, is empty in that column.
"""

from __future__ import annotations

import math
import sys
import zlib
from array import array
from collections.abc import Mapping
from functools import lru_cache

from storj_monitor.model.ids import DIRECTIONS, Action, Outcome, op_action
from storj_monitor.model.rollups import Cell
from storj_monitor.stats import bucket_value

# ---- What a minute or an hour of one direction showed, as six sums that can be added and taken apart again.


OFFSET_MS = 200.0
"""Added to durations before the logarithm: logs with whole seconds have many durations of 0."""

UP = 0
DOWN = 1
SIDE_BY_OP = tuple(DIRECTIONS.index(op_action(op).direction) if op >> 2 < len(Action) else DOWN for op in range(64))


class Sums:
    """Transfers, those not successful, those failed; timed successes with sum and square sum of ln(duration + OFFSET_MS)."""

    __slots__ = ("bad", "failed", "logs", "n", "squares", "timed")

    def __init__(self) -> None:
        self.n = 0
        self.bad = 0
        self.failed = 0
        self.timed = 0
        self.logs = 0.0
        self.squares = 0.0

    def add_cell(self, op: int, cell: Cell) -> None:
        """Take in a rollup cell of one op."""
        outcome = op & 3
        self.n += cell.count
        if outcome != Outcome.SUCCESS:
            self.bad += cell.count
            if outcome == Outcome.FAILED:
                self.failed += cell.count
        elif cell.timed:
            timed, logs, squares = _log_sums(cell.buckets)
            self.timed += timed
            self.logs += logs
            self.squares += squares

    def add(self, other: Sums) -> None:
        self.n += other.n
        self.bad += other.bad
        self.failed += other.failed
        self.timed += other.timed
        self.logs += other.logs
        self.squares += other.squares


def _log_sums(buckets: Mapping[int, int]) -> tuple[int, float, float]:
    timed = 0
    logs = squares = 0.0
    for bucket, count in buckets.items():
        value = _log_of(bucket)
        timed += count
        value_sum = value * count
        logs += value_sum
        squares += value_sum * value
    return timed, logs, squares


@lru_cache(maxsize=4096)
def _log_of(bucket: int) -> float:
    return math.log(bucket_value(bucket) + OFFSET_MS)


def milliseconds(log_mean: float) -> float:
    """The duration that a mean of logarithms stands for."""
    return max(0.0, math.exp(log_mean) - OFFSET_MS)


# ---- The last six weeks of one series, hour by hour: what baselines are made of. Bounded, mergeable, one small blob.


HOURS = 6 * 168
EMPTY = 0xFFFF
COUNT, BAD, FAILED, LATENCY, NOISE = range(5)
COLUMNS = 5
_SHARE = 60_000
_LOG = 3_000
_FORMAT = b"\x01"
_HEAD_BYTES = 5


class HourHistory:
    """Ring of hours; `newest` is the number (Unix seconds // 3600) of the newest hour put in, -1 for none."""

    __slots__ = ("columns", "newest")

    def __init__(self) -> None:
        self.newest = -1
        self.columns = [array("H", [EMPTY]) * HOURS for _ in range(COLUMNS)]

    def put(self, hour: int, sums: Sums, skipped: frozenset[int] = frozenset(), minutes: int = 60) -> None:
        """Put in an hour of which `minutes` were watched; columns in `skipped` stay empty. An hour older than the ring is left out."""
        if not self._open(hour):
            return
        values = [min(EMPTY - 1, round(math.log1p(sums.n * 60 / minutes) * _LOG)), EMPTY, EMPTY, EMPTY, EMPTY]
        if sums.n:
            values[BAD] = round(sums.bad / sums.n * _SHARE)
            values[FAILED] = round(sums.failed / sums.n * _SHARE)
        if sums.timed:
            mean = sums.logs / sums.timed
            values[LATENCY] = min(EMPTY - 1, round(mean * _LOG))
            if sums.timed > 1:
                variance = (sums.squares - sums.logs * mean) / (sums.timed - 1)
                values[NOISE] = min(EMPTY - 1, round(math.sqrt(max(0.0, variance)) * _LOG))
        place = hour % HOURS
        for column, value in enumerate(values):
            self.columns[column][place] = EMPTY if column in skipped else value

    def forget_before(self, hour: int, columns: frozenset[int]) -> None:
        """Empty these columns in all hours before `hour`: what was normal is no longer."""
        for number in range(max(0, self.newest - HOURS + 1), min(hour, self.newest + 1)):
            for column in columns:
                self.columns[column][number % HOURS] = EMPTY

    def known(self) -> int:
        """Number of hours that were watched."""
        return HOURS - self.columns[COUNT].count(EMPTY)

    def count(self, hour: int) -> float | None:
        """Transfers in an hour, None when it was not watched."""
        code = self._code(COUNT, hour)
        return None if code == EMPTY else math.expm1(code / _LOG)

    def value(self, column: int, hour: int) -> float | None:
        """Share (0..1) or logarithm of one hour, None when empty."""
        code = self._code(column, hour)
        if code == EMPTY:
            return None
        return code / (_SHARE if column in (BAD, FAILED) else _LOG)

    def merge(self, other: HourHistory) -> None:
        """Take in another history of the same series: per hour the one that saw more."""
        for hour in range(max(0, other.newest - HOURS + 1), other.newest + 1):
            theirs = other._code(COUNT, hour)
            if theirs == EMPTY or not self._open(hour):
                continue
            place = hour % HOURS
            mine = self.columns[COUNT][place]
            if mine == EMPTY or mine < theirs:
                for column in range(COLUMNS):
                    self.columns[column][place] = other.columns[column][place]

    def encode(self) -> bytes:
        """The blob. Neighbouring hours are alike, so differences pack well."""
        out = bytearray()
        for column in self.columns:
            deltas = array("H", [(column[i] - column[i - 24]) & 0xFFFF for i in range(HOURS)])
            if sys.byteorder == "big":
                deltas.byteswap()
            data = deltas.tobytes()
            out += data[0::2] + data[1::2]
        plain = b"".join(column[:24].tobytes() for column in map(_little, self.columns))
        return _FORMAT + (self.newest + 1).to_bytes(_HEAD_BYTES - 1, "little") + zlib.compress(plain + bytes(out), 6)

    @classmethod
    def decode(cls, blob: bytes) -> HourHistory | None:
        """Inverse of encode; None for what is no such blob."""
        if blob[:1] != _FORMAT:
            return None
        try:
            data = zlib.decompress(blob[_HEAD_BYTES:])
        except zlib.error:
            return None
        first_bytes = COLUMNS * 24 * 2
        if len(data) != first_bytes + COLUMNS * HOURS * 2:
            return None
        found = cls()
        found.newest = int.from_bytes(blob[1:_HEAD_BYTES], "little") - 1
        for number in range(COLUMNS):
            first = _numbers(data[number * 48 : number * 48 + 48])
            at = first_bytes + number * HOURS * 2
            low, high = data[at : at + HOURS], data[at + HOURS : at + 2 * HOURS]
            column = found.columns[number]
            column[:24] = first
            for i in range(24, HOURS):
                column[i] = (column[i - 24] + (low[i] | high[i] << 8)) & 0xFFFF
        return found

    def _code(self, column: int, hour: int) -> int:
        if hour > self.newest or hour <= self.newest - HOURS or hour < 0:
            return EMPTY
        return self.columns[column][hour % HOURS]

    def _open(self, hour: int) -> bool:
        """Make room up to `hour`; False when it is too old to be kept."""
        if hour <= self.newest - HOURS:
            return False
        if hour > self.newest:
            first = max(self.newest + 1, hour - HOURS + 1)
            for number in range(first, hour + 1):
                for column in self.columns:
                    column[number % HOURS] = EMPTY
            self.newest = hour
        return True


def _little(column: array[int]) -> array[int]:
    copy = column[:]
    if sys.byteorder == "big":
        copy.byteswap()
    return copy


def _numbers(data: bytes) -> array[int]:
    found = array("H")
    found.frombytes(data)
    if sys.byteorder == "big":
        found.byteswap()
    return found
