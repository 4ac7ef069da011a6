"""Once a minute the analytics look at what was committed; what they find is shown, sent and kept.

The engine has a thread of its own: neither the event loop nor the reading of logs waits for it. Findings and baselines are written by the
one writer; while the database refuses, the newest of each wait here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from random import Random
from typing import Protocol, TypeVar

from storj_monitor.app.analytics_feed import AnalyticsFeed, Outcome, Seen
from storj_monitor.app.analytics_outlooks import Outlooks, Told
from storj_monitor.clock import Clock
from storj_monitor.database import analytics as store
from storj_monitor.database.analytics import Connection
from storj_monitor.database.reader import Asks, Reader
from storj_monitor.errors import StoreError
from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.model.analytics import Finding, FindingState, Learning, NodeInput, StoredBaseline
from storj_monitor.model.sources import SourceState
from storj_monitor.state.node_status import Insight, NodeRegistry, Topic
from storj_monitor.state.nodes import State
from storj_monitor.tasks import Backoff, Supervisor, every

EVERY_S = 60.0
AT_S = 15.0
"""Second of the minute: by then the minute before is committed, also by a slow disk."""
MOST_JITTER_S = 5.0
SETTLE_S = 5.0
"""The writer gets this long to commit what was read; else the minute is looked at with the next one."""
SHOWN_S = 86_400
SHOWN_MOST = 50
"""Findings that have ended are shown for a day, of each node the newest."""
SET_BACK_S = 3600.0
NOT_WATCHED = "not watched: this node is not in the settings"
_TASK = "analytics"
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Store(Protocol):
    """What is needed of database.Writer."""

    def submit_work(self, write: Callable[[Connection], None], done: Callable[[], None]) -> None: ...
    def barrier(self, timeout_s: float) -> bool: ...


class Analytics:
    """`load`, then `start`; `stop` keeps what was learnt since. `round` is one look, and may be called by whoever has the time.

    names       -- nodes that are watched; findings of others end
    changed     -- pages may want to know
    from_writer -- brings a call from the writer's thread to the event loop
    """

    def __init__(
        self,
        names: Sequence[str],
        registry: NodeRegistry,
        estimates: NodeEstimates,
        state: State,
        reader: Reader,
        writer: Store,
        clock: Clock,
        *,
        changed: Callable[[], None],
        from_writer: Callable[[Callable[[], None]], object],
        jitter_pct: float,
    ) -> None:
        self._names = tuple(names)
        self._subjects = registry
        self._state = state
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._changed = changed
        self._from_writer = from_writer
        self._jitter_pct = min(jitter_pct, MOST_JITTER_S / EVERY_S)
        self._outlooks = Outlooks(registry, estimates)
        self._feed = AnalyticsFeed(self._names, reader)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="analytics")
        self._tasks: Supervisor | None = None
        self._baselines: dict[tuple[str, str, str], StoredBaseline] = {}
        self._findings: dict[int, Finding] = {}
        self._writing = False
        self._looked_at = 0.0

    async def load(self, reader: Asks | None = None) -> None:
        """Show what an earlier run found. StoreError. `reader`: who is asked instead, with more patience."""
        now, reader = self._clock.now(), reader or self._reader
        for finding in await reader.ask(store.recent_findings, self._names, int(now) - SHOWN_S):
            self._insight(finding.subject.node).findings[finding.number] = finding
        self._feed.begin(now, await reader.ask(store.reaches))
        for name in self._state.nodes.keys() - set(self._names):
            self._insight(name).learning = Learning(name, 0, None, NOT_WATCHED, 0, 0)
        for name in self._names:
            self._forget_old(name, int(now))
            self._subjects.changed(name, Topic.ANALYTICS)

    def start(self, tasks: Supervisor) -> None:
        """Look once a minute from now on."""
        self._tasks = tasks
        offset_s = (AT_S - self._clock.now()) % EVERY_S
        beat = partial(every, EVERY_S, self.round, clock=self._clock, rng=Random(), jitter_pct=self._jitter_pct, offset_s=offset_s)
        tasks.spawn(_TASK, beat, backoff=Backoff())

    async def round(self) -> None:
        """One look at everything that is new."""
        now = self._clock.now()
        if now < self._looked_at - SET_BACK_S and not (self._writing or self._baselines or self._findings):
            self._feed.begin(now, await self._reader.ask(store.reaches))
            self._looked_at = 0.0
        self._looked_at = max(self._looked_at, now)
        told = [(self._seen(name), self._outlooks.of(name, now)) for name in self._names]
        try:
            outcome = await self._in_thread(partial(self._work, now, told))
        except StoreError as error:
            _log.warning("analytics wait for the database: %s", error)
            outcome = None
        if outcome is None:
            self._outlooks.again()
        else:
            self._take(outcome, int(now))

    async def stop(self) -> None:
        """End; what was learnt goes to the writer, which must not be closed yet."""
        self._feed.halted = True
        if self._tasks is not None:
            await self._tasks.cancel(_TASK)
        for baseline in await self._in_thread(partial(self._feed.flush, self._clock.now())):
            self._baselines[baseline[:3]] = baseline
        self._writing = False
        self._keep()
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _seen(self, name: str) -> Seen:
        node = self._state.nodes[name]
        live = node.status.state == SourceState.LIVE.value and not self._state.store_problem
        # a log at INFO without transfers may be of a node that has none: that is to be found out
        mute = node.character.is_above_info if node.character.lines else None
        return Seen(name, live, node.newest_ms // 1000, NodeInput(node=name, read_to_s=0, mute=mute))

    def _work(self, now: float, told: Sequence[tuple[Seen, Told]]) -> Outcome | None:
        """In the thread. None: not everything that was read is committed."""
        if self._feed.halted or not self._writer.barrier(SETTLE_S):
            return None
        return self._feed.work(now, [seen._replace(told=replace(one.as_input(seen.node, now), mute=seen.told.mute)) for seen, one in told])

    def _take(self, outcome: Outcome, now_s: int) -> None:
        moved = set()
        for finding in outcome.findings:
            self._findings[finding.number] = finding
            if finding.subject.node in self._names:
                self._insight(finding.subject.node).findings[finding.number] = finding
                moved.add(finding.subject.node)
        for one in outcome.learning:
            moved |= self._learnt(one)
        for name in self._names:
            if self._forget_old(name, now_s):
                moved.add(name)
        for name in moved:
            self._subjects.changed(name, Topic.ANALYTICS)
        self._baselines.update((one[:3], one) for one in outcome.baselines)
        self._keep()
        if moved:
            self._changed()

    def _learnt(self, one: Learning) -> set[str]:
        insight = self._insight(one.node)
        if one.node not in self._names or insight.learning == one:
            return set()
        insight.learning = one
        return {one.node}

    def _insight(self, name: str) -> Insight:
        return self._subjects.of(name).insight

    def _forget_old(self, name: str, now_s: int) -> bool:
        """Of what has ended only the newest stay in memory. True when something went."""
        findings = self._insight(name).findings
        ended = [one for one in findings.values() if one.state is FindingState.RESOLVED]
        ended.sort(key=lambda one: (one.changed_s, one.number), reverse=True)
        gone = [one for place, one in enumerate(ended) if place >= SHOWN_MOST or one.changed_s < now_s - SHOWN_S]
        for one in gone:
            del findings[one.number]
        return bool(gone)

    def _keep(self) -> None:
        """Hand over what waits, unless the writer has not taken what came before."""
        if self._writing or not (self._baselines or self._findings):
            return
        self._writing = True
        baselines, findings = tuple(self._baselines.values()), tuple(self._findings.values())
        self._baselines, self._findings = {}, {}
        self._writer.submit_work(partial(store.write, baselines=baselines, findings=findings), self._on_written)

    def _on_written(self) -> None:
        """Called in the writer's thread."""
        self._from_writer(self._written)

    def _written(self) -> None:
        self._writing = False
        self._keep()
