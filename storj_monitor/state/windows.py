"""The last hour of one node, by the lines' own times. What is older leaves exactly, what is caught up late never counts as now."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.history import SatelliteMinute, TotalMinute
from storj_monitor.model.rollups import HOUR_S, MINUTE_S, Cell, ErrorCount, ErrorKey, NodeDelta
from storj_monitor.stats import SIZE_CLASSES

WINDOW_S = 3600
# A node's clock may be ahead of ours; lines further in the future than this are history of a wrong clock, not now.
AHEAD_S = 120


class _Minute:
    """What one minute holds: enough to take it out of the running sums again."""

    __slots__ = ("by_op", "by_satellite")

    def __init__(self) -> None:
        self.by_satellite: dict[tuple[str, int], list[int]] = {}
        self.by_op: dict[int, Cell] = {}


class Window:
    """Running sums over the last WINDOW_S seconds; kept in whole minutes and updated by difference.

    by_satellite -- (satellite, op) -> [count, bytes]
    by_op        -- op -> Cell with sizes and durations
    errors, countries -- by clock hour, the current and the previous one
    """

    def __init__(self) -> None:
        self.by_satellite: dict[tuple[str, int], list[int]] = {}
        self.by_op: dict[int, Cell] = {}
        self.errors: dict[int, dict[ErrorKey, ErrorCount]] = {}
        self.countries: dict[int, dict[tuple[str, str], list[int]]] = {}
        self._minutes: dict[int, _Minute] = {}

    def load(self, satellites: Iterable[SatelliteMinute], totals: Iterable[TotalMinute]) -> None:
        """Begin anew from rows of the database."""
        self.by_satellite.clear()
        self.by_op.clear()
        self._minutes.clear()
        for minute, satellite, op, count, size in satellites:
            self._add_satellite(minute, (satellite, op), count, size)
        for minute, op, cell in totals:
            self._add_op(minute, op, cell)

    def add(self, delta: NodeDelta, now: float) -> None:
        """Take in what was drained for a commit."""
        oldest = _minute(now) - WINDOW_S
        newest = now + AHEAD_S
        for key, cell in delta.cells.items():
            if oldest < key.start_s <= newest:
                self._add_satellite(key.start_s, (key.satellite, key.op), cell.count, cell.size_bytes)
                self._add_op(key.start_s, key.op, cell)
        hour = int(now) // HOUR_S * HOUR_S
        for error, seen in delta.errors.items():
            if error.start_s >= hour - HOUR_S:
                self.errors.setdefault(error.start_s, {}).setdefault(error._replace(start_s=0), ErrorCount()).merge(seen)
        for country, (count, size) in delta.countries.items():
            if country.start_s >= hour - HOUR_S:
                pair = self.countries.setdefault(country.start_s, {}).setdefault((country.country, country.direction), [0, 0])
                pair[0] += count
                pair[1] += size

    def expire(self, now: float) -> bool:
        """Let go of what is older than the window; True when something left."""
        oldest = _minute(now) - WINDOW_S
        gone = [minute for minute in self._minutes if minute <= oldest]
        for minute in gone:
            self._subtract(self._minutes.pop(minute))
        hour = int(now) // HOUR_S * HOUR_S - HOUR_S
        for kept in (self.errors, self.countries):
            for start in [start for start in kept if start < hour]:
                del kept[start]
        return bool(gone)

    def _add_satellite(self, minute: int, key: tuple[str, int], count: int, size: int) -> None:
        for sums in (self._minutes.setdefault(minute, _Minute()).by_satellite, self.by_satellite):
            pair = sums.setdefault(key, [0, 0])
            pair[0] += count
            pair[1] += size

    def _add_op(self, minute: int, op: int, cell: Cell) -> None:
        for sums in (self._minutes.setdefault(minute, _Minute()).by_op, self.by_op):
            known = sums.get(op)
            sums[op] = cell if known is None else known.plus(cell)

    def _subtract(self, minute: _Minute) -> None:
        for key, (count, size) in minute.by_satellite.items():
            pair = self.by_satellite[key]
            pair[0] -= count
            pair[1] -= size
            if not pair[0]:
                del self.by_satellite[key]
        for op, cell in minute.by_op.items():
            known = self.by_op[op]
            if known.count == cell.count:
                del self.by_op[op]
            else:
                self.by_op[op] = _minus(known, cell)


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
