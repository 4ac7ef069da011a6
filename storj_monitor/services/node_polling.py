"""Asks every node for itself, and joins what they say with what the database and the logs know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec

from storj_monitor.clock import Clock
from storj_monitor.database import node_tables as store
from storj_monitor.database import queries
from storj_monitor.database.bad_rows import bad_rows_of
from storj_monitor.database.node_loading import LOADED, since_ms
from storj_monitor.database.queries import Connection
from storj_monitor.database.reader import Asks, Reader
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.ids import Outcome, op_outcome
from storj_monitor.model.node_answers import AnswerKind
from storj_monitor.model.node_events import AnyNodeEvent
from storj_monitor.node_api.client import LOOPBACK, HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.discovery import PORTS, Known, find_apis, match_apis
from storj_monitor.node_api.poller import Poller
from storj_monitor.node_api.schedule import Schedule, phases
from storj_monitor.node_api.transport import open_session
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.services.node_status import NodeStatusService
from storj_monitor.state.nodes import State
from storj_monitor.tasks import Backoff, Supervisor, every

HOUR_S = 3600.0
CARE_S = 300.0
LOOK_AT_NODES_S = 10.0
LINES_BACK_S = 30 * DAY_S
MOST_LINES = 5000
MOST_FAILURES = 2000
FIRST_LOOK_S = 10.0
"""Logs get this long to name their nodes before APIs are looked for."""
LOOK_EVERY_S = 300.0
LINE_KINDS = (
    "scores_reported", "found_in_trash", "space_warning", "filewalker", "configuration_loaded", "node_started", "signal_received",
    "service_stopped", "node_failed", "panic", "plain_error", "process_ended", "ping_failed", "graceful_exit",
)  # fmt: skip
VERSION_KINDS = ("version_seen", "version_minimum", "version_outdated")
MOST_VERSIONS = 20


class Watched(NamedTuple):
    """One node: where it answers. Both None: only its log is known."""

    name: str
    api: str | None = None
    metrics: str | None = None


class Polling:
    """`start` loads what is known and begins to ask; `stop` ends the asking, after which nothing comes in any more.

    jitter_pct -- spread of the times of all that repeats (0.15 = 15 % of its interval); 0 also lets all nodes be asked together
    ports      -- where APIs are looked for on this machine for nodes that have none in the settings; () looks nowhere
    schedule   -- what is common to all nodes; each gets a phase of its own
    """

    def __init__(
        self,
        nodes: Sequence[Watched],
        statuses: NodeStatusService,
        state: State,
        reader: Reader,
        clock: Clock,
        *,
        jitter_pct: float,
        ports: Sequence[int] = PORTS,
        schedule: Schedule | None = None,
    ) -> None:
        self._nodes = {node.name: node for node in nodes}
        self._statuses = statuses
        self._state = state
        self._reader = reader
        self._clock = clock
        self._rng = Random()
        self._jitter_pct = jitter_pct
        self._ports = ports
        self._schedule = schedule or Schedule()
        self.pollers: dict[str, Poller] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tasks: Supervisor | None = None
        self._names: list[str] = []

    async def load(self, reader: Asks | None = None) -> None:
        """Bring back what an earlier run knew. StoreError. `reader`: who is asked instead, with more patience."""
        names, now = list(self._state.nodes), self._clock.now()
        reader = reader or self._reader
        for name in names:
            self._statuses.registry.of(name)
        # Table by table: a disk that fails now and then gets through with each of them, and hardly ever with all at once.
        found = {table.name: (await reader.ask(store.read_all, [table], names, since_ms(now)))[table.name] for table in LOADED}
        self._statuses.load(found, self._reader.bad_rows)
        lines, failures = await reader.ask(_lines, names, int((now - LINES_BACK_S) * 1000), int((now - DAY_S) * 1000))
        for name, events in lines.items():
            self._statuses.on_lines(name, events, live=False)
        for name, transfers in failures.items():
            self._statuses.on_transfers(name, transfers)
        for name, minutes in (await reader.ask(_busy_minutes, names, now)).items():
            self._statuses.on_old_minutes(name, minutes)

    async def start(self, tasks: Supervisor) -> None:
        """Begin to ask."""
        self._tasks, self._session = tasks, open_session()
        self._statuses.signals.scored.append(self._ask_satellites)
        self._statuses.signals.doubted.append(self._ask_satellites)
        asked = [node for node in self._nodes.values() if node.api or node.metrics]
        for name in self._state.nodes:
            if name not in self._nodes or self._nodes[name].api is None:
                self._statuses.without_endpoints(name)
        for node in asked:
            self._watch(node, self._session)
        self._repeat("uptime of nodes", LOOK_AT_NODES_S, self._look_at_nodes, LOOK_AT_NODES_S)
        self._repeat("care of budgets", CARE_S, self._melt, CARE_S)
        self._repeat("care of histories", HOUR_S, self._care, HOUR_S / 6)
        if self._ports and self._seeking():
            self._repeat("search for APIs", LOOK_EVERY_S, self._look, FIRST_LOOK_S)

    async def ask_no_more(self) -> None:
        """Before all else at the end: the answers of a hundred nodes would keep the loop from stopping."""
        if self._tasks is not None:
            await self._tasks.cancel(*map(_task_name, self.pollers))

    async def stop(self) -> None:
        """End all tasks of this part, then their connections; what is open is stored."""
        if self._tasks is not None:
            await self._tasks.cancel(*self._names)  # one after the other a hundred nodes would go on for as many turns of the loop
        if self._session is not None:
            await self._session.close()
        self._statuses.keep_last()

    def _ask_satellites(self, name: str) -> None:
        """The log told new scores (windows and dates have changed with them), or the node's estimate knows more than we do."""
        if name in self.pollers:
            self.pollers[name].refresh(AnswerKind.SATELLITE)

    def _watch(self, node: Watched, session: aiohttp.ClientSession) -> None:
        clock = self._clock
        poller = Poller(
            node.name,
            NodeClient(node.api, session, clock) if node.api else None,
            MetricsClient(node.metrics, session, clock) if node.metrics else None,
            replace(self._schedule, phase=phases(list(self._nodes))[node.name], staggered=self._jitter_pct > 0),
            clock,
            self._rng,
            self._jitter_pct,
            self._statuses.on_answer,
            partial(self._statuses.on_state, node.name),
            lambda url: HealthClient(url, session, clock),
        )
        self.pollers[node.name] = poller
        poller.expect(self._statuses.registry.of(node.name).standing.known)
        for state in poller.states:
            self._statuses.on_state(node.name, state)
        self._spawn(_task_name(node.name), poller.run)

    def _repeat(self, name: str, interval_s: float, work: Callable[[], Awaitable[None]], first_s: float) -> None:
        clock, rng, jitter_pct = self._clock, self._rng, self._jitter_pct
        self._spawn(name, partial(every, interval_s, work, clock=clock, rng=rng, jitter_pct=jitter_pct, offset_s=first_s))

    def _spawn(self, name: str, work: Callable[[], object]) -> None:
        if self._tasks is not None:
            self._tasks.spawn(name, work, backoff=Backoff())  # type: ignore[arg-type]
            self._names.append(name)

    async def _care(self) -> None:
        self._statuses.every_hour()

    async def _look_at_nodes(self) -> None:
        self._statuses.look()

    async def _melt(self) -> None:
        self._statuses.every_while()

    def _seeking(self) -> list[Watched]:
        """Nodes of which no API is known: it may be on this machine."""
        return [node for node in self._nodes.values() if node.api is None]

    def _asked_ports(self) -> set[int | None]:
        """Ports of this machine that a poller asks: who is there is known, and a node gets one question at a time."""
        urls = [urlsplit(node.api) for node in self._nodes.values() if node.api]
        return {url.port for url in urls if url.hostname in LOOPBACK}

    def _known(self, node: Watched) -> Known:
        """By its log and its debug port; where an API is given, by what that said."""
        status = self._statuses.registry.of(node.name)
        node_id = (node.api and status.node_id) or self._state.nodes[node.name].node_id
        starts = (status.log_started_at, status.metrics.started_at if status.metrics and node.metrics else None)
        return Known(node.name, node.api, node_id, max((at for at in starts if at is not None), default=None))

    async def _look(self) -> None:
        """Which APIs answer on this machine, and whose they are. Ends for a node when one was found for it."""
        session = self._session
        seeking = self._seeking()
        if session is None or not seeking:
            return
        found = await find_apis(session, self._clock, ports=[port for port in self._ports if port not in self._asked_ports()])
        matches = match_apis([self._known(node) for node in self._nodes.values()], found)
        for name, url in matches.apis.items():
            self._nodes[name] = self._nodes[name]._replace(api=url)
            how = f"No API is in the settings; {url} on this machine is asked, because node id or start time are the same."
            self._statuses.set_warnings(name, (how,), found=True)
            if name in self.pollers and self._tasks is not None:  # its debug port is asked already: one node, one question at a time
                await self._tasks.cancel(_task_name(name))
                self._names.remove(_task_name(name))
            self._watch(self._nodes[name], session)
        for node in seeking:
            if node.name not in matches.apis:
                self._statuses.set_warnings(node.name, matches.remarks)


def _task_name(node: str) -> str:
    return f"API of {node}"


def _lines(
    db: Connection, names: Sequence[str], lines_ms: int, failures_ms: int
) -> tuple[dict[str, list[NodeEvent]], dict[str, list[Transfer]]]:
    """Typed lines of the last month and failed audits and repairs of the last day, by node, oldest first."""
    ids = {node.id: node.name for node in queries.nodes(db) if node.name in frozenset(names)}
    decode = msgspec.json.Decoder(AnyNodeEvent).decode
    lines: dict[str, list[NodeEvent]] = {}
    for node, name in ids.items():
        found = queries.node_events(db, LINE_KINDS, [node], lines_ms, 1 << 62, MOST_LINES)
        found += queries.node_events(db, VERSION_KINDS, [node], 0, 1 << 62, MOST_VERSIONS)
        found.reverse()  # both are newest first: so lines of the same second stay in the order in which they were written
        found.sort(key=lambda row: row[1])
        lines[name] = list(bad_rows_of(db).each("node_event", found, lambda row: decode(row[5])))
    failures: dict[str, list[Transfer]] = {}
    for name, time_ms, satellite, op, piece_id, reason in store.scored_failures(db, list(ids.values()), failures_ms, MOST_FAILURES):
        failures.setdefault(name, []).append(Transfer(time_ms, satellite, op, -1, -1, 0, piece_id, "", reason))
    return lines, failures


def _busy_minutes(db: Connection, names: Sequence[str], now: float) -> dict[str, dict[int, tuple[int, int]]]:
    """Transfers and successes by minute of the last day, and of the last hour that each log tells of."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for node in queries.nodes(db):
        if node.name in frozenset(names):
            begin = int(min(now - DAY_S, node.newest_ms / 1000 - HOUR_S)) // 60 * 60
            minutes = found[node.name] = {}
            for start_s, op, count, _ in queries.traffic(db, [node.id], begin, 1 << 62, 60):
                every, good = minutes.get(start_s, (0, 0))
                minutes[start_s] = (every + count, good + count * (op_outcome(op) is Outcome.SUCCESS))
    return found
