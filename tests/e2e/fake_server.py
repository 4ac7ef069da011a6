"""A server of made-up figures that speaks docs/protocol.md, so that the page can be tried without logs.

    cd tests
    python -m e2e.fake_server [--port 0] [--rate 200] [--nodes 4] [--hostile] [--quiet] [--empty] [--silent-s S] [--success-pct N]

Prints its address as the first line. `--hostile` puts markup into every text; `--quiet` sends no event; `--empty` has no rows;
`--silent-s` and `--success-pct` are told as thresholds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from e2e.made_up import World
from e2e.made_up_events import events_answer
from e2e.made_up_nodes import HELP
from plain import plain

from storj_monitor.views.summaries import SUMMARIES, summary
from storj_monitor.views.wire.topics import TOPIC_ROWS

DIST = Path(__file__).parents[2] / "storj_monitor" / "web_dist"
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
TABLES = ("nodes", "actions", "satellites", "sizes", "errors", "pieces", "countries", "compactions", "lines")
SAYINGS = ("reputation", "storage", "earnings", "health", "analytics")
THRESHOLDS = ("silent_s", "success_pct")
FRAME_S = 0.075


class Client:
    """One connection: its view and the number of each topic."""

    def __init__(self, world: World, socket: web.WebSocketResponse) -> None:
        self.world, self.socket = world, socket
        self.view: list[str] = []
        self.numbers: dict[str, int] = {}
        self.told: dict[str, dict[str, str]] = {}
        self.hidden = False

    async def command(self, text: str) -> None:
        request = json.loads(text)
        reply: dict[str, Any] = {"k": "re", "id": request["id"], "ok": True}
        if request["cmd"] == "hint":
            self.hidden = request["hidden"]
        if request["cmd"] == "subscribe":
            wished = request["nodes"]
            strange = [name for name in request["topics"] if name not in ("live", *self.world.topics)]
            if strange:
                await self.say(
                    {"k": "re", "id": request["id"], "error": {"code": "unknown_topic", "message": f"no such topic: {strange[0]}"}}
                )
                return
            unknown = [name for name in wished or [] if name not in self.world.nodes]
            if unknown:
                await self.say({"k": "re", "id": request["id"], "error": {"code": "unknown_node", "message": f"unknown node {unknown[0]}"}})
                return
            self.view = [name for name in self.world.nodes if wished is None or name in wished]
            await self.say(reply | {"view": self.view, "topics": request["topics"]})
            await self.snapshot(request["topics"])
            return
        await self.say(reply)

    async def snapshot(self, names: list[str]) -> None:
        now = time.time()
        topics: dict[str, Any] = {}
        for name in names:
            self.numbers[name] = 0
            if name == "live":
                topics[name] = {"n": 0, "sats": {}, "ring": self.world.ring(self.view)}
            else:
                rows = self.rows(name)
                self.told[name] = {key: json.dumps(row) for key, row in rows.items()}
                topics[name] = {"n": 0, "as_of": now, "rows": rows, "summary": self.cut(name)}
                topics[name] |= {"help": HELP[name]} if name in HELP else {}
        await self.say({"k": "snap", "view": self.view, "now": now, "topics": topics})

    async def frame(self, topics: dict[str, Any]) -> None:
        if not self.numbers:
            return
        numbered = {}
        for name, payload in topics.items():
            self.numbers[name] += 1
            numbered[name] = {"n": self.numbers[name]} | payload
        await self.say({"k": "delta", "now": time.time(), "topics": numbered})

    def cut(self, topic: str) -> bool:
        return topic in SUMMARIES and len(self.view) > 1

    def rows(self, topic: str) -> dict[str, Any]:
        rows = self.world.rows(topic, self.view)
        if not self.cut(topic):
            return rows
        kinds = reduce(or_, TOPIC_ROWS[topic].rows)
        shown: dict[str, Any] = plain(summary({key: msgspec.convert(row, kinds) for key, row in rows.items()}))
        return shown

    def changes(self) -> dict[str, Any]:
        topics: dict[str, Any] = {}
        for name in self.world.topics:
            rows = self.rows(name)
            told = {key: json.dumps(row) for key, row in rows.items()}
            before = self.told.get(name, {})
            changed = {key: rows[key] for key, text in told.items() if before.get(key) != text}
            gone = [key for key in before if key not in told]
            self.told[name] = told
            if changed or gone:
                topics[name] = {"as_of": time.time(), "set": changed, "del": gone}
        return topics

    def live(self, since: float, until: float) -> dict[str, Any] | None:
        """Totals of this stretch of time: each second's figures, spread over its frames."""
        totals, op_count = [], 0
        for second in range(int(since), int(until) + 1):
            part = min(until, second + 1) - max(since, second)
            if part <= 0:
                continue
            figures = self.world.second(second, self.view)
            scaled = [int(value * part + 0.5) for value in figures]
            if any(scaled):
                totals.append([second, *scaled])
                op_count += scaled[2] + scaled[3]
        if not totals:
            return None
        events = (
            []
            if self.hidden
            else [[until, f"{self.world.random.getrandbits(64):016x}", 0, 0, 9, 2_319_360, -1] for _ in range(min(64, op_count))]
        )
        return {"sats": {}, "ev": events, "more": op_count - len(events), "tot": totals, "ops": [[9, op_count, 1]]}

    async def say(self, message: dict[str, Any]) -> None:
        if not self.socket.closed:
            await self.socket.send_str(json.dumps(message))


async def feed(client: Client) -> None:
    """Frames until the connection ends."""
    tables_at = since = time.time()
    while not client.socket.closed:
        await asyncio.sleep(1.0 if client.hidden else FRAME_S)
        if not client.numbers:
            continue
        now = time.time()
        live = client.live(since, now)
        since = now
        topics = {} if live is None else {"live": live}
        if now - tables_at >= 0.5:
            tables_at = now
            topics |= client.changes()
        if topics:
            await client.frame(topics)


def application(world: World, thresholds: dict[str, float]) -> web.Application:
    async def socket(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(compress=False)
        await response.prepare(request)
        client = Client(world, response)
        await client.say(
            {
                "k": "hello",
                "protocol": 2,
                "version": "0.1.0",
                "demo": True,
                "now": time.time(),
                "nodes": world.nodes,
                "coalesce_ms": 75,
                "slow_hz": 2,
                "sample": 64,
                "thresholds": thresholds,
            }
        )
        task = asyncio.create_task(feed(client))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    await client.command(message.data)
        finally:
            task.cancel()
        return response

    async def traffic(request: web.Request) -> web.Response:
        start, end, view = window(request)
        return web.json_response(world.traffic(start, end, view))

    def window(request: web.Request) -> tuple[float, float, list[str]]:
        spans = {"m": 60, "h": 3600, "d": 86400}
        wish = request.query.get("from", "-24h")
        end = time.time()
        return end - int(wish[1:-1]) * spans[wish[-1]], end, request.query.getall("node", world.nodes)

    async def saying(request: web.Request) -> web.Response:
        """What nodes say of themselves, in the parts that are asked for."""
        topic = request.path.rsplit("/", 1)[1]
        start, end, view = window(request)
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "reputation": lambda: world.sayings.reputation_history(view, start, end),
            "storage": lambda: world.sayings.storage_history(view, start, end),
            "earnings": lambda: world.sayings.earnings_answer(view, end),
            "health": lambda: {"from": start, "to": end, "as_of": end, "nodes": view},
        }
        answer = answers[topic]() | {"rows": list(world.rows(topic, view).values())}
        wanted = request.query.getall("part", list(answer))
        return web.json_response({part: value for part, value in answer.items() if part in ("from", "to", "as_of", "nodes", *wanted)})

    async def findings(request: web.Request) -> web.Response:
        return web.json_response(world.sayings.findings_answer(window(request)[2], time.time()))

    async def events(request: web.Request) -> web.Response:
        return web.json_response(events_answer(world.nodes, request.query, time.time(), world.hostile))

    async def index(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(DIST / "index.html")

    @web.middleware
    async def headers(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = CSP
        return response

    app = web.Application(middlewares=[headers])
    app.add_routes(
        [
            web.get("/", index),
            web.get("/ws", socket),
            web.get("/api/v1/traffic", traffic),
            *(web.get(f"/api/v1/{topic}", saying) for topic in ("reputation", "storage", "earnings", "health")),
            web.get("/api/v1/findings", findings),
            web.get("/api/v1/events", events),
            web.static("/assets", DIST / "assets"),
        ]
    )
    return app


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--nodes", type=int, default=4)
    for flag in ("--hostile", "--quiet", "--empty", "--old", "--young", "--trouble"):
        parser.add_argument(flag, action="store_true")
    for name in THRESHOLDS:
        parser.add_argument("--" + name.replace("_", "-"), type=float)
    options = parser.parse_args()
    world = World(options.nodes, options.rate, options.hostile, options.quiet, options.empty, options.young, options.trouble)
    world.topics = TABLES if options.old else TABLES + SAYINGS
    thresholds = {name: value for name in THRESHOLDS if (value := getattr(options, name)) is not None}
    runner = web.AppRunner(application(world, thresholds), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, reuse_address=True)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
