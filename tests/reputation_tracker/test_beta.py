"""Our simulation is the satellite's formula, step by step."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import api_snapshots

from storj_monitor.reputation_tracker.beta import (
    AUDIT,
    SUSPENSION,
    Beta,
    ScoreRule,
    audits_until,
    behind,
    expected_score,
    failed_between,
    failures_allowed,
    settled,
)

results = st.lists(st.booleans(), max_size=400)
scores = st.floats(0.0, 1.0)


def formula(alpha: float, beta: float, good: bool, forgetting: float) -> tuple[float, float]:
    """As the satellite's documentation writes it down, weight 1."""
    v = 1 if good else -1
    return forgetting * alpha + (1 + v) / 2, forgetting * beta + (1 - v) / 2


@pytest.mark.parametrize("rule", [AUDIT, SUSPENSION])
@settings(deadline=None)
@given(results=results)
def test_every_step_is_the_formula(rule: ScoreRule, results: list[bool]) -> None:
    state, alpha, beta = Beta(1000.0, 0.0), 1000.0, 0.0
    for good in results:
        state = state.after(good, rule)
        alpha, beta = formula(alpha, beta, good, rule.forgetting)
        assert state == pytest.approx((alpha, beta))
        assert state.score == pytest.approx(alpha / (alpha + beta))


@settings(deadline=None)
@given(results)
def test_an_audit_score_alone_tells_the_sums(results: list[bool]) -> None:
    """alpha + beta of audits is 1000 from the start and stays so: nothing else must be known."""
    state = Beta(1000.0, 0.0)
    for good in results:
        state = state.after(good, AUDIT)
        assert state.alpha + state.beta == pytest.approx(1000.0)
        assert settled(state.score, AUDIT) == pytest.approx(state, abs=1e-6)


def test_sums_of_suspension_settle_at_20() -> None:
    state = Beta(1000.0, 0.0)
    for _ in range(600):
        state = state.after(True, SUSPENSION)
    assert state.alpha + state.beta == pytest.approx(20.0)
    assert settled(1.0, SUSPENSION) == pytest.approx((20.0, 0.0))


def test_a_recorded_score_is_one_unknown_result_360_audits_ago() -> None:
    recorded = next(
        s.suspension_score for s in api_snapshots("v1.145-debug-hashstore") if s.suspension_score is not None and s.suspension_score < 1
    )
    state = settled(1.0, SUSPENSION).after(False, SUSPENSION)
    for _ in range(360):
        state = state.after(True, SUSPENSION)
    assert state.score == pytest.approx(recorded, abs=1e-15)


@pytest.mark.parametrize(
    ("score", "rule", "allowed"),
    [
        (1.0, AUDIT, 40),  # 0.999^40 = 0.9608, 0.999^41 = 0.9598
        (0.99, AUDIT, 30),
        (0.98, AUDIT, 20),
        (0.97, AUDIT, 10),
        (0.961, AUDIT, 1),
        (0.9605, AUDIT, 0),
        (0.96, AUDIT, 0),
        (0.5, AUDIT, 0),
        (1.0, SUSPENSION, 9),
        (0.65, SUSPENSION, 1),
        (0.6, SUSPENSION, 0),
    ],
)
def test_failures_that_are_survived(score: float, rule: ScoreRule, allowed: int) -> None:
    assert failures_allowed(score, rule) == allowed


@pytest.mark.parametrize(("good", "bad"), [(0, 0), (1, 0), (10, 0), (30, 1), (300, 2)])
def test_the_first_unknown_results_of_a_new_node_weigh_more(good: int, bad: int) -> None:
    """Step by step as the satellite counts, from alpha 1 and beta 0."""
    state = Beta(1.0, 0.0)
    for number in range(good + bad):
        state = state.after(number >= bad, SUSPENSION)
    assert behind(state.score, SUSPENSION, good + bad) == pytest.approx(state)
    allowed, falling = 0, state.after(False, SUSPENSION)
    while falling.score > SUSPENSION.threshold:
        allowed, falling = allowed + 1, falling.after(False, SUSPENSION)
    assert failures_allowed(state.score, SUSPENSION, good + bad) == allowed
    assert allowed <= failures_allowed(state.score, SUSPENSION)


@settings(deadline=None)
@given(scores)
def test_the_next_failure_after_the_allowed_ones_brings_the_verdict(score: float) -> None:
    state = settled(score, AUDIT)
    allowed = failures_allowed(score, AUDIT)
    for _ in range(allowed):
        state = state.after(False, AUDIT)
        assert state.score > AUDIT.threshold
    assert state.after(False, AUDIT).score <= AUDIT.threshold


@settings(deadline=None)
@given(scores, scores)
def test_the_guard_is_monotone(a: float, b: float) -> None:
    low, high = sorted((a, b))
    for rule in (AUDIT, SUSPENSION):
        assert failures_allowed(low, rule) <= failures_allowed(high, rule)


@settings(deadline=None)
@given(scores, st.integers(0, 100))
def test_a_failure_never_allows_more_and_a_success_never_less(score: float, _: int) -> None:
    state = settled(score, AUDIT)
    now = failures_allowed(score, AUDIT)
    assert failures_allowed(state.after(False, AUDIT).score, AUDIT) <= now
    assert failures_allowed(min(1.0, state.after(True, AUDIT).score), AUDIT) >= now


@settings(deadline=None)
@given(st.floats(0.97, 1.0), st.integers(50, 1000), st.floats(0.0, 0.5), st.randoms(use_true_random=False))
def test_failed_audits_are_told_from_missed_ones(score: float, audits: int, share: float, rng: object) -> None:
    """Results in any order; ten missed ones do not touch the score."""
    failed = round(audits * share)
    order = [False] * failed + [True] * (audits - failed)
    rng.shuffle(order)  # type: ignore[attr-defined]
    state = settled(score, AUDIT)
    for good in order:
        state = state.after(good, AUDIT)
    found = failed_between(score, state.score, audits - failed, failed + 10, AUDIT)
    assert found == pytest.approx(failed, abs=max(2.0, 0.35 * failed))


def test_no_failures_in_a_score_that_only_recovers() -> None:
    assert failed_between(0.98, expected_score(0.98, 50, 0, AUDIT), 50, 20, AUDIT) == 0.0
    assert failed_between(1.0, 1.0, 100, 105, AUDIT) == 0.0
    assert failed_between(1.0, 0.9, 0, 3, AUDIT) == 3.0


@settings(deadline=None)
@given(st.floats(0.961, 1.0), st.floats(0.0, 0.95))
def test_audits_until_the_verdict_agree_with_a_walk(score: float, level: float) -> None:
    until = audits_until(score, level, AUDIT)
    assert until is not None
    assert expected_score(score, level * until, (1 - level) * until, AUDIT) == pytest.approx(AUDIT.threshold)


def test_no_verdict_where_the_score_settles_above() -> None:
    assert audits_until(0.99, 0.97, AUDIT) is None
    assert audits_until(0.95, 1.0, AUDIT) == 0.0
