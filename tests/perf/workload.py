"""One measured run: a real server, files written by a simulator process, real clients; figures, CSV and profiles of it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from delays import delays_ms, percentiles, traced_results
from harness import (
    HERE,
    ROOT,
    Endpoints,
    MeasureError,
    Process,
    Sampler,
    Server,
    calibrate,
    cpu_seconds,
    run_python,
    stored_stats,
    wait_until_read,
    wait_until_seen,
)
from profilers import cprofile_runner, finish_cprofile, finish_scalene, py_spy, scalene_runner
from wsclient import NODE_TOPICS, TOPICS

SHORT_S = 10.0
"""Shorter runs do not wait for the last commit before they stop the server."""


@dataclass(slots=True)
class Load:
    """What a run does.

    rate, nodes -- events (transfers) a second of all nodes together; DEBUG doubles the lines; 0 = silent logs
    tick_ms     -- distance of the writer's writes to one node
    clients     -- WebSocket clients on the live page's topics, which note every event; 0 = none
    crowd       -- further clients in a process of their own, which note the age of each frame (see crowd.py)
    seconds     -- measured time, after `warm_up_s`
    server_args -- further flags of `storj_monitor run`
    py_spy_s    -- seconds under py-spy after the measured time; 0 = none
    history_s   -- so many seconds of history at the same rate are in the logs and the database before the server starts
    polling     -- the nodes have an API and a metrics port, which the server asks; clients also watch what comes of it
    database    -- begin with a copy of this database, that was made elsewhere
    ask_s       -- windows of the questions that are asked at the end of the measured time
    root        -- the checkout whose product is measured
    speed       -- seconds of log time that pass in one; 1 = live. Not live, no delays are measured
    """

    name: str
    rate: float = 200.0
    nodes: int = 4
    clients: int = 0
    seconds: float = 60.0
    tick_ms: float = 20.0
    warm_up_s: float = 5.0
    info: bool = False
    chores: bool = False
    server_args: list[str] = field(default_factory=list)
    py_spy_s: float = 0.0
    history_s: float = 0.0
    polling: bool = False
    database: Path | None = None
    ask_s: tuple[float, ...] = ()
    root: Path = ROOT
    speed: float = 1.0
    crowd: int = 0

    @property
    def events_per_s(self) -> float:
        """Events in a second of the clock on the wall."""
        return self.rate * self.speed

    @property
    def connected_s(self) -> float:
        """How long the clients stay: a little longer than the measured time."""
        return self.warm_up_s + self.seconds + (2.0 if self.seconds >= SHORT_S else 0.3)


def run_load(load: Load, report: Path) -> dict[str, Any]:
    """Run it; writes CSV and profiles named after the load into `report`; returns the figures."""
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        folder = Path(name)
        database = folder / "perf.db"
        logs = [(f"node{i}", folder / "logs" / f"node{i}.log") for i in range(1, load.nodes + 1)]
        (folder / "logs").mkdir()
        for _, path in logs:
            path.touch()
        if load.database:
            shutil.copyfile(load.database, database)
        if load.history_s:
            _make_history(load, folder, database, logs)
        unit_us = calibrate()
        with _endpoints(load, folder) as endpoints:
            server = Server(folder, database, logs, load.server_args, endpoints=endpoints, root=load.root)
            try:
                figures = _measure(load, report, folder, database, logs, server)
            finally:
                server.stop()
        if load.rate and not load.database:
            figures["correct"] = _check(folder, database)
        figures["json_loads_us"] = round(unit_us, 3)
        if load.rate:
            us = figures["cpu"]["cpu_percent"] / 100 / load.events_per_s * 1e6
            figures["cpu_us_per_event"] = round(us, 2)
            figures["cpu_per_event_in_json_loads"] = round(us / unit_us, 1)
        return figures


def _measure(load: Load, report: Path, folder: Path, database: Path, logs: list[tuple[str, Path]], server: Server) -> dict[str, Any]:
    whole_s = load.warm_up_s + load.seconds + (load.py_spy_s + 6 if load.py_spy_s else 0)
    trace = folder / "trace"
    crowd = _crowd(load, folder, server) if load.crowd else None
    clients = _clients(load, folder, server) if load.clients else None
    writer = writing(load, folder, trace, whole_s) if load.rate else None
    sampler = Sampler(server, database, [p for _, p in logs])
    try:
        time.sleep(load.warm_up_s)
        begin_s = time.time()
        around = {p.name: (p, cpu_seconds(p.ps)) for p in (writer, clients, crowd) if p}
        sampler.start()
        time.sleep(load.seconds)
        sampler.stop()
        end_s = time.time()
        cost = {f"{name}_cpu_percent": round(100 * (cpu_seconds(p.ps) - cpu) / load.seconds, 2) for name, (p, cpu) in around.items()}
        asked = {f"{window_s:g}": ask_window(server, window_s) for window_s in load.ask_s}
        profile = _sampled(load, report, folder, server) if load.py_spy_s else None
        if writer:
            writer.wait(load.py_spy_s * 3 + 60)
        if load.seconds < SHORT_S:
            late_s = None
            wait_until_seen(server, 30)
        else:
            late_s = wait_until_read(database, [p for _, p in logs], 30)
        if clients:
            clients.wait(60)
        if crowd:
            crowd.wait(60)
    finally:
        sampler.stop()
        for process in (writer, clients, crowd):
            if process:
                process.stop()
    sampler.write_csv(report / f"{load.name}.csv")
    results = traced_results(trace, begin_s, end_s) if trace.exists() else 0
    figures: dict[str, Any] = {
        "load": {"rate": load.events_per_s, "nodes": load.nodes, "clients": load.clients + load.crowd, "seconds": load.seconds,
                 "tick_ms": load.tick_ms, "debug": not load.info, "server_args": load.server_args, "history_s": load.history_s,
                 "polling": load.polling},
        "cpu": sampler.window(), "memory": sampler.quarters(), "around": cost, "start_s": round(server.start_s, 2),
        "results_per_s": round(results / (end_s - begin_s), 1), "read_all_after_s": late_s and round(late_s, 2),
    }  # fmt: skip
    if profile:
        figures["py_spy"] = profile
    if asked:
        figures["questions"] = asked
    if clients and trace.exists():
        figures |= _delays(load, folder, trace)
    if crowd:
        figures["crowd"] = json.loads((folder / "crowd.json").read_text(encoding="utf-8"))
    return figures


def _sampled(load: Load, report: Path, folder: Path, server: Server) -> dict[str, Any]:
    """py-spy after the measured time, with pages of its own: those that note delays have gone by then."""
    pages = None
    if load.clients:
        (folder / "sampled").mkdir()
        pages = _clients(replace(load, warm_up_s=0.0, seconds=load.py_spy_s + 60), folder / "sampled", server)
    try:
        return py_spy(server.popen.pid, load.py_spy_s, report, load.name)
    finally:
        if pages:
            pages.stop()


def _make_history(load: Load, folder: Path, database: Path, logs: list[tuple[str, Path]]) -> None:
    """Each node's log begins with its past, and the database has it."""
    begin_s, rate = time.time() - load.history_s - 30, load.rate / load.nodes
    lines = int(rate * load.history_s * (1 if load.info else 2))
    for name, path in logs:
        command = [
            "-m", "storj_monitor.simulator", "bulk", "--file", str(path), "--lines", str(lines),
            "--start", str(begin_s), "--rate", str(rate), "--name", name, "--seed", "2", "--truth", str(folder / f"truth-{name}.json"),
        ]  # fmt: skip
        run_python(command + (["--info"] if load.info else []))
    run_python(["-m", "storj_monitor", "ingest", "--database", str(database), *(f"{name}:{path}" for name, path in logs)])


@contextlib.contextmanager
def _endpoints(load: Load, folder: Path) -> Iterator[dict[str, Endpoints] | None]:
    """The nodes' APIs in a process of their own, while this lasts; None when the load has none."""
    if not load.polling:
        yield None
        return
    process = Process("fake nodes", [sys.executable, str(HERE / "fake_nodes.py"), "--nodes", str(load.nodes)], folder)
    try:
        _wait_for(process, "\n", 20)
        yield {name: Endpoints(*urls) for name, urls in json.loads(process.text().partition("\n")[0]).items()}
    finally:
        process.stop()


def _wait_for(process: Process, mark: str, limit_s: float) -> None:
    """Until the process has printed the mark; MeasureError when it ends before, or takes longer."""
    end = time.monotonic() + limit_s
    while mark not in process.text():
        if process.popen.poll() is not None or time.monotonic() > end:
            process.stop()
            raise MeasureError(f"{process.name} did not become ready:\n{process.text()[-2000:]}")
        time.sleep(0.02)


ASKED = ("actions", "satellites", "latency", "traffic")
ASK_ROUNDS = 10


def ask_window(server: Server, window_s: float) -> dict[str, Any]:
    """The newest `window_s` seconds asked over HTTP in turns: milliseconds until the answer was here, by path, and the slowest median."""
    to_s = int(time.time()) // 60 * 60
    window = f"from={to_s - window_s:.0f}&to={to_s}"
    took: dict[str, list[float]] = {path: [] for path in ASKED}
    for number in range(ASK_ROUNDS):
        for path in ASKED:
            # another minute each time, so that no answer is one that was kept
            seconds, _ = server.get(f"/api/v1/{path}?{window.replace(str(to_s), str(to_s - 60 * number))}")
            took[path].append(seconds * 1000)
    figures: dict[str, Any] = {path: percentiles(sorted(values)) for path, values in took.items()}
    return {"paths": figures, "slowest_p50_ms": max(f["p50"] for f in figures.values())}


def writing(load: Load, folder: Path, trace: Path, seconds: float) -> Process:
    """The process that writes the nodes' logs from now on."""
    if load.speed != 1:
        command = [
            sys.executable, str(HERE / "day_feeder.py"), "--folder", str(folder / "logs"), "--nodes", str(load.nodes),
            "--rate", str(load.rate), "--hours", str(seconds * load.speed / 3600), "--speed", str(load.speed),
            "--truth", str(folder / "truth.json"),
        ]  # fmt: skip
        return Process("simulator", command, folder)
    command = [
        sys.executable, "-m", "storj_monitor.simulator", "live", "--folder", str(folder / "logs"), "--nodes", str(load.nodes),
        "--rate", str(load.rate), "--seconds", str(seconds), "--tick-ms", str(load.tick_ms), "--truth", str(folder / "truth.json"),
        "--trace", str(trace),
    ]  # fmt: skip
    command += ["--info"] if load.info else []
    command += ["--chores"] if load.chores else []
    return Process("simulator", command, folder)


def _clients(load: Load, folder: Path, server: Server) -> Process:
    """Connected and subscribed when it returns; they end a little after the measured time."""
    seconds = load.connected_s
    command = [
        sys.executable, str(HERE / "wsclient.py"), "--url", server.base_url, "--clients", str(load.clients),
        "--seconds", str(seconds), "--out", str(folder), "--topics", ",".join(TOPICS + NODE_TOPICS if load.polling else TOPICS),
    ]  # fmt: skip
    process = Process("clients", command, folder)
    _wait_for(process, "ready", 30)
    return process


def _crowd(load: Load, folder: Path, server: Server) -> Process:
    """All connected and subscribed when it returns. They do not wait for one another's figures: see `_clients`."""
    command = [
        sys.executable, str(HERE / "crowd.py"), "--url", server.base_url, "--clients", str(load.crowd),
        "--seconds", str(load.warm_up_s + load.seconds + 4), "--out", str(folder),
    ]  # fmt: skip
    process = Process("crowd", command, folder)
    _wait_for(process, "ready", 60)
    return process


def _delays(load: Load, folder: Path, trace: Path) -> dict[str, Any]:
    from_line, from_read = delays_ms(folder / "events.bin", trace, load.warm_up_s)
    return {
        "delay_line_to_frame_ms": percentiles(from_line),
        "delay_read_to_frame_ms": percentiles(from_read),
        "websocket": json.loads((folder / "clients.json").read_text(encoding="utf-8")),
    }


def _check(folder: Path, database: Path) -> dict[str, Any]:
    """Does the stopped server's database hold exactly what the simulator says it wrote?"""
    wanted: Counter[str] = Counter()
    wanted_bytes: Counter[str] = Counter()
    lines = 0
    for file in folder.glob("truth*.json"):
        truth = json.loads(file.read_text(encoding="utf-8"))["total"]
        wanted.update({k: n for k, n in truth["transfers"].items() if not k.endswith(" started")})
        wanted_bytes.update({k: n for k, n in truth["bytes"].items() if n})
        lines += truth["lines"]
    stored = stored_stats(database)
    found = {k: n for k, n in stored["transfers"].items() if not k.endswith(" started")}
    found_bytes = {k: n for k, n in stored["bytes"].items() if n}
    return {"transfers": wanted == found, "bytes": wanted_bytes == found_bytes, "lines": lines == stored["lines"],
            "events": sum(wanted.values())}  # fmt: skip


def profile_load(load: Load, report: Path, *, scalene: bool = False) -> dict[str, Any]:
    """The same load under cProfile (all threads), and under scalene when wished: shares, never bars."""
    found: dict[str, Any] = {}
    with _profiling_folder(load) as folder:
        _profiled_run(load, folder, cprofile_runner(report, load.name))
        found["cprofile"] = finish_cprofile(report, load.name)
    if scalene:
        with _profiling_folder(load) as folder:
            runner, found["scalene"] = scalene_runner(folder)
            if runner:
                _profiled_run(load, folder, runner)
                found["scalene"] = finish_scalene(folder, report, load.name)
    return found


@contextlib.contextmanager
def _profiling_folder(load: Load) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        (Path(name) / "logs").mkdir()
        for number in range(1, load.nodes + 1):
            (Path(name) / "logs" / f"node{number}.log").touch()
        yield Path(name)


def _profiled_run(load: Load, folder: Path, runner: list[str]) -> None:
    logs = [(f"node{i}", folder / "logs" / f"node{i}.log") for i in range(1, load.nodes + 1)]
    clients = None
    with _endpoints(load, folder) as endpoints:
        server = Server(folder, folder / "perf.db", logs, load.server_args, runner, endpoints=endpoints, root=load.root)
        try:
            clients = _clients(load, folder, server) if load.clients else None
            writing(load, folder, folder / "trace", load.seconds).wait(load.seconds + 60)
        finally:
            with contextlib.suppress(MeasureError):
                if clients:
                    clients.wait(30)
            # scalene runs the program in a child, and does not hand signals on
            for child in server.ps.children():
                child.terminate()
                child.wait(60)
            server.stop(60)
