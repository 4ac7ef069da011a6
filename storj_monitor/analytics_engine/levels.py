"""Baselines: what is normal for a series in an hour of the week, as median and robust spread, from the hours it has seen.

The hour of the week counts once four weeks exist, before that the hour of the day (three days), before that all hours together. Spreads are
1.4826 times the median absolute deviation of hours from the median of their own slot, without the noise that counting brings.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from enum import IntEnum
from statistics import median
from typing import NamedTuple

from storj_monitor.analytics_engine.hours import BAD, COUNT, FAILED, HOURS, LATENCY, NOISE, HourHistory
from storj_monitor.model.analytics import Band, Basis, Level, Metric

WEEK_HOURS = 168
DAY_HOURS = 24
WEEKS_NEEDED = 4
LEAST_IN_SLOT = 3
LEAST_HOURS = {Metric.RATE: 24, Metric.SUCCESS: 12, Metric.ERRORS: 12, Metric.LATENCY: 12}
FLOORS = {Metric.RATE: 0.12, Metric.SUCCESS: 0.002, Metric.ERRORS: 0.002, Metric.LATENCY: 0.04}
"""Spreads are never smaller: no series is as steady as a few quiet days make it look."""
COARSE_RATE_SPREAD = 0.22
"""The same for rates while no hour of the week has been seen often enough: weekends are still to come."""
SLOW_PER_HOUR = 30.0
"""Rates slower than this have no daily rhythm of their own: one level for all hours."""
SLOW_SPREAD = 0.5
POOLED_PER_HOUR = 500.0
"""Shares of fewer transfers an hour are looked at in whole days."""
LEAST_TRANSFERS = 100
TAIL = 1.2
"""Durations have a longer tail upwards than their deviation tells."""
_MAD = 1.4826
_SMALL_SAMPLE = 1.2

Points = Sequence[tuple[int, float]]


class Slots(NamedTuple):
    """Levels of one basis in 10 bytes a slot; a slot with too few hours has count 0."""

    basis: Basis
    medians: array[float]
    spreads: array[float]
    counts: array[int]

    def at(self, hour: int, noise: float) -> Level | None:
        slot = hour % len(self.counts)
        count = self.counts[slot]
        return Level(self.medians[slot], self.spreads[slot], noise, count, self.basis) if count else None


class Profile(NamedTuple):
    """One metric's levels, finest basis first; a basis is missing while there is too little history."""

    bases: tuple[Slots, ...]
    noise: float = 0.0

    def at(self, hour: int) -> Level | None:
        """The finest level that there is for an hour (Unix seconds // 3600)."""
        for slots in self.bases:
            level = slots.at(hour, self.noise)
            if level is not None:
                return level
        return None


NO_PROFILE = Profile(())


def mad(values: Sequence[float], centre: float) -> float:
    """Robust standard deviation around a centre."""
    return _MAD * median([abs(value - centre) for value in values])


def profiles(history: HourHistory) -> dict[Metric, Profile]:
    """Profiles of the four metrics that are made of transfers."""
    newest = history.newest
    span = range(max(0, newest - HOURS + 1), newest + 1)
    counts = {hour: count for hour in span if (count := history.count(hour)) is not None}
    found = {Metric.RATE: _rates(counts)}
    found[Metric.SUCCESS] = _shares(Metric.SUCCESS, BAD, history, counts)
    found[Metric.ERRORS] = _shares(Metric.ERRORS, FAILED, history, counts)
    found[Metric.LATENCY] = _latencies(history, counts)
    return found


def _rates(counts: dict[int, float]) -> Profile:
    if len(counts) < LEAST_HOURS[Metric.RATE]:
        return NO_PROFILE
    mean = sum(counts.values()) / len(counts)
    if mean <= 0:
        return NO_PROFILE
    if mean < SLOW_PER_HOUR:
        return _flat(math.log(mean / 60), SLOW_SPREAD, len(counts))
    points = [(hour, math.log((count + 0.5) / 60)) for hour, count in counts.items()]
    return _profile(Metric.RATE, points, lambda value: 1 / max(1.0, 60 * math.exp(value)))


def _shares(metric: Metric, column: int, history: HourHistory, counts: dict[int, float]) -> Profile:
    points = [(hour, share) for hour in counts if (share := history.value(column, hour)) is not None]
    transfers = sum(counts[hour] for hour, _ in points)
    if len(points) < LEAST_HOURS[metric] or transfers < LEAST_TRANSFERS:
        return NO_PROFILE
    typical = median([counts[hour] for hour, _ in points])
    if typical >= POOLED_PER_HOUR:
        return _profile(metric, points, lambda share: share * (1 - share) / typical)
    pooled: dict[int, list[float]] = {}
    for hour, share in points:
        day = pooled.setdefault(hour // DAY_HOURS, [0.0, 0.0])
        day[0] += counts[hour]
        day[1] += counts[hour] * share
    days = [bad / n for n, bad in pooled.values() if n >= LEAST_TRANSFERS]
    if len(days) < LEAST_IN_SLOT + 1:
        days = [sum(bad for _, bad in pooled.values()) / transfers]
    level = median(days)
    noise = level * (1 - level) * len(pooled) / transfers
    spread = _spread(metric, mad(days, level), noise, level)
    return _flat(level, spread, len(points))


def _latencies(history: HourHistory, counts: dict[int, float]) -> Profile:
    points = [(hour, value) for hour in counts if (value := history.value(LATENCY, hour)) is not None]
    noises = [value for hour, _ in points if (value := history.value(NOISE, hour)) is not None]
    if len(points) < LEAST_HOURS[Metric.LATENCY] or not noises:
        return NO_PROFILE
    noise = max(0.2, TAIL * median(noises))
    typical = max(1.0, median([counts[hour] for hour, _ in points]))
    return _profile(Metric.LATENCY, points, lambda _: noise * noise / typical, noise)


def _profile(metric: Metric, points: Points, sampling: Callable[[float], float], noise: float = 0.0) -> Profile:
    """Levels of all slots. `sampling`: variance that counting alone brings to an hour at this level."""
    hours = [hour for hour, _ in points]
    days_known = (max(hours) - min(hours) + 1) / DAY_HOURS
    bases = [(Basis.OVERALL, 1)]
    if days_known >= LEAST_IN_SLOT:
        bases.append((Basis.HOUR_OF_DAY, DAY_HOURS))
    if days_known >= 7 * WEEKS_NEEDED:
        bases.append((Basis.HOUR_OF_WEEK, WEEK_HOURS))
    made = []
    for basis, slots in bases:
        by_slot: dict[int, list[float]] = {}
        for hour, value in points:
            by_slot.setdefault(hour % slots, []).append(value)
        centres = {slot: median(values) for slot, values in by_slot.items() if len(values) >= LEAST_IN_SLOT}
        if not centres:
            continue
        scale = mad([value - centres[hour % slots] for hour, value in points if hour % slots in centres], 0.0)
        found = Slots(basis, array("f", [0.0]) * slots, array("f", [0.0]) * slots, array("H", [0]) * slots)
        for slot, centre in centres.items():
            found.medians[slot] = centre
            found.spreads[slot] = _spread(metric, scale, sampling(centre), centre, basis)
            found.counts[slot] = len(by_slot[slot])
        made.append(found)
    return Profile(tuple(reversed(made)), noise)


def _flat(level: float, spread: float, hours: int) -> Profile:
    """One level for all hours."""
    return Profile((Slots(Basis.OVERALL, array("f", [level]), array("f", [spread]), array("H", [hours])),))


def _spread(metric: Metric, scale: float, sampling: float, centre: float, basis: Basis = Basis.HOUR_OF_WEEK) -> float:
    floor = FLOORS[metric]
    if metric in (Metric.SUCCESS, Metric.ERRORS):
        floor = max(floor, min(0.2 * centre, 0.0075 + 0.05 * centre))
    if metric is Metric.RATE and basis is not Basis.HOUR_OF_WEEK:
        floor = COARSE_RATE_SPREAD
    return max(floor, math.sqrt(max(0.0, (_SMALL_SAMPLE * scale) ** 2 - sampling)))


WATCHED_COLUMNS = {
    Metric.RATE: frozenset({COUNT}),
    Metric.SILENCE: frozenset({COUNT}),
    Metric.SUCCESS: frozenset({BAD}),
    Metric.ERRORS: frozenset({FAILED}),
    Metric.LATENCY: frozenset({LATENCY, NOISE}),
}
"""Which columns of the history a metric learns from."""


# ---- Log-likelihood ratios of what is normal against what would be a fault, as two factors a minute.
#
# Every test is linear: step = per_n * n + per_x * x. Shares: n transfers, x of them bad. Rates: n minutes, x transfers. Latencies: n timed
# transfers, x the sum of their logarithms. "Normal" is already moved by SLACK spreads towards the fault, so that what is unusual but has
# been
# seen before adds nothing.


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
