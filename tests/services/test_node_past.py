"""What is told late goes where it belongs: satellites' counts into their point, the last day over a month's turn, old estimates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from plain import plain
from services.test_node_status import DAY_S, OCTOBER_30, SAT, TB, Rig, node_answer, satellite_answer

from storj_monitor.database import node_tables as store
from storj_monitor.model.earnings import EstimatedPayout, MonthPayout, Paystub
from storj_monitor.model.node_answers import AnswerKind, SatelliteAnswer
from storj_monitor.model.space import SatelliteUsage, UsageDay
from storj_monitor.simulator.demo import Past, _past
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.profile import demo_profiles
from storj_monitor.storage_tracker.reported import reported, reported_month, with_last_day

NOVEMBER = OCTOBER_30 + 2 * DAY_S


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def stored(taken_at: float, *days: UsageDay) -> SatelliteUsage:
    return SatelliteUsage(taken_at=taken_at, satellite=SAT, days=days, month_byte_hours=0.0)


def told(at: float, *days: UsageDay) -> SatelliteAnswer:
    return replace(satellite_answer(at, 1), storage=stored(at, *days))


def test_what_satellites_count_goes_into_the_point_of_the_same_moment(rig: Rig) -> None:
    at = rig.clock.at
    rig.take(AnswerKind.NODE, node_answer(at))
    assert rig.rows(store.SPACE_POINT)[0][10] is None
    rig.clock.at += 1
    rig.take(AnswerKind.SATELLITE, told(at + 1, UsageDay(OCTOBER_30 - 2 * DAY_S, 24.0 * TB, 1.0 * TB, 24.0)), SAT)
    assert [(row[1], row[10]) for row in rig.rows(store.SPACE_POINT)] == [(round(at * 1000), TB)]
    assert [point.reported for point in rig.renderers.registry.of("a").space.points] == [TB]


def test_a_part_of_the_satellites_is_no_sum(rig: Rig) -> None:
    other = "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs"
    at, day = rig.clock.at, UsageDay(OCTOBER_30 - 2 * DAY_S, 24.0 * TB, 1.0 * TB, 24.0)
    node = node_answer(at)
    both = (*node.standings, replace(node.standings[0], satellite=other))
    rig.take(AnswerKind.NODE, replace(node, standings=both))
    assert plain(rig.renderers.rows("storage", ["a"]))["a"]["reported"] is None
    rig.take(AnswerKind.SATELLITE, told(at, day), SAT)
    assert plain(rig.renderers.rows("storage", ["a"]))["a"]["reported"] is None
    rig.take(AnswerKind.SATELLITE, replace(told(at, day), storage=replace(stored(at, day), satellite=other)), other)
    figure = plain(rig.renderers.rows("storage", ["a"]))["a"]["reported"]
    assert isinstance(figure, dict)
    assert figure["value"] == 2 * TB
    assert [row[10] for row in rig.rows(store.SPACE_POINT)] == [2 * TB]


def test_the_last_day_stands_over_the_turn_of_a_month() -> None:
    last = UsageDay(NOVEMBER - DAY_S, 48.0, 2.0, 24.0)
    october = stored(NOVEMBER - 60, UsageDay(NOVEMBER - 2 * DAY_S, 24.0, 1.0, 24.0), last)
    begun = NOVEMBER + 3600
    fresh = stored(begun, UsageDay(NOVEMBER, 3.0, 3.0, 1.0))
    both = with_last_day(october, fresh, begun)
    assert both.days == (last, *fresh.days)
    assert with_last_day(both, fresh, begun).days == both.days
    figure, month = reported([both], begun), reported_month([both])
    assert figure is not None
    assert month is not None
    assert (figure.value, month.value) == (2, 3), "the day before is no part of this month"
    later = NOVEMBER + 2 * DAY_S
    whole = stored(later, UsageDay(NOVEMBER, 96.0, 4.0, 24.0))
    assert with_last_day(both, whole, later) is whole
    assert with_last_day(october, stored(NOVEMBER + 9 * DAY_S), NOVEMBER + 9 * DAY_S).days == (), "not for long"
    assert with_last_day(None, fresh, begun) is fresh


def past_of(number: int, now: float) -> Past:
    return _past(GeneratedAnswers(demo_profiles(5)[number], 1, now - DAY_S), now, Event())


def test_the_demos_past_has_what_satellites_count_and_estimates_of_paid_months() -> None:
    past = past_of(0, OCTOBER_30 + 600)
    assert all(point.reported is not None for point in past.space)
    assert {one.now.period for _, one in past.estimates} >= {"2026-07", "2026-08", "2026-09", "2026-10"}
    assert [made for made, _ in past.estimates] == sorted(made for made, _ in past.estimates)


def test_old_estimates_score_the_paystubs_that_are_there_and_those_that_come(rig: Rig) -> None:
    past = past_of(0, OCTOBER_30)
    newest = {(one.now.period, one.satellite): one for _, one in past.estimates}
    september = newest["2026-09", past.estimates[0][1].satellite]
    august = newest["2026-08", september.satellite]
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))

    def pay(period: str) -> None:
        rig.take(AnswerKind.PAYSTUBS, (Paystub(satellite=september.satellite, period=period, paid_usd_micros=7_000_000),))

    pay("2026-09")
    assert rig.rows(store.ESTIMATE_SCORE) == []
    rig.keeper.add_estimates("a", past.estimates)
    assert [(row[2], row[5]) for row in rig.rows(store.ESTIMATE_SCORE)] == [("2026-09", september.now.payout_usd_micros)]
    pay("2026-08")
    assert [(row[2], row[5]) for row in rig.rows(store.ESTIMATE_SCORE)][0] == ("2026-08", august.now.payout_usd_micros)
    assert len(rig.rows(store.ESTIMATE_SNAPSHOT)) == len(
        {(one.satellite, one.now.period, made // 86_400_000) for made, one in past.estimates}
    )


def test_an_estimate_that_contradicts_asks_the_satellites_again(rig: Rig) -> None:
    asked: list[str] = []
    rig.keeper.signals.doubted.append(asked.append)
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    rig.take(AnswerKind.SATELLITE, satellite_answer(rig.clock.at, 29), SAT)
    ours = rig.renderers.estimates.of(rig.renderers.registry.of("a"), rig.clock.at)
    assert ours is not None
    cents = ours.estimate.now.payout_usd_micros / 10_000
    other = MonthPayout(payout_cents=cents + 40)
    rig.take(AnswerKind.ESTIMATE, EstimatedPayout(satellite="", current_month=other, previous_month=MonthPayout(), expected_cents=1.0))
    assert asked == ["a"]


def test_a_past_that_nobody_needs_any_more_is_not_made_up() -> None:
    stop = Event()
    stop.set()
    made = _past(GeneratedAnswers(demo_profiles(5)[0], 1, OCTOBER_30 - DAY_S), OCTOBER_30, stop)
    assert (made.space, made.scores) == ([], {})
