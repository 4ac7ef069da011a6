"""The gate before the HTTP server: how many connections there may be, and how long each may keep us waiting.

A connection *waits* while no request of it is being answered: it has just come, its request is not whole yet (the body belongs to it),
or it is kept alive.
Such a one is worth little. When there are too many, of one address or of all, the one that has waited longest goes, so a newcomer
always finds a place; and none waits longer than the limits of time. A connection whose request is being answered, or that has
become a WebSocket, is never touched here: the routes have limits of their own.

Without limits of number the process runs out of files: then no log is read and nothing is stored either.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from storj_monitor.model.addresses import Network, is_in, same_place

if TYPE_CHECKING:
    from ssl import SSLContext

BURST = 32
"""Connections that are accepted in one turn of the event loop; some four times as many may be open before the first is counted."""
_SWEEP_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of connections and seconds.

    connections  -- all there may be
    per_address  -- of one address (IPv6: one /64), that wait
    head_s       -- until a request line and its headers are whole, from the first byte on, or from the start of the connection
    body_s       -- until the body of a request is whole
    idle_s       -- between two requests, and without progress while an answer is being read
    grace_s      -- younger connections are not sent away for others: their request is on its way
    """

    connections: int = 1356
    per_address: int = 64
    head_s: float = 20.0
    body_s: float = 20.0
    idle_s: float = 75.0
    grace_s: float = 1.0


class Connection(asyncio.Protocol):
    """One connection: counted here, spoken to by `inner` (made when it is let in)."""

    __slots__ = ("_early", "_gate", "began_at", "inner", "place", "since", "transport", "unsent")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._early = b""
        self.inner: asyncio.Protocol | None = None
        self.transport: asyncio.Transport | None = None
        self.place = ""
        self.since = 0.0
        self.began_at: float | None = None
        self.unsent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._gate.came(self)

    def data_received(self, data: bytes) -> None:
        if self.began_at is None:
            self.began_at = self._gate.now()
        if self.inner is not None:
            self.inner.data_received(data)
        else:
            self._early += data

    def let_in(self, inner: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """From here on `inner` speaks. What came in one packet with the end of the handshake is not lost."""
        self.inner, self.transport = inner, transport
        inner.connection_made(transport)
        if self._early:
            early, self._early = self._early, b""
            inner.data_received(early)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received() if self.inner is not None else None

    def pause_writing(self) -> None:
        if self.inner is not None:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self.inner is not None:
            self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.left(self)
        if self.inner is not None:
            self.inner.connection_lost(exc)


class Gate:
    """Call on the event loop only. `make_inner` makes what speaks HTTP; `trusted` addresses (proxies) have no limit of their own."""

    def __init__(
        self, make_inner: Callable[[], asyncio.Protocol], limits: Limits, trusted: Sequence[Network], tls: SSLContext | None = None
    ) -> None:
        self._make_inner = make_inner
        self._limits = limits
        self._trusted = trusted
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._all: set[Connection] = set()
        self._by_inner: dict[asyncio.BaseProtocol, Connection] = {}
        self._waiting: dict[str, dict[Connection, None]] = {}  # by place, the longest waiting first
        self._sweep: asyncio.TimerHandle | None = None
        self._handshakes: set[asyncio.Task[None]] = set()
        self.sent_away: Counter[str] = Counter({"late": 0, "too_many": 0})

    @property
    def count(self) -> int:
        """Connections that are open."""
        return len(self._all)

    def connection(self) -> Connection:
        """For `loop.create_server`, without its `ssl`."""
        return Connection(self)

    def close(self) -> None:
        """No timers and handshakes any more; the connections are the HTTP server's to close."""
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._handshakes:
            task.cancel()

    def came(self, connection: Connection) -> None:
        transport = connection.transport
        assert transport is not None
        peer = transport.get_extra_info("peername")
        address = peer[0] if peer else ""
        connection.place = same_place(address)
        if len(self._all) >= self._limits.connections and not self._make_room():
            self.sent_away["too_many"] += 1
            transport.abort()
            return
        mine = self._waiting.get(connection.place, {})
        if len(mine) >= self._limits.per_address and not is_in(address, self._trusted) and self._drop_oldest(mine):
            _log.warning("too many connections of %s wait: those that have waited longest are closed", address)
        self._all.add(connection)
        connection.began_at = self.now()
        self._wait(connection)
        if self._tls is None:
            self._let_in(connection, transport)
        else:
            transport.pause_reading()
            task = self._loop.create_task(self._shake_hands(connection, transport, self._tls))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    def left(self, connection: Connection) -> None:
        if connection in self._all:
            self._all.discard(connection)
            self._stop_waiting(connection)
        if connection.inner is not None:
            self._by_inner.pop(connection.inner, None)

    def head_is_whole(self, inner: asyncio.BaseProtocol) -> None:
        """What the connection waits with now is the body of its request."""
        connection = self._by_inner.get(inner)
        if connection is not None:
            connection.began_at = None
            connection.since = self.now()

    @contextmanager
    def answering(self, inner: asyncio.BaseProtocol) -> Iterator[None]:
        """A request of this connection is being answered: it does not wait."""
        connection = self._by_inner.get(inner)
        if connection is None:
            yield
            return
        self._stop_waiting(connection)
        try:
            yield
        finally:
            if connection in self._all:
                connection.began_at = None
                self._wait(connection)

    async def _shake_hands(self, connection: Connection, transport: asyncio.Transport, tls: SSLContext) -> None:
        """A peer that speaks no TLS, or too slowly, is sent away in silence: anybody can knock."""
        try:
            secured = await self._loop.start_tls(
                transport, connection, tls, server_side=True, ssl_handshake_timeout=self._limits.head_s, ssl_shutdown_timeout=1.0
            )
        except (OSError, TimeoutError):
            secured = None
        if secured is None or connection not in self._all:
            self.left(connection)
            transport.abort()
            return
        self._let_in(connection, secured)

    def _let_in(self, connection: Connection, transport: asyncio.Transport) -> None:
        inner = self._make_inner()
        self._by_inner[inner] = connection
        connection.let_in(inner, transport)

    def _wait(self, connection: Connection) -> None:
        connection.since = self.now()
        self._waiting.setdefault(connection.place, {})[connection] = None
        if self._sweep is None:
            self._sweep = self._loop.call_later(min(_SWEEP_S, self._limits.head_s / 4), self._look)

    def _stop_waiting(self, connection: Connection) -> None:
        mine = self._waiting.get(connection.place)
        if mine is not None:
            mine.pop(connection, None)
            if not mine:
                del self._waiting[connection.place]

    def _make_room(self) -> bool:
        """Who has most connections waiting gives one up."""
        longest = max(self._waiting.values(), key=len, default=None)
        made = longest is not None and self._drop_oldest(longest)
        _log.warning("%d connections are open, the most there may be: those that have waited longest are closed", len(self._all))
        return made

    def _drop_oldest(self, waiting: dict[Connection, None]) -> bool:
        oldest = next(iter(waiting), None)
        if oldest is None or self.now() - oldest.since < self._limits.grace_s:
            return False
        self._drop(oldest, "too_many")
        return True

    def _drop(self, connection: Connection, why: str) -> None:
        self.sent_away[why] += 1
        self._all.discard(connection)
        self._stop_waiting(connection)
        if connection.transport is not None:
            connection.transport.abort()

    def _look(self) -> None:
        """Who has waited too long goes."""
        self._sweep = None
        now = self.now()
        for connection in [one for mine in self._waiting.values() for one in mine]:
            if self._is_late(connection, now):
                self._drop(connection, "late")
        if self._waiting:
            self._sweep = self._loop.call_later(min(_SWEEP_S, self._limits.head_s / 4), self._look)

    def _is_late(self, connection: Connection, now: float) -> bool:
        transport = connection.transport
        unsent = transport.get_write_buffer_size() if transport is not None else 0
        if unsent and unsent != connection.unsent:  # a long answer on a thin line, but it goes on
            connection.unsent = unsent
            connection.since = now
        if connection.began_at is not None:
            return now - connection.began_at > self._limits.head_s
        return now - connection.since > self._limits.idle_s
