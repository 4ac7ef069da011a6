"""What a first look costs the line: every byte that a real browser gets, counted on its way, until all cards have their figures.

The bar is 1.2 MB for a hundred nodes. Measured with `demo --nodes 100` in Chromium: 383,157 bytes, for a snapshot
of 891,805 bytes of JSON (before summaries: some 1.36 MB, and 3,354,830). A hundred invented nodes take a busy
machine minutes to make up, so here a fifth of them has to do with a fifth of the bar, the page's files included.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.conftest import MonitorServer
from patience import PATIENCE_S
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NODES = 20
MOST_BYTES = 1_200_000 * NODES // 100
MOST_SNAPSHOT_BYTES = 12_000 * NODES
"""Of JSON, uncompressed. A snapshot had 33 kB a node before views of several nodes got summaries."""
LAST_FIGURES = ("#card-earnings .months", "#card-storage canvas", "#card-bandwidth canvas")
"""What stands on the page when the questions that it asks by itself are answered."""


class CountingRelay:
    """Passes connections on to a port, and counts the bytes that go to the browser."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.sent_bytes = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self._threads[0].start()

    def close(self) -> None:
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # who waits for it wakes
        self._threads[0].join()
        for thread in self._threads[1:]:
            thread.join()
        for one in (self._listening, *self._open):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listening.accept()
                self._open.append(browser)
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open.append(server)
                for source, target, counts in ((browser, server, False), (server, browser, True)):
                    self._threads.append(threading.Thread(target=self._pour, args=(source, target, counts)))
                    self._threads[-1].start()

    def _pour(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counts:
                    with self._lock:
                        self.sent_bytes += len(data)
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def fleet(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitorServer]:
    """Many nodes."""
    server = MonitorServer("demo", "--nodes", str(NODES), "--rate", "5", "--database", str(tmp_path_factory.mktemp("fleet") / "demo.db"))
    yield server
    server.stop()


def first_load(url: str, page: Page) -> tuple[int, int]:
    """Bytes on the line until the page has all figures of its first look, and the length of the snapshot's JSON."""
    relay = CountingRelay(int(url.rstrip("/").rsplit(":", 1)[1]))
    snapshots: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: _note(frame, snapshots)))
    try:
        page.goto(relay.url)
        for figure in LAST_FIGURES:
            page.locator(figure).first.wait_for(state="attached")
        return relay.sent_bytes, snapshots[0]
    finally:
        relay.close()


def _note(frame: str | bytes, snapshots: list[int]) -> None:
    if '"k":"snap"' in str(frame[:20]):
        snapshots.append(len(frame))


def _has_told(url: str, topic: str) -> int:
    """How many nodes have a row of a topic; all nodes together have the empty name."""
    with urllib.request.urlopen(f"{url}api/v1/{topic}", timeout=PATIENCE_S) as answer:
        return len({row["node"] for row in json.load(answer)["rows"]} - {""})


@pytest.mark.timeout(6 * PATIENCE_S)  # a machine at work takes a minute or two to make up what so many nodes answer
def test_first_load_of_many_nodes(fleet: MonitorServer, new_page: Callable[..., Page]) -> None:
    """Once every node has told its money, scores and space."""
    deadline = time.monotonic() + 5 * PATIENCE_S
    while (told := {topic: _has_told(fleet.url, topic) for topic in ("earnings", "reputation", "storage")}) != dict.fromkeys(told, NODES):
        assert time.monotonic() < deadline, f"nodes that have told: {told}"
        time.sleep(0.5)
    sent_bytes, snapshot_bytes = first_load(fleet.url, new_page())
    print(f"first load of {NODES} nodes: {sent_bytes:,} bytes on the line, {snapshot_bytes:,} of JSON in the snapshot")
    assert snapshot_bytes <= MOST_SNAPSHOT_BYTES
    assert sent_bytes <= MOST_BYTES
