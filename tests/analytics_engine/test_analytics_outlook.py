"""Forecasts with their bands and hysteresis, growth of the disk, changes from events."""

from __future__ import annotations

from random import Random

import pytest
from builders import US1

from storj_monitor.analytics_engine.comparison import changes_of
from storj_monitor.analytics_engine.growth import STRETCHES, Growth, judge_budget, judge_earnings, judge_space
from storj_monitor.model.analytics import BudgetOutlook, EarningsOutlook, Severity, SpaceOutlook, SpaceSample
from storj_monitor.model.node_events import ConfigurationLoaded, NodeStarted, SignalReceived, VersionSeen

GB = 10**9


@pytest.mark.parametrize(
    ("days", "earliest", "reached", "severity"),
    [
        (None, None, False, None),
        (60.0, 40.0, False, None),
        (60.0, 10.0, False, Severity.INFO),
        (None, 10.0, False, Severity.INFO),
        (10.0, 8.0, False, Severity.WARNING),
        (2.0, 1.0, False, Severity.CRITICAL),
        (None, None, True, Severity.WARNING),
    ],
)
def test_space(days: float | None, earliest: float | None, reached: bool, severity: Severity | None) -> None:
    judged = judge_space(SpaceOutlook(days, earliest, None, reached), None)
    assert (judged.severity if judged else None) == severity


def test_space_is_only_left_with_room_to_spare() -> None:
    assert judge_space(SpaceOutlook(15.0, 15.0, None, False), None) is None
    standing = judge_space(SpaceOutlook(15.0, 15.0, None, False), Severity.WARNING)
    assert standing is not None
    assert standing.severity is Severity.WARNING
    assert judge_space(SpaceOutlook(18.0, 18.0, None, False), Severity.WARNING) is None


@pytest.mark.parametrize(
    ("hours", "estimated", "severity"),
    [
        (200, False, None),
        (100, False, Severity.INFO),
        (40, False, Severity.WARNING),
        (5, False, Severity.CRITICAL),
        (5, True, Severity.WARNING),
    ],
)
def test_budget(hours: float, estimated: bool, severity: Severity | None) -> None:
    judged = judge_budget(BudgetOutlook(hours, US1, estimated), None)
    assert (judged.severity if judged else None) == severity


@pytest.mark.parametrize(
    ("expected", "band", "previous", "is_told"),
    [
        (7_000_000, 0.0, 10_000_000, True),
        (7_000_000, 0.1, 10_000_000, False),
        (12_000_000, 0.0, 10_000_000, False),
        (1, 0.0, None, False),
        (1, 0.0, 0, False),
    ],
)
def test_earnings(expected: int, band: float, previous: int | None, is_told: bool) -> None:
    assert (judge_earnings(EarningsOutlook("2026-01", expected, band, previous), None) is not None) == is_told


def grown(growth: Growth, minutes: range, gb_a_minute: float, used: float, free: int | None = 3000 * GB) -> float:
    random = Random(1)
    for minute in minutes:
        used += gb_a_minute * GB * random.uniform(0.7, 1.3)
        growth.add(SpaceSample(minute * 60, int(used), free))
    return used


def test_growth_raises_within_ten_minutes_and_clears() -> None:
    growth = Growth()
    used = grown(growth, range(1000), 0.02, 5e12)
    assert growth.raised is None
    used = grown(growth, range(1000, 1010), 0.3, used)
    assert growth.raised is not None
    assert growth.raised.now > 5 * growth.raised.usual
    assert growth.raised.score > 8
    grown(growth, range(1010, 1040), 0.02, used)
    assert growth.raised is None


def test_growth_that_leaves_room_for_months_is_no_trouble() -> None:
    growth = Growth()
    used = grown(growth, range(1000), 0.02, 5e12, 40_000 * GB)
    grown(growth, range(1000, 1100), 0.3, used, 40_000 * GB)
    assert growth.raised is None


def test_growth_is_kept_over_a_restart_and_bounded() -> None:
    growth = Growth()
    grown(growth, range(9 * 1440), 0.02, 5e12)
    assert len(growth.paces) == STRETCHES
    again = Growth()
    again.restore(growth.encode())
    assert again.paces == growth.paces
    again.restore(b"\x02nonsense")
    assert again.paces == growth.paces


def test_median_and_spread_of_growth_are_made_once_an_hour() -> None:
    growth = Growth()
    grown(growth, range(1000), 0.02, 5e12)
    before = growth.measured
    grown(growth, range(1000, 1600), 0.02, 6e12)
    assert growth.measured - before <= 11


def test_versions_and_restarts_from_events() -> None:
    events = [
        VersionSeen(time_ms=9000, version="1.162.3"),
        SignalReceived(time_ms=5000, signal="terminated"),
        ConfigurationLoaded(time_ms=7000, process="storagenode"),
        ConfigurationLoaded(time_ms=7500, process="storagenode-updater"),
        NodeStarted(time_ms=8000, node_id="n"),
        VersionSeen(time_ms=10_000, version="1.162.3"),
    ]
    changes, version = changes_of(events, "1.161.1")
    assert [(change.at_s, change.kind) for change in changes] == [(5, "restart"), (7, "restart"), (8, "restart"), (9, "version")]
    assert changes[-1].text == "v1.162.3 started"
    assert version == "1.162.3"
    assert changes_of([events[0]], "")[0] == [], "a version that was not known before is no change"


def test_samples_that_were_made_otherwise_are_not_compared() -> None:
    growth = Growth()
    for minute in range(16 * 60):
        growth.add(SpaceSample(minute * 60, 1000 * GB + minute * GB // 50, 500 * GB, "with"))
    for minute in range(16 * 60, 17 * 60):
        growth.add(SpaceSample(minute * 60, 1400 * GB + minute * GB // 50, 500 * GB, "without"))
    assert growth.raised is None
    assert max(growth.paces) < 100 * GB
