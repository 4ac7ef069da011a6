"""A node that says what cannot be: it is named on the page, in the API and in /metrics, and no sum has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from polling_rig import Running, fake_node, running, until
from world_answers import EU1, GB, TB, US1, WorldAnswers, estimate, failing

IMPOSSIBLE = "The node reports an impossible value"


def complete(one: Running, *names: str) -> bool:
    """All four satellites of all nodes have told their money, and the node its sum (or has been asked for it)."""
    nodes = [one.node(name) for name in names]
    return all(len(node.money.usages) == 4 and len(node.space.usages) >= 4 for node in nodes)


def warnings(one: Running, name: str = "a") -> list[str]:
    return [text for text in one.rows("health")[name]["warnings"] if text.startswith(IMPOSSIBLE)]


async def metrics_of(one: Running) -> str:
    async with one.http.get(one.url + "metrics") as response:
        return await response.text()


async def test_negative_used_space_of_an_old_node(tmp_path: Path) -> None:
    """Free space would be 1.56 TB of 0.5 TB; the fleet's sum would be wrong with it."""
    odd = WorldAnswers(version="1.120.4", stored_bytes=68 * GB, disk={"used": -1_099_511_627_776, "available": 500 * GB, "trash": 42 * GB})
    good = WorldAnswers()
    good.node["nodeID"] = "1" + good.node["nodeID"][1:-1] + "g"
    async with fake_node(odd) as a, fake_node(good) as b, running(tmp_path, {"a": {"api": a.api_url}, "b": {"api": b.api_url}}) as one:
        await until(lambda: complete(one, "a", "b"))
        row = one.rows("storage")["a"]
        assert (row["used"], row["free"], row["pieces"], row["unpaid"]) == (None, None, None, None)
        assert row["allocated"]["value"] == 500 * GB and row["trash"]["value"] == 42 * GB
        assert row["reported"]["value"] == pytest.approx(4 * 68 * GB)
        assert all(part["bytes"] <= 500 * GB for part in row["bar"])
        (said,) = row["impossible"]
        assert (said["figure"], said["value"]) == ("used space", -1_099_511_627_776)
        assert warnings(one) == [said["text"]] and "used space -1.10 TB" in said["text"]
        fleet = one.rows("storage")[""]
        for name in ("used", "free", "unpaid"):
            assert fleet[name]["left_out"] == ["a"] and fleet[name]["value"] == one.rows("storage")["b"][name]["value"]
        assert fleet["bar"] == one.rows("storage")["b"]["bar"]  # the other's allocation is no space that is not offered
        text = await metrics_of(one)
        assert 'storj_monitor_node_impossible_values{node="a"} 1' in text
        assert 'storj_monitor_node_impossible_values{node="b"} 0' in text
        assert 'part="used"' not in "".join(line for line in text.splitlines() if 'node="a"' in line)
        answer = await one.ask("storage")
        assert next(row for row in answer["rows"] if row["node"] == "a")["impossible"][0]["value"] < 0


@pytest.mark.parametrize(
    ("disk", "figure", "unknown"),
    [
        ({"used": TB, "available": 9 * TB, "allocated": 5 * TB}, "free space", {"free"}),
        ({"used": TB, "available": -3 * TB, "allocated": 5 * TB}, "free space", {"free"}),
        ({"used": TB, "available": -1, "allocated": 5 * TB}, "free space", {"free"}),
        ({"used": TB, "available": 4 * TB, "allocated": 5 * TB, "overused": 9 * TB}, "overused space", set()),
        ({"used": 10**25, "available": TB, "allocated": 5 * TB}, "used space", {"used", "pieces", "unpaid"}),
        ({"used": float("nan"), "available": TB, "allocated": 5 * TB}, "used space", {"used", "pieces", "unpaid"}),
        ({"used": 1e30, "available": TB, "allocated": 5 * TB}, "used space", {"used", "pieces", "unpaid"}),
        ({"used": 2 * TB, "available": TB, "allocated": -5 * TB}, "allocated space", {"allocated"}),
        ({"used": 2 * TB, "available": TB, "allocated": 5 * TB, "trash": 4 * TB}, "trash", {"trash", "pieces"}),
        ({"used": 2 * TB, "available": TB, "allocated": 5 * TB, "trash": -4 * TB}, "trash", {"trash", "pieces"}),
    ],
)
async def test_one_impossible_size_takes_only_what_is_made_of_it(
    tmp_path: Path, disk: dict[str, Any], figure: str, unknown: set[str]
) -> None:
    world = WorldAnswers(stored_bytes=100 * GB, disk={"trash": 0, "overused": 0, "reclaimable": 0, **disk})
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: complete(one, "a"))
        row = one.rows("storage")["a"]
        assert {name for name in ("allocated", "used", "pieces", "trash", "free", "unpaid") if row[name] is None} == unknown
        assert [said["figure"] for said in row["impossible"]] == [figure]
        assert len(warnings(one)) == 1
        assert not [level for forecast in row["forecasts"] for level in forecast["levels"] if level["reached"]], "not full for that"
        assert {reason["code"] for reason in (await one.ask("nodes"))["rows"][0]["reasons"]}.isdisjoint({"no_space", "overused"})
        # what is right again is shown again
        world.node["diskSpace"] = {"used": 2 * TB, "available": 3 * TB, "trash": 0, "overused": 0, "allocated": 5 * TB, "reclaimable": 0}
        one.pollers()["a"].refresh()
        await until(lambda: not one.rows("storage")["a"]["impossible"] and not warnings(one))
        assert one.rows("storage")["a"]["used"]["value"] == 2 * TB


async def test_satellites_that_count_more_than_there_is(tmp_path: Path) -> None:
    """Unpaid data of -4 TB is no figure: it is left out, also of the fleet's sum, and the difference says what does not fit."""
    world = WorldAnswers(stored_bytes=1500 * GB, disk={"used": 2 * TB, "available": 3 * TB, "trash": 0, "allocated": 5 * TB})
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: complete(one, "a"))
        row = one.rows("storage")["a"]
        assert row["reported"]["value"] == 6 * TB
        assert row["unpaid"] is None and one.rows("storage")[""]["unpaid"] is None
        assert [one["gap"] for one in row["differences"]] == ["paid_without_files"]


async def test_impossible_figures_of_one_satellite(tmp_path: Path) -> None:
    """Scores, a day's storage and traffic, prices, the node's own estimate: the rest of the same answer is shown."""
    world = WorldAnswers()
    us1, eu1 = world.satellite(US1), world.satellite(EU1)
    us1["audits"]["onlineScore"] = -3.5
    us1["storageDaily"][-1]["atRestTotalBytes"] = us1["storageDaily"][-1]["atRestTotal"] = -4e12
    eu1["bandwidthDaily"][-1]["egress"]["usage"] = -(10**15)
    eu1["priceModel"]["DiskSpace"] = -5
    world.documents[f"/api/sno/satellites/{EU1}/pricing"] = failing(404, "not found")
    world.documents["/api/sno/estimated-payout"] = estimate(-5e11)
    world.node["bandwidth"]["used"] = -1
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: complete(one, "a") and len(one.node().impossible_texts) == 6)
        row = one.rows("reputation")[f"a/{US1}"]
        assert row["audit_score"]["value"] == 1.0 and row["online_score"] is None
        said = " ".join(one.node().impossible_texts)
        for figure in ("online score at us1.storj.io:7777 -3.5", "a day's storage at 12EayRS2", "a day's traffic at 12L9ZFwh"):
            assert figure in said, said
        assert "price at 12L9ZFwh -0.05 USD" in said and "estimated payout of this month -5.00e+09 USD" in said
        assert one.rows("health")["a"]["bandwidth_bytes"] is None and "1 more impossible values" in one.rows("health")["a"]["warnings"][-1]
        earnings = one.rows("earnings")
        assert earnings["a"]["theirs"] is None
        assert earnings[f"a/{EU1}"]["prices"]["source"] == "published"
        assert earnings[f"a/{EU1}"]["now"]["egress_bytes"] >= 0
