"""A line stream against a real server on loopback: breaks, back-off, IPv6, names, endless lines."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from patience import PATIENCE_S
from sources.source_helpers import NOW

from storj_monitor.model.sources import Chunk
from storj_monitor.sources import SourceState, StreamSource
from storj_monitor.sources.source import LINE_BYTES
from storj_monitor.sources.stream_source import CONNECT_TIMEOUT_S


class Forwarder:
    """A listening socket and at most one accepted connection."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, port: int = 0) -> None:
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
        self.listener.listen()
        self.listener.settimeout(PATIENCE_S)
        self.port = self.listener.getsockname()[1]
        self.connection: socket.socket | None = None

    def accept(self) -> socket.socket:
        self.connection, _ = self.listener.accept()
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.listener.close()


@pytest.fixture
def forwarder() -> Iterator[Forwarder]:
    server = Forwarder()
    with contextlib.closing(server):
        yield server


def turn(source: StreamSource, now: float = NOW, wanted: SourceState | None = None) -> Chunk | None:
    """Ask until lines come or the wanted state is reached; only the kernel (and the resolver) are waited for."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        chunk = source.read(now)
        if chunk is not None or (wanted is not None and source.status().state is wanted):
            return chunk
    raise AssertionError(f"nothing came: {source.status()}")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_lines_are_handed_on_as_they_are(forwarder: Forwarder, host: str) -> None:
    source = StreamSource("n", host, forwarder.port, NOW)
    assert source.status().state is SourceState.WAITING
    turn(source, wanted=SourceState.LIVE)
    connection = forwarder.accept()
    connection.sendall(b"1780000000.25 one\n1780000000.5 two\n1780")
    chunk = turn(source)
    assert chunk is not None
    assert (chunk.data, chunk.identity, chunk.live) == (b"1780000000.25 one\n1780000000.5 two\n", None, True)
    connection.sendall(b"000001 three\r\n")
    chunk = turn(source, NOW + 1)
    assert chunk is not None
    assert chunk.data == b"1780000001 three\n"
    assert source.status().last_read_at == NOW + 1
    source.close()


def test_ipv6() -> None:
    try:
        server = Forwarder(socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with contextlib.closing(server):
        source = StreamSource("n", "::1", server.port, NOW)
        turn(source, wanted=SourceState.LIVE)
        server.accept().sendall(b"1 one\n")
        chunk = turn(source)
        assert chunk is not None
        assert chunk.path == f"[::1]:{server.port}"
        source.close()


def test_the_forwarder_is_restarted(forwarder: Forwarder) -> None:
    source = StreamSource("n", "127.0.0.1", forwarder.port, NOW)
    turn(source, wanted=SourceState.LIVE)
    forwarder.accept().sendall(b"1 one\n2 torn")
    assert turn(source) is not None
    forwarder.close()
    assert turn(source, NOW + 1, SourceState.WAITING) is None
    assert "next attempt in 1 s" in source.status().detail
    again = Forwarder(port=forwarder.port)
    with contextlib.closing(again):
        assert source.read(NOW + 1.5) is None
        turn(source, NOW + 2.1, SourceState.LIVE)
        again.accept().sendall(b"3 three\n")
        chunk = turn(source, NOW + 2.2)
        assert chunk is not None
        assert chunk.data == b"3 three\n"  # half a line of the old connection is not glued to it
        source.close()


def test_last_lines_before_the_break_are_kept(forwarder: Forwarder) -> None:
    source = StreamSource("n", "127.0.0.1", forwarder.port, NOW)
    turn(source, wanted=SourceState.LIVE)
    forwarder.accept().sendall(b"1 one\n")
    forwarder.close()
    chunk = turn(source)
    assert chunk is not None
    assert chunk.data == b"1 one\n"
    turn(source, wanted=SourceState.WAITING)
    source.close()


def test_back_off_doubles_up_to_a_minute(forwarder: Forwarder) -> None:
    forwarder.close()  # nobody listens there now
    source = StreamSource("n", "127.0.0.1", forwarder.port, NOW)
    now = NOW
    waits: list[float] = []
    for _ in range(8):
        detail = source.status().detail
        while source.status().detail == detail and len(waits) < 6:
            assert source.read(now) is None
        source.read(now)
        waits.append(float(source.status().detail.rsplit(" in ", 1)[1].removesuffix(" s")))
        assert source.read(now + waits[-1] - 0.1) is None
        now += waits[-1] + 0.1
    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert max(waits) == 60
    assert source.status().state is SourceState.WAITING
    source.close()


def test_a_server_that_only_hangs_up_is_not_hammered(forwarder: Forwarder) -> None:
    source = StreamSource("n", "127.0.0.1", forwarder.port, NOW)
    now = NOW
    for wait in (1, 2, 4):
        turn(source, now, SourceState.LIVE)
        forwarder.accept().close()
        turn(source, now, SourceState.WAITING)
        assert f"next attempt in {wait} s" in source.status().detail
        now += wait + 0.1
    source.close()


def test_a_name_that_does_not_exist() -> None:
    source = StreamSource("n", "no-such-host.invalid", 1, NOW)
    deadline = time.monotonic() + 20
    while "next attempt" not in source.status().detail and time.monotonic() < deadline:
        assert source.read(NOW) is None
        time.sleep(0.01)  # the resolver is not ours to hurry
    assert "next attempt" in source.status().detail
    source.close()


def test_a_connection_that_does_not_come_about() -> None:
    """A listener with a full backlog answers nothing."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        source = StreamSource("n", *address, now=NOW)  # type: ignore[misc]
        assert source.read(NOW) is None
        if source.status().state is SourceState.LIVE:
            pytest.skip("this kernel lets more connections in")
        assert source.due(NOW + 0.01)
        assert source.read(NOW + CONNECT_TIMEOUT_S) is None
        assert "next attempt" in source.status().detail
        source.close()


def test_an_endless_line_is_cut(forwarder: Forwarder) -> None:
    source = StreamSource("n", "127.0.0.1", forwarder.port, NOW)
    turn(source, wanted=SourceState.LIVE)
    connection = forwarder.accept()
    connection.setblocking(False)
    rest = memoryview(b"1 first\n" + b"x" * (3 * LINE_BYTES) + b"\n2 last\n")
    data = b""
    deadline = time.monotonic() + 10
    while not data.endswith(b"last\n") and time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            rest = rest[connection.send(rest) :]
        chunk = source.read(NOW)
        data += chunk.data if chunk else b""
    assert data == b"1 first\n" + b"x" * LINE_BYTES + b"\n2 last\n"
    source.close()
