"""What the server keeps ends with what it was made from: another password, another page, other nodes."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from server.server_fakes import Serve

from storj_monitor.server import hash_password


class HandClock:
    """Real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return 1_764_158_400.0 + self.ahead_s

    def monotonic(self) -> float:
        return 1000.0 + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        self.ahead_s += seconds


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    folder.mkdir()
    return folder


async def read(one: SimpleNamespace, etag: str = "") -> tuple[int, str, str]:
    headers = {"If-None-Match": etag} if etag else {}
    async with one.http.get(one.url + "/", headers=headers) as response:
        return response.status, await response.text(), response.headers.get("ETag", "")


@pytest.mark.parametrize("size", [10, 5000])  # read from the disk, and kept compressed
@pytest.mark.parametrize("restart", [False, True])
async def test_a_page_that_was_built_anew_is_the_one_that_is_served(serve: Serve, page_dir: Path, size: int, restart: bool) -> None:
    index, clock = page_dir / "index.html", HandClock()
    index.write_text("old" * size)
    one = await serve(page_dir=page_dir, clock=clock)
    status, text, etag = await read(one)
    assert (status, text) == (200, "old" * size)
    assert (await read(one, etag))[0] == 304
    index.write_text("new" * size)
    os.utime(index, ns=(1, 2))
    clock.ahead_s += 2
    if restart:
        one = await serve(page_dir=page_dir, clock=clock)
    assert (await read(one, etag))[:2] == (200, "new" * size)


async def test_a_changed_password_ends_what_the_old_one_opened(serve: Serve) -> None:
    old, new = ({"Authorization": aiohttp.encode_basic_auth("", password)} for password in ("old one", "new one"))
    first = await serve(password_hash=hash_password("old one"))
    for _ in range(2):  # the second time it is remembered
        async with first.http.get(first.url + "/metrics", headers=old) as response:
            assert response.status == 200
    second = await serve(password_hash=hash_password("new one"))
    async with second.http.get(second.url + "/metrics", headers=old) as response:
        assert response.status == 401
    async with second.http.get(second.url + "/metrics", headers=new) as response:
        assert response.status == 200


async def test_a_session_ends_with_the_server_that_gave_it(serve: Serve) -> None:
    first = await serve(password_hash=hash_password("same"))
    async with first.http.post(
        first.url + "/login", data={"password": "same"}, headers={"Origin": first.url}, allow_redirects=False
    ) as response:
        assert response.status == 303
        cookies = {name: morsel.value for name, morsel in response.cookies.items()}
    async with first.http.get(first.url + "/metrics", cookies=cookies) as response:
        assert response.status == 200
    second = await serve(password_hash=hash_password("same"))
    async with aiohttp.ClientSession(cookies=cookies) as http, http.get(second.url + "/metrics") as response:
        assert response.status == 401
