"""What stands behind the server in its own tests: feeds that can be checked to the unit, canned answers in the protocol's shapes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from types import SimpleNamespace

from storj_monitor.errors import MonitorError, RequestError
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.server.ports import Family, Payload, Window
from storj_monitor.views.tables import log_row
from storj_monitor.views.wire.frames import StoreState

Serve = Callable[..., Awaitable[SimpleNamespace]]
NODES = ("a", "b", "c")
TOPICS = frozenset({"live", "satellites", "nodes"})


class CountingFeed:
    """`live` adds numbers up; the tables hold the sum as one row. Refuses a snapshot that would be ahead of its deltas."""

    def __init__(self) -> None:
        self.sum = 0
        self.pending: list[int] = []
        self.told: dict[str, int] = {}
        self.n = dict.fromkeys(TOPICS, 0)
        self.advances: list[tuple[frozenset[str], bool]] = []

    def push(self, value: int) -> None:
        self.sum += value
        self.pending.append(value)

    def snapshot(self, topics: Collection[str], now: float) -> dict[str, Payload]:
        found: dict[str, Payload] = {}
        for topic in topics:
            if topic == "live":
                assert not self.pending, "snapshot of live ahead of its deltas"
                found[topic] = {"n": self.n[topic], "sum": self.sum}
            else:
                found[topic] = {"n": self.n[topic], "rows": {"sum": {"value": self.told[topic]}}}
        return found

    def advance(self, topics: Collection[str], now: float, slow: bool) -> dict[str, Payload]:
        self.advances.append((frozenset(topics), slow))
        found: dict[str, Payload] = {}
        for topic in topics:
            if topic == "live":
                if self.pending:
                    self.n[topic] += 1
                    found[topic] = {"n": self.n[topic], "add": self.pending}
                    self.pending = []
            elif slow and self.told.get(topic) != self.sum:
                self.n[topic] += 1
                self.told[topic] = self.sum
                found[topic] = {"n": self.n[topic], "set": {"sum": {"value": self.sum}}, "del": []}
        return found


class CountingFeeds:
    def __init__(self) -> None:
        self.open_feeds: dict[tuple[str, ...], CountingFeed] = {}
        self.opened = 0
        self.names = NODES
        self.problem = ""
        self.notices: list[str] = []

    def nodes(self) -> tuple[str, ...]:
        return self.names

    def store(self) -> StoreState:
        return StoreState(problem=self.problem, notices=list(self.notices))

    def topics(self) -> frozenset[str]:
        return TOPICS

    def open(self, nodes: tuple[str, ...]) -> CountingFeed:
        assert nodes not in self.open_feeds
        self.opened += 1
        self.open_feeds[nodes] = CountingFeed()
        return self.open_feeds[nodes]

    def close(self, nodes: tuple[str, ...]) -> None:
        del self.open_feeds[nodes]

    def push(self, node: str, value: int) -> None:
        for nodes, feed in self.open_feeds.items():
            if node in nodes:
                feed.push(value)


_ACTION = {
    "action": "PUT",
    "direction": "up",
    "success": 5,
    "canceled": 1,
    "failed": 0,
    "bytes": 10,
    "unrated": 0,
    "counters_only": 0,
    "rejected": 0,
    "may_hide_failures": False,
    "all_bytes": 12,
    "timed": 4,
}
TOLD: dict[str, object] = {"unknown": None, "left_out": []}
_SOURCES = {"source": "log", "timed_source": "log"}
_ROWS: dict[str, dict[str, object]] = {
    "nodes": {
        "name": "a",
        "node_id": "",
        "version": "v1.120.4",
        "first": 1.5,
        "last": 2.5,
        "lines": 9,
        "understood": 7,
        "ignored": 1,
        "not_understood": 1,
        "state": "live",
        "detail": "",
        "path": "/var/log/a.log",
        "log": log_row(LogCharacter(), ""),
        "node_state": "warning",
        "node_state_since": 1.5,
        "node_state_reason": "QUIC is misconfigured.",
        "reasons": [
            {
                "code": "quic",
                "state": "warning",
                "sentence": "QUIC is misconfigured.",
                "since": None,
                "source": "api",
                "subject": None,
            }
        ],
    },
    "actions": {**_ACTION, "p50_ms": 1000, "p95_ms": 2000.0, "p99_ms": None, "resolution_ms": 1000, "mean_ms": 1.5, **_SOURCES},
    "satellites": {
        "satellite": "12Eay",
        "name": "us1",
        "put": [1, 2, 3],
        "get": [0, 0, 0],
        "audit": [0, 0, 0],
        "repair": [0, 0, 0],
        "up_bytes": 1,
        "down_bytes": 2,
    },
    "latency": {
        "action": "GET",
        "direction": "down",
        "outcome": "success",
        "count": 1,
        "timed": 1,
        "mean_ms": 1.5,
        "p50_ms": 1,
        "p90_ms": 1,
        "p95_ms": 1,
        "p99_ms": 1,
        "max_ms": 1,
        "resolution_ms": 1000,
    },
    "sizes": {"direction": "up", "class": 7, "from_bytes": 2097152, "to_bytes": None, "count": 1, "success": 1},
    "errors": {
        "level": "ERROR",
        "logger": "piecestore",
        "message": "upload failed",
        "template": "<b>#</b>",
        "count": 2,
        "first": 1.0,
        "last": 2.0,
        "sample": "…",
        "satellite": "",
        "class": "traffic",
        "rank": 6,
        "severity": "info",
        "nodes": ["a"],
        "node_count": 1,
    },
    "pieces": {"piece": "00af00af00af00af", "piece_id": "", "count": 3, "error": 1, "bytes": 9, "satellite": "12Eay"},
    "countries": {"country": "DE", "up_count": 1, "down_count": 2, "up_bytes": 3, "down_bytes": 4},
    "compactions": {
        "node": "a",
        "satellite": "12Eay",
        "name": "us1",
        "store": "s0",
        "state": "done",
        "started": 1.0,
        "finished": 3.0,
        "duration_s": 2.0,
        "stage": "",
        "error": "",
        "reclaimed": "1.4 GiB",
        "total": "2 GiB",
        "rewritten": None,
        "trashed": None,
        "expired": None,
    },
    "logs": {"node": "a", "kind": "ignored", "logger": "x", "message": "y", "count": 1, "sample": "z"},
}


def about(window: Window) -> dict[str, object]:
    """What every answer has."""
    return {"from": window.from_s, "to": window.to_s, "nodes": list(window.nodes)}


class CannedQueries:
    """Answers every question with one row, and remembers the windows. `failure` is raised instead when set."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Window]] = []
        self.failure: Exception | None = None
        self.filters: list[EventFilter] = []

    def _rows(self, name: str, window: Window) -> dict[str, object]:
        self.asked.append((name, window))
        if self.failure is not None:
            raise self.failure
        return {**about(window), "as_of": 1700000000.5, "rows": [_ROWS[name]]}

    async def nodes(self, window: Window) -> Payload:
        return self._rows("nodes", window)

    async def traffic(self, window: Window) -> Payload:
        self.asked.append(("traffic", window))
        times = list(range(window.from_s, window.to_s, window.bucket_s))
        zeros = [0] * len(times)
        series = [{"action": "PUT", "direction": "up", "outcome": "success", "count": zeros, "bytes": zeros}]
        return {**about(window), "as_of": None, "bucket_s": window.bucket_s, "times": times, "series": series, **TOLD}

    async def actions(self, window: Window) -> Payload:
        return {**self._rows("actions", window), "counters_window": None, **TOLD}

    async def satellites(self, window: Window) -> Payload:
        return {**self._rows("satellites", window), **TOLD}

    async def latency(self, window: Window) -> Payload:
        return self._rows("latency", window)

    async def sizes(self, window: Window) -> Payload:
        return self._rows("sizes", window)

    async def errors(self, window: Window) -> Payload:
        return self._rows("errors", window)

    async def pieces(self, window: Window) -> Payload:
        return self._rows("pieces", window)

    async def countries(self, window: Window) -> Payload:
        return self._rows("countries", window)

    async def compactions(self, window: Window) -> Payload:
        return self._rows("compactions", window)

    async def events(self, window: Window, wanted: EventFilter) -> Payload:
        self.asked.append(("events", window))
        if self.failure is not None:
            raise self.failure
        self.filters.append(wanted)
        row = {
            "id": 7, "node": "a", "at": 1.0, "last": 2.0, "count": 3, "kind": "upload_rejected", "label": "Upload rejected",
            "group": "Traffic", "severity": "warning", "level": "INFO", "satellite": "", "name": "", "text": "An upload was refused.",
        }  # fmt: skip
        run = {
            "node": "a", "satellite": "12Eay", "name": "us1", "state": "done", "at": 3.0, "filter_made": 1.0, "received": None,
            "started": 2.0, "finished": 3.0, "filter_bytes": 9, "pieces": 10, "trashed": 2, "kept": 8, "failed": 0, "duration_s": 1.0,
            "text": "2 of 10 pieces moved to the trash in 1 s.",
        }  # fmt: skip
        figure = {"node": "a", "group": "Migration", "severity": "info", "text": "Migration runs.", "at": 1.0}
        kind = {"kind": "upload_rejected", "label": "Upload rejected", "group": "Traffic"}
        return {**about(window), "as_of": 5.0, "rows": [row], "next": "1000.7", "kinds": [kind], "garbage": [run], "figures": [figure]}

    async def logs(self, window: Window) -> Payload:
        totals = [{"node": "a", "lines": 9, "understood": 7, "ignored": 1, "not_understood": 1}]
        return {**self._rows("logs", window), "totals": totals}


class TwoGauges:
    def samples(self) -> Iterable[Family]:
        yield Family("storj_monitor_lag_bytes", "Unread", "gauge", [({"node": 'a"\n'}, 1.0), ({"node": "b"}, 2.5)])
        yield Family("storj_monitor_lines", "Lines", "counter", [({"node": "a", "kind": "ignored"}, 3)])
        yield Family("storj_monitor_empty", "Nothing yet", "gauge", [])


BROKEN = MonitorError("the database is busy")
REFUSED = RequestError("bad_parameter", "from: too old")
