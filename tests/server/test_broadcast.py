"""Snapshots and numbered deltas over real sockets: no gap, nothing twice, nothing for nobody."""

from __future__ import annotations

import asyncio
import random
import socket
from types import SimpleNamespace
from typing import Any, Self

import aiohttp
import pytest
from patience import PATIENCE_S, eventually, stretched
from server.server_fakes import Serve

from storj_monitor.websocket_utils import OUTBOX_LIMIT_BYTES


class Watcher:
    """A client that keeps the sum it has been told, and fails on any gap."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.n: dict[str, int] = {}
        self.sum = 0
        self.rows: dict[str, Any] = {}
        self.frames = 0

    @classmethod
    async def connect(cls, one: SimpleNamespace) -> Self:
        watcher = cls(await one.ws())
        hello = await watcher.ws.receive_json()
        assert hello["k"] == "hello"
        return watcher

    async def command(self, **command: Any) -> dict[str, Any]:
        await self.ws.send_json(command)
        while (message := await self.ws.receive_json(timeout=PATIENCE_S))["k"] != "re":
            self.take(message)
        return message

    async def subscribe(self, topics: list[str], nodes: list[str] | None = None) -> None:
        answer = await self.command(cmd="subscribe", id=1, topics=topics, nodes=nodes)
        assert answer["ok"], answer
        await self.until_snap()

    async def until_snap(self) -> None:
        while True:
            message = await self.ws.receive_json(timeout=PATIENCE_S)
            self.take(message)
            if message["k"] == "snap":
                return

    async def until_sum(self, value: int) -> None:
        while self.sum != value:
            self.take(await self.ws.receive_json(timeout=PATIENCE_S))

    def take(self, message: dict[str, Any]) -> None:
        self.frames += 1
        for topic, payload in message["topics"].items():
            if message["k"] == "snap":
                self.n[topic] = payload["n"]
                if topic == "live":
                    self.sum = payload["sum"]
                else:
                    self.rows = payload["rows"]
            else:
                assert payload["n"] == self.n[topic] + 1, f"gap in {topic}"
                self.n[topic] += 1
                if topic == "live":
                    self.sum += sum(payload["add"])
                else:
                    self.rows |= payload["set"]


async def test_hello_says_what_the_protocol_promises(serve: Serve) -> None:
    one = await serve(demo=True, coalesce_ms=75, slow_hz=2, thresholds={"silent_s": 60, "success_pct": 97.5})
    ws = await one.ws()
    hello = await ws.receive_json()
    now = hello.pop("now")
    assert abs(now - one.clock.now()) < 5
    assert hello == {
        "k": "hello",
        "protocol": 2,
        "version": "9.9.9",
        "demo": True,
        "nodes": ["a", "b", "c"],
        "coalesce_ms": 75,
        "slow_hz": 2,
        "sample": 64,
        "thresholds": {"silent_s": 60, "success_pct": 97.5},
        "login": False,
        "load": {"state": "normal", "reason": "", "lag_bytes": 0, "left_s": None, "commits_waiting": 0, "loop_lag_ms": 0.0},
        "store": {"notices": []},
    }


async def test_who_is_connected_hears_of_nodes_that_are_added(serve: Serve) -> None:
    """`ingest` beside a running monitor may bring a new one."""
    one = await serve()
    watcher, other = await one.ws(), await one.ws()
    for ws in (watcher, other):
        assert (await ws.receive_json())["nodes"] == ["a", "b", "c"]
    await watcher.send_json({"cmd": "subscribe", "id": 1, "topics": ["live"], "nodes": None})
    assert [(await watcher.receive_json())["k"] for _ in range(2)] == ["re", "snap"]
    one.feeds.names = ("a", "b", "c", "d")
    for ws in (watcher, other):
        hello = await ws.receive_json(timeout=PATIENCE_S)
        assert (hello["k"], hello["nodes"]) == ("hello", ["a", "b", "c", "d"])
    await watcher.send_json({"cmd": "subscribe", "id": 2, "topics": ["live"], "nodes": None})
    assert (await watcher.receive_json())["view"] == ["a", "b", "c", "d"]
    assert (await watcher.receive_json())["k"] == "snap"
    late = await one.ws()
    assert (await late.receive_json())["nodes"] == ["a", "b", "c", "d"]


async def test_subscribe_snap_then_deltas(serve: Serve) -> None:
    one = await serve()
    ws = await one.ws()
    await ws.receive_json()
    await ws.send_json({"cmd": "subscribe", "id": 7, "topics": ["live", "satellites", "live"], "nodes": ["c", "a", "c"]})
    assert await ws.receive_json() == {"k": "re", "id": 7, "ok": True, "view": ["a", "c"], "topics": ["live", "satellites"]}
    snap = await ws.receive_json()
    assert (snap["k"], snap["view"]) == ("snap", ["a", "c"])
    assert snap["topics"] == {"live": {"n": 0, "sum": 0}, "satellites": {"n": 1, "rows": {"sum": {"value": 0}}}}
    one.feeds.push("a", 5)
    one.feeds.push("b", 7)
    one.server.broadcaster.tick(123.4567)
    delta = await ws.receive_json()
    assert (delta["k"], delta["now"]) == ("delta", 123.457)
    assert delta["topics"] == {"live": {"n": 1, "add": [5]}, "satellites": {"n": 2, "set": {"sum": {"value": 5}}, "del": []}}


async def test_many_clients_come_go_and_change_without_gap_or_double(serve: Serve) -> None:
    one = await serve()
    rng = random.Random(4)
    feeds, watchers = one.feeds, [await Watcher.connect(one) for _ in range(12)]
    choices = [["live"], ["live", "satellites"], ["satellites", "live", "nodes"]]
    for _ in range(60):
        one.feeds.push(rng.choice("abc"), rng.randrange(1000))
        if rng.random() < 0.7:
            one.server.broadcaster.tick(one.clock.now())
        one.feeds.push(rng.choice("abc"), rng.randrange(1000))  # read but not yet sent when the next client subscribes
        await rng.choice(watchers).subscribe(rng.choice(choices), rng.choice([None, ["a"], ["b", "c"]]))
    for watcher in watchers:
        await watcher.subscribe(["live", "satellites"], None)
    one.feeds.push("a", 1)
    one.server.broadcaster.tick(one.clock.now())
    truth = feeds.open_feeds[("a", "b", "c")].sum
    for watcher in watchers:
        await watcher.until_sum(truth)
        assert watcher.rows == {"sum": {"value": truth}}
    assert len(feeds.open_feeds) == 1


async def test_one_advance_and_one_encoding_for_all_clients_of_a_view(serve: Serve) -> None:
    one = await serve()
    watchers = [await Watcher.connect(one) for _ in range(5)]
    for watcher in watchers[:3]:
        await watcher.subscribe(["live"])
    for watcher in watchers[3:]:
        await watcher.subscribe(["live", "nodes"])
    feed = one.feeds.open_feeds[("a", "b", "c")]
    feed.advances.clear()
    feed.push(3)
    one.server.broadcaster.tick(one.clock.now())
    assert feed.advances == [(frozenset({"live", "nodes"}), True)]
    await asyncio.gather(*(watcher.until_sum(3) for watcher in watchers))


async def test_nothing_is_open_for_nobody(serve: Serve) -> None:
    one = await serve()
    broadcaster = one.server.broadcaster
    watcher = await Watcher.connect(one)
    assert not one.feeds.open_feeds
    await watcher.subscribe(["live"], ["a"])
    assert list(one.feeds.open_feeds) == [("a",)]
    await watcher.subscribe(["live"], ["b"])
    assert list(one.feeds.open_feeds) == [("b",)]
    await watcher.subscribe([], None)
    assert not one.feeds.open_feeds
    await watcher.subscribe(["live"])
    assert (one.server.client_count, broadcaster.watching) == (1, True)
    await watcher.ws.close()
    await eventually(lambda: one.server.client_count == 0)
    assert not one.feeds.open_feeds
    assert not broadcaster.watching


async def test_a_hidden_page_gets_nothing_and_a_fresh_snapshot_on_return(serve: Serve) -> None:
    one = await serve()
    watcher = await Watcher.connect(one)
    await watcher.subscribe(["live"])
    answer = await watcher.command(cmd="hint", id=2, hidden=True)
    assert answer == {"k": "re", "id": 2, "ok": True, "hidden": True}
    assert not one.feeds.open_feeds
    frames = watcher.frames
    one.server.broadcaster.tick(one.clock.now())
    assert (await watcher.command(cmd="ping", id=3)) == {"k": "re", "id": 3, "ok": True}
    assert watcher.frames == frames
    await watcher.command(cmd="hint", id=4, hidden=False)
    await watcher.until_snap()
    one.feeds.push("a", 2)
    one.server.broadcaster.tick(one.clock.now())
    await watcher.until_sum(2)


async def test_a_hidden_page_may_subscribe_and_gets_the_snapshot_later(serve: Serve) -> None:
    one = await serve()
    watcher = await Watcher.connect(one)
    await watcher.command(cmd="hint", id=1, hidden=True)
    assert (await watcher.command(cmd="subscribe", id=2, topics=["live"], nodes=["a"]))["ok"]
    await watcher.command(cmd="ping", id=3)
    assert watcher.frames == 0
    await watcher.command(cmd="hint", id=4, hidden=False)
    await watcher.until_snap()


async def test_live_is_bounded_by_the_coalescing_and_tables_by_slow_hz(serve: Serve) -> None:
    one = await serve(coalesce_ms=40, slow_hz=5)
    watcher = await Watcher.connect(one)
    await watcher.subscribe(["live", "satellites"])
    started = one.clock.monotonic()
    before = dict(watcher.n)
    for _ in range(100):  # ticks far too often, as a careless caller would
        one.feeds.push("a", 1)
        one.server.broadcaster.tick(one.clock.now())
        await asyncio.sleep(0.004)
    await watcher.until_sum(100)
    passed = one.clock.monotonic() - started
    assert watcher.n["live"] - before["live"] <= passed / 0.036 + 2
    assert watcher.n["live"] - before["live"] >= 4
    assert watcher.n["satellites"] - before["satellites"] <= passed * 5 + 1


async def test_news_without_a_further_tick_are_sent_by_the_beat(serve: Serve) -> None:
    one = await serve(coalesce_ms=10, slow_hz=2)
    watcher = await Watcher.connect(one)
    await watcher.subscribe(["live", "satellites"])
    one.feeds.push("a", 4)
    await watcher.until_sum(4)
    while watcher.rows != {"sum": {"value": 4}}:
        watcher.take(await watcher.ws.receive_json(timeout=PATIENCE_S))


async def test_a_crowd_that_subscribes_together_shares_snapshots(serve: Serve) -> None:
    one = await serve(coalesce_ms=200, slow_hz=2)
    watchers = [await Watcher.connect(one) for _ in range(30)]
    await asyncio.gather(*(watcher.subscribe(["live", "nodes", "satellites"]) for watcher in watchers))
    feed = one.feeds.open_feeds[("a", "b", "c")]
    assert len(feed.advances) <= 4
    one.feeds.push("a", 9)
    one.server.broadcaster.tick(one.clock.now())
    await asyncio.gather(*(watcher.until_sum(9) for watcher in watchers))


async def test_too_many_connections_are_refused(serve: Serve) -> None:
    one = await serve(max_clients=2)
    kept = [await Watcher.connect(one) for _ in range(2)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await one.ws()
    assert refused.value.status == 503
    await kept[0].ws.close()
    await eventually(lambda: one.server.client_count == 1)
    await Watcher.connect(one)


async def test_stop_closes_clients_with_1001_within_a_second(serve: Serve) -> None:
    one = await serve()
    watchers = [await Watcher.connect(one) for _ in range(3)]
    for watcher in watchers:
        await watcher.subscribe(["live"])
    deaf = await open_raw(one, "live")
    started = one.clock.monotonic()
    reading = [asyncio.ensure_future(watcher.ws.receive()) for watcher in watchers]
    await one.server.stop()
    assert one.clock.monotonic() - started < stretched(1.5)
    for message in await asyncio.gather(*reading):
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert not one.feeds.open_feeds
    deaf.close()


async def test_a_client_that_never_reads_is_closed_and_costs_bounded_memory(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storj_monitor.websocket_utils.GRACE_S", 0.2)
    one = await serve()
    reader = await Watcher.connect(one)
    await reader.subscribe(["live"], ["a"])
    deaf = await open_raw(one, "live")
    await eventually(lambda: len(one.feeds.open_feeds) == 2)
    broadcaster = one.server.broadcaster
    deaf_outbox = next(client.outbox for client in broadcaster.clients if client.nodes == ("a", "b", "c"))
    feed, largest = one.feeds.open_feeds[("a", "b", "c")], 0
    for _ in range(5000):
        feed.pending = [123456789] * 800  # 8 kB of frame
        broadcaster.tick(one.clock.now())
        largest = max(largest, deaf_outbox._transport.get_write_buffer_size())
        if broadcaster.slow_closed:
            break
        await asyncio.sleep(0)
    assert broadcaster.slow_closed == 1
    assert OUTBOX_LIMIT_BYTES < largest <= OUTBOX_LIMIT_BYTES + 20_000
    await eventually(lambda: one.server.client_count == 1)
    one.feeds.push("a", 1)
    broadcaster.tick(one.clock.now())
    await reader.until_sum(1)
    received = bytearray()
    deaf.settimeout(PATIENCE_S)
    try:
        while data := deaf.recv(1 << 20):
            received += data
    except ConnectionResetError:
        pass
    deaf.close()


async def test_a_slow_client_that_wakes_up_finds_the_close_code(serve: Serve) -> None:
    one = await serve()
    loop = asyncio.get_running_loop()
    deaf = await open_raw(one, "live")
    await eventually(lambda: bool(one.feeds.open_feeds))
    feed = one.feeds.open_feeds[("a", "b", "c")]
    while not one.server.broadcaster.slow_closed:
        feed.pending = [123456789] * 800
        one.server.broadcaster.tick(one.clock.now())
        await asyncio.sleep(0)
    sent = one.server.broadcaster.frames_sent
    one.feeds.push("a", 1)
    one.server.broadcaster.tick(one.clock.now())
    assert one.server.broadcaster.frames_sent == sent  # nothing after the close frame
    tail = b""
    async with asyncio.timeout(PATIENCE_S):
        while not tail.endswith(b"reads too slowly"):
            tail = (tail + await loop.sock_recv(deaf, 65536))[-100:]
    assert int.from_bytes(tail[-18:-16], "big") == 4001
    deaf.close()


async def open_raw(one: SimpleNamespace, topic: str) -> socket.socket:
    """A socket that shakes hands, subscribes and then never reads."""
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await loop.sock_connect(sock, ("127.0.0.1", one.server.port))
    request = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{one.server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(sock, request.encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += await loop.sock_recv(sock, 256)
    assert head.startswith(b"HTTP/1.1 101")
    command = f'{{"cmd":"subscribe","id":1,"topics":["{topic}"],"nodes":null}}'.encode()
    masked = bytes([0x81, 0x80 | len(command), 0, 0, 0, 0]) + command  # a mask of zeros
    await loop.sock_sendall(sock, masked)
    return sock
