"""What a LOG setting means."""

from __future__ import annotations

import pytest

from storj_monitor.sources import FileSource, StreamSource, open_source, stream_address
from storj_monitor.sources.siblings import is_part


@pytest.mark.parametrize(
    ("log", "address"),
    [
        ("pi.local:9999", ("pi.local", 9999)),
        ("192.168.1.5:14", ("192.168.1.5", 14)),
        ("[::1]:7777", ("::1", 7777)),
        ("[fe80::1%eth0]:7777", ("fe80::1%eth0", 7777)),
        ("C:\\storj\\node.log", None),
        ("C:/storj/node.log", None),
        ("X:\\1234", None),
        ("X:/1234", None),
        ("/var/log/node.log", None),
        ("./host:99", None),
        ("host:0", None),
        ("host:65536", None),
        ("node.log", None),
        ("*.log:1", None),
        ("::1:7777", None),
    ],
)
def test_streams_and_files(log: str, address: tuple[str, int] | None) -> None:
    assert stream_address(log) == address
    source = open_source("n", log, [], False, 0.0)
    assert isinstance(source, StreamSource if address else FileSource)
    assert source.node == "n"
    source.close()


@pytest.mark.parametrize(
    "name",
    [
        "node.log.1",
        "node.log.12.gz",
        "node.log-20260820",
        "node.log-20260820.zst",
        "node.log-2026-08-20T06:00:00Z.gz",
        "node.log.old",
        "node-20260820.log",
        "node-2026-08-20T06-00-00.000.log.gz",
        "node.1.log",
        "node_2026.08.20.log",
        "node.log.bak",
    ],
)
def test_rotated_parts_by_name(name: str) -> None:
    assert is_part(name, {"node.log"})


@pytest.mark.parametrize(
    "name",
    ["node-2.log", "node2.log", "node-updater.log", "node.log.txt", "node.log.gz.tmp", "anode.log.1", "node.log.1.swp", "node-1.log"],
)
def test_no_rotated_parts(name: str) -> None:
    assert not is_part(name, {"node.log"})
