"""The log of one simulated node: transfers and chores together, in order, from any time to any time."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from storj_monitor.simulator.chores import Chores
from storj_monitor.simulator.log_figures import LogFigures
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.speech import TIME, stamp
from storj_monitor.simulator.transfers import Block, TransferStream
from storj_monitor.simulator.truth import Truth

DAY = 86400.0
TROUBLE_RAMP_S = 3 * 3600.0
"""A node that degrades gets worse over three hours."""

MAX_STEP_S = 3600.0
"""A writer that slept longer does not make up for all of it."""


class NodeLog:
    """Deterministic by profile, seed and the times it is asked for.

    begin_s        -- Unix seconds of the first line (the node starts then)
    tick_s         -- grain of transfer durations; use the distance between two calls of `advance`
    trouble_from_s -- when a profile with `trouble` begins to degrade; None = at once in full
    start_up       -- begin with the lines of a starting node
    chores         -- False: transfers only
    figures        -- are told every minute what the log says
    """

    def __init__(
        self, profile: NodeProfile, seed: int, begin_s: float, *, tick_s: float = 1.0,
        trouble_from_s: float | None = None, start_up: bool = True, chores: bool = True, figures: LogFigures | None = None,
    ) -> None:  # fmt: skip
        self.profile = profile
        self._stream = TransferStream(profile, seed, tick_s)
        self._figures = figures or LogFigures()
        self._told_minute = -1
        self._chores = Chores(profile, seed, begin_s, start_up=start_up, figures=self._figures) if chores else None
        self._noise = random.Random(f"noise {seed} {profile.name}")
        self._trouble_from_s = trouble_from_s
        self._now_s = begin_s
        self._owed = 0.0
        self._gust = 1.0
        self._gust_until_s = begin_s

    def advance(self, now_s: float, rate: float) -> Block:
        """Everything between the last call and `now_s`, at `rate` transfers a second (before rhythm and noise)."""
        elapsed_s = min(max(0.0, now_s - self._now_s), MAX_STEP_S)
        self._now_s = max(now_s, self._now_s)
        self._owed += elapsed_s * rate * self._weather(now_s)
        starts = int(self._owed)
        self._owed -= starts
        block = self._stream.step(self._now_s, starts, self._trouble(now_s))
        if int(now_s) // 60 != self._told_minute:
            self._told_minute, truth = int(now_s) // 60, self._stream.tally.folded
            self._figures.tell(now_s, truth.transfers, truth.bytes, truth.satellites)
        if self._chores is None:
            return block
        due = self._chores.due(now_s)
        if not due:
            return block
        self._stream.tally.other_lines(len(due))
        return Block(b"".join([line.replace(TIME, stamp(at)) for at, line in due]) + block.data, block.results)

    def lines(self, start_s: float, end_s: float, rate: float = 1.0, step_s: float = 1.0) -> Iterator[bytes]:
        """Lines with their line ends, from `start_s` (or where the last call ended) up to `end_s`."""
        self._now_s = max(self._now_s, start_s)
        now_s = self._now_s
        while now_s < end_s:
            yield from self.advance(now_s, rate).data.splitlines(keepends=True)
            now_s += step_s

    def drain(self) -> Block:
        """Results of all transfers that are still running."""
        return self._stream.drain(self._now_s)

    def truth(self) -> Truth:
        """What has been written so far."""
        return self._stream.tally.truth()

    def _weather(self, now_s: float) -> float:
        """Daily rhythm (busiest at 15 UTC) and gusts of half a minute; exactly 1 for a profile without rhythm."""
        amplitude = self.profile.rhythm
        if not amplitude:
            return 1.0
        if now_s >= self._gust_until_s:
            self._gust = self._noise.lognormvariate(0, amplitude / 2)
            self._gust_until_s = now_s + self._noise.uniform(5, 40)
        return (1 + amplitude * math.cos((now_s % DAY - 15 * 3600) / DAY * math.tau)) * self._gust

    def _trouble(self, now_s: float) -> float:
        if not self.profile.trouble or self._trouble_from_s is None:
            return self.profile.trouble
        return self.profile.trouble * min(1.0, max(0.0, (now_s - self._trouble_from_s) / TROUBLE_RAMP_S))
