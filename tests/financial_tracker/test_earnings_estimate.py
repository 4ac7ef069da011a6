"""Prices, usage and the estimate at their edges."""

from __future__ import annotations

import msgspec
import pytest
from financial_tracker.recorded import at
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.financial_tracker.comparison import (
    compare_months,
    compare_node,
    compare_previous,
    compare_satellite,
    expectation_reasons,
    money_text,
)
from storj_monitor.financial_tracker.estimate import (
    estimate_node,
    estimate_satellite,
    expected_cents,
    month_estimate,
    month_factor,
    month_payout,
    previous_month_usage,
    projected,
    round_cents,
)
from storj_monitor.financial_tracker.months import DAY_MS, HOUR_MS, end_ms, start_ms
from storj_monitor.financial_tracker.terms import PriceOverride, price_notes, resolve_prices
from storj_monitor.financial_tracker.usage import merge_days, month_usage, storage_byte_hours
from storj_monitor.model.earnings import BandwidthDay, EstimatedPayout, MonthPayout, Pricing, SatelliteUsage, StorageDay
from storj_monitor.model.estimates import MonthUsage, Prices, PriceSource, StorageFormula

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
PRICING = Pricing(satellite="s", egress_cents_per_tb=200, repair_cents_per_tb=200, audit_cents_per_tb=200, storage_cents_per_tb_month=149)
FREE = Pricing(satellite="s", egress_cents_per_tb=0, repair_cents_per_tb=0, audit_cents_per_tb=0, storage_cents_per_tb_month=0)
PRICES = resolve_prices("s", PRICING)
NOVEMBER = start_ms("2026-11")
NOW = at("2026-11-11T00:00:00")
JOINED = at("2025-01-05T00:00:00")
TB = 10**12


def storage_days(count: int, size_bytes: float = 1e12, calculated: bool | None = False, first: int = NOVEMBER) -> tuple[StorageDay, ...]:
    return tuple(
        StorageDay(start_ms=first + day * DAY_MS, byte_hours=size_bytes * 24, average_bytes=size_bytes, calculated=calculated)
        for day in range(count)
    )


def month(days: int = 10, **more: object) -> SatelliteUsage:
    traffic = tuple(
        BandwidthDay(start_ms=NOVEMBER + day * DAY_MS, egress_usage_bytes=TB, egress_repair_bytes=TB // 4, egress_audit_bytes=TB // 100)
        for day in range(days)
    )
    plain: dict[str, object] = {"satellite": "s", "bandwidth": traffic, "storage": storage_days(days), "joined_ms": JOINED}
    return SatelliteUsage(**(plain | more))  # type: ignore[arg-type]


# ---- prices ----


def test_the_nodes_prices_in_micro_dollars() -> None:
    bandwidth = (PRICES.egress_usd_micros_per_tb, PRICES.repair_usd_micros_per_tb, PRICES.audit_usd_micros_per_tb)
    assert bandwidth == (2_000_000, 2_000_000, 2_000_000)
    assert (PRICES.storage_usd_micros_per_tb_month, PRICES.source, PRICES.overridden) == (1_490_000, PriceSource.NODE, ())
    assert price_notes(PRICES) == ()


def test_published_prices_are_the_marked_last_resort() -> None:
    prices = resolve_prices("s", None)
    assert (prices.source, prices.storage_usd_micros_per_tb_month) == (PriceSource.PUBLISHED, 1_500_000)
    assert "published" in price_notes(prices)[0]


def test_zero_prices_are_believed_of_unknown_satellites_only() -> None:
    assert resolve_prices(US1, FREE).source is PriceSource.PUBLISHED
    free = resolve_prices("s", FREE)
    assert (free.source, free.egress_usd_micros_per_tb) == (PriceSource.NODE, 0)
    assert "no prices" in price_notes(free)[0]


def test_settings_override_single_prices() -> None:
    some = resolve_prices("s", PRICING, PriceOverride(storage_usd_micros_per_tb_month=1_234_567))
    assert (some.source, some.storage_usd_micros_per_tb_month, some.egress_usd_micros_per_tb) == (PriceSource.NODE, 1_234_567, 2_000_000)
    assert some.overridden == ("storage_usd_micros_per_tb_month",)
    assert "storage" in price_notes(some)[0]
    every = resolve_prices(
        "s",
        None,
        PriceOverride(egress_usd_micros_per_tb=1, repair_usd_micros_per_tb=2, audit_usd_micros_per_tb=3, storage_usd_micros_per_tb_month=4),
    )
    assert every.source is PriceSource.SETTINGS
    assert any("audit price" in note for note in price_notes(every))
    assert resolve_prices("s", PRICING, PriceOverride()) == PRICES


# ---- usage ----


def test_area_counts_the_last_day_until_now() -> None:
    days = storage_days(11)
    assert storage_byte_hours(days, "2026-11", NOW + 6 * HOUR_MS, StorageFormula.AREA) == 246e12
    assert storage_byte_hours(days, "2026-11", NOVEMBER, StorageFormula.AREA) == 0
    assert storage_byte_hours(days, "2026-11", NOVEMBER + 3 * DAY_MS, StorageFormula.AREA) == 72e12


def test_after_the_last_day_its_average_goes_on_until_the_month_ends() -> None:
    assert storage_byte_hours(storage_days(10), "2026-11", NOW + HOUR_MS, StorageFormula.AREA) == 241e12
    assert storage_byte_hours(storage_days(10), "2026-11", end_ms("2027-11"), StorageFormula.AREA) == 720e12
    assert storage_byte_hours((), "2026-11", NOW, StorageFormula.AREA) == 0


def test_reported_counts_what_is_reported() -> None:
    usage = month_usage((), storage_days(3, calculated=None), "2026-11", NOW)
    assert usage.storage_byte_months == 72e12 / 720


def test_days_of_other_months_do_not_count() -> None:
    october = storage_days(31, first=start_ms("2026-10"))
    traffic = (BandwidthDay(start_ms=NOVEMBER - DAY_MS, egress_usage_bytes=5), BandwidthDay(start_ms=NOVEMBER, egress_usage_bytes=7))
    assert month_usage(traffic, october, "2026-11", NOW) == MonthUsage(egress_bytes=7)
    assert month_usage(traffic, october, "2026-10", NOVEMBER) == MonthUsage(egress_bytes=5, storage_byte_months=744e12 / 720)


@pytest.mark.parametrize("wrong", [float("inf"), float("nan"), -1.0, 1e300])
def test_impossible_figures_spoil_nothing(wrong: float) -> None:
    days = (*storage_days(1), StorageDay(start_ms=NOVEMBER + DAY_MS, byte_hours=wrong, average_bytes=wrong, calculated=False))
    for formula in StorageFormula:
        assert storage_byte_hours(days, "2026-11", NOVEMBER + DAY_MS, formula) == 24e12
    assert month_usage((BandwidthDay(start_ms=NOVEMBER, egress_usage_bytes=10**19),), (), "2026-11", NOW) == MonthUsage()


@given(st.lists(st.floats(0, 1e14), min_size=0, max_size=30), st.integers(0, 30 * DAY_MS), st.integers(0, 30 * DAY_MS))
def test_area_grows_with_time_and_is_bounded(sizes: list[float], one: int, other: int) -> None:
    days = [StorageDay(start_ms=NOVEMBER + n * DAY_MS, byte_hours=0, average_bytes=size) for n, size in enumerate(sizes)]
    first, last = sorted((one, other))
    less, more = (storage_byte_hours(days, "2026-11", NOVEMBER + past, StorageFormula.AREA) for past in (first, last))
    assert less <= more <= max(sizes, default=0.0) * 720 * (1 + 1e-9)


def test_stored_days_survive_the_turn_of_the_month() -> None:
    october = month(0, bandwidth=(BandwidthDay(start_ms=NOVEMBER - DAY_MS, egress_usage_bytes=5),), storage=())
    merged = merge_days(october, month(1, joined_ms=None), start_ms("2026-10"))
    assert [day.start_ms for day in merged.bandwidth] == [NOVEMBER - DAY_MS, NOVEMBER]
    assert merged.joined_ms == JOINED
    assert merge_days(merged, month(2), NOVEMBER) == month(2)
    assert merge_days(None, month(2), 0) == month(2)


# ---- estimate ----


@pytest.mark.parametrize(
    ("cents", "rounded"), [(0.125, 0.13), (-0.125, -0.13), (0.375, 0.38), (2.5, 2.5), (0.004999, 0.0), (0.0, 0.0), (1e12, 1e12)]
)
def test_halves_are_rounded_away_from_zero(cents: float, rounded: float) -> None:
    assert round_cents(cents) == rounded


def test_ten_days_at_full_price() -> None:
    one = estimate_satellite(month(), PRICES, NOW)
    assert one.now.usage == MonthUsage(egress_bytes=10 * TB, repair_bytes=5 * TB // 2, audit_bytes=TB // 10, storage_byte_months=1e12 / 3)
    assert (one.now.egress_usd_micros, one.now.repair_usd_micros, one.now.audit_usd_micros) == (20_000_000, 5_000_000, 200_000)
    assert one.now.storage_usd_micros == 496_700
    assert (one.now.held_percent, one.now.payout_usd_micros) == (0, 25_696_700)
    assert one.month_end is not None
    assert one.month_end.payout_usd_micros == pytest.approx(3 * 25_696_700, abs=3)
    assert one.month_end.through_ms == end_ms("2026-11")
    assert one.expected_usd_micros == 77_090_000  # of 7709.01 cents
    assert (one.formula, one.previous, one.notes) == (StorageFormula.AREA, None, ())


def test_the_expectation_drops_fractions_of_a_cent() -> None:
    assert expected_cents(2569.67, NOW, JOINED) == 7709
    assert expected_cents(100.0, at("2026-11-16T00:00:00"), None) == 199  # the node's month ends a nanosecond early


def test_joined_in_this_month() -> None:
    joined = at("2026-11-09T00:00:00")
    one = estimate_satellite(month(joined_ms=joined), PRICES, NOW)
    assert one.now.held_percent == 75
    assert one.now.held_usd_micros == one.now.gross_usd_micros * 3 // 4
    assert month_factor(NOW, joined) == pytest.approx(11.0)
    assert one.month_end is not None
    assert one.month_end.held_usd_micros == pytest.approx(one.month_end.gross_usd_micros * 0.75, abs=1)


@pytest.mark.parametrize("joined", [NOW, NOW + DAY_MS])
def test_joined_now_or_in_the_future(joined: int) -> None:
    one = estimate_satellite(month(joined_ms=joined), PRICES, NOW)
    assert (one.month_end, one.expected_usd_micros) == (None, 0)
    assert estimate_node([one], NOW).month_end is None


def test_first_moment_of_a_month() -> None:
    one = estimate_satellite(month(), PRICES, NOVEMBER)
    assert (one.now.storage_usd_micros, one.month_end, one.expected_usd_micros) == (0, None, 0)
    later = estimate_satellite(SatelliteUsage(satellite="s", joined_ms=JOINED), PRICES, NOVEMBER + 60_000)
    assert later.month_end is not None
    assert later.month_end.gross_usd_micros == 0
    assert any("swings" in note for note in later.notes)


def test_unknown_join_date_holds_nothing_and_says_so() -> None:
    one = estimate_satellite(month(joined_ms=None), PRICES, NOW)
    assert (one.now.held_usd_micros, len(one.notes)) == (0, 1)


def test_disqualified_counts_nothing() -> None:
    lost = estimate_satellite(
        month(), PRICES, NOW, disqualified_ms=NOW - DAY_MS, previous=MonthUsage(egress_bytes=TB), disposed_usd_micros=9
    )
    assert (lost.now.gross_usd_micros, lost.now.disposed_usd_micros, lost.previous, lost.expected_usd_micros) == (0, 0, None, 0)
    both = estimate_node([lost, estimate_satellite(month(), PRICES, NOW)], NOW)
    assert both.now.payout_usd_micros == 25_696_700
    assert both.month_end is not None
    assert both.previous is None


def test_no_satellite_at_all() -> None:
    node = estimate_node([], NOW)
    assert (node.now.payout_usd_micros, node.expected_usd_micros, node.previous) == (0, 0, None)


def test_notes_on_storage_that_is_late_or_filled_in() -> None:
    late = estimate_satellite(month(storage=storage_days(8, calculated=None)), PRICES, NOW)
    assert "2 days of this month missing" in late.notes[0]
    joined = at("2026-11-09T12:00:00")
    young = estimate_satellite(month(joined_ms=joined, storage=storage_days(1, calculated=None, first=NOVEMBER + 8 * DAY_MS)), PRICES, NOW)
    assert "1 day of this month missing" in young.notes[0]
    filled = estimate_satellite(month(storage=(*storage_days(9), *storage_days(1, calculated=True, first=NOW - DAY_MS))), PRICES, NOW)
    assert filled.notes == ("1 day of storage had no report of the satellite and is filled in.",)


def test_what_is_given_back_is_beside_the_payout() -> None:
    one = estimate_satellite(month(), PRICES, NOW, disposed_usd_micros=5)
    assert (one.now.disposed_usd_micros, one.now.payout_usd_micros) == (5, 25_696_700)
    assert one.month_end is not None
    assert one.month_end.disposed_usd_micros == 5


usages = st.builds(
    MonthUsage,
    egress_bytes=st.integers(0, 10**15),
    repair_bytes=st.integers(0, 10**15),
    audit_bytes=st.integers(0, 10**13),
    storage_byte_months=st.floats(0, 1e15),
)
price = st.integers(0, 30_000_000)
price_sets = st.builds(
    Prices,
    satellite=st.just("s"),
    egress_usd_micros_per_tb=price,
    repair_usd_micros_per_tb=price,
    audit_usd_micros_per_tb=price,
    storage_usd_micros_per_tb_month=price,
    source=st.just(PriceSource.NODE),
)


@given(usages, price_sets, st.sampled_from([0.0, 25.0, 50.0, 75.0]), st.floats(1, 50))
def test_our_whole_micros_stay_beside_the_nodes_cents(usage: MonthUsage, prices: Prices, percent: float, factor: float) -> None:
    mine, theirs = month_estimate("s", "2026-11", NOW, usage, prices, percent), month_payout(usage, prices, percent)
    assert mine.egress_usd_micros == round(theirs.egress_cents * 10_000)
    assert mine.repair_usd_micros + mine.audit_usd_micros == round(theirs.repair_audit_cents * 10_000)
    assert min(mine.repair_usd_micros, mine.audit_usd_micros, mine.held_usd_micros, mine.payout_usd_micros) >= 0
    assert mine.gross_usd_micros == mine.held_usd_micros + mine.payout_usd_micros
    assert abs(mine.payout_usd_micros - theirs.payout_cents * 10_000) <= 51
    assert compare_months(mine, theirs).agrees
    end = projected(mine, factor)
    assert abs(end.payout_usd_micros - mine.payout_usd_micros * factor) <= 5 + factor
    assert end.gross_usd_micros >= mine.gross_usd_micros


# ---- the month before ----


def node_says(**figures: object) -> EstimatedPayout:
    return EstimatedPayout(satellite="s", current_month=MonthPayout(), previous_month=MonthPayout(**figures), expected_cents=0)  # type: ignore[arg-type]


def test_previous_month_from_the_node_or_from_what_was_kept() -> None:
    node = node_says(egress_bytes=9, repair_audit_bytes=5, storage_byte_months=2.0)
    kept = month(0, bandwidth=(BandwidthDay(start_ms=NOVEMBER - 1, egress_usage_bytes=8, egress_repair_bytes=3, egress_audit_bytes=2),))
    assert previous_month_usage(None, node, NOW) == MonthUsage(egress_bytes=9, repair_bytes=5, storage_byte_months=2.0)
    assert previous_month_usage(kept, None, NOW) == MonthUsage(egress_bytes=8, repair_bytes=3, audit_bytes=2)
    assert previous_month_usage(kept, node, NOW) == MonthUsage(egress_bytes=9, repair_bytes=3, audit_bytes=2, storage_byte_months=2.0)
    assert previous_month_usage(None, None, NOW) is None
    assert previous_month_usage(month(), None, NOW) is None


def test_previous_month_on_a_31st_is_not_the_nodes() -> None:
    day = at("2026-10-31T12:00:00")
    assert previous_month_usage(None, node_says(egress_bytes=9), day) is None
    mine = estimate_satellite(month(), PRICES, day, previous=MonthUsage(egress_bytes=TB))
    compared = compare_previous(mine, node_says(egress_bytes=9), day)
    assert compared is not None
    assert not compared.agrees
    assert "2026-10 as its previous month, because 2026-09 had no such day" in compared.reasons[0]
    assert compare_previous(estimate_satellite(month(), PRICES, NOW), node_says(), NOW) is None


# ---- beside the node ----


def answer(usage: SatelliteUsage, now_ms: int, prices: Prices = PRICES, percent: float = 0.0) -> EstimatedPayout:
    payout = month_payout(month_usage(usage.bandwidth, usage.storage, "2026-11", now_ms), prices, percent)
    return EstimatedPayout(satellite="s", current_month=payout, previous_month=MonthPayout(), expected_cents=7709)


def test_agreement_needs_no_words() -> None:
    mine = estimate_satellite(month(), PRICES, NOW)
    same = compare_satellite(mine, answer(month(), NOW), PRICING)
    assert (same.agrees, same.reasons) == (True, ())
    whole = estimate_node([mine], NOW)
    assert compare_node(whole, answer(month(), NOW)).agrees
    assert expectation_reasons(whole, answer(month(), NOW)) == ()


def test_differences_in_words() -> None:
    theirs = answer(month(), NOW)
    traffic = compare_satellite(estimate_satellite(month(9), PRICES, NOW), theirs, PRICING)
    assert "1260.00 GB of traffic" in traffic.reasons[0]
    assert len(traffic.reasons) == 1
    smaller = compare_satellite(estimate_satellite(month(storage=storage_days(10, 9e11)), PRICES, NOW), theirs, PRICING)
    assert smaller.reasons == ("Storage counted differs by 0.0333 TB-months: ours is less.",)
    dear = resolve_prices("s", PRICING, PriceOverride(egress_usd_micros_per_tb=20_000_000))
    other = compare_satellite(estimate_satellite(month(), dear, NOW), theirs, PRICING)
    assert other.reasons == ("Your settings give other prices than the node has.", "Same usage, other prices.")
    assert other.differences[0].difference_usd_micros == 180_000_000
    full = month(storage=storage_days(10, 1e13))
    guessed = estimate_satellite(full, resolve_prices("s", None), NOW)
    assert "published rates" in compare_satellite(guessed, answer(full, NOW), None).reasons[0]
    young = compare_satellite(estimate_satellite(month(joined_ms=at("2026-10-05T00:00:00")), PRICES, NOW), theirs, PRICING)
    assert young.reasons == ("We reckon 75 % as held, the node 0 %.",)
    whole = estimate_node([estimate_satellite(month(9), dear, NOW), estimate_satellite(month(), PRICES, NOW, disqualified_ms=1)], NOW)
    assert [reason.split()[0] for reason in compare_node(whole, theirs).reasons][:2] == ["1", "Your"]
    assert expectation_reasons(whole, theirs)


def test_no_estimate_of_the_node() -> None:
    lost = estimate_satellite(month(), PRICES, NOW, disqualified_ms=1)
    both_zero = compare_satellite(lost, None, PRICING)
    assert both_zero.agrees
    assert "disqualified" in both_zero.reasons[0]
    assert not compare_satellite(estimate_satellite(month(), PRICES, NOW), None, PRICING).agrees


@pytest.mark.parametrize(("micros", "text"), [(12_340_000, "$12.34"), (-50_000, "-$0.0500"), (0, "$0.0000"), (100_000, "$0.10")])
def test_money_in_words(micros: int, text: str) -> None:
    assert money_text(micros) == text


def test_estimates_survive_storing() -> None:
    node = estimate_node([estimate_satellite(month(), PRICES, NOW, previous=MonthUsage(egress_bytes=1))], NOW)
    assert msgspec.json.decode(msgspec.json.encode(node), type=type(node)) == node


def test_remaining_words() -> None:
    """Held that differs with the sums alone, and published prices in the sum over satellites."""
    full = month(storage=storage_days(10, 1e13), joined_ms=at("2026-10-05T00:00:00"))
    mine = estimate_satellite(full, resolve_prices("s", None), NOW)
    percent = mine.now.held_percent
    assert percent == 75
    whole = compare_node(estimate_node([mine], NOW), answer(full, NOW, PRICES, percent))
    assert "published rates" in whole.reasons[0]
    odd = msgspec.structs.replace(mine.now, held_usd_micros=mine.now.held_usd_micros - 50_000)
    beside = compare_months(odd, month_payout(odd.usage, resolve_prices("s", None), percent))
    assert beside.reasons == ("What is held differs because the sums differ.",)
