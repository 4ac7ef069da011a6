"""Listening: the sockets of one address or host name, and the connections that come in by them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import MutableMapping
from contextlib import ExitStack
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from storj_monitor.server.gate import BURST, Gate

# ---- What the HTTP library has to say, in one line each: a request that is none, or that breaks off,
# is the client's doing, not ours, and needs no traceback.


_MOST_CHARACTERS = 120


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """For aiohttp's `logger`. Bad requests are warnings of one line, counted in `bad`; everything else stays an error."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger, {})
        self.bad = 0

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        if isinstance(exc_info, HttpProcessingError | RequestPayloadError | ConnectionError):
            self.count(args[0] if args else "?", exc_info)
        else:
            super().exception(msg, *args, exc_info=exc_info, **kwargs)

    def debug(self, msg: object, *args: object, exc_info: Any = None, **kwargs: Any) -> None:
        """Something that is no HTTP at all, as a port scanner sends it, is told at this level."""
        if isinstance(exc_info, HttpProcessingError):
            self.count(args[0] if args else "?", exc_info)

    def count(self, client: object, error: Exception) -> None:
        """One bad request. What the client sent may be anything: it is written so that it cannot look like a line of our own."""
        self.bad += 1
        said = getattr(error, "message", "") or str(error)
        self.logger.warning("bad request from %s: %s", client, ascii(" ".join(str(said).split()))[:_MOST_CHARACTERS])


# ---- Listening: the sockets of one address or host name, and the connections that come in by them.


_BACKLOG = 256
# Who names all addresses means those of IPv4, too: on a socket of their own, so that callers keep their addresses as they are.
_ALL_IPV6, _ALL_IPV4 = "::", "0.0.0.0"


class Listener:
    """Hands what comes to `gate`. Connections are accepted in small bursts: each costs a file before it can be counted."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._servers: list[asyncio.Server] = []

    async def start(self, bind: str, port: int) -> int:
        """Listen on every address that `bind` means. Returns the port (0 takes a free one). OSError: the address or port cannot be had."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        addresses = [(family, address) for family, _, _, _, address in found]
        if any(address[0] == _ALL_IPV6 for _, address in addresses) and _has_ipv4():
            addresses.append((socket.AF_INET, (_ALL_IPV4, port)))
        try:
            for family, address in dict.fromkeys(addresses):
                port = await self._listen(family, (address[0], port, *address[2:]))
        except OSError:
            self.close()
            raise
        return port

    async def _listen(self, family: int, address: tuple[str | int, ...]) -> int:
        with ExitStack() as unless_served:
            sock = unless_served.enter_context(socket.create_server(address, family=family, backlog=_BACKLOG))
            server = await asyncio.get_running_loop().create_server(self._gate.connection, sock=sock, backlog=BURST)
            unless_served.pop_all()
        sock.listen(_BACKLOG)  # asyncio takes one number for what may wait and for what it accepts at once
        self._servers.append(server)
        return int(sock.getsockname()[1])

    def close(self) -> None:
        """Let nobody in any more."""
        for server in self._servers:
            server.close()
        self._servers = []
        self._gate.close()


def _has_ipv4() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True
