"""Money and what is paid for on nodes before v1.162, whose storage reports are late, have holes and tell whole hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storj_monitor.analytics_engine.growth import judge_earnings
from storj_monitor.financial_tracker.earnings import NodeInputs, node_earnings
from storj_monitor.financial_tracker.months import unix_ms
from storj_monitor.model.analytics import EarningsOutlook
from storj_monitor.model.earnings import BandwidthDay, EstimatedPayout, MonthPayout, Pricing, SatelliteUsage, StorageDay
from storj_monitor.model.estimates import NodeEarnings
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.space import UsageDay
from storj_monitor.storage_tracker.reported import day_average, reported, reported_month

SAT = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
TB = 10**12
NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)
JOINED_MS = unix_ms(datetime(2024, 1, 15, 10, tzinfo=UTC))
PRICES = Pricing(satellite=SAT, egress_cents_per_tb=200, repair_cents_per_tb=200, audit_cents_per_tb=200, storage_cents_per_tb_month=150)


def stored(
    first: datetime, days: int, *, hours: float = 24, calculated: bool | None = None, skip: frozenset[int] = frozenset()
) -> list[StorageDay]:
    """4 TB, each report of a whole day, told with so many hours."""
    return [
        StorageDay(
            start_ms=unix_ms(first + timedelta(days=day)), byte_hours=4 * TB * 24.0, average_bytes=4 * TB * 24 / hours, interval_h=hours,
            calculated=calculated,
        )
        for day in range(days)
        if day not in skip
    ]  # fmt: skip


def moved(first: datetime, days: int) -> list[BandwidthDay]:
    return [
        BandwidthDay(
            start_ms=unix_ms(first + timedelta(days=day)),
            egress_usage_bytes=5 * 10**9,
            egress_repair_bytes=2 * 10**9,
            egress_audit_bytes=10**7,
        )
        for day in range(days)
    ]


def earnings(storage: list[StorageDay], *, kept: list[StorageDay] | None = None, joined_ms: int = JOINED_MS) -> NodeEarnings:
    april = datetime(2026, 4, 1, tzinfo=UTC)
    usage = SatelliteUsage(satellite=SAT, bandwidth=tuple(moved(april, 3)), storage=tuple(storage), joined_ms=joined_ms)
    theirs = MonthPayout(
        egress_bytes=15 * 10**9, egress_cents=3, repair_audit_bytes=6_030_000_000, repair_audit_cents=1.21,
        storage_byte_months=133_333_333_333.33333, storage_cents=20, payout_cents=24.21,
    )  # fmt: skip
    inputs = NodeInputs(
        usages={SAT: usage},
        kept={SAT: SatelliteUsage(satellite=SAT, storage=tuple(kept))} if kept else {},
        pricing={SAT: PRICES},
        estimates={
            "": EstimatedPayout(satellite="", current_month=theirs, previous_month=MonthPayout(payout_cents=663.46), expected_cents=290)
        },
    )
    return node_earnings(inputs, unix_ms(NOW))


def test_month_end_while_reports_are_two_days_late() -> None:
    """Day 3, only the first day reported: by time gone by it would be $2.91."""
    made = earnings(stored(datetime(2026, 4, 1, tzinfo=UTC), 1))
    end = made.estimate.month_end
    assert end is not None
    assert end.payout_usd_micros == pytest.approx(6_505_000, abs=1000) and end.usage.storage_byte_months == pytest.approx(4 * TB)
    assert made.estimate.expected_usd_micros == 6_500_000
    assert made.estimate.now.payout_usd_micros == 242_100  # so far as the node has it
    assert made.comparison is not None and made.comparison.agrees
    assert "reports' pace" in made.forecast_reasons[0]
    assert judge_earnings(EarningsOutlook("2026-04", end.payout_usd_micros, 6_634_600, 0), None) is None


@pytest.mark.parametrize("hours", [23, 24])
def test_holes_and_whole_hours_change_nothing(hours: int) -> None:
    whole = earnings(stored(datetime(2026, 4, 1, tzinfo=UTC), 2, hours=hours))
    hole = earnings(stored(datetime(2026, 4, 1, tzinfo=UTC), 2, hours=hours, skip=frozenset({0})))
    for made in (whole, hole):
        assert made.estimate.month_end is not None
        assert made.estimate.month_end.usage.storage_byte_months == pytest.approx(4 * TB)


def test_before_the_first_report_of_a_month_the_last_one_stands() -> None:
    march = stored(datetime(2026, 3, 1, tzinfo=UTC), 30)
    made = earnings([], kept=march)
    assert made.estimate.month_end is not None
    assert made.estimate.month_end.payout_usd_micros == pytest.approx(6_505_000, abs=1000)
    old = earnings([], kept=march[:20])
    assert old.estimate.month_end is not None and old.estimate.month_end.usage.storage_byte_months == 0


def test_a_node_that_joined_in_this_month() -> None:
    joined = datetime(2026, 4, 1, 12, tzinfo=UTC)
    made = earnings(stored(datetime(2026, 4, 1, tzinfo=UTC), 1), joined_ms=unix_ms(joined))
    assert made.estimate.month_end is not None
    assert made.estimate.month_end.usage.storage_byte_months == pytest.approx(4 * TB * 29.5 / 30)


def test_a_normalised_answer_is_not_corrected_twice() -> None:
    """Since v1.162.2 the node fills gaps and projects the last days itself, and says so."""
    days = stored(datetime(2026, 4, 1, tzinfo=UTC), 1, calculated=False)
    days += [
        StorageDay(
            start_ms=unix_ms(datetime(2026, 4, day, tzinfo=UTC)), byte_hours=0.0, average_bytes=4.0 * TB, interval_h=hours, calculated=True
        )
        for day, hours in ((2, 24), (3, 12))
    ]
    made = earnings(days)
    assert made.estimate.month_end is not None
    assert made.estimate.now.usage.storage_byte_months == pytest.approx(4 * TB * 60 / 720)
    assert made.estimate.month_end.usage.storage_byte_months == pytest.approx(4 * TB, rel=1e-6)
    assert made.estimate.expected_usd_micros == 6_500_000


@pytest.mark.parametrize(
    ("hours", "whole", "average"), [(23, True, 4.0), (24, True, 4.0), (23, False, 4 * 24 / 23), (23.5, False, 4 * 24 / 23.5)]
)
def test_hours_that_an_old_node_cuts_do_not_raise_what_is_counted(hours: float, whole: bool, average: float) -> None:
    """23:59 h told as 23: 4.3 % too much, which then nobody would seem to pay for (or all too well)."""
    day = UsageDay(unix_ms(NOW) / 1000 - 2 * 86_400, 4 * TB * 24.0, 4 * TB * 24 / hours, hours, whole_hours=whole)
    assert day_average(day) == pytest.approx(average * TB)
    usage = StoredUsage(taken_at=unix_ms(NOW) / 1000, satellite=SAT, days=(day,), month_byte_hours=day.byte_hours)
    for figure in (reported((usage,), unix_ms(NOW) / 1000), reported_month((usage,))):
        assert figure is not None and figure.value == pytest.approx(average * TB)
