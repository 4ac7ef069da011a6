"""The last five minutes of one node, second by second: what the moving part of the page begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from storj_monitor.model.events import Row
from storj_monitor.model.ids import Action

RING_S = 300
# Seconds in front of now that are still now: clocks differ a little.
AHEAD_S = 2

IS_UP = tuple(op >> 2 in (Action.UNKNOWN_UP, Action.PUT, Action.PUT_REPAIR, Action.PUT_GRACEFUL_EXIT) for op in range(64))
"""By op: does the transfer bring data to the node."""


class Totals(NamedTuple):
    """What a batch moved: second -> [up_bytes, down_bytes, up_ops, down_ops], op -> [count, bytes]."""

    seconds: dict[int, list[int]]
    ops: dict[int, list[int]]


def totals_of(rows: Iterable[Row]) -> Totals:
    """Sums of a batch, made once for the ring and for every open page."""
    seconds: dict[int, list[int]] = {}
    ops: dict[int, list[int]] = {}
    is_up = IS_UP
    for time_ms, _, op, size, *_ in rows:
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


def add_columns(into: dict[int, list[int]], more: Mapping[int, Sequence[int]]) -> None:
    """Add rows of numbers by key."""
    for key, values in more.items():
        known = into.get(key)
        if known is None:
            into[key] = list(values)
        else:
            for i, value in enumerate(values):
                known[i] += value


class Ring:
    """Bytes and transfers per second by direction, for the newest RING_S seconds by the lines' times.

    A cell belongs to second `s` as long as its stamp says so: old cells never have to be cleared.
    """

    def __init__(self) -> None:
        self._stamps = [0] * RING_S
        self._cells: list[list[int]] = [[0, 0, 0, 0] for _ in range(RING_S)]

    def add(self, seconds: Mapping[int, Sequence[int]], now: float) -> None:
        """Add totals by second, where they are within the ring; older and future ones are history, not now."""
        oldest, newest = int(now) - RING_S, int(now) + AHEAD_S
        for second, (up_bytes, down_bytes, up_ops, down_ops) in seconds.items():
            if not oldest < second <= newest:
                continue
            place = second % RING_S
            cell = self._cells[place]
            if self._stamps[place] != second:
                self._stamps[place] = second
                cell[0] = cell[1] = cell[2] = cell[3] = 0
            cell[0] += up_bytes
            cell[1] += down_bytes
            cell[2] += up_ops
            cell[3] += down_ops

    def columns(self, now: float) -> list[list[int]]:
        """[up_bytes, down_bytes, up_ops, down_ops], each RING_S numbers, oldest first, the last one for the second of `now`."""
        end = int(now)
        columns: list[list[int]] = [[], [], [], []]
        for second in range(end - RING_S + 1, end + 1):
            place = second % RING_S
            cell = self._cells[place] if self._stamps[place] == second else (0, 0, 0, 0)
            for column, value in zip(columns, cell, strict=True):
                column.append(value)
        return columns
