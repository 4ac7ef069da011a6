"""What `check-config` and the start of `run` say of each node: real files, real sockets."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from app_rig import line

from storj_monitor.clock import SystemClock
from storj_monitor.commands.node_check import Grade, NodeCheck, check_nodes
from storj_monitor.config import NodeSettings
from storj_monitor.config.nodes import make_node
from storj_monitor.simulator.fake_api import FakeNode, RecordedAnswers

NOBODY = 65534
CORPUS = Path(__file__).parents[1] / "corpus" / "api" / "v1.162-info"


def node(log: object = None, api: str | None = None, metrics: str | None = None, name: str = "mine") -> NodeSettings:
    return make_node(name, log=str(log) if log else None, api=api, metrics=metrics, folder=None)


async def checked(*nodes: NodeSettings) -> list[NodeCheck]:
    return await check_nodes(nodes, SystemClock())


def said(check: NodeCheck, grade: Grade) -> str:
    return "\n".join(text for one, text in check.remarks if one is grade)


def transfers(path: Path, count: int = 20, age_s: float = 60.0) -> Path:
    path.write_bytes(b"".join(line(time.time() - age_s + number / 10, number) for number in range(count)))
    return path


@contextmanager
def not_as_root() -> Iterator[None]:
    """Root reads everything; as another user while this lasts."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_log_that_is_well(tmp_path: Path) -> None:
    (check,) = await checked(node(transfers(tmp_path / "node.log")))
    assert not check.is_in_trouble
    assert "console, level INFO" in said(check, Grade.OK) and "20 of its newest 20 lines understood" in said(check, Grade.OK)
    assert "no API is named" in said(check, Grade.WARNING)


async def test_logs_that_are_none(tmp_path: Path) -> None:
    """Each is trouble, and its sentence says what to do."""
    passwd = tmp_path / "passwd"
    passwd.write_text("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n" * 20)
    packed = tmp_path / "node.log.1.gz"
    packed.write_bytes(b"\x1f\x8b")
    for log, words in (
        (tmp_path / "none.log", "there is no such file now"),
        (tmp_path / "none*.log", "there is no such file now"),
        (tmp_path, "is a directory"),
        (passwd, "storage node"),
        (packed, "is compressed"),
    ):
        (check,) = await checked(node(log))
        assert check.is_in_trouble, log
        assert words in said(check, Grade.TROUBLE)


async def test_a_log_that_may_not_be_read(tmp_path: Path) -> None:
    log = transfers(tmp_path / "node.log")
    log.chmod(0)
    with not_as_root():
        (check,) = await checked(node(log))
    assert "may not be read" in said(check, Grade.TROUBLE)


async def test_logs_that_are_empty_old_or_above_info(tmp_path: Path) -> None:
    empty, old = tmp_path / "empty.log", transfers(tmp_path / "old.log", age_s=3.2 * 86_400)
    empty.touch()
    errors = tmp_path / "errors.log"
    stamp = datetime.fromtimestamp(time.time() - 30, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    errors.write_text(f'{stamp}\tERROR\tcontact:service\tping satellite failed \t{{"Satellite ID": "x"}}\n' * 9)
    one, two, three, four = await checked(
        node(empty, name="a"),
        node(old, name="b"),
        node(errors, name="c"),
        node(errors, metrics=f"http://127.0.0.1:{closed_port()}", name="d"),
    )
    assert "is empty" in said(one, Grade.WARNING) and not one.is_in_trouble
    assert "newest line is 3 days old" in said(two, Grade.WARNING) and not two.is_in_trouble
    assert "at level ERROR" in said(three, Grade.TROUBLE)
    assert "at level ERROR" in said(four, Grade.NOTE), "its counters know what such a log cannot"
    assert "Connection refused" in said(four, Grade.TROUBLE) and "debug.addr" in said(four, Grade.TROUBLE)
    assert "is given to 2 nodes" in said(three, Grade.TROUBLE)


async def test_apis(tmp_path: Path) -> None:
    fake = FakeNode(RecordedAnswers(CORPUS), SystemClock())
    await fake.start()
    try:
        log = transfers(tmp_path / "node.log")
        good, closed = await checked(node(log, fake.api_url), node(tmp_path / "x.log", f"http://127.0.0.1:{closed_port()}", name="other"))
        assert f"API {fake.api_url}: node " in said(good, Grade.OK) and "v1.162" in said(good, Grade.OK)
        assert not good.is_in_trouble
        assert "Connection refused. Is the node running" in said(closed, Grade.TROUBLE)
    finally:
        await fake.stop()


async def test_a_log_and_an_api_of_two_nodes(tmp_path: Path) -> None:
    fake = FakeNode(RecordedAnswers(CORPUS), SystemClock())
    await fake.start()
    try:
        log = transfers(tmp_path / "node.log")
        other = "12NgZwJ4FtCEHzXKfLrsRWnS6MsW3HWEDEJNFWQZ8BiwWmPCmzN"
        stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with log.open("a") as file:
            file.write(f"{stamp}\tINFO\tNode {other} started\n")
        (check,) = await checked(node(log, fake.api_url))
        assert f"but the log of mine is that of node {other}" in said(check, Grade.TROUBLE)
    finally:
        await fake.stop()


async def test_a_stream(tmp_path: Path) -> None:
    (check,) = await checked(node(f"127.0.0.1:{closed_port()}"))
    assert "Connection refused. Does the node's machine serve its lines there" in said(check, Grade.TROUBLE)
