"""One commit: events, rollups, counts and log positions of a NodeDelta go to disk together, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from storj_monitor.database.connection import transaction
from storj_monitor.database.dictionary import Dictionary
from storj_monitor.database.event_rows import EventRow, EventRows
from storj_monitor.database.known_lines import write_known_lines
from storj_monitor.database.schema import COARSE_LEVELS, SATELLITE_LEVELS, SIZE_COLUMNS, TOTAL_LEVELS
from storj_monitor.errors import PositionConflict
from storj_monitor.model.blocks import encode_block, pack_events
from storj_monitor.model.events import LineKey, NodeEvent
from storj_monitor.model.node_events import NodeStarted
from storj_monitor.model.rollups import Cell, CellKey, NodeDelta
from storj_monitor.model.severity import classify, fold_class
from storj_monitor.model.sources import Checkpoint, FileIdentity
from storj_monitor.model.stored_events import fold_key
from storj_monitor.model.versions import version_of
from storj_monitor.stats import encode_sketch

# ---- A commit that the database will never take as it is: what of it can be kept. One bad value must not stop a node's log for ever.


_ALL: Mapping[str, Mapping[str, Any]] = {
    "single transfers": {"transfers": [], "singles": [], "blocks": []},
    "failed transfers": {"notable": []},
    "sums": {"cells": {}},
    "countries": {"countries": {}},
    "errors": {"errors": {}},
    "most downloaded pieces": {"hot": {}},
    "events": {"events": []},
    "counts of lines": {"lines": {}, "samples": {}},
}  # fmt: skip


def reductions(delta: NodeDelta) -> Iterator[tuple[str, NodeDelta]]:
    """The delta without one part after the other, at last with nothing but its positions; each with the name of what is left out."""
    for name, empty in _ALL.items():
        if any(getattr(delta, part) for part in empty):
            yield name, replace(delta, **empty)
    yield "everything but the position in the log", NodeDelta(delta.node, checkpoints=delta.checkpoints)


# ---- One commit: events, rollups, counts and log positions of a NodeDelta go to disk together, or not at all.


_SUMMED = ("n", "bytes", "timed", "duration_sum_ms", *SIZE_COLUMNS)
# A node's clock may be ahead of ours. Lines further in the future are kept where they say, but do not tell how far the node is.
AHEAD_S = 120
# The greatest whole number that JavaScript has: 9 petabytes in one cell.
MAX_SUM = 2**53 - 1
# Texts come from logs, and a log may be full of noise: what is new beyond these bounds is counted as OTHER.
OTHER = "(other)"
MAX_SATELLITES = 1000
MAX_REASONS = 20_000
MAX_TEMPLATES = 20_000
MAX_LINE_KINDS = 2000


def _added(column: str) -> str:
    """Sums of sizes beyond all bounds, which only a log can make up, stay whole numbers that every reader can take."""
    return f"min({column} + excluded.{column}, {MAX_SUM})" if column in ("bytes", "duration_sum_ms") else f"{column} + excluded.{column}"


def _rollup_upsert(table: str) -> str:
    sums = ", ".join(f"{c} = {_added(c)}" for c in _SUMMED)
    return (
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?{', ?' * len(SIZE_COLUMNS)}) "
        f"ON CONFLICT(node, start_s, satellite, op) DO UPDATE SET {sums}, "
        "duration_max_ms = max(duration_max_ms, excluded.duration_max_ms), "
        "sketch = CASE WHEN excluded.sketch IS NULL THEN sketch ELSE sketch_merge(sketch, excluded.sketch) END"
    )


_BY_SATELLITE = tuple((_rollup_upsert(table), length) for table, length in SATELLITE_LEVELS)
_TOTALS = tuple((_rollup_upsert(table), length) for table, length in TOTAL_LEVELS)
_COUNTRIES = tuple(
    (
        f"INSERT INTO country_{level} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(node, start_s, country, direction) "
        f"DO UPDATE SET n = n + excluded.n, bytes = {_added('bytes')}",
        length,
    )
    for level, length in COARSE_LEVELS
)
_ERRORS = tuple(
    (
        f"INSERT INTO error_{level} VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(node, start_s, template) DO UPDATE SET n = n + excluded.n, "
        "first_ms = min(first_ms, excluded.first_ms), sample = CASE WHEN excluded.last_ms >= last_ms THEN excluded.sample ELSE sample END, "
        "satellite = CASE WHEN excluded.last_ms >= last_ms THEN excluded.satellite ELSE satellite END, "
        "last_ms = max(last_ms, excluded.last_ms)",
        length,
    )
    for level, length in COARSE_LEVELS
)
_HOT = (
    "INSERT INTO hot_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(node, start_s, piece) "
    f"DO UPDATE SET n = n + excluded.n, error = error + excluded.error, bytes = {_added('bytes')}"
)
_LINES = (
    "INSERT INTO line_count VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(node, kind, logger, message) "
    "DO UPDATE SET n = n + excluded.n, sample = CASE WHEN excluded.sample = '' THEN sample ELSE excluded.sample END"
)

# An old log that is loaded late does not know better who the node is.
_LATEST = "UPDATE node SET {} = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM node_event WHERE kind = ? AND node = ? AND time_ms > ?)"


def signed64(value: int) -> int:
    """SQLite integers are signed; a piece hash is not."""
    return value - (1 << 64) if value >> 63 else value


class Committer:
    """Writes deltas through one connection; knows the ids of texts. Used by the writer thread only."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._nodes = Dictionary("node", ("name",))
        self._satellites = Dictionary("satellite", ("text",), MAX_SATELLITES, lambda _: (OTHER,))
        self._reasons = Dictionary("reason", ("text",), MAX_REASONS, lambda _: (OTHER,))
        self._templates = Dictionary(
            "template",
            ("level", "logger", "message", "template"),
            MAX_TEMPLATES,
            lambda values: (values[0][:10], *fold_class(classify(*values))),
        )
        self._line_kinds: dict[int, set[tuple[str, ...]]] = {}
        self._event_rows = EventRows()
        self._encode = msgspec.json.Encoder().encode

    def commit(self, deltas: Iterable[NodeDelta], now: float) -> None:
        """One transaction. Raises PositionConflict (nothing written) or sqlite3.Error (nothing written)."""
        committed = False
        try:
            with transaction(self._db):
                for delta in deltas:
                    self._write(delta, now)
            committed = True
        finally:
            for dictionary in (self._nodes, self._satellites, self._reasons, self._templates):
                dictionary.settled(committed)
            self._event_rows.settled(committed)
            if not committed:
                self._line_kinds.clear()

    def _write(self, delta: NodeDelta, now: float) -> None:
        node = self._node(delta.node)
        for checkpoint in delta.checkpoints:
            self._move_position(node, checkpoint, now)
        if delta.newest_ms:
            ahead_ms = int((now + AHEAD_S) * 1000)
            newest_ms = min(delta.newest_ms, ahead_ms)
            oldest_ms = self._oldest(delta)
            self._db.execute(
                # What stands there from a time when our clock was far ahead does not stay for ever.
                "UPDATE node SET newest_ms = CASE WHEN newest_ms > ? THEN ? ELSE max(newest_ms, ?) END, "
                "first_ms = CASE first_ms WHEN 0 THEN ? ELSE min(first_ms, ?) END, "
                "resolution_ms = CASE ? WHEN 0 THEN resolution_ms ELSE ? END WHERE id = ?",
                (ahead_ms, newest_ms, newest_ms, oldest_ms, oldest_ms, delta.resolution_ms, delta.resolution_ms, node),
            )
        write_known_lines(self._db, node, delta.fingerprints)
        self._write_events(node, delta)
        self._write_cells(node, delta.cells)
        self._write_small(node, delta)
        if delta.events:
            self._write_node_events(node, delta.events)

    def _node(self, name: str) -> int:
        """Its id. A node that was renamed or removed meanwhile is not the one that we read for: the lines are read again, for a new one."""
        node = self._nodes.id_of(self._db, name)
        if self._db.execute("SELECT name FROM node WHERE id = ?", (node,)).fetchone() != (name,):
            self._nodes.forget(name)
            raise PositionConflict(f"the node {name!r} was renamed or removed meanwhile")
        return node

    @staticmethod
    def _oldest(delta: NodeDelta) -> int:
        return min((key.start_s * 1000 for key in delta.cells), default=delta.newest_ms)

    def _move_position(self, node: int, checkpoint: Checkpoint, now: float) -> None:
        """Compare and swap: the batch must start where the database ends, whoever wrote last."""
        at = self._offset_of(node, checkpoint.previous or checkpoint.identity)
        if at is not None and at != checkpoint.start:
            raise PositionConflict(f"{checkpoint.path}: expected to go on at {checkpoint.start}, the database is at {at}")
        if checkpoint.previous:
            if self._offset_of(node, checkpoint.identity) is not None:
                raise PositionConflict(f"{checkpoint.path}: somebody has read on since the file was as short as it was for us")
            old = checkpoint.previous
            key = (node, old.head_hash, old.head_bytes)
            self._db.execute("DELETE FROM position WHERE node = ? AND head_hash = ? AND head_bytes = ?", key)
        self._db.execute(
            "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?)",
            (node, checkpoint.identity.head_hash, checkpoint.identity.head_bytes, checkpoint.end, checkpoint.path, now),
        )

    def _offset_of(self, node: int, identity: FileIdentity) -> int | None:
        question = "SELECT offset FROM position WHERE node = ? AND head_hash = ? AND head_bytes = ?"
        row = self._db.execute(question, (node, identity.head_hash, identity.head_bytes)).fetchone()
        return None if row is None else int(row[0])

    def _satellite(self, text: str) -> int:
        return self._satellites.id_of(self._db, text)

    def _reason(self, text: str) -> int:
        return self._reasons.id_of(self._db, text) if text else 0

    def _write_events(self, node: int, delta: NodeDelta) -> None:
        for block in (*delta.blocks, *pack_events(delta.transfers)):
            data = encode_block(block, [self._satellite(s) for s in block.satellites], [self._reason(r) for _, r in block.reasoned])
            self._db.execute(
                "INSERT INTO events(node, from_ms, to_ms, n, data) VALUES (?, ?, ?, ?, ?)",
                (node, block.from_ms, block.to_ms, block.events, data),
            )
        if delta.notable:
            self._db.executemany(
                "INSERT INTO notable(node, time_ms, satellite, op, size, duration_ms, piece_id, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (node, t.time_ms, self._satellite(t.satellite), t.op, t.size_bytes, t.duration_ms, t.piece_id, self._reason(t.reason))
                    for t in delta.notable
                ],
            )

    def _write_cells(self, node: int, minutes: dict[CellKey, Cell]) -> None:
        """Every level gets the sum of the same cells, so that no level can tell another story."""
        ids = {key.satellite: self._satellite(key.satellite) for key in minutes}
        by_satellite: dict[tuple[int, int, int], Cell] = {}
        totals: dict[tuple[int, int, int], Cell] = {}
        for key, cell in minutes.items():
            _merge_into(by_satellite, (key.start_s, ids[key.satellite], key.op), cell)
            _merge_into(totals, (key.start_s, 0, key.op), cell)
        self._write_levels(node, _BY_SATELLITE, by_satellite)
        self._write_levels(node, _TOTALS, totals)

    def _write_levels(self, node: int, levels: Iterable[tuple[str, int]], cells: dict[tuple[int, int, int], Cell]) -> None:
        for upsert, length in levels:
            coarse: dict[tuple[int, int, int], Cell] = {}
            for (start, satellite, op), cell in cells.items():
                _merge_into(coarse, (start // length * length, satellite, op), cell)
            cells = coarse
            self._db.executemany(
                upsert,
                [
                    (
                        node,
                        *key,
                        c.count,
                        min(c.size_bytes, MAX_SUM),
                        c.timed,
                        min(c.duration_sum_ms, MAX_SUM),
                        c.duration_max_ms,
                        encode_sketch(c.buckets),
                        *c.sizes,
                    )
                    for key, c in cells.items()
                ],
            )

    def _write_small(self, node: int, delta: NodeDelta) -> None:
        db = self._db
        if delta.countries:
            for upsert, length in _COUNTRIES:
                coarse: dict[tuple[int, str, str], list[int]] = {}
                for key, (count, size) in delta.countries.items():
                    pair = coarse.setdefault((key.start_s // length * length, key.country, key.direction), [0, 0])
                    pair[0] += count
                    pair[1] += size
                db.executemany(upsert, [(node, *key, count, min(size, MAX_SUM)) for key, (count, size) in coarse.items()])
        if delta.errors:
            ids = [self._templates.id_of(db, k.level, k.logger, k.message, k.template) for k in delta.errors]
            for upsert, length in _ERRORS:
                db.executemany(
                    upsert,
                    [
                        (node, k.start_s // length * length, i, e.count, e.first_ms, e.last_ms, e.sample, self._satellite(e.satellite))
                        for i, (k, e) in zip(ids, delta.errors.items(), strict=True)
                    ],
                )
        if delta.hot:
            db.executemany(
                _HOT,
                [
                    (node, start, signed64(piece), h.piece_id, self._satellite(h.satellite), h.count, h.error, min(h.size_bytes, MAX_SUM))
                    for (start, piece), h in delta.hot.items()
                ],
            )
        if delta.lines:
            rows = [(node, *self._line_kind(node, key), n, delta.samples.get(key, "")) for key, n in delta.lines.items()]
            db.executemany(_LINES, rows)

    def _line_kind(self, node: int, key: LineKey) -> LineKey:
        """The key, or its class's OTHER when there are too many different ones already."""
        kinds = self._line_kinds.get(node)
        if kinds is None:
            kinds = set(self._db.execute("SELECT kind, logger, message FROM line_count WHERE node = ?", (node,)))
            self._line_kinds[node] = kinds
        if key not in kinds:
            if len(kinds) >= MAX_LINE_KINDS:
                return LineKey(key.kind, OTHER, OTHER)
            kinds.add(key)
        return key

    def _write_node_events(self, node: int, events: Iterable[NodeEvent]) -> None:
        for event in events:
            kind = str(event.__struct_config__.tag or type(event).__name__)
            row = EventRow(node, event.time_ms, kind, event.level, self._satellite(event.satellite), self._encode(event).decode())
            self._event_rows.put(self._db, row, fold_key(event))
            if isinstance(event, NodeStarted):
                self._db.execute(_LATEST.format("node_id"), (event.node_id, node, kind, node, event.time_ms))
            elif version := version_of(event):
                self._db.execute(_LATEST.format("version"), (version, node, kind, node, event.time_ms))


def _merge_into(cells: dict[tuple[int, int, int], Cell], key: tuple[int, int, int], cell: Cell) -> None:
    known = cells.get(key)
    if known is None:
        # The finer cell serves as it is until a second one joins it.
        cells[key] = cell
    else:
        cells[key] = known.plus(cell)
