"""All parts of a running monitor, joined by their constructors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from storj_monitor import __version__
from storj_monitor.app.exposure import make_exposure
from storj_monitor.clock import SystemClock
from storj_monitor.config import Secret, Settings
from storj_monitor.database import queries
from storj_monitor.database.file_keeper import FileHooks
from storj_monitor.database.history import hot_of_hour, node_history
from storj_monitor.database.reader import PatientReader, Reader
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals
from storj_monitor.database.writer import LAST_TRY_S, Writer
from storj_monitor.errors import StoreError
from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.terms import price_overrides
from storj_monitor.log_processor import LineProcessor
from storj_monitor.log_processor.line_state import CountryLookup
from storj_monitor.model.rollups import HOUR_S, HotPiece, NodeHistory
from storj_monitor.model.sources import SavedPosition
from storj_monitor.platform.process import allow_many_files
from storj_monitor.reputation_tracker.report import SatelliteReports
from storj_monitor.server import MAX_CLIENTS, Binding, Content, Greeting, Server, hash_password, make_encoder
from storj_monitor.services.analytics import Analytics
from storj_monitor.services.log_pipeline import Pipeline, Tick
from storj_monitor.services.node_pipeline import LineSieves, NodePipeline
from storj_monitor.services.node_polling import Polling, Watched
from storj_monitor.services.node_states import EVERY_S, NodeStates
from storj_monitor.services.node_status import NodeStatusService
from storj_monitor.services.row_queue import RowQueue
from storj_monitor.services.watches import FileSystems, IntegrityWatch, LoadWatch
from storj_monitor.sources.factory import open_source, stream_address
from storj_monitor.sources.file_source import FileSource
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.compactions import COMPACTION_KINDS
from storj_monitor.state.hot import HOT_OPS, KEPT, HotPieces
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.state.windows import WINDOW_S
from storj_monitor.tasks import Backoff, SoonTogether, Supervisor, every, repeat_on
from storj_monitor.units import readable
from storj_monitor.views.gauges import Gauges, StoreFigures, node_families
from storj_monitor.views.history_queries import HistoryQueries
from storj_monitor.views.node_queries import NodeQueries
from storj_monitor.views.topic_feed import SAMPLE, TopicFeeds
from storj_monitor.views.topic_renderers import TopicRenderers

_log = logging.getLogger(__name__)
# One poll of a node brings several answers, each of which may tell something about its state.
JUDGED_WITHIN_S = 0.4
WRITTEN_WITHIN_S = 1.0
"""Answers that come within it are written in one transaction; a kill before it costs what is asked again at the start."""
# A database that takes longer to open has a page that says why.
OPENED_WITHIN_S = 1.5
# Between tries to read what an earlier run kept, and after how many of them the page is to say it.
READ_AGAIN_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LISTEN_AFTER_TRIES = 3
# With coalescing off every read is sent at once; the logs are then looked at this often.
PLAIN_DELAY_S = 0.02
# The tail shares the wake-up of the frames: what a tick reads is sent at once, and the next tick is a little more than the
# coalescing time away, so that no frame has to wait for a timer of its own. 75 ms of coalescing are a p95 of some 95 ms from line to frame.
DELAY_OF_COALESCE = 1.26
HOT_AFTER_S = 2.0
PAGE_DIR = Path(__file__).parent.parent / "web_dist"


class Monitor:
    """All parts of a running monitor. `start` brings up the page first, then the reading of logs; `stop` reverses it."""

    def __init__(
        self, settings: Settings, nodes: list[tuple[str, str]], *, port: int, demo: bool, watched: Sequence[Watched],
        notices: list[str] | None = None,
    ) -> None:  # fmt: skip
        """`notices`: what happened to the database, oldest first; what happens now is added."""
        self.anew = asyncio.Event()
        """Set when the database is damaged or another one: a new monitor must begin with what then is there."""
        self.has_said_address = self.has_begun_to_listen = False
        self._notices = notices if notices is not None else []
        self._settings = settings
        self.clock = SystemClock()
        self._country_of = CountryLookup()
        self.frame_each_read = settings.perf.ws_coalesce_ms == 0
        self._loop = asyncio.get_running_loop()
        self.reader = Reader(settings.database, settings.perf.db_executor_max_workers)
        self._nodes = [(name, log) for name, log in nodes if log]
        self.state = State(name for name, _ in nodes)
        terms = price_overrides(settings.prices, settings.money, settings.nodes, [name for name, _ in nodes])
        self._registry, self._estimates, self._reports = NodeRegistry(name for name, _ in nodes), NodeEstimates(terms), SatelliteReports()
        self.renderers = TopicRenderers(self._registry, self.state, self.clock.now, self._estimates, self._reports)
        self._feeds = TopicFeeds(self.state, settings.perf.enable_diff_payloads, self.renderers)
        self._writer = Writer(
            settings.database,
            _retention(settings),
            signals=StoreSignals(problem=[self._store_problem]),
            hooks=FileHooks(self.reader.reopen, lambda: self._loop.call_soon_threadsafe(self.anew.set), self._store_notice),
        )
        self.reader.on_doubt = self._writer.suspect
        self.server = self._new_server(port, demo)
        self.pipeline = self._new_pipeline()
        self._feeds.opened.append(self.pipeline.wake)
        self._writer.signals.conflict.append(self.pipeline.conflict)
        self._writer.signals.foreign.append(self.pipeline.reload)
        rows = RowQueue(self._writer, self._loop.call_soon_threadsafe, partial(self._loop.call_later, WRITTEN_WITHIN_S))
        self.node_status = NodeStatusService(
            self._registry, self.state, self._estimates, rows, self.clock, lambda: self._writer.status.believed_s
        )
        self.node_status.signals.changed.append(self._flush_idle)
        self.polling = Polling(
            watched, self.node_status, self.state, self.reader, self.clock, jitter_pct=settings.perf.analytics_jitter_pct
        )
        self.analytics = self._new_analytics([name for name, _ in nodes])
        self.node_states = self._new_node_states()
        self.node_status.signals.moved.append(SoonTogether(JUDGED_WITHIN_S, self.node_states.moved).tell)
        self._load = self._new_load_watch()
        self._reading: asyncio.Task[None] | None = None
        self.state.on_store_notices(self._notices)

    def _new_server(self, port: int, demo: bool) -> Server:
        settings = self._settings
        room = allow_many_files(MAX_CLIENTS, len(self._nodes))
        return Server(
            Content(
                feeds=self._feeds,
                queries=HistoryQueries(self.reader, self.state, lambda: self._writer.status.committed_at, self.renderers),
                node_queries=NodeQueries(self.reader, self.renderers, self.clock.now),
                gauges=Gauges(self.state, self._store_figures, lambda: self.server.client_count, partial(node_families, self.renderers)),
            ),
            Binding(
                bind=settings.server.bind,
                port=port,
                password_hash=_password_hash(settings.server.password),
                exposure=make_exposure(settings.server, room.connections),
                max_clients=room.pages,
            ),
            Greeting(
                version=__version__,
                demo=demo,
                coalesce_ms=settings.perf.ws_coalesce_ms,
                slow_hz=settings.perf.max_broadcast_hz,
                sample=SAMPLE,
                thresholds=asdict(settings.thresholds),
            ),
            encoder=make_encoder(settings.perf.use_orjson),
            page_dir=PAGE_DIR,
            clock=self.clock,
        )

    def _new_pipeline(self) -> Pipeline:
        return Pipeline(
            self._writer,
            delay_s=self._settings.perf.ws_coalesce_ms * DELAY_OF_COALESCE / 1000 or PLAIN_DELAY_S,
            commit_s=self._settings.commit_every_s,
            watched=lambda: self.server.broadcaster.watching,
            hand_over=self._hand_over,
            positions=self._positions,
            histories=self._histories,
            downloads=self._downloads,
            run_on_loop=None if self.frame_each_read else partial(repeat_on, self._loop),
            hand_over_on_loop=self._on_tick,
        )

    def _new_analytics(self, names: list[str]) -> Analytics:
        return Analytics(
            names,
            self._registry,
            self._estimates,
            self.state,
            self.reader,
            self._writer,
            self.clock,
            changed=self._flush_idle,
            from_writer=self._loop.call_soon_threadsafe,
            jitter_pct=self._settings.perf.analytics_jitter_pct,
        )

    def _new_node_states(self) -> NodeStates:
        return NodeStates(
            self._registry,
            self._reports,
            self.state,
            self.clock,
            with_log=frozenset(name for name, _ in self._nodes),
            with_stream=frozenset(name for name, log in self._nodes if stream_address(log)),
            silent_s=self._settings.thresholds.silent_s,
            changed=self._flush_idle,
        )

    def _new_load_watch(self) -> LoadWatch:
        return LoadWatch(
            self.clock,
            lag_bytes=lambda: sum(node.status.lag_bytes for node in self.state.nodes.values()),
            commits_waiting=lambda: self._writer.commits_waiting,
            watched=lambda: self.server.client_count > 0,
            tell=self.server.broadcaster.on_load,
        )

    def _flush_idle(self) -> None:
        """Pages may want to know what has changed."""
        self.server.broadcaster.flush_idle(self.clock.now())

    async def start(self, tasks: Supervisor) -> None:
        """Load the last hour, listen, follow the logs.

        Counting the open hour's downloads again takes longer than all the rest, so that is done when the page is alive already. A disk
        that does not give the database back is waited for, with a page that says so. StoreError when that is of no use.
        """
        reader = PatientReader(self.reader, self._wait_for_disk)
        while not await asyncio.to_thread(self._writer.opened.wait, OPENED_WITHIN_S):
            await self._listen(say=True)
        if self._writer.refusal is not None:
            raise self._writer.refusal
        for node in await reader.ask(queries.nodes):
            for history in await reader.ask(node_history, [node.name], self._window_start(), COMPACTION_KINDS, None):
                self.state.load(history)
        await self.polling.load(reader)
        await self.analytics.load(reader)
        now = self.clock.now()
        for name, log in self._nodes:
            saved = await reader.ask(_positions_of, name)
            source = open_source(name, log, saved, self._settings.from_end, now)
            before = source.lines_before if isinstance(source, FileSource) else lambda: None
            processor = partial(LineProcessor, name, self._country_of, fast=not self._settings.perf.baseline)
            hot = HotPieces(begun_s=self.state.nodes[name].newest_ms // 1000 // HOUR_S * HOUR_S or -1)
            sieves = LineSieves(self.reader, name, placed=isinstance(source, FileSource))
            self.pipeline.scheduler.add(
                await asyncio.to_thread(NodePipeline, name, source, processor, Accumulator(name), before, sieves, hot=hot)
            )
        if self.state.store_problem and not self._writer.status.problem:
            self._on_store_problem("")
        if bad := self.reader.bad_rows.tables():
            what = ", ".join(f"{table} {count}" for table, count in bad.items())
            self._store_notice(f"rows of the database cannot be understood and are left out ({what}); the log names them")
        await self._listen()
        self._reading = tasks.spawn("log pipeline", lambda: asyncio.to_thread(self.pipeline.run))
        tasks.spawn("load watch", self._load.run)
        watch = IntegrityWatch(self._settings.database, self._writer.suspect, self.clock)
        tasks.spawn("look for damage", partial(watch.run, after_crash=self._writer.was_crash), backoff=Backoff())
        self._loop.call_later(HOT_AFTER_S, self.pipeline.reload)
        await self.polling.start(tasks)
        self.analytics.start(tasks)
        looks = partial(every, EVERY_S, self.node_states.look, clock=self.clock, rng=Random(), jitter_pct=0.0)
        tasks.spawn("states of nodes", looks, backoff=Backoff())
        folders = {node.name: node.storage for node in self._settings.nodes if node.storage is not None}
        if folders:
            jitter_pct = self._settings.perf.analytics_jitter_pct

            def take(name: str, *found: Any) -> None:
                self.node_status.on_file_system(name, readable(str(folders[name])), *found)

            tasks.spawn("look at disks", FileSystems(folders, take, self.clock, jitter_pct=jitter_pct).run)

    async def _listen(self, *, say: bool = False) -> None:
        if not self.has_begun_to_listen:
            self.has_begun_to_listen = True
            await self.server.start()
        if say and not self.has_said_address:
            self.say_address()

    def say_address(self) -> None:
        """Where the page is, on the standard output, once."""
        if not self.has_said_address:
            self.has_said_address = True
            print(f"storj_monitor {__version__} is at {self.server.url}", flush=True)

    async def _wait_for_disk(self, error: StoreError, tries: int) -> None:
        """While starting: what an earlier run kept cannot be read."""
        self._on_store_problem(str(error))
        if tries == 0:
            _log.warning("%s; it is tried again", error)
        if tries >= LISTEN_AFTER_TRIES:
            await self._listen(say=True)
        await asyncio.sleep(READ_AGAIN_S[min(tries, len(READ_AGAIN_S) - 1)])

    async def stop(self) -> None:
        """Everything that was read is committed before this returns (unless the disk refuses)."""
        self._writer.set_deadline(LAST_TRY_S)
        self.pipeline.stop()
        await self.polling.ask_no_more()
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await self.polling.stop()
        await self.analytics.stop()
        await asyncio.to_thread(self._writer.close)
        await self.server.stop()
        await asyncio.to_thread(self.reader.close)

    def _window_start(self) -> int:
        return int(self.clock.now()) - WINDOW_S

    def _histories(self) -> Iterator[NodeHistory]:
        for node in self.reader.ask_now(queries.nodes):
            yield from self.reader.ask_now(node_history, [node.name], self._window_start(), COMPACTION_KINDS, HOT_OPS)

    def _downloads(self, name: str, hour_s: int) -> dict[int, HotPiece]:
        return self.reader.ask_now(hot_of_hour, name, hour_s, HOT_OPS, KEPT)

    def _positions(self, name: str) -> list[SavedPosition]:
        return self.reader.ask_now(_positions_of, name)

    def _hand_over(self, tick: Tick) -> None:
        """Called in the pipeline's thread."""
        self._loop.call_soon_threadsafe(self._on_tick, tick)

    def _store_problem(self, problem: str) -> None:
        """Called in the writer's thread."""
        self._loop.call_soon_threadsafe(self._on_store_problem, problem)

    def _store_notice(self, notice: str) -> None:
        """Called in the writer's thread."""
        self._notices.append(notice)
        self._loop.call_soon_threadsafe(self.state.on_store_notices, self._notices)

    def _on_tick(self, tick: Tick) -> None:
        state = self.state
        for batch in tick.batches:
            if batch.rows:
                state.on_batch(batch, tick.now)
                self._feeds.push(batch)
                if self.frame_each_read:
                    self.server.broadcaster.tick(tick.now)
        for delta in tick.deltas:
            self.node_status.on_delta(delta)
        for node, status in tick.statuses:
            self.node_status.on_log(node, status.state)
        moved = [node for node, status in tick.statuses if state.nodes[node].status.state != status.state.value]
        move_tables(state, tick)
        for node in moved:  # or else its state would speak of another state of its log for some seconds
            self.node_states.moved(node)
        self.server.broadcaster.tick(tick.now)

    def _on_store_problem(self, problem: str) -> None:
        """The database began to refuse, or takes commits again ("")."""
        self.state.on_store_problem(problem)
        self.server.broadcaster.tick(self.clock.now())

    def _store_figures(self) -> StoreFigures:
        status = self._writer.status
        failing = bool(status.problem or self.state.store_problem)
        return StoreFigures(status.committed_at, status.commit_s, failing, status.left_out + len(self.reader.bad_rows))


def _positions_of(db: queries.Connection, name: str) -> list[SavedPosition]:
    known = {node.name: node.id for node in queries.nodes(db)}
    return queries.positions(db, known[name]) if name in known else []


def move_tables(state: State, tick: Tick) -> None:
    """What a round brought for the tables. Windows move with the sums, and also when there is no news at all."""
    for delta in tick.deltas:
        state.on_delta(delta, tick.now)
    for node, hot in tick.hot.items():
        state.on_hot(node, hot)
    for history in tick.loaded:
        state.load(history)
    for node, status in tick.statuses:
        state.on_status(
            node, LogStatus(status.state.value, status.detail, status.path, status.lag_bytes, status.since, status.last_read_at)
        )
    for node, character in tick.characters.items():
        state.on_character(node, character)
    if tick.deltas or not tick.batches:
        state.expire(tick.now)


def _retention(settings: Settings) -> Retention:
    keep = settings.retention
    return Retention(keep.events_s, keep.minutes_s, keep.hours_s, keep.days_s, keep.size_cap_bytes or 0)


def _password_hash(password: Secret | None) -> str | None:
    if password is None:
        return None
    text = password.reveal()
    return text if text.startswith("$argon2") else hash_password(text)
