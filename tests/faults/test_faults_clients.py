"""A client that reads nothing costs the others nothing, and memory little; it is told why it is closed."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, difference, stored, until
from patience import stretched

TOPICS = ["live", "nodes", "actions", "satellites", "sizes", "errors", "pieces", "countries", "compactions", "lines"]
CLOSE, MIB = 8, 1 << 20


def connect(port: int) -> socket.socket:
    """A WebSocket by hand, with a small window, subscribed to everything."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    raw.settimeout(10)
    raw.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += raw.recv(1)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    text = json.dumps({"cmd": "subscribe", "id": 1, "topics": TOPICS, "nodes": None}).encode()
    mask = os.urandom(4)
    raw.sendall(struct.pack("!BBH", 0x81, 0xFE, len(text)) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(text)))
    return raw


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Opcode and payload of each whole frame."""
    at = 0
    while at + 2 <= len(data):
        size, head = data[at + 1] & 0x7F, 2
        if size == 126:
            size, head = struct.unpack_from("!H", data, at + 2)[0], 4
        elif size == 127:
            size, head = struct.unpack_from("!Q", data, at + 2)[0], 10
        yield data[at] & 0x0F, data[at + head : at + head + size]
        at += head + size


def rest(raw: socket.socket) -> bytes:
    """Everything until the server ends the connection."""
    parts = []
    try:
        while part := raw.recv(1 << 16):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def test_a_client_that_reads_nothing(tmp_path: Path) -> None:
    often = ("--perf-ws-coalesce-ms", "20")  # fills what the system itself holds for a client in less time
    with (
        Fleet(tmp_path / "logs", rate=2400) as fleet,
        Monitor(tmp_path, fleet.logs, extra=often) as monitor,
        Page(monitor.port, *TOPICS) as page,
    ):

        def clients() -> int:
            return int(monitor.metric("storj_monitor_clients"))

        fleet.start()
        fleet.wait_for_lines(4000)
        before = monitor.rss_bytes()
        with closing(connect(monitor.port)) as raw:
            until(lambda: clients() == 2, 10, "the second client")
            most = 0

            def called_slow() -> bool:
                nonlocal most
                most = max(most, monitor.rss_bytes())
                return "reads too slowly" in monitor.text()

            seen = page.deltas
            until(called_slow, 60, "the client that reads nothing is closed")
            # it may still read what was sent to it, and why there is no more
            received: list[tuple[int, Any]] = list(frames(rest(raw)))
            until(lambda: clients() == 1, 10, "it has gone")
        assert received[-1][0] == CLOSE, [opcode for opcode, _ in received]
        assert struct.unpack("!H", received[-1][1][:2]) == (4001,)
        assert most - before < 16 * MIB
        assert page.deltas - seen >= 10, "others are served meanwhile"
        assert (page.gaps, page.close_code) == (0, None)
        fleet.finish()
        monitor.wait_for_lines(fleet.lines())
        assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


def test_stop_does_not_wait_for_a_client_that_reads_nothing(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", rate=2400) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        fleet.start()
        fleet.wait_for_lines(2000)
        with closing(connect(monitor.port)), closing(connect(monitor.port)), closing(socket.create_connection(("127.0.0.1", monitor.port))):
            until(lambda: monitor.metric("storj_monitor_clients") == 2, 10, "two clients")
            fleet.wait_for_lines(4000)
            code, took_s = monitor.stop()
        assert (code, took_s <= stretched(2)) == (0, True), f"{took_s} s"
