"""Repeated questions over 24 hours: every /api/v1 answer, cold and warm, from a real server on a full database.

python tests/perf/profile_db.py --events 200000          # a small day, built at once
python tests/perf/profile_db.py --day                    # 17,280,000 events, see make_day.py (built once, kept)
python tests/perf/profile_db.py --clients 20             # that many at once instead of 8, after one by one
python tests/perf/profile_db.py --database FILE --from-s 1790000000 --to-s 1790086400
"""

from __future__ import annotations

import http.client
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delays import percentiles
from harness import ROOT, MeasureError, Server
from make_day import Day, make_day
from profilers import py_spy
from reporting import Report, arguments, guarded

PATHS = ("nodes", "traffic", "actions", "satellites", "latency", "sizes", "errors", "pieces", "countries", "compactions", "logs")
CLIENTS, AT_ONCE_S = 8, 15.0
SHAPES = ("", "&node=node1", "&bucket=hour")


def ask_all(day: Day, repeats: int, report: Path, args: Any) -> dict[str, Any]:
    """Each path with its 24 h window: the first answer is the cold one; then `repeats` more in turns."""
    with _serving(day, args.server_arg) as server:
        return _ask(server, day, repeats, report, args)


def ask_at_once(day: Day, server_args: Sequence[str], clients: int, seconds: float, root: Path) -> dict[str, Any]:
    """Only the part in which several ask at once, of a copy of the day; with the memory it took."""
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        copy = day._replace(database=Path(shutil.copy(day.database, name)))
        with _serving(copy, server_args, root) as server:
            return _at_once(server, copy, clients, seconds) | {"rss_mib": round(server.rss_bytes() / (1 << 20), 1)}


@contextmanager
def _serving(day: Day, server_args: Sequence[str], root: Path = ROOT) -> Iterator[Server]:
    """A server on the day's database with silent logs."""
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        folder = Path(name)
        logs = [(f"node{number}", folder / f"node{number}.log") for number in range(1, day.nodes + 1)]
        for _, path in logs:
            path.touch()
        server = Server(folder, day.database, logs, server_args, root=root)
        try:
            yield server
        finally:
            server.stop()


def _window(day: Day, earlier_s: int = 0) -> str:
    return f"from={day.from_s - earlier_s:.0f}&to={day.to_s - earlier_s:.0f}"


def _urls(day: Day, earlier_s: int = 0) -> list[str]:
    """All questions about the day, or about one that began earlier (which has not been asked before)."""
    window = _window(day, earlier_s)
    urls = [f"/api/v1/{path}?{window}" for path in PATHS if path != "nodes"] + ["/api/v1/nodes"]
    return urls + [f"/api/v1/traffic?{window}{shape}" for shape in SHAPES[1:]]


def _ask(server: Server, day: Day, repeats: int, report: Path, args: Any) -> dict[str, Any]:
    window, urls = _window(day), _urls(day)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    cold: dict[str, float] = {}
    sizes: dict[str, int] = {}
    warm: dict[str, list[float]] = {url: [] for url in urls}
    for url in urls:
        cold[url], sizes[url] = _timed(connection, url)
    cpu, begin = server.cpu_s(), time.monotonic()
    for _ in range(repeats):
        for url in urls:
            warm[url].append(_timed(connection, url)[0])
    spent, span = server.cpu_s() - cpu, time.monotonic() - begin
    figures: dict[str, Any] = {"queries": {}, "events": day.events, "repeats": repeats, "start_s": round(server.start_s, 2)}
    for url in urls:
        name = url.replace(window, "24h").replace("/api/v1/", "")
        figures["queries"][name] = percentiles(sorted(warm[url])) | {"cold_ms": round(cold[url], 2), "bytes": sizes[url]}
    slowest = max(figures["queries"], key=lambda q: figures["queries"][q]["p95"])
    figures |= {
        "slowest": slowest, "slowest_p95_ms": figures["queries"][slowest]["p95"],
        "cpu_ms_per_answer": round(spent / repeats / len(urls) * 1000, 3),
        "answers_per_s": round(repeats * len(urls) / span, 1), "rss_mib": round(server.rss_bytes() / (1 << 20), 1),
    }  # fmt: skip
    figures["at_once"] = _at_once(server, day, args.clients or CLIENTS, min(AT_ONCE_S, args.seconds))
    if args.profile:
        figures["py_spy"] = _profiled(server, day, report)
    return figures


def _at_once(server: Server, day: Day, clients: int, seconds: float) -> dict[str, Any]:
    """Several ask everything in turns for so many seconds, each about windows of its own, so that no answer is one that was kept."""
    askers = [AskAgain(server, day, n) for n in range(clients)]
    cpu, begin = server.cpu_s(), time.monotonic()
    for asker in askers:
        asker.start()
    time.sleep(seconds)
    for asker in askers:
        asker.stop()
    span = time.monotonic() - begin
    took = sorted(ms for asker in askers for ms in asker.took_ms)
    return percentiles(took) | {
        "clients": clients, "answers_per_s": round(len(took) / span, 1), "cpu_percent": round(100 * (server.cpu_s() - cpu) / span, 1),
    }  # fmt: skip


def _timed(connection: http.client.HTTPConnection, url: str) -> tuple[float, int]:
    """Milliseconds until the whole answer was here, and its size."""
    begin = time.perf_counter()
    connection.request("GET", url)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise MeasureError(f"{url.partition('?')[0]} answered {answer.status}: {body[:200]!r}")
    return (time.perf_counter() - begin) * 1000, len(body)


class AskAgain(threading.Thread):
    """Asks everything in turns until stopped, each time about another window; `number` keeps the windows of several apart."""

    def __init__(self, server: Server, day: Day, number: int = 0) -> None:
        super().__init__(name="asker")
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._day = day
        self._number = number
        self.took_ms: list[float] = []
        self._done = threading.Event()

    def run(self) -> None:
        turn = 0
        while True:
            turn += 1
            # between one and two hours earlier, by the minute for all askers together: most of the day is still in it
            for url in _urls(self._day, 3600 + 60 * ((turn * 17 + self._number * 7) % 60)):
                if self._done.is_set():
                    return
                self.took_ms.append(_timed(self._connection, url)[0])

    def stop(self) -> None:
        self._done.set()
        self.join()


def _profiled(server: Server, day: Day, report: Path) -> dict[str, Any]:
    """py-spy while this process asks."""
    asker = AskAgain(server, day)
    asker.start()
    try:
        return py_spy(server.popen.pid, 10, report, "aggregation")
    finally:
        asker.stop()


def main() -> int:
    parser = arguments(__doc__, clients=None, seconds=10.0)
    parser.add_argument("--events", type=int, default=200_000, help="size of the database that is made [default: %(default)s]")
    parser.add_argument("--day", action="store_true", help="the full day of 17,280,000 events")
    parser.add_argument("--repeats", type=int, default=50, help="answers of each kind [default: %(default)s]")
    parser.add_argument("--database", type=Path)
    parser.add_argument("--from-s", type=float)
    parser.add_argument("--to-s", type=float)
    args = parser.parse_args()
    report = Report("Aggregation", args.report)
    add_runs(report, args)
    return report.finish(budget=args.budget)


def add_runs(report: Report, args: Any) -> None:
    """One run: the database that the flags name or ask to be made."""

    def run() -> dict[str, Any]:
        if args.database:
            day = Day(args.database, 0, args.from_s, args.to_s, 4)
        else:
            day = make_day(17_280_000 if args.day else args.events)
        return ask_all(day, args.repeats, report.folder, args)

    guarded(report, "aggregation-day" if args.day else "aggregation", run)


if __name__ == "__main__":
    sys.exit(main())
