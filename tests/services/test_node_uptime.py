"""Evidence of a node's life in the keeper: endpoints, log, API and restarts of the monitor, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from builders import transfer
from plain import Plain, plain
from services.test_node_status import DAY_S, SAT, Rig, endpoint, node_answer, satellite_answer

from storj_monitor.database import node_tables as store
from storj_monitor.database.node_loading import LOADED
from storj_monitor.database.reader import Reader
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.node_answers import AnswerKind, ApiStatus, Endpoint
from storj_monitor.model.node_events import ConfigurationLoaded, NodeStarted, PingFailed, SignalReceived
from storj_monitor.model.reputation import AuditWindow
from storj_monitor.model.rollups import Cell, CellKey, NodeDelta
from storj_monitor.model.sources import SourceState
from storj_monitor.model.uptime import Outage, UptimeState, Witness
from storj_monitor.reputation_tracker.uptime import node_away_since, node_downtimes, node_uptime
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.views.node_queries import NodeQueries
from storj_monitor.views.windows import Window

GET_OK = transfer().op


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def node(rig: Rig) -> NodeStatus:
    return rig.renderers.registry.of("a")


def hour_of_transfers(begin: int, minutes: int = 60) -> dict[int, tuple[int, int]]:
    return {begin + 60 * i: (60, 55) for i in range(minutes)}


def delta(at: float, events: list[NodeEvent] | None = None, transfers: list[Transfer] | None = None) -> NodeDelta:
    made = NodeDelta("a", events=events or [], transfers=transfers or [])
    for one in made.transfers:
        made.cells[CellKey(one.time_ms // 60_000 * 60, SAT, one.op)] = Cell(count=1)
    return made


def test_a_busy_node_that_goes_silent_and_shuts_its_api_is_down_for_certain(rig: Rig) -> None:
    begin = int(rig.clock.at)
    rig.keeper.on_old_minutes("a", hour_of_transfers(begin - 3600))
    rig.keeper.on_log("a", SourceState.LIVE)
    rig.keeper.on_delta(delta(begin, transfers=[transfer(begin * 1000)]))
    endpoint(rig, ApiStatus.OK)
    rig.clock.at = begin + 30.0
    endpoint(rig, ApiStatus.UNREACHABLE)
    assert node_uptime(node(rig), rig.clock.at).state is UptimeState.UP, "its log had transfers a moment ago"
    before = dict(node(rig).revisions)
    rig.keeper.look()
    rig.clock.at = begin + 181.0
    rig.keeper.look()
    state = node_uptime(node(rig), rig.clock.at)
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, float(begin), True)
    assert node(rig).revisions != before, "pages are told, though nothing came"
    assert node_away_since(node(rig), rig.clock.at) == begin
    row = plain(rig.renderers.rows("health", ["a"]))["a"]
    assert row["uptime"]["state"] == "down"
    assert (row["downtimes"][0]["until"], row["downtimes"][0]["certain"]) == (None, True)


def test_one_satellite_that_is_off_suspects_nobody(rig: Rig) -> None:
    begin = int(rig.clock.at)
    rig.keeper.on_old_minutes("a", hour_of_transfers(begin - 3600))
    for i in range(120):
        at = begin + 60 * i
        pings: list[NodeEvent] = [PingFailed(time_ms=at * 1000, step="ping", satellite=SAT)] if i % 10 == 0 else []
        rig.keeper.on_delta(delta(at, pings, [transfer(at * 1000 + 500)]))
    assert node_downtimes(node(rig), rig.clock.at + 7200) == ()


def test_a_line_that_is_off_fails_all_check_ins_and_stops_all_transfers(rig: Rig) -> None:
    begin = int(rig.clock.at)
    rig.keeper.on_old_minutes("a", hour_of_transfers(begin - 3600))
    away = [PingFailed(time_ms=(begin + 600) * 1000, step="ping", satellite=one) for one in (SAT, "other")]
    rig.keeper.on_delta(delta(begin, [], [transfer(begin * 1000)]))
    rig.keeper.on_delta(delta(begin + 600, list(away)))
    rig.keeper.on_delta(delta(begin + 3600, [], [transfer((begin + 3600) * 1000)]))
    (found,) = node_downtimes(node(rig), rig.clock.at + 7200)
    assert found.certain
    assert set(found.witnesses) == {Witness.LOG_GAP, Witness.PING_FAILED}
    assert found.until_at == begin + 3600


def restarted(rig: Rig, lines: Sequence[NodeEvent]) -> None:
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))
    rig.keeper.on_lines("a", lines, live=False)


def test_the_budget_is_whole_while_a_restarted_monitor_has_not_read_the_log_yet(rig: Rig) -> None:
    at = rig.clock.at
    rig.take(AnswerKind.NODE, node_answer(at))
    windows = tuple(AuditWindow(at - (61 - i) * 43_200, 10, 10) for i in range(61))
    answer = satellite_answer(at, 29)
    rig.take(AnswerKind.SATELLITE, replace(answer, reputation=replace(answer.reputation, windows=windows)), SAT)
    endpoint(rig, ApiStatus.OK, Endpoint.HEALTH)
    endpoint(rig, ApiStatus.UNREACHABLE, Endpoint.HEALTH)
    stop = SignalReceived(time_ms=int(at * 1000), process="storagenode", signal="terminated")
    rig.keeper.on_lines("a", [stop], live=True)
    rig.clock.at = at + 2 * DAY_S
    restarted(rig, [stop])

    def budget() -> tuple[object, object]:
        rig.renderers.registry.changed("a", *rig.renderers.registry.of("a").revisions)
        row = plain(rig.renderers.rows("reputation", ["a"]))[f"a/{SAT}"]["budget"]
        return row["hours"], row["away_since"]

    assert budget() == (288.0, None), "the monitor was off: it does not know yet"
    assert node_uptime(node(rig), rig.clock.at).state is UptimeState.UNKNOWN
    start = int((at + 40) * 1000)
    rig.keeper.on_lines(
        "a", [ConfigurationLoaded(time_ms=start, process="storagenode"), NodeStarted(time_ms=start, node_id="n")], live=True
    )
    rig.keeper.on_log("a", SourceState.LIVE)
    assert budget() == (288.0, None)
    assert [(d.from_at, d.until_at) for d in node_downtimes(node(rig), rig.clock.at)] == [(at, at + 40)]


def test_a_stop_that_the_restarted_monitor_sees_confirmed_counts_on(rig: Rig) -> None:
    at = rig.clock.at
    stop = SignalReceived(time_ms=int(at * 1000), process="storagenode", signal="terminated")
    rig.keeper.on_lines("a", [stop], live=True)
    rig.clock.at = at + 3600
    restarted(rig, [stop])
    rig.keeper.on_log("a", SourceState.LIVE)
    state = node_uptime(node(rig), rig.clock.at)
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, at, True)


def test_a_power_cut_in_the_monitors_own_absence_is_proven_by_the_log_read_afterwards(rig: Rig) -> None:
    at = rig.clock.at
    rig.clock.at = at + 9100
    restarted(rig, [])
    start = ConfigurationLoaded(time_ms=int((at + 9000) * 1000), process="storagenode", previous_ms=int(at * 1000))
    rig.keeper.on_delta(delta(at + 9000, [start, NodeStarted(time_ms=start.time_ms, node_id="n")]))
    (found,) = node_downtimes(node(rig), at + 9100)
    assert (found.from_at, found.until_at, found.certain) == (at, at + 9000, True)


def test_what_the_api_told_of_a_start_is_remembered(rig: Rig) -> None:
    at = rig.clock.at
    stop = SignalReceived(time_ms=int(at * 1000), process="storagenode", signal="terminated")
    rig.keeper.on_lines("a", [stop], live=True)
    rig.keeper.on_log("a", SourceState.LIVE)
    rig.clock.at = at + 1000
    rig.take(AnswerKind.NODE, replace(node_answer(rig.clock.at), started_at=at + 70))
    for again in (False, True):
        if again:
            restarted(rig, [stop])
            rig.keeper.on_log("a", SourceState.LIVE)
        (found,) = node_downtimes(node(rig), rig.clock.at)
        assert (found.from_at, found.until_at, found.certain) == (at, at + 70, True)


def test_marks_are_no_downtimes_of_the_question(rig: Rig) -> None:
    rig.take(AnswerKind.NODE, replace(node_answer(rig.clock.at), started_at=rig.clock.at - 5000))
    kept = [row for row in rig.rows(store.OUTAGE) if row[1] == "api_started"]
    assert len(kept) == 1
    assert node_downtimes(node(rig), rig.clock.at) == ()


def test_a_restart_of_a_node_without_a_log_is_told_by_its_api(rig: Rig) -> None:
    at = rig.clock.at
    rig.take(AnswerKind.NODE, replace(node_answer(at), started_at=at - 50_000))
    rig.clock.at = at + 60
    rig.take(AnswerKind.NODE, replace(node_answer(at + 60), started_at=at + 31))
    (found,) = node_downtimes(node(rig), rig.clock.at)
    assert (found.from_at, found.until_at, found.certain) == (at, at + 31, True)
    rig.clock.at = at + 90_000
    rig.take(AnswerKind.NODE, replace(node_answer(at + 90_000), started_at=at + 80_000))
    assert len(node_downtimes(node(rig), rig.clock.at)) == 1, "nobody asked for a day: how long it was away is not known"


def test_a_node_that_runs_and_is_reached_by_nobody_is_away(rig: Rig) -> None:
    begin = int(rig.clock.at)
    rig.keeper.on_old_minutes("a", hour_of_transfers(begin - 3600))
    rig.keeper.on_log("a", SourceState.LIVE)
    rig.keeper.on_delta(delta(begin, transfers=[transfer(begin * 1000)]))
    endpoint(rig, ApiStatus.OK)
    for minutes in (20, 40):
        rig.clock.at = begin + 60.0 * minutes
        answer = replace(node_answer(rig.clock.at), last_pinged_at=begin + 5.0, started_at=begin - 50_000.0)
        rig.take(AnswerKind.NODE, answer)
        state = node_uptime(node(rig), rig.clock.at)
        assert state.state is (UptimeState.DOWN if minutes == 40 else UptimeState.UP), minutes
    assert (state.since, state.certain) == (begin + 5.0, True)
    assert state.evidence == (Witness.LOG_GAP, Witness.CONTACT)
    assert node_away_since(node(rig), rig.clock.at) == begin + 5.0
    rig.clock.at = begin + 3000.0
    rig.keeper.on_delta(delta(begin + 2460, transfers=[transfer((begin + 2460) * 1000)]))
    (found,) = node_downtimes(node(rig), rig.clock.at)
    assert found.certain
    assert set(found.witnesses) == {Witness.LOG_GAP, Witness.CONTACT}


async def test_an_end_that_memory_knows_better_than_the_database_counts(rig: Rig) -> None:
    """What the API told a moment ago is not stored yet; the row of before would make one long downtime of it."""
    at = rig.clock.at
    store.write(rig.desk.db, {store.OUTAGE.name: {
        ("a", "process", round(from_at * 1000)): ("a", "process", round(from_at * 1000), round((from_at + 2400) * 1000))
        for from_at in (at - 9000, at - 6000)
    }})  # fmt: skip
    node(rig).outages = (Outage(Witness.PROCESS, at - 6000, at - 5930),)
    reader = Reader(Path(rig.desk.db.execute("PRAGMA database_list").fetchone()[2]), 1)
    try:
        window = Window(int(at) - int(DAY_S), int(at) + 60, 60, ("a",))
        answer = await Plain(NodeQueries(reader, rig.renderers, lambda: at)).health(window, frozenset({"downtimes"}))
    finally:
        reader.close()
    told = [(row["from"], row["until"]) for row in answer["downtimes"]]
    assert told == [(at - 6000, at - 5930), (at - 9000, at - 6600)]
