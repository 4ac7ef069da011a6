"""A monitor as its user starts it, on the log and the API answers of one case, at the time at which the case was recorded.

The log is a real file, the answers come over HTTP, the process is a real one; its clock stands where the log ends, so that "3 hours ago"
means the same whenever the test runs. What it says is read from `/api/v1`, `/metrics` and `stats`.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from faults.fault_processes import Monitor, SettableClock, logged, until

from storj_monitor.clock import Clock
from storj_monitor.simulator.fake_api import API, DEBUG, FakeNode, FakeReply

DATA = Path(__file__).parent / "data"
PATIENCE_S = 120.0
NODE = "mine"


def content(case: str, name: str) -> bytes:
    """A file of a case; larger ones are kept packed."""
    path = DATA / case / name
    return path.read_bytes() if path.exists() else gzip.decompress((DATA / case / f"{name}.gz").read_bytes())


def unix(text: str) -> float:
    """`2026-11-30T06:00:00Z` or with an offset, as Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


class World:
    """The answers of one node by route, as `world.json` has them: `"@-600"` is ten minutes ago, `"!status"` the status of an answer,
    `"!hang"` lists routes that never answer, `"!metrics"` says that there is a `/metrics`. See simulator.fake_answers.Answers."""

    def __init__(self, documents: dict[str, Any], metrics: bytes = b"") -> None:
        self.ahead_s = 0.0
        self.documents = documents
        self.metrics = metrics

    def has(self, endpoint: str) -> bool:
        return endpoint == API or (endpoint == DEBUG and bool(self.metrics))

    def set_public_port(self, port: int) -> None:
        """There is none."""

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        if endpoint == DEBUG:
            return FakeReply(200, "text/plain; version=0.0.4", self.metrics)
        url = urlsplit(path)
        query, parts = dict(parse_qsl(url.query)), url.path.split("/")
        if url.path.startswith("/api/heldamount/paystubs/"):
            first, last = parts[4], parts[-1]
            stubs = [one for one in self.documents["paystubs"] if first <= one["period"] <= last]
            return _json([one for one in stubs if query.get("id", one["satelliteId"]) == one["satelliteId"]] or None)
        if url.path.startswith("/api/heldamount/payout-history/"):
            return _json(self.documents["history"].get(parts[-1], []))
        key = f"{url.path}?id={query['id']}" if "id" in query else url.path
        if key not in self.documents:
            return _json({"error": "consoleapi: not found"}, 404)
        document = _at(self.documents[key], now)
        status = document.pop("!status", 200) if isinstance(document, dict) else 200
        return _json(document, status)


def _json(document: object, status: int = 200) -> FakeReply:
    return FakeReply(status, "application/json", json.dumps(document).encode() + b"\n")


def _at(value: Any, now: float) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return iso(now + float(value[1:]))
    if isinstance(value, dict):
        return {key: _at(one, now) for key, one in value.items()}
    return [_at(one, now) for one in value] if isinstance(value, list) else value


class _ShiftedClock(Clock):
    """The clock of the fake node: that of the monitor's process."""

    def __init__(self, shift_s: float) -> None:
        self._shift_s = shift_s

    def now(self) -> float:
        return time.time() + self._shift_s

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _ServedWorld:
    """A fake node that answers from a thread of its own."""

    def __init__(self, world: World, shift_s: float) -> None:
        self.fake = FakeNode(world, _ShiftedClock(shift_s))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake node")

    def __enter__(self) -> FakeNode:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.fake.start(), self._loop).result()
        return self.fake

    def __exit__(self, *exc_info: object) -> None:
        asyncio.run_coroutine_threadsafe(self.fake.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Case:
    """One node of one case before a running monitor. `at`: the time that it is, as the log writes times.

    `log`: a file of the case, or what is in the log; None: there is none.
    """

    def __init__(self, folder: Path, case: str, at: str, log: str | bytes | None = "node.log", world: World | None = None) -> None:
        self.folder, self.case = folder, case
        self._stack = ExitStack()
        self._shift_s = unix(at) - time.time()
        self.log = folder / "node.log"
        if log is not None:
            self.log.write_bytes(log if isinstance(log, bytes) else content(case, log))
        self._has_log = log is not None
        self._world = world

    def __enter__(self) -> Case:
        clock = SettableClock(self.folder / "clock")
        clock.move(self._shift_s)
        extra, setting = [], f"{NODE}:{self.log if self._has_log else ''}"
        if self._world is not None:
            fake = self._stack.enter_context(_ServedWorld(self._world, self._shift_s))
            setting += f":{fake.api_url}"
            config = self.folder / "monitor.toml"
            metrics = f'metrics = "{fake.metrics_url}"\n' if self._world.has(DEBUG) else ""
            where = f'log = "{self.log}"\n' if self._has_log else ""
            config.write_text(f'[[node]]\nname = "{NODE}"\n{where}api = "{fake.api_url}"\n{metrics}')
            extra = ["--config", str(config)]
        nodes: dict[str, object] = {} if extra else {NODE: self.log}
        self.monitor = self._stack.enter_context(Monitor(self.folder, nodes, extra=extra, clock=clock))
        if self._has_log:
            count = self.log.read_bytes().count(b"\n")
            until(lambda: self.node()["lines"] >= count, PATIENCE_S, lambda: f"{count} lines: {self.node()}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def get(self, question: str) -> Any:
        """An answer of `/api/v1`, with what is committed by then."""
        return self.monitor.get(f"/api/v1/{question}")

    def row(self, question: str) -> dict[str, Any]:
        """The row of this node."""
        found: dict[str, Any] = next(row for row in self.get(question)["rows"] if NODE in (row.get("name"), row.get("node")))
        return found

    def node(self) -> dict[str, Any]:
        return self.row("nodes")

    def wait(self, question: str, holds: Any, what: str = "") -> Any:
        """The first answer of which `holds` is true."""

        def look() -> Any:
            answer = self.get(question)
            return answer if holds(answer) else None

        return until(look, PATIENCE_S, lambda: f"{what or question}: {json.dumps(self.get(question), indent=1)[:6000]}")

    def state(self, wanted: str) -> dict[str, Any]:
        """The row of `/api/v1/nodes`, when the node is in that state."""
        found = self.wait("nodes", lambda answer: answer["rows"][0]["node_state"] == wanted, f"state {wanted}")
        row: dict[str, Any] = found["rows"][0]
        return row

    def findings(self, *metrics: str) -> list[dict[str, Any]]:
        """All that stands, when there is a finding of each of these kinds."""
        rows: list[dict[str, Any]] = self.wait("findings", lambda answer: {row["metric"] for row in answer["rows"]} >= set(metrics))["rows"]
        return [row for row in rows if row["state"] == "active"]

    def downtimes(self) -> list[tuple[float, float | None, bool]]:
        """From, until (None: it lasts), certain."""
        return [(one["from"], one["until"], one["certain"]) for one in self.get("health")["downtimes"]]

    def text(self, path: str) -> str:
        """An answer that is not JSON."""
        with urlopen(f"http://127.0.0.1:{self.monitor.port}{path}", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode("utf-8-sig"))

    def gauge(self, name: str, **labels: str) -> float | None:
        """A figure of `/metrics`, without the node's name."""
        wanted = {f'{key}="{value}"' for key, value in {"node": NODE, **labels}.items()}
        for line in self.text("/metrics").splitlines():
            found, _, rest = line.partition("{")
            inside, _, value = rest.rpartition("} ")
            if found == name and wanted <= set(inside.split(",")):
                return float(value)
        return None

    @cached_property
    def stats(self) -> dict[str, Any]:
        """`stats LOG --json`."""
        return logged(self.log)


def stats_of(case: str, name: str, folder: Path) -> dict[str, Any]:
    """`stats LOG --json` of one file of a case."""
    log = folder / name
    log.write_bytes(content(case, name))
    return logged(log)


def world(case: str) -> World:
    documents = json.loads(content(case, "world.json"))
    return World(documents, content(case, "metrics.txt") if documents.get("!metrics") else b"")
