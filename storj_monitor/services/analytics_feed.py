"""From the database into the engine: every committed minute once, closed hours where a long time has to be caught up.

How far a node has come is told by the rows themselves, so nothing is counted twice or lost by a restart, a kill, or another process
that reads the same log. Everything here runs in one thread that is not the event loop's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.analytics_engine.comparison import changes_of
from storj_monitor.analytics_engine.engine import AnalyticsEngine
from storj_monitor.analytics_engine.hours import HOURS
from storj_monitor.analytics_engine.node import LATE_S, WATCH_WITHIN_S
from storj_monitor.database import analytics as store
from storj_monitor.database.reader import Reader
from storj_monitor.model.analytics import Finding, Learning, NodeInput, StoredBaseline
from storj_monitor.model.ids import WELL_KNOWN
from storj_monitor.model.rollups import DAY_S, HOUR_S, MINUTE_S

CHUNK_S = 5 * MINUTE_S
HOURS_S = 6 * HOUR_S
"""Rows of one node that are in memory at once: minutes, and hours."""
CHANGES_BACK_S = DAY_S
FAILURES_BACK_S = HOUR_S
"""What may explain a finding is looked up so far back when a monitor starts."""


class NodeSnapshot(NamedTuple):
    """A node at this moment.

    live     -- its log has been read to the end: what is not there has not happened
    newest_s -- time of the newest line that was read; while the database has an older one only, the rest waits for its commit
    told     -- what it said of itself, without rows
    """

    node: str
    live: bool
    newest_s: int
    told: NodeInput


class Outcome(NamedTuple):
    """What is to be shown and kept: the newest of each."""

    findings: tuple[Finding, ...]
    baselines: tuple[StoredBaseline, ...]
    learning: tuple[Learning, ...]


@dataclass(slots=True)
class _Place:
    """All rows before `cursor_s` are in the engine, all changes and failures before `seen_s`."""

    cursor_s: int
    judge_from_s: int
    seen_s: int = 0
    version: str = ""


@dataclass(slots=True)
class _Gathered:
    findings: dict[int, Finding] = field(default_factory=dict)
    baselines: dict[tuple[str, str, str], StoredBaseline] = field(default_factory=dict)


class AnalyticsFeed:
    """One engine, and how far each of `names` has gone into it."""

    def __init__(self, names: Sequence[str], reader: Reader) -> None:
        self._names = names
        self._reader = reader
        self._engine: AnalyticsEngine | None = None
        self._places: dict[str, _Place] = {}
        self._judged_s: dict[str, int] = {}
        self._gathered = _Gathered()
        self.halted = False

    def begin(self, now: float, reaches: Mapping[str, store.Reach]) -> None:
        """Take everything from the database at the next `work`; lines up to here were judged by an earlier run and are learnt only."""
        self._engine = None
        self._gathered = _Gathered()
        self._places.clear()
        self._judged_s = {name: min(reach.newest_s, int(now)) // MINUTE_S * MINUTE_S for name, reach in reaches.items()}

    def work(self, now: float, seen: Sequence[NodeSnapshot]) -> Outcome:
        """Take in what was committed and what nodes told, and judge.

        Raises StoreError; then nothing is lost: the next call goes on from there, and gives what this one had found already.
        """
        engine = self._engine
        if engine is None:
            engine = self._engine = self._restored(now)
        gathered = self._gathered
        told = [one.told for one in seen]
        reaches = self._reader.ask_now(store.reaches)
        ends = {one.node: self._end(one, reaches[one.node], now) for one in seen if one.node in reaches and reaches[one.node].newest_s}
        for node in ends:
            if node not in self._places:
                self._places[node] = _Place(_hour(max(reaches[node].first_s, int(now) - HOURS * HOUR_S)), 0)
        is_first = not any(place.seen_s for place in self._places.values())
        while not self.halted:
            for node, end_s in ends.items():
                self._learn_hours(engine, node, reaches[node].node, _hour(min(end_s, int(now) - WATCH_WITHIN_S)))
            if is_first:
                self._make_profiles(engine, now, gathered)
                is_first = False
            inputs = [self._next(node, reaches[node].node, end) for node, end in ends.items() if self._places[node].cursor_s < end]
            if not inputs and not told:
                break
            _take(gathered, engine, now, [*told, *(new for new, _ in inputs)])
            told = []
            self._places.update((new.node, place) for new, place in inputs)
        self._gathered = _Gathered()
        return Outcome(tuple(gathered.findings.values()), tuple(gathered.baselines.values()), engine.learning())

    def flush(self, now: float) -> tuple[StoredBaseline, ...]:
        """Every baseline that has changed since it was stored last."""
        return self._engine.flush(now) if self._engine is not None else ()

    def _restored(self, now: float) -> AnalyticsEngine:
        self._reader.ask_now(store.use_small_cache)
        engine = AnalyticsEngine(WELL_KNOWN)
        kept = self._reader.ask_now(store.restore)
        # One that cannot be understood is learnt anew: its node's hours are still there.
        deque(self._reader.bad_rows.each("baseline", kept.baselines, lambda one: engine.restore([one], ())), maxlen=0)
        engine.restore((), kept.standing, kept.next_number)
        for name in {one.node for one in kept.baselines} | {one.subject.node for one in kept.standing}:
            if name not in self._names:
                engine.forget(name)
        through = store.oldest_through_s(kept.baselines)
        for name, reach in self._reader.ask_now(store.reaches).items():
            if name in self._names and reach.newest_s:
                judged_s = self._judged_s.get(name, 0)
                begin_s = min(through.get(name, reach.first_s), judged_s or int(now))
                self._places[name] = _Place(_hour(max(begin_s, int(now) - HOURS * HOUR_S)), judged_s)
        return engine

    @staticmethod
    def _end(one: NodeSnapshot, reach: store.Reach, now: float) -> int:
        """Minutes before this are complete."""
        return int(min(now - LATE_S, now if one.live and one.newest_s <= reach.newest_s else reach.newest_s)) // MINUTE_S * MINUTE_S

    def _learn_hours(self, engine: AnalyticsEngine, node: str, number: int, until_s: int) -> None:
        """Closed hours up to `until_s`, from a full hour on."""
        place = self._places[node]
        while place.cursor_s % HOUR_S == 0 and place.cursor_s < until_s and not self.halted:
            end_s = min(until_s, place.cursor_s + HOURS_S)
            engine.learn(node, self._reader.ask_now(store.hours, number, place.cursor_s, end_s))
            place.cursor_s = end_s

    def _make_profiles(self, engine: AnalyticsEngine, now: float, gathered: _Gathered) -> None:
        """After a start all profiles are made at once: the first minutes are to be judged too."""
        made = -1
        while made != engine.work.levels and not self.halted:
            made = engine.work.levels
            _take(gathered, engine, now, [])

    def _next(self, node: str, number: int, end_s: int) -> tuple[NodeInput, _Place]:
        """The next rows of a node, not beyond a full hour, from which on hours may be learnt; and its place once they are taken."""
        place = self._places[node]
        begin_s = place.cursor_s
        until_s = min(end_s, begin_s + CHUNK_S, _hour(begin_s) + HOUR_S)
        cells = self._reader.ask_now(store.minutes, number, begin_s, until_s)
        from_s, to_s, version = place.seen_s, max(until_s, place.judge_from_s), place.version
        if not from_s:
            from_s = max(begin_s, place.judge_from_s) - CHANGES_BACK_S
            version = self._reader.ask_now(store.version_before, number, from_s)
        changes, version = changes_of(self._reader.ask_now(store.change_events, number, from_s, to_s), version)
        failures = self._reader.ask_now(store.failures, number, max(from_s, to_s - FAILURES_BACK_S), to_s)
        after = _Place(until_s, place.judge_from_s, max(from_s, to_s), version)
        new = NodeInput(
            node=node,
            read_to_s=until_s,
            from_s=begin_s,
            judge_from_s=place.judge_from_s,
            cells=cells,
            changes=changes,
            failures=failures,
        )
        return new, after


def _take(gathered: _Gathered, engine: AnalyticsEngine, now: float, inputs: Iterable[NodeInput]) -> None:
    result = engine.tick(now, inputs)
    gathered.findings.update((one.number, one) for one in result.findings)
    gathered.baselines.update((one[:3], one) for one in result.baselines)


def _hour(at_s: int) -> int:
    return at_s // HOUR_S * HOUR_S
