"""A node's month goes on, is kept and turns, also where its own sum is missing (it lacks the prices of one satellite) or comes first."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from plain import plain
from services.test_node_status import DAY_S, OCTOBER_30, SAT, Rig, node_answer, satellite_answer

from storj_monitor.database import node_tables as store
from storj_monitor.database.node_loading import LOADED
from storj_monitor.model.earnings import EstimatedPayout, MonthPayout, Paystub
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.views.gauges import node_families

SUM = EstimatedPayout(satellite="", current_month=MonthPayout(payout_cents=300.0), previous_month=MonthPayout(), expected_cents=0.0)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def usage_at(rig: Rig, at: float, days: int) -> dict[str, object]:
    rig.clock.at = at
    rig.take(AnswerKind.NODE, node_answer(at))
    rig.take(AnswerKind.SATELLITE, satellite_answer(at, days), SAT)
    row = plain(rig.renderers.rows("earnings", ["a"]))["a"]
    assert isinstance(row["now"], dict)
    return row


def test_the_month_goes_on_and_is_kept_without_the_nodes_sum(rig: Rig) -> None:
    doubts: list[str] = []
    rig.keeper.signals.doubted.append(doubts.append)
    first = usage_at(rig, OCTOBER_30, 29)["now"]
    assert rig.rows(store.ESTIMATE_SNAPSHOT) == []  # its sum may still come
    later = usage_at(rig, OCTOBER_30 + 6 * 3600, 30)["now"]
    assert later["through"] == pytest.approx(OCTOBER_30 + 6 * 3600, abs=1) and later["gross_usd_micros"] > first["gross_usd_micros"]  # type: ignore[index]
    usage_at(rig, OCTOBER_30 + 30 * 3600, 31)
    assert [row[3] * 86_400 for row in rig.rows(store.ESTIMATE_SNAPSHOT)] == [OCTOBER_30, OCTOBER_30 + DAY_S]
    november = usage_at(rig, OCTOBER_30 + 3 * DAY_S, 31)["now"]
    assert november["period"] == "2026-11"  # type: ignore[index]
    assert doubts == []


def test_a_sum_of_another_month_is_no_comparison(rig: Rig) -> None:
    usage_at(rig, OCTOBER_30, 29)
    rig.take(AnswerKind.ESTIMATE, SUM)
    assert plain(rig.renderers.rows("earnings", ["a"]))["a"]["comparison"] is not None
    row = usage_at(rig, OCTOBER_30 + 3600, 29)
    assert row["now"]["through"] == pytest.approx(OCTOBER_30, abs=1) and row["comparison"] is not None  # type: ignore[index]
    row = usage_at(rig, OCTOBER_30 + 3 * DAY_S, 31)
    assert (row["comparison"], row["theirs"]) == (None, None)
    rig.take(AnswerKind.ESTIMATE, msgspec.structs.replace(SUM))
    assert plain(rig.renderers.rows("earnings", ["a"]))["a"]["comparison"] is not None


def test_the_first_sum_of_a_month_is_not_held_against_the_usage_of_the_one_before(rig: Rig) -> None:
    doubts: list[str] = []
    rig.keeper.signals.doubted.append(doubts.append)
    midnight = OCTOBER_30 + 2 * DAY_S
    usage_at(rig, midnight - 600, 31)
    for at, days, kept in ((midnight + 300, None, 0), (midnight + 2100, 31, 1)):
        rig.clock.at = at
        if days is not None:
            usage_at(rig, at, days)
        rig.take(AnswerKind.ESTIMATE, SUM)
        assert [row[2] for row in rig.rows(store.ESTIMATE_SNAPSHOT)] == ["2026-11"] * kept
    assert doubts[0] == "a"  # its satellites were asked again


def own(previous: MonthPayout) -> EstimatedPayout:
    return EstimatedPayout(satellite=SAT, current_month=MonthPayout(), previous_month=previous, expected_cents=0.0)


SEPTEMBER = MonthPayout(egress_bytes=10**12, egress_cents=200.0, storage_byte_months=2e12, storage_cents=300.0, payout_cents=500.0)


def test_a_month_that_ended_before_the_monitor_came_is_scored_too(rig: Rig) -> None:
    stub = Paystub(satellite=SAT, period="2026-09", get_usd_micros=2_000_000, storage_usd_micros=2_900_000, paid_usd_micros=4_900_000,
                   usage_get_bytes=10**12, usage_storage_byte_months=1.93e12)  # fmt: skip
    usage_at(rig, OCTOBER_30, 29)
    rig.take(AnswerKind.PAYSTUBS, (stub,))
    rig.take(AnswerKind.ESTIMATE, SUM)
    assert rig.rows(store.ESTIMATE_SCORE) == []  # the node has not told that month yet
    rig.take(AnswerKind.ESTIMATE, own(MonthPayout()), SAT)
    rig.take(AnswerKind.ESTIMATE, SUM)
    assert rig.rows(store.ESTIMATE_SCORE) == []  # nothing counted: it may have lost its memory
    rig.take(AnswerKind.ESTIMATE, own(SEPTEMBER), SAT)
    for _ in range(2):
        rig.take(AnswerKind.ESTIMATE, SUM)
        (score,) = rig.rows(store.ESTIMATE_SCORE)
        assert (score[5], score[6]) == (5_000_000, 4_900_000) and "storage" in score[9]
        assert [(row[2], row[18]) for row in rig.rows(store.ESTIMATE_SNAPSHOT)] == [("2026-09", 5_000_000), ("2026-10", None)]
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    usage_at(rig, OCTOBER_30 + DAY_S, 30)
    rig.take(AnswerKind.PAYSTUBS, (msgspec.structs.replace(stub, paid_usd_micros=5_000_000, created_ms=1),))
    (score,) = rig.rows(store.ESTIMATE_SCORE)
    assert score[6] == 5_000_000


def test_the_end_that_was_seen_stands(rig: Rig) -> None:
    """What was forecast is scored, not what the node says afterwards."""
    usage_at(rig, OCTOBER_30 + 1.9 * DAY_S, 31)
    rig.take(AnswerKind.ESTIMATE, SUM)
    usage_at(rig, OCTOBER_30 + 5 * DAY_S, 31)
    rig.take(AnswerKind.ESTIMATE, own(SEPTEMBER), SAT)
    rig.take(AnswerKind.ESTIMATE, SUM)
    assert [row[2] for row in rig.rows(store.ESTIMATE_SNAPSHOT)] == ["2026-10", "2026-11"]


def test_a_restart_waits_for_the_sum_again(rig: Rig) -> None:
    usage_at(rig, OCTOBER_30, 29)
    rig.take(AnswerKind.ESTIMATE, SUM)
    rig.keeper.keep_last()
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    usage_at(rig, OCTOBER_30 + DAY_S, 30)
    assert len(rig.rows(store.ESTIMATE_SNAPSHOT)) == 1
    usage_at(rig, OCTOBER_30 + DAY_S + 3 * 3600, 30)
    assert len(rig.rows(store.ESTIMATE_SNAPSHOT)) == 2


def test_a_node_that_is_silent_since_another_month_is_left_out_of_the_sums_and_named(rig: Rig) -> None:
    stub = Paystub(satellite=SAT, period="2026-09", paid_usd_micros=5)
    for name, at, days in (("a", OCTOBER_30, 29), ("b", OCTOBER_30 + 3 * DAY_S, 31)):
        rig.clock.at = at
        for kind, value in ((AnswerKind.NODE, node_answer(at, name)), (AnswerKind.PAYSTUBS, (stub,))):
            rig.keeper.on_answer(Answer(name, kind, None, at, 1.0, value))
        rig.keeper.on_answer(Answer(name, AnswerKind.SATELLITE, SAT, at, 1.0, satellite_answer(at, days)))
    rows = plain(rig.renderers.rows("earnings", ["a", "b"]))
    fleet = rows[""]
    assert (fleet["nodes"], fleet["left_out"]) == (1, ["a"])
    assert fleet["now"] == rows["b"]["now"] | {"held_percent": None}
    assert fleet["expected_usd_micros"] == rows["b"]["expected_usd_micros"]
    assert fleet["balance"]["paid_usd_micros"] == 10
    assert rows["a"]["now"]["period"] == "2026-10"
    months = {one.name: [labels["node"] for labels, _ in one.samples] for one in node_families(rig.renderers) if "_month_" in one.name}
    assert months["storj_monitor_node_month_usd"] == months["storj_monitor_node_month_expected_usd"] == ["b"]
