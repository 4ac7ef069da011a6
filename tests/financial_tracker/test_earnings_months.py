"""Months in UTC, the calendar of Go, and the held rates that follow from both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from financial_tracker.recorded import FOLDERS, asked_ms, at, held_history, payout_history, paystubs
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.financial_tracker.held import (
    HELD_PERCENTS,
    expected_disposed_usd_micros,
    held_percent,
    held_position,
    return_period,
    satellite_age_months,
    satellite_held_percent,
)
from storj_monitor.financial_tracker.months import (
    add_months,
    end_ms,
    is_period,
    moment_of,
    month_number,
    months_between,
    node_previous_period,
    period_of,
    period_of_number,
    shifted,
    start_ms,
    unix_ms,
)
from storj_monitor.model.earnings import HeldHistoryRow, Paystub

MOMENTS = st.integers(at("1990-01-01T00:00:00"), at("2090-01-01T00:00:00"))


@given(MOMENTS)
def test_a_moment_lies_in_its_month(moment: int) -> None:
    period = period_of(moment)
    assert start_ms(period) <= moment < end_ms(period)
    assert unix_ms(moment_of(moment)) == moment
    assert period_of_number(month_number(period)) == period
    assert is_period(period)
    assert start_ms(shifted(period, 1)) == end_ms(period)
    assert (end_ms(period) - start_ms(period)) // 3_600_000 in (672, 696, 720, 744)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-1", "2026-011", "abcd-01", "2026-01-01", " 2026-01", "2026-01\n"])
def test_no_period(text: str) -> None:
    assert not is_period(text)
    with pytest.raises(ValueError, match=".*"):
        month_number(text)


@given(MOMENTS, st.integers(-30, 30))
def test_days_flow_over_as_in_go(moment: int, months: int) -> None:
    """The same day of the month, or so many days after the month's last one as it lacks."""
    then, now = moment_of(add_months(moment, months)), moment_of(moment)
    target = month_number(period_of(moment)) + months
    first = datetime(target // 12, target % 12 + 1, 1, tzinfo=UTC)
    assert then - first == timedelta(days=now.day - 1) + (now - now.replace(hour=0, minute=0, second=0, microsecond=0))


@pytest.mark.parametrize(
    ("now", "previous"),
    [
        ("2026-11-23T08:43:00", "2026-10"),
        ("2026-11-01T00:00:00", "2026-10"),
        ("2026-01-31T23:59:59", "2025-12"),
        ("2026-10-30T12:00:00", "2026-09"),
        ("2026-10-31T12:00:00", "2026-10"),
        ("2026-03-28T12:00:00", "2026-02"),
        ("2026-03-29T12:00:00", "2026-03"),
        ("2028-03-29T12:00:00", "2028-02"),
        ("2028-03-30T12:00:00", "2028-03"),
        ("2026-08-31T12:00:00", "2026-07"),
    ],
)
def test_what_the_node_calls_the_previous_month(now: str, previous: str) -> None:
    assert node_previous_period(at(now)) == previous


def test_held_rates_by_month_of_age() -> None:
    joined = at("2025-08-31T23:59:59")
    rates = [held_percent(joined, shifted("2025-08", month)) for month in range(-1, 20)]
    assert rates == [0, *map(float, HELD_PERCENTS), *[0.0] * 11]
    assert held_percent(None, "2026-01") == 0


@given(MOMENTS, st.integers(0, 24))
def test_node_and_satellite_agree_on_all_but_the_last_days(joined: int, month: int) -> None:
    period = shifted(period_of(joined), month)
    if 1 < moment_of(joined).day <= 28:
        assert satellite_held_percent(joined, period) == held_percent(joined, period)
        assert satellite_age_months(joined, period) == month
    else:
        assert abs(satellite_age_months(joined, period) - months_between(joined, period)) <= 1


def test_a_node_of_31_january_stays_young_in_february() -> None:
    joined = at("2025-01-31T12:00:00")
    assert [satellite_age_months(joined, shifted("2025-01", month)) for month in range(4)] == [0, 0, 2, 2]
    assert satellite_held_percent(joined, "2025-04") == 75
    assert held_percent(joined, "2025-04") == 50


def test_half_comes_back_in_month_16() -> None:
    assert return_period(at("2025-08-05T10:11:12")) == "2026-11"
    assert return_period(at("2025-08-01T00:00:00")) == "2026-10"


def stub(period: str, held: int = 0, disposed: int = 0) -> Paystub:
    return Paystub(satellite="s", period=period, held_usd_micros=held, disposed_usd_micros=disposed)


def test_position_of_a_young_node() -> None:
    joined, now = at("2026-02-05T10:11:12"), at("2026-05-20T00:00:00")
    stubs = [stub("2026-03", 300), stub("2026-02", 101), stub("2026-04", 200)]
    position = held_position("s", joined, stubs, None, now)
    assert position.stages_usd_micros == (601, 0, 0, 0)
    assert (position.held_usd_micros, position.net_usd_micros, position.age_months) == (601, 601, 3)
    assert (position.percent, position.next_percent, position.next_period) == (50, 25, "2026-08")
    assert (position.return_period, position.return_usd_micros, position.exit_usd_micros) == ("2027-05", 300, 301)
    assert expected_disposed_usd_micros(position, "2027-05") == 300
    assert expected_disposed_usd_micros(position, "2026-05") == 0
    assert expected_disposed_usd_micros(None, "2026-05") == 0


def test_position_when_the_return_is_late_or_done() -> None:
    joined, now = at("2024-01-05T00:00:00"), at("2026-05-20T00:00:00")
    late = held_position("s", joined, [stub("2024-01", 100), stub("2026-04")], None, now)
    assert (late.return_period, late.next_period, late.percent) == ("2026-05", None, 0)
    done = held_position("s", joined, [stub("2024-01", 100), stub("2025-04", 0, 50)], None, now)
    assert (done.return_period, done.return_usd_micros, done.exit_usd_micros, done.net_usd_micros) == (None, 0, 50, 50)


def test_position_of_a_disqualified_node() -> None:
    gone = held_position("s", at("2026-02-05T00:00:00"), [stub("2026-02", 100)], None, at("2026-05-20T00:00:00"), disqualified=True)
    assert (gone.return_period, gone.return_usd_micros, gone.exit_usd_micros, gone.lost_usd_micros) == (None, 0, 0, 100)


def test_position_without_a_join_date_goes_by_the_stubs_place() -> None:
    stubs = [stub(shifted("2025-01", month), 10) for month in range(11)]
    position = held_position("s", None, stubs, None, at("2026-05-20T00:00:00"))
    assert position.stages_usd_micros == (30, 30, 30, 20)
    assert (position.return_period, position.age_months, position.next_period) == (None, None, None)


def test_the_larger_of_two_incomplete_sums() -> None:
    history = HeldHistoryRow(
        satellite="s",
        first_period_usd_micros=900,
        total_held_usd_micros=900,
        total_disposed_usd_micros=7,
        joined_ms=at("2025-01-05T00:00:00"),
    )
    position = held_position("s", None, [stub("2025-01", 100)], history, at("2025-02-20T00:00:00"))
    assert (position.stages_usd_micros, position.disposed_usd_micros, position.age_months) == ((900, 0, 0, 0), 7, 1)


@pytest.mark.parametrize("folder", FOLDERS)
def test_positions_agree_with_the_nodes_held_history(folder: str) -> None:
    """With all its paystubs at hand, or with the history in their place."""
    rows = paystubs(folder)
    for history in held_history(folder):
        mine = [row for row in rows if row.satellite == history.satellite]
        for given_history in (history, None):
            position = held_position(history.satellite, history.joined_ms, mine, given_history, asked_ms(folder))
            if given_history is None and sum(row.held_usd_micros for row in mine) < history.total_held_usd_micros:
                continue
            assert position.held_usd_micros == history.total_held_usd_micros
            assert position.disposed_usd_micros == history.total_disposed_usd_micros
            assert position.stages_usd_micros[:3] == (
                history.first_period_usd_micros,
                history.second_period_usd_micros,
                history.third_period_usd_micros,
            )


@pytest.mark.parametrize("folder", FOLDERS)
def test_rates_agree_with_the_nodes_payout_history(folder: str) -> None:
    joined = {row.satellite: row.joined_ms for row in held_history(folder)}
    for row in payout_history(folder):
        assert held_percent(joined[row.satellite], row.period) == row.held_percent
