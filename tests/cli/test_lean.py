"""What a running monitor has loaded, in processes of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
{before}
from storj_monitor.cli.lean import load_lean
module = load_lean({name!r}, tls={tls})
loaded = [name for name in ("ssl", "_hashlib") if sys.modules.get(name)]
print(callable(module.run), loaded)
{after}
"""

ASK = """
import asyncio, aiohttp, hashlib
assert hashlib.sha1(b"abc").hexdigest() == "a9993e364706816aba3e25717850c26c9cd0d89d"

async def ask():
    heard = []
    async def answer(reader, writer):
        heard.append(await reader.read(5))
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, aiohttp.ClientSession() as session:
        try:
            await session.get(url)
        except Exception as error:
            print(type(error).__name__, error, heard)
asyncio.run(ask())
"""


def _say(name: str = "storj_monitor.app.serving", *, tls: bool = False, before: str = "", after: str = "") -> list[str]:
    code = CODE.format(name=name, tls=tls, before=before, after=after)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()


def test_without_tls_openssl_is_not_loaded_and_a_question_by_https_is_refused() -> None:
    loaded, refused = _say(after=ASK)
    assert loaded == "True []"
    assert refused == "RuntimeError SSL is not supported. []"  # nothing went out, least of all in the clear


def test_with_tls_it_is_loaded() -> None:
    assert _say(tls=True) == ["True ['ssl', '_hashlib']"]


def test_openssl_that_is_there_already_stays() -> None:
    assert _say(before="import ssl, hashlib") == ["True ['ssl', '_hashlib']"]


@pytest.mark.parametrize(
    "first",
    [
        "import ssl",
        "import asyncio, aiohttp, sqlite3, msgspec, ssl",
        "import urllib.request; from http.client import HTTPSConnection",
        "from asyncio import sslproto; sslproto.SSLAgainErrors",
        "import storj_monitor.app.serving, ssl",
    ],
)
def test_a_library_that_needs_ssl_gets_it(tmp_path: Path, first: str) -> None:
    """And the process starts all the same, with https."""
    (tmp_path / "library.py").write_text(f"{first}\nfrom storj_monitor.app.serving import run\n", encoding="utf-8")
    loaded, refused = _say("library", before=f"sys.path.insert(0, {str(tmp_path)!r})", after=ASK)
    assert loaded.startswith("True ['ssl'")
    assert refused.startswith("ClientConnectorError") and r"b'\x16\x03" in refused  # a TLS greeting went out
