"""The built page: right types, kept by browsers as long as it may be, and nothing outside its folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from server.server_fakes import Serve

SCRIPT = "console.log('x');\n" * 200


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>é</title>", encoding="utf-8")
    (folder / "assets" / "index-BqX1_f-9.js").write_text(SCRIPT)
    (folder / "assets" / "index-Cd3fGh12.css").write_text("body{}")
    (folder / "map").mkdir()
    (folder / "map" / "some-countries.json").write_text("{}")
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/assets/index-BqX1_f-9.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/index-Cd3fGh12.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/map/some-countries.json", "application/json", "no-cache"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
    ],
)
async def test_types_and_caching(serve: Serve, page_dir: Path, path: str, content_type: str, cache: str) -> None:
    one = await serve(page_dir=page_dir)
    async with one.http.get(one.url + path) as response:
        assert (response.status, response.headers["Content-Type"], response.headers["Cache-Control"]) == (200, content_type, cache)
        etag = response.headers["ETag"]
        await response.read()
    async with one.http.get(one.url + path, headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    async with one.http.head(one.url + path) as response:
        assert response.status == 200


async def test_big_text_travels_compressed(serve: Serve, page_dir: Path) -> None:
    one = await serve(page_dir=page_dir)
    async with one.http.get(one.url + "/assets/index-BqX1_f-9.js") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) < 500
        assert await response.text() == SCRIPT
    async with one.http.get(one.url + "/assets/index-BqX1_f-9.js", headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers
        assert await response.text() == SCRIPT


@pytest.mark.parametrize(
    "path", ["/nothing", "/assets/", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link.txt", "/assets/%00"]
)
async def test_nothing_outside_the_folder(serve: Serve, page_dir: Path, path: str) -> None:
    one = await serve(page_dir=page_dir)
    async with one.http.get(one.url + "/") as response:
        assert response.status == 200
    reader, writer = await untidied_get(one.server.port, path)
    head = await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()
    assert b" 404 " in head or b" 400 " in head


async def untidied_get(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose path no client library has tidied up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return reader, writer


async def test_a_page_that_is_not_built_says_how_and_appears_when_it_is(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    one = await serve(page_dir=folder)
    async with one.http.get(one.url + "/") as response:
        assert response.status == 503 and "not built" in await response.text()
    folder.mkdir()
    (folder / "index.html").write_text("here")
    one.server._page._scanned_at = float("-inf")
    async with one.http.get(one.url + "/") as response:
        assert (response.status, await response.text()) == (200, "here")
    (folder / "index.html").unlink()
    async with one.http.get(one.url + "/") as response:
        assert response.status == 404
