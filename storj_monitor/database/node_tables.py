"""Rows of what nodes say about themselves: written by key, read by node. One function for all tables, because their shape is data.

A row is a tuple in the order of its table's columns; node and satellite are texts there, small numbers in the file. Writing the same row
twice changes nothing.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from storj_monitor.database.bad_rows import NUMBER, bad_rows_of, checked
from storj_monitor.database.schema import IS_SCORED_FAILURE
from storj_monitor.model.earnings import HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing

Cell = str | int | float | None
Row = tuple[Any, ...]
Key = tuple[Any, ...]
Connection = sqlite3.Connection


class Table(NamedTuple):
    """`key` columns come first. `at` is the column that a window asks for, "" for none."""

    name: str
    key: int
    columns: tuple[str, ...]
    at: str = ""


def _fields(record: type[msgspec.Struct], *but: str) -> tuple[str, ...]:
    """Columns of a table that has one for each field, in their order: a new field needs a migration that adds its column at the end."""
    return tuple(name for name in record.__struct_fields__ if name not in but)


SCORE_POINT = Table(
    "score_point",
    3,
    ("node", "satellite", "at_ms", "until_ms", "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits",
     "source"),
    "at_ms",
)  # fmt: skip
SPACE_POINT = Table(
    "space_point",
    2,
    ("node", "at_ms", "allocated_bytes", "used_bytes", "pieces_bytes", "trash_bytes", "reclaimable_bytes", "overhead_bytes", "free_bytes",
     "disk_free_bytes", "reported_bytes", "source"),
    "at_ms",
)  # fmt: skip
OUTAGE = Table("outage", 3, ("node", "witness", "from_ms", "until_ms"), "from_ms")
LAST_ANSWER = Table("last_answer", 3, ("node", "kind", "satellite", "asked_ms", "took_ms", "data"))
USAGE_DAY = Table(
    "usage_day",
    3,
    ("node", "satellite", "start_ms", "egress_bytes", "egress_repair_bytes", "egress_audit_bytes", "ingress_bytes", "ingress_repair_bytes",
     "byte_hours", "average_bytes", "interval_h", "calculated"),
    "start_ms",
)  # fmt: skip
PAYSTUB = Table("paystub", 3, ("node_id", "satellite", "period", "node", *_fields(Paystub, "satellite", "period")))
PAYOUT = Table("payout", 3, ("node_id", "satellite", "period", "node", *_fields(PayoutHistoryRow, "satellite", "period")))
HELD_HISTORY = Table("held_history", 2, ("node_id", "satellite", "node", *_fields(HeldHistoryRow, "satellite")))
PRICING = Table("pricing", 3, ("node", "satellite", "since_ms", *_fields(Pricing, "satellite")))
AUDIT_WINDOW = Table("audit_window", 3, ("node", "satellite", "start_ms", "total", "online"), "start_ms")
STANDING = Table("standing", 4, ("node", "satellite", "kind", "from_ms", "until_ms"), "from_ms")
MEMBERSHIP = Table("membership", 2, ("node", "satellite", "joined_ms", "vetted_ms", "disqualified_ms"))
ESTIMATE_SNAPSHOT = Table(
    "estimate_snapshot",
    4,
    ("node", "satellite", "period", "day", "made_ms", "through_ms", "egress_bytes", "repair_bytes", "audit_bytes", "storage_byte_months",
     "egress_usd_micros", "repair_usd_micros", "audit_usd_micros", "storage_usd_micros", "held_percent", "held_usd_micros",
     "disposed_usd_micros", "expected_usd_micros", "theirs_usd_micros"),
    "made_ms",
)  # fmt: skip
ESTIMATE_SCORE = Table(
    "estimate_score",
    3,
    ("node_id", "satellite", "period", "node", "made_ms", "estimated_usd_micros", "paid_usd_micros", "error_percent", "agrees", "reasons"),
)
COUNTER_HOUR = Table("counter_hour", 3, ("node", "start_ms", "op", "n", "bytes", "timed", "total_ms"), "start_ms")
"""Growth of a node's own counters; kept as long as sums of hours are."""
COUNTER_POSITION = Table("counter_position", 1, ("node", "taken_ms", "uptime_s", "data"))
"""How far the counters are that COUNTER_HOUR and COUNTER_RECENT count; written together with them."""
COUNTER_RECENT = Table("counter_recent", 2, ("node", "slot", "from_ms", "data"))
"""What was added between two answers, for the last hour: the newest take the places of the oldest."""
TABLES: Sequence[Table] = (
    SCORE_POINT, SPACE_POINT, OUTAGE, LAST_ANSWER, USAGE_DAY, PAYSTUB, PAYOUT, HELD_HISTORY, PRICING, MEMBERSHIP, ESTIMATE_SNAPSHOT,
    ESTIMATE_SCORE, AUDIT_WINDOW, STANDING, COUNTER_POSITION, COUNTER_RECENT,
)  # fmt: skip
_BY_NAME = {table.name: table for table in (*TABLES, COUNTER_HOUR)}
_DICTIONARIES = {"node": ("node", "name"), "satellite": ("satellite", "text")}

Changes = Mapping[str, Mapping[Key, Row | None]]
"""By table and key: the row to write, None for one to delete."""


def write(db: Connection, changes: Changes) -> None:
    """All changes, inside the caller's transaction. KeyError for a table that is not one of these."""
    ids: dict[tuple[str, str], int] = {}
    for name, rows in changes.items():
        table = _BY_NAME[name]
        columns, marks = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        written = [_numbered(db, ids, table.columns, row) for row in rows.values() if row is not None and _storable(row)]
        db.executemany(f"INSERT OR REPLACE INTO {name}({columns}) VALUES ({marks})", written)
        gone = [_numbered(db, ids, table.columns[: table.key], key) for key, row in rows.items() if row is None]
        where = " AND ".join(f"{column} = ?" for column in table.columns[: table.key])
        db.executemany(f"DELETE FROM {name} WHERE {where}", gone)


def _storable(row: Row) -> bool:
    """What no column can hold (a sum beyond 64 bits, NaN, half a surrogate pair) is no figure; one such row must not stop the others."""
    for value in row:
        if isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                return False
        elif isinstance(value, float):
            if not math.isfinite(value):
                return False
        elif isinstance(value, str) and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return False
    return True


def _numbered(db: Connection, ids: dict[tuple[str, str], int], columns: Sequence[str], row: Row) -> Row:
    return tuple(_id(db, ids, column, value) if column in _DICTIONARIES else value for column, value in zip(columns, row, strict=True))


def _id(db: Connection, ids: dict[tuple[str, str], int], column: str, text: str) -> int:
    known = ids.get((column, text))
    if known is None:
        table, name = _DICTIONARIES[column]
        db.execute(f"INSERT OR IGNORE INTO {table}({name}) VALUES (?)", (text,))
        known = ids[column, text] = int(db.execute(f"SELECT id FROM {table} WHERE {name} = ?", (text,)).fetchone()[0])
    return known


def read(
    db: Connection, table: Table, nodes: Sequence[str], from_ms: int | None = None, to_ms: int | None = None, *, also_before: bool = False
) -> list[Row]:
    """Rows of these nodes in the order of their key, with texts; of a window [from_ms, to_ms) of the table's `at` where one is given.

    also_before -- the newest row before the window too, of each node (and satellite): what held when the window began
    """
    bad = bad_rows_of(db)
    satellites: dict[int, str] = dict(bad.each("satellite", db.execute("SELECT id, text FROM satellite"), checked(int, str)))
    names = {node: name for node, name in db.execute("SELECT id, name FROM node") if name in frozenset(nodes)}
    kinds = _kinds(db, table)
    found: list[Row] = []
    for node, name in names.items():
        rows = list(_rows(db, table, node, from_ms, to_ms, also_before))
        if not _are_good(rows, kinds, satellites, table):
            rows = list(bad.each(table.name, rows, partial(_good, kinds=kinds, satellites=satellites, table=table)))
        if table.columns[0] == "node":  # the long ones
            if table.columns[1] == "satellite":
                found += [(name, satellites[row[1]], *row[2:]) for row in rows]
                continue
            if "satellite" not in table.columns:
                found += [(name, *row[1:]) for row in rows]
                continue
        translate = [names if column == "node" else satellites if column == "satellite" else None for column in table.columns]
        found += [tuple(value if texts is None else texts[value] for value, texts in zip(row, translate, strict=True)) for row in rows]
    return found


def _are_good(rows: Sequence[Row], kinds: Sequence[tuple[type, ...]], satellites: Mapping[int, str], table: Table) -> bool:
    """All of them at once, by columns: a question of the page has thousands of rows, and no damage."""
    for name, values, allowed in zip(table.columns, zip(*rows, strict=True), kinds, strict=False):
        if not set(map(type, values)) <= {*allowed} or math.inf in values or -math.inf in values:
            return False
        if name == "satellite" and not set(values) <= satellites.keys():
            return False
    return True


def _good(row: Row, kinds: Sequence[tuple[type, ...]], satellites: Mapping[int, str], table: Table) -> Row:
    """The row. TypeError, ValueError, KeyError where it cannot be what was written."""
    if "satellite" in table.columns:
        satellites[row[table.columns.index("satellite")]]
    return checked(*kinds)(row)


def _kinds(db: Connection, table: Table) -> list[tuple[type, ...]]:
    """What each column may hold, as the file declares it."""
    declared = {name: (kind, bool(not_null)) for _, name, kind, not_null, *_ in db.execute(f"PRAGMA table_info({table.name})")}
    kinds: list[tuple[type, ...]] = []
    for column in table.columns:
        kind, needed = declared[column]
        allowed = {"TEXT": (str,), "BLOB": (bytes,)}.get(kind, NUMBER)
        kinds.append(allowed if needed else (*allowed, type(None)))
    return kinds


def _rows(db: Connection, table: Table, node: int, from_ms: int | None, to_ms: int | None, also_before: bool) -> Iterable[Row]:
    columns = ", ".join(table.columns)
    order = ", ".join(table.columns[: table.key])
    if from_ms is None or to_ms is None:
        return db.execute(f"SELECT {columns} FROM {table.name} WHERE node = ? ORDER BY {order}", (node,))
    # A key of (node, satellite, time) is only quick when the satellites are named.
    split = "satellite" in table.columns[:2]
    parts = satellites_of(db, table.name, node) if split else [0]
    rows: list[Row] = []
    for part in parts:
        where, values = ("node = ? AND satellite = ?", (node, part)) if split else ("node = ?", (node,))
        if also_before:
            rows += db.execute(
                f"SELECT {columns} FROM {table.name} WHERE {where} AND {table.at} < ? ORDER BY {table.at} DESC LIMIT 1", (*values, from_ms)
            )
        rows += db.execute(
            f"SELECT {columns} FROM {table.name} WHERE {where} AND {table.at} >= ? AND {table.at} < ? ORDER BY {order}",
            (*values, from_ms, to_ms),
        )
    return rows


def satellites_of(db: Connection, table: str, node: int) -> list[int]:
    """Numbers of the satellites that a node has rows of: a look into the key for each, not at every row."""
    found: list[int] = []
    while True:
        after = found[-1] if found else -1
        row = db.execute(f"SELECT min(satellite) FROM {table} WHERE node = ? AND satellite > ?", (node, after)).fetchone()
        if row[0] is None:
            return found
        found.append(int(row[0]))


def read_all(db: Connection, tables: Sequence[Table], nodes: Sequence[str], since_ms: Mapping[str, int]) -> dict[str, list[Row]]:
    """What a starting monitor asks: every table, of some only what is not older than `since_ms` says."""
    end_ms = 1 << 62
    return {
        table.name: read(db, table, nodes, since_ms[table.name], end_ms, also_before=True)
        if table.name in since_ms
        else read(db, table, nodes)
        for table in tables
    }


def scored_failures(db: Connection, nodes: Sequence[str], since_ms: int, limit: int) -> list[Row]:
    """(node, time_ms, satellite, op, piece_id, reason) of failed audits and repairs from here, oldest first; the newest of each node."""
    found: list[Row] = []
    for name in nodes:
        rows = db.execute(
            "SELECT n.name, t.time_ms, s.text, op, t.piece_id, coalesce(r.text, '') FROM node n JOIN notable t ON t.node = n.id "
            "JOIN satellite s ON s.id = t.satellite LEFT JOIN reason r ON r.id = t.reason "
            f"WHERE n.name = ? AND t.time_ms >= ? AND {IS_SCORED_FAILURE} ORDER BY t.time_ms DESC LIMIT ?",
            (name, since_ms, limit),
        )
        found += bad_rows_of(db).each("notable", rows, checked(str, int, str, int, str, str))
    return sorted(found, key=itemgetter(1))
