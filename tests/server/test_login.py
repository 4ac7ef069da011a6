"""Who gets in: password, cookie, Basic, Origin, Host; and how guessing is slowed down."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator

import aiohttp
import pytest
from patience import PATIENCE_S, eventually
from server.server_fakes import Serve

from storj_monitor.clock import SystemClock
from storj_monitor.errors import ConfigError, RequestError
from storj_monitor.server.login import SESSION_S, Sessions, _local
from storj_monitor.server.passwords import GuessLimits, PasswordCheck, check_hash, hash_password

PASSWORD = "correct horse ß"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"any:{password}".encode()).decode()}


class HandClock(SystemClock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


async def test_without_a_password_there_is_no_login(serve: Serve) -> None:
    one = await serve()
    for path in ("/metrics", "/api/v1/nodes"):
        async with one.http.get(one.url + path) as response:
            assert response.status == 200


async def test_everything_but_health_needs_the_password(serve: Serve, password_hash: str) -> None:
    one = await serve(password_hash=password_hash)
    async with one.http.get(one.url + "/healthz") as response:
        assert response.status == 200
    for path in ("/api/v1/nodes", "/api/v1/nothing", "/metrics"):
        async with one.http.get(one.url + path) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic")
            assert (await response.json())["error"]["code"] == "not_logged_in"
        for browser in ({"Sec-Fetch-Mode": "cors"}, {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}):
            response = await one.http.get(one.url + path, headers=browser)
            assert response.status == 401 and "WWW-Authenticate" not in response.headers
    async with one.http.get(one.url + "/?nodes=a", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/login?next=%2F%3Fnodes%3Da")
    ws = await one.ws()
    message = await ws.receive(timeout=PATIENCE_S)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
    assert one.server.client_count == 0


async def test_log_in_by_form_use_and_log_out(serve: Serve, password_hash: str) -> None:
    one = await serve(password_hash=password_hash)
    async with one.http.get(one.url + '/login?next=/%3Fnodes="<a>') as response:
        text = await response.text()
        assert "<script" not in text and "style=" not in text and 'value="/?nodes=&quot;&lt;a&gt;"' in text
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    async with one.http.get(one.url + "/login.css") as response:
        assert (response.status, response.content_type) == (200, "text/css")
    form = {"password": PASSWORD, "next": "/?nodes=a"}
    async with one.http.post(one.url + "/login", data=form, headers={"Origin": one.url}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/?nodes=a")
        cookie = response.headers["Set-Cookie"]
    assert f"storj_monitor_{one.server.port}=" in cookie
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    async with one.http.get(one.url + "/api/v1/nodes") as response:
        assert response.status == 200
    ws = await one.ws()
    assert (await ws.receive_json(timeout=PATIENCE_S))["k"] == "hello"
    await ws.close()
    async with one.http.post(one.url + "/logout", allow_redirects=False) as response:
        assert response.status == 303
    one.http.cookie_jar.update_cookies({f"storj_monitor_{one.server.port}": cookie.split("=", 1)[1].split(";")[0]})
    async with one.http.get(one.url + "/api/v1/nodes") as response:
        assert response.status == 401, "the server forgot the session, not only the browser"


async def test_after_many_wrong_passwords_the_right_one_still_opens(serve: Serve, password_hash: str) -> None:
    one = await serve(password_hash=password_hash)
    for _ in range(6):
        async with one.http.post(one.url + "/login", data={"password": "guess"}, headers={"Accept": "text/html"}) as response:
            assert response.status == 401 and "not the password" in await response.text()
    async with one.http.post(one.url + "/login", data={"password": PASSWORD}, allow_redirects=False) as response:
        assert response.status == 303
    async with one.http.get(one.url + "/metrics", headers=basic(PASSWORD)) as response:
        assert response.status == 200 and "storj_monitor_wrong_passwords_total 6.0" in await response.text()


async def test_basic_is_verified_once_and_then_remembered(serve: Serve, password_hash: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await serve(password_hash=password_hash)
    verified = []
    real = PasswordCheck._verify
    monkeypatch.setattr(PasswordCheck, "_verify", lambda self, password: verified.append(1) or real(self, password))  # type: ignore[func-returns-value]
    for _ in range(5):
        async with one.http.get(one.url + "/metrics", headers=basic(PASSWORD)) as response:
            assert response.status == 200 and "storj_monitor_wrong_passwords_total 0.0" in await response.text()
    assert len(verified) == 1
    for bad in ({"Authorization": "Basic !!"}, {"Authorization": "Bearer x"}, basic(""), basic("x" * 5000)):
        async with one.http.get(one.url + "/metrics", headers=bad) as response:
            assert response.status == 401


class Guesses:
    """A real check, whose guesses come from any address and whose slow ones wait on a clock that the test reads."""

    def __init__(self, password_hash: str, **limits: float) -> None:
        self.clock = WaitingClock()
        self.check = PasswordCheck(password_hash, self.clock, GuessLimits(**limits))  # type: ignore[arg-type]

    async def wrong(self, *addresses: str) -> list[object]:
        return await asyncio.gather(*(self.check.verify("guess", address) for address in addresses), return_exceptions=True)


class WaitingClock(SystemClock):
    """Waiting takes no time, and is noted."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def guesses(password_hash: str) -> Iterator[Callable[..., Guesses]]:
    made: list[Guesses] = []

    def make(**limits: float) -> Guesses:
        made.append(Guesses(password_hash, **limits))
        return made[-1]

    yield make
    for one in made:
        one.check.close()


async def test_a_crowd_of_right_passwords_all_get_in(guesses: Callable[..., Guesses]) -> None:
    one = guesses()
    assert await asyncio.gather(*(one.check.verify(PASSWORD, f"10.0.0.{n}") for n in range(12))) == [True] * 12


async def test_guesses_of_one_address_are_slowed_down_and_a_crowd_of_them_refused(guesses: Callable[..., Guesses]) -> None:
    one = guesses()
    for _ in range(5):
        assert await one.wrong("a") == [False]
    assert one.clock.waits == []
    for _ in range(3):
        assert await one.wrong("a") == [False]
    assert one.clock.waits == pytest.approx([2, 4, 6], abs=1), "one every two seconds"
    assert await one.wrong("b") == [False]
    assert len(one.clock.waits) == 3, "others are not slowed down"
    refused = await one.wrong(*["a"] * 10)
    assert [error.code for error in refused if isinstance(error, RequestError)] == ["too_many_logins"] * 6
    assert await one.check.verify(PASSWORD, "a"), "even from there"


async def test_one_ipv6_network_is_one_address(guesses: Callable[..., Guesses]) -> None:
    one = guesses()
    for host in range(1, 9):
        await one.wrong(f"2001:db8::{host}")
    assert len(one.clock.waits) == 3
    assert await one.wrong("2001:db8:0:1::1") == [False]
    assert len(one.clock.waits) == 3


async def test_a_right_password_has_its_place_before_any_number_of_guessers(guesses: Callable[..., Guesses]) -> None:
    one = guesses(waiting_all=8)
    guessers = [f"10.1.{n // 250}.{n % 250}" for n in range(40)]
    for address in guessers:
        await one.wrong(address)
    done: list[str] = []

    async def note(name: str, password: str, address: str) -> None:
        try:
            await one.check.verify(password, address)
            done.append(name)
        except RequestError:
            done.append("refused")

    flood = [asyncio.create_task(note("guess", "guess", address)) for address in guessers]
    await asyncio.sleep(0)
    await note("owner", PASSWORD, "192.0.2.9")
    await asyncio.gather(*flood)
    assert "owner" in done
    assert [name for name in done if name != "refused"].index("owner") <= 1, "behind the one that was at it already"
    assert done.count("refused") > 20, "so many cannot wait at the same time"


async def test_guesses_that_are_slowed_down_are_bounded_too(guesses: Callable[..., Guesses], monkeypatch: pytest.MonkeyPatch) -> None:
    one = guesses(burst=1, waiting_all=8)
    guessers = [f"10.1.0.{n}" for n in range(30)]
    for address in guessers:
        await one.wrong(address)
    monkeypatch.setattr(one.clock, "sleep", lambda _seconds: asyncio.sleep(3600))
    flood = [asyncio.create_task(one.check.verify("guess", address)) for address in guessers]
    await eventually(lambda: sum(task.done() for task in flood) == len(flood) - 8)
    waiting = [task for task in flood if not task.done()]
    assert all(isinstance(task.exception(), RequestError) for task in flood if task.done())
    assert await one.check.verify(PASSWORD, "192.0.2.9")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert one.check._slow == []


async def test_a_try_that_is_given_up_does_not_hold_up_the_line(guesses: Callable[..., Guesses]) -> None:
    one = guesses()
    tries = [asyncio.create_task(one.check.verify("guess", f"10.0.0.{n}")) for n in range(6)]
    await asyncio.sleep(0)
    for task in tries[::2]:
        task.cancel()
    await asyncio.gather(*tries, return_exceptions=True)
    assert await one.check.verify(PASSWORD, "192.0.2.9")


def test_sessions_end_and_are_bounded() -> None:
    clock = HandClock()
    sessions = Sessions(clock)
    first = sessions.start()
    assert sessions.holds(first) and not sessions.holds("") and not sessions.holds(first + "x")
    clock.at += SESSION_S
    assert not sessions.holds(first)
    tokens = [sessions.start() for _ in range(300)]
    assert sum(map(sessions.holds, tokens)) == 256


def test_hashes_are_checked_before_they_are_used(password_hash: str) -> None:
    assert check_hash(password_hash) == password_hash
    with pytest.raises(ConfigError, match="not an argon2 hash"):
        check_hash("plain")
    with pytest.raises(ConfigError, match="at most 19456"):
        check_hash(password_hash.replace("m=19456", "m=65536"))
    for bad in ("", "x" * 257):
        with pytest.raises(ValueError, match="characters"):
            hash_password(bad)


async def test_an_open_bind_needs_a_password(serve: Serve, password_hash: str) -> None:
    for bind in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(ConfigError, match="needs a password"):
            await serve(bind=bind)
    one = await serve(bind="0.0.0.0", password_hash=password_hash)
    assert one.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://127.0.0.1", "https://127.0.0.1@evil.example", "x"]
)
async def test_other_sites_pages_are_refused(serve: Serve, origin: str) -> None:
    one = await serve()
    headers = {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await one.ws(headers=headers)
    assert refused.value.status == 403
    for path in ("/login", "/logout"):
        async with one.http.post(one.url + path, data={"password": "x"}, headers=headers) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (403, "forbidden_origin")


async def test_our_own_page_and_a_named_proxy_are_welcome(serve: Serve) -> None:
    one = await serve(allowed_hosts=("mon.example",))
    for origin in (one.url, "https://mon.example"):
        ws = await one.ws(headers={"Origin": origin})
        await ws.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 404),
        ("LOCALHOST:99", 404),
        ("127.0.0.1:1", 404),
        ("[::1]:80", 404),
        ("mon.example:80", 404),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("a@localhost", 403),
        ("[", 403),
        ("10.0.0.1", 403),
    ],
)
async def test_names_that_are_not_ours_are_refused_on_loopback(serve: Serve, host: str, status: int) -> None:
    one = await serve(allowed_hosts=("Mon.example",))
    async with one.http.get(one.url + "/api/x", headers={"Host": host}) as response:
        assert response.status == status


async def test_every_answer_carries_the_security_headers(serve: Serve) -> None:
    one = await serve()
    for path in ("/", "/nothing", "/api/v1/nodes", "/api/nothing", "/healthz", "/metrics", "/login"):
        async with one.http.get(one.url + path, allow_redirects=False) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "/a\r\nSet-Cookie: x", "", "/" + "a" * 3000, "/é"])
def test_a_login_never_leads_to_another_site(target: str) -> None:
    assert _local(target) == "/"
    assert _local("/?nodes=a#x") == "/?nodes=a#x"
