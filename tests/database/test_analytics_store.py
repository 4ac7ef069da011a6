"""Baselines and findings in the database: by key, by window, over renames and removals; and the rows that analytics are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import EU1, NOON_MS, US1, batch, transfer
from database.database_store import Store

from storj_monitor.database.analytics import (
    change_events,
    failures,
    find,
    hours,
    minutes,
    oldest_through_s,
    reaches,
    restore,
    version_before,
    write,
)
from storj_monitor.database.connection import transaction
from storj_monitor.database.nodes import node_care
from storj_monitor.database.retention import Pruner, Retention
from storj_monitor.model.analytics import (
    NO_REASON,
    Evidence,
    FailureCount,
    Finding,
    FindingKind,
    FindingState,
    Metric,
    Severity,
    Step,
    StoredBaseline,
    Subject,
)
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import NodeStarted, VersionSeen
from storj_monitor.model.rollups import CellKey
from storj_monitor.stats import bucket_of

NOON = NOON_MS // 1000


def finding(number: int, node: str = "n1", onset_s: int = NOON, ended_s: int | None = None) -> Finding:
    state = FindingState.NEW if ended_s is None else FindingState.RESOLVED
    return Finding(
        number=number,
        kind=FindingKind.ANOMALY,
        subject=Subject(node, US1, "up", Metric.SUCCESS),
        state=state,
        severity=Severity.WARNING,
        onset_s=onset_s,
        found_s=onset_s + 300,
        changed_s=ended_s or onset_s + 300,
        resolved_s=ended_s,
        before=0.99,
        after=0.9,
        band=(0.97, None),
        evidence=(Evidence("connection reset", 4, 5),),
        history=(Step(FindingState.NEW, onset_s + 300, 0.9),),
    )


def put(store: Store, *findings: Finding, baselines: tuple[StoredBaseline, ...] = ()) -> None:
    with transaction(store.writer):
        write(store.writer, baselines, findings)


def test_what_was_kept_comes_back_and_the_newest_counts(store: Store) -> None:
    old, new = (StoredBaseline("n1", "", "up", NOON - ago, bytes([ago])) for ago in (7, 1))
    growth = StoredBaseline("n1", "", "", NOON + 5, b"g")
    put(store, finding(1), finding(2, ended_s=NOON + 900), baselines=(old, growth))
    put(store, finding(1), finding(3, "n2"), baselines=(new,))
    kept = restore(store.reader)
    assert sorted(kept.baselines) == [growth, new]
    assert kept.standing == [finding(1), finding(3, "n2")]
    assert kept.next_number == 4
    assert oldest_through_s(kept.baselines) == {"n1": (NOON - 1) // 3600 * 3600}


def test_an_empty_database_begins_with_number_one(store: Store) -> None:
    assert restore(store.reader) == ([], [], 1)


def test_a_window_has_what_stood_in_it(store: Store) -> None:
    put(
        store,
        finding(1, onset_s=NOON - 9000, ended_s=NOON - 5000),
        finding(2, onset_s=NOON - 9000, ended_s=NOON - 100),
        finding(3, onset_s=NOON - 8000),
        finding(4, onset_s=NOON + 3600),
        finding(5, "n2", onset_s=NOON - 50),
    )
    found = find(store.reader, ["n1"], NOON - 600, NOON, 10)
    assert [one.number for one in found.findings] == [2, 3]
    assert found.more == 0
    both = find(store.reader, ["n1", "n2"], 0, NOON + 9000, 2)
    assert [one.number for one in both.findings] == [4, 5]
    assert both.more == 3
    assert find(store.reader, ["nobody"], 0, NOON + 9000, 2) == ([], 0)


def test_a_renamed_node_keeps_its_findings_and_a_removed_one_takes_them_along(store: Store, tmp_path: Path) -> None:
    put(store, finding(1), finding(2, "n2"), baselines=tuple(StoredBaseline(node, US1, "up", NOON, b"x") for node in ("n1", "n2")))
    store.writer.close()
    with node_care(store.path, NOON) as care:
        care.rename("n1", "oak")
        care.remove("n2", lambda _: None)
    kept = restore(store.reader)
    assert [one.node for one in kept.baselines] == ["oak"]
    assert [(one.number, one.subject.node) for one in kept.standing] == [(1, "oak")]
    assert kept.next_number == 3, "a number is never used again"
    assert [one.subject.node for one in find(store.reader, ["oak"], 0, NOON + 600, 5).findings] == ["oak"]


def test_findings_are_kept_as_long_as_hours(store: Store) -> None:
    store.commit(batch([transfer()], node="n1"))
    put(store, finding(1, onset_s=NOON - 800 * 86_400, ended_s=NOON - 790 * 86_400), finding(2))
    while Pruner(store.writer, Retention()).step(NOON):
        pass
    assert [one.number for one in find(store.reader, ["n1"], 0, NOON + 600, 5).findings] == [2]


def test_damaged_events_do_not_hide_the_others(store: Store) -> None:
    events: list[NodeEvent] = [VersionSeen(time_ms=NOON_MS + i, version=f"1.{i}.0") for i in range(3)]
    store.commit(batch([], events=events, newest_ms=NOON_MS))
    (node,) = store.node_ids()
    store.writer.execute("UPDATE node_event SET data = 'no JSON' WHERE time_ms > ?", (NOON_MS + 1,))
    assert change_events(store.reader, node, NOON, NOON + 1) == events[:2]
    assert version_before(store.reader, node, NOON + 1) == "1.1.0"


def test_rows_for_the_engine(store: Store) -> None:
    store.commit(
        batch(
            [
                transfer(NOON_MS, duration_ms=500),
                transfer(NOON_MS + 1000, duration_ms=500),
                transfer(NOON_MS + 60_000, satellite=EU1, action=Action.GET, outcome=Outcome.FAILED, reason="connection reset"),
                transfer(NOON_MS + 61_000, satellite=EU1, action=Action.GET, outcome=Outcome.FAILED, reason="connection reset"),
                transfer(NOON_MS + 62_000, outcome=Outcome.FAILED),
                transfer(NOON_MS + 63_000, action=Action.GET_AUDIT),
            ],
            events=[
                VersionSeen(time_ms=NOON_MS - 5000, version="1.161.1"),
                NodeStarted(time_ms=NOON_MS + 1, node_id="n"),
                VersionSeen(time_ms=NOON_MS + 2, version="1.162.3"),
            ],
        )
    )
    (reach,) = reaches(store.reader).values()
    assert (reach.first_s, reach.newest_s) == (NOON, NOON + 63)
    cells = minutes(store.reader, reach.node, NOON, NOON + 60)
    assert {key: (cell.count, cell.timed, cell.buckets) for key, cell in cells.items()} == {
        CellKey(NOON, US1, op_code(Action.PUT, Outcome.SUCCESS)): (2, 2, {bucket_of(500): 2})
    }
    assert sum(cell.count for cell in minutes(store.reader, reach.node, NOON, NOON + 120).values()) == 6
    by_hour = hours(store.reader, reach.node, NOON - 3600, NOON + 3600)
    assert {row.start_s for row in by_hour} == {NOON // 3600 * 3600}
    assert sum(row.cell.count for row in by_hour) == 6
    assert failures(store.reader, reach.node, NOON, NOON + 120) == [
        FailureCount(NOON + 60, EU1, "down", "connection reset", 2),
        FailureCount(NOON + 60, US1, "up", NO_REASON, 1),
    ]
    assert failures(store.reader, reach.node, NOON, NOON + 60) == []
    assert [event.time_ms - NOON_MS for event in change_events(store.reader, reach.node, NOON, NOON + 60)] == [1, 2]
    assert version_before(store.reader, reach.node, NOON) == "1.161.1"
    assert version_before(store.reader, reach.node, NOON - 60) == ""


@pytest.mark.parametrize("question", ["find", "restore", "minutes", "hours", "failures", "change_events"])
def test_no_question_reads_more_than_its_rows(store: Store, question: str) -> None:
    store.commit(batch([transfer()]))
    put(store, finding(1))
    asks: dict[str, Callable[[sqlite3.Connection], object]] = {
        "find": lambda db: find(db, ["n1"], NOON, NOON + 60, 10),
        "restore": restore,
        "minutes": lambda db: minutes(db, 1, NOON, NOON + 60),
        "hours": lambda db: hours(db, 1, NOON, NOON + 3600),
        "failures": lambda db: failures(db, 1, NOON, NOON + 60),
        "change_events": lambda db: change_events(db, 1, NOON, NOON + 60),
    }
    said: list[str] = []
    store.reader.set_trace_callback(said.append)
    asks[question](store.reader)
    store.reader.set_trace_callback(None)
    # All baselines are wanted, standing findings have an index of their own; the others are tables of a few rows.
    small = {"node", "satellite", "baseline", "sqlite_sequence"}
    for statement in said:
        for *_, step in store.writer.execute(f"EXPLAIN QUERY PLAN {statement}"):
            words = step.split()
            assert words[0] != "SCAN" or words[1] in small or words[1].startswith("(") or "finding_standing" in step, (
                f"{step} in {statement}"
            )
