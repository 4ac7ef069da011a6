"""Migrations: each is a named function, committed together with its row in the ledger.

A database whose ledger names a version that this code does not know was written by a newer product and is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.database.connection import transaction
from storj_monitor.database.event_rows import add_event_counts
from storj_monitor.database.known_lines import create_known_lines
from storj_monitor.errors import StoreForeign, StoreTooNew
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.stats import SIZE_CLASSES

# ---- Tables of what nodes say about themselves: scores, space, money, downtimes. Money is whole micro-dollars, times are Unix
# milliseconds.
#
# A database keeps what this file said when the change `0002_subjects` was made: columns are only ever added by later changes.


_SUBJECTS = """
CREATE TABLE score_point(node INTEGER NOT NULL, satellite INTEGER NOT NULL, at_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  audit_score REAL NOT NULL, suspension_score REAL NOT NULL, online_score REAL NOT NULL, total_audits INTEGER, successful_audits INTEGER,
  source TEXT NOT NULL, PRIMARY KEY(node, satellite, at_ms)) WITHOUT ROWID;
CREATE TABLE space_point(node INTEGER NOT NULL, at_ms INTEGER NOT NULL, allocated_bytes INTEGER, used_bytes INTEGER, pieces_bytes INTEGER,
  trash_bytes INTEGER, reclaimable_bytes INTEGER, overhead_bytes INTEGER, free_bytes INTEGER, disk_free_bytes INTEGER,
  reported_bytes INTEGER, source TEXT NOT NULL, PRIMARY KEY(node, at_ms)) WITHOUT ROWID;
CREATE TABLE outage(node INTEGER NOT NULL, witness TEXT NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER,
  PRIMARY KEY(node, witness, from_ms)) WITHOUT ROWID;
CREATE TABLE last_answer(node INTEGER NOT NULL, kind TEXT NOT NULL, satellite INTEGER NOT NULL, asked_ms INTEGER NOT NULL,
  took_ms REAL NOT NULL, data TEXT NOT NULL, PRIMARY KEY(node, kind, satellite)) WITHOUT ROWID;
"""

_MONEY = """
CREATE TABLE usage_day(node INTEGER NOT NULL, satellite INTEGER NOT NULL, start_ms INTEGER NOT NULL, egress_bytes INTEGER,
  egress_repair_bytes INTEGER, egress_audit_bytes INTEGER, ingress_bytes INTEGER, ingress_repair_bytes INTEGER,
  byte_hours REAL, average_bytes REAL, interval_h REAL, calculated INTEGER, PRIMARY KEY(node, satellite, start_ms)) WITHOUT ROWID;
CREATE TABLE paystub(node_id TEXT NOT NULL, satellite INTEGER NOT NULL, period TEXT NOT NULL, node INTEGER NOT NULL, created_ms INTEGER,
  codes TEXT NOT NULL, usage_storage_byte_months REAL NOT NULL, usage_get_bytes INTEGER NOT NULL, usage_put_bytes INTEGER NOT NULL,
  usage_get_repair_bytes INTEGER NOT NULL, usage_put_repair_bytes INTEGER NOT NULL, usage_get_audit_bytes INTEGER NOT NULL,
  storage_usd_micros INTEGER NOT NULL, get_usd_micros INTEGER NOT NULL, put_usd_micros INTEGER NOT NULL,
  get_repair_usd_micros INTEGER NOT NULL, put_repair_usd_micros INTEGER NOT NULL, get_audit_usd_micros INTEGER NOT NULL,
  surge_percent INTEGER NOT NULL, held_usd_micros INTEGER NOT NULL, owed_usd_micros INTEGER NOT NULL,
  disposed_usd_micros INTEGER NOT NULL, paid_usd_micros INTEGER NOT NULL, distributed_usd_micros INTEGER NOT NULL,
  PRIMARY KEY(node_id, satellite, period)) WITHOUT ROWID;
CREATE TABLE payout(node_id TEXT NOT NULL, satellite INTEGER NOT NULL, period TEXT NOT NULL, node INTEGER NOT NULL,
  satellite_address TEXT NOT NULL, age_months INTEGER NOT NULL, earned_usd_micros INTEGER NOT NULL, surge_usd_micros INTEGER NOT NULL,
  surge_percent INTEGER NOT NULL, held_usd_micros INTEGER NOT NULL, held_percent REAL, after_held_usd_micros INTEGER NOT NULL,
  disposed_usd_micros INTEGER NOT NULL, paid_usd_micros INTEGER NOT NULL, distributed_usd_micros INTEGER NOT NULL,
  receipt TEXT NOT NULL, is_exit_complete INTEGER NOT NULL, PRIMARY KEY(node_id, satellite, period)) WITHOUT ROWID;
CREATE TABLE held_history(node_id TEXT NOT NULL, satellite INTEGER NOT NULL, node INTEGER NOT NULL, satellite_address TEXT NOT NULL,
  first_period_usd_micros INTEGER NOT NULL, second_period_usd_micros INTEGER NOT NULL, third_period_usd_micros INTEGER NOT NULL,
  total_held_usd_micros INTEGER NOT NULL, total_disposed_usd_micros INTEGER NOT NULL, joined_ms INTEGER,
  PRIMARY KEY(node_id, satellite)) WITHOUT ROWID;
CREATE TABLE pricing(node INTEGER NOT NULL, satellite INTEGER NOT NULL, since_ms INTEGER NOT NULL, egress_cents_per_tb INTEGER NOT NULL,
  repair_cents_per_tb INTEGER NOT NULL, audit_cents_per_tb INTEGER NOT NULL, storage_cents_per_tb_month INTEGER NOT NULL,
  PRIMARY KEY(node, satellite, since_ms)) WITHOUT ROWID;
CREATE TABLE membership(node INTEGER NOT NULL, satellite INTEGER NOT NULL, joined_ms INTEGER, vetted_ms INTEGER, disqualified_ms INTEGER,
  PRIMARY KEY(node, satellite)) WITHOUT ROWID;
CREATE TABLE estimate_snapshot(node INTEGER NOT NULL, satellite INTEGER NOT NULL, period TEXT NOT NULL, day INTEGER NOT NULL,
  made_ms INTEGER NOT NULL, through_ms INTEGER NOT NULL, egress_bytes INTEGER NOT NULL, repair_bytes INTEGER NOT NULL,
  audit_bytes INTEGER NOT NULL, storage_byte_months REAL NOT NULL, egress_usd_micros INTEGER NOT NULL, repair_usd_micros INTEGER NOT NULL,
  audit_usd_micros INTEGER NOT NULL, storage_usd_micros INTEGER NOT NULL, held_percent REAL, held_usd_micros INTEGER NOT NULL,
  disposed_usd_micros INTEGER NOT NULL, expected_usd_micros INTEGER NOT NULL, theirs_usd_micros INTEGER,
  PRIMARY KEY(node, satellite, period, day)) WITHOUT ROWID;
CREATE TABLE estimate_score(node_id TEXT NOT NULL, satellite INTEGER NOT NULL, period TEXT NOT NULL, node INTEGER NOT NULL,
  made_ms INTEGER NOT NULL, estimated_usd_micros INTEGER NOT NULL, paid_usd_micros INTEGER NOT NULL, error_percent REAL,
  agrees INTEGER NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY(node_id, satellite, period)) WITHOUT ROWID;
"""

_BY_NODE_ID = ("paystub", "payout", "held_history", "estimate_score")
"""Their key begins with the node's own id; questions and the removal of a node come with its name."""


def create_subjects(db: sqlite3.Connection) -> None:
    """The change `0002_subjects`; inside the caller's transaction."""
    for statement in (_SUBJECTS + _MONEY).split(";"):
        if statement.strip():
            db.execute(statement)
    for table in _BY_NODE_ID:
        db.execute(f"CREATE INDEX {table}_node ON {table}(node)")


def create_counters(db: sqlite3.Connection) -> None:
    """The change `0004_counters`; inside the caller's transaction."""
    db.execute(
        "CREATE TABLE counter_hour(node INTEGER NOT NULL, start_ms INTEGER NOT NULL, op INTEGER NOT NULL, n INTEGER NOT NULL, "
        "bytes INTEGER NOT NULL, timed INTEGER NOT NULL, total_ms INTEGER NOT NULL, PRIMARY KEY(node, start_ms, op)) WITHOUT ROWID"
    )


def create_counter_positions(db: sqlite3.Connection) -> None:
    """A later change; inside the caller's transaction."""
    db.execute(
        "CREATE TABLE counter_position(node INTEGER NOT NULL PRIMARY KEY, taken_ms INTEGER NOT NULL, uptime_s REAL, data TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE counter_recent(node INTEGER NOT NULL, slot INTEGER NOT NULL, from_ms INTEGER NOT NULL, data TEXT NOT NULL, "
        "PRIMARY KEY(node, slot)) WITHOUT ROWID"
    )


def create_standings(db: sqlite3.Connection) -> None:
    """The change `0006_standings`; inside the caller's transaction."""
    db.execute(
        "CREATE TABLE audit_window(node INTEGER NOT NULL, satellite INTEGER NOT NULL, start_ms INTEGER NOT NULL, total INTEGER NOT NULL, "
        "online INTEGER NOT NULL, PRIMARY KEY(node, satellite, start_ms)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE standing(node INTEGER NOT NULL, satellite INTEGER NOT NULL, kind TEXT NOT NULL, from_ms INTEGER NOT NULL, "
        "until_ms INTEGER, PRIMARY KEY(node, satellite, kind, from_ms)) WITHOUT ROWID"
    )


# ---- Tables of the analytics: what is normal for each series, and the findings with their history. Times are Unix seconds.
#
# A database keeps what this file said when the change `0003_analytics` was made: columns are only ever added by later changes.


_ANALYTICS = """
CREATE TABLE baseline(node INTEGER NOT NULL, satellite INTEGER NOT NULL, direction TEXT NOT NULL, through_s INTEGER NOT NULL,
  data BLOB NOT NULL, PRIMARY KEY(node, satellite, direction));
CREATE TABLE finding(id INTEGER PRIMARY KEY AUTOINCREMENT, node INTEGER NOT NULL, onset_s INTEGER NOT NULL, changed_s INTEGER NOT NULL,
  resolved_s INTEGER, data TEXT NOT NULL);
CREATE INDEX finding_changed ON finding(node, changed_s);
CREATE INDEX finding_standing ON finding(node) WHERE resolved_s IS NULL;
"""


def create_analytics(db: sqlite3.Connection) -> None:
    """The change `0003_analytics`; inside the caller's transaction."""
    for statement in _ANALYTICS.split(";"):
        if statement.strip():
            db.execute(statement)


# ---- Migrations: each is a named function, committed together with its row in the ledger.


class Level(NamedTuple):
    """One table of transfer rollups: aligned UTC buckets of `length_s` seconds."""

    table: str
    length_s: int


SATELLITE_LEVELS = (Level("satellite_minute", 60), Level("satellite_hour", 3600), Level("satellite_day", 86400))
"""Rollups per node, satellite and op, finest first."""

TOTAL_LEVELS = (Level("total_minute", 60), Level("total_m5", 300), Level("total_hour", 3600), Level("total_day", 86400))
"""The same over all satellites (satellite = 0). A chart of a day reads 288 five-minute rows an op, not all minutes of all satellites."""

COARSE_LEVELS = (("hour", 3600), ("day", 86400))
"""Levels of the country and error rollups."""

_SCORED_FAILURES = (op_code(Action.GET_AUDIT, Outcome.FAILED), op_code(Action.GET_REPAIR, Outcome.FAILED))
IS_SCORED_FAILURE = "op IN ({:d}, {:d})".format(*_SCORED_FAILURES)
"""Rows of `notable` that harm a score, as SQL: word for word as in the index of such rows, or SQLite does not use it."""

SIZE_COLUMNS = tuple(f"c{i}" for i in range(SIZE_CLASSES))

_DICTIONARIES = """
CREATE TABLE node(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, node_id TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '', first_ms INTEGER NOT NULL DEFAULT 0,
  newest_ms INTEGER NOT NULL DEFAULT 0, resolution_ms INTEGER NOT NULL DEFAULT 0);
CREATE TABLE satellite(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE reason(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE template(id INTEGER PRIMARY KEY, level TEXT NOT NULL, logger TEXT NOT NULL, message TEXT NOT NULL, template TEXT NOT NULL,
  UNIQUE(level, logger, message, template));
CREATE TABLE position(node INTEGER NOT NULL, head_hash TEXT NOT NULL, head_bytes INTEGER NOT NULL, offset INTEGER NOT NULL,
  path TEXT NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY(node, head_hash, head_bytes)) WITHOUT ROWID;
CREATE TABLE line_count(node INTEGER NOT NULL, kind TEXT NOT NULL, logger TEXT NOT NULL, message TEXT NOT NULL, n INTEGER NOT NULL,
  sample TEXT NOT NULL, PRIMARY KEY(node, kind, logger, message)) WITHOUT ROWID;
"""

_SINGLE_EVENTS = """
CREATE TABLE events(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, n INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE INDEX events_age ON events(node, to_ms);
CREATE TABLE notable(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, time_ms INTEGER NOT NULL, satellite INTEGER NOT NULL,
  op INTEGER NOT NULL, size INTEGER NOT NULL, duration_ms INTEGER NOT NULL, piece_id TEXT NOT NULL, reason INTEGER NOT NULL);
CREATE INDEX notable_age ON notable(node, time_ms);
CREATE TABLE node_event(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, time_ms INTEGER NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL,
  satellite INTEGER NOT NULL, data TEXT NOT NULL);
CREATE INDEX node_event_age ON node_event(node, time_ms);
CREATE INDEX node_event_kind ON node_event(kind, node, time_ms);
"""


def _create(db: sqlite3.Connection) -> None:
    for statement in (_DICTIONARIES + _SINGLE_EVENTS).split(";"):
        if statement.strip():
            db.execute(statement)
    classes = ", ".join(f"{name} INTEGER NOT NULL" for name in SIZE_COLUMNS)
    for table, _ in SATELLITE_LEVELS + TOTAL_LEVELS:
        db.execute(
            f"CREATE TABLE {table}(node INTEGER NOT NULL, start_s INTEGER NOT NULL, satellite INTEGER NOT NULL, "
            f"op INTEGER NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL, timed INTEGER NOT NULL, duration_sum_ms INTEGER NOT NULL, "
            f"duration_max_ms INTEGER NOT NULL, sketch BLOB, {classes}, PRIMARY KEY(node, start_s, satellite, op)) WITHOUT ROWID"
        )
    for level, _ in COARSE_LEVELS:
        db.execute(
            f"CREATE TABLE country_{level}(node INTEGER NOT NULL, start_s INTEGER NOT NULL, country TEXT NOT NULL, "
            "direction TEXT NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL, "
            "PRIMARY KEY(node, start_s, country, direction)) WITHOUT ROWID"
        )
        db.execute(
            f"CREATE TABLE error_{level}(node INTEGER NOT NULL, start_s INTEGER NOT NULL, template INTEGER NOT NULL, n INTEGER NOT NULL, "
            "first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, sample TEXT NOT NULL, satellite INTEGER NOT NULL, "
            "PRIMARY KEY(node, start_s, template)) WITHOUT ROWID"
        )
    db.execute(
        "CREATE TABLE hot_hour(node INTEGER NOT NULL, start_s INTEGER NOT NULL, piece INTEGER NOT NULL, piece_id TEXT NOT NULL, "
        "satellite INTEGER NOT NULL, n INTEGER NOT NULL, error INTEGER NOT NULL, bytes INTEGER NOT NULL, "
        "PRIMARY KEY(node, start_s, piece)) WITHOUT ROWID"
    )


def _index_scored_failures(db: sqlite3.Connection) -> None:
    """A busy node has a thousand failed uploads for each failed audit."""
    db.execute(f"CREATE INDEX notable_scored ON notable(node, time_ms) WHERE {IS_SCORED_FAILURE}")


def _create_prune_clock(db: sqlite3.Connection) -> None:
    """See steady_clock."""
    db.execute("CREATE TABLE prune_clock(id INTEGER PRIMARY KEY CHECK (id = 1), believed_s REAL NOT NULL, spans TEXT NOT NULL)")


_LEDGER = "migration"
MIGRATIONS: Sequence[tuple[str, Callable[[sqlite3.Connection], None]]] = (
    ("0001_create", _create),
    ("0002_subjects", create_subjects),
    ("0003_analytics", create_analytics),
    ("0004_counters", create_counters),
    ("0005_scored_failures", _index_scored_failures),
    ("0006_standings", create_standings),
    ("0007_prune_clock", _create_prune_clock),
    ("0008_event_counts", add_event_counts),
    ("0009_counter_positions", create_counter_positions),
    ("0010_known_lines", create_known_lines),
)


class Owner(StrEnum):
    """Whose a database is; the text says it to its operator."""

    OURS = "a database of storj_monitor"
    OLDER = "a database of an older storj_monitor: the next start brings it up to date"
    NEWER = "written by a newer version of storj_monitor: this one cannot use it"
    EMPTY = "empty: there is nothing in it"
    FOREIGN = "no database of storj_monitor: it has the tables of another program"


def owner_of(db: sqlite3.Connection) -> Owner:
    """By its tables and its ledger of changes. sqlite3.Error."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'") if not name.startswith("sqlite_")}
    done = {str(name) for (name,) in db.execute("SELECT name FROM migration")} if _LEDGER in tables and _is_ledger(db) else set()
    known = [name for name, _ in MIGRATIONS]
    if not tables or (tables == {_LEDGER} and not done and _is_ledger(db)):  # a first start that was cut off
        return Owner.EMPTY
    if known[0] not in done:
        return Owner.FOREIGN
    if not done <= set(known):
        return Owner.NEWER
    return Owner.OURS if len(done) == len(known) else Owner.OLDER


def _is_ledger(db: sqlite3.Connection) -> bool:
    """Others have a table of that name, too."""
    return [column[1] for column in db.execute(f"PRAGMA table_info({_LEDGER})")] == ["name", "applied_at"]


def migrate(db: sqlite3.Connection, now: float) -> None:
    """Bring the database to this code's version; each step commits with its ledger row. Raises StoreTooNew, or StoreForeign."""
    if owner_of(db) is Owner.FOREIGN:
        raise StoreForeign(f"the database is {Owner.FOREIGN}. Nothing was changed; name another file with --database")
    with transaction(db):
        db.execute("CREATE TABLE IF NOT EXISTS migration(name TEXT PRIMARY KEY, applied_at REAL NOT NULL)")
    done = [name for (name,) in db.execute("SELECT name FROM migration ORDER BY name")]
    known = [name for name, _ in MIGRATIONS]
    unknown = [name for name in done if name not in known]
    if unknown:
        raise StoreTooNew(
            f"the database was written by a newer version of storj_monitor (it has the change {unknown[-1]!r}, "
            f"this version knows up to {known[-1]!r}): install that version again, or name another file with --database"
        )
    for name, step in MIGRATIONS:
        if name in done:
            continue
        with transaction(db):
            # Another process may have migrated between our look and our lock.
            if db.execute("SELECT 1 FROM migration WHERE name = ?", (name,)).fetchone() is None:
                step(db)
                db.execute("INSERT INTO migration VALUES (?, ?)", (name, now))
