"""What travels is small where the other side takes it so, and is compressed once for all of them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web
from patience import PATIENCE_S
from server.server_fakes import Serve

from storj_monitor.server.encoding import KeptBodies
from storj_monitor.websocket_utils import DEFLATE_FROM_BYTES, Frame, Outbox


async def test_answers_are_compressed_for_who_takes_it(serve: Serve) -> None:
    one = await serve()
    path = one.url + "/api/v1/openapi.json"
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        sizes = {}
        for accepted in ("gzip", "br, gzip;q=0.5", "identity", "gzip;q=0, identity", ""):
            async with http.get(path, headers={"Accept-Encoding": accepted}) as response:
                body = await response.read()
                assert response.headers["Vary"] == "Accept-Encoding"
                if response.headers.get("Content-Encoding") == "gzip":
                    body, sizes[accepted] = gzip.decompress(body), len(body)
                assert json.loads(body)["openapi"]
    assert sizes.keys() == {"gzip", "br, gzip;q=0.5"}
    assert max(sizes.values()) < len(body) / 4


def test_an_answer_that_has_not_changed_is_compressed_once() -> None:
    kept = KeptBodies(most=2, largest_bytes=100)
    first = kept.body("/a", b"x" * 50)
    assert kept.body("/a", b"x" * 50) is first
    assert kept.body("/a", b"y" * 50) is not first
    second = kept.body("/b", b"x")
    kept.body("/c", b"x")
    kept.body("/d", b"x")
    assert kept.body("/b", b"x") is not second, "bounded by number"
    large = kept.body("/e", b"x" * 101)
    assert kept.body("/e", b"x" * 101) is not large, "and by size"


def texts() -> list[str]:
    """Large and small ones, some that do not get smaller, and one again."""
    large = json.dumps([{"name": f"node {number % 7}", "value": number} for number in range(3000)])
    return [large, "x", os.urandom(40_000).hex(), "{}", large, "é" * DEFLATE_FROM_BYTES, large[: DEFLATE_FROM_BYTES - 1]]


@pytest.fixture
async def outboxes() -> AsyncIterator[SimpleNamespace]:
    """`connect(compress)`: a client and the outbox for it."""
    one = SimpleNamespace(made=[])

    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=True)
        await ws.prepare(request)
        assert request.transport is not None
        one.made.append(Outbox(ws, request.transport, on_slow=lambda: None, limit_bytes=1 << 30))
        one.made[-1].send(Frame(b"ready"))
        async for _ in ws:
            pass
        return ws

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        clients = []

        async def connect(compress: int) -> tuple[aiohttp.ClientWebSocketResponse, Outbox]:
            clients.append(await session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", compress=compress, max_msg_size=0))
            assert (await clients[-1].receive(timeout=PATIENCE_S)).data == "ready"
            return clients[-1], one.made[-1]

        one.connect = connect
        yield one
        for client in clients:
            await client.close()
    await runner.cleanup()


@pytest.mark.parametrize("window_bits", [0, 9, 12, 15])
async def test_messages_are_whole_for_every_client(outboxes: SimpleNamespace, window_bits: int) -> None:
    """Whatever was agreed on; pings and small messages go in between, and no message refers to one before."""
    client, outbox = await outboxes.connect(window_bits)
    sent = texts()
    for text in sent:
        assert outbox.send(Frame(text.encode()))
    assert [(await client.receive(timeout=PATIENCE_S)).data for _ in sent] == sent


async def test_one_compression_serves_all(outboxes: SimpleNamespace) -> None:
    clients = [await outboxes.connect(15) for _ in range(3)]
    plain, plain_outbox = await outboxes.connect(0)
    for text in texts():
        frame = Frame(text.encode())
        for _, outbox in clients:
            assert outbox.send(frame)
        assert plain_outbox.send(frame)
        assert frame.smallest() is frame.smallest()
        for client, _ in [*clients, (plain, plain_outbox)]:
            assert (await client.receive(timeout=PATIENCE_S)).data == text
    assert len(Frame(texts()[0].encode()).smallest()) < len(texts()[0]) / 5
    assert Frame(b"{}").smallest() == Frame(b"{}").wire


async def test_a_snapshot_travels_compressed(serve: Serve) -> None:
    """The server agrees to it, and takes compressed commands."""
    one = await serve()
    ws = await one.ws(compress=15)
    assert ws.compress
    await ws.receive_json(timeout=PATIENCE_S)
    await ws.send_str(json.dumps({"cmd": "ping", "id": "x" * 60}))
    assert (await ws.receive_json(timeout=PATIENCE_S)) == {"k": "re", "id": "x" * 60, "ok": True}
