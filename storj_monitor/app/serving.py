"""`run`: the whole product in one process, from the lock on its database to the last commit."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from random import Random
from typing import NamedTuple, Protocol

from storj_monitor.app.exposure import renew_certificate
from storj_monitor.app.monitor import Monitor
from storj_monitor.clock import SystemClock
from storj_monitor.commands.node_check import Grade, check_nodes
from storj_monitor.config import NodeSettings, Settings
from storj_monitor.database.connection import MonitorLock
from storj_monitor.errors import StoreError, StoreLocked
from storj_monitor.platform.log_setup import TELL_S, LoggingSetup, logging_setup
from storj_monitor.platform.process import collect_and_give_back, give_back, share_one_heap, spare_the_collector
from storj_monitor.services.node_polling import Watched
from storj_monitor.tasks import Backoff, Supervisor, every

_log = logging.getLogger(__name__)
HOLD_S = 10.0
TIDY_S = 600.0
CHECK_AGAIN_S = 3600.0
"""Only after a fault of the check itself, which nobody foresees and which must end nothing else."""
CHECK_BYTES = 256 << 10
"""Of each log: what the check of a start may hold in memory."""


class Fleet(Protocol):
    """The nodes of one run. Real ones are just there; a demo's have to be brought to life.

    logs -- (name, log) of each node, "" where only its API is watched
    demo -- the page says that these nodes do not exist
    """

    logs: list[tuple[str, str]]
    demo: bool

    def answering(self) -> AbstractAsyncContextManager[Sequence[Watched]]:
        """Where the nodes answer, while the context lasts."""

    def begin(self, tasks: Supervisor) -> None:
        """The monitor is about to start."""

    def go_on(self, tasks: Supervisor, monitor: Monitor) -> None:
        """The monitor has started."""

    def end(self) -> None:
        """The monitor is about to stop."""


class RealFleet:
    """The nodes of the settings."""

    demo = False

    def __init__(self, nodes: Sequence[NodeSettings]) -> None:
        self._nodes = nodes
        self.logs = [(node.name, str(node.log) if node.log else "") for node in nodes]
        self.watched = [Watched(node.name, node.api, node.metrics) for node in nodes]

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[Sequence[Watched]]:
        yield self.watched

    def begin(self, tasks: Supervisor) -> None:
        """They are at work already."""

    def go_on(self, tasks: Supervisor, monitor: Monitor) -> None:
        """What `check-config` would say of them is said once."""
        tasks.spawn("check of the nodes", self._check, backoff=Backoff(first_s=CHECK_AGAIN_S, most_s=CHECK_AGAIN_S))

    def end(self) -> None:
        """They go on."""

    async def _check(self) -> None:
        checks = await check_nodes(self._nodes, SystemClock(), sample_bytes=CHECK_BYTES)
        found = [f"  node {check.name}: {text}" for check in checks for grade, text in check.remarks if grade >= Grade.WARNING]
        if found:
            _log.warning("the nodes of the settings (check-config tells more):\n%s", "\n".join(found))


def run(settings: Settings) -> int:
    """Watch the nodes of the settings until SIGTERM or SIGINT. Raises MonitorError when it cannot begin."""
    return serve(settings, RealFleet(settings.nodes))


def serve(settings: Settings, fleet: Fleet) -> int:
    """Follow the logs and serve the page until SIGTERM or SIGINT. Raises MonitorError when it cannot begin."""
    share_one_heap()
    port = settings.server.port
    with logging_setup(SystemClock(), limited=settings.perf.enable_log_rate_limit) as log, MonitorLock(settings.database) as lock:
        if settings.perf.baseline:
            _log.info("perf.baseline is on: every optimisation is off, whatever its own setting says")
        if settings.warnings:  # one message: the log's limiter takes lines of one template for repetitions
            _log.warning("%s", "\n  ".join(settings.warnings))
        notices: list[str] = []
        while True:
            end = asyncio.run(_serve(settings, port, fleet, log, notices, lock))
            if not isinstance(end, _Anew):
                return end
            port = end.port


async def _hold(lock: MonitorLock) -> None:
    """For ever: a lock file that was deleted is made and taken again, so that no second monitor begins."""
    while True:
        await asyncio.sleep(HOLD_S)
        try:
            if await asyncio.to_thread(lock.renew):
                _log.error("the lock file of the database was deleted; it was made and taken again")
        except StoreLocked:
            _log.error("the lock file of the database was deleted, and another monitor uses the database now: stop one of them")
        except (StoreError, OSError) as error:
            _log.warning("the lock file of the database was deleted and cannot be made again: %s", error)


async def _tidy() -> None:
    collect_and_give_back()


class _Anew(NamedTuple):
    """The database is damaged, or another one stands in its place: all begins anew, at the same address, with what is there then."""

    port: int


async def _serve(settings: Settings, port: int, fleet: Fleet, log: LoggingSetup, notices: list[str], lock: MonitorLock) -> int | _Anew:
    stop = asyncio.Event()
    _on_signals(stop)
    async with fleet.answering() as watched, Supervisor(SystemClock()) as tasks:
        monitor = Monitor(settings, fleet.logs, port=port, demo=fleet.demo, watched=watched, notices=notices)
        _on_hangup(partial(renew_certificate, monitor.server.tls, settings.server))
        fleet.begin(tasks)
        stopped, anew = asyncio.create_task(stop.wait()), asyncio.create_task(monitor.anew.wait())
        failed = asyncio.create_task(tasks.failure())
        started = asyncio.create_task(monitor.start(tasks))
        try:
            await asyncio.wait([started, stopped, anew], return_when=asyncio.FIRST_COMPLETED)
            if started.done():
                started.result()
                _go_on(settings, fleet, log, tasks, monitor)
                tasks.spawn("hold of the lock", partial(_hold, lock))
                await asyncio.wait([stopped, failed, anew], return_when=asyncio.FIRST_COMPLETED)
        finally:
            fleet.end()
            for task in (started, stopped, failed, anew):
                task.cancel()
            await asyncio.wait([started])
            await monitor.stop()
    if stop.is_set():
        return 0
    return _Anew(monitor.server.port if monitor.has_begun_to_listen else port) if monitor.anew.is_set() else 1


def _go_on(settings: Settings, fleet: Fleet, log: LoggingSetup, tasks: Supervisor, monitor: Monitor) -> None:
    """The monitor has started: what is done now and then, and where it is."""
    fleet.go_on(tasks, monitor)
    jitter_pct = settings.perf.analytics_jitter_pct
    telling = partial(every, TELL_S, log.tell, clock=SystemClock(), rng=Random(), jitter_pct=jitter_pct, offset_s=TELL_S)
    tasks.spawn("what the log left out", telling)
    spare_the_collector()
    give_back()
    tidying = partial(every, TIDY_S, _tidy, clock=SystemClock(), rng=Random(), jitter_pct=jitter_pct, offset_s=TIDY_S)
    tasks.spawn("give back memory", tidying)
    monitor.say_address()


def _on_hangup(act: Callable[[], None]) -> None:
    """SIGHUP comes from operators (`systemctl reload`), and from a terminal that is closed: neither means that the monitor should end."""
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None:
        asyncio.get_running_loop().add_signal_handler(hangup, act)


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: the handler runs in the main thread, outside the loop
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
