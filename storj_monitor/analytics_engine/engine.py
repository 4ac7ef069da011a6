"""The analytics of all nodes: rows and the time in, changed findings and baselines to store out. Nothing here waits or looks at a clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from storj_monitor.analytics_engine.correlator import Correlator, FindingStore, unnumbered
from storj_monitor.analytics_engine.finding_text import render_finding
from storj_monitor.analytics_engine.growth import Judgement, judge_budget, judge_earnings, judge_space
from storj_monitor.analytics_engine.levels import Watch
from storj_monitor.analytics_engine.node import NodeWatch
from storj_monitor.model.analytics import (
    Finding,
    FindingKind,
    HourCell,
    Learning,
    Metric,
    NodeInput,
    Severity,
    StoredBaseline,
    Subject,
    TickResult,
    Work,
)
from storj_monitor.model.ids import DIRECTIONS

REFRESHES_A_TICK = 8
"""Profiles are the dear part (a few ms each): no more than this many in one tick; series keep their old ones meanwhile."""


class AnalyticsEngine:
    """Call `restore` and `learn` once, then `tick` about once a minute. `work` counts what was done.

    names -- satellite id to the name that operators say; the mapping is looked at whenever a finding is told
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self.work = Work()
        self._names = names if names is not None else {}
        self._nodes: dict[str, NodeWatch] = {}
        self._store = FindingStore()
        self._correlator = Correlator(self._store)

    def restore(self, baselines: Iterable[StoredBaseline], findings: Iterable[Finding], next_number: int = 1) -> None:
        """What the database kept: all baselines, unresolved findings, and one more than the highest number it has ever seen."""
        for stored in baselines:
            self._node(stored.node).restore(stored)
        kept = list(findings)
        self._store.restore(kept, next_number)
        for finding in kept:
            if finding.kind is FindingKind.ANOMALY and finding in self._store.standing():
                self._resume(finding)

    def learn(self, node: str, rows: Iterable[HourCell]) -> None:
        """Closed hours (of the `satellite_hour` rollup) after the stored baselines' `through_s`; all of six weeks when there are none."""
        self._node(node).learn(rows)

    def forget(self, node: str) -> None:
        """The node is watched no more: its findings end."""
        self._nodes.pop(node, None)
        for finding in self._store.standing():
            if finding.subject.node == node:
                self._store.resolve(finding.kind, finding.subject, finding.changed_s, "the node is no longer watched")

    def tick(self, now: float, inputs: Iterable[NodeInput]) -> TickResult:
        """Take what came, close minutes, judge. Cheap when nothing came: minutes without transfers only add to silence."""
        now_s = int(now)
        for new in inputs:
            node = self._node(new.node)
            node.take(new, self.work)
            self._foresee(new, now_s)
        refreshes = REFRESHES_A_TICK
        due: list[StoredBaseline] = []
        for node in self._nodes.values():
            node.close(now_s, self.work)
            for series in node.series.values():
                if series.stale and refreshes and series.hour >= 0:
                    series.refresh(self.work)
                    refreshes -= 1
            if node.has_news:
                node.has_news = False
                self._correlator.correlate(node, now_s, self._names)
            due += node.due(now_s, everything=False)
        self._store.age(now_s)
        return TickResult(self._store.take_changed(), tuple(due))

    def flush(self, now: float) -> tuple[StoredBaseline, ...]:
        """Every baseline that has changed: for the end of the process."""
        return tuple(stored for node in self._nodes.values() for stored in node.due(int(now), everything=True))

    def findings(self) -> tuple[Finding, ...]:
        """Findings that stand, worst and newest first."""
        return tuple(sorted(self._store.standing(), key=lambda f: (-f.severity, -f.found_s, f.number)))

    def learning(self) -> tuple[Learning, ...]:
        """How much is known of each node."""
        return tuple(node.learning() for node in self._nodes.values())

    def _node(self, name: str) -> NodeWatch:
        found = self._nodes.get(name)
        if found is None:
            found = self._nodes[name] = NodeWatch(name)
        return found

    def _resume(self, finding: Finding) -> None:
        """A finding that stood when the monitor stopped goes on, or clears by what comes now."""
        subject = finding.subject
        if subject.direction not in DIRECTIONS:
            return
        series = self._node(subject.node).series_of((subject.satellite, DIRECTIONS.index(subject.direction)))
        if series is None:
            return
        for watch in Watch:
            surges = watch is not Watch.SURGE if finding.after < finding.before else watch is not Watch.FALL
            if watch.metric is subject.metric and surges:
                series.resume(watch, finding)

    def _foresee(self, new: NodeInput, now_s: int) -> None:
        """What the trackers foresee of one node."""
        subject = Subject(new.node, "", "", Metric.SPACE)
        if new.space is not None:
            self._forecast(subject, judge_space(new.space, self._standing(subject)), now_s)
        if new.budget is not None:
            subject = subject._replace(metric=Metric.BUDGET)
            judged = judge_budget(new.budget, self._standing(subject))
            self._forecast(subject, judged, now_s, new.budget.satellite)
        if new.earnings is not None:
            subject = subject._replace(metric=Metric.EARNINGS)
            self._forecast(subject, judge_earnings(new.earnings, self._standing(subject)), now_s)

    def _standing(self, subject: Subject) -> Severity | None:
        found = self._store.find(FindingKind.FORECAST, subject)
        return None if found is None else found.severity

    def _forecast(self, subject: Subject, judged: Judgement | None, now_s: int, satellite: str = "") -> None:
        if judged is None:
            self._store.resolve(FindingKind.FORECAST, subject, now_s, "the forecast is good again")
            return
        draft = unnumbered(FindingKind.FORECAST, subject, judged.severity, now_s, now_s, judged.before, judged.after)
        about = subject._replace(satellite=satellite)
        rendered = render_finding(replace(draft, subject=about, band=judged.band), self._names, (), "", now_s)
        self._store.report(replace(rendered, subject=subject), now_s)
