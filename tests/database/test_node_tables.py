"""Rows of what nodes say about themselves: written by key, read by node and window, quick over a year of ten nodes."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path
from random import Random

import pytest
from builders import NOON_MS, batch, transfer
from database.database_store import Store
from patience import PATIENCE_S

from storj_monitor.database import node_tables, retention
from storj_monitor.database.node_tables import SCORE_POINT, SPACE_POINT, TABLES, Row, read, read_all, scored_failures, write
from storj_monitor.database.retention import Retention
from storj_monitor.database.schema import IS_SCORED_FAILURE
from storj_monitor.database.writer import Writer
from storj_monitor.model.figures import Source
from storj_monitor.model.ids import Action, Outcome, op_action
from storj_monitor.model.reputation import ScorePoint
from storj_monitor.model.space import SpacePoint
from storj_monitor.reputation_tracker.history import thin as scores_kept
from storj_monitor.storage_tracker.history import thin as space_kept

DAY_MS = 86_400_000
NOW_MS = 1_795_000_000_000


def score(node: str, satellite: str, at_ms: int, until_ms: int | None = None, total: int | None = 100) -> Row:
    return (node, satellite, at_ms, until_ms or at_ms, 1.0, 1.0, 0.99, total, 99, "api")


def changes(table: node_tables.Table, *rows: Row) -> dict[str, dict[Row, Row | None]]:
    return {table.name: {row[: table.key]: row for row in rows}}


def test_what_is_written_is_read_and_writing_it_again_changes_nothing(store: Store) -> None:
    rows = [score("a", "s1", 1000), score("a", "s2", 1000), score("b", "s1", 2000)]
    for _ in range(2):
        write(store.writer, changes(SCORE_POINT, *rows))
        assert sorted(read(store.reader, SCORE_POINT, ["a", "b"])) == sorted(rows)
    assert read(store.reader, SCORE_POINT, ["b"]) == rows[2:]
    assert read(store.reader, SCORE_POINT, ["nobody"]) == []


def test_a_newer_row_of_the_same_key_replaces_and_none_deletes(store: Store) -> None:
    write(store.writer, changes(SCORE_POINT, score("a", "s", 1000)))
    write(store.writer, changes(SCORE_POINT, score("a", "s", 1000, 5000)))
    assert read(store.reader, SCORE_POINT, ["a"]) == [score("a", "s", 1000, 5000)]
    write(store.writer, {SCORE_POINT.name: {("a", "s", 1000): None}})
    assert read(store.reader, SCORE_POINT, ["a"]) == []


def test_a_window_is_half_open_and_may_begin_with_the_row_before_it(store: Store) -> None:
    write(store.writer, changes(SCORE_POINT, *(score("a", sat, at) for sat in ("s", "t") for at in (1000, 2000, 3000))))
    assert [row[2] for row in read(store.reader, SCORE_POINT, ["a"], 2000, 3000)] == [2000, 2000]
    assert [row[1:3] for row in read(store.reader, SCORE_POINT, ["a"], 2500, 9000, also_before=True)] == [
        ("s", 2000), ("s", 3000), ("t", 2000), ("t", 3000),
    ]  # fmt: skip


@pytest.mark.parametrize("bad", [1 << 63, math.nan, math.inf, "\ud800"])
def test_a_row_that_no_column_can_hold_is_left_out_and_stops_nothing(store: Store, bad: object) -> None:
    good = ("a", 1000, *([1] * 9), "api")
    broken = ("a", 2000, bad, *([1] * 8), "api") if not isinstance(bad, str) else ("a", 2000, *([1] * 9), bad)
    write(store.writer, changes(SPACE_POINT, broken, good))
    assert read(store.reader, SPACE_POINT, ["a"]) == [good]


def test_tables_are_as_they_are_described(store: Store) -> None:
    for table in TABLES:
        columns = store.reader.execute(f"SELECT name, pk FROM pragma_table_info('{table.name}') ORDER BY cid").fetchall()
        assert tuple(name for name, _ in columns) == table.columns
        keys = [name for name, pk in sorted(columns, key=lambda column: column[1]) if pk]
        assert tuple(keys) == table.columns[: table.key]
        assert not [name for name, kind in store.reader.execute(f"SELECT name, type FROM pragma_table_info('{table.name}')")
                    if name.endswith("_usd_micros") and kind != "INTEGER"]  # fmt: skip


def test_every_table_has_one_rule_of_retention() -> None:
    ruled = [*retention.FOR_EVER, *retention.THINNED, *retention.LATEST]
    assert sorted(ruled) == sorted(table.name for table in TABLES)
    assert not set(ruled) & {rule[0] for rule in retention._RULES}


def year(store: Store, nodes: int = 10, satellites: int = 4) -> list[str]:
    """What is left of a year of scores every 4 hours and of space every 10 minutes, by the rules of their trackers."""
    names, now, random = [f"n{i}" for i in range(nodes)], NOW_MS / 1000, Random(1)
    told = [ScorePoint(at, at, 1.0, 1.0, random.random(), i, i, Source.API) for i in range(6 * 365) if (at := now - (6 * 365 - i) * 14_400)]
    points = scores_kept(told, now)
    rows = [score(n, f"sat{s}", round(p.at * 1000), total=p.total_audits) for n in names for s in range(satellites) for p in points]
    spaces = [SpacePoint(now - i * 600, *([i] * 9), Source.API) for i in range(6 * 24 * 365, -1, -1)]  # type: ignore[arg-type, call-arg]
    times = [round(point.at * 1000) for point in space_kept(spaces, now)]
    store.writer.execute("BEGIN")
    write(store.writer, changes(SCORE_POINT, *rows))
    write(store.writer, changes(SPACE_POINT, *((name, at, *([at] * 9), "api") for name in names for at in times)))
    store.writer.execute("COMMIT")
    return names


MOST_TEXTS = 16
TEXT = json.dumps(list(range(20_000)))


def text_s() -> float:
    """CPU seconds of one json.loads of TEXT."""
    took = []
    for _ in range(7):
        begun = time.thread_time()
        json.loads(TEXT)
        took.append(time.thread_time() - begun)
    return min(took)


def test_a_day_and_a_month_out_of_a_year_of_ten_nodes_are_quick(store: Store) -> None:
    names = year(store)
    for table in (SCORE_POINT, SPACE_POINT):
        for days in (1, 30):
            took = []
            for _ in range(7):
                begun = time.thread_time()
                found = read(store.reader, table, names, NOW_MS - days * DAY_MS, NOW_MS + 1, also_before=table is SCORE_POINT)
                took.append(time.thread_time() - begun)
            assert found
            # Machines are noisy: the bound is a multiple of what reading a fixed text costs right now: about 10 ms.
            assert min(took) < MOST_TEXTS * text_s(), (table.name, days, len(found), took)


def test_all_tables_of_a_start_are_read_in_one_go(store: Store) -> None:
    names = year(store, nodes=2)
    found = read_all(store.reader, TABLES, names, {SPACE_POINT.name: NOW_MS - DAY_MS})
    assert set(found) == {table.name for table in TABLES}
    assert len(found[SPACE_POINT.name]) < 720 * 2 and found["paystub"] == []


def test_works_are_committed_in_order_beside_logs_and_tried_again_while_the_database_is_held(store: Store) -> None:
    writer = Writer(store.path, Retention())
    try:
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        done: list[int] = []
        last = threading.Event()
        for number in range(3):
            row = score("a", "s", 1000, 1000 + number)
            written = done.append if number < 2 else lambda n: (done.append(n), last.set())  # type: ignore[func-returns-value]
            writer.submit_write(partial(write, changes=changes(SCORE_POINT, row)), partial(written, number))  # type: ignore[arg-type]
        assert not last.wait(0.3) and not done
        other.execute("ROLLBACK")
        other.close()
        assert last.wait(PATIENCE_S)
        assert done == [0, 1, 2]
    finally:
        writer.close()
    assert read(store.reader, SCORE_POINT, ["a"]) == [score("a", "s", 1000, 1002)]


def test_a_work_that_can_never_succeed_is_given_up_and_the_next_is_done(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(store.path, Retention())
    done = threading.Event()
    writer.submit_write(lambda db: db.execute("INSERT INTO node(name) VALUES (NULL)") and None, lambda: None)  # type: ignore[arg-type]
    writer.submit_write(partial(write, changes=changes(SCORE_POINT, score("a", "s", 1))), done.set)
    assert done.wait(PATIENCE_S)
    writer.close()
    assert "given up" in caplog.text and read(store.reader, SCORE_POINT, ["a"])


def test_works_handed_over_just_before_the_end_are_committed(tmp_path: Path, store: Store) -> None:
    writer = Writer(store.path, Retention())
    for number in range(20):
        writer.submit_write(partial(write, changes=changes(SCORE_POINT, score("a", "s", number))), lambda: None)
    writer.close()
    assert len(read(store.reader, SCORE_POINT, ["a"])) == 20


def test_failed_audits_are_found_behind_any_number_of_failed_uploads(store: Store) -> None:
    failed = partial(transfer, outcome=Outcome.FAILED, reason="file does not exist")
    mine = [failed(NOON_MS, action=Action.GET_AUDIT), transfer(NOON_MS + 1, action=Action.GET_REPAIR, outcome=Outcome.FAILED)]
    others = [failed(NOON_MS + 2 + i) for i in range(50)]
    served = [transfer(NOON_MS + 100, action=action) for action in (Action.GET_AUDIT, Action.GET_REPAIR, Action.GET)]
    store.commit(batch([*mine, *others, *served]), batch([failed(NOON_MS - 5, action=Action.GET_AUDIT)], node="n2"))
    found = scored_failures(store.reader, ["n1", "n2"], NOON_MS - 1000, 10)
    assert [(row[0], row[1], op_action(row[3]), row[5]) for row in found] == [
        ("n2", NOON_MS - 5, Action.GET_AUDIT, "file does not exist"),
        ("n1", NOON_MS, Action.GET_AUDIT, "file does not exist"),
        ("n1", NOON_MS + 1, Action.GET_REPAIR, ""),
    ]
    plan = store.reader.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM notable WHERE node = 1 AND time_ms >= 5 AND {IS_SCORED_FAILURE}"
    ).fetchall()
    assert "notable_scored" in str(plan)
    kept = {op for (op,) in store.reader.execute("SELECT DISTINCT op FROM notable")}
    assert {op_action(op) for op in kept if op & 3 == Outcome.SUCCESS} == {Action.GET_AUDIT}
