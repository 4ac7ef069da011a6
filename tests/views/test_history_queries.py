"""Answers about the past, from a real database: what docs/protocol.md says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import EU1, NOON_MS, US1, batch, transfer
from plain import Plain

from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader
from storj_monitor.database.retention import Pruner, Retention
from storj_monitor.database.writer import Writer
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.hashstore_events import CompactionFinished, CompactionRoundStarted, CompactionStarted
from storj_monitor.model.ids import Action
from storj_monitor.model.node_events import NodeStarted
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.nodes import State
from storj_monitor.views.history_queries import HistoryQueries
from storj_monitor.views.windows import Window

NOON = NOON_MS // 1000
DAY = 86400


class Asked:
    """Questions on a database that a writer has filled."""

    def __init__(self, folder: Path) -> None:
        path = folder / "monitor.db"
        open_database(path, 1.0, "stamp")
        self.path = path
        self.writer = Writer(path, Retention())
        self.state = State(["n1"])
        self.reader = Reader(path, 1)
        self.questions = Plain(HistoryQueries(self.reader, self.state, lambda: self.writer.status.committed_at))
        self._at = 0

    def commit(self, transfers: list, events: list[NodeEvent] | None = None, node: str = "n1") -> None:  # type: ignore[type-arg]
        accumulator = Accumulator(node)
        accumulator.add(batch(transfers, node=node, events=events, start=self._at, end=self._at + 1, newest_ms=NOON_MS))
        self._at += 1
        assert self.writer.submit([accumulator.drain()])
        assert self.writer.barrier(10.0)

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    asked = Asked(tmp_path)
    yield asked
    asked.close()


def window(from_s: int, to_s: int, bucket_s: int = 60, nodes: tuple[str, ...] = ("n1",)) -> Window:
    return Window(from_s, to_s, bucket_s, nodes)


async def test_where_minutes_are_pruned_hours_answer(asked: Asked) -> None:
    asked.commit([transfer(NOON_MS - 40 * DAY * 1000 + i * 60_000) for i in range(120)] + [transfer()])
    from storj_monitor.database.connection import connect_writer  # noqa: PLC0415

    db = connect_writer(asked.path)
    while Pruner(db, Retention()).step(NOON):
        pass
    db.close()
    begin = NOON - 40 * DAY
    question = window(begin + 600, begin + 4200)
    for answer in (await asked.questions.actions(question), await asked.questions.sizes(question), await asked.questions.latency(question)):
        assert (answer["from"], answer["to"]) == (begin, begin + 7200)
    assert (await asked.questions.actions(question))["rows"][0]["success"] == 120
    assert (await asked.questions.satellites(question))["rows"][0]["put"] == [120, 0, 0]
    chart = await asked.questions.traffic(question)
    assert (chart["from"], chart["to"], chart["bucket_s"]) == (begin, begin + 7200, 3600)
    assert chart["series"][0]["count"] == [60, 60]


async def test_a_week_and_a_month_hold_what_their_days_hold(asked: Asked) -> None:
    asked.commit([transfer(NOON_MS - i * DAY * 1000, size=10) for i in range(60)])
    for bucket_s in (7 * DAY, 30 * DAY):
        low = (NOON - 59 * DAY) // bucket_s * bucket_s
        high = -(-NOON // bucket_s) * bucket_s
        chart = await asked.questions.traffic(window(low, high, bucket_s))
        (series,) = chart["series"]
        assert sum(series["count"]) == 60
        assert len(series["count"]) == (high - low) // bucket_s
        assert all(start % bucket_s == 0 for start in chart["times"])
        assert max(series["count"]) == bucket_s // DAY


async def test_as_of_is_not_later_than_what_the_answer_has(asked: Asked) -> None:
    asked.commit([transfer()])
    before = asked.writer.status.committed_at
    answer = await asked.questions.actions(window(NOON - 3600, NOON + 60))
    assert answer["as_of"] == before
    assert abs(before - time.time()) < 10


async def test_directions_without_an_action_are_two(asked: Asked) -> None:
    asked.commit([transfer(action=Action.UNKNOWN_UP), transfer(action=Action.UNKNOWN_DOWN), transfer(action=Action.UNKNOWN_DOWN)])
    rows = (await asked.questions.actions(window(NOON - 3600, NOON + 60)))["rows"]
    assert {(row["action"], row["direction"]): row["success"] for row in rows} == {("UNKNOWN", "up"): 1, ("UNKNOWN", "down"): 2}


def compaction(begin_s: int, rounds: int, satellite: str = US1) -> list[NodeEvent]:
    begin_ms = NOON_MS + begin_s * 1000
    words = {"satellite": satellite, "store": "s0"}
    return [
        CompactionStarted(time_ms=begin_ms, **words),
        *(CompactionRoundStarted(time_ms=begin_ms + i, **words) for i in range(rounds)),
        CompactionFinished(time_ms=begin_ms + 30_000, duration_ms=30_000, **words),
    ]


async def test_compactions_of_a_busy_store_are_answered_quickly(asked: Asked) -> None:
    for part in range(10):
        asked.commit([], [event for i in range(100) for event in compaction(-3600 * 20 + part * 6000 + i * 60, 40)])
    began = time.process_time()
    rows = (await asked.questions.compactions(window(NOON - DAY, NOON)))["rows"]
    took_s = time.process_time() - began
    assert len(rows) == 200
    assert [row["started"] for row in rows] == sorted((row["started"] for row in rows), reverse=True)
    assert all(row["state"] == "done" and row["duration_s"] == 30 for row in rows)
    assert took_s < 0.2


async def test_a_compaction_belongs_to_every_window_in_which_it_ran(asked: Asked) -> None:
    asked.commit([], [*compaction(0, 1), *compaction(600, 1, EU1)[:1], NodeStarted(time_ms=NOON_MS + 700_000, node_id="id")])
    ask = asked.questions.compactions
    (row,) = (await ask(window(NOON - 60, NOON + 10)))["rows"]
    assert row["state"] == "done"
    (row,) = (await ask(window(NOON + 20, NOON + 60)))["rows"]
    assert row["finished"] == NOON + 30
    assert (await ask(window(NOON + 60, NOON + 120)))["rows"] == []
    (row,) = (await ask(window(NOON + 600, NOON + 660)))["rows"]
    assert (row["satellite"], row["state"], row["error"]) == (EU1, "broken_off", "broken off: the node restarted")


async def test_nodes_that_come_while_the_monitor_runs_are_known(asked: Asked) -> None:
    asked.commit([transfer()])
    assert (await asked.questions.logs(window(NOON, NOON + 60)))["totals"][0]["lines"] == 1
    asked.commit([transfer()] * 2, node="n2")
    asked.state.nodes["n2"] = type(asked.state.nodes["n1"])("n2")
    both = window(NOON, NOON + 60, nodes=("n1", "n2"))
    assert [row["lines"] for row in (await asked.questions.logs(both))["totals"]] == [1, 2]
    assert (await asked.questions.actions(both))["rows"][0]["success"] == 3
