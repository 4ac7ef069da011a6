"""More connections than there are files: the page answers, a rotated log is read, the monitor's own log stays small."""

from __future__ import annotations

import resource
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, stored, until

CROWD = 2500
FILES = 2048
LOG_MOST_BYTES = 64 * 1024


@pytest.fixture(autouse=True)
def many_files_here() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CROWD + 500:
        pytest.skip(f"this system allows {hard} open files: too few for a crowd of {CROWD}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 500, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def few_files() -> None:
    """In the monitor: as many as most systems allow, however many this one does."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, FILES))


@contextmanager
def crowd(port: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, from a few addresses, each of which has sent this and then nothing."""
    with ExitStack() as stack:
        peers = []
        for number in range(CROWD):
            peer = stack.enter_context(socket.socket())
            peer.settimeout(30)
            peer.bind((f"127.0.1.{number % 50 + 1}", 0))
            peer.connect(("127.0.0.1", port))
            if sent:
                peer.sendall(sent)
            peers.append(peer)
        yield peers


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n", marks=pytest.mark.long, id="half a request"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", marks=pytest.mark.long, id="kept alive"),
    ],
)
def test_a_crowd_that_does_nothing(tmp_path: Path, sent: bytes) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=200) as fleet, Monitor(tmp_path, fleet.logs, before=few_files) as monitor:
        fleet.start()
        fleet.wait_for_lines(200)
        with crowd(monitor.port, sent) as peers:
            assert len(peers) == CROWD
            assert monitor.healthy(), "a newcomer is answered while all of them are there"
            with urllib.request.urlopen(f"http://127.0.0.1:{monitor.port}/", timeout=30) as page:
                assert page.status == 200
            for name in fleet.names:
                fleet.rotate(name, "rename")
            fleet.wait_for_lines(800)
            known = fleet.lines()
            monitor.wait_for_lines(known)
            assert monitor.metric("storj_monitor_connections") < FILES - 200
            assert monitor.metric("storj_monitor_store_failing") == 0
        fleet.finish()
        monitor.wait_for_lines(fleet.lines())
        assert "Traceback" not in monitor.text()
        assert len(monitor.text()) < LOG_MOST_BYTES
        assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database), fleet.truth()) == {}


def test_a_flood_of_bad_requests_is_a_few_lines(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=1, rate=50) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        for number in range(1500):
            with socket.create_connection(("127.0.0.1", monitor.port), timeout=30) as peer:
                peer.sendall(b"\x16\x03\x01 no HTTP %d\r\n\r\n" % number)
                peer.recv(100)
        until(lambda: monitor.metric("storj_monitor_bad_requests_total") == 1500, 10, "all of them counted")
        assert "Traceback" not in monitor.text()
        assert monitor.text().count("bad request from") <= 3
        assert monitor.stop()[0] == 0
        assert "more like this" in monitor.text(), "what was left out is told at the end"
