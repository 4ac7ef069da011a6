"""The online score is the satellite's, and the budget is what really keeps it above 0.6."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import NODES, api_snapshots, at

from storj_monitor.model.reputation import AuditWindow
from storj_monitor.reputation_tracker.online import (
    OFFLINE_THRESHOLD,
    STRAY_HOURS,
    TRACKED_WINDOWS,
    WINDOW_S,
    BudgetState,
    downtime_budget,
    estimated_budget,
    offline_windows,
    online_score,
    window_length_s,
)

BEGIN = at("2026-11-01T00:00:00Z")


def windows(shares: list[float], begin: float = BEGIN) -> list[AuditWindow]:
    return [AuditWindow(begin + i * WINDOW_S, 1000, round(1000 * share)) for i, share in enumerate(shares)]


RECORDED = [(node, s) for node in NODES for s in api_snapshots(node) if s.windows is not None]


@pytest.mark.parametrize(("node", "snapshot"), RECORDED, ids=[f"{n}-{i}" for i, (n, _) in enumerate(RECORDED)])
def test_recorded_scores_are_those_of_their_windows(node: str, snapshot: object) -> None:
    told, score = snapshot.windows, snapshot.online_score  # type: ignore[attr-defined]
    assert online_score(told) == pytest.approx(score, abs=1e-12)
    if len(told) > 1:
        assert window_length_s(told) == 600.0  # that network had windows of 10 minutes


def test_lengths_of_windows() -> None:
    assert window_length_s(()) == window_length_s(windows([1.0])) == WINDOW_S
    sparse = [AuditWindow(BEGIN, 1, 1), AuditWindow(BEGIN + 5 * WINDOW_S, 1, 1)]
    assert window_length_s(sparse) == WINDOW_S


def test_the_time_offline_of_a_recorded_node() -> None:
    told = next(s for s in api_snapshots("v1.162-disqualified-offline") if s.windows is not None).windows
    assert told is not None
    (away,) = offline_windows(told)
    assert (away.start_at, away.missed, away.total, away.offline_s) == (at("2026-11-23T08:10:00Z"), 105, 105, 600.0)
    (partly, _) = offline_windows(windows([1.0, 0.75, 1.0, 0.5]))
    assert partly.offline_s == 3 * 3600.0


def test_a_perfect_month_allows_twelve_days() -> None:
    # 60 windows: 24 may be 0 so that 36 of 60 are left
    budget = downtime_budget(windows([1.0] * 61), BEGIN + 60 * WINDOW_S)
    assert (budget.hours, budget.full, budget.estimated, budget.limited_by) == (288.0, True, False, "online_score")
    assert budget.score == 1.0


def test_nothing_known_is_no_promise() -> None:
    assert downtime_budget((), BEGIN).hours is None


def test_a_node_below_the_line_has_no_budget() -> None:
    budget = downtime_budget(windows([0.5] * 61), BEGIN + 60 * WINDOW_S)
    assert (budget.hours, budget.state) == (0.0, BudgetState.SUSPENDED)


def test_a_young_node_may_be_off_for_as_long_as_a_month_then_forgives() -> None:
    fresh = downtime_budget(windows([1.0]), BEGIN + 600)
    assert (fresh.hours, fresh.state, fresh.windows) == (288.0, BudgetState.YOUNG, 0)
    two_bad_days = downtime_budget(windows([0.0] * 4 + [1.0] * 7), BEGIN + 10.5 * WINDOW_S)
    assert (two_bad_days.hours, two_bad_days.state) == (240.0, BudgetState.YOUNG)
    recorded = downtime_budget([AuditWindow(BEGIN, 2411, 2202), AuditWindow(BEGIN + WINDOW_S, 493, 336)], BEGIN + 1.01 * WINDOW_S)
    assert recorded.hours is not None and recorded.hours > 280, "the live network said: none left"


def test_a_node_that_is_away_already_has_less() -> None:
    now = BEGIN + 60 * WINDOW_S
    away = downtime_budget(windows([1.0] * 61), now + 48 * 3600, offline_since=now)
    assert away.hours == 240.0


def walked(shares: list[float], begin: float, hours: float) -> float:
    """Lowest score over the next 90 days, window by window, by the rule as it is written."""
    end, length = begin + hours * 3600, WINDOW_S
    all_windows = dict(enumerate(shares))
    current = int((begin - BEGIN) // length)
    known = {k: v for k, v in all_windows.items() if k < current}
    before = all_windows.get(current, 1.0)
    lowest, full = 1.0, len(shares) > TRACKED_WINDOWS
    for k in range(current, current + 180):
        start = BEGIN + k * length
        away = max(0.0, min(end, start + length) - max(begin, start)) / length
        share = 1.0 - away
        if k == current:
            share -= (1.0 - before) * (begin - start) / length
        known[k] = share
        tracked = [v for i, v in known.items() if i > k - TRACKED_WINDOWS]
        full = full or len(tracked) >= TRACKED_WINDOWS
        if full:
            lowest = min(lowest, sum(tracked) / len(tracked))
            if start >= end:
                break
    return lowest


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 0.9, 1.0]), min_size=1, max_size=61), st.floats(0, 0.999))
def test_the_budget_is_safe_and_not_stingy(shares: list[float], part: float) -> None:
    now = BEGIN + (len(shares) - 1 + part) * WINDOW_S
    budget = downtime_budget(windows(shares), now)
    assert budget.hours is not None
    if budget.hours > 0:
        assert walked(shares, now, budget.hours) >= OFFLINE_THRESHOLD - 1e-6
    if budget.hours < STRAY_HOURS:
        assert walked(shares, now, budget.hours + 0.25) < OFFLINE_THRESHOLD + 1e-6


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=61), st.integers(0, 59))
def test_a_worse_past_never_allows_more(shares: list[float], which: int) -> None:
    now = BEGIN + len(shares) * WINDOW_S
    worse = list(shares)
    worse[which % len(worse)] = 0.0
    better_hours, worse_hours = (downtime_budget(windows(s), now).hours for s in (shares, worse))
    assert better_hours is not None
    assert worse_hours is not None
    assert worse_hours <= better_hours


def test_an_estimate_by_score_alone_is_never_above_the_real_budget() -> None:
    for bad in range(0, 24):
        for place in (0, 30 - bad // 2, 60 - bad):
            shares = [1.0] * 61
            shares[place : place + bad] = [0.0] * bad
            told = windows(shares)
            real = downtime_budget(told, BEGIN + 60 * WINDOW_S).hours
            guess = estimated_budget(online_score(told), None)
            assert guess.estimated
            assert real is not None
            assert guess.hours is not None
            assert guess.hours <= real + 1e-6


def test_estimates_of_young_nodes() -> None:
    for age_days in (0, 10, 29):
        young = estimated_budget(1.0, age_days * 86_400.0)
        assert (young.hours, young.state) == (pytest.approx(288.0), BudgetState.YOUNG), "no satellite can suspend it yet"
    assert estimated_budget(0.5, 10 * 86_400.0).hours == pytest.approx(14 * 12)
    assert estimated_budget(1.0, 100 * 86_400.0).hours == pytest.approx(288.0)
    gone = estimated_budget(0.5, None)
    assert (gone.hours, gone.state) == (0.0, BudgetState.SUSPENDED)
    assert math.isclose(estimated_budget(0.8, None).hours or 0, 144.0)
