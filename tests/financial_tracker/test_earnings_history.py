"""Paystubs for ever, balances, scores, and money per TB."""

from __future__ import annotations

import msgspec
import pytest
from financial_tracker.recorded import FOLDERS, at, payout_history, paystubs
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.financial_tracker.comparison import score
from storj_monitor.financial_tracker.estimate import estimate_satellite, month_estimate
from storj_monitor.financial_tracker.held import balance, balances_by, earned_usd_micros
from storj_monitor.financial_tracker.history import merge_payouts, merge_paystubs, missing_periods
from storj_monitor.financial_tracker.months import end_ms, start_ms
from storj_monitor.financial_tracker.revenue import estimate_profit, month_profit, revenue_per_tb, storage_price_usd_micros, unpaid_data
from storj_monitor.financial_tracker.terms import PriceOverride, resolve_prices
from storj_monitor.model.earnings import PayoutHistoryRow, Paystub, Pricing, SatelliteUsage, StorageDay, StubKey
from storj_monitor.model.estimates import Balance, CostRates, MonthUsage

NOW = at("2026-11-23T08:43:00")
PRICES = resolve_prices(
    "s", Pricing(satellite="s", egress_cents_per_tb=200, repair_cents_per_tb=200, audit_cents_per_tb=200, storage_cents_per_tb_month=149)
)
TB = 10**12


def key(row: Paystub | PayoutHistoryRow) -> StubKey:
    return StubKey("n", row.satellite, row.period)


def stub(period: str = "2026-10", created_ms: int | None = 5, **figures: object) -> Paystub:
    return Paystub(satellite="s", period=period, created_ms=created_ms, **figures)  # type: ignore[arg-type]


# ---- history ----


def categories_usd_micros(one: Paystub) -> int:
    storage, served = one.storage_usd_micros, one.get_usd_micros + one.get_repair_usd_micros + one.get_audit_usd_micros
    return storage + served + one.put_usd_micros + one.put_repair_usd_micros


@pytest.mark.parametrize("folder", FOLDERS)
def test_import_of_a_recorded_node(folder: str) -> None:
    """All rows the first time, none the second; the sums are those that the node itself would show."""
    rows = paystubs(folder)
    first = merge_paystubs("n", {}, rows)
    assert sorted(first.changed) == sorted(key(row) for row in rows)
    assert first.refused == []
    assert merge_paystubs("n", first.changed, reversed(rows)).changed == {}
    assert merge_paystubs("n", first.changed, []).changed == {}
    for row in payout_history(folder):
        mine = first.changed[key(row)]
        assert earned_usd_micros(mine) == categories_usd_micros(mine) == row.earned_usd_micros
    payouts = merge_payouts("n", {}, payout_history(folder))
    assert merge_payouts("n", payouts.changed, payout_history(folder)).changed == {}
    assert len(payouts.changed) == len(payout_history(folder))


def test_what_was_transferred_never_shrinks_and_newer_stubs_win() -> None:
    kept = {key(stub()): stub(paid_usd_micros=10, distributed_usd_micros=10)}
    older = merge_paystubs("n", kept, [stub(created_ms=4, paid_usd_micros=99, distributed_usd_micros=12)])
    assert older.changed == {key(stub()): stub(paid_usd_micros=10, distributed_usd_micros=12)}
    newer = merge_paystubs("n", kept, [stub(created_ms=6, paid_usd_micros=8)])
    assert newer.changed == {key(stub()): stub(created_ms=6, paid_usd_micros=8, distributed_usd_micros=10)}
    corrected = merge_paystubs("n", kept, [stub(paid_usd_micros=8, distributed_usd_micros=10)])
    assert corrected.changed == {key(stub()): stub(paid_usd_micros=8, distributed_usd_micros=10)}
    undated = merge_paystubs("n", kept, [stub(created_ms=None, paid_usd_micros=8)])
    assert undated.changed == {}


@pytest.mark.parametrize(
    "wrong",
    [
        stub("2026-13"),
        stub(""),
        msgspec.structs.replace(stub(), satellite=""),
        stub(paid_usd_micros=10**16),
        stub(usage_storage_byte_months=float("nan")),
        stub(usage_get_bytes=-1),
    ],
)
def test_impossible_rows_are_refused(wrong: Paystub) -> None:
    merged = merge_paystubs("n", {}, [wrong, stub("2026-09")])
    assert list(merged.changed) == [StubKey("n", "s", "2026-09")]
    assert len(merged.refused) == 1


rows = st.builds(
    Paystub,
    satellite=st.sampled_from("ab"),
    period=st.sampled_from(["2026-01", "2026-02", "2026-03"]),
    created_ms=st.none() | st.integers(0, 3),
    paid_usd_micros=st.integers(0, 5),
    distributed_usd_micros=st.integers(0, 5),
)


@given(st.lists(st.lists(rows, max_size=6), max_size=6))
def test_answers_only_add(answers: list[list[Paystub]]) -> None:
    """Whatever a node answers: no key is lost, transfers grow, and the same answer again changes nothing."""
    kept: dict[StubKey, Paystub] = {}
    for answer in answers:
        unique = list({key(row): row for row in answer}.values())
        merged = merge_paystubs("n", kept, unique).changed
        for name, row in merged.items():
            assert name not in kept or row.distributed_usd_micros >= kept[name].distributed_usd_micros
        kept = kept | merged
        assert {key(row) for row in unique} <= set(kept)
        assert merge_paystubs("n", kept, unique).changed == {}


def test_a_receipt_is_never_lost_and_age_is_not_news() -> None:
    row = PayoutHistoryRow(satellite="s", period="2026-10", receipt="eth:0x1", age_months=9, satellite_address="a")
    kept = {key(row): row}
    assert merge_payouts("n", kept, [msgspec.structs.replace(row, receipt="", age_months=10, satellite_address="")]).changed == {}
    late = msgspec.structs.replace(row, receipt="eth:0x2")
    assert merge_payouts("n", kept, [late]).changed == {key(row): late}
    assert merge_payouts("n", {}, [msgspec.structs.replace(row, period="x")]).refused


def test_missing_periods() -> None:
    assert missing_periods(["2026-01", "2026-04", "2025-12"]) == ["2026-02", "2026-03"]
    assert missing_periods([]) == []


def test_balances() -> None:
    stubs = {key(row): row for row in paystubs("v1.145-debug-hashstore")}
    whole = balance(stubs.values())
    by_satellite = balances_by(stubs, lambda name: name.satellite)
    assert len(by_satellite) == 2
    assert sum(part.undistributed_usd_micros for part in by_satellite.values()) == whole.undistributed_usd_micros
    assert whole.undistributed_usd_micros == whole.paid_usd_micros - whole.distributed_usd_micros
    assert whole.earned_usd_micros == whole.paid_usd_micros + whole.held_usd_micros - whole.disposed_usd_micros
    assert balance([]) == Balance()


def test_what_a_surge_brings_is_earned() -> None:
    """The categories are at plain prices; what is paid is after the surge."""
    surged = stub(get_usd_micros=10, surge_percent=150, paid_usd_micros=12, held_usd_micros=3)
    assert earned_usd_micros(surged) == categories_usd_micros(surged) * 150 // 100 == 15


# ---- scores ----


@pytest.mark.parametrize("folder", FOLDERS)
def test_usage_of_a_paystub_scores_within_a_cent_of_it(folder: str) -> None:
    """The formulas of node and satellite are the same but for 149 against 149.76 cents: a perfect count is off by rounding only."""
    for row in paystubs(folder):
        usage = MonthUsage(
            egress_bytes=row.usage_get_bytes,
            repair_bytes=row.usage_get_repair_bytes,
            audit_bytes=row.usage_get_audit_bytes,
            storage_byte_months=row.usage_storage_byte_months,
        )
        exact = resolve_prices(row.satellite, None, PriceOverride(storage_usd_micros_per_tb_month=1_497_600))
        percent = 100 * row.held_usd_micros / (row.paid_usd_micros + row.held_usd_micros - row.disposed_usd_micros)
        estimate = month_estimate(row.satellite, row.period, NOW, usage, exact, round(percent / 25) * 25.0, row.disposed_usd_micros)
        scored = score(estimate, row)
        assert scored.comparison.agrees
        assert scored.error_percent == pytest.approx(0, abs=0.1)
        assert scored.comparison.reasons == ()


def test_score_in_words() -> None:
    usage = MonthUsage(egress_bytes=TB, storage_byte_months=1e12)
    estimate = month_estimate("s", "2026-10", NOW, usage, PRICES, 25.0)
    paid = stub(
        usage_get_bytes=TB // 2,
        usage_storage_byte_months=1e12,
        get_usd_micros=1_000_000,
        storage_usd_micros=1_490_000,
        held_usd_micros=1_867_500,
        disposed_usd_micros=300_000,
        paid_usd_micros=922_500,
        codes="E:O",
        surge_percent=200,
    )
    scored = score(estimate, paid)
    assert (scored.estimated_usd_micros, scored.paid_usd_micros) == (2_617_500, 922_500)
    assert scored.error_percent == pytest.approx(183.74, abs=0.01)
    assert scored.comparison.reasons == (
        "The paystub says: the node was offline.",
        "The satellite paid 200 % of its prices (surge).",
        "The satellite counted 50.0 % less egress than the node.",
        "The satellite held 75 %, we reckoned 25 %.",
        "Given back was $0.30, we reckoned $0.0000.",
    )
    late = score(estimate, paid, at("2026-01-31T12:00:00"))
    assert not any("late in a month" in reason for reason in late.comparison.reasons)
    with pytest.raises(ValueError, match="2026-09"):
        score(estimate, stub("2026-09"))
    assert score(month_estimate("s", "2026-10", NOW, MonthUsage(), PRICES, 0.0), stub()).error_percent is None


# ---- per TB, unpaid, cost ----


def test_revenue_per_tb() -> None:
    usage = MonthUsage(egress_bytes=TB, repair_bytes=TB, audit_bytes=0, storage_byte_months=2e12)
    revenue = revenue_per_tb(month_estimate("s", "2026-11", NOW, usage, PRICES, 75.0))
    assert revenue == (type(revenue))(
        storage_usd_micros_per_tb_month=1_490_000, egress_usd_micros_per_tb=2_000_000, all_usd_micros_per_tb_month=3_490_000
    )
    nothing = revenue_per_tb(month_estimate("s", "2026-11", NOW, MonthUsage(), PRICES, 0.0))
    assert {getattr(nothing, name) for name in nothing.__struct_fields__} == {None}


def test_unpaid_data() -> None:
    unpaid = unpaid_data(TB, TB // 2, -5, 1_490_000)
    assert (unpaid.total_bytes, unpaid.total_usd_micros_per_month) == (3 * TB // 2, 1_490_000 + 745_000)
    assert unpaid.uncollected_bytes == 0


def test_one_storage_price_for_a_node() -> None:
    def satellite(price: int, size: float, disqualified_ms: int | None = None) -> object:
        days = (StorageDay(start_ms=start_ms("2026-11"), byte_hours=size, average_bytes=size),)
        prices = resolve_prices("s", None, PriceOverride(storage_usd_micros_per_tb_month=price))
        return estimate_satellite(SatelliteUsage(satellite="s", storage=days), prices, NOW, disqualified_ms=disqualified_ms)

    assert storage_price_usd_micros([satellite(100, 1.0), satellite(200, 3.0), satellite(999, 9.0, 1)]) == 175  # type: ignore[list-item]
    assert storage_price_usd_micros([satellite(100, 0.0), satellite(200, 0.0)]) == 150  # type: ignore[list-item]
    assert storage_price_usd_micros([]) == 0


def test_cost_and_profit() -> None:
    rates = CostRates(power_w=10, power_usd_micros_per_kwh=300_000, fixed_usd_micros_per_month=3_000_000)
    whole = month_profit(10_000_000, "2026-11", rates)
    assert (whole.power_usd_micros, whole.fixed_usd_micros, whole.profit_usd_micros) == (2_160_000, 3_000_000, 4_840_000)
    half = month_profit(0, "2026-11", rates, through_ms=at("2026-11-16T00:00:00"))
    assert (half.power_usd_micros, half.fixed_usd_micros, half.profit_usd_micros) == (1_080_000, 1_500_000, -2_580_000)
    assert month_profit(5, "2026-11", rates, from_ms=end_ms("2026-11")).profit_usd_micros == 5
    assert month_profit(5, "2026-11", CostRates()).profit_usd_micros == 5
    estimate = month_estimate("s", "2026-11", end_ms("2026-11"), MonthUsage(egress_bytes=TB), PRICES, 50.0, 7)
    assert estimate_profit(estimate, rates).profit_usd_micros == 1_000_007 - 5_160_000


@given(st.integers(0, 720), st.integers(0, 720))
def test_two_parts_of_a_month_cost_what_the_month_costs(one: int, other: int) -> None:
    rates = CostRates(power_w=7.5, power_usd_micros_per_kwh=312_345, fixed_usd_micros_per_month=1_234_567)
    first, last = sorted((one, other))
    begin = start_ms("2026-11")
    cuts = [begin, begin + first * 3_600_000, begin + last * 3_600_000, end_ms("2026-11")]
    parts = [month_profit(0, "2026-11", rates, low, high).profit_usd_micros for low, high in zip(cuts, cuts[1:], strict=False)]
    assert end_ms("2026-11") - begin == 720 * 3_600_000
    assert abs(sum(parts) - month_profit(0, "2026-11", rates).profit_usd_micros) <= 4


def test_scores_of_late_joiners_and_of_other_prices() -> None:
    estimate = month_estimate("s", "2026-04", NOW, MonthUsage(egress_bytes=TB), PRICES, 50.0)
    paid = stub("2026-04", usage_get_bytes=TB, get_usd_micros=2_000_000, held_usd_micros=1_500_000, paid_usd_micros=500_000)
    assert "full months" in score(estimate, paid, at("2026-01-31T12:00:00")).comparison.reasons[0]
    cheap = stub("2026-04", usage_get_bytes=TB, get_usd_micros=1_000_000, held_usd_micros=500_000, paid_usd_micros=500_000)
    assert score(estimate, cheap).comparison.reasons == ("Same usage, other prices.",)
    unseen = month_estimate("s", "2026-04", NOW, MonthUsage(), PRICES, 50.0)
    assert "counted more egress" in score(unseen, cheap).comparison.reasons[0]
