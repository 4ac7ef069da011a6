"""What is made of single answers and lines: merged without doubling, kept by key, scored at the month's end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from keeper_rig import keeper_of
from plain import plain

from storj_monitor.database import node_tables as store
from storj_monitor.database.bad_rows import BadRows
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.node_loading import LOADED
from storj_monitor.database.opening import open_database
from storj_monitor.model.earnings import (
    BandwidthDay,
    EstimatedPayout,
    HeldHistoryRow,
    MonthPayout,
    Paystub,
    Pricing,
    SatelliteUsage,
    StorageDay,
)
from storj_monitor.model.events import FreeSpace
from storj_monitor.model.figures import Source
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_answers import Answer, AnswerKind, AnswerValue, ApiState, ApiStatus, Endpoint, NodeAnswer, SatelliteAnswer
from storj_monitor.model.node_events import NodeStarted, ScoresReported, SignalReceived
from storj_monitor.model.node_metrics import NodeMetrics, Spread, TransferCount
from storj_monitor.model.reputation import NEVER, AuditWindow, ReputationSnapshot
from storj_monitor.model.rollups import Cell, CellKey, NodeDelta
from storj_monitor.model.space import DiskSpace, SpaceMetrics, SpacePoint, UsageDay
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.uptime import MARKS, Outage, Witness
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import State
from storj_monitor.views.topic_renderers import TopicRenderers

SAT = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
OCTOBER_30 = 1_793_318_400.0  # 2026-10-30T00:00:00Z
DAY_S = 86_400.0
TB = 10**12


class HandClock:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Desk:
    """Takes writes: at once into a real database, or not at all while `closed`."""

    def __init__(self, path: Path) -> None:
        self.db = connect_writer(path)
        self.closed = False
        self.waiting: list[tuple[Callable[[sqlite3.Connection], None], Callable[[], None]]] = []
        self.works = 0

    def submit_write(self, write: Callable[[sqlite3.Connection], None], done: Callable[[], None]) -> None:
        self.waiting.append((write, done))
        self.open()

    def open(self) -> None:
        while self.waiting and not self.closed:
            write, done = self.waiting.pop(0)
            write(self.db)
            self.works += 1
            done()


class Rig:
    def __init__(self, folder: Path) -> None:
        path = folder / "monitor.db"
        open_database(path, 1.0, "stamp")
        self.clock = HandClock(OCTOBER_30)
        self.desk = Desk(path)
        self.state = State(["a"])
        self.begin()

    def begin(self) -> None:
        """A monitor that has just started."""
        self.renderers = TopicRenderers(NodeRegistry(["a"]), self.state, self.clock.now)
        self.keeper = keeper_of(self.renderers, self.state, self.desk, self.clock)

    def take(self, kind: AnswerKind, value: AnswerValue, satellite: str | None = None) -> None:
        self.keeper.on_answer(Answer("a", kind, satellite, self.clock.at, 1.0, value))

    def rows(self, table: store.Table) -> list[store.Row]:
        return store.read(self.desk.db, table, ["a"])


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def scores(at: float, source: Source, audit: float = 1.0, audits: int | None = 100) -> ReputationSnapshot:
    return ReputationSnapshot(
        satellite=SAT, source=source, taken_at=at, audit_score=audit, suspension_score=1.0, online_score=0.99, total_audits=audits,
        successful_audits=audits,
    )  # fmt: skip


def node_answer(at: float, node_id: str = "node", ahead_s: float = 0.0) -> NodeAnswer:
    return NodeAnswer(
        taken_at=at, node_id=node_id, wallet="0x1", wallet_features=(), bandwidth_bytes=1, last_pinged_at=at, version="1.162.3",
        allowed_version="1.104.5", up_to_date=True, started_at=at - 90 * DAY_S, configured_port="28967", quic_status="OK",
        last_quic_pinged_at=at, clock_ahead_s=ahead_s,
        standings=(ReputationSnapshot(satellite=SAT, source=Source.API, taken_at=at, disqualified_at=NEVER, suspended_at=NEVER),),
        disk=DiskSpace(taken_at=at, used_bytes=TB, available_bytes=TB, trash_bytes=0, allocated_bytes=2 * TB, reclaimable_bytes=0),
    )  # fmt: skip


def satellite_answer(at: float, days: int) -> SatelliteAnswer:
    first_ms = 1_790_812_800_000  # 2026-10-01
    storage = [
        StorageDay(start_ms=first_ms + i * 86_400_000, byte_hours=24.0 * TB, average_bytes=1.0 * TB, interval_h=24.0, calculated=False)
        for i in range(days)
    ]
    traffic = [BandwidthDay(start_ms=first_ms + i * 86_400_000, egress_usage_bytes=10**10) for i in range(days)]
    prices = Pricing(
        satellite=SAT, egress_cents_per_tb=200, repair_cents_per_tb=200, audit_cents_per_tb=200, storage_cents_per_tb_month=150
    )
    return SatelliteAnswer(
        reputation=scores(at, Source.API, audits=None),
        storage=StoredUsage(taken_at=at, satellite=SAT, days=(), month_byte_hours=0.0),
        usage=SatelliteUsage(satellite=SAT, bandwidth=tuple(traffic), storage=tuple(storage), prices=prices, joined_ms=1_700_000_000_000),
    )


def log_line(at: float, audit: float = 1.0) -> ScoresReported:
    return ScoresReported(time_ms=int(at * 1000), satellite=SAT, worsened=False, total_audits=100, successful_audits=100, audit_score=audit,
                          online_score=0.99, suspension_score=1.0)  # fmt: skip


def test_the_same_scores_from_three_sources_are_one_point_and_the_newest_is_shown(rig: Rig) -> None:
    at = rig.clock.at
    rig.keeper.on_lines("a", [log_line(at - 60)], live=True)
    rig.take(AnswerKind.SATELLITE, satellite_answer(at, 29), SAT)
    rig.keeper.on_lines("a", [log_line(at - 60)], live=True)
    assert len(rig.renderers.registry.of("a").standing.points[SAT]) == 1
    row = plain(rig.renderers.rows("reputation", ["a"]))[f"a/{SAT}"]
    assert (row["audit_score"]["source"], row["total_audits"]["source"]) == ("api", "log")
    rig.clock.at += 60
    rig.keeper.on_lines("a", [log_line(at + 60, audit=0.999)], live=True)
    assert len(rig.renderers.registry.of("a").standing.points[SAT]) == 2
    row = plain(rig.renderers.rows("reputation", ["a"]))[f"a/{SAT}"]
    assert (row["audit_score"]["source"], row["audit_score"]["value"]) == ("log", 0.999)
    assert [one[4] for one in rig.rows(store.SCORE_POINT)] == [1.0, 0.999]


def test_a_log_alone_is_enough_for_a_row(rig: Rig) -> None:
    rig.keeper.on_lines("a", [log_line(rig.clock.at)], live=True)
    assert plain(rig.renderers.rows("reputation", ["a"]))[f"a/{SAT}"]["standing"] == "healthy"
    assert plain(rig.renderers.rows("earnings", ["a"])) == {} and plain(rig.renderers.rows("storage", ["a"])) == {}


def test_a_month_is_estimated_daily_kept_over_a_restart_and_scored_by_its_paystub(rig: Rig) -> None:
    estimate = EstimatedPayout(satellite="", current_month=MonthPayout(), previous_month=MonthPayout(), expected_cents=0.0)
    for day in (29, 30, 31):
        rig.clock.at = OCTOBER_30 + (day - 29) * DAY_S - 600
        rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
        rig.take(AnswerKind.SATELLITE, satellite_answer(rig.clock.at, day), SAT)
        rig.take(AnswerKind.ESTIMATE, estimate)
    assert [row[3] * 86_400 for row in rig.rows(store.ESTIMATE_SNAPSHOT)] == [OCTOBER_30 + i * DAY_S for i in (-1, 0, 1)]
    assert len(rig.rows(store.USAGE_DAY)) == 31
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    rig.clock.at = OCTOBER_30 + 12 * DAY_S
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    ours = rig.rows(store.ESTIMATE_SNAPSHOT)[-1]
    paid = ours[10] + ours[11] + ours[12] + ours[13]
    stub = Paystub(satellite=SAT, period="2026-10", get_usd_micros=ours[10], storage_usd_micros=ours[13], paid_usd_micros=paid,
                   usage_get_bytes=ours[6], usage_storage_byte_months=ours[9])  # fmt: skip
    rig.take(AnswerKind.PAYSTUBS, (stub,))
    score = rig.rows(store.ESTIMATE_SCORE)[0]
    assert (score[5], score[6], score[8]) == (paid, paid, 1)
    rig.take(AnswerKind.PAYSTUBS, (stub,))
    assert len(rig.rows(store.PAYSTUB)) == 1 and len(rig.rows(store.ESTIMATE_SCORE)) == 1


def test_what_cannot_be_right_is_refused_and_said(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    rig.take(
        AnswerKind.PAYSTUBS, (Paystub(satellite=SAT, period="2026-09", paid_usd_micros=10**16), Paystub(satellite=SAT, period="2026-08"))
    )
    assert [row[2] for row in rig.rows(store.PAYSTUB)] == ["2026-08"]
    assert caplog.text.count("is not kept") == 1


def test_points_of_space_that_an_earlier_version_kept_and_cannot_be_are_not_shown(rig: Rig) -> None:
    at = rig.clock.at
    good = SpacePoint(at=at - 3600, allocated=2 * TB, used=TB, pieces=None, trash=0, reclaimable=None, overhead=None,
                      free=TB, disk_free=None, reported=None, source=Source.API)  # fmt: skip
    wrong = [good._replace(at=at - 1800, used=-4 * TB), good._replace(at=at - 900, free=5 * TB)]
    rig.keeper.add_history("a", [good, *wrong], {})
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    assert [one.at for one in rig.renderers.registry.of("a").space.points] == [good.at]


def test_while_the_database_refuses_the_newest_row_of_each_key_waits(rig: Rig) -> None:
    rig.desk.closed = True
    for minute in range(200):
        rig.clock.at = OCTOBER_30 + minute * 60
        rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
        rig.take(AnswerKind.SATELLITE, satellite_answer(rig.clock.at, 29), SAT)
    assert len(rig.desk.waiting) == 2  # the rows, and the version that the first answer told
    rig.desk.closed = False
    rig.desk.open()
    assert rig.desk.works == 3
    assert len(rig.rows(store.SPACE_POINT)) == 20 and len(rig.rows(store.USAGE_DAY)) == 29
    assert rig.rows(store.SCORE_POINT)[0][3] >= (OCTOBER_30 + 180 * 60) * 1000 - 60_000


def test_downtimes_come_from_doors_that_had_answered_and_from_the_log(rig: Rig) -> None:
    at = rig.clock.at
    rig.keeper.on_state("a", ApiState(ApiStatus.UNREACHABLE, at, "refused", "http://n", Endpoint.API))
    assert rig.renderers.registry.of("a").outages == ()
    rig.keeper.on_state("a", ApiState(ApiStatus.OK, at + 1, "", "http://n", Endpoint.API))
    rig.keeper.on_state("a", ApiState(ApiStatus.UNREACHABLE, at + 100, "refused", "http://n", Endpoint.API))
    rig.clock.at = at + 400
    rig.keeper.on_state("a", ApiState(ApiStatus.OK, at + 400, "", "http://n", Endpoint.API))
    stop = SignalReceived(time_ms=int((at + 95) * 1000), process="storagenode", signal="terminated")
    start = NodeStarted(time_ms=int((at + 395) * 1000), node_id="node")
    rig.keeper.on_lines("a", [stop], live=True)
    rig.keeper.on_lines("a", [start], live=True)
    rows = plain(rig.renderers.rows("health", ["a"]))["a"]["downtimes"]
    assert [(row["from"], row["until"], row["certain"]) for row in rows] == [(at + 95, at + 395, True)]
    kept = {(row[1], row[2], row[3]) for row in rig.rows(store.OUTAGE)}
    assert kept == {("api_down", (at + 100) * 1000, (at + 400) * 1000), ("process", (at + 95) * 1000, (at + 395) * 1000)}


def test_impossible_amounts_and_dates_of_joining_break_no_page(rig: Rig) -> None:
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    answer = satellite_answer(rig.clock.at, 29)
    endless = StoredUsage(
        taken_at=rig.clock.at, satellite=SAT, days=(UsageDay(rig.clock.at - 2 * DAY_S, 1e300, 1e300, 1e-300),), month_byte_hours=1e300
    )
    late = msgspec.structs.replace(answer.usage, joined_ms=253_402_214_400_000)  # 9999-12-31
    rig.take(AnswerKind.SATELLITE, replace(answer, storage=endless, usage=late), SAT)
    rig.take(
        AnswerKind.HELD_HISTORY,
        (HeldHistoryRow(satellite=SAT, first_period_usd_micros=5, total_held_usd_micros=5, joined_ms=253_402_214_400_000),),
    )
    assert plain(rig.renderers.rows("storage", ["a"]))["a"]["reported"] is None
    row = plain(rig.renderers.rows("earnings", ["a"]))[f"a/{SAT}"]
    assert row["joined_at"] is None and row["held"]["held_usd_micros"] == 5


def free_space(rig: Rig, *told: tuple[float, int]) -> None:
    delta = NodeDelta("a")
    for at, free_bytes in told:
        delta.free_space[int(at // 600)] = FreeSpace(int(at * 1000), free_bytes)
    rig.keeper.on_delta(delta)


def test_a_node_with_nothing_but_a_log_has_free_space_history_and_a_forecast(rig: Rig) -> None:
    begin = rig.clock.at - 40 * DAY_S
    free_space(rig, *[(begin + hour * 3600, 9 * TB - hour * 10**9) for hour in range(40 * 24)])
    row = plain(rig.renderers.rows("storage", ["a"]))["a"]
    assert row["free"] == {"value": 9 * TB - 959 * 10**9, "source": "log", "at": begin + 959 * 3600}
    (month,) = [one for one in row["forecasts"] if one["window_days"] == 30]
    assert month["growth"]["state"] == "growing"
    assert month["growth"]["bytes_per_day"] == pytest.approx(24e9, rel=0.01)
    assert [level["level"] for level in month["levels"]] == [1.0]
    assert month["levels"][0]["days"] == pytest.approx((9e12 - 959e9) / 24e9, rel=0.02)
    assert len(rig.rows(store.SPACE_POINT)) == 40 * 24
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    assert plain(rig.renderers.rows("storage", ["a"]))["a"]["free"] == row["free"], "with its age, before the log says more"


def test_free_space_of_the_log_is_no_point_where_the_node_itself_tells(rig: Rig) -> None:
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    before = rig.rows(store.SPACE_POINT)
    free_space(rig, (rig.clock.at - 1200, TB), (rig.clock.at, 5))
    free_space(rig, (rig.clock.at + DAY_S, 7))
    assert rig.rows(store.SPACE_POINT) == before
    assert plain(rig.renderers.rows("storage", ["a"]))["a"]["free"]["source"] == "api"


def endpoint(rig: Rig, status: ApiStatus, which: Endpoint = Endpoint.API) -> None:
    rig.keeper.on_state("a", ApiState(status, rig.clock.at, "", "http://node", which))


def restart(rig: Rig) -> None:
    """The monitor was killed: nothing was told to it, and its memory is gone."""
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))


def test_an_outage_that_was_open_when_the_monitor_was_killed_goes_on_until_the_door_answers(rig: Rig) -> None:
    begin = rig.clock.at
    endpoint(rig, ApiStatus.OK)
    endpoint(rig, ApiStatus.UNREACHABLE)
    rig.clock.at += 600
    restart(rig)
    endpoint(rig, ApiStatus.UNKNOWN)
    (outage,) = rig.renderers.registry.of("a").outages
    assert (outage.witness, outage.from_at, outage.until_at) == (Witness.API_DOWN, begin, None)
    endpoint(rig, ApiStatus.UNREACHABLE)
    rig.clock.at += 600
    endpoint(rig, ApiStatus.OK)
    restart(rig)
    (outage,) = rig.renderers.registry.of("a").outages
    assert (outage.from_at, outage.until_at) == (begin, begin + 1200)
    rig.clock.at += 600
    endpoint(rig, ApiStatus.UNREACHABLE)
    assert len(rig.renderers.registry.of("a").outages) == 1, "no answer yet in this run, and none is kept of an earlier one"


def seen(rig: Rig) -> list[Outage]:
    """Outages without marks."""
    return [one for one in rig.renderers.registry.of("a").outages if one.witness not in MARKS]


def test_a_door_that_answered_an_earlier_run_may_be_shut_in_this_one(rig: Rig) -> None:
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    restart(rig)
    endpoint(rig, ApiStatus.UNREACHABLE)
    assert [one.witness for one in seen(rig)] == [Witness.API_DOWN]
    rig.clock.at += 60
    rig.keeper.without_endpoints("a")
    assert [one.until_at for one in seen(rig)] == [rig.clock.at], "an API that was taken out of the settings"


def test_the_budget_melts_while_the_node_is_away(rig: Rig) -> None:
    at = rig.clock.at
    rig.take(AnswerKind.NODE, node_answer(at))
    windows = tuple(AuditWindow(at - (61 - i) * 43_200, 10, 10) for i in range(61))
    answer = satellite_answer(at, 29)
    rig.take(AnswerKind.SATELLITE, replace(answer, reputation=replace(answer.reputation, windows=windows)), SAT)

    def budget() -> dict[str, object]:
        return plain(rig.renderers.rows("reputation", ["a"]))[f"a/{SAT}"]["budget"]

    whole = budget()
    assert (whole["hours"], whole["away_since"]) == (288.0, None)
    endpoint(rig, ApiStatus.OK, Endpoint.HEALTH)
    endpoint(rig, ApiStatus.UNREACHABLE, Endpoint.HEALTH)
    rig.clock.at += 100 * 3600
    rig.keeper.every_while()
    assert (budget()["hours"], budget()["away_since"]) == (188.0, at)
    endpoint(rig, ApiStatus.OK, Endpoint.HEALTH)
    assert budget()["away_since"] is None
    rig.take(AnswerKind.NODE, replace(node_answer(rig.clock.at), last_pinged_at=rig.clock.at - 3 * 3600))
    assert budget()["away_since"] == rig.clock.at - 3 * 3600, "nobody from outside has reached it for three hours"


def test_a_silence_that_began_before_a_restart_is_seen_after_it(rig: Rig) -> None:
    begin = int(rig.clock.at)
    minutes = {begin + 60 * i: (10, 9) for i in range(60)}
    rig.clock.at += 5400
    rig.keeper.on_old_minutes("a", minutes)
    delta = NodeDelta("a")
    delta.cells[CellKey(begin + 3600 + 1800, "s", 8)] = Cell(count=1)
    rig.keeper.on_delta(delta)
    (outage,) = rig.renderers.registry.of("a").outages
    assert (outage.witness, outage.from_at, outage.until_at) == (Witness.LOG_GAP, begin + 3600, begin + 5400)
    rig.keeper.on_old_minutes("a", minutes)
    assert rig.renderers.registry.of("a").outages == (outage,)


GOT = op_code(Action.GET, Outcome.SUCCESS)


def metrics(at: float, uptime_s: float, number: int) -> NodeMetrics:
    spread = Spread(number, number * 0.25, p50=0.2, p99=1.0)
    return NodeMetrics(
        taken_at=at, uptime_s=uptime_s, transfers={GOT: TransferCount(GOT, number, number * 1000, spread)}, space=SpaceMetrics(taken_at=at)
    )


def test_counters_are_kept_by_the_hour_over_restarts_of_node_and_monitor(rig: Rig) -> None:
    begin = rig.clock.at  # a full hour
    told = [(0, 100, 1000), (60, 160, 1010), (3500, 3600, 1100), (3660, 20, 7), (3720, 80, 9)]
    for after_s, uptime_s, number in told:
        rig.clock.at = begin + after_s
        rig.take(AnswerKind.METRICS, metrics(rig.clock.at, uptime_s, number))
    counted = rig.renderers.counted("a")
    assert counted is not None
    assert counted.growth[GOT].number == 90 + 7 + 2, "the first stretch began more than an hour ago"
    rig.clock.at = begin + 3780
    restart(rig)  # killed: of the last answers only the first one of the hour was stored
    rig.take(AnswerKind.METRICS, metrics(rig.clock.at, 140, 12))
    rig.clock.at = begin + 7300
    rig.take(AnswerKind.METRICS, metrics(rig.clock.at, 3660, 50))
    rig.keeper.keep_last()
    hours = {row[1]: row[3:] for row in rig.rows(store.COUNTER_HOUR)}
    assert {start_ms / 1000 - begin: row[0] for start_ms, row in hours.items()} == {0: 100, 3600: 12, 7200: 38}
    assert hours[int((begin + 7200) * 1000)] == (38, 38_000, 38, 9500)


def test_earnings_are_made_anew_when_a_node_takes_something_of_them_back(rig: Rig) -> None:
    """An estimate that was under way when the node told that it is disqualified, and is forgotten with the node's next answer."""
    estimate = EstimatedPayout(satellite=SAT, current_month=MonthPayout(), previous_month=MonthPayout(), expected_cents=1.0)
    rig.take(AnswerKind.SATELLITE, satellite_answer(rig.clock.at, 29), SAT)
    told = node_answer(rig.clock.at)
    gone = replace(told, standings=(replace(told.standings[0], disqualified_at=rig.clock.at - DAY_S),))
    rig.take(AnswerKind.NODE, gone)
    rig.take(AnswerKind.ESTIMATE, estimate, SAT)
    plain(rig.renderers.rows("earnings", ["a"]))
    rig.take(AnswerKind.NODE, gone)
    kept = plain(rig.renderers.rows("earnings", ["a"]))
    assert kept == plain(TopicRenderers(rig.renderers.registry, rig.state, rig.clock.now).rows("earnings", ["a"]))
    assert kept[f"a/{SAT}"]["theirs"] is None


def test_a_kill_costs_no_counts_and_the_last_hour_is_shown_as_before(rig: Rig) -> None:
    """Also when the node restarts a moment later: where its counters were is known to the minute."""
    begin = rig.clock.at
    for minute in range(30):
        rig.clock.at = begin + minute * 60
        rig.take(AnswerKind.METRICS, metrics(rig.clock.at, 1000 + minute * 60, 500 + 45 * minute))
    shown = rig.renderers.counted("a")
    assert shown is not None and shown.growth[GOT].number == 45 * 29
    rig.clock.at += 20
    restart(rig)
    again = rig.renderers.counted("a")
    assert again is not None and again.growth == shown.growth, "as before the kill"
    rig.clock.at = begin + 31 * 60
    rig.take(AnswerKind.METRICS, metrics(rig.clock.at, 30, 43))  # the node has begun anew, too
    after = rig.renderers.counted("a")
    assert after is not None and after.growth[GOT].number == 45 * 29 + 43
    rig.keeper.keep_last()
    assert sum(row[3] for row in rig.rows(store.COUNTER_HOUR)) == 45 * 29 + 43


def test_answers_are_stored_every_two_minutes_or_so_and_of_many_nodes_more_rarely(rig: Rig) -> None:
    begin = rig.clock.at
    for minute in range(61):
        rig.clock.at = begin + minute * 60
        rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
        (row,) = rig.rows(store.LAST_ANSWER)
        assert rig.clock.at - row[3] / 1000 <= 120
    for number in range(100):
        rig.keeper.registry.of(f"n{number}")
    works = rig.desk.works
    for second in range(0, 3600, 60):
        rig.clock.at = begin + 3660 + second
        rig.take(AnswerKind.METRICS, metrics(rig.clock.at, second + 1, second))
    assert rig.desk.works - works <= 60
    assert len(rig.rows(store.COUNTER_RECENT)) >= 54, "written more rarely, and nothing left out"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("outage", "witness = 'nobody'"), ("outage", "from_ms = 'a text'"), ("score_point", "audit_score = 'much'"),
        ("score_point", "satellite = 999"),
        ("space_point", "used_bytes = x'00ff'"), ("last_answer", "data = x'00'"), ("usage_day", "byte_hours = 'x'"),
        ("counter_position", "data = '[]'"), ("counter_recent", "data = '{\"1\": 5}'"), ("standing", "kind = ''"),
    ],
)  # fmt: skip
def test_a_damaged_row_is_named_left_out_and_counted(rig: Rig, table: str, change: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is no crash at every start, and what else is there is shown."""
    at = rig.clock.at
    rig.take(AnswerKind.NODE, node_answer(at))
    rig.take(AnswerKind.SATELLITE, satellite_answer(at, 3), SAT)
    for minute in range(3):
        rig.clock.at = at + minute * 60
        rig.take(AnswerKind.METRICS, metrics(rig.clock.at, 100 + minute * 60, 10 * minute))
    rig.keeper.keep_last()
    store.write(
        rig.desk.db,
        {
            store.OUTAGE.name: {("a", Witness.API_DOWN.value, 1000): ("a", Witness.API_DOWN.value, 1000, 2000)},
            store.STANDING.name: {("a", SAT, "suspended", 1000): ("a", SAT, "suspended", 1000, 2000)},
        },
    )
    assert rig.desk.db.execute(f"UPDATE OR REPLACE {table} SET {change}").rowcount > 0
    rig.begin()
    bad, path = BadRows(), Path(rig.desk.db.execute("PRAGMA database_list").fetchone()[2])
    with closing(connect_reader(path, bad)) as db:
        rig.keeper.load(store.read_all(db, LOADED, ["a"], {}), bad)
    assert bad.tables().get(table, 0) > 0
    assert f"a row of the table {table} cannot be understood" in caplog.text
    assert rig.keeper.registry.of("a").money.kept or table == "usage_day"
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at))
    for topic in ("health", "reputation", "storage", "earnings"):
        assert plain(rig.renderers.rows(topic, ["a"])) is not None
