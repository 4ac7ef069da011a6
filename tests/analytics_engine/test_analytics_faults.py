"""Planted faults are found within ten minutes of their start where two transfers a minute or more are usual, in proportion later below.

One node, satellite us1 at the rate of the row (transfers a minute of each direction when the fault begins) beside eu1. In parentheses the
minutes of 20 seeds, median and worst, from the begin of the fault to the tick that told it (ticks come 15 s after the end of a minute):

| per minute | lost uploads  | durations    | silence |
|-----------:|--------------:|-------------:|--------:|
|          2 | 80 % (7, 14)  | x 8 (7, 11)  | (9, 10) |
|          5 | 60 % (3, 6)   | x 4 (5, 6)   | (4, 5)  |
|         20 | 20 % (5, 8)   | x 2 (5, 9)   | (3, 3)  |
|        100 |  6 % (5, 6)   | x 2 (3, 3)   | (3, 3)  |

At two a minute chance sends only ten transfers in ten minutes to some seeds; those are found later, by the same number of transfers.
Smaller faults are found later: they need more transfers before chance is ruled out.
"""

from __future__ import annotations

import pytest
from analytics_engine.fleet import Fault, Fleet
from analytics_engine.runs import BEGIN_S, TimedFinding, engine_for, run

from storj_monitor.model.analytics import FindingState, Metric, Severity

WITHIN = 10.25
"""Ten minutes, and the quarter after which a tick sees a minute."""
HOUR = 1.2
"""The fleet's rhythm at 10:40 on a Monday."""
SHARE = (Metric.SUCCESS, Metric.ERRORS)


def fleet_of(rate: float, fault: Fault, seed: int) -> Fleet:
    return Fleet(seed, nodes={"oak": 1.0}, satellites={"us1": (rate / HOUR, rate / HOUR), "eu1": (9.0, 6.0)}, faults=[fault])


def is_soon(fleet: Fleet, found: TimedFinding) -> bool:
    """Within ten minutes, or before twenty transfers had come: chance sends some series of two a minute only one."""
    begin_s = fleet.faults[0].from_s
    until_s = begin_s + 60 * found.after_minutes
    came = sum(
        n for at_s, _, satellite, direction, n in fleet.came if begin_s <= at_s < until_s and (satellite, direction) == ("us1", "up")
    )
    return 0 < found.after_minutes <= WITHIN or came <= 20


def first(told: list[TimedFinding], *metrics: Metric) -> TimedFinding:
    return next(one for one in told if one.finding.subject.metric in metrics)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("rate", "failed"), [(2, 0.8), (5, 0.6), (20, 0.2), (100, 0.06)])
def test_a_drop_of_success(rate: float, failed: float, seed: int) -> None:
    fleet = fleet_of(rate, Fault(0, satellite="us1", direction="up", failed=failed), seed)
    found = first(run(fleet, minutes=20), *SHARE)
    assert is_soon(fleet, found)
    assert found.finding.subject[:3] == ("oak", "us1", "up")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("rate", "slower"), [(2, 8), (5, 4), (20, 2), (100, 2)])
def test_slower_transfers(rate: float, slower: float, seed: int) -> None:
    fleet = fleet_of(rate, Fault(0, satellite="us1", direction="up", slower=slower), seed)
    found = first(run(fleet, minutes=20), Metric.LATENCY)
    assert is_soon(fleet, found)
    assert found.finding.subject[:3] == ("oak", "us1", "up")
    assert found.finding.after > 1.4 * found.finding.before


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("rate", [2, 5, 20, 100])
def test_a_satellite_that_stops_is_one_finding(rate: float, seed: int) -> None:
    told = run(fleet_of(rate, Fault(0, satellite="us1", rate=0), seed), minutes=25)
    found = first(told, Metric.SILENCE)
    assert 0 < found.after_minutes <= WITHIN
    assert {one.finding.number for one in told} == {found.finding.number}
    assert found.finding.subject.satellite == "us1"


@pytest.mark.parametrize("seed", [1, 2])
def test_uploads_alone_that_stop(seed: int) -> None:
    found = first(run(fleet_of(5, Fault(0, satellite="us1", direction="up", rate=0), seed)), Metric.SILENCE)
    assert 0 < found.after_minutes <= WITHIN
    assert found.finding.subject.direction == "up"


def test_a_silent_node_is_one_critical_finding() -> None:
    told = run(Fleet(1, nodes={"oak": 1.0}, faults=[Fault(0, rate=0)]), minutes=40)
    assert {(one.finding.subject.satellite, one.finding.subject.metric) for one in told} == {("", Metric.SILENCE)}
    assert told[0].after_minutes <= 5
    assert told[0].finding.severity is Severity.CRITICAL


def test_what_hits_all_satellites_is_told_of_the_node() -> None:
    told = run(Fleet(2, nodes={"oak": 1.0}, faults=[Fault(0, failed=0.4)]))
    assert {one.finding.subject.satellite for one in told} == {""}
    assert told[0].after_minutes <= 5


@pytest.mark.parametrize(("bytes_a_minute", "seed"), [(300e6, 1), (300e6, 2), (1e9, 3)])
def test_a_disk_that_fills(bytes_a_minute: float, seed: int) -> None:
    """Usual growth 15 - 30 GB a day; the fault writes 430 GB (or 1.4 TB) a day, sampled every minute."""
    fleet = Fleet(seed, nodes={"oak": 1.0}, faults=[Fault(0, growth_bytes_a_minute=bytes_a_minute)])
    found = first(run(fleet, before=8 * 60, minutes=15), Metric.GROWTH)
    assert 0 < found.after_minutes <= WITHIN
    assert "grows by" in found.finding.text


@pytest.mark.parametrize(("rate", "within"), [(1.0, 25), (0.3, 100), (0.1, 300)])
def test_slow_series_are_silent_later_in_proportion(rate: float, within: int) -> None:
    fleet = fleet_of(rate, Fault(0, satellite="us1", rate=0), 4)
    found = first(run(fleet, minutes=within), Metric.SILENCE)
    assert 8 / rate < found.after_minutes <= within


def test_a_fault_that_ends_is_resolved_and_found_again() -> None:
    fleet = fleet_of(20, Fault(0, until_s=1200, satellite="us1", direction="up", failed=0.5), 5)
    engine = engine_for(fleet)
    told = run(fleet, engine=engine, minutes=90)
    assert [one.finding.state for one in told][0] is FindingState.NEW
    ended = told[-1].finding
    assert ended.state is FindingState.RESOLVED
    assert 20 <= told[-1].after_minutes <= 45
    assert [step.state for step in ended.history] == [FindingState.NEW, FindingState.ACTIVE, FindingState.RESOLVED]
    fleet.faults = [Fault(0, satellite="us1", direction="up", failed=0.5)]
    again = run(fleet, engine=engine, begin_s=BEGIN_S + 130 * 60, before=0, minutes=10)
    assert again[0].finding.number == ended.number + 1


def test_a_log_that_is_not_read_is_not_silent() -> None:
    fleet = fleet_of(20, Fault(0), 6)
    engine = engine_for(fleet)
    assert run(fleet, engine=engine, before=0, minutes=30) == []
    for minute in range(30, 120):
        assert not engine.tick(BEGIN_S + minute * 60 + 75, []).findings
