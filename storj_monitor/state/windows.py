"""The last hour of one node, by the lines' own times. What is older leaves exactly, what is caught up late never counts as now."""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Hashable
from typing import TypeVar

from storj_monitor.model.rollups import MINUTE_S, Cell, ErrorCount, ErrorKey, NodeDelta, NodeHistory
from storj_monitor.model.severity import classify, fold_class
from storj_monitor.stats import SIZE_CLASSES

WINDOW_S = 3600
# A node's clock may be ahead of ours; lines further in the future than this are history of a wrong clock, not now.
AHEAD_S = 120
# Texts come from logs, and a log may be full of noise: what is new beyond these bounds is counted as OTHER.
MAX_ERRORS = 1000
MAX_SEVERE_ERRORS = 200
MAX_SATELLITES = 4000
OTHER = "(other)"

K = TypeVar("K", bound=Hashable)


class _Minute:
    """What one minute holds: enough to take it out of the running sums again."""

    __slots__ = ("by_country", "by_op", "by_satellite", "errors")

    def __init__(self) -> None:
        self.by_satellite: dict[tuple[str, int], list[int]] = {}
        self.by_op: dict[int, Cell] = {}
        self.by_country: dict[tuple[str, str], list[int]] = {}
        self.errors: dict[ErrorKey, int] = {}

    def pack(self) -> bytes:
        """The same in far less memory: sixty minutes of a hundred nodes are held only to be let go of one by one."""
        cells = {
            op: (c.count, c.size_bytes, c.timed, c.duration_sum_ms, c.duration_max_ms, c.buckets, c.sizes) for op, c in self.by_op.items()
        }
        errors = [(tuple(key), count) for key, count in self.errors.items()]
        return zlib.compress(marshal.dumps((self.by_satellite, cells, self.by_country, errors)), level=1)

    @classmethod
    def unpack(cls, packed: bytes) -> _Minute:
        minute = cls()
        minute.by_satellite, cells, minute.by_country, errors = marshal.loads(zlib.decompress(packed))  # our own bytes
        minute.by_op = {op: Cell(*fields) for op, fields in cells.items()}
        minute.errors = {ErrorKey(*key): count for key, count in errors}
        return minute


class Window:
    """Running sums over the last WINDOW_S seconds; kept in whole minutes and updated by difference.

    by_satellite -- (satellite, op) -> [count, bytes]
    by_op        -- op -> Cell with sizes and durations
    by_country   -- (country, direction) -> [count, bytes]
    errors       -- folded error (start_s = 0) -> count, first and last time, newest example
    since_s      -- errors and countries are kept by the hour on disk: after a restart they begin with the clock hour, and this says so
    """

    def __init__(self) -> None:
        self.by_satellite: dict[tuple[str, int], list[int]] = {}
        self.by_op: dict[int, Cell] = {}
        self.by_country: dict[tuple[str, str], list[int]] = {}
        self.errors: dict[ErrorKey, ErrorCount] = {}
        self.since_s = 0
        self._minutes: dict[int, _Minute] = {}
        self._packed: dict[int, bytes] = {}

    def load(self, history: NodeHistory) -> None:
        """Begin anew from rows of the database."""
        for kept in (self.by_satellite, self.by_op, self.by_country, self.errors, self._minutes, self._packed):
            kept.clear()
        for minute, satellite, op, count, size in history.satellites:
            _add_pair(self._minute(minute).by_satellite, self.by_satellite, (satellite, op), count, size)
        for minute, op, cell in history.totals:
            self._add_op(minute, op, cell)
        self.since_s = history.hour_s
        for (country, direction), (count, size) in history.countries.items():
            _add_pair(self._minute(self.since_s).by_country, self.by_country, (country, direction), count, size)
        for error, seen in history.errors.items():
            self._add_error(self.since_s, error, seen)
        self._pack(max(self._minutes, default=0))

    def add(self, delta: NodeDelta, now: float) -> None:
        """Take in what was drained for a commit."""
        oldest = _minute(now) - WINDOW_S
        newest = now + AHEAD_S
        for key, cell in delta.cells.items():
            if oldest < key.start_s <= newest:
                minute = self._minute(key.start_s)
                satellite = (key.satellite, key.op)
                if satellite not in self.by_satellite and len(self.by_satellite) >= MAX_SATELLITES:
                    satellite = (OTHER, key.op)
                _add_pair(minute.by_satellite, self.by_satellite, satellite, cell.count, cell.size_bytes)
                self._add_op(key.start_s, key.op, cell)
        for country, (count, size) in delta.countries.items():
            if oldest < country.start_s <= newest:
                of_minute = self._minute(country.start_s).by_country
                _add_pair(of_minute, self.by_country, (country.country, country.direction), count, size)
        for error, seen in delta.errors.items():
            if oldest < error.start_s <= newest:
                self._add_error(error.start_s, error._replace(start_s=0), seen)

    def expire(self, now: float) -> bool:
        """Let go of what is older than the window; True when something left."""
        oldest = _minute(now) - WINDOW_S
        gone = [start_s for held in (self._minutes, self._packed) for start_s in held if start_s <= oldest]
        for start_s in gone:
            self._subtract(self._minute(start_s), (oldest + MINUTE_S) * 1000)
            del self._minutes[start_s]
        self._pack(_minute(now) - MINUTE_S)
        return bool(gone)

    def _minute(self, start_s: int) -> _Minute:
        minute = self._minutes.get(start_s)
        if minute is None:
            packed = self._packed.pop(start_s, None)
            minute = self._minutes[start_s] = _Minute() if packed is None else _Minute.unpack(packed)
        return minute

    def _pack(self, before_s: int) -> None:
        """Minutes that hardly anything will be added to any more."""
        for start_s in [start_s for start_s in self._minutes if start_s < before_s]:
            self._packed[start_s] = self._minutes.pop(start_s).pack()

    def _add_op(self, start_s: int, op: int, cell: Cell) -> None:
        for sums in (self._minute(start_s).by_op, self.by_op):
            known = sums.get(op)
            sums[op] = cell if known is None else known.plus(cell)

    def _add_error(self, start_s: int, error: ErrorKey, seen: ErrorCount) -> None:
        if error not in self.errors and len(self.errors) >= MAX_ERRORS:
            kind = classify(*error[1:])
            if not kind.is_severe or len(self.errors) >= MAX_ERRORS + MAX_SEVERE_ERRORS:
                error = ErrorKey(0, error.level, *fold_class(kind))
        of_minute = self._minute(start_s).errors
        of_minute[error] = of_minute.get(error, 0) + seen.count
        self.errors.setdefault(error, ErrorCount()).merge(seen)

    def _subtract(self, minute: _Minute, begin_ms: int) -> None:
        for key, (count, size) in minute.by_satellite.items():
            _add_pair({}, self.by_satellite, key, -count, -size)
        for place, (count, size) in minute.by_country.items():
            _add_pair({}, self.by_country, place, -count, -size)
        for op, cell in minute.by_op.items():
            known = self.by_op[op]
            if known.count == cell.count:
                del self.by_op[op]
            else:
                self.by_op[op] = _minus(known, cell)
        for error, count in minute.errors.items():
            left = self.errors[error]
            left.count -= count
            left.first_ms = max(left.first_ms, begin_ms)
            if not left.count:
                del self.errors[error]


def _add_pair(part: dict[K, list[int]], total: dict[K, list[int]], key: K, count: int, size: int) -> None:
    """Add to a part and to the running total; a total without transfers is gone."""
    for sums in (part, total):
        pair = sums.get(key)
        if pair is None:
            pair = sums[key] = [0, 0]
        pair[0] += count
        pair[1] += size
    if not total[key][0]:
        del total[key]


def _minute(now: float) -> int:
    return int(now) // MINUTE_S * MINUTE_S


def _minus(total: Cell, part: Cell) -> Cell:
    """Inverse of Cell.plus; the maximum can only be kept (it is a bound, percentiles come from the buckets)."""
    buckets = {b: n - part.buckets.get(b, 0) for b, n in total.buckets.items()}
    return Cell(
        total.count - part.count,
        total.size_bytes - part.size_bytes,
        total.timed - part.timed,
        total.duration_sum_ms - part.duration_sum_ms,
        total.duration_max_ms,
        {b: n for b, n in buckets.items() if n},
        [total.sizes[i] - part.sizes[i] for i in range(SIZE_CLASSES)],
    )
