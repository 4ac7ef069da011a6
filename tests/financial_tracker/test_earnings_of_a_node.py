"""The whole picture of one node, from recorded answers and from nothing."""

from __future__ import annotations

import pytest
from financial_tracker.recorded import (
    FOLDERS,
    asked_ms,
    at,
    disqualified_ms,
    held_history,
    node_estimate,
    paystubs,
    pricing,
    usage,
)

from storj_monitor.financial_tracker.earnings import NodeInputs, node_earnings
from storj_monitor.financial_tracker.terms import PriceOverride, override_for
from storj_monitor.model.earnings import StubKey
from storj_monitor.model.estimates import MICROS_PER_CENT, CostRates

RATES = CostRates(power_w=10, power_usd_micros_per_kwh=300_000, fixed_usd_micros_per_month=1_000_000)


def inputs(folder: str, overrides: dict[str, PriceOverride] | None = None) -> NodeInputs:
    usages = [usage(folder, number) for number in (0, 1)]
    estimates = [found for found in (node_estimate(folder), *(node_estimate(folder, number) for number in (0, 1))) if found is not None]
    lost = {one.satellite: disqualified_ms(folder, one.satellite) for one in usages}
    return NodeInputs(
        usages={one.satellite: one for one in usages},
        pricing={one.satellite: pricing(folder, number) for number, one in enumerate(usages)},
        overrides=overrides or {},
        disqualified_ms={satellite: when for satellite, when in lost.items() if when is not None},
        estimates={one.satellite: one for one in estimates},
        stubs={StubKey("n", row.satellite, row.period): row for row in paystubs(folder)},
        held_history={row.satellite: row for row in held_history(folder)},
        costs=RATES,
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_recorded_node_agrees_with_itself(folder: str) -> None:
    earnings = node_earnings(inputs(folder), asked_ms(folder))
    assert earnings.comparison is not None
    assert earnings.comparison.agrees
    assert len(earnings.satellite_comparisons) == 2
    assert all(one.agrees for one in (*earnings.satellite_comparisons, *earnings.previous_comparisons))
    assert earnings.forecast_reasons == ()
    assert len(earnings.held) == 2
    assert sum(one.held_usd_micros for one in earnings.held) == sum(row.total_held_usd_micros for row in held_history(folder))
    assert earnings.profit_month_end is not None
    assert earnings.profit_month_end.power_usd_micros == 2_160_000


def test_real_sized_amounts() -> None:
    earnings = node_earnings(inputs("v1.162-payout"), at("2026-11-23T08:43:41.770"))
    assert earnings.estimate.now.payout_usd_micros == 983_36 * MICROS_PER_CENT // 100
    assert earnings.estimate.expected_usd_micros == 1318 * MICROS_PER_CENT
    assert earnings.estimate.previous is not None
    assert earnings.estimate.previous.held_usd_micros == 2_979_675
    assert {one.return_period for one in earnings.held} == {"2027-05"}
    assert earnings.revenue.storage_usd_micros_per_tb_month == pytest.approx(1_490_000, rel=1e-4)
    assert earnings.unpaid_price_usd_micros_per_tb_month == 1_490_000
    assert earnings.balance.undistributed_usd_micros > 0


def test_what_is_due_back_this_month() -> None:
    """15 months of paystubs without a return, then the sixteenth month."""
    known = inputs("v1.145-debug-hashstore")
    stubs = {key: row for key, row in known.stubs.items() if row.period < "2026-10"}
    now = asked_ms("v1.145-debug-hashstore")
    earnings = node_earnings(NodeInputs(usages=known.usages, pricing=known.pricing, stubs=stubs), now)
    held = sum(row.held_usd_micros for row in stubs.values())
    assert earnings.estimate.now.disposed_usd_micros == pytest.approx(held / 2, abs=2)
    assert {one.return_period for one in earnings.held} == {"2026-11"}


def test_overrides_are_named_as_the_reason() -> None:
    given = {"": PriceOverride(egress_usd_micros_per_tb=20_000_000)}
    earnings = node_earnings(inputs("v1.162-payout", given), asked_ms("v1.162-payout"))
    assert earnings.comparison is not None
    assert not earnings.comparison.agrees
    assert "settings" in earnings.comparison.reasons[0]
    assert earnings.forecast_reasons


def test_the_satellites_own_override_goes_first() -> None:
    overrides = {
        "": PriceOverride(egress_usd_micros_per_tb=1, audit_usd_micros_per_tb=2),
        "s": PriceOverride(egress_usd_micros_per_tb=3),
    }
    assert override_for("s", overrides) == PriceOverride(egress_usd_micros_per_tb=3, audit_usd_micros_per_tb=2)
    assert override_for("t", overrides) == overrides[""]
    assert override_for("t", {}) == PriceOverride()


def test_nothing_known() -> None:
    earnings = node_earnings(NodeInputs(usages={}), at("2026-11-23T08:43:00"))
    assert (earnings.comparison, earnings.held, earnings.estimate.now.payout_usd_micros) == (None, (), 0)


def test_a_satellite_that_is_gone_still_holds_its_money() -> None:
    known = inputs("v1.162-info")
    earnings = node_earnings(NodeInputs(usages={}, stubs=known.stubs), asked_ms("v1.162-info"))
    assert [one.age_months for one in earnings.held] == [None, None]
    assert sum(one.held_usd_micros for one in earnings.held) == 18568505 + 18223522
