"""A real browser before a real server process. `page_url` is the one place that says which server that is."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.chromium import launched
from patience import PATIENCE_S
from playwright.sync_api import Browser, BrowserContext, Page, expect

DIST = Path(__file__).parents[2] / "storj_monitor" / "web_dist"
WATCH_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(event.violatedDirective + " " + event.blockedURI);
    });
"""


class MonitorServer:
    """The monitor itself, on a port of its own. `arguments`: its verb and flags."""

    def __init__(self, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "storj_monitor", *arguments, "--port", str(port)]
        self.process = subprocess.Popen(command, cwd=DIST.parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{port}/"
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if self.process.poll() is not None:
                _, said = self.process.communicate()
                pytest.fail(f"the monitor did not start: {said.decode(errors='replace')}")
            try:
                with urllib.request.urlopen(self.url + "healthz", timeout=PATIENCE_S) as answer:
                    answer.read()
                    return
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    pytest.fail("the monitor did not answer")
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


class PageServer:
    """A server process of made-up figures that can be stopped and started again on its port."""

    def __init__(self, *flags: str) -> None:
        self.flags = flags
        self.port = 0
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "e2e.fake_server", "--port", str(self.port), *self.flags]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the server did not start"
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)
        self.process = None


@pytest.fixture(scope="session")
def built_page() -> Path:
    if not (DIST / "index.html").is_file():
        pytest.fail("the page is not built: cd web && npm ci && npm run build")
    return DIST


@pytest.fixture
def page_server(built_page: Path) -> Iterator[Callable[..., PageServer]]:
    """Starts servers with the flags of fake_server.py; all are stopped at the end."""
    servers: list[PageServer] = []

    def start(*flags: str) -> PageServer:
        servers.append(PageServer(*flags))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


# Both end with their module: Playwright's loop stands in the way of tests that have a loop of their own, and a demo takes time from others.
@pytest.fixture(scope="module")
def demo_server(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitorServer]:
    server = MonitorServer("demo", "--rate", "200", "--database", str(tmp_path_factory.mktemp("demo") / "demo.db"))
    yield server
    server.stop()


@pytest.fixture
def page_url(demo_server: MonitorServer) -> str:
    """Address of a monitor that shows four nodes under about 200 events a second."""
    return demo_server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages that collect policy violations, console errors and exceptions; options are those of a browser context."""
    contexts: list[BrowserContext] = []
    expect.set_options(timeout=PATIENCE_S * 1000)

    def make(**options: object) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_S * 1000)
        context.add_init_script(WATCH_VIOLATIONS)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
