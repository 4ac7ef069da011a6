"""Frames as RFC 6455 has them, whole between aiohttp's own, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from patience import PATIENCE_S

from storj_monitor.websocket_utils import Frame, Outbox, close_frame, text_frame


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_header(length: int, header: bytes) -> None:
    assert text_frame(b"x" * length) == header + b"x" * length


def test_close_frame() -> None:
    assert close_frame(4001, "no") == b"\x88\x04\x0f\xa1no"
    with pytest.raises(ValueError, match="123"):
        close_frame(1000, "x" * 124)


@pytest.fixture
async def pair() -> AsyncIterator[SimpleNamespace]:
    """A connected client and the server's outbox for it; `release` ends the handler."""
    ready: asyncio.Future[web.WebSocketResponse] = asyncio.get_running_loop().create_future()
    one = SimpleNamespace(slow=0)

    def count() -> None:
        one.slow += 1

    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        assert request.transport is not None
        one.outbox = Outbox(ws, request.transport, on_slow=count, limit_bytes=1000)
        one.patient = Outbox(ws, request.transport, on_slow=count, limit_bytes=1 << 30)
        ready.set_result(ws)
        async for _ in ws:
            pass
        return ws

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        one.client = await session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", autoping=False)
        one.ws = await ready
        yield one
        await one.client.close()
    await runner.cleanup()


async def test_frames_stay_whole_between_pings(pair: SimpleNamespace) -> None:
    outbox = pair.patient
    texts = ["x" * size for size in (1, 125, 126, 5000, 65535, 65536, 300_000)] * 3
    for text in texts:
        assert outbox.send(Frame(text.encode()))
        await pair.ws.ping(b"p")
    got: list[str] = []
    pings = 0
    while len(got) < len(texts) or pings < len(texts):
        message = await pair.client.receive(timeout=PATIENCE_S)
        assert message.type in (WSMsgType.TEXT, WSMsgType.PING)
        if message.type is WSMsgType.TEXT:
            got.append(message.data)
        else:
            pings += 1
    assert got == texts


async def test_nothing_is_sent_after_close(pair: SimpleNamespace) -> None:
    closing = asyncio.ensure_future(pair.outbox.close(1001, "bye"))
    message = await pair.client.receive(timeout=PATIENCE_S)
    assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1001, "bye")
    assert not pair.outbox.send(Frame(b"late"))
    await closing


async def test_a_gone_client_is_noticed_without_an_error(pair: SimpleNamespace) -> None:
    pair.outbox.abort()
    assert not pair.outbox.send(Frame(b"x"))
    assert pair.slow == 0


async def test_one_big_message_is_no_reason_to_close(pair: SimpleNamespace) -> None:
    """Written in one turn of the loop, so the client cannot have read any of it."""
    outbox = pair.outbox
    big = 20_000_000  # more than any socket buffer takes at once
    assert outbox.send(Frame(b"x" * big))
    assert outbox.send(Frame(b"y" * 100))
    outbox._bound_bytes = 1000
    assert not outbox.send(Frame(b"z"))
    assert (pair.slow, outbox.closed) == (1, True)
    assert not outbox.send(Frame(b"z"))
    assert pair.slow == 1
