"""The gate: connections that keep the server waiting go, by time and by number; a newcomer always finds a place."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from patience import PATIENCE_S, eventually
from server.server_fakes import Serve

from storj_monitor.model.addresses import same_place
from storj_monitor.server import Limits, hash_password

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
FORM = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
async def knock() -> AsyncIterator[object]:
    """`await knock(server, data)`: a connection that has sent `data`."""
    writers: list[asyncio.StreamWriter] = []

    async def come(one: SimpleNamespace, data: bytes = b"", address: str = "127.0.0.1") -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.server.port, local_addr=(address, 0))
        writers.append(writer)
        writer.write(data)
        return reader, writer

    yield come
    for writer in writers:
        writer.transport.abort()


async def ended(peer: Peer) -> bytes:
    """All that comes until the server ends the connection."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await peer[0].read()
    except ConnectionError:
        return b""


async def answers(one: SimpleNamespace) -> bool:
    async with one.http.get(one.url + "/healthz") as response:
        return bool(await response.text() == "ok")


async def told(one: SimpleNamespace, name: str) -> float:
    async with one.http.get(one.url + "/metrics") as response:
        text = await response.text()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50])
async def test_a_head_that_does_not_become_whole(serve: Serve, knock, sent: bytes) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(head_s=0.2))
    assert await ended(await knock(one, sent)) == b""
    assert await answers(one)
    assert await told(one, 'storj_monitor_connections_closed_total{reason="late"}') >= 1


async def test_a_byte_now_and_then_does_not_lengthen_the_time(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(head_s=0.3, idle_s=3600))
    peer = await knock(one, ASK)
    assert (await peer[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    gone = asyncio.create_task(ended(peer))
    peer[1].write(b"GET / HTTP/1.1\r\nX: ")
    while not gone.done():  # drips until it is sent away
        peer[1].write(b"y")
        await asyncio.wait([gone], timeout=0.02)
    assert await gone == b""


async def test_a_connection_kept_alive_ends_when_nothing_is_asked(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(head_s=0.2, idle_s=0.4))
    assert (await ended(await knock(one, ASK))).endswith(b"ok")


async def test_a_body_that_does_not_come(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(body_s=0.2), password_hash=hash_password("x"))
    head = FORM + b"\r\nContent-Length: 99\r\n\r\npass"
    assert (await ended(await knock(one, head))).startswith(b"HTTP/1.1 408")


async def test_bodies_that_do_not_come_keep_no_place(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    """However many forms are begun: a newcomer finds a place."""
    one = await serve(limits=Limits(connections=8, grace_s=0), password_hash=hash_password("x"))
    for _ in range(30):
        await knock(one, FORM + b"\r\nContent-Length: 99\r\n\r\npass")
    assert await answers(one)
    async with one.http.post(one.url + "/login", data={"password": "x"}, allow_redirects=False) as response:
        assert response.status == 303


async def test_a_websocket_without_login_ends_though_its_client_says_nothing(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    one = await serve(password_hash=hash_password("x"))
    key = base64.b64encode(bytes(16))
    head = UPGRADE + b"13\r\nSec-WebSocket-Key: "
    assert (await ended(await knock(one, head + key + b"\r\n\r\n"))).startswith(b"HTTP/1.1 101")


async def test_a_websocket_outlives_the_limits_of_those_who_wait(serve: Serve) -> None:
    one = await serve(limits=Limits(head_s=0.1, idle_s=0.1, per_address=1, grace_s=0))
    ws = await one.ws()
    await ws.receive_json(timeout=PATIENCE_S)
    for _ in range(3):  # each is the newest of its address, and one more sweep goes by
        assert await answers(one)
        await asyncio.sleep(0.1)
    await ws.send_json({"cmd": "ping", "id": 1})
    assert (await ws.receive_json(timeout=PATIENCE_S))["ok"]


async def test_an_answer_that_is_not_read_ends_and_one_that_is_read_slowly_does_not(serve: Serve, knock, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    size = 8 << 20
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "big.bin").write_bytes(bytes(size))
    ask = b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    hasty = await serve(limits=Limits(idle_s=0.3))
    await knock(hasty, ask)
    late = 'storj_monitor_connections_closed_total{reason="late"}'
    await eventually(lambda: hasty.server._gate.sent_away["late"] >= 1)
    assert await told(hasty, late) >= 1

    patient = await serve(limits=Limits(idle_s=PATIENCE_S))
    gate = patient.server._gate
    reader, _ = await knock(patient, ask)
    got = len(await reader.readexactly(1000))
    (connection,) = [one for mine in gate._waiting.values() for one in mine if one.unsent or one.transport.get_write_buffer_size()]
    start = connection.since
    while part := await reader.read(1 << 20):
        got += len(part)
        if connection.transport.get_write_buffer_size():
            assert not gate._is_late(connection, start + 2 * PATIENCE_S), "it goes on, however long it takes"
    assert got > size


async def test_too_many_of_one_address_lose_their_oldest(serve: Serve, knock, caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(per_address=3, grace_s=0))
    other = await knock(one, address="127.0.0.2")
    first = await knock(one)
    later = [await knock(one) for _ in range(3)]
    assert await ended(first) == b""
    assert await answers(one)
    for peer in later[1:]:
        peer[1].write(ASK)
        assert (await peer[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    other[1].write(ASK)
    assert (await other[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200"), "another address loses none"
    assert "too many connections of 127.0.0.1 wait" in caplog.text


async def test_too_many_in_all_cost_the_address_that_has_most(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    one = await serve(limits=Limits(connections=8, grace_s=0))
    few = await knock(one, address="127.0.0.2")
    many = [await knock(one, address="127.0.0.3") for _ in range(30)]
    assert await ended(many[0]) == b""
    few[1].write(ASK)
    assert (await few[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    assert await answers(one)


async def test_a_young_connection_is_not_sent_away_for_another(serve: Serve, knock) -> None:  # type: ignore[no-untyped-def]
    """A thousand pages that come back at once are no attack."""
    one = await serve(limits=Limits(per_address=1, grace_s=3600))
    peers = [await knock(one) for _ in range(50)]
    for peer in peers:
        peer[1].write(ASK)
    for peer in peers:
        assert (await peer[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")


BAD = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A" * 20_000 + b": x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(500)) + b"\r\n",
    b"GET /%ff\x00\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    FORM + b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    FORM + b"; charset=no-such\r\nContent-Length: 3\r\n\r\na=b",
    FORM + b"\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\na=b",
    UPGRADE + b"99\r\nSec-WebSocket-Key: x\r\n\r\n",
    b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"=;\xff" * 50 + b"\r\n\r\n",
    b"GET /api/v1/nodes?node=%ff%00&from=\xed\xa0\x80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


@pytest.mark.parametrize("password", [None, "x"])
async def test_a_bad_request_is_one_line_never_a_traceback(  # type: ignore[no-untyped-def]
    serve: Serve, knock, caplog: pytest.LogCaptureFixture, password: str | None
) -> None:
    one = await serve(limits=Limits(head_s=1, body_s=1, idle_s=1), password_hash=hash_password(password) if password else None)
    for bad in BAD:
        peer = await knock(one, bad)
        peer[1].write_eof()
        await ended(peer)
    gone = await knock(one, FORM + b"\r\nContent-Length: 99\r\n\r\np")
    await asyncio.sleep(0)
    gone[1].transport.abort()
    assert await answers(one)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []
    lines = [record for record in caplog.records if record.msg == "bad request from %s: %s"]
    assert len(lines) >= 6
    assert all(record.getMessage().isprintable() for record in lines)


def test_who_has_one_address_of_ipv6_has_all_of_them() -> None:
    assert same_place("2001:db8::1") == same_place("2001:db8:0:0:ffff::9") != same_place("2001:db8:0:1::1")
    assert same_place("::ffff:192.0.2.1") == same_place("192.0.2.1") != same_place("192.0.2.2")
    assert same_place("fe80::1%eth0") == same_place("fe80::2")
    assert same_place("") == "" and same_place("/run/socket") == "/run/socket"
