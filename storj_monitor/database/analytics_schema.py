"""Tables of the analytics: what is normal for each series, and the findings with their history. Times are Unix seconds.

A database keeps what this file said when the change `0003_analytics` was made: columns are only ever added by later changes.
"""

from __future__ import annotations

import sqlite3

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
