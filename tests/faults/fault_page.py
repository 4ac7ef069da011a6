"""A page in a thread: subscribes over a real WebSocket, keeps its topics as a browser does, and notes how it was closed."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Any

import aiohttp
from faults.fault_processes import Late, until


class Page:
    """Connected and subscribed when the context begins; `rows` are the newest of a table topic."""

    def __init__(self, port: int, *topics: str) -> None:
        self._url = f"http://127.0.0.1:{port}/ws"
        self._topics = topics
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="page")
        self._stop = asyncio.Event()
        self.deltas = 0
        self.gaps = 0
        self.events = 0
        self.close_code: int | None = None
        self.ready = threading.Event()

    def __enter__(self) -> Page:
        self._thread.start()
        until(lambda: self.ready.is_set() or not self._thread.is_alive(), 15, "a snapshot")
        if not self.ready.is_set():
            raise Late("the connection ended before a snapshot")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def rows(self, topic: str) -> dict[str, Any]:
        with self._lock:
            return dict(self._rows.get(topic, {}))

    def row(self, topic: str, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rows(topic).get(key, {})
        return found

    def _main(self) -> None:
        self._loop.run_until_complete(self._talk())

    async def _talk(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url, max_msg_size=0) as ws:
            await ws.send_json({"cmd": "subscribe", "id": 1, "topics": list(self._topics), "nodes": None})
            reading = asyncio.create_task(self._read(ws))
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait([reading, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)
            if self.close_code is None:
                self.close_code = ws.close_code

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        numbers: dict[str, int] = {}
        async for message in ws:
            frame = message.json()
            if frame["k"] not in ("snap", "delta"):
                continue
            self.deltas += frame["k"] == "delta"
            with self._lock:
                for topic, body in frame["topics"].items():
                    if frame["k"] == "delta" and body["n"] != numbers[topic] + 1:
                        self.gaps += 1
                    numbers[topic] = body["n"]
                    self._take(topic, body, frame["k"] == "snap")
            self.ready.set()
        self.close_code = ws.close_code

    def _take(self, topic: str, body: dict[str, Any], whole: bool) -> None:
        if topic == "live":
            self.events += 0 if whole else len(body["ev"]) + body["more"]
        elif "rows" in body:
            self._rows[topic] = body["rows"]
        else:
            rows = self._rows.setdefault(topic, {})
            rows.update(body.get("set", {}))
            for key in body.get("del", ()):
                rows.pop(key, None)
