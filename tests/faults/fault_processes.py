"""Real processes under real faults: the monitor as its users start it, and what it says while it suffers.

Nothing here sleeps for a fixed time: `until` looks again and again at something that can be seen from outside, up to a deadline.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

import psutil
from flags import flag_environment
from patience import PATIENCE_S

T = TypeVar("T")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOOK_S = 0.02


class Late(AssertionError):
    """Something did not happen before its deadline."""


def until(look: Callable[[], T], limit_s: float, what: str | Callable[[], str]) -> T:
    """The first true answer of `look`; Late, with `what` was waited for, when patience ends (later only where `limit_s` is longer)."""
    limit_s = max(limit_s, PATIENCE_S)
    end = time.monotonic() + limit_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Late(f"not within {limit_s:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(LOOK_S)


def environment(clock: Path | None = None) -> dict[str, str]:
    """This checkout first, none of the operator's own settings, the flags of this test run; `clock`: see SettableClock."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STORJ_MONITOR_")} | flag_environment()
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    if clock:
        kept |= {"PYTHONPATH": f"{HERE / 'settable_clock'}{os.pathsep}{ROOT}", "STORJ_FAULT_CLOCK": str(clock)}
    return kept


class SettableClock:
    """The wall clock of processes that are started with `path`; the monotonic clock goes on as it does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(8))

    def move(self, seconds: float) -> None:
        """So far from the true time, at once and from now on."""
        with self.path.open("r+b") as file:
            file.write(struct.pack("<d", seconds))


def command(*arguments: object) -> list[str]:
    """`storj_monitor ARGUMENTS` in a process of its own."""
    return [sys.executable, "-m", "storj_monitor", *map(str, arguments)]


def _in_child(before: Callable[[], None] | None) -> None:
    """A test run in the background of a shell ignores Ctrl-C, and its children would too: they are to have it as in a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if before is not None:
        before()


class Process:
    """A child with its output in a file. As a context it is killed at the end, whatever happened."""

    def __init__(
        self, arguments: Sequence[str], output: Path, *, group: bool = False, before: Callable[[], None] | None = None,
        clock: SettableClock | None = None, more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """`group`: a process group of its own, as a terminal makes one. `before`: called in the child at its begin. `more`: variables."""
        self.output = output
        with output.open("ab") as file:
            self._from = file.tell()
            self.popen = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT,
                env=environment(clock.path if clock else None) | dict(more), start_new_session=group, preexec_fn=partial(_in_child, before),
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def text(self) -> str:
        """What it has printed so far."""
        return self.output.read_bytes()[self._from :].decode(errors="replace")

    def kill(self) -> None:
        """kill -9, and wait until the system has cleaned up."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def end(self, limit_s: float) -> int:
        """Its exit code, when it ends by itself within the limit."""
        until(lambda: self.popen.poll() is not None, limit_s, lambda: f"end of {self.popen.args!r}:\n{self.text()[-1500:]}")
        return self.popen.returncode

    def stop(self, number: signal.Signals = signal.SIGTERM, limit_s: float = PATIENCE_S) -> tuple[int, float]:
        """Exit code, and seconds from the signal to the end."""
        begin = time.monotonic()
        self.popen.send_signal(number)
        code = self.end(limit_s)
        return code, time.monotonic() - begin


class Monitor(Process):
    """`storj_monitor run` on a port of the system's choice, ready to answer when it is made (unless `wait` is False)."""

    def __init__(
        self, folder: Path, nodes: dict[str, object], *, database: Path | None = None, extra: Sequence[str] = (), wait: bool = True,
        before: Callable[[], None] | None = None, clock: SettableClock | None = None, more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.database = database or folder / "monitor.db"
        flags = [part for name, log in nodes.items() for part in ("--node", f"{name}:{log}")]
        arguments = command("run", "--database", self.database, "--port", 0, *flags, *extra)
        super().__init__(arguments, folder / "monitor.out", before=before, clock=clock, more=more)
        self.port = 0
        if wait:
            try:
                self.wait_until_up()
            except BaseException:
                self.kill()
                raise

    def wait_until_up(self, limit_s: float = PATIENCE_S) -> None:
        """Until it has said its address."""
        until(self._address, limit_s, lambda: f"an address:\n{self.text()[-1500:]}")

    def _address(self) -> bool:
        if self.popen.poll() is not None:
            raise AssertionError(f"the monitor ended with {self.popen.returncode}:\n{self.text()[-1500:]}")
        _, mark, rest = self.text().partition("http://127.0.0.1:")
        digits, slash, _ = rest.partition("/")
        if mark and (slash or rest.endswith("\n")):
            self.port = int(digits)
        return bool(self.port)

    def get(self, path: str) -> Any:
        """A JSON answer of its HTTP API."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S) as answer:
            return json.loads(answer.read())

    def metric(self, name: str) -> float:
        """A figure without labels from `/metrics`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE_S) as answer:
            text = answer.read().decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    def healthy(self) -> bool:
        """`/healthz` answers."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return True
        return False

    def lines(self, *names: str) -> int:
        """Lines read of these nodes (none: all), as the API tells them."""
        return sum(row["lines"] for row in self.get("/api/v1/nodes")["rows"] if not names or row["name"] in names)

    def wait_for_lines(self, count: int, *names: str, limit_s: float = PATIENCE_S) -> None:
        """Until it has read so many lines. How long that takes is the machine's affair: it is late when it has read none for so long."""
        wanted = f"{count} lines of {names or 'all'}"
        read = self.lines(*names)
        while read < count:
            read = until(partial(self._more_lines, read, *names), limit_s, f"{wanted}, it has {read}")

    def _more_lines(self, than: int, *names: str) -> int:
        """How many, when they are more; else 0."""
        read = self.lines(*names)
        return read if read > than else 0

    def rss_bytes(self) -> int:
        return int(psutil.Process(self.popen.pid).memory_info().rss)


def positions(database: Path) -> dict[int, int]:
    """Bytes of logs that the database has, by number of the node; {} while there is no database."""
    try:
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            return dict(db.execute("SELECT node, sum(offset) FROM position GROUP BY node"))
    except sqlite3.OperationalError:
        return {}


def stored(database: Path, *names: str) -> dict[str, Any]:
    """`stats --database FILE --json`, as an operator asks."""
    flags = [part for name in names for part in ("--node", name)]
    arguments = command("stats", "--database", database, "--json", *flags)
    done = subprocess.run(arguments, capture_output=True, env=environment(), cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def logged(*logs: Path) -> dict[str, Any]:
    """`stats LOG… --json`: a recount of the logs without any database."""
    done = subprocess.run(command("stats", "--json", *logs), capture_output=True, env=environment(), cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def figures(counts: dict[str, Any]) -> dict[str, Any]:
    """What must be equal wherever it was counted: results (no starts), their bytes, satellites and minutes, lines."""
    names = ("transfers", "bytes", "satellites", "minutes")
    results = {name: {k: n for k, n in counts[name].items() if n and not k.endswith(" started")} for name in names}
    return results | {"lines": counts["lines"]}


def difference(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What is too much (+) or too little (-), by key; {} when both are equal."""
    found, wanted = figures(found), figures(wanted)
    wrong: dict[str, Any] = {}
    for name in wanted:
        if name == "lines":
            if found[name] != wanted[name]:
                wrong[name] = found[name] - wanted[name]
            continue
        for key in sorted({*found[name], *wanted[name]}):
            if found[name].get(key, 0) != wanted[name].get(key, 0):
                wrong[f"{name} {key}"] = found[name].get(key, 0) - wanted[name].get(key, 0)
    return wrong
