"""Asks one node again and again, one question at a time, and keeps the latest answers with their age.

Nobody else asks the node: pages and exports are served from what is kept here. A node that cannot be reached is tried again at least every
minute, with its cheapest question; the others wait for that one. A route that takes its question and does not answer holds nobody up: it is
left to its own time-out and its own rest, and the others go on.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from random import Random

from storj_monitor.clock import Clock
from storj_monitor.errors import NodeApiError, NodeUnreachable, RouteHangs, RouteMissing
from storj_monitor.model.ids import WELL_KNOWN
from storj_monitor.model.node_answers import Answer, AnswerKind, AnswerValue, ApiState, Endpoint, NodeAnswer
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient, health_url
from storj_monitor.node_api.discovery import EndpointMonitor
from storj_monitor.node_api.poll_queue import API_KINDS, PER_NODE, PollClients, PollQueue, PollTask, endpoint_of
from storj_monitor.node_api.schedule import Schedule

_NODE = PollTask(AnswerKind.NODE)
_METRICS = PollTask(AnswerKind.METRICS)
_HEALTH = PollTask(AnswerKind.HEALTH)
_WITNESS = AnswerKind.NOTIFICATIONS
"""A small answer out of another part of the node: it tells whether the node hangs or only one of its routes."""
_RESTART_S = 2.0
"""A start time that moved by less is the same start."""


class Poller:
    """One node. `run` never returns; answers and changes of state are handed over on the event loop.

    client       -- None: only the debug port is known
    jitter_pct   -- 0.15 moves every question by up to 15 % of its interval
    on_state     -- also called for the debug port and the public port: see `ApiState.endpoint`
    open_health  -- makes a client for the public port, whose address the node tells; None: that port is not asked
    """

    def __init__(
        self,
        node: str,
        client: NodeClient | None,
        metrics_client: MetricsClient | None,
        schedule: Schedule,
        clock: Clock,
        rng: Random,
        jitter_pct: float,
        on_answer: Callable[[Answer], None],
        on_state: Callable[[ApiState], None],
        open_health: Callable[[str], HealthClient] | None = None,
    ) -> None:
        if client is None and metrics_client is None:
            raise ValueError("a poller needs an API or a debug port")
        self.node = node
        self._asker = PollClients(client, metrics_client)
        self._open_health = open_health
        self.schedule = schedule
        self._clock = clock
        self._queue = PollQueue(schedule, rng, jitter_pct)
        self._on_answer = on_answer
        self._on_state = on_state
        self._watches: dict[Endpoint, EndpointMonitor] = {}
        self._down = False
        self._node_failed = False
        self._open: dict[PollTask, asyncio.Task[None]] = {}
        self._since_start: set[PollTask] = set()
        self._wake = asyncio.Event()
        self._answers: dict[PollTask, Answer] = {}
        if client is not None:
            self._watch(Endpoint.API, client.base_url)
        if metrics_client is not None:
            self._watch(Endpoint.METRICS, metrics_client.base_url)

    @property
    def states(self) -> tuple[ApiState, ...]:
        """The endpoints that this node has, as they are now."""
        return tuple(watch.state for watch in self._watches.values())

    def latest(self, kind: AnswerKind, satellite: str | None = None) -> Answer | None:
        """The newest answer of a kind, however old; None before the first."""
        kept = (answer for question, answer in self._answers.items() if (question.kind, question.satellite) == (kind, satellite))
        return max(kept, key=lambda answer: answer.asked_at, default=None)

    def answers(self) -> tuple[Answer, ...]:
        """All that is kept: the newest of each question."""
        return tuple(self._answers.values())

    def refresh(self, *kinds: AnswerKind) -> None:
        """Ask these kinds now (all of them without one), for instance because the log said that scores have changed."""
        self._queue.ask_soon(kinds or tuple(AnswerKind), self._clock.monotonic())
        self._wake.set()

    def expect(self, satellites: Collection[str]) -> None:
        """Satellites that the node is known to have from elsewhere: asked about until the node itself names those that it trusts."""
        if self._asker.api is not None:
            self._queue.set_satellites(satellites, self._clock.monotonic())

    async def run(self) -> None:
        """Ask what is due, for ever."""
        begun = self._clock.monotonic()
        for kind in PER_NODE if self._asker.api else ():
            self._queue.add(PollTask(kind), begun)
        if self._asker.metrics:
            self._queue.add(_METRICS, begun)
        for watch in self._watches.values():
            self._on_state(watch.state)
        try:
            while True:
                self._close_done()
                due, question = self._queue.first(API_KINDS if self._down else frozenset(), _NODE, self._open)
                wait_s = due - self._clock.monotonic()
                if question is None or wait_s > 0 or len(self._open) >= self.schedule.most_open:
                    await self._pause(wait_s if len(self._open) < self.schedule.most_open else math.inf)
                else:
                    await self._ask(question)
        finally:
            for task in self._open.values():
                task.cancel()
            await asyncio.gather(*self._open.values(), return_exceptions=True)

    async def _ask(self, question: PollTask) -> None:
        """One question; it holds up the next one for a while, and no longer. What goes wrong in it, but an answer, ends the poller."""
        task = self._open[question] = asyncio.create_task(self._turn(question), name=f"{self.node} {question.kind.value}")
        # not the poller's clock: this is about a connection, whatever time of day a test makes of it
        await asyncio.wait((task,), timeout=self.schedule.patience_s)
        if task.done():
            del self._open[question]
            task.result()
        else:
            task.add_done_callback(lambda _: self._wake.set())

    def _close_done(self) -> None:
        for question, task in [*self._open.items()]:
            if task.done():
                del self._open[question]
                task.result()

    async def _turn(self, question: PollTask) -> None:
        begun = self._clock.monotonic()
        watch = self._watches[endpoint_of(question.kind)]
        try:
            value, reply = await self._asker.ask(question)
        except NodeApiError as error:
            self._failed(question, error, begun)
            return
        if question == _NODE:
            if self._node_failed:
                self._queue.ask_failed_soon(self._clock.monotonic())
            self._down = self._node_failed = False
        self._since_start.add(question)
        self._queue.answered(question, self._clock.monotonic())
        watch.succeeded(question, self._clock.now())
        if value is None or reply is None:
            return
        answer = Answer(self.node, question.kind, question.satellite, reply.asked_at, reply.took_ms, value, question.period)
        before = self._answers.get(question)
        self._answers[question] = answer
        self._follow(question, value, before.value if before else None)
        self._on_answer(answer)

    def _is_disqualified(self, satellite: str | None) -> bool:
        """Whether that satellite has disqualified the node: there is no estimate then, and the node answers 500."""
        node = self._answers.get(_NODE)
        standings = node.value.standings if node is not None and isinstance(node.value, NodeAnswer) else ()
        return any(one.satellite == satellite and one.disqualified_at for one in standings)

    def _failed(self, question: PollTask, error: NodeApiError, begun: float) -> None:
        now, watch = self._clock.monotonic(), self._watches[endpoint_of(question.kind)]
        if question.kind is AnswerKind.ESTIMATE and not isinstance(error, NodeUnreachable) and self._is_disqualified(question.satellite):
            self._queue.answered(question, now)
            watch.succeeded(question, self._clock.now())
            return
        if isinstance(error, RouteMissing) and self._is_absent(question):
            self._queue.rest(question)
            self._queue.ask_soon((AnswerKind.NODE,), now)  # something else in the node's place would answer so, too
            watch.absent(question, error, self._clock.now())
            return
        hanging = isinstance(error, RouteHangs)
        self._queue.failed(question, begun, now, hanging)
        is_shut = isinstance(error, NodeUnreachable) and not hanging
        if question == _NODE:
            if hanging and not self._node_failed:  # does the node hang, or this route?
                self._queue.ask_soon((_WITNESS,), now)
                if _NODE not in self._answers and all(one.satellite is None for one in self._queue):
                    self.expect(WELL_KNOWN)  # it does not say which satellites it has; it will say which of these it does not know
            self._down, self._node_failed = is_shut, True
        elif question.kind in API_KINDS and is_shut:
            self._queue.ask_soon((AnswerKind.NODE,), begun)
        watch.failed(question, error, self._clock.now())

    def _is_absent(self, question: PollTask) -> bool:
        """A route that never answered since the node was started, while the node's own does: its version does not have it."""
        known = question.kind in API_KINDS and question != _NODE and question not in self._since_start
        return known and _NODE in self._since_start and not self._node_failed

    def _follow(self, question: PollTask, value: AnswerValue, before: AnswerValue | None) -> None:
        """Further questions that an answer raises, and those that it ends."""
        now = self._clock.monotonic()
        if isinstance(value, NodeAnswer):
            self._follow_start(value, before if isinstance(before, NodeAnswer) else None, now)
            self._follow_port(value, now)
            self._forget(self._queue.set_satellites([standing.satellite for standing in value.standings], now))
        elif question.kind is AnswerKind.PERIODS:
            self._forget(self._queue.set_periods([period for period in value if isinstance(period, str)], now))  # type: ignore[union-attr]

    def _follow_start(self, node: NodeAnswer, before: NodeAnswer | None, now: float) -> None:
        uptime_s = node.uptime_s
        if uptime_s is None or node.started_at is None:
            return
        young_for_s = self.schedule.young_s - uptime_s
        if before is None:
            self._queue.young_until = now + young_for_s
        elif before.version != node.version or before.started_at is None or abs(before.started_at - node.started_at) > _RESTART_S:
            self._since_start = {_NODE}
            self._queue.begin_again(now, young_for_s)

    def _follow_port(self, node: NodeAnswer, now: float) -> None:
        if self._open_health is None or self._asker.api is None:
            return
        url = health_url(self._asker.api.base_url, node.configured_port)
        opened = self._asker.health
        if url is None or (opened is not None and opened.base_url == url):
            return
        self._asker.health = self._open_health(url)
        self._watch(Endpoint.HEALTH, url)
        self._queue.add(_HEALTH, now)

    def _forget(self, gone: list[PollTask]) -> None:
        for question in gone:
            self._answers.pop(question, None)
            self._watches[Endpoint.API].forget(question, self._clock.now())

    def _watch(self, endpoint: Endpoint, base_url: str) -> None:
        first = _NODE if endpoint is Endpoint.API else None
        self._watches[endpoint] = EndpointMonitor(self.node, endpoint, base_url, self._on_state, self._clock.now(), first)

    async def _pause(self, seconds: float) -> None:
        """Until then, or until somebody asks for a refresh."""
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeper, waker), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()
            self._wake.clear()
