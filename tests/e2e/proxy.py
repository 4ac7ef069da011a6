"""A reverse proxy with TLS, as small as it can be, that does what proxies do: adds headers, cuts a path off, passes WebSockets on.

    python tests/e2e/proxy.py --to PORT --cert FILE --key FILE [--path /storj] [--own-host]

Prints its port. `--own-host` asks the monitor by the monitor's own address, as proxies do where nobody says otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl

HOP = ("connection", "host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "keep-alive")


def rewritten(head: bytes, peer: str, options: argparse.Namespace) -> bytes:
    """The head of a request as it is passed on: one request a connection, but for WebSockets."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, version = first.split(" ", 2)
    headers = [line for line in lines if line.partition(":")[0].lower() not in HOP]
    host = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")), "")
    upgrades = any(line.lower().startswith("upgrade:") for line in lines)
    headers.append(f"Host: 127.0.0.1:{options.to}" if options.own_host else f"Host: {host}")
    headers += [f"X-Forwarded-For: {peer}", "X-Forwarded-Proto: https", f"X-Forwarded-Host: {host}"]
    headers.append("Connection: Upgrade" if upgrades else "Connection: close")
    target = target.removeprefix(options.path) or "/"
    return "\r\n".join([f"{method} {target} {version}", *headers, "", ""]).encode("latin-1")


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def serve(options: argparse.Namespace) -> None:
    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            there, back = await asyncio.open_connection("127.0.0.1", options.to)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        back.write(rewritten(head, writer.get_extra_info("peername")[0], options))
        await asyncio.gather(pour(reader, back), pour(there, writer))

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options.cert, options.key)
    server = await asyncio.start_server(passed_on, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=int, required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--path", default="")
    parser.add_argument("--own-host", action="store_true")
    asyncio.run(serve(parser.parse_args()))
