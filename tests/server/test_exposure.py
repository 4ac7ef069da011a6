"""Names, proxies, base path and TLS: how the server is reached, and what it believes of whom."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from patience import PATIENCE_S
from server.server_fakes import Serve

from storj_monitor.server import Limits, hash_password

PASSWORD = "correct horse"
HERE = ipaddress.ip_network("127.0.0.1")


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


async def log_in(one, path: str = "", **headers: str) -> aiohttp.ClientResponse:  # type: ignore[no-untyped-def]
    form = {"password": PASSWORD}
    return await one.http.post(f"{one.url}{path}/login", data=form, headers=headers, allow_redirects=False)


async def test_the_cookie_is_secure_where_a_trusted_proxy_was_asked_by_https(serve: Serve, password_hash: str) -> None:
    trusted = await serve(password_hash=password_hash, trusted_proxies=(HERE,))
    assert "; Secure" in (await log_in(trusted, **{"X-Forwarded-Proto": "https"})).headers["Set-Cookie"]
    assert "; Secure" not in (await log_in(trusted, **{"X-Forwarded-Proto": "http"})).headers["Set-Cookie"]
    anybody = await serve(password_hash=password_hash)
    assert "; Secure" not in (await log_in(anybody, **{"X-Forwarded-Proto": "https"})).headers["Set-Cookie"]


async def test_the_origin_is_that_of_the_proxy_when_it_is_trusted(serve: Serve, password_hash: str) -> None:
    """The proxy asks by an address of its own, as many do where nothing is set up."""
    said = {"Origin": "https://mon.example", "X-Forwarded-Host": "mon.example"}
    assert (await log_in(await serve(password_hash=password_hash, trusted_proxies=(HERE,)), **said)).status == 303
    refused = await log_in(await serve(password_hash=password_hash), **said)
    assert refused.status == 403 and "allowed_hosts" in await refused.text()
    assert (await log_in(await serve(password_hash=password_hash, allowed_hosts=("mon.example",)), **said)).status == 303


@pytest.mark.parametrize("host", ["mon.example", "mon.example:443", "MON.example"])
async def test_the_port_of_the_scheme_may_be_left_out(serve: Serve, password_hash: str, host: str) -> None:
    one = await serve(bind="0.0.0.0", password_hash=password_hash)
    assert (await log_in(one, Origin="https://mon.example", Host=host)).status == 303
    assert (await log_in(one, Origin="https://mon.example:8443", Host=host)).status == 403


async def test_a_browser_that_says_whose_page_asks_is_believed(serve: Serve, password_hash: str) -> None:
    one = await serve(password_hash=password_hash)
    own = {"Origin": "https://proxy.example", "Sec-Fetch-Site": "same-origin"}
    assert (await log_in(one, **own)).status == 303
    for site in ("cross-site", "same-site", "x"):
        assert (await log_in(one, **{"Sec-Fetch-Site": site})).status == 403
        assert (await log_in(one, **{"Sec-Fetch-Site": site, "Origin": "http://evil.example"})).status == 403


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", "203.0.113.7"),  # the first one is what the client said of itself
        ("203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.2, 10.0.0.3", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.2", "10.0.0.2"),
        ("rubbish, 10.0.0.2", "10.0.0.2"),
        ("", "127.0.0.1"),
    ],
)
async def test_a_wrong_password_counts_for_the_client_behind_the_proxies(
    serve: Serve, password_hash: str, said: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await serve(password_hash=password_hash, trusted_proxies=(HERE, ipaddress.ip_network("10.0.0.0/8")))
    seen = []
    real = one.server._check.verify
    monkeypatch.setattr(one.server._check, "verify", lambda password, address: seen.append(address) or real(password, address))  # type: ignore[func-returns-value]
    await log_in(one, **{"X-Forwarded-For": said})
    assert seen == [address]


async def test_only_named_hosts_and_addresses_where_hosts_are_named(serve: Serve, password_hash: str) -> None:
    one = await serve(bind="0.0.0.0", password_hash=password_hash, allowed_hosts=("mon.example",))
    for host, status in (("mon.example:80", 200), ("192.0.2.9", 200), ("[2001:db8::1]:80", 200), ("localhost", 200), ("evil.example", 403)):
        async with one.http.get(one.url + "/login", headers={"Host": host}) as response:
            assert response.status == status, host


@pytest.mark.parametrize("cut_off", [False, True])
async def test_below_a_base_path(serve: Serve, password_hash: str, tmp_path: Path, cut_off: bool) -> None:
    """A proxy may leave the path in the requests, or cut it off; what the browser gets has it always."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<title>page</title>")
    one = await serve(password_hash=password_hash, base_path="/storj")
    at = "" if cut_off else "/storj"
    url = one.url.removesuffix("/storj")
    async with one.http.get(url + at + "/?nodes=a%26b", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/storj/login?next=%2F%3Fnodes%3Da%2526b")
    async with one.http.get(url + at + "/login?next=/%3Fnodes=a") as response:
        text = await response.text()
        assert 'action="/storj/login"' in text and 'href="/storj/login.css"' in text and 'value="/?nodes=a"' in text
    async with one.http.post(url + at + "/login", data={"password": PASSWORD, "next": "/?nodes=a"}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/storj/?nodes=a")
        cookie = response.headers["Set-Cookie"]
        assert "Path=/storj" in cookie
    login = {"Cookie": cookie.partition(";")[0]}
    for path, status in (("/", 200), ("/api/v1/nodes", 200), ("/metrics", 200), ("/healthz", 200), ("/none", 404), ("/api/none", 404)):
        async with one.http.get(url + at + path, headers=login, allow_redirects=False) as response:
            assert response.status == status, path
    async with one.http.ws_connect(url + at + "/ws", headers=login) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_S))["k"] == "hello"
    one.http.cookie_jar.clear()
    if not cut_off:
        for path in ("/storj/api/v1/nodes", "/storj/metrics"):
            async with one.http.get(url + path) as response:
                assert response.status == 401
        async with one.http.get(url + "/storj", headers=login, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (308, "/storj/")
        async with one.http.get(url + "/storjx/", headers=login) as response:
            assert response.status == 404


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    make = f"openssl req -x509 {kind} -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    try:
        subprocess.run([*make.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl on this machine")
    return cert, key


async def test_by_tls(serve: Serve, password_hash: str, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    one = await serve(password_hash=password_hash, tls=context, limits=Limits(head_s=0.5))
    assert one.url.startswith("https://")
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    async with one.http.post(one.url + "/login", data={"password": PASSWORD}, ssl=trust, allow_redirects=False) as response:
        assert response.status == 303 and "; Secure" in response.headers["Set-Cookie"]
        cookie = {"Cookie": re.split(";", response.headers["Set-Cookie"])[0]}
    async with one.http.ws_connect(one.url + "/ws", headers=cookie, ssl=trust) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_S))["k"] == "hello"
    # who does not begin with TLS, or with nothing at all, is sent away
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b""):
        reader, writer = await plain_connection(one.server.port)
        writer.write(sent)
        assert b"HTTP" not in await ended(reader)
        writer.transport.abort()
    async with one.http.get(one.url + "/healthz", ssl=trust) as response:
        assert await response.text() == "ok"


async def plain_connection(port: int):  # type: ignore[no-untyped-def]
    return await asyncio.open_connection("127.0.0.1", port)


async def ended(reader) -> bytes:  # type: ignore[no-untyped-def]
    try:
        return bytes(await asyncio.wait_for(reader.read(), PATIENCE_S))
    except ConnectionError:
        return b""


async def test_all_addresses_are_those_of_ipv4_too(serve: Serve, password_hash: str) -> None:
    """`::` stands for all of them; an asyncio server takes it for IPv6 alone."""
    one = await serve(bind="::", password_hash=password_hash)
    port = urlsplit(one.url).port
    for host in ("127.0.0.1", "[::1]"):
        async with one.http.get(f"http://{host}:{port}/login") as answer:
            assert answer.status == 200
