"""Commands: every mistake gets an answer with a code, none hurts the connection."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patience import PATIENCE_S
from server.server_fakes import Serve

from storj_monitor.errors import RequestError
from storj_monitor.server.session import PROTOCOL, _id_of, _parse


@pytest.mark.parametrize(
    ("sent", "code", "command_id"),
    [
        ("{", "bad_json", None),
        ("[" * 9000, "bad_json", None),
        ("[1]", "bad_command", None),
        ('"ping"', "bad_command", None),
        ("{}", "bad_command", None),
        ('{"cmd":"fly","id":5}', "bad_command", 5),
        ('{"cmd":"ping","id":[1]}', "bad_command", None),
        ('{"cmd":"ping","id":1.5}', "bad_command", None),
        ('{"cmd":"hint","id":"x","hidden":1}', "bad_command", "x"),
        ('{"cmd":"subscribe","id":1}', "bad_command", 1),
        ('{"cmd":"subscribe","id":1,"topics":"live"}', "bad_command", 1),
        ('{"cmd":"subscribe","id":1,"topics":[{}]}', "bad_command", 1),
        ('{"cmd":"subscribe","id":1,"topics":["live"],"nodes":[]}', "bad_command", 1),
        ('{"cmd":"subscribe","id":1,"topics":["live","secrets"]}', "unknown_topic", 1),
        ('{"cmd":"subscribe","id":1,"topics":["live"],"nodes":["zz"]}', "unknown_node", 1),
        (json.dumps({"cmd": "ping", "pad": "x" * 16384}), "too_large", None),
        (json.dumps({"cmd": "ping", "pad": "é" * 9000}, ensure_ascii=False), "too_large", None),
    ],
)
async def test_mistakes_are_answered_by_code(serve: Serve, sent: str, code: str, command_id: Any) -> None:
    one = await serve()
    ws = await one.ws()
    await ws.receive_json()
    await ws.send_str(sent)
    answer = await ws.receive_json(timeout=PATIENCE_S)
    assert (answer["k"], answer["id"], answer["error"]["code"]) == ("re", command_id, code)
    await ws.send_json({"cmd": "ping", "id": 3})
    assert await ws.receive_json(timeout=PATIENCE_S) == {"k": "re", "id": 3, "ok": True}


@pytest.mark.parametrize(
    ("query", "headers"),
    [("?protocol=1", {}), ("?protocol=3", {}), ("?protocol=x", {}), ("", {"User-Agent": "Mozilla/5.0 (X11)"})],
    ids=["older", "newer", "none", "a page of version 1, which names none"],
)
async def test_a_page_of_another_version_is_greeted_and_closed(serve: Serve, query: str, headers: dict[str, str]) -> None:
    one = await serve()
    async with one.http.ws_connect(f"{one.url}/ws{query}", origin=one.url, headers=headers) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_S))["protocol"] == PROTOCOL
        assert (await ws.receive(timeout=PATIENCE_S)).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 1008


@pytest.mark.parametrize("query", ["", f"?protocol={PROTOCOL}"])
async def test_programs_that_name_no_version_and_pages_of_this_one_are_served(serve: Serve, query: str) -> None:
    one = await serve()
    async with one.http.ws_connect(f"{one.url}/ws{query}", origin=one.url) as ws:
        await ws.receive_json(timeout=PATIENCE_S)
        await ws.send_json({"cmd": "ping", "id": 3})
        assert await ws.receive_json(timeout=PATIENCE_S) == {"k": "re", "id": 3, "ok": True}


async def test_a_bad_subscribe_leaves_the_old_one(serve: Serve) -> None:
    one = await serve()
    ws = await one.ws()
    await ws.receive_json()
    await ws.send_json({"cmd": "subscribe", "id": 1, "topics": ["live"]})
    assert [(await ws.receive_json())["k"] for _ in range(2)] == ["re", "snap"]
    await ws.send_json({"cmd": "subscribe", "id": 2, "topics": ["nope"]})
    assert "error" in await ws.receive_json()
    one.feeds.push("a", 1)
    one.server.broadcaster.tick(one.clock.now())
    assert (await ws.receive_json(timeout=PATIENCE_S))["topics"]["live"]["add"] == [1]


async def test_binary_and_huge_messages(serve: Serve) -> None:
    one = await serve()
    ws = await one.ws()
    await ws.receive_json()
    await ws.send_bytes(b"\x00")
    assert (await ws.receive_json(timeout=PATIENCE_S))["error"]["code"] == "bad_command"
    await ws.send_str("x" * 100_000)
    message = await ws.receive(timeout=PATIENCE_S)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)


async def test_a_flood_of_commands_is_slowed_and_all_are_answered(serve: Serve) -> None:
    one = await serve()
    ws = await one.ws()
    await ws.receive_json()
    started = one.clock.monotonic()
    for number in range(30):
        await ws.send_json({"cmd": "ping", "id": number})
    assert [(await ws.receive_json(timeout=PATIENCE_S))["id"] for _ in range(30)] == list(range(30))
    assert one.clock.monotonic() - started >= 0.8


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_parsing_raises_request_errors_only(text: str) -> None:
    try:
        _id_of(_parse(text))
    except RequestError as error:
        assert error.code in {"bad_json", "bad_command", "too_large"}
