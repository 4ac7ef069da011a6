"""The engine as a whole: work only when inputs moved, baselines that survive a restart, changes, new levels, backlog, words."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest
from analytics_engine.fleet import DAY_S, MONDAY_S, SATELLITES, Fault, Fleet
from analytics_engine.runs import BEGIN_S, Stored, engine_for, run

import storj_monitor.analytics_engine as room
from storj_monitor.analytics_engine.detector import MAX_AGE_S
from storj_monitor.analytics_engine.engine import REFRESHES_A_TICK, AnalyticsEngine
from storj_monitor.model.analytics import (
    Change,
    EarningsOutlook,
    FailureCount,
    Finding,
    FindingKind,
    FindingState,
    HourCell,
    Metric,
    NodeInput,
    Severity,
    SpaceOutlook,
    StoredBaseline,
)
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.rollups import Cell, CellKey
from storj_monitor.stats import bucket_of

GOOD, FAILED = op_code(Action.PUT, Outcome.SUCCESS), op_code(Action.PUT, Outcome.FAILED)
HOUR_START_S = BEGIN_S // 3600 * 3600


def steady_hours(days: int, per_minute: int = 50) -> list[HourCell]:
    n = 60 * per_minute
    rows = []
    for hour in range(24 * days):
        start = HOUR_START_S - 3600 * (hour + 1)
        rows.append(HourCell(start, "us1", GOOD, Cell(n - 30, 0, n - 30, 0, 0, {bucket_of(400): n // 2, bucket_of(1600): n // 2 - 30})))
        rows.append(HourCell(start, "us1", FAILED, Cell(30, 0)))
    return rows


def steady_minute(at_s: int, n: int = 50, failed: int = 0, node: str = "oak") -> NodeInput:
    cells = {
        CellKey(at_s, "us1", GOOD): Cell(n - failed, 0, n - failed, 0, 0, {bucket_of(400): n // 2, bucket_of(1600): n - failed - n // 2})
    }
    if failed:
        cells[CellKey(at_s, "us1", FAILED)] = Cell(failed, 0)
    return NodeInput(node=node, read_to_s=at_s + 60, cells=cells)


def steady_engine() -> AnalyticsEngine:
    engine = AnalyticsEngine({"us1": "us1"})
    engine.learn("oak", steady_hours(10))
    return engine


def test_steady_inputs_are_recomputed_only_when_their_age_has_passed() -> None:
    engine = steady_engine()
    for minute in range(5):
        engine.tick(HOUR_START_S + minute * 60 + 75, [steady_minute(HOUR_START_S + minute * 60)])
    looked, done, levels = engine.work.looked_at, engine.work.recomputed, engine.work.levels
    for minute in range(5, 55):
        engine.tick(HOUR_START_S + minute * 60 + 75, [steady_minute(HOUR_START_S + minute * 60)])
    looked, done = engine.work.looked_at - looked, engine.work.recomputed - done
    assert looked == 50 * 2 * 6
    assert done == pytest.approx(looked / (MAX_AGE_S / 60), rel=0.1)
    assert engine.work.levels == levels, "baselines of an hour are made once and reused"


def test_nothing_that_comes_costs_nothing() -> None:
    engine = steady_engine()
    engine.tick(HOUR_START_S + 75, [steady_minute(HOUR_START_S)])
    before = msgspec.json.encode([engine.work.looked_at, engine.work.recomputed, engine.work.levels])
    for minute in range(1, 50):
        engine.tick(HOUR_START_S + minute * 60 + 75, [])
    assert msgspec.json.encode([engine.work.looked_at, engine.work.recomputed, engine.work.levels]) == before


def test_what_moves_by_more_than_the_delta_is_recomputed_at_once() -> None:
    engine = steady_engine()
    for minute in range(12):
        engine.tick(HOUR_START_S + minute * 60 + 75, [steady_minute(HOUR_START_S + minute * 60)])
    done = engine.work.recomputed
    engine.tick(HOUR_START_S + 12 * 60 + 75, [steady_minute(HOUR_START_S + 12 * 60, failed=20)])
    assert engine.work.recomputed - done >= 4


def test_profiles_are_made_a_few_in_a_tick() -> None:
    fleet = Fleet(1)
    engine = engine_for(fleet)
    before = 0
    for minute in range(8):
        engine.tick(BEGIN_S + minute * 60 + 75, fleet.minute(BEGIN_S + minute * 60))
        assert engine.work.levels - before <= REFRESHES_A_TICK
        before = engine.work.levels
    assert engine.work.levels == 4 * 2 * (1 + len(SATELLITES))


def test_a_sentence_as_an_operator_would_say_it() -> None:
    engine = steady_engine()
    told: list[Finding] = []
    for minute in range(40):
        at_s = HOUR_START_S + minute * 60
        new = steady_minute(at_s, failed=4 if minute >= 10 else 0)
        changes = [Change(at_s - 20, "restart", "the node started again"), Change(at_s - 18, "version", "v1.162.3 started")]
        failures = [FailureCount(at_s, "us1", "up", "connection reset", 4), FailureCount(at_s, "us1", "up", "unexpected EOF", 1)]
        if minute >= 10:
            new = NodeInput(
                node="oak", read_to_s=new.read_to_s, cells=new.cells, changes=changes if minute == 10 else (), failures=failures
            )
        told += engine.tick(at_s + 75, [new]).findings
    found = told[0]
    assert found.subject.satellite == "us1"
    assert "right after v1.162.3 started" in found.text
    assert "80 % of failures are 'connection reset'" in found.text
    assert "from 1 % to 8 %" in found.text or "from 99 % to 92 %" in found.text
    assert found.advice
    assert found.evidence[0] == ("connection reset", found.evidence[0].part, found.evidence[0].whole)


def test_a_restart_of_the_monitor_keeps_findings_and_baselines() -> None:
    fleet = Fleet(3, nodes={"oak": 1.0}, faults=[Fault(0, satellite="us1", direction="up", failed=0.5)])
    first = engine_for(fleet)
    stored: Stored = {}
    told = run(fleet, engine=first, minutes=20, stored=stored)
    number = told[-1].finding.number
    stored |= {baseline[:3]: baseline for baseline in first.flush(BEGIN_S + 3600)}
    standing = first.findings()
    assert stored.keys() == {("oak", s, d) for s in ("", *SATELLITES) for d in ("up", "down")} | {("oak", "", "")}
    second = AnalyticsEngine({})
    second.restore(stored.values(), msgspec.json.decode(msgspec.json.encode(standing), type=tuple[Finding, ...]), number + 1)
    more: list[Finding] = []
    for minute in range(60, 80):
        at_s = BEGIN_S + minute * 60
        more += second.tick(at_s + 75, fleet.minute(at_s)).findings
    assert {finding.number for finding in more} <= {number}
    assert second.findings()[0].state is FindingState.ACTIVE
    fleet.faults.clear()
    for minute in range(80, 120):
        at_s = BEGIN_S + minute * 60
        more += second.tick(at_s + 75, fleet.minute(at_s)).findings
    assert more[-1].state is FindingState.RESOLVED
    assert second.findings() == ()


def test_hours_that_a_blob_knows_are_not_learnt_twice() -> None:
    once = steady_engine()
    once.tick(HOUR_START_S + 75, [steady_minute(HOUR_START_S)])
    blobs = once.flush(HOUR_START_S)
    again = AnalyticsEngine()
    again.restore(blobs, ())
    again.learn("oak", steady_hours(10))
    again.tick(HOUR_START_S + 75, [steady_minute(HOUR_START_S)])
    assert again.flush(HOUR_START_S) == ()


def test_a_broken_blob_is_learnt_again() -> None:
    engine = AnalyticsEngine()
    engine.restore([StoredBaseline("oak", "us1", "up", 0, b"junk"), StoredBaseline("oak", "", "", 0, b"junk")], ())
    engine.learn("oak", steady_hours(3))
    engine.tick(HOUR_START_S + 75, [steady_minute(HOUR_START_S)])
    assert engine.flush(HOUR_START_S)


def test_a_version_that_makes_uploads_better_is_a_change() -> None:
    engine = AnalyticsEngine({})
    rows = [HourCell(r.start_s, r.satellite, r.op, Cell(300 if r.op == FAILED else 2700, 0)) for r in steady_hours(10)]
    engine.learn("oak", rows)
    told: list[Finding] = []
    for minute in range(200):
        at_s = HOUR_START_S + minute * 60
        cells = {
            CellKey(at_s, "us1", GOOD): Cell(45 if minute < 20 else 49, 0),
            CellKey(at_s, "us1", FAILED): Cell(5 if minute < 20 else 1, 0),
        }
        changes = [Change(at_s, "version", "v1.163.1 started")] if minute == 20 else []
        told += engine.tick(at_s + 75, [NodeInput(node="oak", read_to_s=at_s + 60, cells=cells, changes=changes)]).findings
    news = [finding for finding in told if finding.state is FindingState.NEW]
    assert [(f.kind, f.severity, f.subject.metric) for f in news] == [(FindingKind.CHANGE, Severity.GOOD, Metric.SUCCESS)]
    assert "rose from 90 % to 98 %" in news[0].text
    assert "right after v1.163.1 started" in news[0].text


@pytest.mark.slow
def test_what_lasts_for_days_is_the_new_level() -> None:
    engine = steady_engine()
    told: list[Finding] = []
    for minute in range(4 * 1440):
        at_s = HOUR_START_S + minute * 60
        told += engine.tick(at_s + 75, [steady_minute(at_s, failed=10)]).findings
    numbers = {finding.number for finding in told}
    ended = [finding for finding in told if finding.state is FindingState.RESOLVED]
    assert "new baseline" in ended[0].why_resolved
    assert len(numbers) <= 2
    assert not engine.findings()


def test_a_backlog_is_learnt_and_not_judged() -> None:
    engine = steady_engine()
    told: list[Finding] = []
    cells: dict[CellKey, Cell] = {}
    for minute in range(36 * 60):
        cells.update(steady_minute(HOUR_START_S + minute * 60, failed=40).cells)
    now = HOUR_START_S + 40 * 3600
    told += engine.tick(now, [NodeInput(node="oak", read_to_s=HOUR_START_S + 36 * 3600, cells=cells)]).findings
    assert told == []
    assert engine.work.minutes == 0


def test_a_pause_of_the_monitor_is_caught_up_in_pieces() -> None:
    engine = steady_engine()
    engine.tick(HOUR_START_S + 75, [steady_minute(HOUR_START_S)])
    cells: dict[CellKey, Cell] = {}
    for minute in range(1, 50):
        cells.update(steady_minute(HOUR_START_S + minute * 60).cells)
    done = []
    for late in range(4):
        inputs = [NodeInput(node="oak", read_to_s=HOUR_START_S + 3000, cells=cells)] if not late else []
        assert engine.tick(HOUR_START_S + 3100 + late * 60, inputs).findings == ()
        done.append(engine.work.minutes)
    assert done == [21, 41, 50, 50]


def test_late_rows_are_counted() -> None:
    engine = steady_engine()
    for minute in range(3):
        engine.tick(HOUR_START_S + minute * 60 + 75, [steady_minute(HOUR_START_S + minute * 60)])
    engine.tick(HOUR_START_S + 300, [steady_minute(HOUR_START_S)])
    assert engine.work.late == 1


def test_forecasts_become_findings_and_end() -> None:
    engine = AnalyticsEngine({})
    full = NodeInput(
        node="oak",
        read_to_s=0,
        space=SpaceOutlook(2.0, 1.5, 3.0, False),
        earnings=EarningsOutlook("2026-01", 6_000_000, 0.05, 10_000_000),
    )
    told = engine.tick(BEGIN_S, [full]).findings
    assert [(f.subject.metric, f.severity) for f in told] == [(Metric.SPACE, Severity.CRITICAL), (Metric.EARNINGS, Severity.WARNING)]
    assert told[1].text.startswith("oak will earn 40 % less than last month: $6.00 instead of $10.00")
    assert engine.tick(BEGIN_S + 600, [full]).findings[0].state is FindingState.ACTIVE
    good = NodeInput(node="oak", read_to_s=0, space=SpaceOutlook(90.0, 60.0, None, False))
    assert [f.state for f in engine.tick(BEGIN_S + 700, [good]).findings] == [FindingState.RESOLVED]


def test_a_node_that_is_no_longer_watched_leaves_nothing() -> None:
    fleet = Fleet(3, nodes={"oak": 1.0}, faults=[Fault(0, satellite="us1", failed=0.5)])
    engine = engine_for(fleet)
    run(fleet, engine=engine, minutes=10)
    engine.forget("oak")
    assert engine.findings() == ()
    assert {f.state for f in engine.tick(BEGIN_S + DAY_S, []).findings} == {FindingState.RESOLVED}


def test_a_hostile_log_makes_no_endless_series() -> None:
    engine = AnalyticsEngine()
    cells = {CellKey(MONDAY_S, f"sat{i}", GOOD): Cell(1, 0) for i in range(1000)}
    engine.tick(MONDAY_S + 75, [NodeInput(node="oak", read_to_s=MONDAY_S + 60, cells=cells)])
    engine.tick(MONDAY_S + 7275, [NodeInput(node="oak", read_to_s=MONDAY_S + 7200)])
    assert len(engine.flush(MONDAY_S + 7300)) <= 2 * 64 + 3


def test_the_room_is_pure() -> None:
    forbidden = {"asyncio", "sqlite3", "aiohttp", "socket", "threading", "time"}
    for path in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden.intersection(name.split(".")[0] for name in names), path.name


def test_a_finding_tells_what_would_be_normal() -> None:
    engine = steady_engine()
    told: list[Finding] = []
    for minute in range(40):
        at_s = HOUR_START_S + minute * 60
        told += engine.tick(at_s + 75, [steady_minute(at_s, failed=10)]).findings
    (found,) = engine.findings()
    assert found.band is not None
    low, high = found.band
    assert low is not None
    assert found.subject.metric in (Metric.SUCCESS, Metric.ERRORS)
    if found.subject.metric is Metric.SUCCESS:
        assert found.after < low < found.before
        assert high == 1.0
    else:
        assert high is not None
        assert found.before < high < found.after


def test_a_silent_node_with_one_satellite_is_silent_as_a_whole() -> None:
    engine = steady_engine()
    told: list[Finding] = []
    for minute in range(40):
        at_s = HOUR_START_S + minute * 60
        new = steady_minute(at_s) if minute < 10 else NodeInput(node="oak", read_to_s=at_s + 60)
        told += engine.tick(at_s + 75, [new]).findings
    assert {(f.subject.satellite, f.subject.metric, f.severity) for f in told} == {("", Metric.SILENCE, Severity.CRITICAL)}
    assert told[0].band is not None
    assert told[0].band[1] is None


def test_what_an_earlier_run_has_judged_is_learnt_only() -> None:
    def run(judge_from_s: int) -> AnalyticsEngine:
        engine = steady_engine()
        for minute in range(0, 60, 5):
            at_s = HOUR_START_S + minute * 60
            cells = {key: cell for i in range(5) for key, cell in steady_minute(at_s + i * 60, failed=20).cells.items()}
            new = NodeInput(node="oak", read_to_s=at_s + 300, from_s=at_s, judge_from_s=judge_from_s, cells=cells)
            engine.tick(HOUR_START_S + 3675, [new])
        return engine

    assert run(0).findings()
    learnt = run(HOUR_START_S + 3600)
    assert learnt.findings() == ()
    assert learnt.work.minutes == 0
    learnt.tick(HOUR_START_S + 3735, [steady_minute(HOUR_START_S + 3600)])
    assert {b.through_s for b in learnt.flush(HOUR_START_S + 3800) if b.direction} == {HOUR_START_S + 3600}, "the whole hour counts"


def test_hours_that_came_as_hours_are_not_missed_as_minutes() -> None:
    engine = steady_engine()
    engine.tick(
        HOUR_START_S + 75,
        [NodeInput(node="oak", read_to_s=HOUR_START_S + 60, from_s=HOUR_START_S, cells=steady_minute(HOUR_START_S).cells)],
    )
    later = HOUR_START_S + 5 * 3600
    rows = [row._replace(start_s=HOUR_START_S + 3600 * (i // 2 + 1)) for i, row in enumerate(steady_hours(1)[:8])]
    engine.learn("oak", rows)
    engine.tick(later + 75, [NodeInput(node="oak", read_to_s=later + 60, from_s=later, cells=steady_minute(later).cells)])
    assert engine.findings() == ()
    assert engine.work.minutes == 2
    assert engine.learning()[0].through_s == later + 60


def test_how_much_has_been_learnt() -> None:
    assert AnalyticsEngine().learning() == ()
    for days, basis, words in (
        (0, None, "no full hour has been seen yet; the first judgements come after twelve"),
        (2, "overall", "baselines from 48 hours; full after four weeks"),
        (10, "hour_of_day", "baselines from 240 hours; full after four weeks"),
        (30, "hour_of_week", "baselines from 720 hours, for each hour of the week"),
    ):
        engine = AnalyticsEngine({})
        engine.learn("oak", steady_hours(days))
        for minute in range(3):
            engine.tick(HOUR_START_S + minute * 60 + 75, [steady_minute(HOUR_START_S + minute * 60)])
        (learning,) = engine.learning()
        assert (learning.hours, learning.basis, learning.words) == (24 * days, basis, words)
        assert (learning.node, learning.through_s, learning.series) == ("oak", HOUR_START_S + 180, 3)


def test_a_change_of_an_earlier_run_explains_but_is_not_compared_with() -> None:
    def run(change_s: int) -> list[Finding]:
        engine = steady_engine()
        engine.tick(HOUR_START_S, [])
        change = Change(change_s, "version", "v1.163.1 started")
        told: list[Finding] = []
        for minute in range(70):
            at_s = HOUR_START_S + minute * 60
            new = NodeInput(
                node="oak", read_to_s=at_s + 60, from_s=at_s, judge_from_s=HOUR_START_S, cells=steady_minute(at_s, n=150).cells,
                changes=[change] if not minute else (),
            )  # fmt: skip
            told += engine.tick(at_s + 75, [new]).findings
        return [finding for finding in told if finding.kind is FindingKind.CHANGE]

    assert run(HOUR_START_S - 60)
    assert run(HOUR_START_S - 3 * 3600) == []
