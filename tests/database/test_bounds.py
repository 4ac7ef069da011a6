"""A log full of noise does not fill the database with texts, and what is too much is still counted."""

from __future__ import annotations

from builders import EU1, NOON_MS, batch, transfer
from database.database_store import Store

from storj_monitor.database import commit, queries
from storj_monitor.model.events import ErrorSeen, LineKey
from storj_monitor.model.ids import Outcome
from storj_monitor.model.node_events import VersionSeen

HOUR = NOON_MS // 1000
ALL = (HOUR - 3600, HOUR + 3600)


def rows(store: Store, table: str) -> int:
    return int(store.reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_satellites_are_bounded_and_no_transfer_is_lost(store: Store) -> None:
    most = commit.MAX_SATELLITES
    made_up = [transfer(satellite=f"made up {i}") for i in range(most + 200)]
    store.commit(batch(made_up, end=10), batch([transfer(satellite=EU1)], start=10, end=20))
    assert rows(store, "satellite") == most + 1
    assert sum(n for n, _ in queries.by_satellite(store.reader, [1], *ALL).values()) == most + 201
    assert sum(cell.count for cell in queries.totals(store.reader, [1], *ALL).values()) == most + 201
    assert len(list(queries.events_since(store.reader, 1, 0))) == most + 201


def test_error_templates_are_bounded(store: Store) -> None:
    for start in range(0, commit.MAX_TEMPLATES + 1500, 500):
        errors = [ErrorSeen(NOON_MS, "ERROR", "logger", "message", f"template {start + i}", "sample", "") for i in range(500)]
        store.commit(batch([], errors=errors, start=start, end=start + 500, newest_ms=NOON_MS))
    assert rows(store, "template") == commit.MAX_TEMPLATES + 1
    found = queries.errors(store.reader, [1], *ALL, 10)
    assert (found[0].key[1:], found[0].seen.count) == (("ERROR", "", "(other)", ""), 1500)


def test_reasons_are_bounded(store: Store) -> None:
    failed = [transfer(outcome=Outcome.FAILED, reason=f"because {i}") for i in range(commit.MAX_REASONS + 10)]
    store.commit(batch(failed))
    assert rows(store, "reason") == commit.MAX_REASONS + 1
    assert rows(store, "notable") == commit.MAX_REASONS + 10


def test_kinds_of_lines_are_bounded_also_over_many_processes(store: Store) -> None:
    for start in range(0, 3000, 1000):
        counts = {LineKey("ignored", f"logger {start + i}", "message"): 1 for i in range(1000)}
        store.commit(batch([], lines=counts, start=start, end=start + 1000))
        store.committer = commit.Committer(store.writer)
    assert rows(store, "line_count") == commit.MAX_LINE_KINDS + 1
    counted = queries.line_counts(store.reader, [1])
    assert sum(row[4] for row in counted) == 3000


def test_an_old_log_does_not_tell_the_version(store: Store) -> None:
    newer, older = VersionSeen(time_ms=NOON_MS, version="v1.147.5"), VersionSeen(time_ms=NOON_MS - 86_400_000, version="v1.99.3")
    store.commit(batch([], events=[newer], end=10, newest_ms=NOON_MS), batch([], events=[older], start=10, end=20, newest_ms=NOON_MS))
    (node,) = queries.nodes(store.reader)
    assert node.version == "v1.147.5"
