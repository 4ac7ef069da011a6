"""Log-likelihood ratios of what is normal against what would be a fault, as two factors a minute.

Every test is linear: step = per_n * n + per_x * x. Shares: n transfers, x of them bad. Rates: n minutes, x transfers. Latencies: n timed
transfers, x the sum of their logarithms. "Normal" is already moved by SLACK spreads towards the fault, so that what is unusual but has been
seen before adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from storj_monitor.model.analytics import Band, Basis, Level, Metric

SLACK = 2.5
SHARE_SLACK = 3.5
SILENCE_SLACK = 1.0
YOUNG_HOURS = 72
"""Before the third day is over, nobody knows how quiet nights are."""
FALL_TO = 0.4
SURGE_TO = 2.5
SILENCE_TO = 0.01
LATENCY_FACTORS = (1.5, 4.0)
BAD_DRIFT = 0.03
"""Least step of a share: 3 points; a share of 30 % must rise by a quarter of itself."""
FAILED_DRIFT = 0.02
_LEAST = 1e-4


class Family(IntEnum):
    SHARE = 0
    POISSON = 1
    GAUSS = 2


class Watch(IntEnum):
    """One detector of a series."""

    SILENCE = 0
    FALL = 1
    SURGE = 2
    SUCCESS = 3
    ERRORS = 4
    LATENCY = 5

    @property
    def metric(self) -> Metric:
        return _METRICS[self]


_METRICS = (Metric.SILENCE, Metric.RATE, Metric.RATE, Metric.SUCCESS, Metric.ERRORS, Metric.LATENCY)


class Test(NamedTuple):
    """Factors of a log-likelihood ratio."""

    per_n: float
    per_x: float


class Model(NamedTuple):
    """`base` is what is expected, `null` the worst that is still normal, both in the unit of the family (share, per minute, mean log)."""

    family: Family
    base: float
    spread: float
    null: float
    noise: float
    alternatives: tuple[float, ...]
    tests: tuple[Test, ...]

    def observed(self, n: float, x: float) -> float:
        return x / n if n else self.base

    def z_score(self, n: float, x: float) -> float:
        """Distance of what was seen from what was expected, in standard deviations of counting and of the baseline together."""
        if not n:
            return 0.0
        seen = x / n
        if self.family is Family.POISSON:
            sampling, spread = self.base / n, self.base * self.spread
        elif self.family is Family.SHARE:
            sampling, spread = max(self.base, _LEAST) * (1 - min(self.base, 1 - _LEAST)) / n, self.spread
        else:
            sampling, spread = self.noise * self.noise / n, self.spread
        return (seen - self.base) / math.sqrt(sampling + spread * spread)

    def normal(self) -> Band:
        """What is still normal, from low to high, in the unit of the family; None = open."""
        if self.family is Family.POISSON:
            width = math.exp(SLACK * self.spread)
            return min(self.null, self.base / width), max(self.null, self.base * width)
        return (0.0 if self.family is Family.SHARE else None), self.null

    def recovery(self, n: float, x: float) -> Test:
        """The test of "normal again" against "as seen since the onset"."""
        mildest, worst = self.alternatives[0], self.alternatives[-1]
        seen = self.observed(n, x)
        if mildest > self.null:
            seen = max(seen, mildest)
        else:
            seen = min(seen, mildest)
        if self.family is Family.POISSON:
            seen = max(seen, min(worst, self.null * SILENCE_TO))
        test = _test(self.family, self.null, seen, self.noise)
        return Test(-test.per_n, -test.per_x)


def model_of(watch: Watch, level: Level, recent: float | None) -> Model:
    """The model of one hour. `recent`: transfers a minute of the last hour, for silence."""
    if watch.metric in (Metric.RATE, Metric.SILENCE):
        return _rate_model(watch, level, recent)
    if watch is Watch.LATENCY:
        null = level.median + SLACK * level.spread
        return _model(Family.GAUSS, level, null, [null + math.log(factor) for factor in LATENCY_FACTORS])
    least = BAD_DRIFT if watch is Watch.SUCCESS else FAILED_DRIFT
    null = min(0.98, max(_LEAST, worst_share(level.median, level.spread)))
    drift = min(0.995, null + max(least, 0.25 * null))
    shock = null + 0.5 * (1 - null)
    return _model(Family.SHARE, level, null, [drift, shock] if shock > drift else [drift])


def worst_share(median: float, spread: float) -> float:
    """The worst share that is still normal. Small shares go up by factors: their noise is lopsided."""
    median = max(median, _LEAST)
    return min(median * math.exp(SHARE_SLACK * min(10.0, spread / median)), median + 5 * spread)


def _rate_model(watch: Watch, level: Level, recent: float | None) -> Model:
    base = math.exp(level.median)
    plain = level._replace(median=base)
    if watch is Watch.SILENCE:
        is_young = level.basis is Basis.OVERALL and level.hours < YOUNG_HOURS
        null = base * math.exp(-(SLACK if is_young else SILENCE_SLACK) * level.spread)
        if recent is not None:
            null = min(null, recent)
        return _model(Family.POISSON, plain, max(null, 1e-6), [max(null, 1e-6) * SILENCE_TO])
    if watch is Watch.FALL:
        null = base * math.exp(-SLACK * level.spread)
        return _model(Family.POISSON, plain, null, [null * FALL_TO])
    null = base * math.exp(SLACK * level.spread)
    return _model(Family.POISSON, plain, null, [null * SURGE_TO])


def _model(family: Family, level: Level, null: float, alternatives: Sequence[float]) -> Model:
    tests = tuple(_test(family, null, other, level.noise) for other in alternatives)
    return Model(family, level.median, level.spread, null, level.noise, tuple(alternatives), tests)


def _test(family: Family, null: float, other: float, noise: float) -> Test:
    if family is Family.SHARE:
        null, other = min(max(null, _LEAST), 1 - _LEAST), min(max(other, _LEAST), 1 - _LEAST)
        good = math.log((1 - other) / (1 - null))
        return Test(good, math.log(other / null) - good)
    if family is Family.POISSON:
        return Test(null - other, math.log(other / null))
    variance = noise * noise
    return Test((null * null - other * other) / (2 * variance), (other - null) / variance)
