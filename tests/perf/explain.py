"""Query plans and times: each question of the product over its rollups, against the plain way over single events with indexes.

    python tests/perf/explain.py                       # 400,000 events of a day, built once, kept outside the repository
    python tests/perf/explain.py --events 20000 --out FOLDER

The plain way is asked three times: without an index, with the composite index (node, time) that the specification would have added, and
with an index that covers the question. Its figures must equal ours. Also: a temporary table against a CTE for a calculation that
several answers of one request share. Writes explain.md into --out (default: prints only).
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import plain_events
from harness import MeasureError
from make_day import Day, make_day
from markdown import table
from shared_calculation import compare_ways

from storj_monitor.database import history, queries
from storj_monitor.database.connection import connect_reader
from storj_monitor.database.queries import clip_to_retention
from storj_monitor.state.hot import HOT_OPS

Connection = sqlite3.Connection
ROUNDS = 9
PLAIN_INDEX = {"no index": "NOT INDEXED", "index (node, time)": "INDEXED BY plain_time", "covering index": "INDEXED BY plain_covering"}


class Question(NamedTuple):
    """Ours, and the plain way in SQL with {index} and {nodes}; `same` brings both answers to one form, None: nothing to compare."""

    ours: Callable[[Connection], Any]
    plain: str = ""
    same: Callable[[Any], Any] | None = None


def questions(day: Day, ids: list[int]) -> dict[str, Question]:
    """All read queries of the product over the day."""
    low, high, ms = int(day.from_s), int(day.to_s), f"time_ms >= {int(day.from_s) * 1000} AND time_ms < {int(day.to_s) * 1000}"
    where = "FROM plain {index} WHERE node IN ({nodes}) AND " + ms
    return {
        "traffic (288 buckets)": Question(
            lambda db: queries.traffic(db, ids, low, high, 300),
            f"SELECT time_ms / 300000 * 300, op, count(*), sum(max(size, 0)) {where} GROUP BY 1, 2", sorted),
        "totals (counts, bytes)": Question(
            lambda db: [(op, c.count, c.size_bytes) for op, c in queries.totals(db, ids, low, high).items()],
            f"SELECT op, count(*), sum(max(size, 0)) {where} GROUP BY 1", sorted),
        "durations (percentiles)": Question(
            lambda db: queries.totals(db, ids, low, high),
            f"SELECT op, duration_ms {where} AND duration_ms >= 0 ORDER BY op, duration_ms"),
        "by satellite": Question(
            lambda db: [(*key, *pair) for key, pair in queries.by_satellite(db, ids, low, high).items()],
            f"SELECT satellite, op, count(*), sum(max(size, 0)) {where} GROUP BY 1, 2", sorted),
        "hot pieces (top 100)": Question(
            lambda db: queries.hot_pieces(db, ids, low, high, 100),
            f"SELECT piece, count(*), sum(max(size, 0)) {where} AND op IN ({', '.join(map(str, sorted(HOT_OPS)))}) "
            "GROUP BY 1 ORDER BY 2 DESC LIMIT 100"),
        "counts by minute (stats)": Question(
            lambda db: queries.minute_counts(db, ids), f"SELECT time_ms / 60000 * 60, op, count(*) {where} GROUP BY 1, 2", sorted),
        "the last hour (start)": Question(
            lambda db: [queries.window_rows(db, i, high - 3600, high) for i in ids],
            "SELECT time_ms / 60000 * 60, satellite, op, count(*), sum(max(size, 0)), max(duration_ms) FROM plain {index} "
            f"WHERE node IN ({{nodes}}) AND time_ms >= {(high - 3600) * 1000} GROUP BY 1, 2, 3"),
        "countries": Question(lambda db: queries.countries(db, ids, low, high)),
        "errors": Question(lambda db: queries.errors(db, ids, low, high, 100)),
        "what is kept (window)": Question(lambda db: clip_to_retention(db, ids, low, high, 300, points=True)),
        "log lines": Question(lambda db: queries.line_counts(db, ids)),
        "compactions": Question(
            lambda db: queries.newest_compactions(db, ids[0], ["compaction_started"], low * 1000, high * 1000, 200, 4000)),
        "node events": Question(lambda db: queries.node_events(db, ["node_started", "panic"], ids, low * 1000, high * 1000, 100)),
        "nodes": Question(queries.nodes),
        "positions": Question(lambda db: queries.positions(db, ids[0])),
        "everything a start needs": Question(lambda db: history.node_history(db, [], high - 3600, ["node_started"], None)),
    }  # fmt: skip


def timed_ms(ask: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median of the rounds after one that warms, and the answer."""
    answer = ask()
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begun) * 1000)
    return median(took), answer


def plans(db: Connection, ask: Callable[[Connection], Any]) -> list[str]:
    """The steps of every statement that a question makes, each once."""
    said: list[str] = []
    db.set_trace_callback(said.append)
    ask(db)
    db.set_trace_callback(None)
    return list(dict.fromkeys(step for sql in said for step in plan_of(db, sql)))


def plan_of(db: Connection, sql: str) -> list[str]:
    """EXPLAIN QUERY PLAN of one statement, the innermost steps as they come."""
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]


def _compared(
    name: str, question: Question, ours: Connection, plain: Connection, ids: list[int], rounds: int
) -> tuple[list[object], list[str]]:
    our_ms, answer = timed_ms(lambda: question.ours(ours), rounds)
    detail = [f"### {name}", "", f"Ours, {our_ms:.3g} ms:", "", "```text", *plans(ours, question.ours), "```", ""]
    row: list[object] = [name, our_ms]
    for way, hint in PLAIN_INDEX.items():
        if not question.plain:
            row.append(None)
            continue
        sql = question.plain.format(index=hint, nodes=", ".join(map(str, ids)))
        plain_ms, rows = timed_ms(lambda sql=sql: plain.execute(sql).fetchall(), max(1, rounds // 3))  # type: ignore[misc]
        if question.same and question.same([tuple(r) for r in answer]) != question.same(rows):
            raise MeasureError(f"{name}: the rollups say something else than the single events")
        detail += [f"Plain, {way}, {plain_ms:.3g} ms:", "", "```text", *plan_of(plain, sql), "```", ""]
        row.append(plain_ms)
    times = [v for v in row[2:] if isinstance(v, float)]
    row.append(f"{min(times) / our_ms:.1f} ×" if times else "no plain way: single events do not tell it")
    return row, detail


def compare(day: Day, rounds: int = ROUNDS) -> list[str]:
    """The whole document."""
    ours = connect_reader(day.database)
    with tempfile.TemporaryDirectory(prefix="storj_monitor-explain-") as name:
        events = sorted(plain_events.events_of(ours), key=lambda event: event[1])
        built = plain_events.build(Path(name) / "plain.db", events)
        some = events[: min(len(events), 100_000)]
        inserts = {on: plain_events.insert_in_place(Path(name) / f"insert{on}.db", some, on) for on in (False, True)}
        plain = sqlite3.connect(Path(name) / "plain.db")
        plain.execute("PRAGMA query_only = ON")
        plain.execute("PRAGMA cache_size = -512")
        ids = [node.id for node in queries.nodes(ours)]
        pairs = [_compared(what, q, ours, plain, ids, rounds) for what, q in questions(day, ids).items()]
        shared = compare_ways(ours, ids, int(day.from_s), int(day.to_s), rounds)
        plain.close()
    ours.close()
    size = day.database.stat().st_size
    text = [
        "# Rollups against indexes", "",
        f"{len(events):,} events of {day.nodes} nodes over 24 h; medians of {rounds} rounds, warm, one process, SQLite "
        f"{sqlite3.sqlite_version}. Where both sides count the same, their counts and bytes were equal. Ours includes what the product "
        "makes of the rows (sums over levels, objects, sketches of durations); the plain way is SQL alone.", "",
        "## Time, ms", "", *table(["<question", "ours", *PLAIN_INDEX, "<best plain / ours"], [row for row, _ in pairs]),
        "## Price of writing", "", *table(["<plain way", "µs an event", "bytes an event"], built),
        *table(["<inserts in transactions of 1,000", "CPU, µs an event"], [("no index", inserts[False]), ("all indexes", inserts[True])]),
        f"Ours, all tables together: {size / len(events):.1f} bytes an event at this rate.", "",
    ]  # fmt: skip
    return [*text, *shared, "## Plans", "", *(line for _, detail in pairs for line in detail)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, help="folder for explain.md")
    args = parser.parse_args()
    text = "\n".join(compare(make_day(args.events), args.rounds)).rstrip() + "\n"
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "explain.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
