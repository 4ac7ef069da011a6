"""Retention as data: what is kept for how long, and pruning in steps short enough that no commit waits for one."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from storj_monitor.database.known_lines import prune_known_lines

# ---- Which time pruning may go by. A clock that is wrong, far ahead, must not make everything old that is kept.
#
# The clock is believed as long as it goes on from where it was. After a jump forward (a wrong clock, or the monitor was not running) the
# time before the jump is kept until the monitor has run for a day at later times. A clock that goes back is believed at once, for that
# prunes less.


STEADY_S = 86_400.0
"""So long the monitor must have run after a jump, in one piece or several, before its new time is believed."""
TOLERANCE_S = 3600.0
"""A smaller step is none: an hour more or less is not worth a day of waiting."""
SAVE_EVERY_S = 600.0
_MOST_SPANS = 50


@dataclass(slots=True)
class Span:
    """The clock went on evenly since it showed `from_s`, while the monitor ran for `ran_s`."""

    from_s: float
    ran_s: float = 0.0


@dataclass(slots=True)
class SteadyClock:
    """`believed_s` is the time to prune by; `spans` are later times that are not believed yet, oldest first."""

    believed_s: float
    spans: list[Span] = field(default_factory=list)
    _last: tuple[float, float] | None = None

    def move(self, now: float, monotonic: float) -> float:
        """Time has passed; returns `believed_s`. `now` is the machine's clock, `monotonic` the one that never jumps."""
        last, self._last = self._last, (now, monotonic)
        ran_s = max(0.0, monotonic - last[1]) if last else 0.0
        before = last[0] + ran_s if last else (self.spans[-1].from_s + self.spans[-1].ran_s if self.spans else self.believed_s)
        if abs(now - before) > TOLERANCE_S:
            self._jump(now)
        elif self.spans:
            self.spans[-1].ran_s += ran_s
            self._promote(now)
        else:
            self.believed_s = now
        return min(self.believed_s, now)

    @property
    def is_waiting(self) -> bool:
        """The clock shows a time that is not believed yet."""
        return bool(self.spans)

    def _jump(self, now: float) -> None:
        self.spans = [span for span in self.spans if span.from_s <= now]
        if now <= self.believed_s + TOLERANCE_S:
            self.believed_s, self.spans = now, []
        else:
            self.spans = [*self.spans, Span(now)][-_MOST_SPANS:]

    def _promote(self, now: float) -> None:
        """Believe the latest time after which the monitor has run for a day."""
        ran_s = 0.0
        for place in range(len(self.spans) - 1, -1, -1):
            ran_s += self.spans[place].ran_s
            if ran_s >= STEADY_S:
                newest = place == len(self.spans) - 1
                self.believed_s = now if newest else self.spans[place].from_s
                del self.spans[: place + 1]
                return


class KeptClock:
    """A SteadyClock that a restart does not forget: one row of the database, written now and then."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._row: tuple[float, str] | None = None
        self._clock: SteadyClock | None = None
        self._saved_at = 0.0

    @property
    def is_waiting(self) -> bool:
        return self._clock is not None and self._clock.is_waiting

    def move(self, now: float, monotonic: float) -> float:
        """See SteadyClock.move. sqlite3.Error."""
        clock = self._known(now)
        was = (len(clock.spans), bool(self._row))
        believed = clock.move(now, monotonic)
        if (len(clock.spans), True) != was or monotonic - self._saved_at >= SAVE_EVERY_S:
            self._saved_at = monotonic
            self._save(clock)
        return believed

    def _known(self, now: float) -> SteadyClock:
        """As it is in the database: the operator may have spoken."""
        row = self._db.execute("SELECT believed_s, spans FROM prune_clock").fetchone()
        if self._clock is None or row != self._row:
            self._row = row
            self._clock = SteadyClock(*_read(row)) if row else SteadyClock(_last_commit(self._db, now))
        return self._clock

    def _save(self, clock: SteadyClock) -> None:
        self._row = (clock.believed_s, json.dumps([[span.from_s, span.ran_s] for span in clock.spans]))
        self._db.execute("INSERT OR REPLACE INTO prune_clock(id, believed_s, spans) VALUES (1, ?, ?)", self._row)


def accept_clock(db: sqlite3.Connection, now: float) -> None:
    """The operator says that the machine's clock is right."""
    db.execute("INSERT OR REPLACE INTO prune_clock(id, believed_s, spans) VALUES (1, ?, '[]')", (now,))


def _read(row: Sequence[object]) -> tuple[float, list[Span]]:
    """A row that cannot be understood believes nothing later than 1970: nothing is pruned for it."""
    try:
        return float(str(row[0])), [Span(float(from_s), float(ran_s)) for from_s, ran_s in json.loads(str(row[1]))]
    except (TypeError, ValueError):
        return 0.0, []


def _last_commit(db: sqlite3.Connection, now: float) -> float:
    """A database that was never asked before: when something was written into it last, as its own clock was then; `now` for a new one."""
    written = db.execute("SELECT max(saved_at) FROM position").fetchone()[0]
    return min(float(written), now) if isinstance(written, int | float) and written > 0 else now


# ---- Retention as data: what is kept for how long, and pruning in steps short enough that no commit waits for one.


DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Retention:
    """Ages in seconds, None = for ever, counted from each node's newest line. `max_bytes` caps the file (0 = no cap)."""

    events_s: float | None = 2 * DAY_S
    minutes_s: float | None = 30 * DAY_S
    hours_s: float | None = 730 * DAY_S
    days_s: float | None = None
    max_bytes: int = 0


# table, column of age, unit of that column per second, which age of Retention
_RULES = (
    ("events", "to_ms", 1000, "events_s"),
    ("satellite_minute", "start_s", 1, "minutes_s"),
    ("total_minute", "start_s", 1, "minutes_s"),
    ("total_m5", "start_s", 1, "minutes_s"),
    ("satellite_hour", "start_s", 1, "hours_s"),
    ("total_hour", "start_s", 1, "hours_s"),
    ("country_hour", "start_s", 1, "hours_s"),
    ("error_hour", "start_s", 1, "hours_s"),
    ("hot_hour", "start_s", 1, "hours_s"),
    ("satellite_day", "start_s", 1, "days_s"),
    ("total_day", "start_s", 1, "days_s"),
    ("country_day", "start_s", 1, "days_s"),
    ("error_day", "start_s", 1, "days_s"),
    ("counter_hour", "start_ms", 1000, "hours_s"),
    ("notable", "time_ms", 1000, "minutes_s"),
    ("node_event", "time_ms", 1000, "hours_s"),
    ("finding", "changed_s", 1, "hours_s"),
)

FOR_EVER = (
    "paystub", "payout", "held_history", "pricing", "membership", "usage_day", "estimate_snapshot", "estimate_score", "audit_window",
    "standing",
)  # fmt: skip
"""Money and what it is reckoned from; what satellites saw of a node (two rows a day and satellite): no rule ever deletes these."""

THINNED = ("score_point", "space_point", "outage")
"""Thinned by age by those who write them (`thin` of reputation_tracker.history and storage_tracker.history; outages after 400 days)."""

LATEST = ("last_answer", "counter_position", "counter_recent")
"""One row a question, or a place in a ring, replaced by the next answer."""

_BUDGET_S = 0.02
_ROWS = 200
# A row of `events` is a block of up to 180 kB.
_BLOCKS = 10
# Of `notable`, when the file is over its cap: far more than come between two steps.
_CAPPED_ROWS = 1000
_PAGES = 512


class Pruner:
    """Deletes what has outlived its age, a bounded number of rows a transaction."""

    def __init__(self, db: sqlite3.Connection, retention: Retention) -> None:
        self._db = db
        self._retention = retention
        self._clock = KeptClock(db)
        self.believed_s = 0.0
        """The time that the last step went by, see steady_clock; 0 before the first."""

    @property
    def waits_for_clock(self) -> bool:
        """The clock jumped: what is old by its new time only is kept for now."""
        return self._clock.is_waiting

    def step(self, now: float, monotonic: float | None = None) -> bool:
        """Work for about 20 ms; True when there is more to delete.

        Neither a line from the future (a node's clock that was wrong) nor a machine's clock that jumped makes anything old.
        """
        deadline = time.perf_counter() + _BUDGET_S
        now = self.believed_s = self._clock.move(now, time.monotonic() if monotonic is None else monotonic)
        nodes = self._db.execute("SELECT id, newest_ms FROM node").fetchall()
        more = False
        for table, column, scale, age in _RULES:
            keep_s = getattr(self._retention, age)
            if keep_s is None:
                continue
            for node, newest_ms in nodes:
                # a node without a log has no newest line
                limit = int((min(newest_ms / 1000 or now, now) - keep_s) * scale)
                while self._delete(table, column, node, limit):
                    more = True
                    if time.perf_counter() > deadline:
                        return True
        more |= prune_known_lines(self._db)
        return self._shrink() or more

    def _delete(self, table: str, column: str, node: int, limit: int) -> bool:
        """Delete the oldest rows below `limit`; True when a full portion was deleted."""
        most = _BLOCKS if table == "events" else _ROWS
        row = self._db.execute(
            f"SELECT max({column}), count(*) FROM "
            f"(SELECT {column} FROM {table} WHERE node = ? AND {column} < ? ORDER BY {column} LIMIT {most})",
            (node, limit),
        ).fetchone()
        if not row[1]:
            return False
        self._db.execute(f"DELETE FROM {table} WHERE node = ? AND {column} <= ?", (node, row[0]))
        return bool(row[1] == most)

    def _shrink(self) -> bool:
        """Hold the cap on the file's size: the oldest single events go, then those with full ids; free pages are given back."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        over = self._retention.max_bytes and (pages - free) * size > self._retention.max_bytes
        deleted = 0
        if over:
            capped = (("events", _BLOCKS), ("notable", _CAPPED_ROWS), ("known_line", _CAPPED_ROWS))
            deleted = next((rows for table, most in capped if (rows := self._delete_first(table, most))), 0)
        if free > max(1024, pages // 5) or (self._retention.max_bytes and free and pages * size > self._retention.max_bytes):
            # Through `execute` this pragma gives back a single page: it is stepped once, and has no rows.
            self._db.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
            return True
        return bool(over and deleted)

    def _delete_first(self, table: str, rows: int) -> int:
        """Delete the rows that came first; how many there were."""
        return self._db.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {rows})").rowcount
