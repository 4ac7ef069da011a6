"""A real server on a free loopback port, with a real client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from flags import chosen
from server.server_fakes import CannedQueries, CountingFeeds, Serve, TwoGauges

from storj_monitor.clock import SystemClock
from storj_monitor.server import Binding, Content, Exposure, Greeting, Server
from storj_monitor.server.encoding import make_encoder


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """`await serve(**settings)`: server, feeds, questions, http (a client), url, ws() (a WebSocket)."""
    running: list[SimpleNamespace] = []

    async def start(**settings: Any) -> SimpleNamespace:
        feeds, questions, clock = CountingFeeds(), CannedQueries(), SystemClock()
        exposed = {
            name: settings.pop(name) for name in ("allowed_hosts", "trusted_proxies", "base_path", "tls", "limits") if name in settings
        }
        bound: dict[str, Any] = {"bind": "127.0.0.1", "port": 0, "password_hash": None}
        bound |= {name: settings.pop(name) for name in ("bind", "port", "password_hash", "max_clients") if name in settings}
        content = Content(feeds=feeds, queries=questions, node_queries=settings.pop("node_queries", None), gauges=TwoGauges())
        greeting: dict[str, Any] = {"version": "9.9.9", "demo": False, "coalesce_ms": 0, "slow_hz": 0}
        parts: dict[str, Any] = {"encoder": make_encoder(chosen() == "on"), "page_dir": tmp_path / "page", "clock": clock}
        parts |= {name: settings.pop(name) for name in ("encoder", "page_dir", "clock") if name in settings}
        server = Server(content, Binding(**bound, exposure=Exposure(**exposed)), Greeting(**greeting | settings), **parts)
        await server.start()
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        url, sockets = server.url.rstrip("/"), []

        async def connect(**options: Any) -> aiohttp.ClientWebSocketResponse:
            sockets.append(await http.ws_connect(url + "/ws", **options))
            return sockets[-1]

        one = SimpleNamespace(server=server, feeds=feeds, questions=questions, http=http, url=url, clock=clock, ws=connect, sockets=sockets)
        running.append(one)
        return one

    yield start
    for one in running:
        for ws in one.sockets:
            await ws.close()
        await one.http.close()
        await one.server.stop()
