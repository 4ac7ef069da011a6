"""The margin warns in time, and only then."""

from __future__ import annotations

import pytest

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.reputation import AuditWindow, ScorePoint
from storj_monitor.reputation_tracker.beta import AUDIT, settled
from storj_monitor.reputation_tracker.disqualification_margin import DisqualificationMargin, Trend, disqualification_margin

NOW = 1_795_003_200.0
HOUR = 3600.0


def history(results: list[tuple[int, int, int]], begin: float = 1.0, every_hours: float = 4.0, counted: bool = True) -> list[ScorePoint]:
    """One point after each (good, failed, missed) audits; the last one is now."""
    state, total, good = settled(begin, AUDIT), 1000, 990
    points = []
    for step, (well, failed, missed) in enumerate(results):
        for i in range(well + failed):
            state = state.after(i * failed // max(1, well + failed) == (i + 1) * failed // max(1, well + failed), AUDIT)
        total, good = total + well + failed + missed, good + well
        at = NOW - (len(results) - 1 - step) * every_hours * HOUR
        counts = (total, good) if counted else (None, None)
        points.append(ScorePoint(at, at, state.score, 1.0, 1.0, *counts, Source.LOG))  # type: ignore[call-arg]
    return points


def margin(points: list[ScorePoint], windows: tuple[AuditWindow, ...] = (), failing_now: bool = False) -> DisqualificationMargin:
    score = Figure(points[-1].audit_score, Source.LOG, points[-1].until)
    return disqualification_margin(score, points, windows, NOW, failing_now=failing_now)


def test_a_healthy_node_is_in_no_danger() -> None:
    found = margin(history([(30, 0, 0)] * 10))
    assert (found.trend, found.failures_allowed, found.hours_to_disqualification) == (Trend.STEADY, 40, None)
    assert found.distance == pytest.approx(0.04)
    assert found.settles_at_score == 1.0
    assert (found.score.source, found.score.age_s(NOW + 60)) == (Source.LOG, 60.0)


def test_audits_missed_while_offline_are_no_failures() -> None:
    found = margin(history([(30, 0, 0), (10, 0, 20), (5, 0, 25), (30, 0, 0)]))
    assert (found.trend, found.hours_to_disqualification) == (Trend.STEADY, None)
    assert found.rate is not None
    assert found.rate.failed == 0.0
    assert found.rate.audits == 45


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 1.0])
def test_the_time_to_disqualification_is_what_comes(share: float) -> None:
    """Forty audits every four hours, so many of them bad: walk on and see when it happens."""
    failed = round(40 * share)
    step = (40 - failed, failed, 0)
    # two refreshes of the bad time at most: at a share of 1 the third would be the end
    found = margin(history([step] * (4 if share < 0.2 else 2), begin=0.999))
    assert found.hours_to_disqualification is not None
    state, audits = settled(found.score.value, AUDIT), 0
    while state.score > AUDIT.threshold:
        audits += 1
        bad = int(audits * share) != int((audits - 1) * share)
        state = state.after(not bad, AUDIT)
    if found.score.value > AUDIT.threshold:
        assert found.trend is Trend.FALLING
        assert found.hours_to_disqualification == pytest.approx(audits / 10, rel=0.3, abs=1.0)
    else:
        assert found.hours_to_disqualification == 0.0


def test_a_small_share_of_failures_never_disqualifies() -> None:
    found = margin(history([(39, 1, 0)] * 7))
    assert found.trend is Trend.FALLING
    assert found.hours_to_disqualification is None
    assert found.settles_at_score == pytest.approx(0.975, abs=0.005)


def test_a_recovering_node_rises() -> None:
    found = margin(history([(30, 0, 0)] * 6, begin=0.97))
    assert (found.trend, found.hours_to_disqualification) == (Trend.RISING, None)
    assert found.failures_allowed > 10


def test_more_failures_mean_less_time() -> None:
    hours = [margin(history([(40 - f, f, 0)] * 2)).hours_to_disqualification for f in (4, 8, 16, 30)]
    known = [h for h in hours if h is not None]
    assert known == sorted(known, reverse=True)
    assert len(known) >= 3


def test_without_counts_the_windows_count() -> None:
    points = history([(40, 0, 0), (36, 4, 0), (36, 4, 0), (36, 4, 0)], counted=False)
    windows = (AuditWindow(NOW - 13 * HOUR, 100, 0), AuditWindow(NOW - 12 * HOUR, 125, 120), AuditWindow(NOW, 5, 5))
    with_counts = margin(history([(40, 0, 0), (36, 4, 0), (36, 4, 0), (36, 4, 0)]))
    found = margin(points, windows)
    assert found.rate is not None
    assert found.rate.audits == 120
    assert found.rate.failed == pytest.approx(12, abs=1.5)
    assert found.hours_to_disqualification == pytest.approx(with_counts.hours_to_disqualification, rel=0.2)


def test_without_any_count_the_fall_goes_on_straight() -> None:
    points = history([(40, 0, 0), (20, 20, 0)], counted=False)
    found = margin(points)
    fall = points[0].audit_score - points[1].audit_score
    assert found.settles_at_score is None
    assert found.hours_to_disqualification == pytest.approx(4 * found.distance / fall)


def test_one_point_is_no_trend() -> None:
    found = margin(history([(40, 0, 0)]))
    assert (found.trend, found.rate, found.hours_to_disqualification) == (Trend.UNKNOWN, None, None)


def test_failures_in_the_log_after_the_last_score_make_it_uncertain() -> None:
    assert margin(history([(40, 0, 0)] * 4), failing_now=True).trend is Trend.UNKNOWN


def test_at_the_threshold_there_is_no_time_left() -> None:
    found = disqualification_margin(Figure(0.96, Source.API, NOW), [], (), NOW)
    assert (found.distance, found.failures_allowed, found.hours_to_disqualification) == (0.0, 0, 0.0)


def test_the_present_is_looked_at_not_the_past_month() -> None:
    """Bad three weeks ago, good since: no danger."""
    points = history([(30, 10, 0)] * 3 + [(40, 0, 0)] * 120)
    found = margin(points)
    assert found.rate is not None
    assert found.rate.hours <= 24
    assert (found.trend, found.hours_to_disqualification) == (Trend.RISING, None)
