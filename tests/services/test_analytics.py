"""The analytics on real logs, a real pipeline and a real database: from a planted fault to the finding on the page, and over restarts."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from app_rig import SATELLITE, line
from flags import all_off
from patience import PATIENCE_S
from polling_rig import Running, running, until

from storj_monitor.database.analytics import failures, reaches
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError
from storj_monitor.server.openapi import answer_schema
from storj_monitor.services import analytics as room
from storj_monitor.services import log_pipeline as pipeline

HOURS = 30
PER_MINUTE = 6
HOUR_S = 3600
RESET = ', "error": "connection reset by peer"'


class HandClock:
    """It is as late as the test says. Nobody is woken: the test itself calls for a look."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


def log_of(path: Path, begin_s: int, end_s: int, *faults: tuple[int, int], started: tuple[int, str] | None = None) -> dict[str, str]:
    """Evenly spread uploads; within a fault two thirds fail. `started`: when the node started with another version, and which."""
    made = []
    for number, at_s in enumerate(range(begin_s, end_s, 60 // PER_MINUTE)):
        failed = any(low <= at_s < high for low, high in faults) and number % 3 < 2
        made.append(line(at_s, number, "upload failed" if failed else "uploaded", more=RESET if failed else ""))
        if started and at_s <= started[0] < at_s + 60 // PER_MINUTE:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started[0]))
            made.append(
                f'{stamp}\tINFO\tversion\tRunning on allowed version.\t{{"process": "storagenode", "version": "{started[1]}"}}\n'.encode()
            )
            made.append(f"{stamp}\tINFO\tNode 12vha9oTFnerxYRgeQ2BZqoFrLrnmmf5UWTCY2jA77dF3YvWew7 started\n".encode())
    path.write_bytes(b"".join(made))
    return {"log": str(path)}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of waiting are shortened."""
    monkeypatch.setattr(pipeline, "DRAIN_S", 0.1)
    monkeypatch.setattr(room, "SETTLE_S", 2.0)


@pytest.fixture
def now_s() -> int:
    return int(time.time()) // 60 * 60


async def look(one: Running, clock: HandClock | None = None, at_s: float = 0.0) -> None:
    """A look at the analytics' own time, when the log has been read to its end."""
    await until(lambda: all(one.monitor.state.nodes[name].status.state == "live" for name, _ in one.monitor._nodes))
    read = {name: one.monitor.state.nodes[name].newest_ms // 1000 for name, _ in one.monitor._nodes}
    await until(lambda: read.items() <= committed(one).items())
    if clock:
        clock.at = at_s
    await one.monitor.analytics.round()
    await until(lambda: not one.monitor.analytics._writing)  # what was found is in the database too


def committed(one: Running) -> dict[str, int]:
    """Time of the newest line of each node that the database has."""
    return {name: reach.newest_s for name, reach in one.monitor.reader.ask_now(reaches).items()}


def findings(one: Running) -> list[dict[str, Any]]:
    return [row for row in one.rows("analytics").values() if row["row"] == "finding"]


def standing(one: Running) -> list[int]:
    return [row["number"] for row in findings(one) if row["until"] is None]


async def test_a_planted_fault_comes_over_the_socket_and_is_answered(tmp_path: Path, now_s: int) -> None:
    fault_s = now_s - 20 * 60
    log = log_of(tmp_path / "a.log", now_s - HOURS * HOUR_S, now_s, (fault_s, now_s))
    async with running(tmp_path, {"a": log}) as one:
        async with one.http.ws_connect(one.url + "ws") as ws:
            assert (await ws.receive_json())["k"] == "hello"
            await ws.send_json({"cmd": "subscribe", "topics": ["analytics"], "nodes": None})
            assert (await ws.receive_json())["k"] == "re"
            snap = (await ws.receive_json())["topics"]["analytics"]
            assert snap["help"].keys() >= {"rate", "success", "latency", "errors", "silence", "growth", "space", "budget", "earnings"}
            assert snap["rows"]["node/a"]["analysed_until"] is None
            await look(one)
            delta = (await ws.receive_json())["topics"]["analytics"]
        assert delta["n"] == snap["n"] + 1
        rows = delta["rows"] if all_off() else delta["set"]
        assert rows.keys() == {"node/a", "finding/1"}
        node, found = rows["node/a"], rows["finding/1"]
        assert node["text"].endswith("hours; full after four weeks")
        assert (node["open_findings"], node["basis"]) == (1, "overall")
        assert now_s - 60 <= node["analysed_until"] <= time.time()
        assert (found["node"], found["satellite"], found["satellite_name"], found["direction"]) == ("a", SATELLITE, "us1", "up")
        assert (found["kind"], found["metric"], found["unit"], found["state"]) == ("anomaly", "success", "share", "new")
        assert abs(found["since"] - fault_s) <= 60
        assert found["evidence"][0]["name"] == "connection reset by peer"
        assert "success of uploads from us1 fell from 100 % to 33.3 %" in found["title"]
        assert "100 % of failures are 'connection reset by peer'" in found["text"]
        assert found["band"][0] > found["value"]
        assert found["z"] > 5
        answer = await one.ask("findings")
        jsonschema.validate(answer, answer_schema("findings"))
        assert answer["rows"] == [found]
        assert answer["learning"] == [node]
        assert (await one.ask("findings?to=-2h&from=-3h"))["rows"] == []
        async with one.http.get(one.url + "metrics") as response:
            assert f'storj_monitor_node_findings{{node="a",severity="{found["severity"]}"}} 1.0' in await response.text()


async def test_a_quiet_day_gives_no_finding(tmp_path: Path, now_s: int) -> None:
    begin_s, clock = now_s - 48 * HOUR_S, HandClock(0.0)
    async with running(tmp_path, {"a": log_of(tmp_path / "a.log", begin_s, now_s)}, analytics_clock=clock) as one:
        for at_s in range(begin_s + 24 * HOUR_S, now_s, 1200):
            await look(one, clock, at_s + 15.0)
        assert findings(one) == []
        assert one.rows("analytics")["node/a"]["hours"] >= 46


async def test_findings_and_numbers_outlive_a_restart(tmp_path: Path, now_s: int) -> None:
    begin_s, first_s, second_s = now_s - 36 * HOUR_S, now_s - 6 * HOUR_S, now_s - 2 * HOUR_S
    nodes = {"a": log_of(tmp_path / "a.log", begin_s, now_s, (first_s, first_s + 1800), (second_s, second_s + 1800))}
    clock = HandClock(first_s - 600)
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, first_s - 585)
        assert findings(one) == []
        await look(one, clock, first_s + 915)
        assert standing(one) == [1]
    clock.at = first_s + 930
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        assert standing(one) == [1], "shown before the first look"
        await look(one, clock, first_s + 1575)
        assert standing(one) == [1]
        assert findings(one)[0]["state"] == "active"
        await look(one, clock, first_s + 4515)
        assert standing(one) == []
        ended = findings(one)[0]
        assert (ended["number"], ended["resolved"]) == (1, "back to normal")
    clock.at = second_s
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, second_s + 915)
        assert standing(one) == [2]
        async with asyncio.timeout(PATIENCE_S):  # the page has it at once, the database with the writer's next turn
            while len(rows := (await one.ask(f"findings?from={first_s - 60}&to={now_s}"))["rows"]) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert [row["number"] for row in rows] == [2, 1]
        assert rows[1] == ended


async def test_a_kill_between_two_looks_counts_no_hour_twice_and_loses_none(tmp_path: Path, now_s: int) -> None:
    begin_s = now_s - 40 * HOUR_S
    log = log_of(tmp_path / "a.log", begin_s, now_s)
    looks = [begin_s + 26 * HOUR_S + minute * 60 + 15 for minute in range(0, 13 * 60, 50)]

    async def learnt(folder: Path, *runs: list[int]) -> Any:
        folder.mkdir()  # noqa: ASYNC240
        for run in runs:
            clock = HandClock(run[0])
            async with running(folder, {"a": log}, analytics_clock=clock) as one:
                for at_s in run:
                    await look(one, clock, at_s)
                feed = one.monitor.analytics._feed
                assert feed._engine is not None
                history = feed._engine._node("a").series["", 0].history
                feed._engine = None  # killed: nothing more is kept than what a look has kept
        return [history.newest, *(column.tolist() for column in history.columns)]

    whole = await learnt(tmp_path / "whole", looks)
    broken = await learnt(tmp_path / "broken", looks[:9], looks[9:12], looks[12:])
    with closing(connect_reader(tmp_path / "broken" / "monitor.db")) as db:
        assert db.execute("SELECT count(*) FROM baseline").fetchone()[0] > 0
    assert broken == whole


async def test_while_the_database_refuses_nothing_is_called_silent(tmp_path: Path, now_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SETTLE_S", 0.3)
    clock = HandClock(now_s)
    path = tmp_path / "a.log"
    nodes = {"a": log_of(path, now_s - 40 * HOUR_S, now_s - HOUR_S)}
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, now_s - HOUR_S + 5)
        before = one.rows("analytics")["node/a"]["analysed_until"]
        with closing(connect_writer(tmp_path / "monitor.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with path.open("ab") as file:
                file.writelines(line(now_s - HOUR_S + i * 10, 900_000 + i) for i in range(360))
            await until(lambda: one.monitor.state.store_problem)
            clock.at = now_s
            await one.monitor.analytics.round()
            assert one.rows("analytics")["node/a"]["analysed_until"] == before
            other.execute("ROLLBACK")
        await until(lambda: not one.monitor.state.store_problem)
        await look(one, clock, now_s)
        assert one.rows("analytics")["node/a"]["analysed_until"] > before
        await until(lambda: findings(one) == [])  # that nothing was written is a state of the node, judged a moment later


class Breaking:
    """A reader whose database stops answering once, in the middle of a look that catches up."""

    def __init__(self, reader: Reader, from_s: int) -> None:
        self._reader = reader
        self._from_s: int | None = from_s

    def ask_now(self, question: Callable[..., Any], *args: Any) -> Any:
        if question is failures and self._from_s is not None and args[2] >= self._from_s:
            self._from_s = None
            raise StoreError("the database did not answer")
        return self._reader.ask_now(question, *args)


async def test_what_a_look_found_before_the_database_stopped_answering_is_told_by_the_next(tmp_path: Path, now_s: int) -> None:
    fault_s = now_s - 3 * HOUR_S
    log = log_of(tmp_path / "a.log", now_s - 40 * HOUR_S, now_s, (fault_s, fault_s + 1800), started=(now_s - HOUR_S - 200, "v1.162.3"))

    async def found(folder: Path, breaks: bool) -> tuple[list[dict[str, Any]], str]:
        folder.mkdir()  # noqa: ASYNC240
        clock = HandClock(fault_s - 600)
        async with running(folder, {"a": log}, analytics_clock=clock) as one:
            await look(one, clock, fault_s - 585)
            feed = one.monitor.analytics._feed
            if breaks:
                feed._reader = Breaking(feed._reader, now_s - HOUR_S)  # type: ignore[assignment]
                await look(one, clock, now_s + 15)
                assert findings(one) == []
            await look(one, clock, now_s + 15)
            return findings(one), feed._places["a"].version

    whole = await found(tmp_path / "whole", False)
    assert [(row["metric"], row["resolved"]) for row in whole[0]] == [("success", "back to normal")]
    assert whole[1] == "1.162.3"
    assert await found(tmp_path / "broken", True) == whole


async def test_a_silent_node_and_the_version_that_did_it(tmp_path: Path, now_s: int) -> None:
    begin_s, stop_s = now_s - 40 * HOUR_S, now_s - 30 * 60
    clock = HandClock(now_s)
    nodes = {
        "a": log_of(tmp_path / "a.log", begin_s, stop_s),
        "b": log_of(tmp_path / "b.log", begin_s, now_s, (stop_s, now_s), started=(stop_s - 300, "v1.162.3")),
    }
    with (tmp_path / "b.log").open("r+b") as file:
        old = b'\tINFO\tversion\tRunning on allowed version.\t{"process": "storagenode", "version": "v1.161.1"}\n'
        rest = file.read()
        file.seek(0)
        file.write(rest[:20] + old + rest)
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, now_s + 15)
        by_node = {row["node"]: row for row in findings(one)}
        assert (by_node["a"]["metric"], by_node["a"]["severity"], by_node["a"]["value"]) == ("silence", "critical", 0.0)
        assert abs(by_node["a"]["since"] - stop_s) <= 60
        assert by_node["b"]["cause"] == "v1.162.3 started"
        assert "right after v1.162.3 started" in by_node["b"]["text"]


async def test_a_clock_that_was_ahead_and_is_set_back(tmp_path: Path, now_s: int) -> None:
    begin_s, clock = now_s - 40 * HOUR_S, HandClock(0.0)
    nodes = {"a": log_of(tmp_path / "a.log", begin_s, now_s, (now_s - 1200, now_s))}
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, now_s - 1785)
        assert findings(one) == []
        await look(one, clock, now_s + 400 * 86_400)
        for at_s in range(now_s - 1185, now_s + 60, 60):
            await look(one, clock, at_s)
        assert [row["metric"] for row in findings(one) if row["until"] is None and row["metric"] != "silence"] == ["success"]
        assert one.rows("analytics")["node/a"]["hours"] >= 36


async def test_findings_of_a_node_that_is_watched_no_more_end(tmp_path: Path, now_s: int) -> None:
    clock = HandClock(now_s)
    nodes = {
        name: log_of(tmp_path / f"{name}.log", now_s - 40 * HOUR_S, now_s, *([(now_s - 1200, now_s)] if name == "b" else []))
        for name in "ab"
    }
    async with running(tmp_path, nodes, analytics_clock=clock) as one:
        await look(one, clock, now_s)
        assert standing(one) == [1]
    async with running(tmp_path, {"a": nodes["a"]}, analytics_clock=clock) as one:
        await look(one, clock, now_s + 60)
        assert findings(one) == []
        assert one.rows("analytics")["node/b"]["text"] == "not watched: this node is not in the settings"
    with closing(sqlite3.connect(tmp_path / "monitor.db")) as db:
        assert db.execute("SELECT resolved_s FROM finding").fetchall() == [(now_s,)]
