"""`demo`: nodes that do not exist. They write logs, answer over HTTP and have a past; the monitor does not know the difference."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from storj_monitor.app.monitor import Monitor
from storj_monitor.app.serving import serve
from storj_monitor.clock import SystemClock
from storj_monitor.config import DemoOptions, Settings
from storj_monitor.services.node_polling import Watched
from storj_monitor.simulator.demo import Demo, remember
from storj_monitor.simulator.fake_api import FakeNode
from storj_monitor.tasks import Supervisor


def run_demo(settings: Settings, options: DemoOptions) -> int:
    """Watch invented nodes until SIGTERM or SIGINT. Raises MonitorError when it cannot begin."""
    return serve(settings, InventedFleet(Demo(options.folder, options.nodes, options.rate)))


class InventedFleet:
    """See serving.Fleet."""

    demo = True

    def __init__(self, nodes: Demo) -> None:
        self._nodes = nodes
        self._halt = threading.Event()
        self._fakes: list[FakeNode] = []
        self.logs = [(name, str(path)) for name, path in nodes.logs]

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[Sequence[Watched]]:
        fakes = [(name, FakeNode(answers, SystemClock())) for name, answers in self._nodes.answers()]
        self._fakes = [fake for _, fake in fakes]
        try:
            for _, fake in fakes:
                await fake.start()
            yield [Watched(name, fake.api_url, fake.metrics_url) for name, fake in fakes]
        finally:
            await asyncio.gather(*(fake.stop() for _, fake in fakes))

    def begin(self, tasks: Supervisor) -> None:
        self._halt = threading.Event()
        tasks.spawn("demo fleet", self._write)

    def go_on(self, tasks: Supervisor, monitor: Monitor) -> None:
        tasks.spawn("past of the nodes", partial(self._remember, monitor, time.time()))

    def end(self) -> None:
        """What works in threads, and what nobody waits for any more, ends first: it would hold up everything else."""
        self._halt.set()
        for fake in self._fakes:
            fake.hang_up()

    async def _remember(self, monitor: Monitor, now: float) -> None:
        """One node after the other: more threads at once would only take the interpreter from the page, and hold up the end."""
        for name, answers in self._nodes.answers():
            if self._halt.is_set():
                return
            await remember(monitor.node_status, name, answers, now, self._halt)

    async def _write(self) -> None:
        """Write logs in a thread; a cancellation asks it to end and waits until it has."""
        done = asyncio.get_running_loop().run_in_executor(None, self._nodes.run, self._halt)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            self._halt.set()
            await done
            raise
