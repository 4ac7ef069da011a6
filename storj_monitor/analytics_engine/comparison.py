"""Before and after a change: what comes since, against what was normal for the same hours; looked at after 1, 6 and 24 hours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storj_monitor.analytics_engine.hours import Sums, milliseconds
from storj_monitor.analytics_engine.levels import worst_share
from storj_monitor.model.analytics import Band, Change, Level, Metric
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import ConfigurationLoaded, NodeFailed, NodeStarted, Panic, SignalReceived, UpdaterStep
from storj_monitor.model.versions import version_of

# ---- What may explain that something is different now: restarts and new versions from a node's log.


RESTART = "restart"
VERSION = "version"


def changes_of(events: Iterable[NodeEvent], version: str) -> tuple[list[Change], str]:
    """Changes in these events, oldest first, and the version that runs after them. `version`: the one before, "" when unknown."""
    found = []
    for event in sorted(events, key=lambda event: event.time_ms):
        at_s = event.time_ms // 1000
        if told := version_of(event):
            if version and told != version:
                how = "was installed" if isinstance(event, UpdaterStep) else "started"
                found.append(Change(at_s, VERSION, f"v{told} {how}"))
            version = told
        elif isinstance(event, (NodeStarted, ConfigurationLoaded)):
            if not isinstance(event, ConfigurationLoaded) or event.process in ("", "storagenode"):
                found.append(Change(at_s, RESTART, "the node started again"))
        elif isinstance(event, (SignalReceived, NodeFailed, Panic)) and at_s:
            found.append(Change(at_s, RESTART, "the node stopped"))
    return found, version


# ---- Before and after a change: what comes since, against what was normal for the same hours; looked at after 1, 6 and 24 hours.


MARKS_S = (3600, 6 * 3600, 24 * 3600)
METRICS = (Metric.RATE, Metric.SUCCESS, Metric.LATENCY)
LEAST_SCORE = 5.0
LEAST_TRANSFERS = 200
SLACK = 2.5
LEAST_EFFECT = {Metric.RATE: math.log(1.5), Metric.SUCCESS: 0.01, Metric.LATENCY: math.log(1.2)}
"""Smaller differences are not worth a word: half as much again, one point, a fifth."""


class Difference(NamedTuple):
    """A change point. `before`, `after`: transfers a minute, share of successes, milliseconds. `better` None where neither is good.

    `band`: what `after` could be without a change.
    """

    metric: Metric
    change: Change
    before: float
    after: float
    score: float
    samples: int
    better: bool | None
    band: Band


class Comparison:
    """Sums since a change, of what was seen and of what was to be expected."""

    __slots__ = ("_expected", "_marks", "_minutes", "_missing", "_noise", "_seen", "_spread", "_told", "change")

    def __init__(self, change: Change) -> None:
        self.change = change
        self._seen = Sums()
        self._minutes = 0
        self._expected = [0.0, 0.0, 0.0]
        self._spread = [0.0, 0.0, 0.0]
        self._missing = [False, False, False]
        self._noise = 1.0
        self._marks = list(MARKS_S)
        self._told: set[Metric] = set()

    @property
    def is_over(self) -> bool:
        return not self._marks

    def add(self, minute: Sums, levels: Sequence[Level | None]) -> None:
        """One minute with the levels of rate, success and latency of its hour; what has no level yet is not compared."""
        rate, share, latency = levels
        self._minutes += 1
        self._seen.add(minute)
        for i, level in enumerate(levels):
            self._missing[i] = self._missing[i] or level is None
        if rate is not None:
            self._expected[0] += math.exp(rate.median)
            self._spread[0] = rate.spread
        if share is not None:
            self._expected[1] += minute.n * share.median
            self._spread[1] = share.spread
        if latency is not None:
            self._expected[2] += minute.timed * latency.median
            self._spread[2] = latency.spread
            self._noise = latency.noise

    def due(self, now_s: int) -> list[Difference]:
        """Differences at a mark that has passed."""
        if not self._marks or now_s - self.change.at_s < self._marks[0]:
            return []
        while self._marks and now_s - self.change.at_s >= self._marks[0]:
            self._marks.pop(0)
        if self._seen.n < LEAST_TRANSFERS:
            return []
        found = [difference for i in range(3) if (difference := self._difference(i)) and difference.metric not in self._told]
        self._told.update(difference.metric for difference in found)
        return found

    def _difference(self, i: int) -> Difference | None:
        metric, seen, expected, spread = METRICS[i], self._seen, self._expected[i], self._spread[i]
        if not spread or self._missing[i]:
            return None
        if metric is Metric.RATE:
            if expected <= 0:
                return None
            delta, sampling = math.log(seen.n / expected), 1 / seen.n
            before, after, samples, better = expected / self._minutes, seen.n / self._minutes, seen.n, None
            band: Band = (before * math.exp(-SLACK * spread), before * math.exp(SLACK * spread))
        elif metric is Metric.SUCCESS:
            was, share = expected / seen.n, seen.bad / seen.n
            delta, sampling = share - was, max(was, 1 / seen.n) * (1 - was) / seen.n
            before, after, samples, better = 1 - was, 1 - share, seen.n, delta < 0
            band = (1 - worst_share(was, spread), min(1.0, 1 - was + SLACK * spread))
        else:
            if seen.timed < LEAST_TRANSFERS or not expected:
                return None
            mean, was = seen.logs / seen.timed, expected / seen.timed
            delta, sampling = mean - was, self._noise**2 / seen.timed
            before, after, samples, better = milliseconds(was), milliseconds(mean), seen.timed, delta < 0
            band = (milliseconds(was - SLACK * spread), milliseconds(was + SLACK * spread))
        slack = SLACK * spread
        if metric is Metric.SUCCESS and delta > 0:
            slack = worst_share(expected / seen.n, spread) - expected / seen.n
        beyond = abs(delta) - slack
        if beyond < 0 or abs(delta) < LEAST_EFFECT[metric]:
            return None
        # The slack stands for what differs from day to day anyway; what is beyond it must be more than counting noise.
        score = math.copysign(beyond / math.sqrt(sampling) if sampling else beyond, delta)
        if abs(score) < LEAST_SCORE:
            return None
        return Difference(metric, self.change, before, after, score, samples, better, band)
