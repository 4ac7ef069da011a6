"""Our estimate is the node's own, on every recorded answer: this month, the month before, the expectation, each satellite and all."""

from __future__ import annotations

import pytest
from financial_tracker.recorded import FOLDERS, asked_ms, disqualified_ms, node_estimate, pricing, usage

from storj_monitor.financial_tracker.estimate import estimate_node, estimate_satellite, month_payout, previous_month_usage
from storj_monitor.financial_tracker.held import held_percent
from storj_monitor.financial_tracker.months import node_previous_period, period_of
from storj_monitor.financial_tracker.terms import resolve_prices
from storj_monitor.financial_tracker.usage import month_usage, usage_from_totals
from storj_monitor.model.earnings import MonthPayout
from storj_monitor.model.estimates import MICROS_PER_CENT, MonthEstimate, SatelliteEstimate

CENT = MICROS_PER_CENT
EACH = [(folder, number) for folder in FOLDERS for number in (0, 1)]


def ours(folder: str, number: int, now_ms: int) -> SatelliteEstimate:
    used = usage(folder, number)
    return estimate_satellite(
        used,
        resolve_prices(used.satellite, pricing(folder, number)),
        now_ms,
        disqualified_ms=disqualified_ms(folder, used.satellite),
        previous=previous_month_usage(None, node_estimate(folder, number), now_ms),
    )


def within_a_cent(mine: MonthEstimate | None, theirs: MonthPayout) -> None:
    assert mine is not None
    pairs = (
        (mine.egress_usd_micros, theirs.egress_cents),
        (mine.repair_usd_micros + mine.audit_usd_micros, theirs.repair_audit_cents),
        (mine.storage_usd_micros, theirs.storage_cents),
        (mine.held_usd_micros, theirs.held_cents),
        (mine.payout_usd_micros, theirs.payout_cents),
    )
    for figure, cents in pairs:
        assert abs(figure - cents * CENT) <= CENT, (figure, cents)
    assert mine.usage.egress_bytes == theirs.egress_bytes
    assert mine.usage.repair_bytes + mine.usage.audit_bytes == theirs.repair_audit_bytes


@pytest.mark.parametrize("late_s", [0, 42, 59])
@pytest.mark.parametrize(("folder", "number"), EACH)
def test_one_satellite(folder: str, number: int, late_s: int) -> None:
    theirs, mine = node_estimate(folder, number), ours(folder, number, asked_ms(folder) + late_s * 1000)
    if theirs is None:
        assert mine.disqualified_ms is not None
        assert (mine.now.gross_usd_micros, mine.expected_usd_micros, mine.previous) == (0, 0, None)
        return
    within_a_cent(mine.now, theirs.current_month)
    assert mine.now.held_percent == theirs.current_month.held_percent
    within_a_cent(mine.previous, theirs.previous_month)
    assert mine.previous is not None
    assert mine.previous.held_percent == theirs.previous_month.held_percent
    assert abs(mine.expected_usd_micros - theirs.expected_cents * CENT) <= CENT
    assert mine.month_end is not None
    assert abs(mine.month_end.payout_usd_micros - theirs.expected_cents * CENT) <= 1.02 * CENT


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_satellites(folder: str) -> None:
    now_ms = asked_ms(folder)
    theirs = node_estimate(folder)
    assert theirs is not None
    mine = estimate_node([ours(folder, number, now_ms) for number in (0, 1)], now_ms)
    within_a_cent(mine.now, theirs.current_month)
    if mine.previous is not None:
        within_a_cent(mine.previous, theirs.previous_month)
    else:
        assert theirs.previous_month.payout_cents == 0
    assert abs(mine.expected_usd_micros - theirs.expected_cents * CENT) <= CENT


@pytest.mark.parametrize(("folder", "number"), EACH)
def test_formula_to_the_last_digit(folder: str, number: int) -> None:
    """With the node's own usage there is no difference at all, not even in the last bit of a float."""
    theirs, used = node_estimate(folder, number), usage(folder, number)
    if theirs is None:
        pytest.skip("disqualified: the node gives no estimate")
    now_ms, prices = asked_ms(folder), resolve_prices(used.satellite, pricing(folder, number))
    for month, period in ((theirs.current_month, period_of(now_ms)), (theirs.previous_month, node_previous_period(now_ms))):
        assert month_payout(usage_from_totals(month), prices, held_percent(used.joined_ms, period)) == month


@pytest.mark.parametrize(
    ("folder", "number"), [("v1.162-payout", 0), ("v1.162-payout", 1), ("v1.162-info", 0), ("v1.162-json-hashstore", 1)]
)
def test_now_enters_through_the_last_day_only(folder: str, number: int) -> None:
    """The answers were given 41 to 42 seconds after the minute: with that moment, byte-months agree to the byte."""
    theirs, used = node_estimate(folder, number), usage(folder, number)
    assert theirs is not None
    now_ms = asked_ms(folder)
    without = month_usage(used.bandwidth, used.storage, period_of(now_ms), now_ms).storage_byte_months
    seconds = (theirs.current_month.storage_byte_months - without) * 720 * 3600 / used.storage[-1].average_bytes  # type: ignore[operator]
    assert 41 < seconds < 42
