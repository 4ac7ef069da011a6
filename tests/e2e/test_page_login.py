"""Logging in, living on the page and logging out, in a real browser that comes from another address than loopback."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.chromium import launched
from e2e.conftest import DIST, MonitorServer
from e2e.test_page import complaints
from e2e.widths import fits
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

PASSWORD = "correct horse ß"
LAN_NAME = "monitor.lan"  # over plain http no browser trusts it: it sends Origin with a form, and never Sec-Fetch-Site
PATIENCE_MS = 40_000
OTHER_SITE = "other.example"


class LoggedServer(MonitorServer):
    """A monitor of one node, whose log the tests write."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        super().__init__(*arguments)


@pytest.fixture(scope="module")
def server(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedServer]:
    folder = tmp_path_factory.mktemp("login")
    log = folder / "mine.log"
    more_lines(log)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORJ_MONITOR_PASSWORD", PASSWORD)
        server = LoggedServer(log, "run", "--bind", "0.0.0.0", "--database", str(folder / "monitor.db"), "--node", f"mine:{log}")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Knows the made-up names: both are this machine."""
    with launched(f"--host-resolver-rules=MAP {LAN_NAME} 127.0.0.1, MAP {OTHER_SITE} 127.0.0.1") as browser:
        yield browser


@pytest.fixture(params=[LAN_NAME, "127.0.0.2"])
def url(request: pytest.FixtureRequest, server: LoggedServer) -> str:
    return server.url.replace("127.0.0.1", request.param)


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def status(page: Page, path: str) -> int:
    """What the page itself is answered; 0 = it is led elsewhere."""
    asked = "path => fetch(path, { redirect: 'manual', cache: 'no-store' }).then((answer) => answer.status)"
    return int(page.evaluate(asked, path))


def more_lines(log: Path) -> None:
    part = log.with_suffix(".part")
    simulate = ["bulk", "--file", part, "--lines", 200, "--start", time.time() - 60, "--rate", 40, "--seed", 1]
    subprocess.run([sys.executable, "-m", "storj_monitor.simulator", *map(str, simulate)], cwd=DIST.parents[1], check=True)
    with log.open("ab") as file:
        file.write(part.read_bytes())


def live(page: Page, log: Path) -> None:
    """What the log brings comes to the page, so the WebSocket is there."""
    lines = page.locator("#card-lines [data-node=mine]")
    expect(lines).to_be_visible(timeout=PATIENCE_MS)
    before = lines.inner_text()
    more_lines(log)
    expect(lines).not_to_have_text(before, timeout=PATIENCE_MS, use_inner_text=True)


def test_the_whole_way_from_another_machine(new_page: Callable[..., Page], server: LoggedServer, url: str) -> None:
    page = new_page()
    page.goto(url + "?nodes=" + "#storage")
    expect(page).to_have_title("Log in - storj_monitor")
    expect(page.locator("input[name=username]")).to_be_hidden()  # there for password managers only
    heard = complaints(page)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        log_in(page, "a wrong one")
    assert answer.value.status == 401
    expect(page.get_by_role("alert")).to_have_text("This is not the password.")
    heard.clear()  # the browser itself calls a 401 an error
    log_in(page)
    live(page, server.log)
    assert page.url.startswith(url + "?nodes=")
    assert page.evaluate("document.cookie") == "", "no script can read the session"
    paths = page.evaluate("async () => Object.keys((await (await fetch('api/v1/openapi.json')).json()).paths)")
    assert {status(page, path) for path in paths if path != "/ws"} == {200}
    assert len(paths) > 15
    cookies = page.context.cookies()
    assert heard == []

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.context.cookies() == []
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # whoever kept the cookie has nothing in it
    assert {path: status(page, path) for path in paths} == dict.fromkeys(paths, 401)
    files = ("/", "/index.html", "/?nodes=x", "/favicon.svg", "/assets/none.js")
    assert {path: status(page, path) for path in files} == dict.fromkeys(files, 0), "led away, to the form"
    code = page.evaluate("new Promise((done) => { new WebSocket('ws').onclose = (event) => done(event.code); })")
    assert code == 1008
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_page_that_was_logged_out_elsewhere_shows_the_login(new_page: Callable[..., Page], server: LoggedServer) -> None:
    url = server.url.replace("127.0.0.1", LAN_NAME)
    page = new_page()
    page.goto(url)
    log_in(page)
    live(page, server.log)
    page.evaluate("location.hash = 'storage'")
    other = page.context.new_page()
    other.goto(url)
    other.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    log_in(page)
    live(page, server.log)
    assert page.url == url + "#storage"


def test_another_site_can_neither_log_in_nor_out_nor_listen(new_page: Callable[..., Page], server: LoggedServer) -> None:
    url = server.url.replace("127.0.0.1", LAN_NAME)
    page = new_page()
    page.goto(url)
    log_in(page)
    live(page, server.log)
    foreign = page.context.new_page()
    foreign.route(f"http://{OTHER_SITE}/", lambda route: route.fulfill(content_type="text/html", body="<h1>other</h1>"))
    for path in ("login", "logout"):
        foreign.goto(f"http://{OTHER_SITE}/")
        with foreign.expect_response(url + path) as answer:
            foreign.evaluate(
                "to => { const form = document.createElement('form'); form.method = 'post'; form.action = to;"
                " document.body.append(form); form.submit(); }",
                url + path,
            )
        assert answer.value.status == 403, path
        foreign.wait_for_url(url + path)
    foreign.goto(f"http://{OTHER_SITE}/")
    code = foreign.evaluate(
        "url => new Promise((done) => { const ws = new WebSocket(url.replace('http', 'ws') + 'ws');"
        " ws.onmessage = (event) => done(event.data); ws.onclose = (event) => done(event.code); })",
        url,
    )
    assert code == 1006, "refused before it began"
    live(page, server.log)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    make = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={LAN_NAME}"
    try:
        subprocess.run([*make.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl on this machine")
    return cert, key


@pytest.mark.parametrize(
    ("proxy_flags", "monitor_flags"),
    [
        ((), ("--allowed-hosts", LAN_NAME, "--trusted-proxies", "127.0.0.1")),
        (("--own-host",), ("--trusted-proxies", "127.0.0.1")),
        (("--path", "/storj"), ("--allowed-hosts", LAN_NAME, "--trusted-proxies", "127.0.0.1", "--base-path", "/storj")),
    ],
    ids=["same host", "host of its own", "below a path"],
)
def test_the_whole_way_behind_a_proxy(
    new_page: Callable[..., Page],
    built_page: Path,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    proxy_flags: tuple[str, ...],
    monitor_flags: tuple[str, ...],
) -> None:
    log = tmp_path / "mine.log"
    more_lines(log)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORJ_MONITOR_PASSWORD", PASSWORD)
        monitor = LoggedServer(log, "run", *monitor_flags, "--database", str(tmp_path / "m.db"), "--node", f"mine:{log}")
    port = monitor.url.rstrip("/").rpartition(":")[2]
    cert, key = map(str, certificate)
    command = [sys.executable, str(Path(__file__).parent / "proxy.py"), "--to", port, "--cert", cert, "--key", key, *proxy_flags]
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert proxy.stdout is not None
        path = proxy_flags[1] if "--path" in proxy_flags else ""
        url = f"https://{LAN_NAME}:{proxy.stdout.readline().strip()}{path}/"
        page = new_page(ignore_https_errors=True)
        page.goto(url + "?x=1")
        log_in(page, "a wrong one")
        expect(page.get_by_role("alert")).to_have_text("This is not the password.")
        assert page.get_by_text("not encrypted").count() == 0
        heard = complaints(page)
        log_in(page)
        live(page, log)
        assert page.url == url + "?x=1"
        (cookie,) = page.context.cookies()
        assert cookie["secure"] and cookie["httpOnly"] and cookie["path"] == (path or "/")
        assert heard == []
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert page.url == url + "login"
        assert status(page, path + "/api/v1/nodes") == 401
    finally:
        proxy.kill()
        proxy.communicate()
        monitor.stop()


def test_the_forms_and_the_page_behind_them_fit(server: LoggedServer, new_page: Callable[..., Page]) -> None:
    """Also with a wrong password, and with the button that logs out."""
    page = new_page()
    page.goto(server.url.replace("127.0.0.1", "127.0.0.2"))
    fits(page)
    log_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    fits(page)
    log_in(page)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    fits(page)
