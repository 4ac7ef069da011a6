"""A big backlog of real log: pages get less, then nothing but how it stands; reading goes on, and at the end page and database agree.

And too few open files for all the pages that come: pages are refused, logs are read.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import aiohttp
from faults.fault_processes import Monitor, command, environment, stored
from flags import all_off

BLOCK_LINES = 40_000
BLOCK_EVERY_S = 0.08  # 12 MB each: more than is read in this time
LIMIT_S = 240.0 if all_off() else 60.0  # the plain parser is several times slower


class Watcher:
    """A client that keeps what it is told: totals from `live`, rows of the tables, and every load state with what came in it."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.n: dict[str, int] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.events = 0
        self.hello: dict[str, Any] = {}
        self.loads: list[dict[str, Any]] = []
        self.deltas: list[int] = [0]  # before the first load message, between it and the second, …

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not wanted():
                self.take(await self.ws.receive_json())

    def take(self, frame: dict[str, Any]) -> None:
        if frame["k"] == "hello":
            self.hello = frame
        elif frame["k"] == "load":
            self.loads.append(frame)
            self.deltas.append(0)
        elif frame["k"] in ("snap", "delta"):
            self.deltas[-1] += frame["k"] == "delta"
            for topic, body in frame["topics"].items():
                assert frame["k"] == "snap" or body["n"] == self.n[topic] + 1, f"gap in {topic}"
                self.n[topic] = body["n"]
                if topic == "live":
                    self.events += len(body["ev"]) + body["more"] if frame["k"] == "delta" else 0
                elif frame["k"] == "snap":
                    self.rows[topic] = body["rows"]
                else:
                    self.rows[topic] |= body["set"] if "set" in body else body["rows"]

    def states(self) -> list[str]:
        return [name for name, _ in groupby(load["state"] for load in self.loads)]

    def lines(self) -> int:
        count: int = self.rows["lines"].get("node", {}).get("lines", 0)
        return count


def transfers(counts: dict[str, int]) -> int:
    return sum(n for name, n in counts.items() if not name.endswith(" started"))


async def pour(log: Path, block: bytes, enough: Callable[[], bool]) -> int:
    """Append to the log faster than it is read; how many blocks it took."""
    blocks = 0
    with log.open("ab") as file:
        while not enough():
            file.write(block)
            blocks += 1
            await asyncio.sleep(BLOCK_EVERY_S)
    return blocks


async def test_a_big_backlog(tmp_path: Path) -> None:
    log, block_file = tmp_path / "node.log", tmp_path / "block.log"
    # All within the last minutes: so every line counts as now, and totals of the page can be compared.
    arguments = ["--file", block_file, "--lines", BLOCK_LINES, "--start", time.time() - 200, "--rate", BLOCK_LINES / 190]
    simulate = [*command()[:2], "storj_monitor.simulator", "bulk", *map(str, arguments), "--name", "node", "--seed", "3"]
    await asyncio.to_thread(subprocess.run, simulate, check=True, env=environment(), capture_output=True)
    block = block_file.read_bytes()
    log.touch()
    with Monitor(tmp_path, {"node": log}) as monitor:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{monitor.port}/ws", max_msg_size=0) as ws:
            watcher = Watcher(ws)
            await ws.send_json({"cmd": "subscribe", "id": 1, "topics": ["live", "lines", "actions"], "nodes": None})
            await watcher.until(lambda: "actions" in watcher.rows)
            assert watcher.hello["load"]["state"] == "normal"
            pouring = asyncio.create_task(pour(log, block, lambda: "paused" in watcher.states()))
            await watcher.until(lambda: "paused" in watcher.states())
            blocks = await pouring
            answer = await asyncio.to_thread(monitor.get, "/api/v1/load")
            assert (answer["state"], answer["reason"]) == ("paused", "lag")
            assert answer["lag_bytes"] > 32 << 20
            assert await asyncio.to_thread(monitor.metric, "storj_monitor_load_state") == 2.0
            await watcher.until(lambda: watcher.states()[-1] == "normal")
            await watcher.until(lambda: watcher.lines() == blocks * block.count(b"\n"))
        code, _ = await asyncio.to_thread(monitor.stop)
        assert code == 0
    assert watcher.states() == ["downsampled", "paused", "downsampled", "normal"]
    paused = [n for load, n in zip(watcher.loads, watcher.deltas[1:], strict=True) if load["state"] == "paused"]
    assert len(paused) >= 2 and not any(paused), "while paused nothing but the load"
    lags = [load["lag_bytes"] for load in watcher.loads if load["state"] == "paused"]
    assert lags[-1] < max(lags) // 2, "reading goes on"
    counts = await asyncio.to_thread(stored, monitor.database)
    assert watcher.lines() == counts["lines"]
    assert watcher.events == transfers(counts["transfers"])
    told = {
        f"{key} {outcome}": row[outcome] for key, row in watcher.rows["actions"].items() for outcome in ("success", "canceled", "failed")
    }
    assert {k: n for k, n in told.items() if n} == {k: n for k, n in counts["transfers"].items() if n and not k.endswith(" started")}


FILES, PAGES, TRIES = 512, 188, 200


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, FILES))


async def test_more_pages_than_the_system_has_files_for(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.touch()
    line = b"2026-11-23T12:00:00Z\tINFO\tpiecestore\tnot a transfer\t{}\n"
    with Monitor(tmp_path, {"node": log}, before=few_files) as monitor:
        assert f"allows {FILES} open files (ulimit -Hn): at most {PAGES} pages" in monitor.text()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            url, refused, pages = f"http://127.0.0.1:{monitor.port}/ws", 0, []
            for _ in range(TRIES):
                try:
                    pages.append(await session.ws_connect(url))
                except aiohttp.WSServerHandshakeError as error:
                    assert error.status == 503
                    refused += 1
            assert (len(pages), refused) == (PAGES, TRIES - PAGES)
            log.rename(tmp_path / "node.log.1")
            log.write_bytes(line * 7)  # a new file is opened while no page more would be let in
            await asyncio.to_thread(monitor.wait_for_lines, 7)
            await pages[0].close()
            async with asyncio.timeout(LIMIT_S):
                while not await let_in(session, url):  # noqa: ASYNC110 - another process lets it in
                    await asyncio.sleep(0.02)


async def let_in(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.ws_connect(url) as ws:
            return bool((await ws.receive_json())["k"] == "hello")
    except aiohttp.WSServerHandshakeError:
        return False
