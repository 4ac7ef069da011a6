"""Keeps the subjects: every answer and every line about a node goes into memory here, and into the database through the one writer.

Everything runs on the event loop but the writing (see subject_writing).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from storj_monitor.clock import Clock
from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.analytics import add_version
from storj_monitor.database.bad_rows import BadRows
from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.missing import MissingSatellite, missing_satellites, why_nothing
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing
from storj_monitor.model.estimates import SatelliteEstimate
from storj_monitor.model.events import NodeEvent, Transfer
from storj_monitor.model.node_answers import (
    AllSatellitesAnswer,
    Answer,
    AnswerKind,
    ApiState,
    NodeAnswer,
    Notification,
    SatelliteAnswer,
)
from storj_monitor.model.node_events import ScoresReported
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.reputation import HealthAnswer, ScorePoint
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.sources import SourceState
from storj_monitor.model.space import FileSystemSpace, SpacePoint
from storj_monitor.reputation_tracker.reputation import snapshots_of_addresses, snapshots_of_health
from storj_monitor.reputation_tracker.uptime import node_away_since
from storj_monitor.services import subject_money as money
from storj_monitor.services import subject_scores as scores
from storj_monitor.services.answer_keeping import AnswerKeeper
from storj_monitor.services.subject_health import count_transfers
from storj_monitor.services.subject_loading import Found, load_counted, load_histories, load_money, load_standings
from storj_monitor.services.subject_signs import take_event_signs, take_space_signs, tell_doubles
from storj_monitor.services.subject_space import (
    add_points,
    news_of_impossible,
    recall_free_space,
    take_disk,
    take_free_space,
    take_log_space,
    take_metrics_space,
    take_usage_space,
    thin_points,
)
from storj_monitor.services.subject_uptime import UptimeKeeper, expire_outages
from storj_monitor.services.subject_versions import take_version
from storj_monitor.services.subject_writing import Later, RowQueue, Works
from storj_monitor.state.node_status import NodeRegistry, NodeStatus, Standing, Topic, addressed_by
from storj_monitor.state.nodes import State

FRESH_S = 600.0
"""A score line that is not older makes the node's satellites be asked again."""
REFRESH_S = 300.0
"""Figures that only grow older are sent again this often."""


class SubjectKeeper:
    """`changed` is called when pages may want to know. `from_writer` brings a call from the writer's thread to the event loop.
    `believed_now` is the time that what is kept ages by. `later`: see RowQueue.

    `on_scores`, `on_doubt` and `on_moved` may be set: called with a node's name when its log tells new scores, when its estimate
    contradicts ours, and when anything was told about it.
    """

    def __init__(
        self,
        registry: NodeRegistry,
        state: State,
        estimates: NodeEstimates,
        works: Works,
        clock: Clock,
        *,
        changed: Callable[[], None],
        from_writer: Callable[[Callable[[], None]], object],
        believed_now: Callable[[], float] | None = None,
        later: Later | None = None,
    ) -> None:
        self._believed_now = believed_now or clock.now
        self.subjects = registry
        self._state = state
        self._estimates = estimates
        self._works = works
        self._clock = clock
        self._changed = changed
        self._rows = RowQueue(works, from_writer, later)
        self._pending = self._rows.pending
        self._last: dict[str, money.LastEstimates] = {}
        self._answers = AnswerKeeper(self.subjects)
        self._told_at: dict[tuple[str, Topic], float] = {}
        self._uptimes = UptimeKeeper()
        self._missing: dict[str, list[MissingSatellite]] = {}
        self.on_scores: Callable[[str], None] = lambda _: None
        self.on_doubt: Callable[[str], None] = lambda _: None
        self.on_moved: Callable[[str], None] = lambda _: None

    # ---- what comes in ----

    def on_answer(self, answer: Answer) -> None:
        """An answer came: into memory, and to the rows that wait."""
        node = self._node_of(answer)
        version = take_version(node, answer.value)
        if version is not None:
            self._works.submit_work(partial(add_version, node=node.name, event=version), lambda: None)
        before = node.impossible_texts
        moved = self._take(node, answer) | news_of_impossible(node, before)
        self._answers.take(node, answer, self._pending)
        if money.tells_the_month(node, answer):
            self._keep_estimate(node, doubts=answer.kind is AnswerKind.ESTIMATE)
        self._tell(node.name, moved)
        self._rows.flush_soon()

    def on_state(self, name: str, state: ApiState) -> None:
        """A door opened or closed; how long the node may still be away changes with it, and with its routes what sums leave out."""
        node = self.subjects.of(name)
        before = node.doors.get(state.door)
        moved = self._uptimes.take_door(node, state, self._clock.now(), self._pending)
        if before is None or before.routes != state.routes:
            moved |= {Topic.EARNINGS, Topic.REPUTATION}
        self._tell(name, moved)
        self._rows.flush_soon()

    def no_doors(self, name: str) -> None:
        """Nobody asks this node (now)."""
        self._uptimes.take_no_doors(self.subjects.of(name), self._clock.now(), self._pending)
        self._rows.flush()

    def on_old_minutes(self, name: str, minutes: Mapping[int, tuple[int, int]]) -> None:
        """Transfers and successes by minute (start, Unix seconds) as an earlier run stored them."""
        self._uptimes.take_old_minutes(self.subjects.of(name), minutes, self._clock.now(), self._pending)

    def on_log(self, name: str, state: SourceState) -> None:
        """How the reading of its log stands."""
        log = self.subjects.of(name).log
        log.is_read, log.is_behind = state is SourceState.LIVE, state is SourceState.CATCHING_UP

    def on_delta(self, delta: NodeDelta) -> None:
        """Lines of a log were summed up."""
        moved = self._uptimes.take_delta(self.subjects.of(delta.node), delta, self._clock.now(), self._pending)
        if moved:
            self._tell(delta.node, moved)
            self._rows.flush()
        if delta.free_space and take_free_space(self.subjects.of(delta.node), delta.free_space.values(), self._clock.now(), self._pending):
            self._tell(delta.node, {Topic.STORAGE})
            self._rows.flush()
        if (delta.errors or delta.cells) and take_space_signs(self.subjects.of(delta.node).signs, delta):
            self.on_moved(delta.node)
        if delta.events or delta.notable:
            self.on_lines(delta.node, delta.events, live=True)
            self.on_transfers(delta.node, delta.notable)

    def on_transfers(self, name: str, transfers: Iterable[Transfer]) -> None:
        """Notable transfers; those that a score depends on are kept."""
        node = self.subjects.of(name)
        if scores.take_transfers(node, transfers):
            node.standing.changes += 1
            self._tell(name, {Topic.REPUTATION})

    def on_lines(self, name: str, events: Iterable[NodeEvent], *, live: bool) -> None:
        """Typed lines of a log, oldest first; `live` when they were just read, else they come from the database."""
        node, now, every = self.subjects.of(name), self._clock.now(), list(events)
        moved: set[Topic] = set()
        if live and any(isinstance(event, ScoresReported) and event.time_ms > (now - FRESH_S) * 1000 for event in every):
            self.on_scores(name)
        if scores.take_events(node, every, now, self._pending):
            node.standing.changes += 1
            moved.add(Topic.REPUTATION)
        if take_log_space(node, every, now, self._pending):
            moved.add(Topic.STORAGE)
        moved |= self._uptimes.take_lines(node, every, now, self._pending)
        versions, node.versions = node.versions, node.versions.with_events(every)
        if take_event_signs(node.signs, every) or node.versions != versions:
            moved.add(Topic.HEALTH)
        self._tell(name, moved)
        if live:
            self._rows.flush()

    def on_file_system(self, name: str, folder: str, found: FileSystemSpace | None, problem: str) -> None:
        """The disk of a node was looked at; None where it could not be, for the reason `problem`."""
        space = self.subjects.of(name).space
        space.evidence = replace(space.evidence, file_system=found)
        space.folder, space.problem = folder, problem
        self._tell(name, {Topic.STORAGE})

    def add_history(self, name: str, space: Sequence[SpacePoint], by_satellite: Mapping[str, Sequence[ScorePoint]]) -> None:
        """Points of the past, in any order."""
        node = self.subjects.of(name)
        add_points(node, space, self._pending)
        for satellite, points in by_satellite.items():
            scores.add_points(node, satellite, points, self._pending)
        self._tell(name, {Topic.STORAGE, Topic.REPUTATION})
        self._rows.flush()

    def add_estimates(self, name: str, made: Sequence[tuple[int, SatelliteEstimate]]) -> None:
        """Estimates of the past, each with the moment (Unix milliseconds) when it was made, oldest first."""
        now_ms, last = int(self._clock.now() * 1000), self._last.setdefault(name, {})
        money.add_estimates(self.subjects.of(name), made, last, now_ms, self._pending)
        self._tell(name, {Topic.EARNINGS})
        self._rows.flush()

    def remark(self, name: str, remarks: tuple[str, ...], *, found: bool | None = None) -> None:
        """Sentences for the operator, replacing those before."""
        node = self.subjects.of(name)
        if found is not None:
            node.found = found
        node.remarks = remarks
        self._tell(name, {Topic.HEALTH})

    def look(self) -> None:
        """What changes by nothing being said."""
        for node in self.subjects.nodes.values():
            self._tell(node.name, self._uptimes.look(node, self._clock.now()))

    def every_while(self) -> None:
        """While a node is away its budget melts."""
        now = self._clock.now()
        for node in self.subjects.nodes.values():
            if node_away_since(node, now) is not None:
                self._tell(node.name, {Topic.REPUTATION})

    def every_hour(self) -> None:
        """Let go of what is too old, keep what the rules keep. A clock that jumped makes nothing old (see database.steady_clock)."""
        now = min(self._clock.now(), self._believed_now())
        for node in self.subjects.nodes.values():
            scores.thin_points(node, now, self._pending)
            thin_points(node, now, self._pending)
            if scores.expire(node, now):
                self._tell(node.name, {Topic.REPUTATION})
            expire_outages(node, now, self._pending)
        self._rows.flush()

    # ---- what goes out ----

    def keep_last(self) -> None:
        """The monitor stops: the last answers and scores are stored as they are."""
        self._answers.keep_all(self._pending, self._clock.now())
        for node in self.subjects.nodes.values():
            for satellite, points in node.standing.points.items():
                if points:
                    self._pending.put(store.SCORE_POINT, rows.score_row(node.name, satellite, points[-1]))
        self._rows.flush(at_once=True)

    # ---- memory of an earlier run ----

    def load(self, read: Mapping[str, list[store.Row]], bad_rows: BadRows | None = None) -> None:
        """Begin with what the database has (see `database.subjects.read_all`). `bad_rows`: where rows that cannot be are counted."""
        found = Found(read, BadRows() if bad_rows is None else bad_rows)
        load_histories(self.subjects, found)
        self._last = load_money(self.subjects, found)
        kept = self._answers.load(read.get(store.LAST_ANSWER.name, ()))
        deque(found.bad.each(store.LAST_ANSWER.name, kept, self._take_kept), maxlen=0)
        load_standings(self.subjects, found)
        self._rows.forget()  # what was just read need not be written again
        for name, node in self.subjects.nodes.items():
            node.counted = load_counted(node, found, self._clock.now())
            recall_free_space(node)
            node.money.usage_since = 0.0
            self._uptimes.resume(node)
            if node.node_id:  # another node may have had this name before
                node.money.stubs = {key: stub for key, stub in node.money.stubs.items() if key.node_id == node.node_id}
                node.money.payouts = {key: row for key, row in node.money.payouts.items() if key.node_id == node.node_id}
            self.subjects.changed(name, *Topic)

    def _take_kept(self, answer: Answer) -> None:
        node = self._node_of(answer)
        take_version(node, answer.value)
        self._take(node, answer)

    # ---- one answer ----

    def _node_of(self, answer: Answer) -> NodeStatus:
        """The node; begun anew when another node answers under its name."""
        node = self.subjects.of(answer.node)
        if isinstance(answer.value, NodeAnswer) and node.answer is not None and node.answer.node_id != answer.value.node_id:
            fresh = NodeStatus(node.name, doors=node.doors, found=node.found, outages=node.outages, revisions=node.revisions)
            fresh.remarks = (f"Since then this is another node: it was {node.answer.node_id}, it is {answer.value.node_id}.",)
            fresh.standing = Standing(spans=node.standing.spans)
            fresh.insight, fresh.log = node.insight, node.log
            fresh.signs = node.signs
            self.subjects.nodes[node.name] = fresh
            self._last.pop(node.name, None)
            return fresh
        return node

    def _take(self, node: NodeStatus, answer: Answer) -> set[Topic]:
        """Which subjects may look different now."""
        now, pending, value = self._clock.now(), self._pending, answer.value
        if isinstance(value, NodeAnswer):
            return self._take_node(node, value, now)
        if isinstance(value, SatelliteAnswer):
            return self._take_satellite(node, answer, value, now)
        if isinstance(value, AllSatellitesAnswer):
            addresses = {known.address: satellite for satellite, known in node.standing.known.items() if known.address}
            told = snapshots_of_addresses(value.scores, addresses, answer.asked_at)
            take_usage_space(node, value.storage, now, pending)
            return {Topic.STORAGE} | self._scored(node, scores.take_snapshots(node, told, now, pending), now)
        if isinstance(value, NodeMetrics):
            count_transfers(node, value)
            seen_at = node.metrics.taken_at if node.metrics else None
            node.metrics = value
            started = self._uptimes.take_start(node, value.started_at, seen_at, now, pending)
            take_metrics_space(node, value, now, pending)
            moved = self._scored(node, scores.take_snapshots(node, value.reputation, now, pending), now)
            return {Topic.STORAGE, Topic.HEALTH} | moved | started
        if isinstance(value, HealthAnswer):
            node.health = value
            moved = self._scored(node, scores.take_snapshots(node, snapshots_of_health(value), now, pending), now)
            return {Topic.HEALTH} | moved
        return self._take_money(node, answer, now)

    def _take_node(self, node: NodeStatus, value: NodeAnswer, now: float) -> set[Topic]:
        seen_at = node.answer.taken_at if node.answer else None
        node.answer = value
        take_disk(node, value.disk, now, self._pending)
        moved = scores.take_snapshots(node, value.standings, now, self._pending)
        trusted = frozenset(standing.satellite for standing in value.standings)
        subjects = {Topic.HEALTH, Topic.STORAGE}
        started_at = None if value.started_at is None else value.started_at - (value.clock_ahead_s or 0.0)
        subjects |= self._uptimes.take_start(node, started_at, seen_at, now, self._pending)
        if moved:
            self._state.satellite_names |= addressed_by(self.subjects.nodes)  # tables that know no addresses name them, too
        if trusted:
            moved |= scores.forget_satellites(node, trusted)
            if money.forget_satellites(node, trusted):
                subjects.add(Topic.EARNINGS)
            gone = [satellite for satellite in node.space.usages if satellite and satellite not in trusted]
            for satellite in gone:
                del node.space.usages[satellite]
        self._look_for_doubles()
        if moved:
            subjects |= {Topic.REPUTATION, Topic.EARNINGS}
        return subjects | self._scored(node, moved, now)

    def _take_satellite(self, node: NodeStatus, answer: Answer, value: SatelliteAnswer, now: float) -> set[Topic]:
        moved = scores.take_snapshots(node, [value.reputation], now, self._pending)
        take_usage_space(node, value.storage, now, self._pending)
        money.take_usage(node, answer, value.usage, self._pending)
        return {Topic.EARNINGS, Topic.STORAGE} | self._scored(node, moved, now)

    def _take_money(self, node: NodeStatus, answer: Answer, now: float) -> set[Topic]:
        value, pending = answer.value, self._pending
        if isinstance(value, EstimatedPayout):
            money.take_estimate(node, answer, value)
        elif isinstance(value, Pricing):
            money.take_pricing(node, answer, value, pending)
        elif isinstance(value, tuple):
            if answer.kind is AnswerKind.NOTIFICATIONS:
                node.notifications = tuple(one for one in value if isinstance(one, Notification))
                return {Topic.HEALTH, Topic.REPUTATION}
            if answer.kind is AnswerKind.PERIODS:
                node.money.periods_at = answer.asked_at
            if not node.node_id:  # whose paystubs these are is not known yet; they are asked for again
                return set()
            last = self._last.setdefault(node.name, {})
            money.take_paystubs(node, tuple(one for one in value if isinstance(one, Paystub)), last, int(now * 1000), pending)
            money.take_payouts(node, tuple(one for one in value if isinstance(one, PayoutHistoryRow)), pending)
            money.take_held_history(node, tuple(one for one in value if isinstance(one, HeldHistoryRow)), int(now * 1000), pending)
        return {Topic.EARNINGS}

    def _scored(self, node: NodeStatus, moved: bool, now: float) -> set[Topic]:
        """Scores that stay the same are not sent every minute only because they were told again."""
        key = (node.name, Topic.REPUTATION)
        node.standing.changes += moved
        if moved or now - self._told_at.get(key, 0.0) >= REFRESH_S:
            self._told_at[key] = now
            return {Topic.REPUTATION}
        return set()

    def _tell(self, name: str, moved: Set[Topic]) -> None:
        if moved:
            missing = missing_satellites(self.subjects.of(name))
            if missing != self._missing.get(name, []):  # whoever told it: sums of money leave out another satellite now
                self._missing[name], moved = missing, moved | {Topic.EARNINGS}
            self.subjects.changed(name, *moved)
            self.on_moved(name)
            self._changed()

    def _keep_estimate(self, node: NodeStatus, *, doubts: bool) -> None:
        standing = node.answer.standings if node.answer else ()
        complete = bool(standing) and all(one.satellite in node.money.usages or why_nothing(node, one.satellite) for one in standing)
        if complete:
            self.subjects.changed(node.name, Topic.EARNINGS)
            earnings = self._estimates.of(node, self._clock.now())
            if earnings is not None:
                if doubts and money.is_doubtful(earnings):
                    self.on_doubt(node.name)
                money.keep_estimate(node, earnings.estimate, self._last.setdefault(node.name, {}), self._pending)

    def _look_for_doubles(self) -> None:
        """Two names for one node are said on the page of both."""
        for name in tell_doubles(self.subjects.nodes.values()):
            self._tell(name, {Topic.HEALTH})
