"""What a first look does not show is not sent: pages of several nodes get summaries, and whole rows for the asking."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from contract.strict import Strict
from patience import PATIENCE_S
from plain import plain
from polling_rig import Running, fake_node, generated, running, until

from storj_monitor.views.earnings_fleet import MadeForecast, forecast_sums
from storj_monitor.views.summaries import SUMMARIES

NODES = ("a", "b", "c")
SATELLITES = 4
MOST_BYTES_A_NODE = 9_000
"""Of JSON in a snapshot of the four topics, which had 31 kB before. A new field of a row belongs in the first look, or is asked for."""


@pytest.fixture
async def monitor(tmp_path: Path) -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(fake_node(generated(number))) for number in range(len(NODES))]
        endpoints = {name: {"api": node.api_url, "metrics": node.metrics_url} for name, node in zip(NODES, nodes, strict=True)}
        one = await stack.enter_async_context(running(tmp_path, endpoints))
        await until(lambda: all(len(one.node(name).money.usages) == SATELLITES and one.node(name).money.stubs for name in NODES))
        await until(lambda: all(len(one.node(name).standing.known) == SATELLITES and name in one.rows("storage") for name in NODES))
        yield one


async def snapshot(monitor: Running, nodes: list[str] | None) -> dict[str, Any]:
    """The topics of a new page."""
    async with asyncio.timeout(PATIENCE_S), monitor.http.ws_connect(monitor.url + "ws", max_msg_size=0) as socket:
        await socket.send_json({"cmd": "subscribe", "id": 1, "topics": list(SUMMARIES), "nodes": nodes})
        async for message in socket:
            if (told := json.loads(message.data))["k"] == "snap":
                topics: dict[str, Any] = told["topics"]
                return topics
    raise AssertionError("no snapshot came")


async def test_several_nodes_get_what_a_first_look_shows(monitor: Running) -> None:
    topics = await snapshot(monitor, None)
    assert [topics[topic]["summary"] for topic in SUMMARIES] == [True] * len(SUMMARIES)
    assert set(topics["earnings"]["rows"]) == {"", *NODES}, "satellites are for who opens a node"
    assert len(topics["reputation"]["rows"]) == SATELLITES * len(NODES)
    for topic in SUMMARIES:
        for row in topics[topic]["rows"].values():
            Strict().row(topic, row, summary=True)  # neither more nor less than the Struct of the summary has
    weight = sum(len(json.dumps(topics[topic]["rows"], separators=(",", ":"))) for topic in SUMMARIES)
    print(f"snapshot: {weight // len(NODES):,} bytes a node")
    assert weight <= MOST_BYTES_A_NODE * len(NODES)


async def test_one_node_has_its_rows_whole(monitor: Running) -> None:
    topics = await snapshot(monitor, ["b"])
    assert [topics[topic]["summary"] for topic in SUMMARIES] == [False] * len(SUMMARIES)
    assert len(topics["earnings"]["rows"]) == 2 + SATELLITES
    whole = plain(monitor.renderers.rows("reputation", ["b"]))
    assert {key: set(row) for key, row in topics["reputation"]["rows"].items()} == {key: set(row) for key, row in whole.items()}


async def test_answers_are_whole_or_in_the_parts_asked_for(monitor: Running) -> None:
    for topic in SUMMARIES:
        answer = await monitor.ask(f"{topic}?node=b&part=rows")
        assert set(answer) == {"from", "to", "as_of", "nodes", "rows"}
        whole = plain(monitor.renderers.rows(topic, ["b"]))
        assert [set(row) for row in answer["rows"]] == [set(row) for row in whole.values()], topic
    every = await monitor.ask("earnings?from=-31d")
    assert {"rows", "help", "paystubs", "months", "missing_periods", "scores", "days", "forecasts", "sums"} < set(every)
    few = await monitor.ask("earnings?from=-31d&part=months&part=sums")
    assert set(few) == {"from", "to", "as_of", "nodes", "months", "sums"}
    sums = few["sums"]
    assert (sums["paystubs"], sums["scores"]) == (len(every["paystubs"]), len(every["scores"]))
    by_day = {one["day"]: sum(day["payout_usd_micros"] for day in every["days"] if day["day"] == one["day"]) for one in sums["days"]}
    assert by_day == {one["day"]: one["payout_usd_micros"] for one in sums["days"]} and len(by_day) > 0
    errors = sorted(abs(one["error_percent"]) for one in every["scores"] if one["error_percent"] is not None)
    assert sums["score_error_percent"] == (errors[len(errors) // 2] if errors else None)
    async with monitor.http.get(monitor.url + "api/v1/earnings?part=row") as response:
        assert response.status == 400 and "part: 'row' is none of rows, help" in (await response.json())["error"]["message"]


def test_a_sum_of_forecasts_begins_when_all_have_told() -> None:
    day = 86_400.0
    begin = 20_000 * day

    def made(node: str, days: float, micros: int, period: str = "2024-10") -> MadeForecast:
        return MadeForecast(node, period, begin + days * day, 0, micros, None)

    rows = [made("a", 1.5, 280), made("a", 0.4, 300), made("b", 1.1, 90), made("a", 0, 7, "2024-09")]
    assert plain(forecast_sums(rows)) == [
        {"period": "2024-09", "made": begin, "expected_usd_micros": 7},
        {"period": "2024-10", "made": begin + 1.5 * day, "expected_usd_micros": 370},
    ]
    assert forecast_sums([]) == []
