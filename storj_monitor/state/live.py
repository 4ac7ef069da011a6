"""The last five minutes of one node, second by second: what the moving part of the page begins with."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import Action

RING_S = 300

IS_UP = tuple(op >> 2 in (Action.UNKNOWN_UP, Action.PUT, Action.PUT_REPAIR, Action.PUT_GRACEFUL_EXIT) for op in range(64))
"""By op: does the transfer bring data to the node."""


class Ring:
    """Bytes and transfers per second by direction, for the newest RING_S seconds by the lines' times.

    A cell belongs to second `s` as long as its stamp says so: old cells never have to be cleared.
    """

    def __init__(self) -> None:
        self._stamps = [0] * RING_S
        self._cells: list[list[int]] = [[0, 0, 0, 0] for _ in range(RING_S)]

    def add(self, transfers: Iterable[Transfer], now: float) -> None:
        """Count transfers whose second is within the ring; older and future ones are history, not now."""
        oldest, newest = int(now) - RING_S, int(now) + 2
        stamps, cells, is_up = self._stamps, self._cells, IS_UP
        for transfer in transfers:
            second = transfer[0] // 1000
            if not oldest < second <= newest:
                continue
            place = second % RING_S
            cell = cells[place]
            if stamps[place] != second:
                stamps[place] = second
                cell[0] = cell[1] = cell[2] = cell[3] = 0
            size = transfer[3] if transfer[3] > 0 else 0
            if is_up[transfer[2]]:
                cell[0] += size
                cell[2] += 1
            else:
                cell[1] += size
                cell[3] += 1

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
