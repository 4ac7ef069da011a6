"""Many WebSocket clients at the price of few: they subscribe as the page does, take every frame, and note how old each was.

    python tests/perf/crowd.py --url http://127.0.0.1:PORT --clients 990 --seconds 30 --out FOLDER

prints "ready" when all have their snapshot, and writes FOLDER/crowd.json. No library in between: a thousand clients that share a core
with the server would otherwise be what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from delays import percentiles
from wsclient import TOPICS, allow_many_connections

AT_ONCE = 100
"""Connections that are being opened at a time."""


class CrowdClient(asyncio.Protocol):
    """One client: shakes hands, subscribes, counts. `frame_ms` is shared by all: age of each delta on arrival.

    deflate -- offer permessage-deflate, as browsers do
    """

    def __init__(self, host: str, frame_ms: list[float], deflate: bool = False) -> None:
        self._host = host
        self._offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" if deflate else ""
        self.deflated = 0
        self._frame_ms = frame_ms
        self._buffer = bytearray()
        self._open = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.deltas = self.bytes = self.close_code = 0
        self.ended = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://{self._host}\r\n"
            f"{self._offer}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        received = time.time()
        self.bytes += len(data)
        buffer = self._buffer
        buffer += data
        if not self._open and not self._opened():
            return
        at = 0
        while (end := end_of_frame(buffer, at)) is not None:
            self._frame(buffer, at, end, received)
            at = end
        del buffer[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed before a snapshot"))

    def _opened(self) -> bool:
        head, mark, _ = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.ready.set_exception(ConnectionError(head.decode(errors="replace").partition("\r")[0]))
            assert self.transport is not None
            self.transport.abort()
            return False
        del self._buffer[: len(head) + 4]
        self._open = True
        self._send(json.dumps({"cmd": "subscribe", "id": 1, "topics": TOPICS, "nodes": None}).encode())
        return True

    def _send(self, payload: bytes, opcode: int = 1) -> None:
        """A frame with a mask of zeros."""
        assert self.transport is not None
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.transport.write(bytes([0x80 | opcode]) + size + bytes(4) + payload)

    def _frame(self, buffer: bytearray, at: int, end: int, received: float) -> None:
        opcode = buffer[at] & 0x0F
        if opcode == 1:
            # `{"k":"delta","now":1764158400.123,"topics":…`: no need to read more of it.
            text = bytes(buffer[at + head_bytes(buffer[at + 1]) : end])
            if buffer[at] & 0x40:
                self.deflated += 1
                text = zlib.decompressobj(-15).decompress(text, 60)
            if text.startswith(b'{"k":"delta'):
                self.deltas += 1
                number = text.find(b'"now":', 0, 30) + 6
                self._frame_ms.append((received - float(text[number : text.index(b",", number)])) * 1000)
            elif text.startswith(b'{"k":"snap') and not self.ready.done():
                self.ready.set_result(None)
        elif opcode == 8:
            self.close_code = int.from_bytes(buffer[at + 2 : at + 4], "big")
        elif opcode == 9:
            self._send(bytes(buffer[at + 2 : end]), 10)


def head_bytes(size: int) -> int:
    """Of a frame from a server whose second byte this is."""
    return {126: 4, 127: 10}.get(size, 2)


def end_of_frame(buffer: bytearray, at: int) -> int | None:
    """Where the frame that begins at `at` ends; None while it is not whole."""
    have = len(buffer) - at
    if have < 2:
        return None
    size, head = buffer[at + 1], 2
    if size == 126:
        size, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
    elif size == 127:
        size, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
    return at + head + size if have >= head + size else None


async def gather_crowd(url: str, count: int, seconds: float, deflate: bool = False) -> dict[str, Any]:
    """`count` clients that are connected for `seconds` from the moment when the last of them was ready."""
    address = urlsplit(url)
    frame_ms: list[float] = []
    clients: list[CrowdClient] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def connect() -> None:
        async with gate:
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(lambda: CrowdClient(address.netloc, frame_ms, deflate), address.hostname, address.port)  # type: ignore[arg-type]
            clients.append(client)
            await client.ready

    begin = time.monotonic()
    await asyncio.gather(*(connect() for _ in range(count)))
    connect_s = time.monotonic() - begin
    frame_ms.clear()
    before = [client.deltas for client in clients]
    print("ready", flush=True)
    await asyncio.sleep(seconds)
    deltas = sorted(client.deltas - n for client, n in zip(clients, before, strict=True))
    lost = sum(client.ended for client in clients)
    codes = sorted({client.close_code for client in clients if client.close_code})
    for client in clients:
        if client.transport is not None:
            client.transport.abort()
    return {
        "clients": count, "connect_s": round(connect_s, 2), "closed_by_server": lost, "close_codes": codes,
        "frames_per_client_s": {"least": round(deltas[0] / seconds, 2), "most": round(deltas[-1] / seconds, 2)},
        "bytes_per_client_s": round(sum(client.bytes for client in clients) / count / (connect_s + seconds)),
        "deflated": sum(client.deflated for client in clients), "bytes": sum(client.bytes for client in clients),
        "sent_to_frame_ms": percentiles(sorted(frame_ms)),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--clients", type=int, default=990)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--deflate", action="store_true", help="offer permessage-deflate, as browsers do")
    args = parser.parse_args()
    allow_many_connections(args.clients + 100)
    figures = asyncio.run(gather_crowd(args.url, args.clients, args.seconds, args.deflate))
    (args.out / "crowd.json").write_text(json.dumps(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
