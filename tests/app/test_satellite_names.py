"""Satellites have names wherever they are shown: the four by what operators say, gone ones by a list, any other by its address."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from polling_rig import fake_node, running, until
from world_answers import ADDRESSES, AP1, US1, WorldAnswers

from storj_monitor.model.ids import name_of_address

EUROPE_NORTH = "12rfG3sh9NCWiX3ivPjq2HtdLmbqCrvHVEzJubnzFzosMuawymB"
US2 = "12tRQrMTWUWwzwGh18i7Fqs67kmdhH9t6aToeiwbo5mfS2rUmo"
STEFAN = "118UWpMCHzs6CvSgWd9BfFVjw5K9pZbJjkfZJexMtSkmKxvvAW"
OTHER = "1xTwTPLWfiqffa5VbA9c7ZZgkhZuAqdp4aphJ6udVWU2LadQF"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("us2.storj.io:7777", "us2"),
        ("europe-north-1.tardigrade.io:7777", "europe-north-1"),
        ("satellite.example.org:7777", "satellite.example.org"),
        ("us2.example.org", "us2.example.org"),
        ("127.0.0.1:10000", "127.0.0.1:10000"),
        ("[2001:db8::1]:7777", "[2001:db8::1]:7777"),
        ("", ""),
    ],
)
def test_name_of_an_address(address: str, name: str) -> None:
    assert name_of_address(address) == name


def stub(satellite: str, period: str, paid: float, distributed: float, held: float = 0.0, disposed: float = 0.0) -> dict[str, Any]:
    money = {"paid": paid, "distributed": distributed, "held": held, "disposed": disposed, "owed": paid}
    return {
        "satelliteId": satellite, "period": period, "created": f"{period}-28T17:21:40.52Z", "codes": "", "usageAtRest": 1e12,
        **{key: round(value * 1e6) for key, value in money.items()},
    }  # fmt: skip


async def test_paystubs_of_satellites_that_are_gone_and_money_that_waits(tmp_path: Path) -> None:
    """A bonus is no debt: what one month has sent beyond its pay does not make less wait of another."""
    world = WorldAnswers()
    world.stubs = [
        stub(EUROPE_NORTH, "2023-05", 1.5, 1.5, held=0.25),
        stub(US2, "2023-05", 0.5, 0.5),
        stub(STEFAN, "2023-05", 0.25, 0.25),
        stub(US1, "2023-05", 2.25, 2.25, held=0.5),
        stub(US1, "2026-09", 4.0, 4.12),
        stub(US1, "2026-10", 3.0, 0.0, disposed=1.0),
        stub(AP1, "2026-10", 1.0, 0.0),
    ]
    world.documents["/api/heldamount/periods"] = ["2023-05", "2026-09", "2026-10"]
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: len(one.node().money.stubs) == 7 and one.node().node_id)
        answer = await one.ask("earnings")
        names = {row["satellite"]: row["name"] for row in answer["paystubs"]}
        assert names == {EUROPE_NORTH: "europe-north-1", US2: "us2", STEFAN: "stefan-benten", US1: "us1", AP1: "ap1"}
        months = {row["period"]: row for row in answer["months"]}
        assert months["2023-05"]["earned_usd_micros"] == 5_250_000 and months["2023-05"]["paid_usd_micros"] == 4_500_000
        assert months["2026-09"]["undistributed_usd_micros"] == 0 and months["2026-09"]["distributed_usd_micros"] == 4_120_000
        assert months["2026-10"]["undistributed_usd_micros"] == 4_000_000
        assert one.rows("earnings")["a"]["balance"]["undistributed_usd_micros"] == 4_000_000
        async with one.http.get(one.url + "api/v1/earnings.csv") as response:
            rows = list(csv.DictReader(io.StringIO((await response.text()).lstrip("\ufeff"))))
        assert len(rows) == 7
        assert {"europe-north-1", "us2", "stefan-benten"} <= {value for row in rows for value in row.values()}


async def test_a_satellite_outside_the_four_has_the_name_of_its_address(tmp_path: Path) -> None:
    world = WorldAnswers()
    world.node["satellites"][3] |= {"id": OTHER, "url": "us9.storj.io:7777"}
    last = [*ADDRESSES][3]
    document = world.satellite(last) | {"id": OTHER}
    world.documents[f"/api/sno/satellite/{OTHER}"] = document | {"audits": document["audits"] | {"satelliteName": "us9.storj.io:7777"}}
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url}}) as one:
        await until(lambda: f"a/{OTHER}" in one.rows("earnings") and f"a/{OTHER}" in one.rows("reputation"))
        assert one.rows("reputation")[f"a/{OTHER}"]["name"] == "us9"
        assert one.rows("earnings")[f"a/{OTHER}"]["name"] == "us9"
        assert one.monitor.state.satellite_names[OTHER] == "us9"
