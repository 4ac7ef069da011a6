"""How the database is best driven: commit cadence and batch size, PRAGMAs of the writer, PRAGMAs of the readers.

    python tests/perf/sweeps.py                         # 10 minutes of 200 events/s through the product's own committer, for each point
    python tests/perf/sweeps.py --seconds 60 --out FOLDER

One thing is varied at a time, everything else is as the product has it. CPU and bytes count what this process does inside commits and
checkpoints; the rounds of all points are interleaved and the best of each counts. Writes sweeps.md into --out (default: prints only).
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
from harness import MeasureError, machine
from make_day import make_day
from markdown import table

from storj_monitor.config.table import COMMIT_EVERY
from storj_monitor.database import queries
from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import READER_CACHE_KIB, WAL_PAGES, WRITER_CACHE_KIB, connect_reader, connect_writer
from storj_monitor.database.opening import open_database
from storj_monitor.log_processor import CountryLookup, LineProcessor
from storj_monitor.model.events import EventBatch
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import transfer_blocks
from storj_monitor.state.accumulator import Accumulator

CADENCES_S = (0.25, 1, 2, 5, 10, 30, 60)
CHECKPOINT_PAGES = (256, 1024, 4096)
WRITER_PRAGMAS = (
    "synchronous = OFF", "synchronous = NORMAL", "synchronous = FULL", "cache_size = -256", "cache_size = -1024", "cache_size = -8192",
    "mmap_size = 0", "mmap_size = 67108864", "mmap_size = 268435456", "temp_store = FILE", "temp_store = MEMORY",
)  # fmt: skip
READER_PRAGMAS = (
    "cache_size = -128", "cache_size = -512", "cache_size = -2048", "cache_size = -8192", "mmap_size = 0", "mmap_size = 67108864",
    "mmap_size = 268435456",
)  # fmt: skip
NODES = 4
RATE = 200.0
PER_SECOND = 4
"""Batches of a node in a second: the live monitor looks about so often with nobody watching."""

Seconds = Sequence[Sequence[EventBatch]]


class Cost(NamedTuple):
    """What it took to commit the stream; `written` in bytes an event, None where the system does not say."""

    us_per_event: float
    commit_p50_ms: float
    commit_max_ms: float
    written: float | None
    size: float


def make_stream(seconds: int) -> tuple[list[list[EventBatch]], int]:
    """Batches of all nodes, quarter second by quarter second, and the number of events in them."""
    lines = int(RATE / NODES * 2 * seconds)
    start_s = time.time() // 60 * 60 - seconds
    stream: list[list[EventBatch]] = [[] for _ in range((seconds + 120) * PER_SECOND)]
    events = 0
    for number in range(1, NODES + 1):
        name, at, slot = f"node{number}", 0, 0
        processor = LineProcessor(name, CountryLookup())
        for block in transfer_blocks(lines, NodeProfile(name), number, start_s, RATE / NODES, GroundTruth()):
            rows = block.splitlines(keepends=True)
            each = -(-len(rows) // PER_SECOND) or 1
            for first in range(0, len(rows), each):
                data = b"".join(rows[first : first + each])
                chunk = Chunk(name, data, at, at + len(data), start_s, FileIdentity(4096, f"{number:02}"), f"{name}.log")
                batch = processor.process(chunk)
                at += len(data)
                events += len(batch.rows)
                stream[min(slot + first // each, len(stream) - 1)].append(batch)
            slot += PER_SECOND
    while not stream[-1]:
        stream.pop()
    return stream, events


def commit_stream(stream: Seconds, events: int, cadence_s: float, pragma: str = "", wal_pages: int = WAL_PAGES) -> Cost:
    """All batches into a new database, one commit each `cadence_s` of the stream, checkpoints when the product would make them."""
    with tempfile.TemporaryDirectory(prefix="storj_monitor-sweep-") as name:
        path = Path(name) / "sweep.db"
        open_database(path, time.time(), "x")
        db = connect_writer(path)
        if pragma:
            db.execute(f"PRAGMA {pragma}")
        committer = Committer(db)
        accumulators = {f"node{n}": Accumulator(f"node{n}") for n in range(1, NODES + 1)}
        each = max(1, round(cadence_s * PER_SECOND))
        took: list[float] = []
        spent, before = 0.0, _written()
        for first in range(0, len(stream), each):
            for slot in stream[first : first + each]:
                for batch in slot:
                    accumulators[batch.node].add(batch)
            cpu, wall = time.process_time(), time.perf_counter()
            committer.commit([a.drain() for a in accumulators.values() if not a.is_empty], time.time())
            took.append((time.perf_counter() - wall) * 1000)
            if _wal_bytes(path) > wal_pages * 4096:
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            spent += time.process_time() - cpu
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        after = _written()
        stored = db.execute("SELECT sum(n) FROM satellite_day").fetchone()[0]
        db.close()
        if stored != events:
            raise MeasureError(f"{stored} of {events} events are in the database")
        written = None if before is None or after is None else (after - before) / events
        return Cost(spent / events * 1e6, median(took), max(took), written, path.stat().st_size / events)


def _wal_bytes(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def _written() -> int | None:
    try:
        return int(psutil.Process().io_counters().write_chars)
    except (AttributeError, psutil.Error):
        return None


def best_of(points: Mapping[str, tuple[float, str, int]], stream: Seconds, events: int, rounds: int) -> list[tuple[object, ...]]:
    """Rows of all points (cadence, pragma, pages of the WAL), rounds interleaved; the round with the least CPU counts."""
    found: dict[str, list[Cost]] = {name: [] for name in points}
    for _ in range(rounds):
        for name, (cadence_s, pragma, pages) in points.items():
            found[name].append(commit_stream(stream, events, cadence_s, pragma, pages))
    return [(name, *min(costs)) for name, costs in found.items()]


def reader_rows(events: int, rounds: int) -> list[tuple[object, ...]]:
    """Milliseconds of the 24 h questions on a connection of its own, cold (first) and warm (median), by PRAGMA."""
    day = make_day(events)
    rows: list[tuple[object, ...]] = []
    for pragma in READER_PRAGMAS:
        db = connect_reader(day.database)
        db.execute(f"PRAGMA {pragma}")
        ids = [node.id for node in queries.nodes(db)]
        took = []
        for _ in range(rounds + 1):
            begun = time.perf_counter()
            queries.traffic(db, ids, int(day.from_s), int(day.to_s), 300)
            queries.totals(db, ids, int(day.from_s) + 60, int(day.to_s) - 60)
            queries.by_satellite(db, ids, int(day.from_s) + 60, int(day.to_s) - 60)
            took.append((time.perf_counter() - begun) * 1000)
        db.close()
        rows.append((_named(pragma, f"cache_size = -{READER_CACHE_KIB}", "mmap_size = 0"), took[0], median(took[1:])))
    return rows


def _named(pragma: str, *products: str) -> str:
    return f"{pragma} (the product)" if pragma in products else pragma


def sweep(seconds: int, rounds: int, reader_events: int) -> list[str]:
    """The whole document."""
    stream, events = make_stream(seconds)
    heads = ["CPU, µs an event", "commit p50, ms", "longest commit, ms", "bytes written an event", "bytes on disk an event"]
    every_s = float(COMMIT_EVERY.default)
    cadences = {f"{c:g} s: {c * RATE:g} events{' (the product)' if c == every_s else ''}": (float(c), "", WAL_PAGES) for c in CADENCES_S}
    checkpoints = {f"{n * 4} KiB{' (the product)' if n == WAL_PAGES else ''}": (every_s, "", n) for n in CHECKPOINT_PAGES}
    own = ("synchronous = NORMAL", f"cache_size = -{WRITER_CACHE_KIB}", "mmap_size = 0", "temp_store = MEMORY")
    pragmas = {_named(pragma, *own): (every_s, pragma, WAL_PAGES) for pragma in WRITER_PRAGMAS}
    m = machine()
    return [
        "# Sweeps of the database", "",
        f"{events:,} events of {NODES} nodes, {RATE:g} a second for {seconds} s of log time, summed up and committed by the product's own "
        f"code; best of {rounds} interleaved rounds. "
        f"{m['cpu']}, {m['cores']} cores, Python {m['python']}, SQLite {sqlite3.sqlite_version}.", "",
        "## Commit cadence, which is the batch size", "", *table(["<a commit every", *heads], best_of(cadences, stream, events, rounds)),
        "## Checkpoint after so much WAL", "", *table(["<WAL", *heads], best_of(checkpoints, stream, events, rounds)),
        "## PRAGMAs of the writer", "", *table(["<PRAGMA", *heads], best_of(pragmas, stream, events, rounds)),
        "## PRAGMAs of the readers", "", f"Traffic, totals and satellites of 24 h, {reader_events:,} events.", "",
        *table(["<PRAGMA", "first, ms", "then, ms"], reader_rows(reader_events, rounds * 3)),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="log time of the stream [default: %(default)s]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reader-events", type=int, default=400_000, help="size of the readers' database [default: %(default)s]")
    parser.add_argument("--out", type=Path, help="folder for sweeps.md")
    args = parser.parse_args()
    text = "\n".join(sweep(args.seconds, args.rounds, args.reader_events)).rstrip() + "\n"
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "sweeps.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
