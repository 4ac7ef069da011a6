"""Lines over TCP from a forwarder: connects, comes back after every break, hands on the lines as they are.

A stream has no position: what was sent while nobody listened is gone. Lines look like `UNIXTIME LINE`; the parser takes the time off.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import socket
import threading
from collections.abc import Sequence
from enum import Enum, auto

from storj_monitor.model.sources import Chunk, SavedPosition, SourceState, SourceStatus
from storj_monitor.sources.source import LINE_BYTES, Encoding, PollThrottle, SourceHealth, elapsed, normalise

FIRST_BACK_OFF_S = 1.0
LONGEST_BACK_OFF_S = 60.0
CONNECT_TIMEOUT_S = 10.0
_RECEIVE_BYTES = 64 << 10
_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}  # a dead peer is noticed after two minutes

_Address = tuple[socket.AddressFamily, str | tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class _Step(Enum):
    """Life of a connection: PAUSED -> RESOLVING -> CONNECTING -> CONNECTED -> PAUSED."""

    PAUSED = auto()
    RESOLVING = auto()
    CONNECTING = auto()
    CONNECTED = auto()


class StreamSource:
    """A TCP client of a line stream; one non-blocking socket, no thread but for the time of a name look-up."""

    def __init__(self, node: str, host: str, port: int, now: float = 0.0) -> None:
        """`host`: a name or an IPv4 or IPv6 address, without brackets."""
        self.node = node
        self._host = host
        self._port = port
        self._path = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._step = _Step.PAUSED
        self._step_at: float | None = None
        self._back_off_s = 0.0
        self._answer: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()
        self._addresses: list[_Address] = []
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._skipping = False
        self._received = bytearray(0)
        self._at = 0
        self._throttle = PollThrottle()
        self._health = SourceHealth(now)
        self._health.set(SourceState.WAITING, f"not connected to {self._path} yet", now)

    def read(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """See LineSource. Start and end of a chunk count the bytes of this session."""
        self._throttle.last_poll_at = now
        try:
            if self._step is not _Step.CONNECTED and not self._advance(now):
                return None
            return self._receive(now, limit_bytes)
        except OSError as error:
            self._lose(now, error.strerror or str(error))
            return None

    def read_at_once(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """See LineSource. A socket never waits."""
        return self.read(now, limit_bytes)

    @property
    def at_once(self) -> bool:
        """See LineSource."""
        return True

    @property
    def knows_its_place(self) -> bool:
        """A stream has no places."""
        return False

    def due(self, now: float) -> bool:
        """See LineSource."""
        return self._throttle.due(now) or self._step is _Step.CONNECTING

    def status(self) -> SourceStatus:
        """See LineSource."""
        return self._health.status(self._path, 0, self._throttle.last_data_at)

    def resync(self, saved: Sequence[SavedPosition]) -> None:
        """A stream has no position: nothing to do."""

    def close(self) -> None:
        """See LineSource."""
        self._disconnect()
        self._step, self._step_at = _Step.PAUSED, None

    # -- connecting

    def _advance(self, now: float) -> bool:
        """One step towards a connection; True when it stands. Raises OSError."""
        if self._step is _Step.PAUSED and elapsed(self._step_at, now, self._back_off_s):
            self._enter(_Step.RESOLVING, now)
            self._resolve()
        if self._step is _Step.RESOLVING:
            try:
                answer = self._answer.get_nowait()
            except queue.Empty:
                return False
            if isinstance(answer, OSError):
                raise answer
            self._addresses = answer
            self._connect_next(now)
        if self._step is _Step.CONNECTING:
            return self._is_connected(now)
        return False

    def _resolve(self) -> None:
        self._answer = queue.SimpleQueue()
        try:
            self._answer.put(_look_up(self._host, self._port, socket.AI_NUMERICHOST))
        except OSError:
            # a name: the look-up may block for as long as the resolver likes, so it gets a thread of its own
            threading.Thread(target=_answer, args=(self._host, self._port, self._answer), name="resolve", daemon=True).start()

    def _connect_next(self, now: float) -> None:
        """Begin with the next address. Raises OSError when the last one failed at once."""
        family, address = self._addresses.pop(0)
        self._disconnect()
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._enter(_Step.CONNECTING, now)
        code = self._socket.connect_ex(address)
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, getattr(errno, "WSAEWOULDBLOCK", 0)):
            self._failed_address(OSError(code, os.strerror(code)), now)

    def _failed_address(self, error: OSError, now: float) -> None:
        if not self._addresses:
            raise error
        self._connect_next(now)

    def _is_connected(self, now: float) -> bool:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._failed_address(OSError(code, os.strerror(code)), now)
            return False
        try:
            self._socket.getpeername()
        except OSError:  # still on its way
            if elapsed(self._step_at, now, CONNECT_TIMEOUT_S):
                self._failed_address(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)), now)
            return False
        _keep_alive(self._socket)
        self._received = bytearray(_RECEIVE_BYTES)
        self._enter(_Step.CONNECTED, now)
        self._health.set(SourceState.LIVE, "connected, no lines yet", now)
        return True

    def _enter(self, step: _Step, now: float) -> None:
        self._step, self._step_at = step, now

    def _lose(self, now: float, why: str) -> None:
        """The connection broke or did not come about: pause, longer each time until lines come again."""
        self._disconnect()
        self._back_off_s = min(LONGEST_BACK_OFF_S, max(FIRST_BACK_OFF_S, self._back_off_s * 2))
        self._enter(_Step.PAUSED, now)
        self._health.set(SourceState.WAITING, f"no connection to {self._path} ({why}); next attempt in {self._back_off_s:.0f} s", now)

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._buffer.clear()  # half a line: its other half will never come
        self._skipping = False
        self._received = bytearray(0)

    # -- receiving

    def _receive(self, now: float, limit_bytes: int) -> Chunk | None:
        """What has arrived, up to the last newline. Raises OSError when the connection broke and there is nothing to hand on."""
        assert self._socket is not None
        drained, broken, received = False, "", 0
        while received < limit_bytes:
            try:
                count = self._socket.recv_into(self._received)
            except BlockingIOError:
                drained = True
                break
            except OSError as error:
                broken = error.strerror or str(error)
                break
            if not count:
                broken = "closed by the forwarder"
                break
            received += count
            self._buffer += memoryview(self._received)[:count]
            self._drop_long_line()
        data = self._whole_lines()
        if data:
            self._throttle.last_data_at = now
            self._back_off_s = 0.0
            self._health.set(SourceState.LIVE if drained else SourceState.CATCHING_UP, "", now)
        if broken:
            self._lose(now, broken)
        if not data:
            return None
        start, self._at = self._at, self._at + len(data)
        return Chunk(self.node, normalise(data, Encoding.UTF8, at_start=False), start, self._at, now, None, self._path, live=drained)

    def _whole_lines(self) -> bytes:
        used = self._buffer.rfind(b"\n") + 1
        data = bytes(memoryview(self._buffer)[:used])
        del self._buffer[:used]
        return data

    def _drop_long_line(self) -> None:
        """Of a line that is longer than LINE_BYTES only the beginning is kept; the rest is thrown away as it comes."""
        if self._skipping:
            end = self._buffer.find(b"\n", LINE_BYTES)
            self._skipping = end < 0
            del self._buffer[LINE_BYTES : len(self._buffer) if end < 0 else end]
        elif len(self._buffer) > LINE_BYTES and self._buffer.rfind(b"\n") < 0:
            self._skipping = True
            del self._buffer[LINE_BYTES:]


def _look_up(host: str, port: int, flags: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def _answer(host: str, port: int, answer: queue.SimpleQueue[list[_Address] | OSError]) -> None:
    try:
        answer.put(_look_up(host, port, 0))
    except OSError as error:
        answer.put(error)
    except UnicodeError:  # a name that IDNA refuses
        answer.put(OSError(errno.EINVAL, f"{host} is no host name"))


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
