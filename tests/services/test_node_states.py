"""From what nodes say to the state that everybody sees: rows of nodes, findings, health, /metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from keeper_rig import keeper_of, states_of
from live_replay import HandClock, clock, node_answer
from plain import plain

from storj_monitor.config.table import THRESHOLD_SILENT
from storj_monitor.model.earnings import Paystub, StubKey
from storj_monitor.model.figures import Source
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, ApiStatus, Endpoint, NodeAnswer, RouteState, RouteStatus
from storj_monitor.model.reputation import NEVER, HealthAnswer, HealthStatus, ReputationSnapshot
from storj_monitor.model.rollups import ErrorCount, ErrorKey, NodeDelta
from storj_monitor.model.space import FileSystemSpace
from storj_monitor.state.node_evidence import log_fresh_s
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.views.gauges import Gauges, StoreFigures
from storj_monitor.views.topic_feed import TopicFeed
from storj_monitor.views.topic_renderers import TopicRenderers

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
EU1 = "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs"


class Rig:
    """One node `n` with a log and an API, well at first."""

    def __init__(self) -> None:
        self.clock = HandClock(clock("11:00:00"))
        self.state = State(["n"])
        self.renderers = TopicRenderers(NodeRegistry(["n"]), self.state, self.clock.now)
        self.keeper = keeper_of(self.renderers, self.state, self, self.clock)
        self.states = states_of(self.renderers, self.state, self.clock)
        self.keeper.signals.moved.append(self.states.moved)
        self.state.on_status("n", LogStatus("live", "", "node.log", 0, self.clock.at, self.clock.at))
        self.endpoint(ApiStatus.OK)
        self.say(node_answer(self.clock.at))

    def submit_write(self, write: object, done: Any) -> None:
        done()

    def endpoint(self, status: ApiStatus, detail: str = "", *routes: RouteState) -> None:
        self.keeper.on_state("n", ApiState(status, self.clock.at, detail, "http://n", Endpoint.API, routes))

    def say(self, answer: NodeAnswer, *, healthy: bool | None = None) -> None:
        self.state.nodes["n"].newest_ms = int(self.clock.at * 1000)
        self.keeper.on_answer(Answer("n", AnswerKind.NODE, None, self.clock.at, 1.0, replace(answer, taken_at=self.clock.at)))
        if healthy is not None:
            told = HealthAnswer(taken_at=self.clock.at, all_healthy=healthy)
            self.keeper.on_answer(Answer("n", AnswerKind.HEALTH, None, self.clock.at, 1.0, told))

    def disqualified(self, when: float = clock("10:00:00")) -> NodeAnswer:
        def at(satellite: str, date: float) -> ReputationSnapshot:
            return ReputationSnapshot(
                satellite=satellite, source=Source.API, taken_at=self.clock.at, disqualified_at=date, suspended_at=NEVER
            )

        return replace(node_answer(self.clock.at), standings=(at(EU1, NEVER), at(US1, when)))

    async def later(self, seconds: float, *, lines: bool = True) -> None:
        self.clock.at += seconds
        if lines:
            self.state.nodes["n"].newest_ms = int(self.clock.at * 1000)
        await self.states.look()

    @property
    def row(self) -> dict[str, Any]:
        """As topic `nodes` has it."""
        feed = TopicFeed(self.state, self.renderers, ("n",), {"n": 0}, True)
        feed.advance(["nodes"], self.clock.at, True)
        rows: Any = plain(feed.snapshot(["nodes"], self.clock.at))["nodes"]["rows"]
        return dict(rows["n"])

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [row for row in plain(self.renderers.rows("analytics", ["n"])).values() if row["row"] == "finding"]


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_a_node_is_ok_by_what_it_said_and_not_longer_than_that(rig: Rig) -> None:
    assert (rig.row["node_state"], rig.row["node_state_reason"]) == ("ok", "All is well by log and API.")
    await rig.later(170)
    assert rig.row["node_state"] == "ok"
    await rig.later(15)
    assert (rig.row["node_state"], rig.row["reasons"][0]["code"]) == ("warning", "source_silent"), "nobody asks any more"
    rig.say(node_answer(rig.clock.at))
    assert rig.row["node_state"] == "ok"


async def test_an_api_that_fails_is_no_health_at_once_and_down_when_the_log_falls_silent_too(rig: Rig) -> None:
    await rig.later(30)
    rig.endpoint(ApiStatus.UNREACHABLE, "/api/sno/: no whole answer within 15 s")
    assert (rig.row["node_state"], rig.row["node_state_since"]) == ("warning", rig.clock.at)
    for _ in range(36):
        await rig.later(5, lines=False)
    assert rig.row["node_state"] == "down" and "log and API say nothing" in rig.row["node_state_reason"]
    rig.endpoint(ApiStatus.OK)
    rig.say(node_answer(rig.clock.at))
    assert rig.row["node_state"] == "ok"


@pytest.mark.parametrize("fails_after_s", [20, 75, 150])
async def test_a_node_that_hangs_wholly_is_down_three_minutes_after_it_spoke_last(rig: Rig, fails_after_s: int) -> None:
    spoke_at = rig.clock.at
    for at_s in range(5, 186, 5):
        await rig.later(5, lines=False)
        if at_s == fails_after_s:
            rig.endpoint(ApiStatus.UNREACHABLE, "/api/sno/: no whole answer within 15 s")
        assert (rig.row["node_state"] == "down") is (at_s >= 180), at_s
    assert rig.row["node_state_since"] == spoke_at


@pytest.mark.parametrize("status", [ApiStatus.NOT_UNDERSTOOD, ApiStatus.UNREACHABLE])
async def test_a_port_with_one_question_is_no_health_as_soon_as_it_fails_whatever_comes_instead(rig: Rig, status: ApiStatus) -> None:
    """An answer 500 of `/metrics` left it good until the last good answer was three minutes old."""
    rig.keeper.on_state("n", ApiState(ApiStatus.OK, rig.clock.at, "", "http://n", Endpoint.HEALTH))
    rig.say(node_answer(rig.clock.at), healthy=True)
    assert rig.row["node_state_reason"] == "All is well by log, API and public port."
    await rig.later(30)
    rig.keeper.on_state("n", ApiState(status, rig.clock.at, "/: HTTP 502", "http://n", Endpoint.HEALTH))
    assert (rig.row["node_state"], rig.row["node_state_reason"]) == ("warning", "The public port does not answer (/, HTTP 502).")


@pytest.mark.parametrize(("a_minute", "fresh_s"), [(30, 180.0), (1, 1200.0)])
def test_the_log_of_a_busy_node_is_good_for_three_minutes_and_that_of_a_slow_one_for_longer(
    rig: Rig, a_minute: int, fresh_s: float
) -> None:
    node = rig.renderers.registry.nodes["n"]
    node.log.pulse.add({minute * 60: (a_minute, a_minute) for minute in range(60)})
    assert log_fresh_s(node, float(THRESHOLD_SILENT.default)) == fresh_s


async def test_one_route_that_hangs_is_said_and_leaves_the_node_as_it_is(rig: Rig) -> None:
    rig.say(rig.disqualified())
    path = f"/api/sno/satellite/{EU1}"
    rig.endpoint(ApiStatus.PARTIAL, f"{path}: HTTP 500", RouteState(path, RouteStatus.FAILING, rig.clock.at, None, "HTTP 500"))
    assert [one["code"] for one in rig.row["reasons"]] == ["disqualified", "route"]
    assert rig.row["reasons"][1]["sentence"] == "The API does not answer /api/sno/satellite/eu1 (HTTP 500)."
    gone = f"/api/sno/estimated-payout?id={US1}"
    rig.endpoint(ApiStatus.PARTIAL, f"{gone}: HTTP 500", RouteState(gone, RouteStatus.FAILING, rig.clock.at, None, "HTTP 500"))
    assert [one["code"] for one in rig.row["reasons"]] == ["disqualified"], "of a satellite that is gone nothing need be told"


async def test_reasons_are_findings_from_the_first_moment_and_go_when_they_are_over(rig: Rig) -> None:
    assert rig.findings == []
    rig.say(rig.disqualified())
    (found,) = rig.findings
    assert (found["kind"], found["severity"], found["state"], found["metric"]) == ("state", "critical", "active", "disqualified")
    assert found["title"].startswith("n: us1: Disqualified.") and found["since"] == clock("10:00:00")
    assert (found["satellite"], found["value"]) == (US1, None) and found["number"] < 0 and found["advice"]
    await rig.later(25)
    rig.say(rig.disqualified(NEVER))
    assert rig.findings == [] and rig.row["node_state"] == "ok", "a disqualification can be lifted"


async def test_never_contacted_is_said_with_what_to_do(rig: Rig) -> None:
    rig.say(replace(node_answer(rig.clock.at), last_pinged_at=NEVER, quic_status="Misconfigured"))
    assert rig.row["node_state"] == "at_risk" and [one["code"] for one in rig.row["reasons"]] == ["no_contact", "quic"]
    health = plain(rig.renderers.rows("health", ["n"]))["n"]
    assert health["last_contact"] == {"value": None, "source": "api", "at": rig.clock.at}


async def test_the_health_answer_is_shown_while_it_is_of_now_and_nobody_contradicts_it(rig: Rig) -> None:
    def shown() -> Any:
        healthy = plain(rig.renderers.rows("health", ["n"]))["n"]["all_healthy"]
        return healthy and healthy["value"]

    rig.say(node_answer(rig.clock.at), healthy=True)
    assert shown() is True
    rig.say(rig.disqualified())
    assert shown() is None, "the API has just said that it is disqualified"
    rig.say(node_answer(rig.clock.at), healthy=False)
    assert shown() is False
    rig.clock.at += 301
    rig.say(node_answer(rig.clock.at))
    assert shown() is None, "too old"


async def test_a_satellite_that_is_not_trusted_any_more_does_not_come_back_without_scores(rig: Rig) -> None:
    rig.say(replace(rig.disqualified(NEVER), standings=rig.disqualified(NEVER).standings[:1]))
    told = HealthAnswer(
        taken_at=rig.clock.at, all_healthy=True, statuses=(HealthStatus(EU1, 1.0, NEVER, NEVER), HealthStatus(US1, 1.0, NEVER, NEVER))
    )
    rig.keeper.on_answer(Answer("n", AnswerKind.HEALTH, None, rig.clock.at, 1.0, told))
    assert list(plain(rig.renderers.rows("reputation", ["n"]))) == [f"n/{EU1}"]


async def test_a_node_that_is_down_has_no_uptime(rig: Rig) -> None:
    assert plain(rig.renderers.rows("health", ["n"]))["n"]["uptime_s"]["value"] > 0
    rig.endpoint(ApiStatus.UNREACHABLE, "no answer")
    for _ in range(40):
        await rig.later(5, lines=False)
    assert rig.row["node_state"] == "down"
    assert plain(rig.renderers.rows("health", ["n"]))["n"]["uptime_s"] is None


async def test_failed_writes_and_a_disk_without_room_count_when_they_are_told(rig: Rig) -> None:
    key = ErrorKey(0, "ERROR", "piecestore", "upload failed", "pieces error: write <path>: no space left on device")
    rig.keeper.on_delta(NodeDelta("n", errors={key: ErrorCount(1, int(rig.clock.at * 1000), int(rig.clock.at * 1000))}))
    assert rig.row["node_state_reason"] == "The disk is full: writes fail for want of space."
    await rig.later(1805)
    rig.say(node_answer(rig.clock.at))
    assert rig.row["node_state"] == "ok", "nothing has failed since, and there is room"
    disk = FileSystemSpace(taken_at=rig.clock.at, path="/d", total_bytes=10**12, free_bytes=3_000_000, device="1")
    rig.keeper.on_file_system("n", "/d", disk, "")
    assert (rig.row["node_state"], rig.row["node_state_reason"]) == ("at_risk", "The disk is full (3.00 MB free).")
    rig.keeper.on_file_system("n", "/d", replace(disk, free_bytes=10**11), "")
    assert rig.row["node_state"] == "ok"
    rig.keeper.on_file_system("n", "/d", None, "there is no such folder")
    assert rig.row["node_state_reason"] == "The storage folder /d cannot be looked at: there is no such folder."


async def test_a_monitor_that_slept_does_not_call_nodes_down(rig: Rig) -> None:
    rig.endpoint(ApiStatus.UNREACHABLE, "no answer")
    await rig.later(8 * 3600, lines=False)
    assert rig.row["node_state"] == "warning", "the silence was its own"


async def test_metrics_have_the_state(rig: Rig) -> None:
    rig.say(rig.disqualified())
    gauges = Gauges(rig.state, lambda: StoreFigures(0.0, 0.0, False), lambda: 0)
    families = {family.name: family.samples for family in gauges.samples()}
    states = {labels["state"]: value for labels, value in families["storj_monitor_node_state"]}
    assert states == {"down": 0.0, "at_risk": 1.0, "warning": 0.0, "learning": 0.0, "ok": 0.0, "no_data": 0.0}
    (reason,) = families["storj_monitor_node_reasons"]
    assert reason == ({"node": "n", "code": "disqualified", "state": "at_risk"}, 1.0)


@pytest.mark.parametrize(("codes", "code", "kind"), [("E:I", "leaving", "warning"), ("X", "left", "ok"), ("E", None, "ok")])
async def test_a_graceful_exit_is_told_by_the_newest_paystub_where_the_log_tells_nothing(
    rig: Rig, codes: str, code: str | None, kind: str
) -> None:
    stubs = rig.renderers.registry.nodes["n"].money.stubs
    for period, told in (("2026-09", "E"), ("2026-10", codes)):
        stubs[StubKey("id", US1, period)] = Paystub(satellite=US1, period=period, codes=told)
    rig.say(node_answer(rig.clock.at))
    assert rig.row["node_state"] == kind
    assert [one["code"] for one in rig.row["reasons"] if one["code"] in ("leaving", "left")] == [one for one in (code,) if one]
