"""Every question that the product asks of the database, as functions of a connection. Bounded by window and by LIMIT.

Counts and bytes of a window come from coarse rollups inside and from fine ones at its edges (`segments`), so they are exact and
cheap; node ids are always given as a list, which lets SQLite use the primary keys (see tests/database/test_plans.py).
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nlargest, nsmallest
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from storj_monitor.database.bad_rows import NUMBER, bad_rows_of, checked
from storj_monitor.database.schema import SATELLITE_LEVELS, SIZE_COLUMNS, TOTAL_LEVELS, Level
from storj_monitor.model.blocks import StoredTransfer, decode_block, decode_columns
from storj_monitor.model.events import LineKind
from storj_monitor.model.ids import op_action, op_code, op_outcome
from storj_monitor.model.rollups import HOUR_S, Cell, ErrorCount, ErrorKey, HotPiece, SatelliteMinute, TotalMinute
from storj_monitor.model.severity import classify
from storj_monitor.model.sources import FileIdentity, SavedPosition
from storj_monitor.stats import add_counts, decode_sketch

# ---- What is still kept as finely as it is asked for.
#
# Old minutes are pruned long before the hours that hold the same transfers. A window whose edge lies within an hour of which minutes
# are missing is moved outward to that hour, and in the same way to days: an answer is coarser then, but never too small.


DAY_S = 86400


class Kept(NamedTuple):
    """[from_s, to_s) and the bucket that can be answered exactly."""

    from_s: int
    to_s: int
    bucket_s: int


class _Step(NamedTuple):
    """A coarse level that is complete, and the tables of the finer one that may lack its beginning."""

    length_s: int
    coarse: str
    finer: tuple[str, ...]


_STEPS = (
    _Step(HOUR_S, "total_hour", ("total_minute", "total_m5", "satellite_minute")),
    _Step(DAY_S, "total_day", ("total_hour", "satellite_hour")),
)


def clip_to_retention(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int, bucket_s: int, *, points: bool) -> Kept:
    """The window itself, or the next one outward that all nodes' rollups can answer exactly.

    points -- the answer has a value for each bucket, so that the finer level is needed from one end to the other
    """
    for length_s, coarse, finer in _STEPS:
        if points and bucket_s % length_s:
            if any(_first_is_cut(db, node, from_s // length_s * length_s, to_s, coarse, finer, length_s) for node in node_ids):
                bucket_s = length_s
                from_s, to_s = from_s // length_s * length_s, -(-to_s // length_s) * length_s
        elif not points:
            low, high = from_s // length_s * length_s, to_s // length_s * length_s
            if low < from_s and any(_first_is_cut(db, node, low, low + length_s, coarse, finer, length_s) for node in node_ids):
                from_s = low
            if high < to_s and any(_first_is_cut(db, node, high, high + length_s, coarse, finer, length_s) for node in node_ids):
                to_s = high + length_s
    return Kept(from_s, to_s, bucket_s)


def _first_is_cut(db: sqlite3.Connection, node: int, from_s: int, to_s: int, coarse: str, finer: Sequence[str], length_s: int) -> bool:
    """Does the first coarse bucket in [from_s, to_s) that holds something lack finer rows? Later ones lack none: the oldest go first."""
    row = db.execute(f"SELECT min(start_s) FROM {coarse} WHERE node = ? AND start_s >= ? AND start_s < ?", (node, from_s, to_s)).fetchone()
    if row[0] is None:
        return False
    begin, end = row[0], row[0] + length_s
    for table in finer:
        oldest = db.execute(f"SELECT min(start_s) FROM {table} WHERE node = ?", (node,)).fetchone()[0]
        if oldest is None or oldest >= end:
            return True
        if oldest > begin and _count(db, table, node, begin, end) != _count(db, coarse, node, begin, end):
            return True
    return False


def _count(db: sqlite3.Connection, table: str, node: int, from_s: int, to_s: int) -> int:
    row = db.execute(f"SELECT sum(n) FROM {table} WHERE node = ? AND start_s >= ? AND start_s < ?", (node, from_s, to_s)).fetchone()
    return int(row[0] or 0)


# ---- Every question that the product asks of the database, as functions of a connection. Bounded by window and by LIMIT.


Row = tuple[Any, ...]
Connection = sqlite3.Connection

_HOT_PARTS = 16
_LINE_COUNT = checked(int, str, str, str, int, str)
_SATELLITE_MINUTE = checked(int, int, int, int, int)
_LINE_KINDS = frozenset((LineKind.UNDERSTOOD, LineKind.IGNORED, LineKind.NOT_UNDERSTOOD))

REMOVED_NODE = "removed/"
"""Name of a node that is being removed: this, its id, a slash and its former name. No node of an operator has a slash in its name."""


class StoredNode(NamedTuple):
    """A node as the database knows it; times in Unix milliseconds, 0 = never."""

    id: int
    name: str
    node_id: str
    version: str
    first_ms: int
    newest_ms: int
    resolution_ms: int


class FoundError(NamedTuple):
    """A folded error of a window, over all nodes asked for; `nodes` are the ids of those that had it."""

    key: ErrorKey
    seen: ErrorCount
    nodes: tuple[int, ...]


class Span(NamedTuple):
    """[from_s, to_s) of one rollup table."""

    table: str
    from_s: int
    to_s: int


def segments(levels: Sequence[Level], from_s: int, to_s: int) -> list[Span]:
    """Cover a window, aligned to the finest level, with the coarsest buckets that fit and finer ones at the edges."""
    *finer, level = levels
    low = -(-from_s // level.length_s) * level.length_s
    high = to_s // level.length_s * level.length_s
    if low >= high:
        return segments(finer, from_s, to_s) if finer else []
    spans = [Span(level.table, low, high)]
    if finer:
        spans = segments(finer, from_s, low) + spans + segments(finer, high, to_s)
    return spans


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def nodes(db: sqlite3.Connection) -> list[StoredNode]:
    """All nodes, but those that are being removed (see database.nodes)."""
    rows = db.execute("SELECT id, name, node_id, version, first_ms, newest_ms, resolution_ms FROM node ORDER BY id")
    known = map(StoredNode._make, bad_rows_of(db).each("node", rows, checked(int, str, str, str, int, int, int)))
    return [node for node in known if not node.name.startswith(REMOVED_NODE)]


def satellites(db: sqlite3.Connection) -> dict[int, str]:
    return dict(bad_rows_of(db).each("satellite", db.execute("SELECT id, text FROM satellite"), checked(int, str)))


def positions(db: sqlite3.Connection, node: int) -> list[SavedPosition]:
    rows = db.execute("SELECT head_bytes, head_hash, offset, path, saved_at FROM position WHERE node = ?", (node,))
    good = bad_rows_of(db).each("position", rows, checked(int, str, int, str, NUMBER))
    return [SavedPosition(FileIdentity(size, digest), offset, path, saved_at) for size, digest, offset, path, saved_at in good]


def traffic(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int, bucket_s: int) -> list[Row]:
    """(bucket start, op, count, bytes); the bucket must be a multiple of 60 s and the window aligned to it."""
    level = max((level for level in TOTAL_LEVELS if bucket_s % level.length_s == 0), key=lambda level: level.length_s)
    bucket = "start_s" if level.length_s == bucket_s else f"start_s / {bucket_s:d} * {bucket_s:d}"
    return db.execute(
        f"SELECT {bucket}, op, sum(n), sum(bytes) FROM {level.table} WHERE node IN ({_marks(node_ids)}) "
        "AND start_s >= ? AND start_s < ? GROUP BY 1, 2",
        (*node_ids, from_s, to_s),
    ).fetchall()


def totals(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> dict[int, Cell]:
    """Everything by op: counts, bytes, sizes and duration sketches over the window."""
    merged: dict[int, Cell] = {}
    columns = f"op, n, bytes, timed, duration_sum_ms, duration_max_ms, sketch, {', '.join(SIZE_COLUMNS)}"
    for span in segments(TOTAL_LEVELS, from_s, to_s):
        for row in _span_rows(db, span, columns, node_ids):
            add_row(merged.setdefault(row[0], Cell()), row[1:])
    return merged


def add_row(cell: Cell, row: Sequence[Any]) -> None:
    """Add a rollup row (n, bytes, timed, duration_sum_ms, duration_max_ms, sketch, size classes…) to a cell, in place."""
    count, size, timed, duration_sum, duration_max, sketch, *classes = row
    cell.count += count
    cell.size_bytes += size
    cell.timed += timed
    cell.duration_sum_ms += duration_sum
    cell.duration_max_ms = max(cell.duration_max_ms, duration_max)
    if sketch:
        add_counts(cell.buckets, decode_sketch(sketch))
    cell.sizes = [a + b for a, b in zip(cell.sizes, classes, strict=True)]


def _span_rows(db: sqlite3.Connection, span: Span, columns: str, node_ids: Sequence[int]) -> Iterator[Row]:
    return db.execute(
        f"SELECT {columns} FROM {span.table} WHERE node IN ({_marks(node_ids)}) AND start_s >= ? AND start_s < ?",
        (*node_ids, span.from_s, span.to_s),
    )


def by_satellite(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> dict[tuple[int, int], list[int]]:
    """(satellite id, op) -> [count, bytes] over the window."""
    merged: dict[tuple[int, int], list[int]] = {}
    for span in segments(SATELLITE_LEVELS, from_s, to_s):
        rows = db.execute(
            f"SELECT satellite, op, sum(n), sum(bytes) FROM {span.table} WHERE node IN ({_marks(node_ids)}) "
            "AND start_s >= ? AND start_s < ? GROUP BY 1, 2",
            (*node_ids, span.from_s, span.to_s),
        )
        for satellite, op, count, size in rows:
            pair = merged.setdefault((satellite, op), [0, 0])
            pair[0] += count
            pair[1] += size
    return merged


def minute_counts(db: sqlite3.Connection, node_ids: Sequence[int]) -> list[Row]:
    """(minute start, op, count) of every minute still kept; for `stats`."""
    return db.execute(
        f"SELECT start_s, op, sum(n) FROM total_minute WHERE node IN ({_marks(node_ids)}) GROUP BY 1, 2", tuple(node_ids)
    ).fetchall()


def countries(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> list[Row]:
    """(country, direction, count, bytes); the window is aligned to hours."""
    merged: dict[tuple[str, str], list[int]] = {}
    for span in segments((Level("country_hour", 3600), Level("country_day", 86400)), from_s, to_s):
        for country, direction, count, size in _span_rows(db, span, "country, direction, n, bytes", node_ids):
            pair = merged.setdefault((country, direction), [0, 0])
            pair[0] += count
            pair[1] += size
    return [(*key, *pair) for key, pair in merged.items()]


def errors(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int, limit: int) -> list[FoundError]:
    """Worst first, then most frequent; window aligned to hours."""
    merged: dict[int, tuple[ErrorCount, set[int]]] = {}
    names = satellites(db)
    for span in segments((Level("error_hour", 3600), Level("error_day", 86400)), from_s, to_s):
        for node, template, n, first, last, sample, satellite in _span_rows(
            db, span, "node, template, n, first_ms, last_ms, sample, satellite", node_ids
        ):
            seen, nodes = merged.setdefault(template, (ErrorCount(), set()))
            seen.merge(ErrorCount(n, first, last, sample, names.get(satellite, "")))
            nodes.add(node)
    # Every text is looked at: what came once may be the worst. Noise is bounded by the number of templates.
    texts = {row[0]: row[1:] for row in db.execute("SELECT id, level, logger, message, template FROM template") if row[0] in merged}
    worst = nsmallest(limit, merged, key=lambda template: (classify(*texts[template]), -merged[template][0].count, template))
    return [FoundError(ErrorKey(0, *texts[one]), merged[one][0], tuple(sorted(merged[one][1]))) for one in worst]


def hot_pieces(db: sqlite3.Connection, node_ids: Sequence[int], from_s: int, to_s: int, limit: int) -> list[Row]:
    """(piece, piece_id, satellite, count, error, bytes) of closed hours, most downloads first; window aligned to hours."""
    return db.execute(
        "SELECT piece, piece_id, text, n, error, bytes FROM (SELECT piece, max(piece_id) AS piece_id, max(satellite) AS sat, sum(n) AS n, "
        f"sum(error) AS error, sum(bytes) AS bytes FROM hot_hour WHERE node IN ({_marks(node_ids)}) AND start_s >= ? AND start_s < ? "
        "GROUP BY piece ORDER BY 4 DESC LIMIT ?) LEFT JOIN satellite ON id = sat ORDER BY 4 DESC",
        (*node_ids, from_s, to_s, limit),
    ).fetchall()


def line_counts(db: sqlite3.Connection, node_ids: Sequence[int]) -> list[Row]:
    """(node id, class, logger, message, count, sample)."""
    rows = db.execute(f"SELECT node, kind, logger, message, n, sample FROM line_count WHERE node IN ({_marks(node_ids)})", tuple(node_ids))
    return list(bad_rows_of(db).each("line_count", rows, _line_count))


def line_totals(db: sqlite3.Connection) -> dict[tuple[int, str], int]:
    """Lines by node id and class, as of the last commit."""
    return {(node, kind): count for node, kind, count in db.execute("SELECT node, kind, sum(n) FROM line_count GROUP BY node, kind")}


def _op(code: int) -> int:
    """ValueError for one that no transfer has."""
    return op_code(op_action(code), op_outcome(code))


def _line_count(row: Row) -> Row:
    if row[1] not in _LINE_KINDS:
        raise ValueError(f"{row[1]!r:.60} is no class of lines")
    return _LINE_COUNT(row)


def node_events(db: sqlite3.Connection, kinds: Sequence[str], node_ids: Sequence[int], from_ms: int, to_ms: int, limit: int) -> list[Row]:
    """(node id, time_ms, kind, level, satellite id, JSON), newest first."""
    return db.execute(
        "SELECT node, time_ms, kind, level, satellite, data FROM node_event "
        f"WHERE kind IN ({_marks(kinds)}) AND node IN ({_marks(node_ids)}) AND time_ms >= ? AND time_ms < ? "
        "ORDER BY time_ms DESC, id DESC LIMIT ?",
        (*kinds, *node_ids, from_ms, to_ms, limit),
    ).fetchall()


def newest_compactions(
    db: sqlite3.Connection, node: int, kinds: Sequence[str], from_ms: int, to_ms: int, most: int, limit: int
) -> list[str]:
    """JSON of the events of these kinds that belong to the newest `most` compactions of a node, oldest first, at most `limit`."""
    since = db.execute(
        "SELECT time_ms FROM node_event WHERE kind = 'compaction_started' AND node = ? AND time_ms >= ? AND time_ms < ? "
        "ORDER BY time_ms DESC LIMIT 1 OFFSET ?",
        (node, from_ms, to_ms, most),
    ).fetchone()
    rows = node_events(db, kinds, [node], since[0] if since else from_ms, to_ms, limit)
    return [row[5] for row in reversed(rows)]


def window_rows(db: sqlite3.Connection, node: int, from_s: int, to_s: int) -> tuple[list[SatelliteMinute], list[TotalMinute]]:
    """Minute rows of one node in [from_s, to_s], in the two shapes that state.windows loads."""
    names, bad = satellites(db), bad_rows_of(db)
    rows = [
        SatelliteMinute(start, names.get(satellite, ""), op, n, size)
        for start, satellite, op, n, size in bad.each(
            "satellite_minute",
            db.execute(
                "SELECT start_s, satellite, op, n, bytes FROM satellite_minute WHERE node = ? AND start_s >= ? AND start_s <= ?",
                (node, from_s, to_s),
            ),
            _SATELLITE_MINUTE,
        )
    ]
    columns = f"start_s, op, n, bytes, timed, duration_sum_ms, duration_max_ms, sketch, {', '.join(SIZE_COLUMNS)}"

    def minute(row: Row) -> TotalMinute:
        cell = Cell()
        add_row(cell, row[2:])
        return TotalMinute(int(row[0]), _op(row[1]), cell)

    of_all = f"SELECT {columns} FROM total_minute WHERE node = ? AND start_s >= ? AND start_s <= ?"
    return rows, list(bad.each("total_minute", db.execute(of_all, (node, from_s, to_s)), minute))


def events_since(db: sqlite3.Connection, node: int, from_ms: int) -> Iterator[StoredTransfer]:
    """Single transfers of a node in blocks that reach beyond `from_ms`."""
    for (data,) in db.execute("SELECT data FROM events WHERE node = ? AND to_ms >= ?", (node, from_ms)):
        yield from (t for t in decode_block(data) if t.time_ms >= from_ms)


def open_hot_hour(db: sqlite3.Connection, node: int, hour_s: int, ops: frozenset[int], keep: int) -> dict[int, HotPiece]:
    """Count the downloads of an hour again from the single events: what memory held before a restart. Ids are not kept there.

    Pieces are counted in parts, by their hash: a table of all of them would be many times larger than the columns they come in.
    """
    pieces, sizes = array("Q"), array("q")
    begin_ms, end_ms = hour_s * 1000, (hour_s + HOUR_S) * 1000
    blocks = db.execute("SELECT data FROM events WHERE node = ? AND to_ms >= ? AND from_ms < ?", (node, begin_ms, end_ms))
    for block in bad_rows_of(db).each("events", blocks, lambda row: decode_columns(row[0])):
        first, last = begin_ms - block.base_ms, end_ms - block.base_ms
        for offset, piece, size, op in zip(block.offsets_ms, block.pieces, block.sizes, block.ops, strict=True):
            if op in ops and first <= offset < last:
                pieces.append(piece)
                sizes.append(max(size, 0))
    largest: list[tuple[int, int]] = []
    for part in range(_HOT_PARTS):
        counts = Counter([piece for piece in pieces if piece % _HOT_PARTS == part])
        largest = nlargest(keep, chain(largest, counts.items()), key=itemgetter(1))
    hot = {piece: HotPiece("", "", count) for piece, count in largest}
    for piece, size in zip(pieces, sizes, strict=True):
        if piece in hot:
            hot[piece].size_bytes += size
    return hot
