"""A server of made-up figures that speaks docs/protocol.md, so that the page can be tried without logs.

    python tests/e2e/fake_server.py [--port 0] [--rate 200] [--nodes 4] [--hostile] [--quiet] [--empty]

Prints its address as the first line. `--hostile` puts markup into every text; `--quiet` sends no event; `--empty` has no rows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import time
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

DIST = Path(__file__).parents[2] / "storj_monitor" / "web_dist"
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
TABLES = ("nodes", "actions", "satellites", "sizes", "errors", "pieces", "countries", "compactions", "lines")
FRAME_S = 0.075
SATELLITES = {
    "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
    "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
    "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
    "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "",
}
COUNTRIES = [("DE", 40), ("US", 32), ("FI", 17), ("FR", 12), ("GB", 9), ("SG", 7), ("JP", 5), ("BR", 3), ("AU", 2), ("", 2), ("ZA", 1)]
ACTIONS = [("PUT up", 0.93, 5, 14.0), ("GET down", 0.81, 9, 8.0), ("GET_AUDIT down", 1.0, 0, 0.4), ("PUT_REPAIR up", 0.97, 1, 1.2), ("GET_REPAIR down", 0.985, 2, 2.1)]
EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
PIECES = [f"{seed:02d}XQ7B4K5VZ2MHTW3YJNRLPDGFSAEC6OIUX7QKMWZB2VHT3YJNRL"[:52] for seed in range(30)]


class World:
    """The made-up nodes: everything that a snapshot says."""

    def __init__(self, nodes: int, rate: float, hostile: bool, quiet: bool, empty: bool) -> None:
        names = ["attic", "cellar", "garage-8tb", "office", "shed"]
        self.nodes = [names[i] if i < len(names) else f"node-{i + 1}" for i in range(nodes)]
        self.rate, self.hostile, self.quiet, self.empty = rate, hostile, quiet, empty
        self.random = random.Random(7)
        self.began = time.time()

    def share(self, view: list[str]) -> float:
        return len(view) / len(self.nodes)

    def second(self, second: int, view: list[str]) -> tuple[int, int, int, int]:
        """Bytes and operations of one second, the same whenever it is asked."""
        if self.quiet or self.empty:
            return (0, 0, 0, 0)
        chance = random.Random(second)
        swing = 1 + 0.35 * math.sin(second / 47) + 0.2 * math.sin(second / 11)
        ups = max(0, int(self.rate * self.share(view) * 0.45 * swing * chance.uniform(0.7, 1.3)))
        downs = max(0, int(self.rate * self.share(view) * 0.55 * (2 - swing) * chance.uniform(0.7, 1.3)))
        return (int(ups * 310_000 * chance.uniform(0.8, 1.2)), int(downs * 190_000 * chance.uniform(0.8, 1.2)), ups, downs)

    def ring(self, view: list[str]) -> dict[str, Any]:
        end = int(time.time())
        cells = [self.second(second, view) for second in range(end - 299, end)] + [(0, 0, 0, 0)]
        columns = [list(column) for column in zip(*cells, strict=True)]
        return {"t": end, "step": 1, "up_bytes": columns[0], "down_bytes": columns[1], "up_ops": columns[2], "down_ops": columns[3]}

    def rows(self, topic: str, view: list[str]) -> dict[str, Any]:
        if self.empty and topic not in ("nodes", "lines"):
            return {}
        rows: dict[str, Any] = getattr(self, f"_{topic}")(view, self.share(view) * (1 + (time.time() - self.began) / 900))
        return rows

    def _nodes(self, view: list[str], _grown: float) -> dict[str, Any]:
        now = time.time()
        rows = {}
        for index, name in enumerate(self.nodes):
            if name not in view:
                continue
            last = None if self.empty else now - (400 if self.quiet else 0.4 + index)
            rows[name] = {"state": "live", "detail": "", "last_line": last, "read_at": last, "lag_bytes": 0, "lines": 400_000, "version": "v1.162.3",
                          "node_id": "1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ", "path": f"/logs/{name}.log", "since": now - 86400}
        if "office" in rows and not self.quiet:
            rows["office"] |= {"state": "catching_up", "lag_bytes": 41_900_000, "version": "v1.145.3"}
        if "shed" in rows:
            rows["shed"] |= {"state": "error", "detail": "/logs/shed.log: permission denied", "last_line": now - 4000}
        return rows

    def _actions(self, _view: list[str], grown: float) -> dict[str, Any]:
        rows = {}
        for key, success, failed, weight in ACTIONS:
            total = int(9000 * weight * grown)
            bad = int(total * failed / 1000)
            won = int(total * success) - bad if failed else total
            rows[key] = {"success": won, "canceled": total - won - bad, "failed": bad, "bytes": won * 240_000, "all_bytes": total * 240_000,
                         "timed": total, "p50_ms": 1000 if "AUDIT" not in key else 0, "p95_ms": 4000, "p99_ms": 11000, "resolution_ms": 1000}
        return rows

    def _satellites(self, _view: list[str], grown: float) -> dict[str, Any]:
        rows = {}
        for index, (key, name) in enumerate(SATELLITES.items()):
            size = int(60_000 * grown / (index + 1) ** 2)
            rows[key] = {"name": name, "put": [size, size // 14, size // 300], "get": [size // 2, size // 9, size // 200],
                         "audit": [size // 40, 0, 3 if index == 1 else 0], "repair": [size // 12, size // 200, 0],
                         "up_bytes": size * 310_000, "down_bytes": size * 90_000}
        return rows

    def _sizes(self, _view: list[str], grown: float) -> dict[str, Any]:
        shape = [3, 12, 22, 14, 9, 8, 11, 31]
        rows = {}
        for index, weight in enumerate(shape):
            rows[f"up {index}"] = {"count": int(1100 * weight * grown), "success": int(1050 * weight * grown)}
            rows[f"down {index}"] = {"count": int(800 * shape[(index + 2) % 8] * grown), "success": int(650 * shape[(index + 2) % 8] * grown)}
        return rows

    def _errors(self, _view: list[str], grown: float) -> dict[str, Any]:
        now = time.time()
        known = [
            ("WARN", "piecestore", "upload failed", "manager closed: read tcp *->*: read: connection reset by peer", 1312),
            ("ERROR", "piecestore", "download failed", "hashstore: file does not exist", 12),
            ("ERROR", "contact:service", "ping satellite failed", "ping satellite: rpc: tcp connector failed: rpc: context deadline exceeded", 7),
            ("ERROR", "piecestore", "download failed", "write tcp *->*: write: broken pipe", 210),
            ("WARN", "piecestore", "upload internal error", "unexpected EOF", 64),
            ("ERROR", "orders", "failed to settle orders for satellite", "order: database is locked", 3),
            ("WARN", "piecestore", "file found in trash", "file found in trash", 2),
            ("ERROR", "hashstore", "compaction failed", "hashstore: write: no space left on device", 1),
        ]
        rows = {}
        for index, (level, logger, message, template, count) in enumerate(known):
            text = template + (EVIL if self.hostile else "")
            rows[f"t{index}"] = {
                "level": level, "logger": logger, "message": message + (EVIL if self.hostile else ""), "template": text, "count": max(1, int(count * grown)),
                "first": now - 3000, "last": now - 5 * index, "satellite": list(SATELLITES)[index % 4],
                "sample": f'2026-08-20T07:02:06Z\t{level}\t{logger}\t{message}\t{{"process": "storagenode", "piece_id": "{PIECES[index]}", "action": "GET", '
                f'"offset": 0, "size": 2319360, "remote_address": "198.51.100.90:53110", "error": "{text}"}}'}
        return rows

    def _pieces(self, _view: list[str], grown: float) -> dict[str, Any]:
        return {f"{index:016x}": {"piece_id": piece if index % 5 else "", "count": max(2, int(900 * grown / (index + 1))), "error": 0 if index < 6 else index,
                                  "bytes": int(2_319_360 * 900 * grown / (index + 1)), "satellite": list(SATELLITES)[index % 4]} for index, piece in enumerate(PIECES)}

    def _countries(self, _view: list[str], grown: float) -> dict[str, Any]:
        return {code: {"up_count": int(300 * weight * grown), "down_count": int(500 * weight * grown), "up_bytes": int(9e7 * weight * grown),
                       "down_bytes": int(6e7 * weight * (1 + (weight % 3) / 3) * grown)} for code, weight in COUNTRIES}

    def _compactions(self, view: list[str], _grown: float) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        satellites = list(SATELLITES)
        empty: dict[str, Any] = {"finished": None, "duration_s": None, "stage": None, "error": None, "reclaimed": None, "total": None, "rewritten": None, "trashed": None, "expired": None}
        for index, name in enumerate(view[:3]):
            rows[f"{name}/{satellites[0]}/s0"] = empty | {"node": name, "satellite": satellites[0], "store": "s0", "state": "done", "started": self.began - 900 * (index + 2),
                                                          "finished": self.began - 800 * (index + 1), "duration_s": 107.9, "reclaimed": "1.4 GiB", "total": "93.1 GiB",
                                                          "rewritten": "612.4 MiB", "trashed": "391.0 MiB", "expired": "3.3 GiB"}
        rows[f"{view[0]}/{satellites[1]}/s1"] = empty | {"node": view[0], "satellite": satellites[1], "store": "s1", "state": "running", "started": self.began - 137,
                                                         "stage": "rewriting records, round 2", "total": "120.0 GiB"}
        rows[f"{view[0]}/{satellites[3]}/s0"] = empty | {"node": view[0], "satellite": satellites[3], "store": "s0", "state": "failed", "started": self.began - 7000,
                                                         "finished": self.began - 6990, "duration_s": 10.0, "error": "hashstore: write: no space left on device"}
        return rows

    def _lines(self, view: list[str], _grown: float) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for name in view:
            lines = int(400_000 + (time.time() - self.began) * self.rate)
            rows[name] = {"lines": lines, "understood": lines - 41_004, "ignored": 41_000, "not_understood": 4}
            for count, logger, message in ((22_000, "piecestore", "upload started"), (12_000, "blobscache", "usage"), (7_000, "", "foreign line")):
                rows[f"{name}/ignored/{logger}/{message}"] = {"node": name, "kind": "ignored", "logger": logger, "message": message, "count": count,
                                                              "sample": f"2026-08-20T07:00:00Z\tDEBUG\t{logger}\t{message}\t{{}}"}
        first = view[0]
        rows[f"{first}/not_understood/newthing/frobnicated"] = {
            "node": first, "kind": "not_understood", "logger": "newthing", "message": "frobnicated" + (EVIL if self.hostile else ""), "count": 4,
            "sample": '2026-08-20T07:00:00Z\tINFO\tnewthing\tfrobnicated\t{"process": "storagenode", "n": 4}'}
        return rows

    def traffic(self, start: float, end: float, view: list[str]) -> dict[str, Any]:
        bucket = next(size for size in (60, 300, 900, 3600, 21600, 86400) if (end - start) / size <= 298)
        begin, stop = math.floor(start / bucket) * bucket, math.ceil(end / bucket) * bucket
        times = list(range(begin, stop, bucket))
        up, down = [], []
        for second in times:
            day = 1 + 0.5 * math.sin(second / 86400 * 2 * math.pi)
            chance = random.Random(second)
            part = min(bucket, max(0.0, end - second)) * self.rate * self.share(view) * (0 if self.empty else 1)
            up.append(int(part * 0.45 * 310_000 * day * chance.uniform(0.8, 1.2)))
            down.append(int(part * 0.55 * 190_000 * (2.1 - day) * chance.uniform(0.8, 1.2)))
        series = [{"action": action, "direction": direction, "outcome": "success", "count": [value // 200_000 for value in data], "bytes": data}
                  for action, direction, data in (("PUT", "up", up), ("GET", "down", down))]
        return {"from": begin, "to": stop, "as_of": end, "nodes": view, "bucket_s": bucket, "times": times, "series": series}


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
                rows = self.world.rows(name, self.view)
                self.told[name] = {key: json.dumps(row) for key, row in rows.items()}
                topics[name] = {"n": 0, "as_of": now, "rows": rows}
        await self.say({"k": "snap", "view": self.view, "now": now, "topics": topics})

    async def frame(self, topics: dict[str, Any]) -> None:
        if not self.numbers:
            return
        numbered = {}
        for name, payload in topics.items():
            self.numbers[name] += 1
            numbered[name] = {"n": self.numbers[name]} | payload
        await self.say({"k": "delta", "now": time.time(), "topics": numbered})

    def changes(self) -> dict[str, Any]:
        topics: dict[str, Any] = {}
        for name in TABLES:
            rows = self.world.rows(name, self.view)
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
        events = [] if self.hidden else [[until, f"{self.world.random.getrandbits(64):016x}", 0, 0, 9, 2_319_360, -1] for _ in range(min(64, op_count))]
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


def application(world: World) -> web.Application:
    async def socket(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        client = Client(world, response)
        await client.say({"k": "hello", "protocol": 1, "version": "0.1.0", "demo": True, "now": time.time(), "nodes": world.nodes,
                          "coalesce_ms": 75, "slow_hz": 2, "sample": 64})
        task = asyncio.create_task(feed(client))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    await client.command(message.data)
        finally:
            task.cancel()
        return response

    async def traffic(request: web.Request) -> web.Response:
        spans = {"m": 60, "h": 3600, "d": 86400}
        wish = request.query.get("from", "-24h")
        end = time.time()
        view = request.query.getall("node", world.nodes)
        return web.json_response(world.traffic(end - int(wish[1:-1]) * spans[wish[-1]], end, view))

    async def index(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(DIST / "index.html")

    @web.middleware
    async def headers(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = CSP
        return response

    app = web.Application(middlewares=[headers])
    app.add_routes([web.get("/", index), web.get("/ws", socket), web.get("/api/v1/traffic", traffic), web.static("/assets", DIST / "assets")])
    return app


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--nodes", type=int, default=4)
    for flag in ("--hostile", "--quiet", "--empty"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    world = World(options.nodes, options.rate, options.hostile, options.quiet, options.empty)
    runner = web.AppRunner(application(world), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, reuse_address=True)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
