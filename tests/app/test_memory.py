"""What the allocator is told, in a process of its own: it holds for all that comes after."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

CODE = "from storj_monitor.app.memory import {0}; print({0}())"


@pytest.mark.parametrize("what", ["share_one_heap", "keep_the_heap"])
def test_the_allocator_does_as_it_is_told(what: str) -> None:
    told = subprocess.run([sys.executable, "-c", CODE.format(what)], capture_output=True, text=True, check=True).stdout.strip()
    assert told == str(platform.libc_ver()[0] == "glibc")


def test_without_certificates_a_question_by_https_is_refused() -> None:
    """In a process of its own. It also tells when aiohttp keeps its contexts elsewhere."""
    code = """
import asyncio, aiohttp
from storj_monitor.app import memory
assert all(hasattr(memory.connector, name) for name in memory._TLS_CONTEXTS), "aiohttp has no such contexts any more"
assert memory.let_certificates_go()
assert [getattr(memory.connector, name).cert_store_stats()["x509"] for name in memory._TLS_CONTEXTS] == [0, 0]

async def ask():
    heard = asyncio.Queue()
    async def answer(reader, writer):
        heard.put_nowait(await reader.read(5))
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, aiohttp.ClientSession() as session:
        try:
            await session.get(url)
        except aiohttp.ClientConnectorError as error:
            print(type(error).__name__, (await heard.get())[:2])
asyncio.run(ask())
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told == r"ClientConnectorError b'\x16\x03'"  # a TLS greeting went out, no question


def test_what_is_free_is_given_back() -> None:
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from storj_monitor.app.memory import collect_and_give_back, give_back; give_back(); collect_and_give_back()",
        ],
        check=True,
    )
