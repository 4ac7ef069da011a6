"""What has outlived its age goes, in short steps, and the file gives its room back."""

from __future__ import annotations

import time

from builders import NOON_MS, batch, transfer
from database.database_store import Store

from storj_monitor.database.retention import DAY_S, Pruner, Retention
from storj_monitor.model.ids import Outcome
from storj_monitor.model.sources import FileIdentity

NOON = NOON_MS / 1000
BLOCK = 6000


def fill(store: Store, blocks: int, age_s: float, name: str) -> None:
    """As `ingest` does it: large blocks, each a commit of its own."""
    for number in range(blocks):
        begin_ms = NOON_MS - int(age_s * 1000) + number * 60_000
        shapes = [transfer(begin_ms + i) for i in range(BLOCK)]
        store.commit(batch(shapes, start=number, end=number + 1, identity=FileIdentity(4096, name)))


def prune(store: Store, retention: Retention, now: float = NOON) -> list[float]:
    """CPU seconds that each step took."""
    pruner, took, more = Pruner(store.writer, retention), [], True
    while more:
        began = time.thread_time()
        more = pruner.step(now)
        took.append(time.thread_time() - began)
        assert len(took) < 500, "pruning has no end"
    store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return took


def events(store: Store) -> int:
    return int(store.reader.execute("SELECT coalesce(sum(n), 0) FROM events").fetchone()[0])


def test_old_events_go_and_the_file_shrinks(store: Store) -> None:
    fill(store, 60, 5 * DAY_S, "old")
    fill(store, 3, 3600, "new")
    store.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    before = store.path.stat().st_size
    took = prune(store, Retention())
    assert events(store) == 3 * BLOCK
    assert store.path.stat().st_size < before / 2
    assert sorted(took)[len(took) // 2] < 0.05


def test_the_cap_is_held(store: Store) -> None:
    fill(store, 60, 3600, "new")
    cap = 3_000_000
    prune(store, Retention(max_bytes=cap))
    assert 0 < events(store) < 60 * BLOCK
    assert store.path.stat().st_size <= cap * 1.1
    left = [row[0] for row in store.reader.execute("SELECT from_ms FROM events ORDER BY id")]
    assert left[-1] == NOON_MS - 3_600_000 + 59 * 60_000, "the newest stay"


def test_a_cap_takes_failures_when_no_other_events_are_left(store: Store) -> None:
    """They are kept for a month: on a node with many failures they are most of the file."""
    for number in range(20):
        begin_ms = NOON_MS - 3_600_000 + number * 60_000
        shapes = [transfer(begin_ms + i, outcome=Outcome.FAILED) for i in range(1000)]
        store.commit(batch(shapes, start=number, end=number + 1, identity=FileIdentity(4096, "new")))
    cap = 1_500_000
    took = prune(store, Retention(max_bytes=cap))
    count, oldest = store.reader.execute("SELECT count(*), min(time_ms) FROM notable").fetchone()
    assert events(store) == 0
    assert 0 < count < 20_000
    assert oldest > NOON_MS - 3_600_000, "the oldest have gone"
    assert store.path.stat().st_size <= cap * 1.1
    assert max(took) < 0.5
    assert store.reader.execute("SELECT sum(n) FROM total_day").fetchone() == (20_000,), "sums stay"


def test_one_line_from_the_future_prunes_nothing(store: Store) -> None:
    fill(store, 2, 3600, "new")
    store.commit(batch([transfer(NOON_MS + 10 * 365 * DAY_S * 1000)], identity=FileIdentity(4096, "wrong")))
    prune(store, Retention())
    assert events(store) == 2 * BLOCK + 1
