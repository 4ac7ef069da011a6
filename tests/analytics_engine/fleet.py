"""A fleet that does not exist: minute rollup rows with daily and weekly rhythm, noise that lasts, releases, and faults on demand.

Rates are transfers a minute on an average day. Every satellite has its own rate, shares of canceled and failed transfers, and typical
duration; on top of counting noise each (node, satellite) has a slow random walk of its rate (hours, 12 %) and of its shares.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from storj_monitor.model.analytics import Change, FailureCount, HourCell, NodeInput, SpaceSample
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.rollups import Cell, CellKey
from storj_monitor.stats import bucket_of

MONDAY_S = 1_764_547_200  # 2025-12-01T00:00:00Z
DAY_S = 86_400
NODES = {"oak": 1.0, "elm": 0.5, "ash": 2.0, "fir": 0.2}
"""Name and size: rates are multiplied by it."""
SATELLITES = {"us1": (20.0, 12.0), "eu1": (9.0, 6.0), "ap1": (4.0, 2.5), "saltlake": (0.6, 0.4)}
"""Uploads and downloads a minute of a node of size 1."""
CANCELED = {"up": 0.015, "down": 0.03}
FAILED = {"up": 0.003, "down": 0.004}
DURATION_MS = {"up": 900.0, "down": 450.0}
NOISE = 0.9
"""Standard deviation of the logarithm of a duration."""
SHAPE = tuple(0.9 * z for z in (-1.64, -1.04, -0.67, -0.39, -0.13, 0.13, 0.39, 0.67, 1.04, 1.64))
ACTIONS = {"up": Action.PUT, "down": Action.GET}


@dataclass
class Fault:
    """Multipliers and shares for a (node, satellite, direction) from `from_s` on; "" stands for all."""

    from_s: int
    until_s: int = 1 << 40
    node: str = ""
    satellite: str = ""
    direction: str = ""
    rate: float = 1.0
    failed: float = 0.0
    slower: float = 1.0
    growth_bytes_a_minute: float = 0.0
    reason: str = "connection reset"

    def hits(self, at_s: int, node: str, satellite: str, direction: str) -> bool:
        return (
            self.from_s <= at_s < self.until_s
            and self.node in ("", node)
            and self.satellite in ("", satellite)
            and self.direction in ("", direction)
        )


@dataclass
class Walk:
    """A slow random walk around 0 (Ornstein-Uhlenbeck, two hours) with standard deviation 1."""

    value: float = 0.0

    def step(self, random: Random) -> float:
        self.value += -self.value / 120 + random.gauss(0.0, math.sqrt(2 / 120))
        return self.value


@dataclass
class Fleet:
    """`minute(at_s)` gives the rows of all nodes for one minute; call it in order."""

    seed: int
    nodes: dict[str, float] = field(default_factory=lambda: dict(NODES))
    satellites: dict[str, tuple[float, float]] = field(default_factory=lambda: dict(SATELLITES))
    faults: list[Fault] = field(default_factory=list)
    releases: dict[str, list[int]] = field(default_factory=dict)
    weekly: bool = True
    came: deque[tuple[int, str, str, str, int]] = field(default_factory=lambda: deque(maxlen=5000))
    """Transfers of the last minutes: (minute, node, satellite, direction, number)."""

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.walks = {
            (node, satellite, what): Walk(self.random.gauss(0, 1))
            for node in self.nodes
            for satellite in self.satellites
            for what in ("rate", "share")
        }
        self.used = {node: 5e12 * size for node, size in self.nodes.items()}
        self.growth = {node: Walk() for node in self.nodes}

    def rhythm(self, at_s: int) -> float:
        """Night at half of the day, weekends 15 % lower."""
        day = 1 + 0.35 * math.sin(2 * math.pi * (at_s % DAY_S / DAY_S - 0.35))
        weekend = self.weekly and (at_s - MONDAY_S) // DAY_S % 7 >= 5
        return day * (0.85 if weekend else 1.0)

    def minute(self, at_s: int) -> list[NodeInput]:
        return [self._node(node, size, at_s) for node, size in self.nodes.items()]

    def hours(self, until_s: int, days: int) -> Iterator[tuple[str, list[HourCell]]]:
        """Hour rows of the days before, without faults: quick to make, for baselines."""
        for node, size in self.nodes.items():
            rows = []
            for start_s in range(until_s - days * DAY_S, until_s, 3600):
                for satellite, pair in self.satellites.items():
                    calm, worse = math.exp(0.12 * self.random.gauss(0, 1)), 0.9 * self.random.gauss(0, 1)
                    for direction, rate in zip(("up", "down"), pair, strict=True):
                        n = self._poisson(60 * rate * size * calm * self.rhythm(start_s + 1800))
                        rows += [HourCell(start_s, satellite, op, cell) for op, cell in self._cells(direction, n, worse, 0.0, 1.0)]
            yield node, rows

    def _node(self, node: str, size: float, at_s: int) -> NodeInput:
        cells: dict[CellKey, Cell] = {}
        failures: list[FailureCount] = []
        down = self._release(node, at_s)
        uploaded = 0
        for satellite, pair in self.satellites.items():
            calm = math.exp(0.12 * self.walks[node, satellite, "rate"].step(self.random))
            worse = self.walks[node, satellite, "share"].step(self.random)
            for direction, rate in zip(("up", "down"), pair, strict=True):
                faults = [fault for fault in self.faults if fault.hits(at_s, node, satellite, direction)]
                factor = math.prod(fault.rate for fault in faults)
                n = 0 if down == "off" else self._poisson(rate * size * calm * self.rhythm(at_s) * factor)
                self.came.append((at_s, node, satellite, direction, n))
                extra = sum(fault.failed for fault in faults)
                slower = math.prod(fault.slower for fault in faults)
                canceled = 0.8 if down == "stopping" else 0.0
                for op, cell in self._cells(direction, n, worse, extra, slower, canceled):
                    cells[CellKey(at_s, satellite, op)] = cell
                    if op & 3 == Outcome.FAILED:
                        failures.append(self._reason(at_s, satellite, direction, cell.count, faults))
                    elif direction == "up":
                        uploaded += cell.count
        grown = sum(f.growth_bytes_a_minute for f in self.faults if f.hits(at_s, node, "", ""))
        self.used[node] += uploaded * 1e6 - 0.7e6 * 33 * size * math.exp(0.2 * self.growth[node].step(self.random)) + grown
        sample = SpaceSample(at_s + 30, int(self.used[node]), int(9e12 * size - self.used[node]))
        changes = []
        if at_s in self.releases.get(node, ()):
            changes = [Change(at_s + 20, "restart", "the node stopped"), Change(at_s + 150, "restart", "the node started again")]
            changes.append(Change(at_s + 155, "version", "v1.162.3 started"))
        return NodeInput(node=node, read_to_s=at_s + 60, cells=cells, changes=changes, failures=failures, samples=[sample])

    def _release(self, node: str, at_s: int) -> str:
        for start in self.releases.get(node, ()):
            if start <= at_s < start + 60:
                return "stopping"
            if start + 60 <= at_s < start + 180:
                return "off"
        return ""

    def _cells(
        self, direction: str, n: int, worse: float, extra: float, slower: float, canceled_too: float = 0.0
    ) -> Iterator[tuple[int, Cell]]:
        if not n:
            return
        failed = self._binomial(n, min(1.0, FAILED[direction] * math.exp(0.25 * worse) + extra))
        canceled = self._binomial(n - failed, min(1.0, CANCELED[direction] * math.exp(0.25 * worse) + canceled_too))
        good = n - failed - canceled
        action = ACTIONS[direction]
        if failed:
            yield op_code(action, Outcome.FAILED), Cell(failed, 0)
        if canceled:
            yield op_code(action, Outcome.CANCELED), Cell(canceled, 0)
        if good:
            buckets = self._durations(good, math.log(DURATION_MS[direction] * slower) + 0.05 * worse)
            yield op_code(action, Outcome.SUCCESS), Cell(good, good * 1_000_000, good, 0, 0, buckets)

    def _durations(self, n: int, mean: float) -> dict[int, int]:
        """Few are drawn one by one; of many the shape is laid around a drawn mean."""
        buckets: dict[int, int] = {}
        gauss = self.random.gauss
        if n <= 6:
            for _ in range(n):
                bucket = bucket_of(round(math.exp(gauss(mean, NOISE))))
                buckets[bucket] = buckets.get(bucket, 0) + 1
            return buckets
        mean += gauss(0.0, NOISE / math.sqrt(n))
        each, left = divmod(n, len(SHAPE))
        first = self.random.randrange(len(SHAPE))
        for i, z in enumerate(SHAPE):
            count = each + ((i + first) % len(SHAPE) < left)
            if count:
                bucket = bucket_of(round(math.exp(mean + z)))
                buckets[bucket] = buckets.get(bucket, 0) + count
        return buckets

    def _reason(self, at_s: int, satellite: str, direction: str, count: int, faults: list[Fault]) -> FailureCount:
        named = [fault.reason for fault in faults if fault.failed]
        reason = named[0] if named and self.random.random() < 0.8 else "context canceled"
        return FailureCount(at_s, satellite, direction, reason, count)

    def _poisson(self, rate: float) -> int:
        if rate > 40:
            return max(0, round(self.random.gauss(rate, math.sqrt(rate))))
        limit, product, n = math.exp(-rate), self.random.random(), 0
        while product > limit:
            product *= self.random.random()
            n += 1
        return n

    def _binomial(self, n: int, p: float) -> int:
        if n * p < 4:
            return min(n, self._poisson(n * p))
        return min(n, max(0, round(self.random.gauss(n * p, math.sqrt(n * p * (1 - p) + 1e-9)))))
