"""Real processes for measurements: the server, the simulated nodes, the clients; and a sampler of what the server costs.

Nothing here knows a scenario. CPU is cumulative process time, children included, so averages are exact over any window.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import platform
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil
from checkout import HERE as HERE
from checkout import ROOT as ROOT

START_LIMIT_S = 30.0
MAX_ROWS = 2000


class MeasureError(Exception):
    """A process of the measurement did not do what it must; the message says which and why."""


def environment(root: Path = ROOT) -> dict[str, str]:
    """The processes' environment: this checkout (or the one at `root`) first, none of the operator's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STORJ_MONITOR_")}
    kept["PYTHONPATH"] = str(root)
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine."""
    model = platform.processor()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A child process with its output in a file; stopped with SIGTERM, killed after a limit."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, root: Path = ROOT) -> None:
        self.name = name
        self.output = folder / f"{name}.out"
        self._file = self.output.open("wb")
        self.popen = subprocess.Popen(command, stdout=self._file, stderr=subprocess.STDOUT, env=environment(root), cwd=root)
        self.ps = psutil.Process(self.popen.pid)

    def text(self) -> str:
        """Everything it has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait(self, limit_s: float) -> int:
        """Wait for its end; MeasureError when it does not come or the exit code is not 0."""
        try:
            code = self.popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.stop()
            raise MeasureError(f"{self.name} did not end within {limit_s:.0f} s") from None
        self._file.close()
        if code:
            raise MeasureError(f"{self.name} ended with code {code}:\n{self.text()[-2000:]}")
        return code

    def stop(self, limit_s: float = 30.0) -> None:
        """SIGTERM, then kill."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(limit_s)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self._file.close()


class Server(Process):
    """`storj_monitor run` on a free port, ready to answer.

    nodes  -- (name, log path); endpoints -- by name, where its API and its metrics are, when it is to be asked
    runner -- what to put instead of `-m storj_monitor` (a profiler); root -- the checkout whose product runs
    """

    def __init__(
        self, folder: Path, database: Path, nodes: Sequence[tuple[str, Path]], extra: Sequence[str] = (),
        runner: Sequence[str] = ("-m", "storj_monitor"), *, endpoints: Mapping[str, Endpoints] | None = None, root: Path = ROOT,
    ) -> None:  # fmt: skip
        command = [sys.executable, *runner, "run", "--database", str(database), "--port", str(free_port()), *extra]
        if endpoints:
            config = folder / "nodes.toml"
            config.write_text("".join(_node_toml(name, path, endpoints[name]) for name, path in nodes), encoding="utf-8")
            command += ["--config", str(config)]
        else:
            for name, path in nodes:
                command += ["--node", f"{name}:{path}"]
        begin = time.monotonic()
        super().__init__("server", command, folder, root)
        self.port = self._wait_for_address()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._wait_for_health()
        self.start_s = time.monotonic() - begin

    def _wait_for_address(self) -> int:
        mark = "http://127.0.0.1:"
        for _ in _until(START_LIMIT_S):
            text = self.text()
            if mark in text:
                digits = text.partition(mark)[2]
                number = digits[: len(digits) - len(digits.lstrip("0123456789"))]
                if number and len(number) < len(digits):
                    return int(number)
            if self.popen.poll() is not None:
                break
        self.stop()
        raise MeasureError(f"the server did not say its address:\n{self.text()[-2000:]}")

    def _wait_for_health(self) -> None:
        for _ in _until(START_LIMIT_S):
            with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{self.base_url}/healthz", timeout=2):
                return
        self.stop()
        raise MeasureError("the server does not answer /healthz with 200")

    def cpu_s(self) -> float:
        """CPU seconds so far: the process, its threads, its children."""
        return cpu_seconds(self.ps)

    def rss_bytes(self) -> int:
        """Resident memory of the process and its children."""
        return sum(_suppressed(p) for p in [self.ps, *self.ps.children(recursive=True)])

    def get(self, path: str) -> tuple[float, bytes]:
        """Seconds until the whole answer was here, and the answer. One connection each; for many use a session."""
        begin = time.perf_counter()
        with urllib.request.urlopen(self.base_url + path, timeout=60) as answer:
            body = answer.read()
        return time.perf_counter() - begin, body


class Endpoints(NamedTuple):
    """Where a node answers."""

    api: str
    metrics: str


def _node_toml(name: str, log: Path, endpoints: Endpoints) -> str:
    # A JSON string is a TOML string.
    return "\n".join(
        ["[[node]]", *(f"{k} = {json.dumps(v)}" for k, v in (("name", name), ("log", str(log)), *endpoints._asdict().items())), ""]
    )


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process and of its children, living or waited for."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            t = child.cpu_times()
            total += t.user + t.system
    return float(total)


def _suppressed(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _until(limit_s: float, pause_s: float = 0.02) -> Iterator[None]:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        yield
        time.sleep(pause_s)


@dataclass(slots=True)
class Sample:
    """One second of a run; cumulative values."""

    at_s: float
    cpu_s: float
    rss_bytes: int
    written_bytes: int
    committed_bytes: int


@dataclass(slots=True)
class Sampler:
    """Samples a server once a second in a thread of the measuring process."""

    server: Server
    database: Path
    logs: Sequence[Path]
    samples: list[Sample] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Take the first sample now."""
        self._thread = threading.Thread(target=self._run, name="sampler")
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample now."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            begin = time.monotonic()
            while True:
                self.samples.append(self._take())
                wait = begin + len(self.samples) - time.monotonic()
                if self._stop.wait(max(0.0, wait)):
                    self.samples.append(self._take())
                    return

    def _take(self) -> Sample:
        written = sum(p.stat().st_size for p in self.logs if p.exists())
        return Sample(time.monotonic(), self.server.cpu_s(), self.server.rss_bytes(), written, committed_bytes(self.database))

    def window(self, skip_s: float = 0.0) -> dict[str, float]:
        """Averages after the first `skip_s`: CPU in percent of one core from cumulative time; peak of ten seconds; RSS."""
        used = [s for s in self.samples if s.at_s - self.samples[0].at_s >= skip_s - 0.05]
        if len(used) < 2:
            raise MeasureError("the run was too short to measure")
        first, last = used[0], used[-1]
        span = last.at_s - first.at_s
        return {
            "seconds": round(span, 2),
            "cpu_s": round(last.cpu_s - first.cpu_s, 4),
            "cpu_percent": round(100 * (last.cpu_s - first.cpu_s) / span, 3),
            "cpu_peak_percent": round(_peak(used), 3),
            "rss_mb": round(max(s.rss_bytes for s in used) / 1e6, 1),
            "rss_mib": round(max(s.rss_bytes for s in used) / (1 << 20), 1),
            "lag_bytes_max": max(s.written_bytes - s.committed_bytes for s in used),
            "lag_bytes_end": last.written_bytes - last.committed_bytes,
        }

    def quarters(self) -> list[float]:
        """Median RSS of each quarter of the run in MiB: equal ones mean that memory does not grow."""
        n = len(self.samples)
        parts = [self.samples[n * i // 4 : n * (i + 1) // 4] or self.samples[-1:] for i in range(4)]
        return [round(median(s.rss_bytes for s in part) / (1 << 20), 2) for part in parts]

    def write_csv(self, path: Path) -> None:
        """Second by second (long runs: fewer rows): CPU percent, RSS, bytes written and committed a second, bytes behind."""
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["second", "cpu_percent", "rss_mib", "written_bytes_per_s", "committed_bytes_per_s", "behind_bytes"])
            kept = self.samples[:: -(-len(self.samples) // MAX_ROWS)]
            for a, b in zip(kept, kept[1:], strict=False):
                span = b.at_s - a.at_s
                if span < 0.2:
                    continue
                out.writerow([
                    round(b.at_s - self.samples[0].at_s, 1), round(100 * (b.cpu_s - a.cpu_s) / span, 2),
                    round(b.rss_bytes / (1 << 20), 1), round((b.written_bytes - a.written_bytes) / span),
                    round((b.committed_bytes - a.committed_bytes) / span), b.written_bytes - b.committed_bytes,
                ])  # fmt: skip


def _peak(samples: Sequence[Sample]) -> float:
    """Highest CPU percent over any ten seconds (or over the whole, when shorter)."""
    best = 0.0
    for i, a in enumerate(samples):
        b = next((s for s in samples[i + 1 :] if s.at_s - a.at_s >= 9.9), samples[-1] if i == 0 else None)
        if b is not None:
            best = max(best, 100 * (b.cpu_s - a.cpu_s) / (b.at_s - a.at_s))
    return best


def committed_bytes(database: Path) -> int:
    """How much of the logs the database says it has read: the sum of its saved positions; 0 when there are none yet."""
    if not database.exists():
        return 0
    try:
        db = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=1)
    except sqlite3.Error:
        return 0
    with contextlib.closing(db):
        try:
            return int(db.execute("SELECT COALESCE(SUM(offset), 0) FROM position").fetchone()[0])
        except sqlite3.Error:
            return 0


def wait_until_read(database: Path, logs: Sequence[Path], limit_s: float) -> float:
    """Seconds until the database has every byte of the logs; MeasureError after the limit."""
    begin = time.monotonic()
    size = sum(p.stat().st_size for p in logs)
    for _ in _until(limit_s, 0.05):
        if committed_bytes(database) >= size:
            return time.monotonic() - begin
    raise MeasureError(f"{size - committed_bytes(database)} bytes are still not in the database after {limit_s:.0f} s")


def wait_until_seen(server: Server, limit_s: float) -> None:
    """Until the server says twice, a tick apart, that no byte of any log waits to be read; at its stop it commits what it has read."""
    seen = 0
    for _ in _until(limit_s, 0.7):
        _, text = server.get("/metrics")
        rows = [row for row in text.decode().splitlines() if row.startswith("storj_monitor_log_lag_bytes{")]
        seen = seen + 1 if rows and all(float(row.rpartition(" ")[2]) == 0 for row in rows) else 0
        if seen == 2:
            return
    raise MeasureError(f"the server has still not read all logs after {limit_s:.0f} s")


def run_python(arguments: Sequence[str]) -> None:
    """Run Python with these arguments to its end; MeasureError when the exit code is not 0."""
    done = subprocess.run([sys.executable, *arguments], env=environment(), cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise MeasureError(f"{arguments[1]} ended with code {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")


def stored_stats(database: Path) -> dict[str, Any]:
    """`storj_monitor stats --database FILE --json`."""
    command = [sys.executable, "-m", "storj_monitor", "stats", "--database", str(database), "--json"]
    done = subprocess.run(command, capture_output=True, env=environment(), cwd=ROOT, timeout=300, check=False)
    if done.returncode:
        raise MeasureError(f"stats ended with code {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def calibrate(lines: int = 20_000, rounds: int = 5) -> float:
    """CPU microseconds of the standard `json.loads` for one line's context, on this machine, now: the unit of ratios."""
    contexts = [b'{"process": "storagenode", "piece_id": "%052d", "satellite_id": "%051d", "action": "GET", "offset": 0, "size": '
                b'2319360, "remote_address": "198.51.100.90:53110"}' % (i, i) for i in range(lines)]  # fmt: skip
    texts = [c.decode() for c in contexts]
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        for text in texts:
            json.loads(text)
        best = min(best, time.process_time() - begin)
    return best / lines * 1e6
