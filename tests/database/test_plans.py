"""No question reads the table of single events from end to end, and none sorts more than a window."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from builders import NOON_MS, US1, batch, transfer
from database.database_store import Store

from storj_monitor.database import history, queries
from storj_monitor.database.analytics import failures
from storj_monitor.database.node_history import audit_history, standing_history
from storj_monitor.database.node_tables import AUDIT_WINDOW, STANDING, Row, scored_failures, write
from storj_monitor.database.queries import clip_to_retention
from storj_monitor.state.hot import HOT_OPS

NOON = NOON_MS // 1000
QUESTIONS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "nodes": queries.nodes,
    "positions": lambda db: queries.positions(db, 1),
    "traffic": lambda db: queries.traffic(db, [1, 2], NOON - 86400, NOON, 300),
    "totals": lambda db: queries.totals(db, [1, 2], NOON - 90060, NOON),
    "by_satellite": lambda db: queries.by_satellite(db, [1, 2], NOON - 90060, NOON),
    "countries": lambda db: queries.countries(db, [1, 2], NOON - 86400, NOON),
    "errors": lambda db: queries.errors(db, [1, 2], NOON - 86400, NOON, 10),
    "hot_pieces": lambda db: queries.hot_pieces(db, [1, 2], NOON - 86400, NOON, 10),
    "line_counts": lambda db: queries.line_counts(db, [1, 2]),
    "node_events": lambda db: queries.node_events(db, ["node_started", "panic"], [1, 2], NOON_MS - 1, NOON_MS, 10),
    "newest_compactions": lambda db: queries.newest_compactions(db, 1, ["node_started", "panic"], 0, NOON_MS, 200, 10),
    "clip_to_retention": lambda db: clip_to_retention(db, [1, 2], NOON - 90060, NOON - 60, 60, points=False),
    "window_rows": lambda db: queries.window_rows(db, 1, NOON - 3600, NOON),
    "events_since": lambda db: list(queries.events_since(db, 1, NOON_MS)),
    "node_history": lambda db: history.node_history(db, [], NOON - 3600, ["node_started"], HOT_OPS),
    "failures": lambda db: failures(db, 1, NOON - 3600, NOON),
    "scored_failures": lambda db: scored_failures(db, ["n1", "n2"], NOON_MS - 86_400_000, 10),
}
HISTORIES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "audit_history": lambda db: audit_history(db, ["n1", "n2"], 0, NOON_MS),
    "standing_history": lambda db: standing_history(db, ["n1", "n2"], 0, NOON_MS),
}
SMALL = {"node", "satellite", "template", "migration"}
"""Tables with a handful of rows: reading them whole is the plan."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_plan(store: Store, name: str) -> None:
    store.commit(batch([transfer(satellite=US1)]), batch([transfer()], node="n2"))
    _judge(store, QUESTIONS[name], sorts=name in ("hot_pieces", "node_events", "newest_compactions", "failures"))


@pytest.mark.parametrize("name", HISTORIES)
def test_plan_of_a_history(store: Store, name: str) -> None:
    windows: list[Row] = [("n1", US1, NOON_MS - i * 43_200_000, 10, 9) for i in range(1, 400)]
    spans: list[Row] = [("n1", US1, "suspended", NOON_MS - 5, None)]
    write(
        store.writer, {table.name: {row[: table.key]: row for row in rows} for table, rows in ((AUDIT_WINDOW, windows), (STANDING, spans))}
    )
    _judge(store, HISTORIES[name], sorts=False)


def _judge(store: Store, question: Callable[[sqlite3.Connection], object], *, sorts: bool) -> None:
    said: list[str] = []
    store.reader.set_trace_callback(said.append)
    question(store.reader)
    store.reader.set_trace_callback(None)
    assert said
    for statement in said:
        for *_, step in store.writer.execute(f"EXPLAIN QUERY PLAN {statement}"):
            table = step.split()[1] if step.startswith("SCAN") else ""
            assert not table or table in SMALL or table.startswith("("), f"{step} in {statement}"
            assert "FOR ORDER BY" not in step or sorts, f"{step} in {statement}"
