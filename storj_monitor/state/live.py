"""The last five minutes of one node, second by second: what the moving part of the page begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storj_monitor.model.events import Row
from storj_monitor.model.ids import Action

RING_S = 300
# Rows are summed up in one go when so many of them wait, or after so long: many short loops with cold caches cost far more.
MAX_WAITING = 1024
SUM_UP_S = 1.0
# Seconds in front of now that are still now: clocks differ a little.
AHEAD_S = 2

IS_UP = tuple(op >> 2 in (Action.UNKNOWN_UP, Action.PUT, Action.PUT_REPAIR, Action.PUT_GRACEFUL_EXIT) for op in range(64))
"""By op: does the transfer bring data to the node."""


class Totals(NamedTuple):
    """What some transfers moved: second -> [up_bytes, down_bytes, up_ops, down_ops], op -> [count, bytes]."""

    seconds: dict[int, list[int]]
    ops: dict[int, list[int]]


def totals_of(rows: Iterable[Row]) -> Totals:
    """Sums of transfers."""
    seconds: dict[int, list[int]] = {}
    ops: dict[int, list[int]] = {}
    is_up = IS_UP
    for time_ms, _, op, size, _, _, _, _ in rows:
        if size < 0:
            size = 0
        second = time_ms // 1000
        cell = seconds.get(second)
        if cell is None:
            cell = seconds[second] = [0, 0, 0, 0]
        if is_up[op]:
            cell[0] += size
            cell[2] += 1
        else:
            cell[1] += size
            cell[3] += 1
        pair = ops.get(op)
        if pair is None:
            pair = ops[op] = [0, 0]
        pair[0] += 1
        pair[1] += size
    return Totals(seconds, ops)


class Ring:
    """Bytes and transfers per second by direction, for the newest RING_S seconds by the lines' times.

    A cell belongs to second `s` as long as its stamp says so: old cells never have to be cleared.
    """

    def __init__(self) -> None:
        self._stamps = [0] * RING_S
        self._columns = tuple([0] * RING_S for _ in range(4))
        self._waiting: list[Row] = []
        self._summed_up_at = 0.0

    def add(self, rows: Sequence[Row], now: float, newest_ms: int) -> None:
        """Take in transfers that were read just now, the newest of them (or later) at `newest_ms`.

        Lines ahead of now are judged by the time at which they come, so they do not wait.
        """
        self._waiting += rows
        ahead = newest_ms >= (int(now) + AHEAD_S) * 1000
        if ahead or len(self._waiting) > MAX_WAITING or not 0 <= now - self._summed_up_at < SUM_UP_S:
            self._sum_up(now)

    def _sum_up(self, now: float) -> None:
        """What is within the ring, which ends AHEAD_S after now; older and future ones are history, not now."""
        waiting, self._waiting, self._summed_up_at = self._waiting, [], now
        newest = int(now) + AHEAD_S
        oldest = newest - RING_S
        for second, moved in totals_of(waiting).seconds.items():
            if not oldest < second <= newest:
                continue
            place = second % RING_S
            begun = self._stamps[place] == second
            self._stamps[place] = second
            for column, value in zip(self._columns, moved, strict=True):
                column[place] = (column[place] if begun else 0) + value

    def columns(self, now: float) -> list[list[int]]:
        """[up_bytes, down_bytes, up_ops, down_ops], each RING_S numbers, oldest first, the last one for the second of `now`."""
        self._sum_up(now)
        end = int(now)
        places = [(second % RING_S, second) for second in range(end - RING_S + 1, end + 1)]
        stamps = self._stamps
        return [[column[place] if stamps[place] == second else 0 for place, second in places] for column in self._columns]
