"""Each performance flag switches the code that it names, the baseline all of it; what is sent and stored stays the same."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from app_rig import line
from patience import PATIENCE_S

from storj_monitor.app.monitor import Monitor
from storj_monitor.app.serving import RealFleet
from storj_monitor.clock import SystemClock
from storj_monitor.config import Settings, load
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import auto_workers
from storj_monitor.log_processor.fast_parser import FastParser
from storj_monitor.log_processor.full_parser import FullParserOnly
from storj_monitor.node_api.schedule import CADENCES, Schedule
from storj_monitor.platform.log_setup import logging_setup
from storj_monitor.server.encoding import JsonEncoder, OrjsonEncoder
from storj_monitor.tasks import Supervisor


def settings_of(folder: Path, **perf: object) -> Settings:
    (folder / "a.log").touch()
    flags = {"database": str(folder / "m.db"), "server.port": "0", **{f"perf.{name}": str(value) for name, value in perf.items()}}
    return load(environ={}, flags=flags, node_texts=[f"a:{folder / 'a.log'}", f"b:{folder / 'b.log'}:http://127.0.0.1:1"]).settings


@asynccontextmanager
async def monitor_with(folder: Path, **perf: object) -> AsyncIterator[Monitor]:
    settings = settings_of(folder, **perf)
    assert open_database(settings.database, time.time(), "stamp") is None
    fleet = RealFleet(settings.nodes)
    monitor = Monitor(settings, fleet.logs, port=0, demo=False, watched=fleet.watched)
    async with Supervisor(SystemClock()) as tasks:
        await monitor.start(tasks)
        try:
            yield monitor
        finally:
            await monitor.stop()


def in_force(monitor: Monitor) -> dict[str, object]:
    """What the parts of the monitor do, read off them."""
    broadcaster, poller = monitor.server.broadcaster, monitor.polling.pollers["b"]
    coalesce_s, slow_s = broadcaster._usual_s
    path = next(iter(monitor.pipeline.scheduler)).processor._path  # type: ignore[attr-defined]
    return {
        "coalesce_s": coalesce_s,
        "frame_each_read": monitor.frame_each_read,
        "slow_s": slow_s,
        "encoder": type(monitor.server._encoder),
        "readers": monitor.reader.workers,
        "diffs": monitor._feeds._diffs,
        "jitter": (poller._queue._jitter_pct, monitor.polling._jitter_pct, monitor.analytics._jitter_pct > 0),
        "staggered": poller.schedule.staggered,
        "parser": type(path),
    }


DEFAULTS = {
    "coalesce_s": 0.075,
    "frame_each_read": False,
    "slow_s": 0.5,
    "encoder": JsonEncoder,
    "readers": auto_workers(),
    "diffs": True,
    "jitter": (0.15, 0.15, True),
    "staggered": True,
    "parser": FastParser,
}
PLAIN = {
    "coalesce_s": 0,
    "frame_each_read": True,
    "slow_s": 0,
    "encoder": JsonEncoder,
    "readers": min(32, (os.cpu_count() or 1) + 4),
    "diffs": False,
    "jitter": (0, 0, False),
    "staggered": False,
    "parser": FullParserOnly,
}


@pytest.mark.parametrize(
    ("perf", "changed"),
    [
        ({}, {}),
        ({"ws_coalesce_ms": 0}, {"coalesce_s": 0, "frame_each_read": True}),
        ({"ws_coalesce_ms": 200}, {"coalesce_s": 0.2}),
        ({"use_orjson": True}, {"encoder": OrjsonEncoder}),
        ({"db_executor_max_workers": 7}, {"readers": 7}),
        ({"db_executor_max_workers": "auto"}, {}),
        ({"analytics_jitter_pct": 0}, {"jitter": (0, 0, False), "staggered": False}),
        ({"analytics_jitter_pct": 0.5}, {"jitter": (0.5, 0.5, True)}),
        ({"max_broadcast_hz": 0}, {"slow_s": 0}),
        ({"max_broadcast_hz": 4}, {"slow_s": 0.25}),
        ({"enable_diff_payloads": False}, {"diffs": False}),
        ({"baseline": True}, PLAIN),
        ({"baseline": True, "use_orjson": True, "ws_coalesce_ms": 90, "max_broadcast_hz": 3, "enable_diff_payloads": True}, PLAIN),
    ],
)
async def test_each_flag_switches_what_it_names_and_nothing_else(
    tmp_path: Path, perf: dict[str, object], changed: dict[str, object]
) -> None:
    async with monitor_with(tmp_path, **perf) as monitor:
        assert in_force(monitor) == DEFAULTS | changed


async def _told(folder: Path, **perf: object) -> dict[str, Any]:
    """The table of a page after 40 lines came one by one, each appended when the one before was seen."""
    async with monitor_with(folder, **perf) as monitor, aiohttp.ClientSession() as http, http.ws_connect(monitor.server.url + "ws") as ws:
        await ws.send_json({"cmd": "subscribe", "id": 1, "topics": ["live", "actions"], "nodes": ["a"]})
        rows: dict[str, Any] = {}
        ops = number = 0
        async with asyncio.timeout(PATIENCE_S):
            while ops < 40 or rows.get("PUT up", {}).get("success") != 40:
                message = json.loads((await ws.receive()).data)
                for topic, payload in message.get("topics", {}).items() if message["k"] in ("snap", "delta") else ():
                    if topic == "actions":
                        rows = payload["rows"] if "rows" in payload else rows | payload["set"]
                    elif message["k"] == "delta":
                        ops += sum(cell[3] for cell in payload["tot"])
                # not before the snapshot: what is read until then is in it, and in no delta
                if number < 40 and (message["k"] == "snap" or 0 < number == ops):
                    number += 1
                    _append(folder / "a.log", number)
        for row in rows.values():
            row.pop("resolution_ms", None)
        return rows


def _append(log: Path, number: int) -> None:
    with log.open("ab") as file:
        file.write(line(time.time(), number))


async def test_a_page_sees_the_same_with_all_flags_on_and_all_off(tmp_path: Path) -> None:
    found = []
    for name, perf in (("on", {"use_orjson": True}), ("off", {"baseline": True})):
        folder = tmp_path / name
        folder.mkdir()
        found.append(await _told(folder, **perf))
    assert found[0] == found[1]
    assert found[0]["PUT up"]["success"] == 40


@pytest.fixture
def quiet_root() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("limited", [True, False])
def test_repeated_errors_and_warnings_come_out_once_and_what_did_not_is_counted(
    quiet_root: None, capsys: pytest.CaptureFixture[str], limited: bool
) -> None:
    log = logging.getLogger("storj_monitor.hot")
    with logging_setup(SystemClock(), limited=limited):
        for number in range(100):
            log.warning("cannot read %s", number)
            log.error("lost %s", number)
    told = capsys.readouterr().err.splitlines()
    assert sum(" ERROR storj_monitor.hot: lost " in text for text in told) == (1 if limited else 100)
    assert sum(" WARNING storj_monitor.hot: cannot read " in text for text in told) == (1 if limited else 100)
    summaries = [text for text in told if "more like this" in text]
    assert [text.partition("log_setup: ")[2] for text in summaries] == (
        ["storj_monitor.hot: cannot read %s (99 more like this)", "storj_monitor.hot: lost %s (99 more like this)"] if limited else []
    )


def test_without_staggering_all_nodes_share_one_grid() -> None:
    def first(plan: Schedule) -> set[float]:
        return {plan.first_due(kind, 50.0) for kind in plan.cadences}

    def following(*plans: Schedule) -> set[tuple[int, float]]:
        half_hourly = [kind for kind, cadence in CADENCES.items() if cadence.interval_s == 1800]
        assert len(half_hourly) > 1
        return {plan.next_due(kind, 1000.0, 3, 0.0) for plan in plans for kind in half_hourly}

    assert len(first(Schedule())) > 1
    assert first(Schedule(staggered=False, phase=0.4)) == {50.0}
    assert len(following(Schedule(), Schedule(phase=0.4))) > 2
    assert len(following(Schedule(staggered=False), Schedule(staggered=False, phase=0.4))) == 1
