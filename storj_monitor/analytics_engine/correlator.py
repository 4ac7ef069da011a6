"""From raised detectors of one node to findings: one finding for one trouble, told where it is narrowest and still whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from storj_monitor.analytics_engine.comparison import Difference
from storj_monitor.analytics_engine.detector import RAISE_AT
from storj_monitor.analytics_engine.finding_text import render_finding
from storj_monitor.analytics_engine.hours import milliseconds
from storj_monitor.analytics_engine.levels import Model, Watch
from storj_monitor.analytics_engine.node import ALL, NodeWatch
from storj_monitor.analytics_engine.series import Raised, Series
from storj_monitor.model.analytics import Band, Evidence, Finding, FindingKind, FindingState, Metric, Severity, Step, Subject
from storj_monitor.model.ids import DIRECTIONS

# ---- All findings: raised once, updated while they last, resolved once. History goes to the database; resolved ones leave memory.


ACTIVE_AFTER_S = 600
"""A finding is new for ten minutes."""
LEAST_UPDATE_S = 300
"""Figures of a standing finding are told again no more often than this."""
MATERIAL_SHARE = 0.1
"""... and only when the figure has moved by a tenth of the distance between before and after."""

Key = tuple[FindingKind, Subject]


class FindingStore:
    """Standing findings by kind and subject; one at a time for each."""

    def __init__(self) -> None:
        self._standing: dict[Key, Finding] = {}
        self._changed: dict[int, Finding] = {}
        self._next = 1

    def restore(self, findings: Iterable[Finding], next_number: int) -> None:
        """Findings of the database that are not resolved; `next_number` is above all numbers ever used."""
        for finding in findings:
            if finding.state is not FindingState.RESOLVED:
                self._standing[finding.kind, finding.subject] = finding
                next_number = max(next_number, finding.number + 1)
        self._next = max(self._next, next_number)

    def standing(self) -> list[Finding]:
        return list(self._standing.values())

    def find(self, kind: FindingKind, subject: Subject) -> Finding | None:
        return self._standing.get((kind, subject))

    def report(self, draft: Finding, now_s: int) -> None:
        """Raise the finding, or bring the standing one up to date (its number, state and history stay)."""
        key = (draft.kind, draft.subject)
        known = self._standing.get(key)
        if known is None:
            raised = replace(draft, number=self._next, history=(Step(FindingState.NEW, now_s, draft.after),))
            self._next += 1
            self._put(raised)
        elif _is_material(known, draft, now_s):
            self._put(
                replace(
                    draft,
                    number=known.number,
                    state=known.state,
                    history=known.history,
                    onset_s=known.onset_s,
                    found_s=known.found_s,
                    cause=known.cause or draft.cause,
                    changed_s=now_s,
                )
            )

    def resolve(self, kind: FindingKind, subject: Subject, now_s: int, why: str) -> None:
        """End a standing finding; nothing when there is none."""
        known = self._standing.pop((kind, subject), None)
        if known is not None:
            ended = replace(known.moved(FindingState.RESOLVED, now_s), why_resolved=why)
            self._changed[ended.number] = ended

    def age(self, now_s: int) -> None:
        """New findings become active."""
        for finding in list(self._standing.values()):
            if finding.state is FindingState.NEW and now_s - finding.found_s >= ACTIVE_AFTER_S:
                self._put(finding.moved(FindingState.ACTIVE, now_s))

    def take_changed(self) -> tuple[Finding, ...]:
        """What is new or has changed since the last call, in order of number."""
        changed = tuple(self._changed[number] for number in sorted(self._changed))
        self._changed.clear()
        return changed

    def _put(self, finding: Finding) -> None:
        self._standing[finding.kind, finding.subject] = finding
        self._changed[finding.number] = finding


def _is_material(known: Finding, draft: Finding, now_s: int) -> bool:
    if draft.severity > known.severity:
        return True
    if now_s - known.changed_s < LEAST_UPDATE_S:
        return False
    if draft.severity != known.severity:
        return True
    distance = abs(known.after - known.before) or abs(known.before) or 1.0
    return abs(draft.after - known.after) > MATERIAL_SHARE * distance


def unnumbered(kind: FindingKind, subject: Subject, severity: Severity, onset_s: int, now_s: int, before: float, after: float) -> Finding:
    """A draft for `FindingStore.report`."""
    return Finding(
        number=0,
        kind=kind,
        subject=subject,
        state=FindingState.NEW,
        severity=severity,
        onset_s=onset_s,
        found_s=now_s,
        changed_s=now_s,
        before=before,
        after=after,
    )


# ---- From raised detectors of one node to findings: one finding for one trouble, told where it is narrowest and still whole.


NEW_LEVEL_AFTER_S = 3 * 86_400
"""What has lasted this long is how it is now: the finding ends and a new baseline begins."""
CHANGE_STANDS_S = 3 * 86_400
SEVERE_SHARE = 0.5
"""A share this much worse is critical."""
STRONGER: Mapping[Watch, tuple[Watch, ...]] = {
    Watch.FALL: (Watch.SILENCE,),
    Watch.ERRORS: (Watch.SUCCESS, Watch.SILENCE),
    Watch.LATENCY: (Watch.SILENCE,),
    Watch.SUCCESS: (Watch.SILENCE,),
}
"""While one of these is raised in the same series, the other says nothing new."""
KIN: Mapping[Metric, tuple[Metric, ...]] = {Metric.SUCCESS: (Metric.ERRORS,), Metric.ERRORS: (Metric.SUCCESS,)}
"""Two sides of one trouble: the one that was told first stands for both."""
_ANOMALY, _CHANGE = FindingKind.ANOMALY, FindingKind.CHANGE

_MUTE = "the log does not tell transfers any more"


class Correlator:
    """Reports to the store what one node's series say."""

    def __init__(self, store: FindingStore) -> None:
        self._store = store

    def correlate(self, node: NodeWatch, now_s: int, names: Mapping[str, str]) -> None:
        """All series, growth and comparisons of a node."""
        raised = {key: {r.watch: r for r in series.raised()} for key, series in node.series.items()}
        kept = self._raised_subjects(node, now_s)
        # Satellites first: a trouble that one of them explains is told there.
        for key in sorted(raised, key=lambda key: key[0] == ALL):
            for watch, one in raised[key].items():
                subject = self._subject(node, node.series[key], watch)
                standing = self._store.find(_ANOMALY, subject)
                if standing is None and self._is_told_elsewhere(node, node.series[key], one, raised):
                    continue
                if now_s - one.seen.onset_s > NEW_LEVEL_AFTER_S:
                    node.series[key].forget(watch, now_s)
                    kept.discard(subject)
                    self._store.resolve(_ANOMALY, subject, now_s, "it is how it is now: a new baseline begins")
                    continue
                self._store.report(self._anomaly(node, subject, one, now_s, names), now_s)
        self._growth(node, now_s, names, kept)
        for finding in self._store.standing():
            if finding.subject.node != node.name:
                continue
            if finding.kind is _ANOMALY and finding.subject not in kept:
                self._store.resolve(_ANOMALY, finding.subject, now_s, _MUTE if node.mute else "back to normal")
            elif finding.kind is _CHANGE and (node.mute or now_s - finding.found_s > CHANGE_STANDS_S):
                self._store.resolve(_CHANGE, finding.subject, now_s, _MUTE if node.mute else "told long enough")
        if node.mute:
            return
        for key in sorted(node.series):
            for difference in node.series[key].differences(now_s):
                self._change(node, node.series[key], difference, now_s, names)

    def _raised_subjects(self, node: NodeWatch, now_s: int) -> set[Subject]:
        """Also of detectors that wait for their first baseline after a restart of the monitor, though not for ever."""
        found = set()
        for series in node.series.values():
            for detector in series.detectors:
                if detector.is_raised and not series.is_watched(detector.watch) and now_s - detector.seen().onset_s > NEW_LEVEL_AFTER_S:
                    detector.reset()
                if detector.is_raised:
                    found.add(self._subject(node, series, detector.watch))
        return found

    @staticmethod
    def _subject(node: NodeWatch, series: Series, watch: Watch) -> Subject:
        return Subject(node.name, series.satellite, series.direction, watch.metric)

    def _is_told_elsewhere(
        self, node: NodeWatch, series: Series, one: Raised, raised: Mapping[tuple[str, int], Mapping[Watch, Raised]]
    ) -> bool:
        """Is this trouble part of another that is, or will at once be, a finding?"""
        watch, metric = one.watch, one.watch.metric
        same = [key for key in node.series if node.series[key].direction == series.direction]
        mine = next(key for key in same if key[0] == series.satellite)
        if any(stronger in raised[mine] for stronger in STRONGER.get(watch, ())):
            return True
        if any(self._store.find(_ANOMALY, Subject(node.name, series.satellite, series.direction, kin)) for kin in KIN.get(metric, ())):
            return True
        other = "down" if series.direction == "up" else "up"
        beside = self._store.find(_ANOMALY, Subject(node.name, series.satellite, other, metric))
        if beside is not None and beside.severity >= _severity(one, series.satellite):
            return True
        satellites = [node.series[key] for key in same if key[0] != ALL and node.series[key].is_watched(watch)]
        suspects = [s for s in satellites if s.suspicion(watch) >= RAISE_AT[watch] / 2]
        is_common = len(suspects) >= 2 and 2 * len(suspects) >= len(satellites)
        # Silence of the only satellite is the node's own.
        is_own = watch is Watch.SILENCE and len(same) == 2
        if series.satellite != ALL:
            return self._stands(node, ALL, series, metric) or ((is_common or is_own) and watch in raised[ALL, mine[1]])
        return any(self._stands(node, key[0], series, metric) for key in same) or (len(suspects) == 1 and not is_own)

    def _stands(self, node: NodeWatch, satellite: str, series: Series, metric: Metric) -> bool:
        """Is there a finding about this or what is told in its place?"""
        subjects = [Subject(node.name, satellite, series.direction, kin) for kin in (metric, *KIN.get(metric, ()))]
        return any(self._store.find(_ANOMALY, subject) is not None for subject in subjects)

    def _anomaly(self, node: NodeWatch, subject: Subject, one: Raised, now_s: int, names: Mapping[str, str]) -> Finding:
        watch, seen, model = one
        before, after = model.base, model.observed(seen.n, seen.x)
        samples = int(seen.x if watch.metric in (Metric.RATE, Metric.SILENCE) else seen.n)
        if watch is Watch.LATENCY:
            before, after = milliseconds(before), milliseconds(after)
        if watch is Watch.SUCCESS:
            before, after = 1 - before, 1 - after
        draft = unnumbered(_ANOMALY, subject, _severity(one, subject.satellite), seen.onset_s, now_s, before, after)
        draft = replace(self._with_score(draft, model.z_score(seen.n, seen.x), samples), band=_band(watch, model))
        reasons: list[Evidence] = []
        if watch in (Watch.SUCCESS, Watch.ERRORS):
            reasons = node.reasons(subject.satellite, subject.direction, seen.onset_s)
        other = DIRECTIONS[1 - DIRECTIONS.index(subject.direction)]
        twin = node.series.get((subject.satellite, DIRECTIONS.index(other)))
        also = other if twin is not None and twin.detectors[watch].is_raised else ""
        return render_finding(draft, names, reasons, node.cause(seen.onset_s), now_s, also)

    def _growth(self, node: NodeWatch, now_s: int, names: Mapping[str, str], kept: set[Subject]) -> None:
        pace = node.growth.raised
        if pace is None:
            return
        subject = Subject(node.name, ALL, "", Metric.GROWTH)
        kept.add(subject)
        severity = Severity.CRITICAL if pace.full_days < 1 else Severity.WARNING
        draft = unnumbered(_ANOMALY, subject, severity, pace.onset_s, now_s, pace.usual, pace.now)
        draft = replace(self._with_score(draft, pace.score, 0), band=pace.band)
        self._store.report(render_finding(draft, names, (), "", now_s), now_s)

    def _change(self, node: NodeWatch, series: Series, difference: Difference, now_s: int, names: Mapping[str, str]) -> None:
        subject = Subject(node.name, series.satellite, series.direction, difference.metric)
        whole = subject._replace(satellite=ALL)
        twin = subject._replace(direction="down" if series.direction == "up" else "up")
        if any(self._store.find(kind, about) for kind in (_ANOMALY, _CHANGE) for about in (subject, whole, twin)):
            return
        severity = Severity.GOOD if difference.better else Severity.INFO if difference.better is None else Severity.WARNING
        draft = unnumbered(_CHANGE, subject, severity, difference.change.at_s, now_s, difference.before, difference.after)
        draft = replace(self._with_score(draft, difference.score, difference.samples), band=difference.band)
        self._store.report(render_finding(draft, names, (), difference.change.text, now_s), now_s)

    @staticmethod
    def _with_score(draft: Finding, score: float, samples: int) -> Finding:
        return replace(draft, score=round(score, 2), samples=samples)


def _band(watch: Watch, model: Model) -> Band:
    """What would still be normal, in the unit of the finding."""
    low, high = model.normal()
    if watch is Watch.SUCCESS:
        return 1 - (high or 0.0), 1 - (low or 0.0)
    if watch is Watch.LATENCY:
        return None, milliseconds(high or 0.0)
    return (low, None) if watch is Watch.SILENCE else (low, high)


def _severity(one: Raised, satellite: str) -> Severity:
    watch, seen, model = one
    if watch in (Watch.FALL, Watch.SURGE):
        return Severity.INFO
    if watch is Watch.SILENCE:
        return Severity.CRITICAL if satellite == ALL else Severity.WARNING
    if watch is not Watch.LATENCY and model.observed(seen.n, seen.x) - model.base >= SEVERE_SHARE:
        return Severity.CRITICAL
    return Severity.WARNING
