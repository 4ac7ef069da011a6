"""A node of which one route hangs or fails: all others are shown fresh, and what is missing is named with the reason."""

from __future__ import annotations

from pathlib import Path

from polling_rig import fake_node, running, until
from world_answers import ADDRESSES, WorldAnswers

from storj_monitor.simulator.fake_api import Fault


async def test_scores_and_money_of_a_node_whose_first_route_hangs_from_the_start(tmp_path: Path) -> None:
    """Nobody names its satellites: the well-known ones are asked about."""
    async with fake_node(WorldAnswers()) as node:
        node.faults.set_exact(Fault.DROPPED, "/api/sno/")
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:
            await until(lambda: len(one.node().money.usages) == 4)
            assert {row["satellite"] for row in one.rows("reputation").values()} == set(ADDRESSES)
            assert one.rows("earnings")["a"]["now"]["egress_bytes"] > 0
            (endpoint,) = one.rows("health")["a"]["endpoints"]
            assert endpoint["status"] == "partial"
            assert [(route["path"], route["status"], route["answered_at"]) for route in endpoint["routes"]] == [
                ("/api/sno/", "hanging", None)
            ]


async def test_after_a_restart_of_the_monitor_known_satellites_are_asked_though_the_first_route_hangs(tmp_path: Path) -> None:
    async with fake_node(WorldAnswers()) as node:
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:
            await until(lambda: len(one.node().money.usages) == 4)
        node.faults.set_exact(Fault.DROPPED, "/api/sno/")
        node.asked.clear()
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:
            await until(lambda: all(node.asked[f"/api/sno/satellite/{satellite}"] for satellite in ADDRESSES))
            await until(lambda: one.rows("health")["a"]["endpoints"][0]["status"] == "partial")
