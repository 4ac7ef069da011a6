"""Days add up to the month; the band holds nine of ten months; fleets compare, sum and leave out in words."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace

import pytest
from financial_tracker.recorded import FOLDERS, asked_ms, usage
from financial_tracker.test_earnings_of_a_node import inputs

from storj_monitor.financial_tracker.comparison import compare_nodes
from storj_monitor.financial_tracker.days import FEWEST_DAYS, day_earnings, month_band, month_days, sum_days
from storj_monitor.financial_tracker.earnings import node_earnings
from storj_monitor.financial_tracker.export import currency, estimates_csv, profits_csv
from storj_monitor.financial_tracker.months import DAY_MS, period_of, start_ms
from storj_monitor.financial_tracker.revenue import sum_profits, sum_unpaid, unpaid_data
from storj_monitor.financial_tracker.terms import PriceOverride
from storj_monitor.model.estimates import MICROS_PER_CENT, DayEarnings, Profit

NOVEMBER = start_ms("2026-11")


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_days_of_a_recorded_month_are_its_estimate(folder: str) -> None:
    now = asked_ms(folder)
    earnings = node_earnings(inputs(folder), now)
    days = month_days(earnings.days, period_of(now))
    counted = [one for one in earnings.estimate.satellites if one.disqualified_ms is None]
    assert abs(sum(day.usd_micros for day in days) - earnings.estimate.now.payout_usd_micros) <= 2 * MICROS_PER_CENT * max(1, len(counted))
    assert not any(day.complete for day in days if day.start_ms + DAY_MS > now)


def test_a_node_whose_storage_is_reported_late_has_no_complete_day_yet() -> None:
    now = asked_ms("v1.145-debug-hashstore")
    one = usage("v1.145-debug-hashstore", 0)
    told = max((day.start_ms for day in one.storage), default=0)
    earnings = node_earnings(inputs("v1.145-debug-hashstore"), now)
    assert all(day.start_ms <= told for day in day_earnings(one, earnings.estimate.satellites[0].prices, now) if day.complete)


def months(rng: random.Random, days: int) -> list[DayEarnings]:
    return [DayEarnings(NOVEMBER + number * DAY_MS, max(0, round(rng.gauss(100_000, 25_000))), True) for number in range(days)]


def test_the_band_holds_nine_of_ten_months() -> None:
    rng, inside, trials = random.Random(7), 0, 600
    for _ in range(trials):
        month = months(rng, 30)
        past = month[:12]
        earned = sum(day.usd_micros for day in past)
        band = month_band(past, earned, round(earned / 12 * 30), NOVEMBER + 12 * DAY_MS)
        assert band is not None
        assert earned <= band.low_usd_micros <= band.high_usd_micros
        inside += band.low_usd_micros <= sum(day.usd_micros for day in month) <= band.high_usd_micros
    assert 0.85 <= inside / trials <= 0.94


def test_too_few_days_have_no_band() -> None:
    few = months(random.Random(1), FEWEST_DAYS)
    half_told = [day._replace(complete=False) for day in few[:1]] + few[1:]
    assert month_band(half_told, 0, 10**6, NOVEMBER + 7 * DAY_MS) is None
    assert month_band(few, 0, 10**6, NOVEMBER + 7 * DAY_MS) is not None


def test_days_of_two_nodes_add_up() -> None:
    one = [DayEarnings(0, 5, True), DayEarnings(DAY_MS, 7, False)]
    other = [DayEarnings(DAY_MS, 1, True), DayEarnings(2 * DAY_MS, 2, True)]
    assert sum_days([one, other]) == (DayEarnings(0, 5, True), DayEarnings(DAY_MS, 8, False), DayEarnings(2 * DAY_MS, 2, True))
    assert sum_days([]) == ()


def test_a_fleet_agrees_when_each_node_does() -> None:
    good = node_earnings(inputs("v1.162-payout"), asked_ms("v1.162-payout")).comparison
    assert good is not None
    assert compare_nodes({}) is None
    both = compare_nodes({"a": good, "b": good}, ["c"])
    assert both is not None
    assert both.agrees
    assert both.reasons == ("Without c, of which there is no estimate of the node's own.",)
    assert [row.ours_usd_micros for row in both.differences] == [2 * row.ours_usd_micros for row in good.differences]
    own = inputs("v1.162-payout", {"": PriceOverride(egress_usd_micros_per_tb=9_000_000)})
    other = node_earnings(own, asked_ms("v1.162-payout")).comparison
    assert other is not None
    mixed = compare_nodes({"a": good, "b": other})
    assert mixed is not None
    assert not mixed.agrees
    assert mixed.reasons[0].startswith("b: Your settings give other prices")


def test_sums_of_a_fleet_count_what_is_known() -> None:
    one = Profit(revenue_usd_micros=10, power_usd_micros=3, fixed_usd_micros=1)
    total = sum_profits([None, one, one])
    assert total is not None
    assert (total.profit_usd_micros, total.power_usd_micros) == (12, 6)
    assert sum_profits([None]) is None
    unpaid = unpaid_data(10**12, 0, 10**12, 1_500_000)
    both = sum_unpaid([unpaid, None, unpaid])
    assert both is not None
    assert (both.total_bytes, both.total_usd_micros_per_month) == (4 * 10**12, 6_000_000)
    assert sum_unpaid([None]) is None


def test_profit_as_a_file() -> None:
    known = inputs("v1.162-payout")
    told = {
        "=a": node_earnings(known, asked_ms("v1.162-payout")),
        "b": node_earnings(replace(known, costs=None), asked_ms("v1.162-payout")),
    }
    assert told["b"].profit_now is None
    rows = list(csv.DictReader(io.StringIO(profits_csv(told, currency("EUR", "0.5")))))
    assert [(row["node"], row["figure"]) for row in rows] == [("'=a", "so far"), ("'=a", "month end")]
    profit = told["=a"].profit_month_end
    assert profit is not None
    assert (rows[1]["profit_usd"], rows[1]["power_eur"]) == (f"{profit.profit_usd_micros / 1e6:.6f}", "1.080000")


def test_prices_of_the_operator_are_marked_in_the_file() -> None:
    given = {"": PriceOverride(egress_usd_micros_per_tb=1, storage_usd_micros_per_tb_month=2)}
    told = node_earnings(inputs("v1.162-payout", given), asked_ms("v1.162-payout"))
    rows = list(csv.DictReader(io.StringIO(estimates_csv({"a": told.estimate}, {}))))
    assert {row["prices_from"] for row in rows} == {"node, settings: egress storage"}
