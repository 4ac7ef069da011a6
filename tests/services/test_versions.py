"""Which version a node runs, and whether it is allowed: by API, /metrics, log and updater alike, whoever tells it last."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polling_rig import Running, fake_node, running, until
from world_answers import WorldAnswers

from storj_monitor.analytics_engine.comparison import VERSION, changes_of
from storj_monitor.database import queries
from storj_monitor.database.analytics import change_events, version_before
from storj_monitor.model.node_events import VersionSeen


def log_line(level: str, logger: str, message: str, **fields: Any) -> str:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = (stamp, level, *((logger,) if logger else ()), message, json.dumps({"process": "storagenode", **fields}))
    return "\t".join(parts) + "\n"


def row(one: Running) -> dict[str, Any]:
    found: dict[str, Any] = one.rows("health")["a"]
    return found


async def test_the_log_knows_a_higher_minimum_than_the_last_answer(tmp_path: Path) -> None:
    """The API said yes twelve minutes ago; the node that was stopped then refuses to start."""
    world, log = WorldAnswers(version="1.120.4"), tmp_path / "node.log"
    world.node["allowedVersion"] = "1.110.0"
    log.write_text("")
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url, "log": str(log)}}) as one:
        await until(lambda: row(one)["up_to_date"])
        assert row(one)["up_to_date"]["value"] is True and row(one)["minimum_version"]["value"] == "1.110.0"
        await node.stop()
        with log.open("a") as file:
            file.write(
                log_line(
                    "WARN",
                    "version",
                    "version not allowed/outdated",
                    **{"current version": "1.120.4", "minimum allowed version": "v1.150.0"},
                )
            )
        await until(lambda: row(one)["up_to_date"]["value"] is False)
        assert row(one)["minimum_version"]["value"] == "1.150.0" and row(one)["minimum_version"]["source"] == "log"
        # upgraded: its first answer is the end of it, whatever minimum that answer still shows
        world.node["version"] = "1.162.3"
        await node.start()
        await until(lambda: row(one)["up_to_date"]["value"] is True)
        assert row(one)["version"]["value"] == "1.162.3" and row(one)["minimum_version"]["value"] == "1.150.0"


async def test_an_upgrade_is_a_change_though_a_log_at_info_tells_no_version(tmp_path: Path) -> None:
    world = WorldAnswers(version="1.150.1")
    async with fake_node(world) as node:
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:
            await until(lambda: row(one)["version"])
        async with running(tmp_path, {"a": {"api": node.api_url}}) as one:  # the same version after a restart of the monitor is no news
            await until(lambda: one.node().answer and node.asked["/api/sno/"] >= 2)
            world.node["version"] = "1.162.3"
            one.pollers()["a"].refresh()
            await until(lambda: row(one)["version"]["value"] == "1.162.3")
            reader = one.monitor.reader
            end = int(time.time()) + 60
            await until(lambda: len(reader.ask_now(change_events, 1, 0, end)) >= 2)
            (number,) = [found.id for found in reader.ask_now(queries.nodes)]
            events = reader.ask_now(change_events, number, 0, end)
            assert [event.version for event in events if isinstance(event, VersionSeen)] == ["1.150.1", "1.162.3"]
            changes, version = changes_of(events, "")
            assert [(change.kind, change.text) for change in changes] == [(VERSION, "v1.162.3 started")] and version == "1.162.3"
            assert reader.ask_now(version_before, number, end) == "1.162.3"


async def test_the_updater_tells_the_version_and_metrics_have_it(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_text(log_line("INFO", "", "Current binary version", process="storagenode-updater", service="storagenode", version="v1.155.2"))
    async with running(tmp_path, {"a": {"log": str(log)}}) as one:
        await until(lambda: (row(one)["version"] or {}).get("value") == "1.155.2")
        async with one.http.get(one.url + "metrics") as response:
            assert 'storj_monitor_node_info{node="a",node_id="",version="1.155.2"} 1' in await response.text()


async def test_node_info_has_what_only_the_api_tells(tmp_path: Path) -> None:
    world, log = WorldAnswers(version="1.162.3"), tmp_path / "node.log"
    log.write_text("")
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url, "log": str(log)}}) as one:
        await until(lambda: one.node().answer)
        async with one.http.get(one.url + "metrics") as response:
            text = await response.text()
        assert f'storj_monitor_node_info{{node="a",node_id="{world.node["nodeID"]}",version="1.162.3"}} 1' in text
