"""The small optimisations that a specification likes to ask for: what each brings here, in nanoseconds and in percent of a core.

    python tests/perf/small_things.py [--rounds 7] [--out FOLDER]

Both ways of each are timed in turns in one process (CPU time, best round). "A second" is how often it happens at 200 events/s with 10
clients; the last column is what the difference is worth then. Writes small_things.md into --out (default: prints only).
"""

from __future__ import annotations

import argparse
import datetime
import io
import logging
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from harness import machine
from markdown import table
from samples import NODE, Sink, batches, chunks, durations

from storj_monitor.database.connection import connect_reader
from storj_monitor.database.opening import open_database
from storj_monitor.log_processor import CountryLookup, LineProcessor
from storj_monitor.model.ids import satellite_name
from storj_monitor.platform.log_setup import RepeatFilter
from storj_monitor.server.encoding import make_encoder
from storj_monitor.simulator.profile import SATELLITES
from storj_monitor.state.nodes import State
from storj_monitor.stats import bucket_of
from storj_monitor.views.topic_feed import LIVE, TopicFeeds
from storj_monitor.websocket_utils import Frame

CLIENTS = 10
FRAMES_PER_S = 11.6
EVENTS_PER_S = 200
LINES_PER_S = 400
SIZES = list(range(1000))


class Thing(NamedTuple):
    """Two ways of the same; `times` is how often one call does it, `per_s` how often it happens a second, `where` the product does it."""

    name: str
    where: str
    plain: Callable[[], object]
    ours: Callable[[], object]
    times: int
    per_s: float


def _logger(level: int, *filters: logging.Filter) -> logging.Logger:
    logger = logging.Logger("small", level)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for one in filters:
        handler.addFilter(one)
    logger.addHandler(handler)
    return logger


def _logs() -> list[Thing]:
    off, on, limited = _logger(logging.INFO), _logger(logging.INFO), _logger(logging.INFO, RepeatFilter())

    def say(log: Callable[..., object], times: int) -> Callable[[], None]:
        def run() -> None:
            for number in range(times):
                log("read %d bytes", number)

        return run

    def silent() -> None:
        for _ in range(1000):
            pass

    return [
        Thing(
            "a debug message a line, level off → no call",
            "log_processor, database: no log call in any hot loop",
            say(off.debug, 1000),
            silent,
            1000,
            LINES_PER_S,
        ),
        Thing("an info message a line → no call", "the same", say(on.info, 1000), silent, 1000, LINES_PER_S),
        Thing("a repeated warning: written → left out", "quiet.RepeatFilter", say(on.warning, 1000), say(limited.warning, 1000), 1000, 1),
    ]


def _wire() -> list[Thing]:
    feeds = TopicFeeds(State([NODE]), True)
    feed = feeds.open((NODE,))
    for batch in batches()[:1]:
        some = msgspec.structs.replace(batch, rows=batch.rows[:17])
        feeds.push(some)
    payload = feed.advance((LIVE,), batches()[0].read_at, slow=False)[LIVE]
    plain, fast, sink = make_encoder(False), make_encoder(True), Sink()

    def each() -> None:
        for _ in range(CLIENTS):
            sink.send(Frame(plain.encode(payload)))

    def once() -> None:
        frame = Frame(plain.encode(payload))
        for _ in range(CLIENTS):
            sink.send(frame)

    return [
        Thing(
            "a live frame encoded for each of ten clients → once", "server.broadcaster, websocket_utils.Frame", each, once, 1, FRAMES_PER_S
        ),
        Thing(
            "a live frame by json → by orjson",
            "server.encoding",
            lambda: plain.encode(payload),
            lambda: fast.encode(payload),
            1,
            FRAMES_PER_S,
        ),
    ]


def _memo() -> list[Thing]:
    some = durations()[:1000]
    raw = bucket_of.__wrapped__
    names = [s.id for s in SATELLITES] * 250

    def parse(fast: bool) -> Callable[[], None]:
        def run() -> None:
            processor = LineProcessor(NODE, CountryLookup(), fast=fast)
            for chunk in chunks()[:5]:
                processor.process(chunk)

        return run

    def spelled() -> list[str]:
        known = [(s.id, s.name) for s in SATELLITES]
        return [next(name for other, name in known if other == text) for text in names]

    events = sum(len(batch.rows) for batch in batches()[:5])
    return [
        Thing(
            "bucket of a duration: logarithm → memo",
            "stats.bucket_of",
            lambda: [raw(d) for d in some],
            lambda: [bucket_of(d) for d in some],
            1000,
            EVENTS_PER_S,
        ),
        Thing(
            "line heads, times, names: parsed → memo and fast parser",
            "log_processor.fast_parser",
            parse(False),
            parse(True),
            events,
            EVENTS_PER_S,
        ),
        Thing(
            "name of a satellite: searched → looked up",
            "model.satellites",
            spelled,
            lambda: [satellite_name(text) for text in names],
            1000,
            8,
        ),
    ]


class _Holder:
    def __init__(self) -> None:
        self.total = 0
        self.limit = 1 << 60


def _loops() -> list[Thing]:
    holder = _Holder()

    def looked_up() -> int:
        for size in SIZES:
            if size < holder.limit:
                holder.total += size
        return holder.total

    def bound() -> int:
        total, limit = holder.total, holder.limit
        for size in SIZES:
            if size < limit:
                total += size
        return total

    def appended() -> list[tuple[int, int]]:
        rows = []
        for size in SIZES:
            rows.append((1, size))  # noqa: PERF401
        return rows

    def allocated() -> list[tuple[int, int] | None]:
        rows: list[tuple[int, int] | None] = [None] * len(SIZES)
        for i, size in enumerate(SIZES):
            rows[i] = (1, size)
        return rows

    return [
        Thing(
            "attributes looked up in a loop → bound to local names", "fast_parser, accumulator, live", looked_up, bound, 1000, EVENTS_PER_S
        ),
        Thing(
            "sum over a list made for it → over an iterator",
            "state, views",
            lambda: sum([s + 1 for s in SIZES]),
            lambda: sum(s + 1 for s in SIZES),
            1000,
            EVENTS_PER_S,
        ),
        Thing(
            "a copy of a list before the loop → the list itself",
            "state, views",
            lambda: [None for _ in list(SIZES)],
            lambda: [None for _ in SIZES],
            1000,
            EVENTS_PER_S,
        ),
        Thing("append in a loop → a list of known length filled", "commit: comprehensions", appended, allocated, 1000, EVENTS_PER_S),
        Thing(
            "append in a loop → a comprehension",
            "commit: comprehensions",
            appended,
            lambda: [(1, size) for size in SIZES],
            1000,
            EVENTS_PER_S,
        ),
        Thing(
            "a small list each time → a tuple",
            "model: NamedTuple rows",
            lambda: [[s, 1, 2] for s in SIZES],
            lambda: [(s, 1, 2) for s in SIZES],
            1000,
            EVENTS_PER_S,
        ),
        Thing(
            "1024**3 in a loop → hoisted",
            "units (CPython folds it anyway)",
            lambda: [s / 1024**3 for s in SIZES],
            _hoisted,
            1000,
            EVENTS_PER_S,
        ),
        Thing("datetime.now() an event → time once a batch", "time is an argument everywhere", _now_each, _now_once, 1000, EVENTS_PER_S),
    ]


def _hoisted() -> list[float]:
    gib = 1024**3
    return [s / gib for s in SIZES]


def _now_each() -> list[float]:
    return [datetime.datetime.now(datetime.UTC).timestamp() for _ in SIZES]


def _now_once() -> list[float]:
    now = time.time()
    return [now for _ in SIZES]


def _database(folder: Path) -> list[Thing]:
    path = folder / "small.db"
    open_database(path, 0.0, "x")
    held = connect_reader(path)
    own = sqlite3.connect(folder / "rows.db", isolation_level=None)
    own.execute("CREATE TABLE t(a, b)")
    rows = [(i, i) for i in range(1000)]

    def anew() -> None:
        db = connect_reader(path)
        db.execute("SELECT count(*) FROM node").fetchone()
        db.close()

    def insert(step: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            own.execute("BEGIN")
            step()
            own.execute("ROLLBACK")

        return run

    sql = "INSERT INTO t VALUES (?, ?)"
    return [
        Thing(
            "a question on a new connection → on a held one",
            "database.reader",
            anew,
            lambda: held.execute("SELECT count(*) FROM node").fetchone(),
            1,
            1,
        ),
        Thing(
            "a row an execute → executemany",
            "database.commit",
            insert(lambda: [own.execute(sql, row) for row in rows]),
            insert(lambda: own.executemany(sql, rows)),
            1000,
            20,
        ),
    ]


def measure(rounds: int) -> list[tuple[object, ...]]:
    """Rows of the table."""
    with tempfile.TemporaryDirectory(prefix="storj_monitor-small-") as name:
        found: list[tuple[object, ...]] = []
        for thing in _logs() + _wire() + _memo() + _loops() + _database(Path(name)):
            ways = (thing.plain, thing.ours)
            repeats = [_repeats(way) for way in ways]
            best = [float("inf"), float("inf")]
            for _ in range(rounds):
                for i, way in enumerate(ways):
                    best[i] = min(best[i], _ns(way, repeats[i]) / thing.times)
            worth = (best[0] - best[1]) * thing.per_s / 1e7
            found.append((thing.name, thing.where, round(best[0]), round(best[1]), thing.per_s, f"{worth:+.4f}"))
    return found


def _repeats(way: Callable[[], object]) -> int:
    """So many calls take some milliseconds."""
    way()
    return max(1, int(5e6 / max(1.0, _ns(way, 1))))


def _ns(way: Callable[[], object], repeats: int) -> float:
    begun = time.thread_time_ns()
    for _ in range(repeats):
        way()
    return (time.thread_time_ns() - begun) / repeats


def document(rounds: int) -> list[str]:
    """The whole document."""
    m = machine()
    heads = ["<plain → ours", "<where", "plain, ns", "ours, ns", "a second", "worth, % of a core"]
    return [
        "# Small things",
        "",
        f"{m['cpu']}, {m['cores']} cores, Python {m['python']}; best of {rounds} rounds.",
        "",
        *table(heads, measure(rounds)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, help="folder for small_things.md")
    args = parser.parse_args()
    text = "\n".join(document(args.rounds)).rstrip() + "\n"
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "small_things.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
