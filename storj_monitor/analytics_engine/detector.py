"""One watched metric of one series: a CUSUM with hold before it raises and hysteresis before it clears.

The score is the largest sum of log-likelihood ratios of any stretch up to now (Page 1954); where that stretch begins is the onset. It
counts evidence, not time: busy series raise within minutes, slow ones in proportion later.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.analytics_engine.levels import Model, Test, Watch
from storj_monitor.model.analytics import IllegalMove

RAISE_AT: Mapping[Watch, float] = {
    Watch.SILENCE: 13.4,
    Watch.FALL: 20.0,
    Watch.SURGE: 20.0,
    Watch.SUCCESS: 13.0,
    Watch.ERRORS: 13.0,
    Watch.LATENCY: 13.0,
}
"""Odds of e^13 = 440,000 to 1 and more."""
HOLD_S: Mapping[Watch, int] = {
    Watch.SILENCE: 180,
    Watch.FALL: 900,
    Watch.SURGE: 1800,
    Watch.SUCCESS: 180,
    Watch.ERRORS: 180,
    Watch.LATENCY: 180,
}
"""Least time from the onset to raising."""
LEAST_SEEN: Mapping[Watch, int] = {
    Watch.SILENCE: 0,
    Watch.FALL: 0,
    Watch.SURGE: 0,
    Watch.SUCCESS: 6,
    Watch.ERRORS: 6,
    Watch.LATENCY: 12,
}
"""... and least number of transfers since then: a handful of very slow ones is chance."""
MINUTE_SHARE = 0.34
"""One minute adds at most this part of RAISE_AT: a burst within two minutes never raises."""
TOP = 1.5
CLEAR_AT = 6.0
CLEAR_HOLD_S = 600
GATE = 0.5
"""The documented delta: while nothing is suspected, inputs that would add no more than this to a score are put aside."""
MAX_AGE_S = 300
"""... but no longer than this."""


class Stage(StrEnum):
    QUIET = "quiet"
    HOLDING = "holding"
    RAISED = "raised"
    CLEARING = "clearing"


STAGE_MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.QUIET: frozenset({Stage.HOLDING}),
    Stage.HOLDING: frozenset({Stage.QUIET, Stage.RAISED}),
    Stage.RAISED: frozenset({Stage.CLEARING, Stage.QUIET}),
    Stage.CLEARING: frozenset({Stage.RAISED, Stage.QUIET}),
}


class SinceOnset(NamedTuple):
    """What was seen since the onset."""

    onset_s: int
    n: float
    x: float


class Detector:
    """Takes minutes in order; `model` may be another one every hour, scores go on."""

    __slots__ = (
        "_best",
        "_clearing_s",
        "_last_s",
        "_n",
        "_onsets",
        "_pending_n",
        "_pending_x",
        "_recovery",
        "_x",
        "scores",
        "stage",
        "watch",
    )

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.stage = Stage.QUIET
        self._begin()
        self._pending_n = self._pending_x = 0.0
        self._last_s = 0

    @property
    def score(self) -> float:
        return max(self.scores)

    @property
    def is_raised(self) -> bool:
        return self.stage is Stage.RAISED or self.stage is Stage.CLEARING

    def seen(self) -> SinceOnset:
        """The stretch that is suspected or was raised."""
        best = self._best if self.is_raised else self._strongest()
        return SinceOnset(self._onsets[best], self._n[best], self._x[best])

    def offer(self, minute_s: int, n: float, x: float, model: Model) -> bool:
        """One minute's inputs. False when they moved nothing and were put aside; nothing was computed then."""
        self._pending_n += n
        self._pending_x += x
        if self.stage is Stage.QUIET and not self.scores[0] and not self.scores[1]:
            aged = minute_s - self._last_s >= MAX_AGE_S
            if not aged:
                for per_n, per_x in model.tests:
                    if per_n * n + per_x * x > GATE or per_n * self._pending_n + per_x * self._pending_x > GATE:
                        break
                else:
                    return False
        pending = self._pending_n, self._pending_x
        self._pending_n = self._pending_x = 0.0
        self._last_s = minute_s
        if self.is_raised:
            self._recover(minute_s, *pending, model)
        else:
            self._suspect(minute_s, (n, x), pending, model)
        return True

    def reset(self) -> None:
        """Forget suspicion and what is raised: the world has changed (restart, new level)."""
        if self.stage is not Stage.QUIET:
            self._move(Stage.QUIET)
        self._begin()

    def resume(self, onset_s: int, n: float, x: float) -> None:
        """Be raised again after a restart of the monitor, without another finding."""
        self._begin()
        self._onsets[0], self._n[0], self._x[0] = onset_s, n, x
        self.scores[0] = RAISE_AT[self.watch]
        self._move(Stage.HOLDING)
        self._move(Stage.RAISED)

    def _begin(self) -> None:
        self.scores = [0.0, 0.0]
        self._onsets = [0, 0]
        self._n = [0.0, 0.0]
        self._x = [0.0, 0.0]
        self._recovery = 0.0
        self._clearing_s = 0
        self._best = 0

    def _strongest(self) -> int:
        """The test to believe. The one for large faults forgets a stray failure sooner, so its onset is the better one."""
        return int(self.scores[1] > min(self.scores[0], RAISE_AT[self.watch] / 2))

    def _move(self, stage: Stage) -> None:
        if stage not in STAGE_MOVES[self.stage]:
            raise IllegalMove(f"detector {self.watch.name}: {self.stage} -> {stage}")
        self.stage = stage

    def _suspect(self, minute_s: int, minute: tuple[float, float], block: tuple[float, float], model: Model) -> None:
        limit = RAISE_AT[self.watch]
        for i, test in enumerate(model.tests):
            began = not self.scores[i]
            # A stretch begins with the newest minute, not with the quiet ones that were put aside before it.
            n, x = minute if began and _step(test, *minute) >= _step(test, *block) else block
            score = min(self.scores[i] + min(_step(test, n, x), limit * MINUTE_SHARE), limit * TOP)
            if score <= 0:
                self.scores[i], self._onsets[i], self._n[i], self._x[i] = 0.0, 0, 0.0, 0.0
                continue
            if began:
                self._onsets[i], self._n[i], self._x[i] = minute_s, 0.0, 0.0
            self.scores[i] = score
            self._n[i] += n
            self._x[i] += x
        score = self.score
        if self.stage is Stage.QUIET and score >= limit / 2:
            self._move(Stage.HOLDING)
        if self.stage is Stage.HOLDING:
            since = self.seen()
            is_held = minute_s + 60 - since.onset_s >= HOLD_S[self.watch] and since.n >= LEAST_SEEN[self.watch]
            if score >= limit and is_held:
                self._best = self._strongest()
                self._move(Stage.RAISED)
            elif score < limit / 4:
                self._move(Stage.QUIET)

    def _recover(self, minute_s: int, n: float, x: float, model: Model) -> None:
        since = self.seen()
        step = _step(model.recovery(since.n, since.x), n, x)
        self._recovery = min(CLEAR_AT * TOP, max(0.0, self._recovery + step))
        if self._recovery <= 0:
            self._n[self._best] += n
            self._x[self._best] += x
        if self.stage is Stage.RAISED and self._recovery >= CLEAR_AT:
            self._move(Stage.CLEARING)
            self._clearing_s = minute_s
        elif self.stage is Stage.CLEARING:
            if self._recovery < CLEAR_AT / 2:
                self._move(Stage.RAISED)
            elif minute_s - self._clearing_s >= CLEAR_HOLD_S:
                self._move(Stage.QUIET)
                self._begin()


def _step(test: Test, n: float, x: float) -> float:
    return test.per_n * n + test.per_x * x
