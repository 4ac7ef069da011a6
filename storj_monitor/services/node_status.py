"""Routes what is told about a node: to the trackers, whose changes go into memory, to the rows that wait, and to whoever shows them.

It knows no rule: what an answer means is the trackers' to say. Everything runs on the event loop but the writing (see row_queue).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from msgspec.structs import replace

from storj_monitor.clock import Clock
from storj_monitor.database import node_tables as store
from storj_monitor.database.analytics import add_version
from storj_monitor.database.bad_rows import BadRows
from storj_monitor.database.node_loading import kept_answers, known_nodes
from storj_monitor.financial_tracker import update as money
from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.missing import MissingSatellite, missing_satellites, why_nothing
from storj_monitor.model.estimates import SatelliteEstimate
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.figures import Figure
from storj_monitor.model.kept import KeptScore
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, NodeAnswer
from storj_monitor.model.node_events import ScoresReported, VersionSeen
from storj_monitor.model.reputation import ScorePoint
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.sources import SourceState
from storj_monitor.model.space import FileSystemSpace, SpacePoint
from storj_monitor.node_api.discovery import shared_apis
from storj_monitor.reputation_tracker import update as standing
from storj_monitor.reputation_tracker import uptime_update as uptime
from storj_monitor.reputation_tracker.uptime import node_away_since, node_uptime
from storj_monitor.services.row_queue import AnswerKeeper, RowQueue
from storj_monitor.state.counters import CounterHistory
from storj_monitor.state.node_status import AHEAD_S, NO_CHANGES, Changes, NodeRegistry, NodeStatus, Standing, Topic, addressed_by
from storj_monitor.state.nodes import State
from storj_monitor.state.signs import signs_after_delta, signs_after_lines
from storj_monitor.storage_tracker import update as space

FRESH_S = 600.0
"""A score line that is not older makes the node's satellites be asked again."""
REFRESH_S = 300.0
"""Figures that only grow older are sent again this often."""
_UPTIME = frozenset({Topic.HEALTH, Topic.REPUTATION})
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class NodeSignals:
    """What NodeStatusService says to its subscribers, which are called in turn; but for `changed` with the node's name.

    changed -- pages may want to know
    moved   -- something was told about a node
    scored  -- its log tells new scores: windows and dates have changed with them
    doubted -- its own estimate contradicts ours
    """

    changed: list[Callable[[], None]] = field(default_factory=list)
    moved: list[Callable[[str], None]] = field(default_factory=list)
    scored: list[Callable[[str], None]] = field(default_factory=list)
    doubted: list[Callable[[str], None]] = field(default_factory=list)


class NodeStatusService:
    """`believed_now` is the time that what is kept ages by: a clock that jumped makes nothing old (see database.steady_clock)."""

    def __init__(
        self,
        registry: NodeRegistry,
        state: State,
        estimates: NodeEstimates,
        rows: RowQueue,
        clock: Clock,
        believed_now: Callable[[], float] | None = None,
    ) -> None:
        self.registry: Final = registry
        self.signals: Final = NodeSignals()
        self._state = state
        self._estimates = estimates
        self._rows = rows
        self._clock = clock
        self._believed_now = believed_now or clock.now
        self._answers = AnswerKeeper(registry)
        self._told_at: dict[tuple[str, Topic], float] = {}
        self._missing: dict[str, list[MissingSatellite]] = {}
        self._shown: dict[str, tuple[object, ...]] = {}

    # ---- what comes in ----

    def on_answer(self, answer: Answer) -> None:
        """An answer came: into memory, and to the rows that wait."""
        status = self._status_of(answer)
        version = status.versions.running
        changes, topics = self._take(status, answer)
        dropped = [record for one in changes for record in one.dropped]
        kept = [record for one in changes for record in one.kept] + self._answers.take(status, answer)
        self._rows.pending.write(status.name, kept, dropped)
        if status.versions.running is not version:
            self._keep_version(status, version)
        if any(one.ends_month for one in changes):
            self._keep_estimate(status, doubts=answer.kind is AnswerKind.ESTIMATE)
        self._tell(status.name, topics)
        self._rows.flush_soon()

    def on_state(self, name: str, state: ApiState) -> None:
        """An endpoint opened or closed; how long the node may still be away changes with it, and with its routes what sums leave out."""
        status = self.registry.of(name)
        before = status.endpoints.get(state.endpoint)
        topics = self._apply(status, uptime.update_endpoint(status, state, self._clock.now()))
        if before is None or before.routes != state.routes:
            topics |= {Topic.EARNINGS, Topic.REPUTATION}
        self._tell(name, topics)
        self._rows.flush_soon()

    def without_endpoints(self, name: str) -> None:
        """Nobody asks this node (now)."""
        status = self.registry.of(name)
        self._apply(status, uptime.without_endpoints(status, self._clock.now()))
        self._rows.flush()

    def on_old_minutes(self, name: str, minutes: Mapping[int, tuple[int, int]]) -> None:
        """Transfers and successes by minute (start, Unix seconds) as an earlier run stored them."""
        status, latest = self.registry.of(name), self._clock.now() + AHEAD_S
        gaps = status.log.pulse.recall(minutes, latest)
        self._apply(status, uptime.update_from_old_gaps(status, gaps))

    def on_log(self, name: str, state: SourceState) -> None:
        """How the reading of its log stands."""
        status = self.registry.of(name)
        stands = (state is SourceState.LIVE, state is SourceState.CATCHING_UP)
        if stands != (status.log.is_read, status.log.is_behind):
            status.log = replace(status.log, is_read=stands[0], is_behind=stands[1])

    def on_delta(self, delta: NodeDelta) -> None:
        """Lines of a log were summed up."""
        status, now = self.registry.of(delta.node), self._clock.now()
        gaps = status.log.pulse.take(delta, now + AHEAD_S)
        topics = self._apply(status, uptime.update_from_delta(status, delta, gaps, now))
        if delta.free_space:
            topics |= self._apply(status, space.update_from_free_space(status, delta.free_space.values(), now))
        if topics:
            self._tell(delta.node, topics)
            self._rows.flush()
        if delta.errors or delta.cells:
            signs, status.signs = status.signs, signs_after_delta(status.signs, delta)
            if signs is not status.signs:
                self._say(self.signals.moved, delta.node)
        if delta.events or delta.notable:
            self.on_lines(delta.node, delta.events, live=True)
            self.on_transfers(delta.node, delta.notable)

    def on_transfers(self, name: str, transfers: Iterable[Transfer]) -> None:
        """Notable transfers; those that a score depends on are kept."""
        status = self.registry.of(name)
        self._tell(name, self._apply(status, standing.update_from_transfers(status, transfers)))

    def on_lines(self, name: str, events: Iterable[NodeEvent], *, live: bool) -> None:
        """Typed lines of a log, oldest first; `live` when they were just read, else they come from the database."""
        status, now, every = self.registry.of(name), self._clock.now(), list(events)
        if live and any(isinstance(event, ScoresReported) and event.time_ms > (now - FRESH_S) * 1000 for event in every):
            self._say(self.signals.scored, name)
        topics: Set[Topic] = frozenset()
        for update in (standing.update_from_lines, space.update_from_lines, uptime.update_from_process_lines):
            topics |= self._apply(status, update(status, every, now))
        versions, signs = status.versions, status.signs
        status.versions, status.signs = versions.with_events(every), signs_after_lines(signs, every)
        if status.signs is not signs or status.versions != versions:
            topics |= {Topic.HEALTH}
        self._tell(name, topics)
        if live:
            self._rows.flush()

    def on_file_system(self, name: str, folder: str, found: FileSystemSpace | None, problem: str) -> None:
        """The disk of a node was looked at; None where it could not be, for the reason `problem`."""
        status = self.registry.of(name)
        self._tell(name, self._apply(status, space.update_from_disk(status, folder, found, problem)))

    def add_history(self, name: str, points: Sequence[SpacePoint], by_satellite: Mapping[str, Sequence[ScorePoint]]) -> None:
        """Points of the past, in any order."""
        status = self.registry.of(name)
        topics = self._apply(status, space.add_history(status, points))
        self._tell(name, topics | self._apply(status, standing.add_history(status, by_satellite)))
        self._rows.flush()

    def add_estimates(self, name: str, made: Sequence[tuple[int, SatelliteEstimate]]) -> None:
        """Estimates of the past, each with the moment (Unix milliseconds) when it was made, oldest first."""
        status = self.registry.of(name)
        self._tell(name, self._apply(status, money.add_estimates(status, made, self._clock.now())))
        self._rows.flush()

    def set_warnings(self, name: str, warnings: tuple[str, ...], *, found: bool | None = None) -> None:
        """Sentences for the operator, replacing those before."""
        status = self.registry.of(name)
        if found is not None:
            status.found = found
        status.warnings = warnings
        self._tell(name, {Topic.HEALTH})

    # ---- as time goes by ----

    def look(self) -> None:
        """A silence grows until it is too long, a start takes too long: nothing comes, and the state is another one."""
        now = self._clock.now()
        for status in self.registry.nodes.values():
            seen = node_uptime(status, now)
            shown = (seen.state, seen.since, seen.certain, seen.evidence)
            if self._shown.get(status.name) != shown:
                self._shown[status.name] = shown
                self._tell(status.name, _UPTIME)

    def every_while(self) -> None:
        """While a node is away its budget melts."""
        now = self._clock.now()
        for status in self.registry.nodes.values():
            if node_away_since(status, now) is not None:
                self._tell(status.name, {Topic.REPUTATION})

    def every_hour(self) -> None:
        """Let go of what is too old, keep what the rules keep."""
        now = min(self._clock.now(), self._believed_now())
        for status in self.registry.nodes.values():
            for tidy in (standing.tidy, space.tidy, uptime.tidy_outages):
                self._tell(status.name, self._apply(status, tidy(status, now)))
        self._rows.flush()

    # ---- from run to run ----

    def keep_last(self) -> None:
        """The monitor stops: the last answers and scores are stored as they are."""
        now = self._clock.now()
        for answer in self._answers.every():
            self._rows.pending.write(answer.node, [answer])
        for status in self.registry.nodes.values():
            points = [KeptScore(satellite, points[-1]) for satellite, points in status.standing.points.items() if points]
            self._rows.pending.write(status.name, [*status.counted.take_unkept(now), *points])
        self._rows.flush(at_once=True)

    def load(self, read: Mapping[str, list[store.Row]], bad_rows: BadRows | None = None) -> None:
        """Begin with what the database has (see `database.node_tables.read_all`). `bad_rows`: where rows that cannot be are counted."""
        bad = BadRows() if bad_rows is None else bad_rows
        known = known_nodes(read, list(self.registry.nodes), bad)
        for name, one in known.items():
            self.registry.of(name).recall(one)
        deque(bad.each(store.LAST_ANSWER.name, kept_answers(read), self._recall_answer), maxlen=0)
        for name, status in self.registry.nodes.items():
            # sanctions as they are in the database, whatever kept answers told meanwhile: those may be older
            spans = known[name].spans if name in known else {}
            status.standing = replace(status.standing, spans=spans, written={})
            if name in known:
                status.counted = CounterHistory.resumed(known[name], status.metrics, self._clock.now())
            for changes in (space.recall_free_space(status), uptime.resume_endpoints(status), money.resume(status)):
                status.apply(changes)
            self.registry.changed(name, *Topic)

    def _recall_answer(self, answer: Answer) -> None:
        self._answers.know(answer, at=answer.asked_at)
        status = self._status_of(answer)
        self._take(status, answer)

    # ---- one answer ----

    def _status_of(self, answer: Answer) -> NodeStatus:
        """The node's; begun anew when another node answers under its name."""
        status = self.registry.of(answer.node)
        if isinstance(answer.value, NodeAnswer) and status.answer is not None and status.answer.node_id != answer.value.node_id:
            fresh = NodeStatus(
                status.name, endpoints=status.endpoints, found=status.found, outages=status.outages, revisions=status.revisions
            )
            fresh.warnings = (f"Since then this is another node: it was {status.answer.node_id}, it is {answer.value.node_id}.",)
            fresh.standing = Standing(spans=status.standing.spans)
            fresh.insight, fresh.log, fresh.signs = status.insight, status.log, status.signs
            fresh.answered_endpoints = status.answered_endpoints
            self.registry.nodes[status.name] = fresh
            return fresh
        return status

    def _take(self, status: NodeStatus, answer: Answer) -> tuple[list[Changes], Set[Topic]]:
        """What trackers make of it, into memory; and which topics may look different now."""
        now = self._clock.now()
        changes = [update(status, answer, now) for update in (standing.update, space.update, money.update)]
        topics: Set[Topic] = status.take(answer, changes)
        for one in changes:
            topics |= self._said_with(status, one)
        if isinstance(answer.value, NodeAnswer):
            if Topic.REPUTATION in topics:  # tables that know no addresses name satellites, too
                self._state.satellite_names |= addressed_by(self.registry.nodes)
            self._look_for_doubles()
        return changes, topics

    def _keep_version(self, status: NodeStatus, before: Figure[str] | None) -> None:
        """A change that no log tells is stored as an event: it may explain others."""
        after = status.versions.running
        if after is not None and after.value != (before.value if before is not None else ""):
            event = VersionSeen(time_ms=round(after.taken_at * 1000), level="", version=after.value)
            self._rows.submit(partial(add_version, node=status.name, event=event))

    def _keep_estimate(self, status: NodeStatus, *, doubts: bool) -> None:
        trusted = status.answer.standings if status.answer else ()
        complete = bool(trusted) and all(one.satellite in status.money.usages or why_nothing(status, one.satellite) for one in trusted)
        if complete:
            self.registry.changed(status.name, Topic.EARNINGS)
            earnings = self._estimates.of(status, self._clock.now())
            if earnings is not None:
                if doubts and money.is_doubtful(earnings):
                    self._say(self.signals.doubted, status.name)
                self._apply(status, money.update_from_estimate(status, earnings))

    def _apply(self, status: NodeStatus, changes: Changes) -> Set[Topic]:
        """Into memory and to the rows that wait. Which topics may look different now."""
        if changes is not NO_CHANGES:
            status.apply(changes)
            self._rows.pending.write(status.name, changes.kept, changes.dropped)
        return changes.topics

    def _said_with(self, status: NodeStatus, changes: Changes) -> Set[Topic]:
        """What is refused is logged. Topics whose figures are the same, only younger: to be sent now and then, not with every answer."""
        if changes.refused:
            more = f" (and {len(changes.refused) - 1} more)" if len(changes.refused) > 1 else ""
            text = "node %s told what cannot be right, it is not kept: %s%s"
            _log.warning(text, status.name, changes.refused[0], more, extra={"node": status.name})
        if not changes.told_again:
            return frozenset()
        now = self._clock.now()
        due = {one for one in changes.told_again if one in changes.topics or now - self._told_at.get((status.name, one), 0.0) >= REFRESH_S}
        self._told_at.update(((status.name, one), now) for one in due)
        return due

    def _tell(self, name: str, topics: Set[Topic]) -> None:
        if topics:
            missing = missing_satellites(self.registry.of(name))
            if missing != self._missing.get(name, []):  # whoever told it: sums of money leave out another satellite now
                self._missing[name], topics = missing, topics | {Topic.EARNINGS}
            self.registry.changed(name, *topics)
            self._say(self.signals.moved, name)
            for subscriber in self.signals.changed:
                subscriber()

    def _say(self, subscribers: Iterable[Callable[[str], None]], name: str) -> None:
        for subscriber in subscribers:
            subscriber(name)

    def _look_for_doubles(self) -> None:
        """Two names for one node are said on the page of both."""
        every = list(self.registry.nodes.values())
        doubles = shared_apis([(status.name, None, status.node_id) for status in every if status.node_id])
        for status in every:
            others = tuple(one for one in status.warnings if "are given the same API" not in one)
            own = tuple(one for one in doubles if status.node_id and status.node_id in one)
            if others + own != status.warnings:
                status.warnings = others + own
                self._tell(status.name, {Topic.HEALTH})
