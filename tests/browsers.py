"""Pages over sockets that can be stalled: they apply frames as docs/protocol.md says and fail on any gap."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

from storj_monitor.server.broadcaster import Broadcaster, Client, Topics
from storj_monitor.websocket_utils import Outbox


class Socket(asyncio.Transport):
    """What asyncio would give; a stalled one keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()
        self.stalled = False
        self.taken = bytearray()
        self.gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.waiting += data
        if not self.stalled:
            self.drain()

    def drain(self) -> None:
        self.taken += self.waiting
        self.waiting.clear()

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.gone

    def abort(self) -> None:
        self.gone = True


class Browser:
    """One page; `cells` are the live seconds, `rows` the tables."""

    def __init__(self, broadcaster: Broadcaster, *, limit_bytes: int) -> None:
        self._broadcaster = broadcaster
        self._limit_bytes = limit_bytes
        self.topics: Topics = frozenset()
        self.nodes: tuple[str, ...] = ()
        self.hidden = False
        self.closed_as_slow = 0
        self._connect()

    def _connect(self) -> None:
        self.socket = Socket()
        socket = self.socket

        ws: Any = SimpleNamespace(closed=False, compress=0)
        outbox = Outbox(ws, socket, on_slow=self._on_slow, limit_bytes=self._limit_bytes)
        self.client = Client(outbox)
        self.n: dict[str, int] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.cells: dict[int, list[int]] = {}
        self._broadcaster.add(self.client)

    def _on_slow(self) -> None:
        self.closed_as_slow += 1
        self._broadcaster.count_slow()

    def subscribe(self, topics: Topics, nodes: tuple[str, ...]) -> None:
        self.topics, self.nodes = topics, nodes
        self._broadcaster.subscribe(self.client, topics, nodes)

    def hide(self, hidden: bool) -> None:
        self.hidden = hidden
        self._broadcaster.hide(self.client, hidden)

    def leave(self) -> None:
        self._broadcaster.remove(self.client)

    def wake(self) -> None:
        """Read what came; a page that was closed meanwhile connects again."""
        self.socket.stalled = False
        self.socket.drain()
        if self.client.outbox.closed:
            self.leave()
            self._connect()
            self.hidden = False
            self.subscribe(self.topics, self.nodes)
        self.read()

    def read(self) -> None:
        """Apply all whole frames that have come."""
        data = self.socket.taken
        while len(data) >= 2:
            length, at = data[1], 2
            if length >= 126:
                width = 2 if length == 126 else 8
                length, at = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
            if data[0] == 0x81:
                self._apply(json.loads(data[at : at + length]))
            del data[: at + length]

    def _apply(self, message: dict[str, Any]) -> None:
        if message["k"] not in ("snap", "delta"):
            return
        if message["k"] == "snap":
            self.n, self.rows, self.cells = {}, {}, {}
        for topic, payload in message["topics"].items():
            if message["k"] == "snap":
                self._replace(topic, payload)
            else:
                assert payload["n"] == self.n[topic] + 1, f"gap in {topic}"
                self._change(topic, payload)
            self.n[topic] = payload["n"]

    def _replace(self, topic: str, payload: dict[str, Any]) -> None:
        if topic != "live":
            self.rows[topic] = payload["rows"]
            return
        ring = payload["ring"]
        columns = [ring[name] for name in ("up_bytes", "down_bytes", "up_ops", "down_ops")]
        first = ring["t"] - len(columns[0]) + 1
        self.cells = {first + i: list(cell) for i, cell in enumerate(zip(*columns, strict=True))}

    def _change(self, topic: str, payload: dict[str, Any]) -> None:
        if topic == "live":
            for second, *cell in payload["tot"]:
                known = self.cells.setdefault(second, [0, 0, 0, 0])
                self.cells[second] = [one + more for one, more in zip(known, cell, strict=True)]
        elif "rows" in payload:
            self.rows[topic] = payload["rows"]
        else:
            self.rows[topic].update(payload["set"])
            for key in payload["del"]:
                del self.rows[topic][key]
