"""Listening: the sockets of one address or host name, and the connections that come in by them."""

from __future__ import annotations

import asyncio
import socket

from storj_monitor.server.gate import BURST, Gate

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
        sock = socket.create_server(address, family=family, backlog=_BACKLOG)
        try:
            server = await asyncio.get_running_loop().create_server(self._gate.connection, sock=sock, backlog=BURST)
        except BaseException:
            sock.close()
            raise
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
