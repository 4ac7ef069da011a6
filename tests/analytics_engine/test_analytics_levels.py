"""Levels: the finest basis that has enough hours, medians that outliers do not move, spreads without counting noise."""

from __future__ import annotations

import math
from random import Random

import pytest

from storj_monitor.analytics_engine.hours import BAD, HourHistory, Sums
from storj_monitor.analytics_engine.levels import FLOORS, profiles
from storj_monitor.model.analytics import Basis, Level, Metric

START = 168 * 2900


def filled(hours: int, per_hour: float = 1200.0, bad: float = 0.02, *, spoiled: range = range(0), seed: int = 1) -> HourHistory:
    """Noon twice as busy as midnight, Saturday half of it."""
    random = Random(seed)
    found = HourHistory()
    for i in range(hours):
        hour = START + i
        rate = per_hour * (1 + (hour % 24) / 24) * (0.5 if hour // 24 % 7 == 5 else 1.0)
        sums = Sums()
        sums.n = max(0, round(random.gauss(rate, math.sqrt(rate))))
        share = 0.8 if i in spoiled else bad
        sums.bad = min(sums.n, max(0, round(random.gauss(sums.n * share, math.sqrt(sums.n * share * (1 - share) + 1e-9)))))
        sums.timed, sums.logs, sums.squares = sums.n, sums.n * 7.0, sums.n * 49.64
        found.put(hour, sums)
    return found


def level(history: HourHistory, metric: Metric, hour: int = 0) -> Level:
    found = profiles(history)[metric].at(hour)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("hours", "basis"),
    [(30, Basis.OVERALL), (5 * 24, Basis.HOUR_OF_DAY), (27 * 24, Basis.HOUR_OF_DAY), (29 * 24, Basis.HOUR_OF_WEEK)],
)
def test_the_basis_grows_with_the_history(hours: int, basis: Basis) -> None:
    assert level(filled(hours), Metric.RATE).basis is basis


def test_too_little_history_says_nothing() -> None:
    assert profiles(filled(11))[Metric.SUCCESS].at(0) is None
    assert profiles(filled(23))[Metric.RATE].at(0) is None
    assert profiles(HourHistory())[Metric.LATENCY].at(0) is None


def test_the_hour_of_the_week_knows_saturday() -> None:
    history = filled(35 * 24)
    friday_noon, saturday_noon = START + 4 * 24 + 12, START + 5 * 24 + 12
    ratio = math.exp(level(history, Metric.RATE, friday_noon).median - level(history, Metric.RATE, saturday_noon).median)
    assert ratio == pytest.approx(2.0, rel=0.1)


def test_a_bad_day_moves_no_median() -> None:
    fine, spoiled = filled(20 * 24), filled(20 * 24, spoiled=range(100, 124))
    for metric in (Metric.RATE, Metric.SUCCESS):
        assert level(spoiled, metric).median == pytest.approx(level(fine, metric).median, abs=0.003)
        assert level(spoiled, metric).spread == pytest.approx(level(fine, metric).spread, rel=0.5)


def test_counting_noise_is_no_spread() -> None:
    assert level(filled(20 * 24), Metric.SUCCESS).spread == pytest.approx(FLOORS[Metric.SUCCESS] + 0.1 * 0.02, abs=1e-3)


@pytest.mark.parametrize("per_hour", [10.0, 60.0, 200.0])
def test_shares_of_slow_series_are_not_rounded_to_nothing(per_hour: float) -> None:
    assert level(filled(20 * 24, per_hour), Metric.SUCCESS).median == pytest.approx(0.02, abs=0.008)


def test_slow_rates_are_one_level() -> None:
    found = level(filled(10 * 24, 4.0), Metric.RATE)
    assert found.basis is Basis.OVERALL
    assert math.exp(found.median) * 60 == pytest.approx(4 * 1.5 * 13 / 14, rel=0.15)


def test_a_forgotten_metric_begins_again() -> None:
    history = filled(100)
    history.forget_before(START + 100, frozenset({BAD}))
    made = profiles(history)
    assert made[Metric.SUCCESS].at(0) is None
    assert made[Metric.RATE].at(0) is not None
