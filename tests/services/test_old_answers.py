"""Answers of old nodes: what they lack is unknown, not 0."""

from __future__ import annotations

from pathlib import Path

from polling_rig import fake_node, running, until
from world_answers import ADDRESSES, GB, WorldAnswers

OLD_DISK = {"used": 300 * GB, "available": 2000 * GB, "trash": GB}


async def test_a_node_of_v1_55_does_not_tell_what_satellites_count(tmp_path: Path) -> None:
    world = WorldAnswers(version="1.55.1", stored_bytes=60 * GB, disk=OLD_DISK)
    for satellite in ADDRESSES:
        one = world.satellite(satellite)
        for day in one["storageDaily"]:
            for key in ("atRestTotalBytes", "intervalInHours", "calculated"):
                del day[key]
        del one["averageUsageBytes"]
        one["bandwidthDaily"] = None
    for key in ("averageUsageBytes", "storageDaily"):
        del world.documents["/api/sno/satellites"][key]
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as monitor:
        await until(lambda: len(monitor.node().money.usages) == 4 and monitor.rows("earnings"))
        row = monitor.rows("storage")["a"]
        assert row["used"]["value"] == 301 * GB
        assert (row["reported"], row["reported_month"], row["unpaid"]) == (None, None, None)
        assert monitor.rows("earnings")["a"]["unpaid"] is None
        assert monitor.rows("storage")[""]["reported"] is None
        assert not row["differences"]


async def test_whole_hours_of_a_node_before_v1_162(tmp_path: Path) -> None:
    world = WorldAnswers(version="1.150.1", stored_bytes=75 * GB, disk=OLD_DISK)
    for satellite in ADDRESSES:
        for day in world.satellite(satellite)["storageDaily"]:
            day["intervalInHours"] = 23
            day["atRestTotalBytes"] = day["atRestTotal"] / 23
            del day["calculated"]
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as monitor:
        await until(lambda: len(monitor.node().money.usages) == 4 and monitor.rows("storage")["a"]["reported"])
        row = monitor.rows("storage")["a"]
        assert row["reported"]["value"] == row["reported_month"]["value"] == 300 * GB
        assert row["unpaid"]["value"] == GB
