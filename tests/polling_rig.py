"""A whole monitor in this process, asking fake nodes over real HTTP, with a real database; times of asking are shortened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from flags import flag_environment
from patience import PATIENCE_S
from plain import plain

from storj_monitor.app.monitor import Monitor
from storj_monitor.app.serving import RealFleet
from storj_monitor.clock import Clock, SystemClock
from storj_monitor.config import load
from storj_monitor.database.opening import open_database
from storj_monitor.node_api.schedule import Schedule
from storj_monitor.simulator.fake_api import Answers, FakeNode
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.profile import demo_profiles
from storj_monitor.tasks import Supervisor

NODE_TOPICS = ("reputation", "storage", "earnings", "health")
DAY_S = 86_400.0


def generated(index: int = 0, **settings: Any) -> GeneratedAnswers:
    """A simulated node that began its log a day ago."""
    return GeneratedAnswers(demo_profiles(4)[index], 1, time.time() - DAY_S, **settings)


async def until(condition: Callable[[], Any]) -> Any:
    """What the condition gives as soon as it is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := condition()):  # noqa: ASYNC110 - two sockets and a thread are between us and what we wait for
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def fake_node(answers: Answers) -> AsyncIterator[FakeNode]:
    node = FakeNode(answers, SystemClock())
    await node.start()
    try:
        yield node
    finally:
        await node.stop()


class Running:
    """A monitor that runs; `rows(topic)` as a page would have them."""

    def __init__(self, monitor: Monitor, http: aiohttp.ClientSession) -> None:
        self.monitor = monitor
        self.url = monitor.server.url
        self.http = http

    @property
    def renderers(self) -> Any:
        return self.monitor.renderers

    def rows(self, topic: str) -> dict[str, dict[str, Any]]:
        return plain(self.renderers.rows(topic, list(self.monitor.state.nodes)))

    def node(self, name: str = "a") -> Any:
        return self.renderers.registry.of(name)

    async def ask(self, path: str) -> Any:
        async with self.http.get(self.url + "api/v1/" + path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    def pollers(self) -> dict[str, Any]:
        return self.monitor.polling.pollers


@asynccontextmanager
async def running(
    folder: Path, nodes: dict[str, dict[str, str]], ports: tuple[int, ...] = (), analytics_clock: Clock | None = None, more: str = ""
) -> AsyncIterator[Running]:
    """`nodes`: name to api and metrics; `more`: further settings. The database stays in the folder for the next one."""
    text = f'database = "{folder}/monitor.db"\n[server]\nport = 0\n'
    for name, endpoints in nodes.items():
        text += f'[[node]]\nname = "{name}"\n' + "".join(f'{key} = "{value}"\n' for key, value in endpoints.items())
    config = folder / "settings.toml"
    config.write_text(text + more)
    settings = load(environ=flag_environment(), config_path=str(config)).settings
    open_database(settings.database, time.time(), "stamp")
    fleet = RealFleet(settings.nodes)
    monitor = Monitor(settings, fleet.logs, port=0, demo=False, watched=fleet.watched)
    monitor.polling._schedule = Schedule(group_gap_s=0.05, retry_first_s=0.05, retry_most_s=0.1)
    monitor.polling._ports = ports
    if analytics_clock is not None:
        monitor.analytics._clock = analytics_clock
    async with Supervisor(SystemClock()) as tasks, aiohttp.ClientSession() as http:
        await monitor.start(tasks)
        try:
            yield Running(monitor, http)
        finally:
            await monitor.stop()
