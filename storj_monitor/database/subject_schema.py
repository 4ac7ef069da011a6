"""Tables of what nodes say about themselves: scores, space, money, downtimes. Money is whole micro-dollars, times are Unix milliseconds.

A database keeps what this file said when the change `0002_subjects` was made: columns are only ever added by later changes.
"""

from __future__ import annotations

import sqlite3

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
