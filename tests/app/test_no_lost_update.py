"""Whatever happens and in whatever order, a page that applies its frames ends with what a new snapshot says, and with what is true.

Real state, feeds, broadcaster and outboxes; time and sockets are stepped, so hypothesis may try hours of joining, leaving, hiding, stalling
and load. With every flag that frames pass through on and off.
"""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest
from browsers import Browser
from builders import EU1, US1, batch, transfer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stepped_loop import LoopClock, run_stepped

from storj_monitor.model.events import ErrorSeen
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.model.load import Load, LoadState
from storj_monitor.server.broadcaster import Broadcaster
from storj_monitor.server.encoding import make_encoder
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.live import RING_S
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.views.topic_feed import TABLES, TopicFeeds

NODES = ("n1", "n2", "n3")
VIEWS = (NODES, ("n1",), ("n2", "n3"))
TOPICS = (frozenset(("live", *TABLES)), frozenset(("live",)), frozenset(("nodes", "errors", "satellites")), frozenset(("live", "actions")))
# the largest message fits; a page that stalls through a few of them is closed
LIMIT_BYTES = 12_000

WHO = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 10**6)),
        st.tuples(st.just("wait"), st.sampled_from([0.001, 0.02, 0.075, 0.3, 0.6, 2.0, 70.0])),
        st.tuples(st.just("join"), st.sampled_from(TOPICS), st.sampled_from(VIEWS)),
        st.tuples(st.just("change"), WHO, st.sampled_from(TOPICS), st.sampled_from(VIEWS)),
        st.tuples(st.just("leave"), WHO),
        st.tuples(st.just("hide"), WHO, st.booleans()),
        st.tuples(st.just("stall"), WHO),
        st.tuples(st.just("wake"), WHO),
        st.tuples(st.just("load"), st.sampled_from(LoadState)),
    ),
    max_size=60,
)  # fmt: skip


class House:
    """Everything between a log's batch and a page, with pages."""

    def __init__(self, *, diffs: bool, coalesce_s: float, slow_hz: float, orjson: bool) -> None:
        self.clock = LoopClock()
        self.state = State(NODES)
        self.feeds = TopicFeeds(self.state, diffs)
        self.broadcaster = Broadcaster(
            self.feeds, make_encoder(orjson), self.clock,
            coalesce_s=coalesce_s, slow_hz=slow_hz, max_clients=100, hello=lambda: {"k": "hello"},
        )  # fmt: skip
        self.browsers: list[Browser] = []

    def move(self, seed: int) -> None:
        """Something is read from a log."""
        random, now = Random(seed), self.clock.now()
        node = random.choice(NODES)
        transfers = [
            transfer(
                int(now * 1000),
                satellite=random.choice([US1, EU1, f"other{random.randrange(3)}"]),
                action=random.choice([Action.PUT, Action.GET, Action.GET_AUDIT]),
                outcome=random.choice([Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED]),
                size=random.randrange(3_000_000),
                country=random.choice(["DE", "US", ""]),
            )
            for _ in range(random.randrange(8))
        ]
        errors = [ErrorSeen(int(now * 1000), "ERROR", "piecestore", "download failed", random.choice(["a", "b"]), "sample \ud800", US1)]
        taken = batch(transfers, node=node, errors=errors[: random.randrange(2)])
        self.state.on_batch(taken, now)
        self.feeds.push(taken)
        accumulator = Accumulator(node)
        accumulator.add(taken)
        self.state.on_delta(accumulator.drain(), now)
        if random.random() < 0.3:
            self.state.on_status(node, LogStatus("live", path=f"{node}.log", read_at=now))
        self.state.expire(now)
        self.broadcaster.tick(now)

    async def step(self, name: str, *values: Any) -> None:
        broadcaster = self.broadcaster
        if name == "move":
            self.move(*values)
        elif name == "wait":
            await asyncio.sleep(values[0])
        elif name == "load":
            broadcaster.on_load(Load(values[0]))
        elif name == "join":
            if len(self.browsers) < 6:
                self.browsers.append(Browser(broadcaster, limit_bytes=LIMIT_BYTES))
                self.browsers[-1].subscribe(*values)
        elif values[0] < len(self.browsers):
            await self._of(self.browsers[values[0]], name, *values[1:])

    async def _of(self, browser: Browser, name: str, *values: Any) -> None:
        if name == "leave":
            self.browsers.remove(browser)
            browser.leave()
        elif name == "stall":
            browser.socket.stalled = True
        elif name == "wake":
            await asyncio.sleep(0)
            browser.wake()
        elif browser.client.outbox.closed:
            browser.wake()
        elif name == "change":
            browser.subscribe(*values)
        else:
            browser.hide(*values)

    async def settle(self) -> None:
        """All wake up, all is calm, all that is due is sent."""
        self.broadcaster.on_load(Load(LoadState.NORMAL))
        for browser in self.browsers:
            browser.wake()
            if browser.hidden:
                browser.hide(False)
        await asyncio.sleep(5)
        self.broadcaster.tick(self.clock.now())
        await asyncio.sleep(5)
        for browser in self.browsers:
            browser.read()

    def check(self) -> None:
        now = self.clock.now()
        for browser in self.browsers:
            feed = self.feeds._open[browser.nodes]
            fresh = json.loads(make_encoder(False).encode(feed.snapshot(browser.topics, now)))
            assert set(browser.n) == browser.topics
            for topic in browser.topics - {"live"}:
                assert browser.n[topic] == fresh[topic]["n"], topic
                assert browser.rows[topic] == fresh[topic]["rows"], topic
                assert browser.rows[topic] == json.loads(make_encoder(False).encode(TABLES[topic](feed))), topic
            if "live" in browser.topics:
                self._check_live(browser, fresh["live"])

    @staticmethod
    def _check_live(browser: Browser, fresh: dict[str, Any]) -> None:
        assert browser.n["live"] == fresh["n"]
        ring = fresh["ring"]
        columns = zip(*(ring[name] for name in ("up_bytes", "down_bytes", "up_ops", "down_ops")), strict=True)
        for second, cell in zip(range(ring["t"] - RING_S + 1, ring["t"] + 1), columns, strict=True):
            assert browser.cells.get(second, [0, 0, 0, 0]) == list(cell), second


FLAGS: dict[str, dict[str, Any]] = {
    "all on": {"diffs": True, "coalesce_s": 0.075, "slow_hz": 2, "orjson": True},
    "all off": {"diffs": False, "coalesce_s": 0, "slow_hz": 0, "orjson": False},
    "no diffs": {"diffs": False, "coalesce_s": 0.075, "slow_hz": 2, "orjson": False},
    "no coalescing": {"diffs": True, "coalesce_s": 0, "slow_hz": 2, "orjson": False},
    "no bound": {"diffs": True, "coalesce_s": 0.075, "slow_hz": 0, "orjson": False},
}


@pytest.mark.parametrize("flags", FLAGS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_no_update_is_lost(flags: str, steps: list[tuple[Any, ...]]) -> None:
    async def play() -> None:
        house = House(**FLAGS[flags])
        for step in steps:
            await house.step(*step)
        await house.settle()
        house.check()
        house.broadcaster.close()

    run_stepped(play())


@pytest.mark.parametrize("flags", FLAGS)
def test_a_stalled_page_is_closed_and_comes_back_whole(flags: str) -> None:
    async def play() -> None:
        house = House(**FLAGS[flags])
        for topics in TOPICS:
            await house.step("join", topics, NODES)
        await house.step("stall", 0)
        for seed in range(400):
            house.move(seed)
            await asyncio.sleep(0.2)
        assert house.browsers[0].closed_as_slow == 1
        await house.settle()
        house.check()
        assert house.broadcaster.slow_closed == 1
        house.broadcaster.close()

    run_stepped(play())


async def _frames(flags: str, moves: int) -> int:
    house = House(**FLAGS[flags])
    await house.step("join", TOPICS[0], NODES)
    before = house.broadcaster.frames_sent
    for seed in range(moves):
        house.move(seed)
        await asyncio.sleep(0.01)
    await house.settle()
    house.check()
    house.broadcaster.close()
    return house.broadcaster.frames_sent - before


def test_the_coalescing_bounds_the_frames_and_without_it_each_change_is_one() -> None:
    async def play() -> None:
        assert await _frames("all on", 300) <= 3 / 0.075 + 6
        assert await _frames("all off", 300) >= 250  # some moves change nothing that can be seen

    run_stepped(play())


@pytest.mark.parametrize(
    ("flags", "least", "most"), [("all on", 4, 9), ("no coalescing", 4, 9), ("no bound", 30, 50), ("all off", 200, 310)]
)
def test_tables_come_as_often_as_they_may(flags: str, least: int, most: int) -> None:
    """Three seconds of changes, one every ten milliseconds: 2 a second, or with every frame, or with every change."""

    async def play() -> None:
        house = House(**FLAGS[flags])
        await house.step("join", frozenset(("live", "satellites")), NODES)
        browser = house.browsers[0]
        await asyncio.sleep(0.001)
        browser.read()
        before = browser.n["satellites"]
        for seed in range(300):
            house.move(seed)
            await asyncio.sleep(0.01)
        browser.read()
        assert least <= browser.n["satellites"] - before <= most
        house.broadcaster.close()

    run_stepped(play())
