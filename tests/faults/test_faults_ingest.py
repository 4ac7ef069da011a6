"""Old logs: interrupted, repeated, and loaded beside a live monitor: each line once, and on the page within a minute."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, Process, command, difference, positions, stored, until

from storj_monitor.commands.ingest import PARALLEL_FROM_BYTES
from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import transfer_blocks


def old_log(path: Path, lines: int, days_ago: float, seed: int = 1) -> dict[str, Any]:
    """An old log on disk, and what is in it."""
    truth = GroundTruth()
    with path.open("wb") as file:
        file.writelines(transfer_blocks(lines, NodeProfile(templates=256), seed, time.time() - days_ago * 86400, 200.0, truth))
    return truth.as_json()


def plus(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both logs together."""
    total: dict[str, Any] = {"lines": one["lines"] + other["lines"]}
    for name in ("transfers", "bytes", "satellites", "minutes"):
        total[name] = {key: one[name].get(key, 0) + other[name].get(key, 0) for key in {*one[name], *other[name]}}
    return total


def committed(database: Path) -> int:
    """Bytes of logs that the database has."""
    return sum(positions(database).values())


def ingest(folder: Path, database: Path, *inputs: str) -> Process:
    return Process(command("ingest", "--database", database, *inputs), folder / "ingest.out", group=True)


def test_interrupted_and_repeated_doubles_nothing(tmp_path: Path) -> None:
    """The log comes through a pipe that stops in the middle, so that the signal always finds `ingest` at work."""
    truth = old_log(tmp_path / "old.log", 30_000, days_ago=3)
    whole = (tmp_path / "old.log").read_bytes()
    database, pipe = tmp_path / "monitor.db", tmp_path / "pipe"
    os.mkfifo(pipe)
    for number, code, share in ((signal.SIGINT, 130, 0.5), (signal.SIGKILL, -signal.SIGKILL, 0.9)):
        before = committed(database)
        with ingest(tmp_path, database, f"mine:{pipe}") as process, pipe.open("wb") as log:
            log.write(whole[: int(len(whole) * share)])
            log.flush()
            until(lambda before=before: committed(database) > before, 30, "a commit")  # type: ignore[misc]
            os.killpg(process.popen.pid, number)
            assert process.end(10) == code, process.text()
            assert "Traceback" not in process.text(), process.text()
    assert 0 < stored(database)["lines"] < truth["lines"]
    for _ in range(2):
        with ingest(tmp_path, database, f"mine:{tmp_path / 'old.log'}") as process:
            assert process.end(60) == 0, process.text()
        assert difference(stored(database), truth) == {}


@pytest.mark.long
@pytest.mark.parametrize("lines", [400_000], ids=["with worker processes"])
def test_interrupted_side_by_side_and_repeated(tmp_path: Path, lines: int) -> None:
    truth = old_log(tmp_path / "old.log", lines, days_ago=3)
    database, source = tmp_path / "monitor.db", f"mine:{tmp_path / 'old.log'}"
    for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        before = committed(database)
        with ingest(tmp_path, database, source) as process:
            until(lambda before=before, process=process: committed(database) > before or process.popen.poll() is not None, 30, "a commit")  # type: ignore[misc]
            assert process.popen.poll() is None, process.text()
            os.killpg(process.popen.pid, number)
            assert process.end(10) == code, process.text()
            assert "Traceback" not in process.text(), process.text()
    assert 0 < stored(database)["lines"] < truth["lines"]
    for _ in range(2):
        with ingest(tmp_path, database, source) as process:
            assert process.end(60) == 0, process.text()
        assert difference(stored(database), truth) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_workers_end_with_ingest(tmp_path: Path, number: int) -> None:
    """Stopped first, so that workers stand where they would wait for ever: with results that nobody takes."""
    old_log(tmp_path / "old.log", PARALLEL_FROM_BYTES // 300, days_ago=3)
    assert (tmp_path / "old.log").stat().st_size >= PARALLEL_FROM_BYTES
    with Process(command("ingest", "--database", tmp_path / "monitor.db", f"mine:{tmp_path / 'old.log'}"), tmp_path / "out") as process:
        parent = psutil.Process(process.popen.pid)
        until(lambda: committed(tmp_path / "monitor.db") > 0, 30, "a commit")
        os.kill(parent.pid, signal.SIGSTOP)
        workers = parent.children(recursive=True)
        assert workers, process.text()
        assert not named_memory(parent.pid), "it would stay in /dev/shm"
        os.kill(parent.pid, number)
        os.kill(parent.pid, signal.SIGCONT)
        assert process.end(10) == -number, process.text()
        gone, alive = psutil.wait_procs(workers, timeout=10)
        assert gone and not alive


def named_memory(process: int) -> list[str]:
    """Shared memory of a process that has a name and would outlive it."""
    maps = Path(f"/proc/{process}/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    return [line for line in lines if "/dev/shm/" in line and not line.endswith("(deleted)")]


def test_beside_a_live_monitor(tmp_path: Path) -> None:
    """The same file of the same node, another file of another node, and a node that the monitor does not know."""
    archive = old_log(tmp_path / "archive.log", 12_000, days_ago=2, seed=7)
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet:
        fleet.write(4)
        fleet.start()
        with Monitor(tmp_path, fleet.logs) as monitor, Page(monitor.port, "lines", "nodes", "live") as page:
            same = [f"node1:{fleet.path('node1')}", f"node2:{tmp_path / 'archive.log'}", f"attic:{tmp_path / 'archive.log'}"]
            with ingest(tmp_path, monitor.database, *same) as process:
                assert process.end(60) == 0, process.text()
            fleet.finish()
            wanted = {"node1": fleet.lines("node1"), "node2": fleet.lines("node2") + archive["lines"]}

            def shown() -> dict[str, Any]:
                return {name: page.row("lines", name).get("lines") for name in wanted}

            until(lambda: shown() == wanted, 60, lambda: f"{wanted} on the page: {shown()}")
            until(
                lambda: monitor.lines("attic") == archive["lines"], 60, lambda: f"the new node in the API: {monitor.get('/api/v1/nodes')}"
            )
            until(lambda: all(page.row("nodes", name)["state"] == "live" for name in wanted), 30, "both logs live")
            assert page.gaps == 0
            with Page(monitor.port, "nodes", "lines") as later:
                assert later.row("lines", "attic")["lines"] == archive["lines"]
            traffic = monitor.get("/api/v1/traffic?from=-4d&node=attic")
            results = sum(n for key, n in archive["transfers"].items() if not key.endswith(" started"))
            assert sum(sum(one["count"]) for one in traffic["series"]) == results
            assert monitor.stop()[0] == 0
        assert difference(stored(monitor.database, "node1"), fleet.truth("node1")) == {}
        assert difference(stored(monitor.database, "node2"), plus(fleet.truth("node2"), archive)) == {}
        assert difference(stored(monitor.database, "attic"), archive) == {}


def test_both_read_the_same_large_log_at_once(tmp_path: Path) -> None:
    """Who comes second finds the position moved, drops what it read, and goes on from there; again and again."""
    truth = old_log(tmp_path / "big.log", 60_000, days_ago=1)
    with Monitor(tmp_path, {"mine": tmp_path / "big.log"}) as monitor:
        with ingest(tmp_path, monitor.database, f"mine:{tmp_path / 'big.log'}") as process:
            assert process.end(60) == 0, process.text()
        until(lambda: committed(monitor.database) >= (tmp_path / "big.log").stat().st_size, 30, "the whole log in the database")
        monitor.wait_for_lines(truth["lines"], limit_s=60)
        assert monitor.stop()[0] == 0
    assert difference(stored(monitor.database), truth) == {}
