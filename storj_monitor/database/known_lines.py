"""Fingerprints of the lines that were counted: written in the transaction that counts them, and asked whether a line is known.

A row holds lines of one minute of a node that one reader has read, four bytes a line. What was inserted first goes first when there are
more than MAX_KEPT: not the oldest by their own time, for an old log that is being loaded is to be known, too.
"""

from __future__ import annotations

import contextlib
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence

from storj_monitor.database.reader import Reader
from storj_monitor.errors import PositionConflict
from storj_monitor.model.fingerprints import MINUTE_S, PASSES, Fingerprints, by_session, pack_minutes, unpack_minute
from storj_monitor.model.rollups import HOUR_S

# ---- Looks up which lines of a node were counted already: the database's side of log_processor.sieve.


_HOURS = 3


class StoredLines:
    """log_processor.sieve.KnownLines from the database.

    node   -- its id, None when it is not there yet: then `find` is asked for it as soon as something was read
    settle -- makes sure that what was read so far is there
    """

    def __init__(
        self, reader: Reader, node: int | None, settle: Callable[[], object] = lambda: None,
        find: Callable[[], int | None] = lambda: None, *, ask_bare: bool = False,
    ) -> None:  # fmt: skip
        self._find = find
        self._reader = reader
        self._node = node
        self._settle = settle
        self._hours: dict[tuple[int, int], dict[int, list[bytes]]] = {}
        self._bare_hours: set[int] = set()
        self._bare_minutes: set[int] = set()
        if ask_bare and node is not None:
            self._bare_hours, self._bare_minutes = reader.ask_now(bare_times, node)

    @property
    def has_bare_times(self) -> bool:
        """Whether is_bare() is true for any time."""
        return bool(self._bare_hours or self._bare_minutes)

    def newest(self) -> int:
        """See KnownLines."""
        return self._reader.ask_now(newest_row)

    def minute(self, minute_s: int, but: int) -> Iterator[tuple[int, array[int]]]:
        """See KnownLines."""
        hour_s = minute_s // HOUR_S * HOUR_S
        hour = self._hours.get((hour_s, but))
        if hour is None:
            if len(self._hours) >= _HOURS:
                del self._hours[next(iter(self._hours))]
            hour = self._hours[hour_s, but] = self._rows(hour_s, but)
        for data in hour.get(minute_s, ()):
            with contextlib.suppress(ValueError):  # a damaged row knows no lines
                yield from unpack_minute(minute_s, data)

    def _rows(self, hour_s: int, but: int) -> dict[int, list[bytes]]:
        return {} if self._node is None else self._reader.ask_now(rows_of_hour, self._node, hour_s, but)

    def is_bare(self, second: int) -> bool:
        """See KnownLines."""
        return second // HOUR_S * HOUR_S in self._bare_hours or second // MINUTE_S * MINUTE_S in self._bare_minutes

    def refresh(self) -> None:
        """See KnownLines."""
        self._settle()
        self._hours.clear()
        if self._node is None:
            self._node = self._find()


# ---- Fingerprints of the lines that were counted: written in the transaction that counts them, and asked whether a line is known.


MAX_KEPT = 32_000_000
"""Lines, of all nodes together: 130 MB."""
_ROWS = 200

_SCHEMA = """
CREATE TABLE known_line(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, minute_s INTEGER NOT NULL, session INTEGER NOT NULL,
  n INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX known_line_minute ON known_line(node, minute_s);
CREATE TABLE known_lines_kept(n INTEGER NOT NULL);
INSERT INTO known_lines_kept VALUES (0);
CREATE TABLE known_lines_gone(node INTEGER PRIMARY KEY, until_s INTEGER NOT NULL);
INSERT INTO known_lines_gone SELECT id, newest_ms / 1000 FROM node WHERE newest_ms > 0;
"""
_COUNTERS = (
    "CREATE TRIGGER known_line_added AFTER INSERT ON known_line BEGIN UPDATE known_lines_kept SET n = n + NEW.n; END",
    "CREATE TRIGGER known_line_gone AFTER DELETE ON known_line BEGIN UPDATE known_lines_kept SET n = n - OLD.n; END",
)
_FOREIGN = "SELECT 1 FROM known_line WHERE node = ? AND minute_s = ? AND id > ? AND session NOT BETWEEN ? AND ? LIMIT 1"


def create_known_lines(db: sqlite3.Connection) -> None:
    """A migration. Of what is in the database already, no line is known: up to `until_s` there are such times."""
    for statement in [*_SCHEMA.split(";"), *_COUNTERS]:
        if statement.strip():
            db.execute(statement)


def write_known_lines(db: sqlite3.Connection, node: int, prints: Sequence[Fingerprints]) -> None:
    """Within the transaction that counts these lines.

    Raises PositionConflict when another reader has brought lines of the same minutes since these were compared with what was there.
    """
    for session, lines in by_session(prints):
        seen = min((one.seen for one in lines if one.seen is not None), default=None)
        rows = list(pack_minutes(lines))
        if seen is not None:
            first = session // PASSES * PASSES
            for row in rows:
                if db.execute(_FOREIGN, (node, row.minute_s, seen, first, first + PASSES - 1)).fetchone():
                    raise PositionConflict("another reader has brought lines of the same time: they are compared")
        db.executemany(
            "INSERT INTO known_line(node, minute_s, session, n, data) VALUES (?, ?, ?, ?, ?)",
            [(node, row.minute_s, session, row.lines, row.data) for row in rows],
        )


def prune_known_lines(db: sqlite3.Connection, most: int = MAX_KEPT) -> bool:
    """Delete a bounded number of rows where there are more lines than `most`; True when there may be more to delete."""
    if db.execute("SELECT n FROM known_lines_kept").fetchone()[0] <= most:
        return False
    (last,) = db.execute("SELECT max(id) FROM (SELECT id FROM known_line ORDER BY id LIMIT ?)", (_ROWS,)).fetchone()
    db.execute(
        "INSERT INTO known_lines_gone SELECT node, max(minute_s) + 59 FROM known_line WHERE id <= ? GROUP BY node "
        "ON CONFLICT(node) DO UPDATE SET until_s = max(until_s, excluded.until_s)",
        (last,),
    )
    db.execute("DELETE FROM known_line WHERE id <= ?", (last,))
    return True


def newest_row(db: sqlite3.Connection) -> int:
    """0 when there is none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM known_line").fetchone()[0])


def knows_lines(db: sqlite3.Connection, node: int) -> bool:
    """Any of the node."""
    return db.execute("SELECT 1 FROM known_line WHERE node = ? LIMIT 1", (node,)).fetchone() is not None


def rows_of_hour(db: sqlite3.Connection, node: int, hour_s: int, but: int) -> dict[int, list[bytes]]:
    """By minute, in the order in which they came."""
    found: dict[int, list[bytes]] = {}
    question = "SELECT minute_s, data FROM known_line WHERE node = ? AND minute_s >= ? AND minute_s < ? AND session <> ? ORDER BY id"
    for minute_s, data in db.execute(question, (node, hour_s, hour_s + HOUR_S, but)):
        found.setdefault(minute_s, []).append(data)
    return found


def bare_times(db: sqlite3.Connection, node: int) -> tuple[set[int], set[int]]:
    """Hours and minutes in which transfers were counted, and of which no line is known (any more)."""
    gone = db.execute("SELECT until_s FROM known_lines_gone WHERE node = ?", (node,)).fetchone()
    if gone is None:
        return set(), set()
    hours, minutes = (
        {
            start_s
            for (start_s,) in db.execute(
                f"SELECT start_s FROM {table} WHERE node = ? AND start_s <= ? "
                f"EXCEPT SELECT minute_s / {length_s} * {length_s} FROM known_line WHERE node = ?",
                (node, gone[0], node),
            )
        }
        for table, length_s in (("total_hour", HOUR_S), ("total_minute", MINUTE_S))
    )
    return hours, minutes
