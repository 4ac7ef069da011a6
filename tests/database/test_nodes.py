"""Nodes can be listed, renamed and removed; the others do not notice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from builders import EU1, NOON_MS, US1, batch, transfer
from patience import stretched

from storj_monitor.database import queries
from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import MonitorLock, connect_reader, connect_writer
from storj_monitor.database.history import statistics
from storj_monitor.database.nodes import NodeCare, RemovalProgress, half_removed, node_care, summaries, tables_of_nodes
from storj_monitor.database.opening import open_database
from storj_monitor.errors import PositionConflict, StoreError, StoreLocked
from storj_monitor.model.events import ErrorSeen, EventBatch, Transfer
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.model.node_events import NodeStarted
from storj_monitor.state.accumulator import Accumulator

DAY_MS = 86_400_000
NOW = NOON_MS / 1000 + 400 * 86400


class Interrupted(Exception):
    """What a test throws into a removal."""


def transfers(count: int, piece: str) -> list[Transfer]:
    """A mixture over many minutes, satellites and outcomes."""
    kinds = (
        (Action.PUT, Outcome.SUCCESS, ""),
        (Action.GET, Outcome.SUCCESS, ""),
        (Action.GET_AUDIT, Outcome.FAILED, "file does not exist"),
    )
    made = []
    for i in range(count):
        action, outcome, reason = kinds[i % 3]
        made.append(
            transfer(
                NOON_MS + i * 30_000, satellite=(US1, EU1)[i % 2], action=action, outcome=outcome, piece_id=piece * 52, reason=reason,
                size=1000 + i, duration_ms=i % 7 * 1000, country=("DE", "FR", "US")[i % 3],
            )
        )  # fmt: skip
    return made


def batches(node: str, days: int, count: int = 200) -> list[EventBatch]:
    """One batch a day; together they leave rows in every table."""
    made = []
    for day in range(days):
        moved = [t._replace(time_ms=t.time_ms + day * DAY_MS) for t in transfers(count, "ABCDEFG"[day % 7])]
        error = ErrorSeen(moved[-1].time_ms, "ERROR", "piecestore", "download failed", "template", "sample", US1)
        started = NodeStarted(time_ms=moved[0].time_ms, level="INFO", satellite="", node_id="1node")
        made.append(batch(moved, node=node, start=day * 100, end=day * 100 + 100, events=[started], errors=[error]))
    return made


def fill(path: Path, made: list[EventBatch]) -> None:
    with closing(connect_writer(path)) as db:
        committer = Committer(db)
        for one in made:
            accumulator = Accumulator(one.node)
            accumulator.add(one)
            committer.commit([accumulator.drain()], NOW)


def fill_the_rest(path: Path) -> None:
    """A made-up row of each node in each table that batches do not fill: tables that come later are covered without a change here."""
    value = {"INTEGER": "1", "REAL": "1.0", "TEXT": "'x' || node.id", "BLOB": "x'00'"}
    with closing(connect_writer(path)) as db:
        for table in tables_of_nodes(db):
            columns = [(name, kind) for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")]
            values = ", ".join("node.id" if name == "node" else "NULL" if name == "id" else value[kind] for name, kind in columns)
            db.execute(f"INSERT INTO {table} SELECT {values} FROM node WHERE id NOT IN (SELECT node FROM {table})")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of the nodes a, b and c."""
    path = tmp_path / "monitor.db"
    assert open_database(path, 1.0, "stamp") is None
    for day in range(3):
        for node in "abc":
            fill(path, [batches(node, 3)[day]])
    fill_the_rest(path)
    return path


def rows_of(db: sqlite3.Connection, node: int) -> dict[str, list[tuple[object, ...]]]:
    """Everything of one node: rows by table."""
    return {
        table: sorted(db.execute(f"SELECT * FROM {table} WHERE node = ?", (node,)).fetchall(), key=repr) for table in tables_of_nodes(db)
    }


def ids(db: sqlite3.Connection) -> dict[str, int]:
    return {node.name: node.id for node in queries.nodes(db)}


def ignore(_report: RemovalProgress) -> None:
    pass


def test_every_table_of_nodes_has_something_to_remove(path: Path) -> None:
    with closing(connect_reader(path)) as db:
        tables = rows_of(db, ids(db)["b"])
        assert {"events", "notable", "node_event", "position", "line_count", "satellite_minute", "total_m5", "hot_hour"} <= set(tables)
        assert [table for table, rows in tables.items() if not rows] == []


def test_rows_of_a_node_are_found_without_reading_those_of_others(path: Path) -> None:
    """A removal asks each table for a node's rows again and again. What is kept by the node's own id is a few rows a month."""
    with closing(connect_reader(path)) as db:
        for table in tables_of_nodes(db):
            first_key = db.execute("SELECT name FROM pragma_table_info(?) WHERE pk = 1", (table,)).fetchone()[0]
            for *_, step in db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE node = 1 LIMIT 20"):
                assert step.startswith("SEARCH") or first_key == "node_id", (table, step)


def test_what_the_database_has_of_each_node(path: Path) -> None:
    with closing(connect_reader(path)) as db:
        found = summaries(db)
        size = db.execute("SELECT sum(length(data)) FROM events WHERE node = ?", (ids(db)["b"],)).fetchone()[0]
    assert [node.name for node in found] == ["a", "b", "c"]
    b = found[1]
    assert (b.node_id, b.lines, b.transfers, b.first_ms) == ("1node", 600, 600, NOON_MS)
    assert b.newest_ms == NOON_MS + 2 * DAY_MS + 199 * 30_000
    assert b.events_bytes == size > 0


def test_a_removed_node_leaves_no_row_and_the_others_keep_all_of_theirs(path: Path) -> None:
    with closing(connect_reader(path)) as db:
        known = ids(db)
        before = {name: rows_of(db, known[name]) for name in "ac"}
        wanted = sum(len(rows) for rows in rows_of(db, known["b"]).values())
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    reports: list[RemovalProgress] = []
    with node_care(path, NOW) as care:
        assert care.remove("b", reports.append) == wanted
    assert [report.rows for report in reports] == sorted(report.rows for report in reports)
    assert (reports[-1].rows, reports[-1].tables_done) == (wanted, reports[-1].tables)
    with closing(connect_reader(path)) as db:
        assert ids(db) == {name: known[name] for name in "ac"}
        assert db.execute("SELECT count(*) FROM node").fetchone() == (2,)
        assert not any(rows_of(db, known["b"]).values())
        assert {name: rows_of(db, known[name]) for name in "ac"} == before
        assert db.execute("PRAGMA page_count").fetchone()[0] < pages
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_removed_node_that_is_read_again_is_a_new_one(path: Path) -> None:
    with node_care(path, NOW) as care:
        care.remove("c", ignore)
    fill(path, batches("c", 1))
    with closing(connect_reader(path)) as db:
        assert {node.name: node.lines for node in summaries(db)} == {"a": 600, "b": 600, "c": 200}


def test_an_interrupted_removal_is_out_of_sight_and_is_finished_by_the_next(path: Path) -> None:
    with closing(connect_reader(path)) as db:
        gone = ids(db)["b"]

    def interrupt(report: RemovalProgress) -> None:
        if report.tables_done >= 4:
            raise Interrupted

    with pytest.raises(Interrupted), node_care(path, NOW) as care:
        care.remove("b", interrupt)
    with closing(connect_reader(path)) as db:
        assert list(ids(db)) == ["a", "c"]
        assert [node.name for node in summaries(db)] == ["a", "c"]
        assert half_removed(db) == ["b"]
        assert statistics(db, []).lines == 1200
        assert any(rows_of(db, gone).values())
    # A new node of the same name may have come meanwhile; to finish is not to remove that one.
    fill(path, batches("d", 1))
    with node_care(path, NOW) as care:
        assert care.remove("b", ignore) > 0
    with closing(connect_reader(path)) as db:
        assert half_removed(db) == []
        assert not any(rows_of(db, gone).values())
        assert list(ids(db)) == ["a", "c", "d"]
    with node_care(path, NOW) as care, pytest.raises(StoreError, match="no node 'b'"):
        care.remove("b", ignore)


def test_names_with_a_slash_come_back_whole(path: Path) -> None:
    """No setting allows them, but a database may have them."""
    fill(path, batches("x/y/z", 1))

    def interrupt(_report: RemovalProgress) -> None:
        raise Interrupted

    with pytest.raises(Interrupted), node_care(path, NOW) as care:
        care.remove("x/y/z", interrupt)
    with closing(connect_reader(path)) as db:
        assert half_removed(db) == ["x/y/z"]


def test_a_renamed_node_keeps_its_history_and_goes_on(path: Path) -> None:
    with closing(connect_reader(path)) as db:
        known = ids(db)
        before = rows_of(db, known["a"])
    with node_care(path, NOW) as care:
        care.rename("a", "attic 1")
    with closing(connect_reader(path)) as db:
        assert ids(db) == {"attic 1": known["a"], "b": known["b"], "c": known["c"]}
        assert rows_of(db, known["a"]) == before
    fill(path, [batches("attic 1", 4)[3]])
    with closing(connect_reader(path)) as db:
        assert {node.name: node.lines for node in summaries(db)} == {"attic 1": 800, "b": 600, "c": 600}


def test_names_that_do_not_fit_change_nothing(path: Path) -> None:
    with node_care(path, NOW) as care:
        with pytest.raises(StoreError, match="no node 'x'; it has a, b, c"):
            care.rename("x", "y")
        with pytest.raises(StoreError, match="has a node 'b' already"):
            care.rename("a", "b")
        with pytest.raises(StoreError, match="no node 'x'; it has a, b, c"):
            care.remove("x", ignore)
    with closing(connect_reader(path)) as db:
        assert {node.name: node.lines for node in summaries(db)} == {"a": 600, "b": 600, "c": 600}


def test_a_running_monitor_keeps_its_nodes(path: Path) -> None:
    with MonitorLock(path), pytest.raises(StoreLocked), node_care(path, NOW):
        pytest.fail("the lock was not asked for")


def test_a_database_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"), node_care(tmp_path / "none.db", NOW):
        pytest.fail("there is none")
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 500)
    with pytest.raises(StoreError, match="is no database"), node_care(broken, NOW):
        pytest.fail("it is broken")
    assert broken.read_bytes() == b"this is no database" * 500


def test_others_write_between_two_steps_of_a_removal(path: Path) -> None:
    """An `ingest` beside a removal neither waits nor is disturbed."""
    fill(path, batches("big", 30))
    with closing(connect_reader(path)) as db:
        gone = ids(db)["big"]
    steps = iter(range(1000))

    def write(_report: RemovalProgress) -> None:
        day = next(steps)
        if day < 3:
            fill(path, [batches("new", 3)[day]])

    with node_care(path, NOW) as care:
        care.remove("big", write)
        assert isinstance(care, NodeCare)
        assert care.longest_s < stretched(0.5)  # usually 0.025
    with closing(connect_reader(path)) as db:
        assert {node.name: node.lines for node in summaries(db)} == {"a": 600, "b": 600, "c": 600, "new": 600}
        assert not any(rows_of(db, gone).values())


def test_what_is_read_for_a_removed_node_is_refused_and_read_again(path: Path) -> None:
    """An `ingest` that runs beside a removal knows the node by a number that is nobody's now."""
    deltas = []
    for one in batches("a", 5)[3:]:
        accumulator = Accumulator("a")
        accumulator.add(one)
        deltas.append(accumulator.drain())
    with closing(connect_writer(path)) as db:
        committer = Committer(db)
        committer.commit(deltas[:1], NOW)
        with node_care(path, NOW) as care:
            care.remove("a", ignore)
        with pytest.raises(PositionConflict, match="removed meanwhile"):
            committer.commit(deltas[1:], NOW)
        assert sorted(ids(db)) == ["b", "c"]
        committer.commit(deltas[1:], NOW)
        assert {node.name: node.lines for node in summaries(db)} == {"a": 200, "b": 600, "c": 600}
