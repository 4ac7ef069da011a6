"""Rows of `node_event`: equal events of an hour are one row with a count, and no kind has more than a bounded number of rows an hour.

`time_ms` is that of the first, `last_ms` that of the newest, `data` the newest one. What was written before this module has n = 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storj_monitor.model.stored_events import FOLD_MS, MOST_AN_HOUR

MAX_REMEMBERED = 20_000

_INSERT = "INSERT INTO node_event(node, time_ms, kind, level, satellite, data, n, last_ms) VALUES (?, ?, ?, ?, ?, ?, 1, ?)"
_ADD = "UPDATE node_event SET n = n + 1, data = CASE WHEN ? >= last_ms THEN ? ELSE data END, last_ms = max(last_ms, ?) WHERE id = ?"
_PAGE = (
    "SELECT id, node, time_ms, last_ms, n, kind, level, satellite, data FROM node_event "
    "WHERE node = ? AND time_ms >= ? AND time_ms < ?{} ORDER BY time_ms DESC, id DESC LIMIT ?"
)

FEW_KINDS = 8
"""Of so many kinds each is looked up for itself."""


class EventRow(NamedTuple):
    """One event as it is stored: ids of node and satellite, JSON of the typed event."""

    node: int
    time_ms: int
    kind: str
    level: str
    satellite: int
    data: str


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """A row of the table; `first_ms` and `last_ms` of the `count` equal events that it stands for."""

    id: int
    node: int
    first_ms: int
    last_ms: int
    count: int
    kind: str
    level: str
    satellite: int
    data: str


class EventRows:
    """Writes them; remembers the rows of the present hours. Of one connection, inside the caller's transactions."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[int, str], int] = {}
        self._of_hour: dict[tuple[int, str, int], tuple[int, int]] = {}

    def put(self, db: sqlite3.Connection, row: EventRow, key: str | None) -> None:
        """`key` as from `fold_key`."""
        known = self._by_key.get((row.node, key)) if key is not None else None
        hour = (row.node, row.kind, row.time_ms // FOLD_MS)
        count, last = self._of_hour.get(hour, (0, 0))
        if known is None and count >= MOST_AN_HOUR:
            known = last
        # a row may have been pruned, or its node removed
        if known is not None and db.execute(_ADD, (row.time_ms, row.data, row.time_ms, known)).rowcount:
            return
        made = db.execute(_INSERT, (*row, row.time_ms)).lastrowid
        assert made is not None, "just made"
        self._of_hour[hour] = (count + 1, made)
        if key is not None:
            self._by_key[row.node, key] = made

    def settled(self, committed: bool) -> None:
        """The transaction is over: what a rolled-back one made is not there."""
        if not committed or len(self._by_key) + len(self._of_hour) > MAX_REMEMBERED:
            self._by_key.clear()
            self._of_hour.clear()


def add_event_counts(db: sqlite3.Connection) -> None:
    """The change `event_counts`; inside the caller's transaction."""
    db.execute("ALTER TABLE node_event ADD COLUMN n INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE node_event ADD COLUMN last_ms INTEGER NOT NULL DEFAULT 0")


def events_page(
    db: sqlite3.Connection,
    node_ids: Sequence[int],
    kinds: Sequence[str],
    from_ms: int,
    to_ms: int,
    before: tuple[int, int] | None,
    limit: int,
) -> list[FoundEvent]:
    """The newest `limit` rows of these kinds (none: all) in [from_ms, to_ms), newest first; after the row `before` = (time_ms, id).

    One question a node, along the index of its times; where a few kinds are asked for one a node and kind, along the index of these:
    a hundred nodes with a year of events are no more than their newest rows, however rare they are.
    """
    before_filter = " AND (time_ms, id) < (?, ?)" if before else ""
    ranges: list[tuple[object, ...]] = [(node,) for node in node_ids]
    kind_filter = ""
    if 0 < len(kinds) <= FEW_KINDS:
        kind_filter = " AND kind = ?"
        ranges = [(node, kind) for node in node_ids for kind in dict.fromkeys(kinds)]
    elif kinds:
        kind_filter = f" AND kind IN ({', '.join('?' * len(kinds))})"
        ranges = [(node, *kinds) for node in node_ids]
    question = _PAGE.format(kind_filter + before_filter)
    found: list[FoundEvent] = []
    for node, *asked in ranges:
        rows = db.execute(question, (node, from_ms, to_ms, *asked, *(before or ()), limit))
        found += [FoundEvent(id_, of, first_ms, max(first_ms, last_ms), *rest) for id_, of, first_ms, last_ms, *rest in rows]
    found.sort(key=lambda row: (-row.first_ms, -row.id))
    return found[:limit]
