"""The writer's files hold what its truth says, rotated or not; the demo's history is bounded."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from patience import PATIENCE_S

from storj_monitor.model.ids import piece_hash
from storj_monitor.simulator.demo import Demo
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import TRACE_HEAD, TRACE_PIECE, LogWriter, NodeLog, Target, write_truth

NOW_S = 1_790_000_000.0


def make_writer(folder: Path, trace: Path | None = None, rate: float = 500.0) -> LogWriter:
    targets = [Target(NodeLog(NodeProfile(f"n{i}", rhythm=0.0), 1, NOW_S, tick_s=0.02), folder / f"n{i}.log") for i in range(3)]
    return LogWriter(targets, rate, 0.02, trace)


@pytest.mark.parametrize("how", ["rename", "copytruncate"])
def test_rotated_files_hold_every_line_once(tmp_path: Path, how: str) -> None:
    writer = make_writer(tmp_path)
    for tick in range(300):
        if tick in (100, 200):
            writer.rotate(how)
        writer.write_tick(NOW_S + tick * 0.02)
    writer.drain()
    truth = writer.truth()
    writer.close()
    for name, declared in truth.items():
        files = [tmp_path / f"{name}.log{suffix}" for suffix in (".2", ".1", "")]
        lines = b"".join(f.read_bytes() for f in files).splitlines()
        assert len(lines) == declared.lines > 1000
        assert len(set(lines)) > 0.95 * len(lines)  # a hot piece may be fetched twice in one second
    write_truth(tmp_path / "truth.json", truth)
    total = json.loads((tmp_path / "truth.json").read_text())["total"]
    assert total["lines"] == sum(t.lines for t in truth.values())


def test_the_trace_names_every_result(tmp_path: Path) -> None:
    writer = make_writer(tmp_path, tmp_path / "trace")
    for tick in range(100):
        writer.write_tick(NOW_S + tick * 0.02)
    results = sum(t.results for t in writer.truth().values())
    writer.close()
    data, at, traced = (tmp_path / "trace").read_bytes(), 0, []
    while at < len(data):
        _, node, count = TRACE_HEAD.unpack_from(data, at)
        assert node < 3
        at += TRACE_HEAD.size
        traced += [data[at + i * TRACE_PIECE : at + (i + 1) * TRACE_PIECE] for i in range(count)]
        at += count * TRACE_PIECE
    assert len(traced) == results > 100
    log = b"".join((tmp_path / f"n{i}.log").read_bytes() for i in range(3))
    ids = {line.split(b'"piece_id": "')[1][:52].decode() for line in log.splitlines() if b'"piece_id"' in line}
    hashes = {piece_hash(i) for i in ids}
    assert all(piece_hash(t.decode() + "A" * 39) in hashes for t in traced)


def test_the_rate_is_kept(tmp_path: Path) -> None:
    writer = make_writer(tmp_path, rate=333.0)
    for tick in range(500):
        writer.write_tick(NOW_S + tick * 0.02)
    started = sum(n for t in writer.truth().values() for k, n in t.transfers.items() if k.endswith("started"))
    writer.close()
    assert abs(started - 333 * 499 * 0.02) <= 3


def test_demo_history_is_a_day_and_bounded(tmp_path: Path) -> None:
    demo = Demo(tmp_path, nodes=4, rate=50.0)
    stop = threading.Event()
    thread = threading.Thread(target=demo.run, args=(stop,))
    thread.start()
    last = demo.logs[-1][1]
    while thread.is_alive() and not (last.exists() and last.stat().st_size > 5_000_000):
        thread.join(0.02)
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    lines = [path.read_bytes().splitlines() for _, path in demo.logs]
    assert 60_000 < sum(map(len, lines)) < 200_000
    assert [name for name, _ in demo.logs] == ["berlin", "attic", "garage", "cellar"]


def test_the_command_line_writes_what_it_declares(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "storj_monitor.simulator", "bulk", "--file", str(tmp_path / "b.log"), "--lines", "3000"]
    subprocess.run([*command, "--truth", str(tmp_path / "t.json"), "--encoding", "json", "--info"], check=True, timeout=PATIENCE_S)
    truth = json.loads((tmp_path / "t.json").read_text())["total"]
    assert (tmp_path / "b.log").read_bytes().count(b"\n") == truth["lines"] >= 3000
