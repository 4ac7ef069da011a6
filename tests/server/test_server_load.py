"""Back-pressure over real sockets: fewer deltas, then none, nothing lost; the load told to who is seen, to the API and to Prometheus."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import jsonschema
import pytest
from patience import PATIENCE_S
from server.server_fakes import Serve
from server.test_broadcast import Watcher

from storj_monitor.model.load import Load, LoadState, Measures

ALL_IS_WELL = Load()
BUSY = Load(LoadState.DOWNSAMPLED, "lag", Measures(10 << 20, 1, 0.0004), 1.234)
HEAVY = Load(LoadState.PAUSED, "lag", Measures(1_200_000_000, 2, 0.5), 40.0)
HEAVY_PAYLOAD = {
    "state": "paused", "reason": "lag", "lag_bytes": 1_200_000_000, "left_s": 40.0, "commits_waiting": 2, "loop_lag_ms": 500.0,
}  # fmt: skip


class LoadWatcher(Watcher):
    """Also keeps the load frames, and the times of the deltas."""

    def __init__(self, ws: Any) -> None:
        super().__init__(ws)
        self.loads: list[dict[str, Any]] = []
        self.deltas = 0
        self.snap_load: dict[str, Any] = {}

    def take(self, message: dict[str, Any]) -> None:
        if message["k"] == "load":
            self.loads.append(message)
            return
        if message["k"] == "snap":
            self.snap_load = message["load"]
        else:
            self.deltas += 1
        super().take(message)

    async def until_loads(self, count: int) -> None:
        while len(self.loads) < count:
            self.take(await self.ws.receive_json(timeout=PATIENCE_S))


async def test_paused_nobody_gets_deltas_and_afterwards_nothing_is_missing(serve: Serve) -> None:
    one = await serve()
    broadcaster = one.server.broadcaster
    watcher, other = await LoadWatcher.connect(one), await LoadWatcher.connect(one)
    await watcher.subscribe(["live", "satellites"])
    await other.subscribe(["live"], ["a"])
    broadcaster.on_load(HEAVY)
    for value in range(50):
        one.feeds.push("a", value)
        broadcaster.tick(one.clock.now())
    broadcaster.on_load(HEAVY)
    for each in (watcher, other):
        await each.until_loads(2)
        assert each.deltas == 0, "only the load is told"
        now = each.loads[0].pop("now")
        assert abs(now - one.clock.now()) < 5
        assert each.loads[0] == {"k": "load", **HEAVY_PAYLOAD}
    broadcaster.on_load(ALL_IS_WELL)
    for each in (watcher, other):
        await each.until_sum(sum(range(50)))
        assert each.loads[2]["state"] == "normal"
    assert watcher.deltas == 1, "all that was gathered came in one frame, tables and all"
    assert watcher.rows == {"sum": {"value": sum(range(50))}}
    frames = broadcaster.frames_sent
    broadcaster.on_load(ALL_IS_WELL)
    assert broadcaster.frames_sent == frames, "while all is well nothing is told"


async def test_who_comes_while_paused_gets_a_snapshot_and_the_load(serve: Serve) -> None:
    one = await serve()
    early = await LoadWatcher.connect(one)
    await early.subscribe(["live"])
    one.server.broadcaster.on_load(HEAVY)
    one.feeds.push("a", 5)
    late = LoadWatcher(await one.ws())
    assert (await late.ws.receive_json())["load"] == HEAVY_PAYLOAD
    await late.subscribe(["live", "nodes"])
    assert (late.sum, late.snap_load) == (5, HEAVY_PAYLOAD)
    one.feeds.push("a", 6)
    one.server.broadcaster.on_load(ALL_IS_WELL)
    for each in (early, late):
        await each.until_sum(11)


async def test_downsampled_live_comes_four_times_less_often(serve: Serve) -> None:
    one = await serve(coalesce_ms=100, slow_hz=2)
    watcher = await LoadWatcher.connect(one)
    await watcher.subscribe(["live", "satellites"])
    one.server.broadcaster.on_load(BUSY)
    before, total = dict(watcher.n), 0
    started, sent = one.clock.monotonic(), one.server.broadcaster.frames_sent
    while one.server.broadcaster.frames_sent - sent < 4:  # ticks as often as the pipeline makes them
        total += 1
        one.feeds.push("a", 1)
        one.server.broadcaster.tick(one.clock.now())
        await asyncio.sleep(0.01)
    await watcher.until_sum(total)
    passed_s = one.clock.monotonic() - started
    assert 3 <= watcher.n["live"] - before["live"] <= passed_s / 0.36 + 1
    assert watcher.n["satellites"] - before["satellites"] <= passed_s / 2 + 1
    one.server.broadcaster.on_load(ALL_IS_WELL)
    await watcher.until_loads(2)
    assert [load["state"] for load in watcher.loads] == ["downsampled", "normal"]


async def test_hidden_pages_are_not_told_until_they_are_back(serve: Serve) -> None:
    one = await serve()
    watcher = await LoadWatcher.connect(one)
    await watcher.subscribe(["live"])
    await watcher.command(cmd="hint", id=2, hidden=True)
    for load in (BUSY, HEAVY):
        one.server.broadcaster.on_load(load)
    await watcher.command(cmd="ping", id=3)
    assert watcher.loads == []
    await watcher.command(cmd="hint", id=4, hidden=False)
    await watcher.until_snap()
    assert watcher.snap_load == HEAVY_PAYLOAD


@pytest.mark.parametrize("load", [ALL_IS_WELL, BUSY, HEAVY])
async def test_the_api_and_prometheus_say_the_same(serve: Serve, load: Load) -> None:
    one = await serve()
    one.server.broadcaster.on_load(load)
    async with one.http.get(one.url + "/api/v1/openapi.json") as response:
        document = await response.json()
    async with one.http.get(one.url + "/api/v1/load") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        answer = await response.json()
    schema = document["paths"]["/api/v1/load"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
    assert answer["state"] == load.state.value
    assert answer["lag_bytes"] == load.measures.lag_bytes
    async with one.http.get(one.url + "/metrics") as response:
        lines = (await response.text()).splitlines()
    assert f"storj_monitor_load_state {float(list(LoadState).index(load.state))}" in lines
    assert f"storj_monitor_commits_waiting {float(load.measures.commits_waiting)}" in lines
    assert f"storj_monitor_loop_lag_seconds {load.measures.loop_lag_s}" in lines


async def test_whatever_the_load_does_nothing_is_lost_or_counted_twice(serve: Serve) -> None:
    one = await serve()
    rng = random.Random(7)
    watchers = [await LoadWatcher.connect(one) for _ in range(8)]
    for watcher in watchers:
        await watcher.subscribe(["live", "satellites"])
    for _ in range(50):
        one.feeds.push(rng.choice("abc"), rng.randrange(1000))
        if rng.random() < 0.5:
            one.server.broadcaster.tick(one.clock.now())
        if rng.random() < 0.4:
            one.server.broadcaster.on_load(rng.choice([ALL_IS_WELL, BUSY, HEAVY]))
        if rng.random() < 0.3:
            await rng.choice(watchers).subscribe(["live", "satellites"], rng.choice([None, ["a"], ["b", "c"]]))
        if rng.random() < 0.2:
            watcher = rng.choice(watchers)
            await watcher.command(cmd="hint", id=1, hidden=True)
            one.feeds.push("a", 1)
            await watcher.command(cmd="hint", id=2, hidden=False)
            await watcher.until_snap()
    one.server.broadcaster.on_load(HEAVY)
    one.server.broadcaster.on_load(ALL_IS_WELL)
    for watcher in watchers:
        await watcher.subscribe(["live", "satellites"])
    one.feeds.push("a", 1)
    one.server.broadcaster.tick(one.clock.now())
    truth = one.feeds.open_feeds[("a", "b", "c")].sum
    for watcher in watchers:
        await watcher.until_sum(truth)
        while watcher.rows != {"sum": {"value": truth}}:
            watcher.take(await watcher.ws.receive_json(timeout=PATIENCE_S))
