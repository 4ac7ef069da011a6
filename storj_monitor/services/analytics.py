"""Once a minute the analytics look at what was committed; what they find is shown, sent and kept.

The engine has a thread of its own: neither the event loop nor the reading of logs waits for it. Findings and baselines are written by the
one writer; while the database refuses, the newest of each wait here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from random import Random
from typing import NamedTuple, Protocol, TypeVar

from storj_monitor.clock import Clock
from storj_monitor.database import analytics as store
from storj_monitor.database.analytics import Connection
from storj_monitor.database.reader import Asks, Reader
from storj_monitor.errors import StoreError
from storj_monitor.financial_tracker.comparison import earnings_outlook
from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.model.analytics import EarningsOutlook, Finding, FindingState, Learning, NodeInput, SpaceSample, StoredBaseline
from storj_monitor.model.reputation import Reputation
from storj_monitor.model.sources import SourceState
from storj_monitor.model.space import SpacePoint
from storj_monitor.reputation_tracker.report import budget_outlook
from storj_monitor.services.analytics_feed import AnalyticsFeed, NodeSnapshot, Outcome
from storj_monitor.state.node_status import Insight, NodeRegistry, Topic
from storj_monitor.state.nodes import State
from storj_monitor.storage_tracker.forecast import space_outlook, space_samples
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

    def submit_write(self, write: Callable[[Connection], None], done: Callable[[], None]) -> None: ...
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
        self._registry = registry
        self._state = state
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._changed = changed
        self._from_writer = from_writer
        self._jitter_pct = min(jitter_pct, MOST_JITTER_S / EVERY_S)
        self._forecasts = ForecastGate(registry, estimates)
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
            self._registry.changed(name, Topic.ANALYTICS)

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
        told = [(self._seen(name), self._forecasts.of(name, now)) for name in self._names]
        try:
            outcome = await self._in_thread(partial(self._work, now, told))
        except StoreError as error:
            _log.warning("analytics wait for the database: %s", error)
            outcome = None
        if outcome is None:
            self._forecasts.again()
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

    def _seen(self, name: str) -> NodeSnapshot:
        node = self._state.nodes[name]
        live = node.status.state == SourceState.LIVE.value and not self._state.store_problem
        # a log at INFO without transfers may be of a node that has none: that is to be found out
        mute = node.character.is_above_info if node.character.lines else None
        return NodeSnapshot(name, live, node.newest_ms // 1000, NodeInput(node=name, read_to_s=0, mute=mute))

    def _work(self, now: float, told: Sequence[tuple[NodeSnapshot, ForecastInputs]]) -> Outcome | None:
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
            self._registry.changed(name, Topic.ANALYTICS)
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
        return self._registry.of(name).insight

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
        self._writer.submit_write(partial(store.write, baselines=baselines, findings=findings), self._on_written)

    def _on_written(self) -> None:
        """Called in the writer's thread."""
        self._from_writer(self._written)

    def _written(self) -> None:
        self._writing = False
        self._keep()


HOUR_S = 3600.0


MAX_AGE_S = 6 * HOUR_S


class ForecastInputs(NamedTuple):
    """What is due of one node; None where nothing is new. `points` and `known` are to be reckoned with elsewhere."""

    samples: Sequence[SpaceSample] = ()
    points: Sequence[SpacePoint] | None = None
    known: Sequence[Reputation] | None = None
    earnings: EarningsOutlook | None = None

    def as_input(self, node: str, now: float) -> NodeInput:
        """With the forecasts made: the dear part, for a thread of its own."""
        return NodeInput(
            node=node,
            read_to_s=0,
            samples=self.samples,
            space=None if self.points is None else space_outlook(self.points, now),
            budget=None if self.known is None else budget_outlook(self.known, now),
            earnings=self.earnings,
        )


class ForecastGate:
    """Remembers of each node what was handed out last. Used on the event loop."""

    def __init__(self, registry: NodeRegistry, estimates: NodeEstimates) -> None:
        self._registry = registry
        self._estimates = estimates
        self._handed: dict[tuple[str, str], tuple[Hashable, float]] = {}

    def of(self, name: str, now: float) -> ForecastInputs:
        """What is due of a node now."""
        node = self._registry.of(name)
        points = node.space.points
        known = tuple(node.standing.known.values())
        earnings = None
        if self._is_due(name, "earnings", node.revisions[Topic.EARNINGS], HOUR_S, now):
            estimate = self._estimates.of(node, now)
            earnings = None if estimate is None else earnings_outlook(node, estimate)
        return ForecastInputs(
            samples=space_samples(node, now),
            points=points if points and self._is_due(name, "space", (len(points), points[-1].at), HOUR_S, now) else None,
            known=known if known and self._is_due(name, "budget", _scores_of(known), 0.0, now) else None,
            earnings=earnings,
        )

    def again(self) -> None:
        """What was handed out did not arrive: all is due again."""
        self._handed.clear()

    def _is_due(self, name: str, what: str, inputs: Hashable, at_least_s: float, now: float) -> bool:
        last = self._handed.get((name, what))
        if last is not None:
            age_s = now - last[1]
            if 0 <= age_s < at_least_s or (last[0] == inputs and 0 <= age_s < MAX_AGE_S):
                return False
        self._handed[name, what] = (inputs, now)
        return True


def _scores_of(known: Iterable[Reputation]) -> Hashable:
    return tuple((one.satellite, one.online_score and one.online_score.value, one.windows and one.windows.value) for one in known)
