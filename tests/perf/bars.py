"""The bars that the product promises, and whether a report's runs meet them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True, frozen=True)
class Bar:
    """One promise against one figure; smaller is better."""

    run: str
    what: str
    limit: float
    value: float

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}

    def line(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'} {self.run}: {self.what}: {self.value:g} (at most {self.limit:g})"


# rate → CPU percent of one core, with clients
_CPU = {0.0: 0.1, 200.0: 1.5, 2000.0: 4.0}
# rate → p95 from line written to frame received, ms
_DELAY = {200.0: 100.0, 400.0: 100.0, 2000.0: 100.0, 20_000.0: 200.0}
RSS_MIB = 68.0
CROWD_FROM = 100
"""With more clients than this, memory is told, not promised: each connection has its own."""
CROWD_DELAY = 200.0
GROWTH_MIB = 2.0
"""Flat memory: what the last quarter of a long run may have more than its second."""
LONG_S = 600.0
QUERY_MS = 10.0
RESTART_S = 1.0
SPECIFICATION_CPU = 50.0
"""The specification's own bar at 200 events/s, which holds for every run up to 400."""


def check_bars(runs: dict[str, dict[str, Any]]) -> list[Bar]:
    """All bars that the runs can answer. A failed run misses; a run that lost or doubled something misses."""
    bars: list[Bar] = []
    for name, figures in runs.items():
        if "error" in figures:
            bars.append(Bar(name, "runs that failed", 0, 1))
            continue
        if "load" in figures:
            bars += _load_bars(name, figures)
        if "of_json_loads" in figures:
            bars.append(Bar(name, "time of ingest in times of json.loads of the same contexts", 1.0, figures["of_json_loads"]))
            bars.append(Bar(name, "bytes on disk an event", 48.0, figures["bytes_per_event"]))
        if "restart_s" in figures:
            bars.append(Bar(name, "start of the process → first live frame, s, slowest", RESTART_S, max(figures["restart_s"])))
        if "slowest_p95_ms" in figures:
            bars.append(Bar(name, "p95 of the slowest 24 h answer, ms", QUERY_MS, figures["slowest_p95_ms"]))
    return bars


def _load_bars(name: str, figures: dict[str, Any]) -> list[Bar]:
    load, cpu = figures["load"], figures["cpu"]
    bars = []
    steady = load["tick_ms"] <= 50
    limit = _CPU.get(load["rate"])
    if limit is not None and steady and load["clients"] <= 10:
        bars.append(Bar(name, "CPU, % of a core", limit, cpu["cpu_percent"]))
    elif load["rate"] <= 400:
        bars.append(Bar(name, "CPU, % of a core", SPECIFICATION_CPU, cpu["cpu_percent"]))
    if load["clients"] <= CROWD_FROM:
        bars.append(Bar(name, "RSS, MiB", RSS_MIB, cpu["rss_mib"]))
    if load.get("seconds", 0) >= LONG_S:
        quarters = figures["memory"]
        bars.append(Bar(name, "RSS of the last quarter over that of the second, MiB", GROWTH_MIB, round(quarters[3] - quarters[1], 2)))
    delay = figures.get("delay_line_to_frame_ms")
    crowd = figures.get("crowd")
    if crowd is not None:
        bars.append(Bar(name, "clients of the crowd that were closed", 0, crowd["closed_by_server"]))
    if delay is not None and delay["p95"] is not None:
        most = CROWD_DELAY if crowd else _DELAY.get(load["rate"], 200.0)
        bars.append(Bar(name, "p95 line written → frame received, ms", most, delay["p95"]))
    elif delay is not None:
        bars.append(Bar(name, "runs in which no event reached a client", 0, 1))
    if "websocket" in figures:
        bars.append(Bar(name, "gaps in the numbering", 0, figures["websocket"]["gaps"]))
    exact = figures.get("correct")
    if exact is None:
        return bars
    bars.append(
        Bar(name, "figures in the database that differ from the truth", 0, sum(not exact[k] for k in ("transfers", "bytes", "lines")))
    )
    return bars
