"""What a minute or an hour of one direction showed, as six sums that can be added and taken apart again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from storj_monitor.model.ids import DIRECTIONS, Action, Outcome, op_action
from storj_monitor.model.rollups import Cell
from storj_monitor.stats import bucket_value

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
