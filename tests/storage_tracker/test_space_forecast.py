"""Growth that wild points do not bend, honest about what it cannot know."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.model.figures import Source
from storj_monitor.model.space import SpacePoint
from storj_monitor.storage_tracker.forecast import (
    MOST_POINTS,
    Forecast,
    Growth,
    GrowthState,
    days_until,
    fleet_growth,
    forecast,
    growth,
    theil_sen,
)
from storj_monitor.storage_tracker.history import DAY_S

NOW = 1_795_000_000.0
GB = 10**9
TB = 10**12


def point(at: float, used: int | None, free: int | None = None, allocated: int | None = 10 * TB) -> SpacePoint:
    if used is not None and free is None and allocated is not None:
        free = max(0, allocated - used)
    return SpacePoint(at, allocated, used, used, 0, 0, None, free, None, None, Source.API)


def line(days: float, per_day: float, begin: int = TB, every_days: float = 0.25) -> list[SpacePoint]:
    steps = int(days / every_days)
    return [point(NOW - (steps - i) * every_days * DAY_S, round(begin + i * every_days * per_day)) for i in range(steps + 1)]


def test_a_straight_line_is_found_exactly() -> None:
    found = growth(line(30, 10 * GB), NOW, 30)
    assert found.state is GrowthState.GROWING
    assert found.bytes_per_day == pytest.approx(10 * GB)
    assert (found.low, found.high) == (pytest.approx(10 * GB), pytest.approx(10 * GB))


def test_a_quarter_of_wild_points_hardly_matters() -> None:
    rng = random.Random(1)
    points = [p if rng.random() > 0.25 else point(p.at, rng.randrange(10 * TB)) for p in line(30, 10 * GB)]
    found = growth(points, NOW, 30)
    assert found.bytes_per_day == pytest.approx(10 * GB, rel=0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 10 * GB <= found.high


def test_one_big_deletion_in_a_month_is_no_shrinking() -> None:
    points = [p if p.at < NOW - 3 * DAY_S else point(p.at, (p.used or 0) - 200 * GB) for p in line(30, 10 * GB)]
    assert growth(points, NOW, 30).state is GrowthState.GROWING


def test_the_band_holds_the_truth_nine_times_of_ten() -> None:
    rng, hits = random.Random(2), 0
    for _ in range(200):
        points = [point(p.at, round((p.used or 0) + rng.gauss(0, 20 * GB))) for p in line(30, GB, every_days=1)]
        found = growth(points, NOW, 30)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= GB <= found.high
    assert 170 <= hits <= 196


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(-(10**6), 10**6)), min_size=3, max_size=40))
def test_slope_lies_in_its_band_and_turns_with_the_sign(points: list[tuple[int, int]]) -> None:
    found = theil_sen([(float(x), float(y)) for x, y in points])
    if len({x for x, _ in points}) < 3:
        assert found is None
        return
    assert found is not None
    assert found.low <= found.slope <= found.high
    mirrored = theil_sen([(float(x), float(-y)) for x, y in points])
    assert mirrored is not None
    assert mirrored.slope == pytest.approx(-found.slope, abs=1e-6)


def test_many_points_are_looked_at_evenly() -> None:
    dense = [(float(x), 3.0 * x) for x in range(100)] + [(99 + i / 10_000, 3.0 * (99 + i / 10_000)) for i in range(5000)]
    found = theil_sen(dense)
    assert found is not None
    assert found.points <= MOST_POINTS
    assert found.slope == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("points", "window"),
    [([], 7), (line(30, GB)[:3], 30), (line(1, GB, every_days=0.05), 7), (line(3, GB), 30), (line(30, GB, every_days=10), 30)],
)
def test_unknown_until_there_is_enough(points: list[SpacePoint], window: int) -> None:
    found = growth(points, NOW, window)
    assert found.state is GrowthState.UNKNOWN
    assert found.bytes_per_day is None
    assert "needs 8 over" in found.why
    assert all(d.days is None for d in days_until(TB, 2 * TB, found))


def test_days_until_levels() -> None:
    found = forecast(line(30, 10 * GB, begin=7 * TB), NOW, 30)
    assert (found.used_bytes, found.capacity_bytes) == (7_300 * GB, 10 * TB)
    assert [(round(d.days or 0), d.reached) for d in found.levels] == [(70, False), (220, False), (270, False)]
    assert all(d.earliest is not None and d.latest is not None and d.earliest <= (d.days or 0) <= d.latest for d in found.levels)
    full = forecast(line(30, 10 * GB, begin=9_600 * GB), NOW, 30)
    assert [(d.days, d.reached) for d in full.levels[:2]] == [(0.0, True), (0.0, True)]


def test_an_old_picture_is_counted_from_now() -> None:
    found = forecast(line(30, 10 * GB, begin=7 * TB), NOW + 5 * DAY_S, 30)
    assert found.levels[0].days == pytest.approx(65)


def test_a_shrinking_node_is_never_full() -> None:
    found = forecast(line(30, -10 * GB, begin=5 * TB), NOW, 30)
    assert found.growth.state is GrowthState.SHRINKING
    assert [d.days for d in found.levels] == [None, None, None]


def test_farther_than_ten_years_is_never() -> None:
    assert forecast(line(30, 10**6), NOW, 30).levels[2].days is None


def test_a_log_only_node_knows_when_it_is_full() -> None:
    points = [point(p.at, None, free=2 * TB - (p.used or 0), allocated=None) for p in line(30, 10 * GB)]
    found = forecast(points, NOW, 30)
    assert found.growth.bytes_per_day == pytest.approx(10 * GB)
    assert [(d.level, round(d.days or 0)) for d in found.levels] == [(1.0, 70)]


def test_the_fleet_counts_those_that_shrink_and_names_those_left_out() -> None:
    nodes = {
        "grows": forecast(line(30, 30 * GB, begin=5 * TB), NOW, 30),
        "shrinks": forecast(line(30, -10 * GB, begin=5 * TB), NOW, 30),
        "new": forecast(line(1, 100 * GB), NOW, 30),
    }
    fleet = fleet_growth(nodes)
    assert fleet.growth.bytes_per_day == pytest.approx(20 * GB)
    assert (fleet.counted, fleet.left_out, fleet.shrinking) == (("grows", "shrinks"), ("new",), ("shrinks",))
    assert fleet.capacity_bytes == 30 * TB
    assert fleet.used_bytes == sum(n.used_bytes for n in nodes.values())
    assert fleet_growth({"new": nodes["new"]}).growth.state is GrowthState.UNKNOWN
    assert fleet_growth({}).levels == ()
    nothing_known = forecast([], now=0.0, window_days=7)
    assert fleet_growth({"silent": nothing_known}).levels == ()  # not "full": nothing is known of what it can hold


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 10**10)), min_size=1, max_size=6))
def test_fleet_rates_add_up(rates: list[tuple[int, int]]) -> None:
    nodes = {
        str(i): Forecast(
            Growth(state=GrowthState.STEADY, window_days=30, points=9, bytes_per_day=float(r), low=float(r - w), high=float(r + w)),
            1,
            2,
            (),
        )
        for i, (r, w) in enumerate(rates)
    }
    found = fleet_growth(nodes).growth
    assert found.bytes_per_day == pytest.approx(sum(r for r, _ in rates))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= (found.bytes_per_day or 0) <= found.high
    assert found.high - found.low <= 2 * sum(w for _, w in rates) + 1
