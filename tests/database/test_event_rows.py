"""Events in the database: folded, bounded, and answered page by page with every filter."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import NOON_MS, US1, batch
from database.database_store import Store
from plain import plain

from storj_monitor.database.event_rows import events_page
from storj_monitor.database.reader import Reader
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.severity import Severity
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.model.stored_events import MOST_AN_HOUR, EventFilter
from storj_monitor.views.event_queries import event_page

CASES = Path(__file__).parent.parent / "corpus" / "cases"
ALL = SimpleNamespace(from_s=0, to_s=4_000_000_000, nodes=("n1", "n2"))


def put(store: Store, events: list[NodeEvent], *, node: str = "n1", start: int = 0) -> None:
    store.commit(batch([], events=events, node=node, start=start, end=start + 1, newest_ms=NOON_MS))


def read(store: Store, case: str, node: str = "n1") -> None:
    data = (CASES / case).read_bytes()
    processor = LineProcessor(node, lambda _: "")
    store.commit(processor.process(Chunk(node, data, 0, len(data), 1.0, FileIdentity(4096, "00" * 16), "node.log")))


async def asked(store: Store, wanted: EventFilter | None = None, window: Any = ALL) -> dict[str, Any]:
    reader = Reader(store.path, 1)
    try:
        found: dict[str, Any] = plain(await event_page(reader, None, window, wanted or EventFilter(), None))
        return found
    finally:
        reader.close()


def rejected(ms: int) -> ev.UploadRejected:
    return ev.UploadRejected(time_ms=NOON_MS + ms, live_requests=11, request_limit=10)


async def test_equal_events_of_an_hour_are_one_row_over_many_commits(store: Store) -> None:
    put(store, [rejected(i) for i in range(30)])
    put(store, [rejected(1000 + i) for i in range(10)], start=1)
    put(store, [rejected(3_600_000)], start=2)
    put(store, [rejected(5)], node="n2")
    rows = (await asked(store))["rows"]
    assert [(row["node"], row["count"], row["at"], row["last"]) for row in rows] == [
        ("n1", 1, NOON_MS / 1000 + 3600, NOON_MS / 1000 + 3600),
        ("n2", 1, NOON_MS / 1000 + 0.005, NOON_MS / 1000 + 0.005),
        ("n1", 40, NOON_MS / 1000, NOON_MS / 1000 + 1.009),
    ]


async def test_a_damaged_row_costs_no_other_row_and_no_page(store: Store) -> None:
    put(store, [rejected(hour * 3_600_000) for hour in range(4)])
    store.writer.execute("UPDATE node_event SET data = 'no JSON' WHERE id IN (SELECT id FROM node_event ORDER BY time_ms DESC LIMIT 2)")
    put(store, [ev.MigrationProgress(time_ms=NOON_MS, pieces=1)], start=1)
    store.writer.execute("UPDATE node_event SET data = '{}' WHERE kind = 'migration_progress'")
    first = await asked(store, EventFilter(limit=1))
    assert [row["at"] for row in first["rows"]] == [NOON_MS / 1000 + 3600]
    time_ms, number = first["next"].split(".")
    second = await asked(store, EventFilter(limit=2, before=(int(time_ms), int(number))))
    assert [row["at"] for row in second["rows"]] == [NOON_MS / 1000]


async def test_a_commit_that_fails_leaves_no_count_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, [rejected(0)])
    with monkeypatch.context() as patch:
        patch.setattr(store.committer, "_encode", lambda event: dict[str, bytes]()["no such answer"])
        with pytest.raises(KeyError):
            put(store, [rejected(1)], start=1)
    put(store, [rejected(2)], start=1)
    assert sum(row["count"] for row in (await asked(store))["rows"]) == 2


async def test_a_flood_of_one_kind_is_bounded_and_counted(store: Store) -> None:
    put(store, [ev.FoundInTrash(time_ms=NOON_MS + i, piece_id=f"{i}") for i in range(MOST_AN_HOUR + 70)])
    assert store.reader.execute("SELECT count(*), sum(n) FROM node_event").fetchone() == (MOST_AN_HOUR, MOST_AN_HOUR + 70)


async def test_pages_hold_every_row_once(store: Store) -> None:
    for number, node in enumerate(("n1", "n2")):
        put(store, [ev.NodeStarted(time_ms=NOON_MS + i // 3, node_id=f"{number} {i}") for i in range(50)], node=node)
    seen: list[int] = []
    before = None
    for _ in range(40):
        answer = await asked(store, EventFilter(limit=7, before=before))
        seen += [row["id"] for row in answer["rows"]]
        assert ("garbage" in answer and not answer["garbage"]) or before is None
        if answer["next"] is None:
            break
        ms, _, number_text = answer["next"].partition(".")
        before = (int(ms), int(number_text))
    assert len(seen) == len(set(seen)) == 100


async def test_filters_of_node_kind_severity_and_time(store: Store) -> None:
    put(
        store,
        [
            ev.PingFailed(time_ms=NOON_MS + i, step="x", error="context canceled" if i % 10 else f"down {chr(97 + i // 10)}")
            for i in range(100)
        ],
    )
    put(store, [ev.NodeStarted(time_ms=NOON_MS, node_id="x"), ev.Panic(time_ms=NOON_MS + 5, first_line="panic: x")], node="n2")
    warnings = (await asked(store, EventFilter(severities=frozenset({Severity.WARNING}))))["rows"]
    assert len(warnings) == 10
    assert {row["kind"] for row in warnings} == {"ping_failed"}
    critical = (await asked(store, EventFilter(severities=frozenset({Severity.CRITICAL}), limit=1)))["rows"]
    assert [row["text"] for row in critical] == ["The node crashed: panic: x."]
    started = (await asked(store, EventFilter(kinds=frozenset({"node_started"}))))["rows"]
    assert [(row["node"], row["label"]) for row in started] == [("n2", "Node started")]
    none = await asked(store, EventFilter(kinds=frozenset({"node_started"}), severities=frozenset({Severity.WARNING})))
    assert (none["rows"], none["next"]) == ([], None)
    window = SimpleNamespace(from_s=NOON_MS // 1000 - 60, to_s=NOON_MS // 1000, nodes=("n2",))
    assert (await asked(store, window=window))["rows"] == []


async def test_garbage_collection_as_a_table_of_runs(store: Store) -> None:
    read(store, "gc-windows-debug.log")
    answer = await asked(store)
    runs = {(run["name"], run["state"]): run for run in answer["garbage"]}
    idle = runs["us1", "nothing_moved"]
    assert idle["text"].startswith("Ran in status debug and moved nothing;")
    assert idle["trashed"] == 0
    done = runs["saltlake", "done"]
    assert (done["trashed"], done["pieces"], done["kept"]) == (0, 33_022_028, 33_022_028)
    assert done["text"].startswith("0 of 33,022,028 pieces moved to the trash in 6 h 51 min (filter of 9 June 2024)")
    failed = [row for row in answer["rows"] if row["kind"] == "expired_piece_failed"]
    assert [row["count"] for row in failed] == [40]


async def test_what_was_hidden_in_a_log_of_errors_is_shown(store: Store) -> None:
    read(store, "errors-rare.log")
    rows = (await asked(store))["rows"]
    told = {row["kind"]: row for row in rows}
    assert told["upload_rejected"]["count"] == 30
    assert told["graceful_exit"]["text"] == "Graceful exit at us1 is complete: the node has left this satellite."
    assert told["bloom_filter_failed"]["severity"] == "critical"
    assert "storage.allocated-disk-spce" in told["configuration_invalid"]["text"]
    assert told["clock_checked"]["severity"] == "critical"
    (run,) = (await asked(store))["garbage"]
    assert (run["state"], run["satellite"]) == ("failed", US1)


def test_rare_kinds_are_looked_up_along_the_index_of_kinds(store: Store) -> None:
    """Not among all events that the node has ever had."""
    put(
        store,
        [ev.NodeStarted(time_ms=NOON_MS + 1, level="INFO", node_id="1"), ev.OrdersSettled(time_ms=NOON_MS + 2, level="INFO", count=1)],
    )
    asked_for: list[str] = []
    with closing(sqlite3.connect(store.path)) as db:
        db.set_trace_callback(asked_for.append)
        found = events_page(db, [1], ["node_started", "migration_progress", "node_started"], 0, 1 << 62, None, 20)
        db.set_trace_callback(None)
        plans = [row[3] for question in asked_for for row in db.execute(f"EXPLAIN QUERY PLAN {question}")]
    assert [one.kind for one in found] == ["node_started"]
    assert len(plans) == 2
    assert all("node_event_kind (kind=? AND node=?" in plan for plan in plans)
