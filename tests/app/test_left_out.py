"""Sums name what they leave out: satellites whose route fails, nodes that told nothing, paystubs that nobody could ask."""

from __future__ import annotations

from pathlib import Path

from polling_rig import fake_node, running, until
from world_answers import ADDRESSES, AP1, EU1, US1, WorldAnswers, failing

RPC_ERROR = "consoleapi storagenode: console: node stats: rpc error"


async def test_one_satellite_whose_route_fails(tmp_path: Path) -> None:
    """The other three have scores and earnings; the failed one says unknown, and why; the node's sum and the fleet's name it."""
    world = WorldAnswers()
    world.documents[f"/api/sno/satellite/{AP1}"] = failing(500, RPC_ERROR)
    world.documents[f"/api/sno/estimated-payout?id={AP1}"] = failing(500, "x")
    world.documents["/api/sno/satellites"]["audits"] = None
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: len(one.node().money.usages) == 3 and one.rows("earnings").get("a", {}).get("theirs"))
        await until(lambda: RPC_ERROR in (one.rows("reputation")[f"a/{AP1}"]["unknown"] or ""))
        scores = one.rows("reputation")
        for satellite in ADDRESSES:
            assert (scores[f"a/{satellite}"]["audit_score"] is None) == (satellite == AP1)
        assert scores[f"a/{US1}"]["unknown"] is None
        assert RPC_ERROR in scores[f"a/{AP1}"]["reason"] and RPC_ERROR not in scores[f"a/{US1}"]["reason"]
        earnings = one.rows("earnings")
        assert earnings[f"a/{EU1}"]["now"]["payout_usd_micros"] > 0
        lost = earnings[f"a/{AP1}"]
        assert lost["now"] is None and lost["expected_usd_micros"] is None and RPC_ERROR in lost["unknown"]
        for row in (earnings["a"], earnings[""]):
            (left_out,) = row["left_out_satellites"]
            assert (left_out["node"], left_out["name"]) == ("a", "ap1") and RPC_ERROR in left_out["why"]
        reasons = earnings["a"]["comparison"]["reasons"]
        assert reasons and reasons[0].startswith("Ours leaves out ap1.") and not any("different moments" in reason for reason in reasons)
        # healed: nothing is left out any more
        world.documents[f"/api/sno/satellite/{AP1}"] = world.documents[f"/api/sno/satellite/{US1}"] | {"id": AP1}
        one.pollers()["a"].refresh()
        await until(lambda: one.rows("earnings")["a"]["left_out_satellites"] == [] and one.rows("earnings")[f"a/{AP1}"]["now"])


async def test_a_satellite_that_fails_later_keeps_its_figures_and_says_so(tmp_path: Path) -> None:
    world = WorldAnswers()
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: len(one.node().money.usages) == 4)
        world.documents[f"/api/sno/satellite/{AP1}"] = failing(500, RPC_ERROR)
        one.pollers()["a"].refresh()
        await until(lambda: RPC_ERROR in (one.rows("earnings")[f"a/{AP1}"]["unknown"] or ""))
        assert one.rows("earnings")[f"a/{AP1}"]["now"]["payout_usd_micros"] > 0
        assert one.rows("reputation")[f"a/{AP1}"]["audit_score"]["value"] == 1


async def test_nodes_that_never_answered_are_named_in_every_sum(tmp_path: Path) -> None:
    world, silent = WorldAnswers(), WorldAnswers()
    async with fake_node(world) as a, fake_node(silent) as b:
        await b.stop()
        log = tmp_path / "node.log"
        log.write_text("")
        nodes = {"a": {"api": a.api_url}, "b": {"api": b.api_url}, "c": {"log": str(log)}}
        async with running(tmp_path, nodes) as one:
            await until(lambda: one.node("a").money.periods_at and len(one.node("a").money.usages) == 4)
            await until(lambda: one.rows("health")["b"]["endpoints"][0]["status"] == "unreachable")
            space, money = one.rows("storage")[""], one.rows("earnings")[""]
            for figure in ("used", "free", "allocated", "reported"):
                assert space[figure]["left_out"] == ["b", "c"]
            assert all(set(forecast["left_out"]) >= {"b", "c"} for forecast in space["forecasts"])
            assert sorted(money["left_out"]) == ["b", "c"]
            why = {row["node"]: row["why"] for row in money["left_out_paystubs"]}
            assert set(why) == {"b", "c"} and why["b"].startswith("Its API does not answer") and "not asked" in why["c"]


async def test_paystubs_that_cannot_be_asked_are_named(tmp_path: Path) -> None:
    world = WorldAnswers()
    world.documents["/api/heldamount/periods"] = failing(500, "consoleapi heldAmount: database is locked")
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: "database is locked" in str(one.rows("earnings").get("", {}).get("left_out_paystubs")))
        world.documents["/api/heldamount/periods"] = None
        one.pollers()["a"].refresh()
        await until(lambda: one.rows("earnings")[""]["left_out_paystubs"] == [])


async def test_money_of_a_satellite_that_has_disqualified_the_node_is_left_out_and_its_500_is_no_broken_api(tmp_path: Path) -> None:
    world = WorldAnswers()
    world.node["satellites"][0]["disqualified"] = "2026-10-05T04:08:36.039992Z"
    world.documents[f"/api/sno/estimated-payout?id={US1}"] = failing(
        500, "consoleapi storagenode: console: estimationservice: node was disqualified on satellite"
    )
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: len(one.node().money.usages) == 4 and len(one.node().money.estimates) == 4)
        earnings = one.rows("earnings")
        assert earnings[f"a/{US1}"]["now"]["payout_usd_micros"] == 0 and earnings[f"a/{US1}"]["disqualified_at"]
        others = [earnings[f"a/{satellite}"]["now"]["payout_usd_micros"] for satellite in ADDRESSES if satellite != US1]
        assert earnings["a"]["now"]["payout_usd_micros"] == sum(others) > 0
        assert earnings["a"]["left_out_satellites"] == []
        endpoint = one.rows("health")["a"]["endpoints"][0]
        assert (endpoint["status"], endpoint["detail"], endpoint["routes"]) == ("ok", "", [])
        first = next(iter(one.rows("reputation").values()))
        assert (first["satellite"], first["standing"]) == (US1, "disqualified")


async def test_an_estimate_that_fails_though_the_node_tells_of_the_disqualification_elsewhere(tmp_path: Path) -> None:
    """Older nodes word the 500 differently: what counts is that the satellite has disqualified the node."""
    world = WorldAnswers()
    world.node["satellites"][0]["disqualified"] = "2026-10-05T04:08:36.039992Z"
    world.documents[f"/api/sno/estimated-payout?id={US1}"] = failing(500, "consoleapi: payout: no estimation for this satellite")
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: len(one.node().money.usages) == 4 and len(one.node().money.estimates) == 4)
        endpoint = one.rows("health")["a"]["endpoints"][0]
        assert (endpoint["status"], endpoint["routes"]) == ("ok", [])
