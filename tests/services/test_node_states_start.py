"""What a monitor that has just started says of a node: of a log that was never read, of one that is behind, and since when it is down."""

from __future__ import annotations

import pytest
from keeper_rig import keeper_of, states_of
from live_replay import HandClock, clock, node_answer

from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, ApiStatus, Endpoint
from storj_monitor.model.node_state import NodeState, NodeStateKind
from storj_monitor.model.uptime import Outage, Witness
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.views.topic_renderers import TopicRenderers

HOUR_S = 3600.0
MISSING = "/logs/ndoe.log is not there yet"


class Started:
    """A monitor that begins now to look at node `n`; `newest_h`: the age of the newest line that its database has of it."""

    def __init__(self, newest_h: float | None = None) -> None:
        self.clock = HandClock(clock("11:00:00"))
        self.state = State(["n"])
        if newest_h is not None:
            self.state.nodes["n"].newest_ms = int((self.clock.at - newest_h * HOUR_S) * 1000)
        self.renderers = renderers = TopicRenderers(NodeRegistry(["n"]), self.state, self.clock.now)
        self.node = renderers.registry.of("n")
        self.keeper = keeper_of(renderers, self.state, self, self.clock)
        self.states = states_of(renderers, self.state, self.clock)
        self.keeper.signals.moved.append(self.states.moved)

    def submit_write(self, write: object, done: object) -> None:
        """Nothing is stored."""

    def log(self, state: str, detail: str = "", *, lines_at: float | None = None, read_at: float | None = None) -> None:
        if lines_at is not None:
            self.state.nodes["n"].newest_ms = int(lines_at * 1000)
        before = self.state.nodes["n"].status
        since = before.since if before.state == state else self.clock.at
        self.state.on_status("n", LogStatus(state, detail, "node.log", 0, since, read_at))

    def endpoint(self, endpoint: Endpoint, status: ApiStatus, detail: str = "") -> None:
        self.keeper.on_state("n", ApiState(status, self.clock.at, detail, "http://n", endpoint))

    def answers(self) -> None:
        self.keeper.on_answer(Answer("n", AnswerKind.NODE, None, self.clock.at, 1.0, node_answer(self.clock.at)))

    async def after(self, seconds: float) -> NodeState:
        for _ in range(int(seconds // 5)):
            self.clock.at += 5
            await self.states.look()
        return self.state.nodes["n"].judged


@pytest.mark.parametrize("newest_h", [None, 18.0])
@pytest.mark.parametrize("state", ["waiting", "error"])
async def test_a_log_that_was_never_read_tells_nothing_of_the_node(state: str, newest_h: float | None) -> None:
    """A typing mistake in the path made a node down (critical) after three minutes; also one made after it had been right."""
    now = Started(newest_h)
    now.log(state, MISSING)
    for seconds in (5, 60, 200, 2 * HOUR_S):
        judged = await now.after(seconds)
        assert (judged.kind, judged.sentence) == (NodeStateKind.WARNING, f"The log is not read: {MISSING}"), seconds
        assert [one.code for one in judged.reasons] == ["log_unread"]


async def test_a_log_that_is_there_and_may_not_be_read_any_more_tells_nothing_of_the_node() -> None:
    """After a rotation with other rights a node that ran was down after three minutes."""
    now = Started()
    now.log("live", lines_at=now.clock.at, read_at=now.clock.at)
    await now.after(5)
    now.log("error", "node.log: permission denied", read_at=now.clock.at)
    for seconds in (5, 200, 2 * HOUR_S):
        judged = await now.after(seconds)
        assert (judged.kind, judged.sentence) == (NodeStateKind.WARNING, "The log is not read: node.log: permission denied"), seconds


async def test_beside_a_log_that_was_never_read_the_api_alone_decides() -> None:
    now = Started()
    now.log("waiting", MISSING)
    now.endpoint(Endpoint.API, ApiStatus.OK)
    now.answers()
    judged = await now.after(60)
    assert (judged.kind, judged.sentence) == (NodeStateKind.WARNING, f"The log is not read: {MISSING}")
    now.endpoint(Endpoint.API, ApiStatus.UNREACHABLE, "/api/sno/: no whole answer within 15 s")
    assert (await now.after(110)).kind is NodeStateKind.WARNING
    judged = await now.after(15)
    assert judged.kind is NodeStateKind.DOWN
    assert judged.sentence == "The node is not heard: its API says nothing (/api/sno/, no whole answer within 15 s)."


async def test_a_log_at_level_error_alone_is_never_well() -> None:
    """It was "All is well" for an hour after each line of an error."""
    now = Started()
    now.state.on_character("n", LogCharacter(level="ERROR", levelled=2, span_ms=60_000))
    now.log("live", lines_at=now.clock.at - 10, read_at=now.clock.at)
    judged = await now.after(5)
    assert judged.kind is NodeStateKind.NO_DATA and "its log has nothing but errors so far" in judged.sentence
    now.state.on_character("n", LogCharacter(level="ERROR", levelled=20, span_ms=7_200_000))
    now.log("live", lines_at=now.clock.at, read_at=now.clock.at)
    judged = await now.after(60)
    assert judged.kind is NodeStateKind.NO_DATA and "its log is above INFO" in judged.sentence
    assert judged.reasons[1].code == "log_level"
    now.endpoint(Endpoint.API, ApiStatus.OK)
    now.answers()
    judged = await now.after(5)
    assert (judged.kind, judged.sentence) == (NodeStateKind.OK, "All is well by API.")


@pytest.mark.parametrize("state", ["waiting", "catching_up"])
async def test_a_log_that_is_not_read_up_to_now_is_not_silent(state: str) -> None:
    """In the first seconds of a start: "The log says nothing … (18 h ago)", while Log health said that it is catching up."""
    now = Started(18.0)
    now.log(state)
    judged = await now.after(5)
    assert judged.kind is NodeStateKind.LEARNING
    now.log("catching_up", read_at=now.clock.at)
    assert (await now.after(600)).kind is NodeStateKind.LEARNING
    now.log("live", lines_at=now.clock.at, read_at=now.clock.at)
    assert (await now.after(5)).kind is NodeStateKind.OK


@pytest.mark.parametrize("detail", ["connection refused", "no whole answer within 15 s"])
async def test_a_node_that_was_dead_before_the_monitor_started_is_down_since_its_last_line(detail: str) -> None:
    """It was down since the start of the monitor."""
    now = Started(0.8)
    dead_at = now.clock.at - 0.8 * HOUR_S
    now.log("live")
    for endpoint in (Endpoint.API, Endpoint.METRICS):
        now.endpoint(endpoint, ApiStatus.UNREACHABLE, detail)
    judged = await now.after(200)
    assert judged.kind is NodeStateKind.DOWN
    assert (judged.since, judged.reasons[0].since) == (dead_at, dead_at)


async def test_a_node_whose_log_pauses_is_down_since_it_answered_an_earlier_run_last() -> None:
    now = Started(0.5)
    now.node.answer = node_answer(now.clock.at - 90)
    now.log("live")
    now.endpoint(Endpoint.API, ApiStatus.UNREACHABLE, "no whole answer within 15 s")
    judged = await now.after(200)
    assert (judged.kind, judged.since) == (NodeStateKind.DOWN, now.node.answer.taken_at)


@pytest.mark.parametrize("detail", ["connection refused", "no whole answer within 15 s"])
async def test_what_an_earlier_run_saw_shut_is_shut_since_then(detail: str) -> None:
    """Without a log, too."""
    now = Started()
    now.states = states_of(now.renderers, now.state, now.clock, with_log=frozenset())
    now.keeper.signals.moved.append(now.states.moved)
    shut_at = now.clock.at - 2 * HOUR_S
    now.node.answer = node_answer(shut_at - 50)
    now.node.outages = (Outage(Witness.API_DOWN, shut_at, None), Outage(Witness.METRICS_DOWN, shut_at + 9, None))
    for endpoint in (Endpoint.API, Endpoint.METRICS):
        now.endpoint(endpoint, ApiStatus.UNREACHABLE, detail)
    judged = await now.after(200)
    assert (judged.kind, judged.since, judged.reasons[0].since) == (NodeStateKind.DOWN, shut_at, shut_at)


async def test_a_node_that_spoke_to_this_run_is_down_since_then() -> None:
    now = Started(0.8)
    now.log("live")
    for endpoint in (Endpoint.API, Endpoint.METRICS):
        now.endpoint(endpoint, ApiStatus.OK)
    now.answers()
    await now.after(60)
    for endpoint in (Endpoint.API, Endpoint.METRICS):
        now.endpoint(endpoint, ApiStatus.UNREACHABLE, "connection refused")
    judged = await now.after(20)
    assert judged.kind is NodeStateKind.DOWN and judged.since is not None and judged.since >= clock("11:00:00")
