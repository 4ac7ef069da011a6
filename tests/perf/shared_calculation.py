"""One request whose answers share a heavy calculation: a temporary table, a CTE in each, one CTE for all, or the rows read once.

The calculation is what the page's answers about actions, sizes and durations share: all rollup rows of a window, from coarse buckets
inside and fine ones at the edges.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from statistics import median

import checkout  # noqa: F401  (before the package)
from harness import MeasureError
from markdown import table

from storj_monitor.database import queries
from storj_monitor.database.schema import SIZE_COLUMNS, TOTAL_LEVELS

Rows = list[tuple[int, ...]]
_SIZES = ", ".join(f"sum({column})" for column in SIZE_COLUMNS)
ANSWERS = (
    "SELECT op, sum(n), sum(bytes) FROM rows GROUP BY op",
    f"SELECT op, {_SIZES} FROM rows GROUP BY op",
    "SELECT op, sum(timed), sum(duration_sum_ms), max(duration_max_ms) FROM rows GROUP BY op",
)
_AT_ONCE = f"SELECT op, sum(n), sum(bytes), {_SIZES}, sum(timed), sum(duration_sum_ms), max(duration_max_ms) FROM rows GROUP BY op"


def compare_ways(db: sqlite3.Connection, ids: Sequence[int], from_s: int, to_s: int, rounds: int) -> list[str]:
    """A section of Markdown. The connection may be read-only: temporary tables are made beside it, on one that is not."""
    # Not aligned to any bucket, so that all levels are needed.
    rows = _rows(ids, from_s + 60, to_s - 60)
    path = db.execute("PRAGMA database_list").fetchone()[2]
    own = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    own.execute("PRAGMA temp_store = MEMORY")
    ways: dict[str, Callable[[], list[Rows]]] = {
        "temporary table, three answers from it": lambda: _temporary(own, rows),
        "the CTE in each of the three": lambda: [own.execute(f"WITH rows AS ({rows}) {sql}").fetchall() for sql in ANSWERS],
        "one CTE, all sums at once": lambda: _split(own.execute(f"WITH rows AS ({rows}) {_AT_ONCE}").fetchall()),
        "rows read once, summed in Python with their sketches (the product)": lambda: _ours(own, ids, from_s + 60, to_s - 60),
    }
    wanted = [sorted(answer) for answer in ways["the CTE in each of the three"]()]
    timed = []
    for name, way in ways.items():
        took = []
        for _ in range(rounds):
            begun = time.perf_counter()
            found = way()
            took.append((time.perf_counter() - begun) * 1000)
        if [sorted(answer) for answer in found] != wanted:
            raise MeasureError(f"{name}: another answer")
        timed.append((name, median(took)))
    own.close()
    best = min(timed[:3], key=lambda pair: pair[1])
    return [
        "## A calculation that three answers share", "", *table(["<way", "ms"], timed),
        f"In SQL the fastest is: {best[0]}. The product's way gives the percentiles as well, which SQL cannot sum, and its answer is "
        "kept until the next commit: the second and third of the three cost nothing.", "",
    ]  # fmt: skip


def _rows(ids: Sequence[int], from_s: int, to_s: int) -> str:
    columns = f"op, n, bytes, timed, duration_sum_ms, duration_max_ms, {', '.join(SIZE_COLUMNS)}"
    nodes = ", ".join(map(str, ids))
    return " UNION ALL ".join(
        f"SELECT {columns} FROM {span.table} WHERE node IN ({nodes}) AND start_s >= {span.from_s} AND start_s < {span.to_s}"
        for span in queries.segments(TOTAL_LEVELS, from_s, to_s)
    )


def _temporary(db: sqlite3.Connection, rows: str) -> list[Rows]:
    db.execute(f"CREATE TEMP TABLE rows AS {rows}")
    try:
        return [db.execute(sql).fetchall() for sql in ANSWERS]
    finally:
        db.execute("DROP TABLE temp.rows")


def _split(rows: Rows) -> list[Rows]:
    sizes = len(SIZE_COLUMNS)
    return [[r[:3] for r in rows], [(r[0], *r[3 : 3 + sizes]) for r in rows], [(r[0], *r[3 + sizes :]) for r in rows]]


def _ours(db: sqlite3.Connection, ids: Sequence[int], from_s: int, to_s: int) -> list[Rows]:
    cells = queries.totals(db, ids, from_s, to_s)
    return [
        [(op, c.count, c.size_bytes) for op, c in cells.items()],
        [(op, *c.sizes) for op, c in cells.items()],
        [(op, c.timed, c.duration_sum_ms, c.duration_max_ms) for op, c in cells.items()],
    ]
