"""A monitor that asks nodes: what it shows, keeps, survives; with fake nodes over real HTTP."""

from __future__ import annotations

import csv
import io
import json
import logging
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from app_rig import line
from patience import PATIENCE_S
from polling_rig import NODE_TOPICS, fake_node, generated, running, until

from storj_monitor.model.uptime import Witness
from storj_monitor.simulator.fake_api import Fault, RecordedAnswers
from storj_monitor.state.node_status import Topic

CORPUS = Path(__file__).parent.parent / "corpus" / "api"


def endpoints(node: object) -> dict[str, str]:
    return {"api": node.api_url, "metrics": node.metrics_url}  # type: ignore[attr-defined]


async def test_a_page_sees_all_subjects_of_a_node_that_has_no_log(tmp_path: Path) -> None:
    async with fake_node(generated()) as node, running(tmp_path, {"a": endpoints(node)}) as one:
        async with one.http.ws_connect(one.url + "ws") as ws:
            await ws.receive_json()
            await ws.send_json({"cmd": "subscribe", "id": 1, "topics": list(NODE_TOPICS), "nodes": None})
            topics: dict[str, dict[str, object]] = {}
            while len(topics) < 4 or any(not topics[name]["rows"] for name in NODE_TOPICS) or "a" not in topics["earnings"]["rows"]:  # type: ignore[operator]
                message = json.loads((await ws.receive(timeout=PATIENCE_S)).data)
                if message["k"] == "snap":
                    topics = message["topics"]
                    assert "audit_score" in topics["reputation"]["help"]  # type: ignore[operator]
                elif message["k"] == "delta":
                    for name, delta in message["topics"].items():
                        assert delta["n"] == topics[name]["n"] + 1  # type: ignore[operator]
                        topics[name]["n"] = delta["n"]
                        topics[name]["rows"].update(delta["set"] if "set" in delta else delta["rows"])  # type: ignore[attr-defined]
        health = topics["health"]["rows"]["a"]  # type: ignore[index]
        assert health["version"]["source"] == "api" and health["endpoints"][0]["status"] == "ok"
        assert node.most_at_once == 1


@pytest.mark.parametrize("index", range(4))
async def test_answers_are_as_the_document_says_and_estimates_agree(tmp_path: Path, index: int) -> None:
    async with fake_node(generated(index)) as node, running(tmp_path, {"a": endpoints(node)}) as one:
        await until(lambda: len(one.node().money.payouts) >= 40 and one.node().money.stubs)
        document = await one.ask("openapi.json")
        for topic in NODE_TOPICS:
            for window in ("-24h", "-30d"):
                answer = await one.ask(f"{topic}?from={window}")
                schema = document["paths"][f"/api/v1/{topic}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
                assert answer["rows"]
        earnings = await one.ask("earnings")
        assert sum(stub["paid_usd_micros"] for stub in earnings["paystubs"]) == sum(m["paid_usd_micros"] for m in earnings["months"])
        row = next(row for row in earnings["rows"] if row["kind"] == "node")
        assert row["comparison"]["agrees"], row["comparison"]


async def test_the_csv_is_a_file_for_spreadsheets(tmp_path: Path) -> None:
    async with fake_node(generated()) as node, running(tmp_path, {"a": endpoints(node)}) as one:
        await until(lambda: one.node().money.stubs)
        async with one.http.get(one.url + "api/v1/earnings.csv?currency=EUR&rate=0.9") as response:
            body = await response.read()
            assert response.content_type == "text/csv" and "attachment" in response.headers["Content-Disposition"]
        assert body.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
        assert len(rows) == len(one.node().money.stubs) and "paid_eur" in rows[0]
        for query in ("kind=all", "currency=EUR", "currency=eu&rate=1", "rate=1", "kind=paystubs&kind=estimates", "node=nobody"):
            async with one.http.get(one.url + "api/v1/earnings.csv?" + query) as response:
                assert response.status in (400, 404), query


async def test_a_restarted_monitor_shows_everything_at_once_with_its_age(tmp_path: Path) -> None:
    async with fake_node(generated()) as node:
        there = endpoints(node)
        async with running(tmp_path, {"a": there}) as one:
            await until(lambda: len(one.node().money.payouts) >= 40 and one.node().money.stubs)
            one.renderers.registry.changed("a", *Topic)  # what is only told again is not shown again for some minutes
            before = {topic: one.rows(topic) for topic in NODE_TOPICS}
            stubs, payouts = dict(one.node().money.stubs), dict(one.node().money.payouts)
    async with running(tmp_path, {"a": there}) as one:  # nobody answers now
        assert one.node().money.stubs == stubs and one.node().money.payouts == payouts
        for topic in ("reputation", "storage"):
            for key, row in one.rows(topic).items():
                old = before[topic][key]
                for name in ("audit_score", "used", "online_score"):
                    if name in row:
                        assert (row[name]["value"], row[name].get("source")) == (old[name]["value"], old[name].get("source"))
                        assert row[name].get("at") == pytest.approx(old[name].get("at"), abs=0.001)
        assert one.rows("earnings")["a"]["now"]["gross_usd_micros"] == before["earnings"]["a"]["now"]["gross_usd_micros"]
        assert one.rows("earnings")["a"]["balance"] == before["earnings"]["a"]["balance"]
        await until(lambda: any(endpoint["status"] == "unreachable" for endpoint in one.rows("health")["a"]["endpoints"]))
        assert one.rows("health")["a"]["version"] == before["health"]["a"]["version"]


def rows_of(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    db = sqlite3.connect(folder / "monitor.db")
    try:
        return {
            table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in ("paystub", "payout", "held_history", "pricing", "membership", "usage_day")
        }
    finally:
        db.close()


@pytest.mark.parametrize("fault", [Fault.CLOSED, Fault.OTHER_JSON, Fault.TRUNCATED, Fault.ERROR_500, Fault.HTML, Fault.EMPTY])
async def test_a_fault_is_told_once_and_healing_once_and_nothing_wrong_is_kept(
    tmp_path: Path, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with fake_node(RecordedAnswers(CORPUS / "v1.162-payout")) as node:
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:
            await until(lambda: one.node().money.stubs and one.node().money.payouts and one.node().money.held_history)
            good = {topic: one.rows(topic) for topic in ("reputation", "storage", "earnings")}
            caplog.clear()
            node.faults.set(fault)
            one.pollers()["a"].refresh()
            await until(lambda: one.rows("health")["a"]["endpoints"][0]["status"] not in ("ok", "unknown"))
            asked = node.asked.total()
            await until(lambda: node.asked.total() > asked + 5)
            shown = {topic: one.rows(topic) for topic in good}
            for key, row in good["earnings"].items():
                assert shown["earnings"][key].get("balance") == row.get("balance")
            node.faults.clear()
            await until(lambda: one.rows("health")["a"]["endpoints"][0]["status"] == "ok")
        ours = [record for record in caplog.records if record.getMessage().startswith("API of node a")]
        assert len(ours) == 2, [record.getMessage() for record in ours]
        assert "answers again" in ours[1].getMessage()
        assert not [record for record in caplog.records if record.exc_info]
        kept = rows_of(tmp_path)
    clean = tmp_path / "clean"
    clean.mkdir()
    async with fake_node(RecordedAnswers(CORPUS / "v1.162-payout")) as node, running(clean, {"a": {"api": node.api_url}}) as one:
        await until(lambda: one.node().money.stubs and one.node().money.payouts and one.node().money.held_history)
    for table, rows in rows_of(clean).items():
        if table != "pricing":  # holds when it was asked
            assert kept[table] == rows, table


async def test_figures_of_a_node_whose_clock_lies_are_shown_but_not_kept(tmp_path: Path) -> None:
    answers = generated()
    answers.ahead_s = 40 * 86_400.0
    async with fake_node(answers) as node, running(tmp_path, {"a": endpoints(node)}) as one:
        await until(lambda: one.node().money.usages and one.node().money.estimates.get(""))
        assert one.rows("health")["a"]["clock_ahead_s"]["value"] > 39 * 86_400
        assert any("clock" in warning for warning in one.rows("health")["a"]["warnings"])
    db = sqlite3.connect(tmp_path / "monitor.db")
    try:
        assert db.execute("SELECT count(*) FROM estimate_snapshot").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM usage_day").fetchone() == (0,)
        newest = db.execute("SELECT max(at_ms) FROM (SELECT at_ms FROM space_point UNION ALL SELECT at_ms FROM score_point)").fetchone()[0]
        assert newest <= one.monitor.clock.now() * 1000
    finally:
        db.close()


async def test_an_api_that_appears_later_is_used(tmp_path: Path) -> None:
    async with fake_node(generated()) as node:
        there = endpoints(node)
        await node.stop()
        async with running(tmp_path, {"a": there}) as one:
            await until(lambda: one.rows("health")["a"]["endpoints"][0]["status"] == "unreachable")
            assert one.rows("reputation") == {}
            await node.start()
            await until(lambda: one.rows("reputation") and one.rows("health")["a"]["endpoints"][0]["status"] == "ok")


async def test_an_api_of_this_machine_is_found_by_the_node_id_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storj_monitor.services.node_polling.FIRST_LOOK_S", 0.05)
    monkeypatch.setattr("storj_monitor.services.node_polling.LOOK_EVERY_S", 0.2)
    answers = generated()
    log = tmp_path / "node.log"
    log.write_text(f"2026-11-23T08:00:00Z\tINFO\tNode {answers.node_id} started\n")
    async with fake_node(answers) as node:
        port = int(node.api_url.rpartition(":")[2])
        async with running(tmp_path, {"a": {"log": str(log)}}, ports=(port,)) as one:
            await until(lambda: one.rows("reputation"))
            health = one.rows("health")["a"]
            assert health["endpoints"][0]["found"] and node.api_url in health["warnings"][0]


async def test_the_api_of_a_node_with_a_debug_port_is_found_by_its_start_and_both_are_asked_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storj_monitor.services.node_polling.FIRST_LOOK_S", 0.05)
    monkeypatch.setattr("storj_monitor.services.node_polling.LOOK_EVERY_S", 0.2)
    async with fake_node(generated()) as node:
        port = int(node.api_url.rpartition(":")[2])
        async with running(tmp_path, {"a": {"metrics": node.metrics_url}}, ports=(port,)) as one:
            await until(lambda: one.node().node_id)
            scraped = node.asked["/metrics"]
            one.pollers()["a"].refresh()
            await until(lambda: node.asked["/metrics"] > scraped and one.rows("earnings"))
            await until(lambda: {endpoint["endpoint"] for endpoint in one.rows("health")["a"]["endpoints"]} == {"api", "metrics", "health"})
            assert node.api_url in one.rows("health")["a"]["warnings"][0]


async def test_apis_are_found_for_the_nodes_that_have_none_and_only_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three nodes of one machine: one is in the settings by another name of its address, one is known by its log, one by nobody."""
    monkeypatch.setattr("storj_monitor.services.node_polling.FIRST_LOOK_S", 0.3)
    monkeypatch.setattr("storj_monitor.services.node_polling.LOOK_EVERY_S", 0.2)
    answers = [generated(number) for number in range(3)]
    logs = []
    for number in (0, 1):
        logs.append(tmp_path / f"{number}.log")
        started = datetime.fromtimestamp(answers[number].started_s(time.time()) - 5, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        logs[number].write_text(f"{started}\tINFO\tNode {answers[number].node_id} started\n")
    async with fake_node(answers[0]) as first, fake_node(answers[1]) as second, fake_node(answers[2]) as third:
        ports = tuple(int(node.api_url.rpartition(":")[2]) for node in (first, second, third))
        nodes = {
            "given": {"api": first.api_url.replace("127.0.0.1", "localhost"), "log": str(logs[0])},
            "found": {"log": str(logs[1])},
            "lost": {"log": str(tmp_path / "none.log")},
        }
        async with running(tmp_path, nodes, ports=ports) as one:
            await until(lambda: one.node("found").node_id)
            assert one.node("given").node_id == answers[0].node_id
            assert one.node("found").node_id == answers[1].node_id
            await until(lambda: one.node("lost").warnings)
            (warning,) = one.rows("health")["lost"]["warnings"]
            assert third.api_url in warning and "which no log belongs to" in warning
            assert [one.node(name).found for name in nodes] == [False, True, False]
            assert first.most_at_once == 1


async def test_a_log_and_an_api_of_two_nodes_are_told_apart(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_text("2026-11-23T08:00:00Z\tINFO\tNode 1Other started\n")
    async with fake_node(generated()) as node, running(tmp_path, {"a": {"log": str(log), **endpoints(node)}}) as one:
        await until(lambda: one.node().node_id and one.monitor.state.nodes["a"].node_id)
        assert any("the log is of node 1Other" in warning for warning in one.rows("health")["a"]["warnings"])


async def test_two_names_for_one_node_are_said_on_both(tmp_path: Path) -> None:
    async with fake_node(generated()) as node, running(tmp_path, {"a": endpoints(node), "b": endpoints(node)}) as one:
        await until(lambda: one.node("a").warnings and one.node("b").warnings)
        assert "a and b are given the same API" in one.rows("health")["b"]["warnings"][0]


async def test_another_node_under_the_same_name_begins_anew(tmp_path: Path) -> None:
    async with fake_node(generated(0)) as node, running(tmp_path, {"a": endpoints(node)}) as one:
        await until(lambda: one.node().money.stubs)
        first = one.node().node_id
        node.answers = generated(1)
        one.pollers()["a"].refresh()
        await until(lambda: one.node().node_id not in ("", first) and one.node().money.stubs)
        assert {key.node_id for key in one.node().money.stubs} == {one.node().node_id}
        assert "another node" in one.rows("health")["a"]["warnings"][0]


@pytest.mark.parametrize("folder", sorted(path.name for path in CORPUS.iterdir()))
async def test_every_recorded_node_is_shown_and_answered_as_the_document_says(
    tmp_path: Path, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = RecordedAnswers(CORPUS / folder)
    async with fake_node(answers) as node:
        there = {"api": node.api_url} | ({"metrics": node.metrics_url} if answers.has("debug") else {})
        async with running(tmp_path, {"a": there}) as one:
            asked = len(one.pollers()["a"]._queue._turns)
            await until(lambda: len(one.pollers()["a"].answers()) >= 4 and node.asked.total() >= asked)
            document = await one.ask("openapi.json")
            for topic in (*NODE_TOPICS, "standings"):
                answer = await one.ask(f"{topic}?from=-30d")
                schema = document["paths"][f"/api/v1/{topic}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
            async with one.http.get(one.url + "api/v1/earnings.csv?kind=estimates") as response:
                assert response.status == 200
            async with one.http.get(one.url + "metrics") as response:
                assert "storj_monitor_node_answers" in await response.text()
            standings = {row["standing"] for row in one.rows("reputation").values()}
            assert ("disqualified" in standings) == ("disqualified" in folder), standings
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_silence_of_the_log_that_a_restart_falls_into_is_seen(tmp_path: Path) -> None:
    log, begin = tmp_path / "node.log", int(time.time()) // 60 * 60 - 3 * 3600
    log.write_bytes(b"".join(line(begin + second, second) for second in range(0, 3600, 20)))
    nodes = {"a": {"log": str(log)}}
    async with running(tmp_path, nodes) as one:
        await until(lambda: one.monitor.state.nodes["a"].count_lines()["lines"] == 180)
    async with running(tmp_path, nodes) as one:
        assert one.node().outages == ()
        with log.open("ab") as file:
            file.write(line(begin + 3600 + 1800, 1))
        (outage,) = await until(lambda: one.node().outages)
        assert (outage.witness, outage.from_at, outage.until_at) == (Witness.LOG_GAP, begin + 3600, begin + 5400)
