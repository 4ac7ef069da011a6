"""One way to write: all or nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commits at the end, rolls back when anything is raised. The write lock is taken at once: a busy database says so first."""
    db.execute("BEGIN IMMEDIATE")
    committed = False
    try:
        yield
        db.execute("COMMIT")
        committed = True
    finally:
        if not committed and db.in_transaction:
            db.execute("ROLLBACK")
