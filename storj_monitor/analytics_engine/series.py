"""One direction of one satellite of one node (satellite "" = all of them): minutes in, raised detectors out, hours learnt on the way."""

from __future__ import annotations

import math
from typing import NamedTuple

from storj_monitor.analytics_engine.comparison import Comparison, Difference
from storj_monitor.analytics_engine.detector import Detector, SinceOnset
from storj_monitor.analytics_engine.hours import OFFSET_MS, HourHistory, Sums
from storj_monitor.analytics_engine.levels import WATCHED_COLUMNS, Model, Profile, Watch, model_of, profiles
from storj_monitor.model.analytics import Change, Finding, Level, Metric, Work
from storj_monitor.model.rollups import HOUR_S

LEAST_MINUTES = 45
"""An hour of which less was watched teaches nothing."""
RECENT_MINUTES = 60.0
FRESH_HOURS = 24
"""Profiles are made anew after a day; of young series after an eighth of their age."""
SILENT_PER_MINUTE = 1 / 360
"""Slower series (six hours between two transfers) are not watched for silence."""

_NOTHING = Sums()


class Raised(NamedTuple):
    """A detector that is raised, with what the finding needs."""

    watch: Watch
    seen: SinceOnset
    model: Model


class Series:
    """Models of the present hour are made when its first minute comes and reused until the next; profiles live for a day."""

    __slots__ = (
        "_hour_minutes",
        "_hour_sums",
        "_made_hour",
        "_models",
        "_profiles",
        "_recent",
        "comparison",
        "detectors",
        "direction",
        "history",
        "hour",
        "is_changed",
        "satellite",
        "stale",
    )

    def __init__(self, satellite: str, direction: str) -> None:
        self.satellite = satellite
        self.direction = direction
        self.history = HourHistory()
        self.hour = -1
        self.detectors = tuple(Detector(watch) for watch in Watch)
        self.comparison: Comparison | None = None
        self.stale = True
        self.is_changed = False
        self._hour_sums = Sums()
        self._hour_minutes = 0
        self._made_hour = -1
        self._models: list[Model | None] = [None] * len(Watch)
        self._profiles: dict[Metric, Profile] = {}
        self._recent: float | None = None

    def restore(self, blob: bytes) -> None:
        """Take in a stored history."""
        stored = HourHistory.decode(blob)
        if stored is not None:
            self.history.merge(stored)
            self.stale = True

    def refresh(self, work: Work) -> None:
        """Make the profiles anew; the dear part, so the engine says when."""
        self._profiles = profiles(self.history)
        self._made_hour = self.hour
        self.stale = False
        self._make_models()
        work.levels += 1

    def level(self, metric: Metric) -> Level | None:
        """What is normal in the present hour."""
        profile = self._profiles.get(metric)
        return None if profile is None else profile.at(self.hour)

    def learn(self, minute_s: int, sums: Sums | None, minutes: int = 1) -> None:
        """Count a minute (or `minutes` at once, within one hour) for the baselines only."""
        hour = minute_s // HOUR_S
        if hour != self.hour:
            self._turn(hour)
        self._hour_minutes += minutes
        if sums is not None:
            self._hour_sums.add(sums)

    def watch(self, minute_s: int, sums: Sums | None, work: Work) -> None:
        """Learn a minute and judge it."""
        self.learn(minute_s, sums)
        models = self._models
        seen = sums or _NOTHING
        n = seen.n
        detectors = self.detectors
        for i in (Watch.SILENCE, Watch.FALL, Watch.SURGE):
            model = models[i]
            if model is not None:
                work.looked_at += 1
                work.recomputed += detectors[i].offer(minute_s, 1.0, n, model)
        if n:
            for i, number, value in (
                (Watch.SUCCESS, n, seen.bad),
                (Watch.ERRORS, n, seen.failed),
                (Watch.LATENCY, seen.timed, seen.logs),
            ):
                model = models[i]
                if model is not None and number:
                    work.looked_at += 1
                    work.recomputed += detectors[i].offer(minute_s, number, value, model)
        self._follow(n)
        if self.comparison is not None:
            self.comparison.add(seen, [self.level(metric) for metric in (Metric.RATE, Metric.SUCCESS, Metric.LATENCY)])

    def raised(self) -> list[Raised]:
        """What is out of order now."""
        found = []
        for detector in self.detectors:
            model = self._models[detector.watch]
            if detector.is_raised and model is not None:
                found.append(Raised(detector.watch, detector.seen(), model))
        return found

    def is_watched(self, watch: Watch) -> bool:
        return self._models[watch] is not None

    def resume(self, watch: Watch, finding: Finding) -> None:
        """Go on with a finding of before a restart: a stretch that looked like it tells."""
        after = finding.after
        if watch is Watch.SUCCESS:
            after = 1 - after
        elif watch is Watch.LATENCY:
            after = math.log(after + OFFSET_MS)
        n = float(max(1, finding.samples))
        if watch.metric in (Metric.RATE, Metric.SILENCE):
            n = max(1.0, (finding.changed_s - finding.onset_s) / 60)
        self.detectors[watch].resume(finding.onset_s, n, n * after)

    def suspicion(self, watch: Watch) -> float:
        return self.detectors[watch].score

    def compare_from(self, change: Change) -> None:
        """Begin to compare what comes with what was normal before a change."""
        self.comparison = Comparison(change)

    def differences(self, now_s: int) -> list[Difference]:
        """What a comparison has found by now; each only once."""
        if self.comparison is None:
            return []
        found = self.comparison.due(now_s)
        if self.comparison.is_over:
            self.comparison = None
        return found

    def forget(self, watch: Watch, before_s: int) -> None:
        """What was seen before is not normal any more: begin a new level."""
        self.history.forget_before(before_s // HOUR_S, WATCHED_COLUMNS[watch.metric])
        self.detectors[watch].reset()
        self.stale = True
        self.is_changed = True

    def forget_suspicion(self) -> None:
        """Nothing can be told of this series any more: what is raised ends, too."""
        for detector in self.detectors:
            detector.reset()

    def calm(self) -> None:
        """A restart: what was only suspected so far is explained by it."""
        for detector in self.detectors:
            if not detector.is_raised:
                detector.reset()

    def _follow(self, n: int) -> None:
        """Transfers a minute of the last hour; stands still while silence is suspected."""
        if self._recent is None:
            rate = self.level(Metric.RATE)
            if rate is not None:
                self._recent = math.exp(rate.median)
        elif n or not self.detectors[Watch.SILENCE].score:
            self._recent += (n - self._recent) / RECENT_MINUTES

    def _turn(self, hour: int) -> None:
        if self.hour >= 0 and self._hour_minutes >= LEAST_MINUTES:
            skipped = [WATCHED_COLUMNS[d.watch.metric] for d in self.detectors if d.is_raised]
            self.history.put(self.hour, self._hour_sums, frozenset().union(*skipped), self._hour_minutes)
            self.is_changed = True
        self.hour = hour
        self._hour_sums = Sums()
        self._hour_minutes = 0
        age = FRESH_HOURS if self._made_hour < 0 else hour - self._made_hour
        self.stale = self.stale or age >= min(FRESH_HOURS, max(1, self.history.known() // 8))
        self._make_models()

    def _make_models(self) -> None:
        for watch in Watch:
            level = self.level(watch.metric if watch is not Watch.SILENCE else Metric.RATE)
            if level is None or (watch is Watch.SILENCE and math.exp(level.median) < SILENT_PER_MINUTE):
                self._models[watch] = None
            else:
                self._models[watch] = model_of(watch, level, None if self._recent is None else 0.9 * self._recent)
