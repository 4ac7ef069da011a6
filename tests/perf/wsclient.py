"""WebSocket clients of the live page in a process of their own: they subscribe, check the numbering, note every delay.

    python tests/perf/wsclient.py --url http://127.0.0.1:PORT --clients 10 --seconds 60 --out FOLDER

writes FOLDER/clients.json (counts, gaps, bytes) and FOLDER/events.bin: one EVENT record for each single event in `ev`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

TOPICS = ("live", "nodes", "actions", "satellites", "sizes", "errors", "pieces", "countries", "compactions", "lines")
"""What the live page subscribes."""

NODE_TOPICS = ("reputation", "storage", "earnings", "health", "analytics")
"""Topics of nodes that are asked, and of analytics; left out where the server does not know them."""

EVENT = struct.Struct("<HddQ")
"""client, received (Unix seconds), `t` of the event, piece hash"""

MAX_RECORDS = 3_000_000


@dataclass(slots=True)
class Tally:
    """What one client saw."""

    frames: int = 0
    deltas: int = 0
    bytes: int = 0
    events: int = 0
    shown: int = 0
    held_back: int = 0
    """Times that the monitor said that the live view slows down or pauses."""
    gaps: int = 0
    subscribes: int = 0
    closes: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)
    ops: Counter[int] = field(default_factory=Counter)
    frame_ms: list[float] = field(default_factory=list)


class Client:
    """One browser: hello, subscribe, then deltas until told to stop."""

    def __init__(self, number: int, url: str, topics: tuple[str, ...], records: bytearray | None) -> None:
        self.number = number
        self.url = url
        self.topics = topics
        self.records = records
        self.tally = Tally()
        self.ready = asyncio.Event()
        self._next: dict[str, int] = {}

    async def run(self, session: aiohttp.ClientSession, until: float) -> None:
        """Connect again when closed, as the page does."""
        while time.monotonic() < until:
            try:
                async with session.ws_connect(self.url, max_msg_size=0, origin=self.url.removesuffix("/ws")) as ws:
                    await self._subscribe(ws)
                    await self._read(ws, until)
                    if time.monotonic() < until:
                        self.tally.closes[str(ws.close_code)] += 1
            except aiohttp.ClientError as error:
                self.tally.closes[type(error).__name__] += 1
                await asyncio.sleep(0.5)

    async def _subscribe(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.tally.subscribes += self.ready.is_set() or not self.tally.subscribes
        await ws.send_str(json.dumps({"cmd": "subscribe", "id": 1, "topics": self.topics, "nodes": None}))

    async def _read(self, ws: aiohttp.ClientWebSocketResponse, until: float) -> None:
        decode = msgspec.json.decode
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return
            try:
                message = await ws.receive(timeout=left)
            except TimeoutError:
                return
            received = time.time()
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return
            self.tally.frames += 1
            self.tally.bytes += len(message.data)
            if self.records is None and self.ready.is_set():
                self._glance(message.data, received)
            elif self._take(decode(message.data), received):
                await self._subscribe(ws)

    def _glance(self, text: str, received: float) -> None:
        """A client that records nothing costs little: it only notes how old the frame is."""
        at = text.find('"now":') if text.startswith('{"k":"delta"') else -1
        if at >= 0:
            self.tally.deltas += 1
            end = min(i for i in (text.find(",", at), text.find("}", at)) if i > 0)
            self.tally.frame_ms.append((received - float(text[at + 6 : end])) * 1000)

    def _take(self, frame: dict[str, Any], received: float) -> bool:
        """Account one frame; true when a gap asks for a new subscription."""
        kind = frame["k"]
        if kind == "snap":
            self._next = {topic: body["n"] + 1 for topic, body in frame["topics"].items()}
            self.ready.set()
        elif kind == "delta":
            self.tally.deltas += 1
            if "now" in frame:
                self.tally.frame_ms.append((received - frame["now"]) * 1000)
            for topic, body in frame["topics"].items():
                self.tally.topics[topic] += 1
                if body["n"] != self._next.get(topic):
                    self.tally.gaps += 1
                    return True
                self._next[topic] = body["n"] + 1
                if topic == "live":
                    self._live(body, received)
        elif kind == "load":
            self.tally.held_back += frame["state"] != "normal"
        elif kind == "re" and "error" in frame:
            refused = [topic for topic in self.topics if topic in NODE_TOPICS and topic in str(frame["error"].get("message"))]
            if not refused:
                raise SystemExit(f"the server refused: {frame['error']}")
            self.topics = tuple(topic for topic in self.topics if topic not in refused)
            return True
        return False

    def _live(self, body: dict[str, Any], received: float) -> None:
        shown = body.get("ev", ())
        self.tally.shown += len(shown)
        self.tally.events += len(shown) + body.get("more", 0)
        for op, count, _ in body.get("ops", ()):
            self.tally.ops[op] += count
        if self.records is not None and len(self.records) < MAX_RECORDS * EVENT.size:
            for event in shown:
                self.records += EVENT.pack(self.number, received, event[0], int(event[1], 16))


async def run_clients(url: str, count: int, seconds: float, topics: tuple[str, ...], record: int) -> tuple[list[Client], bytearray]:
    """`count` clients for so many seconds; the first `record` of them note every event."""
    records = bytearray()
    ws_url = url.rstrip("/") + "/ws"
    clients = [Client(n, ws_url, topics, records if n < record else None) for n in range(count)]
    until = time.monotonic() + seconds
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(c.run(session, until)) for c in clients]
        ready = asyncio.gather(*(c.ready.wait() for c in clients))
        await asyncio.wait_for(ready, seconds)
        print("ready", flush=True)
        await asyncio.gather(*tasks)
    return clients, records


def summary(clients: list[Client], seconds: float) -> dict[str, Any]:
    """All clients together as JSON."""
    frame_ms = sorted(ms for c in clients for ms in c.tally.frame_ms)
    closes: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    for c in clients:
        closes.update(c.tally.closes)
        topics.update(c.tally.topics)
    return {
        "clients": len(clients),
        "frames": sum(c.tally.frames for c in clients),
        "frames_per_client_s": round(sum(c.tally.deltas for c in clients) / len(clients) / seconds, 2),
        "bytes": sum(c.tally.bytes for c in clients),
        "gaps": sum(c.tally.gaps for c in clients),
        "reconnects": sum(c.tally.subscribes - 1 for c in clients),
        "closes": dict(closes),
        "held_back_first_client": clients[0].tally.held_back,
        "topics": dict(topics),
        "events_first_client": clients[0].tally.events,
        "shown_first_client": clients[0].tally.shown,
        "ops_first_client": {str(op): n for op, n in sorted(clients[0].tally.ops.items())},
        "frame_ms_p95": round(frame_ms[int(len(frame_ms) * 0.95)], 2) if frame_ms else None,
    }


def allow_many_connections(wanted: int) -> None:
    """Raise the soft limit of open files as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument(
        "--record", type=int, default=10, help="so many clients note every event and check the numbering; the others only count frames"
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--topics", default=",".join(TOPICS))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    allow_many_connections(args.clients + 100)
    clients, records = asyncio.run(run_clients(args.url, args.clients, args.seconds, tuple(args.topics.split(",")), args.record))
    (args.out / "events.bin").write_bytes(records)
    (args.out / "clients.json").write_text(json.dumps(summary(clients, args.seconds)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
