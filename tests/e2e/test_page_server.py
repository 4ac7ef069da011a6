"""The page and the server's own state: a server under load, and nodes that come while the page is open."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.conftest import DIST, MonitorServer
from e2e.test_page import at_rest, complaints, figure, moves, open_page
from playwright.sync_api import Page, WebSocketRoute, expect

pytestmark = pytest.mark.browser

PAUSED = {
    "k": "load", "state": "paused", "reason": "lag", "lag_bytes": 1_200_000_000, "left_s": 40.0, "commits_waiting": 1, "loop_lag_ms": 0.5,
}  # fmt: skip
DOWNSAMPLED = PAUSED | {"state": "downsampled", "lag_bytes": 20_000_000, "left_s": 1.5}
NORMAL = PAUSED | {"state": "normal", "reason": "", "lag_bytes": 0, "left_s": None}


class Between:
    """Between page and server: says a load in its place, and holds the deltas back while that is `paused`, as a server under load does."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._socket: WebSocketRoute | None = None
        self._held: list[str | bytes] | None = None
        self.commands: list[str] = []
        page.route_web_socket(re.compile(r"/ws\?protocol=\d+$"), self._connected)

    def _connected(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._socket = socket

        def from_server(text: str | bytes) -> None:
            message = json.loads(text)
            if message["k"] == "load":  # the demo's own, which has its past to read: only the test says one
                return
            if self._held is not None and message["k"] == "delta":
                self._held.append(text)
            elif "load" in message:  # hello and snapshots have it too
                socket.send(json.dumps(message | {"load": {name: value for name, value in NORMAL.items() if name != "k"}}))
            else:
                socket.send(text)

        def from_page(text: str | bytes) -> None:
            self.commands.append(json.loads(text)["cmd"])
            server.send(text)

        socket.on_message(from_page)
        server.on_message(from_server)

    def say(self, load: dict[str, object]) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(load | {"now": time.time()}))
        if load["state"] == "paused":
            self._held = self._held or []
        else:
            for text in self._held or []:
                self._socket.send(text)
            self._held = None


def test_under_load_the_page_says_so_and_stands_still(new_page: Callable[..., Page], page_url: str) -> None:
    page = new_page()
    between = Between(page)
    heard = complaints(page)
    open_page(page, page_url)
    moves(page, "in")
    notice = page.locator("[data-notice=load]")
    expect(notice).to_have_count(0)

    between.say(DOWNSAMPLED)
    expect(notice).to_have_text(re.compile(r"Catching up:\s+20\.0\s+MB of log to read, about 2\s+s\.\s+The live view moves more slowly\."))
    moves(page, "in")

    between.say(PAUSED)
    expect(notice).to_have_text(re.compile(r"Catching up:\s+1\.20\s+GB of log to read, about 40\s+s\.\s+The live view is paused"))
    expect(page.locator("[data-status=Paused]")).to_contain_text("1.20 GB to read")
    expect(page.locator("#card-satellites")).to_have_attribute("data-state", "stale")
    expect(page.locator("#card-satellites")).to_contain_text("as of")
    held = at_rest(page, "in")
    for _ in range(3):
        page.wait_for_timeout(1000)
        between.say(PAUSED)
        assert figure(page, "in") == held, "figures that stand still do not fade to zero"

    between.say(NORMAL)
    expect(notice).to_have_count(0)
    expect(page.locator("#card-satellites")).to_have_attribute("data-state", "ready")
    moves(page, "in")
    assert between.commands == ["subscribe"], "no gap: nothing was asked for again"
    assert heard == []


def test_a_server_of_another_version_reloads_the_page_once_and_is_asked_nothing(new_page: Callable[..., Page], page_url: str) -> None:
    page = new_page()
    commands: list[str | bytes] = []
    connected: list[WebSocketRoute] = []

    def of_another_version(socket: WebSocketRoute) -> None:
        connected.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda text: socket.send(json.dumps(json.loads(text) | {"protocol": 9})))
        socket.on_message(lambda text: commands.append(text))

    page.route_web_socket(re.compile(r"/ws\?protocol=\d+$"), of_another_version)
    loads = itertools.count(1)
    with page.expect_event("load", lambda _: next(loads) == 2):
        page.goto(page_url, wait_until="commit")
    expect(page.locator("[data-status=Refused]")).to_be_visible()
    expect(page.get_by_text("The monitor was updated.")).to_be_visible()
    assert len(connected) == 2, "reloaded once: what keeps an old page would give it again"
    assert commands == []


def test_a_node_that_comes_while_the_page_is_open(new_page: Callable[..., Page], built_page: Path, tmp_path: Path) -> None:
    """`ingest` beside the running monitor brings it: the server greets again, the page takes it in by itself."""
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    for log, seed in ((first, 1), (second, 2)):
        simulate = ["bulk", "--file", log, "--lines", 2000, "--start", time.time() - 60, "--rate", 40, "--seed", seed]
        subprocess.run([sys.executable, "-m", "storj_monitor.simulator", *map(str, simulate)], cwd=DIST.parents[1], check=True)
    database = tmp_path / "monitor.db"
    server = MonitorServer("run", "--database", str(database), "--node", f"first:{first}")
    try:
        page = new_page()
        between = Between(page)
        heard = complaints(page)
        open_page(page, server.url)
        expect(page.locator(".picker .label")).to_have_text("first")
        ingest = [sys.executable, "-m", "storj_monitor", "ingest", "--database", str(database), f"second:{second}"]
        subprocess.run(ingest, cwd=DIST.parents[1], check=True, capture_output=True)
        expect(page.locator(".picker .label")).to_have_text("All 2 nodes")
        expect(page.locator("#card-lines [data-node=second]")).to_be_visible()
        assert between.commands.count("subscribe") == 2
        page.locator(".picker .opener").click()
        page.get_by_role("checkbox", name="first").uncheck()
        expect(page.locator(".picker .label")).to_have_text("second")
        expect(page.locator("#card-lines [data-node=first]")).to_have_count(0)
        assert heard == []
    finally:
        server.stop()
