"""The satellite's own arithmetic of audit and suspension scores, step by step, and what follows from it.

score = alpha / (alpha + beta). A good audit: alpha = f * alpha + w, beta = f * beta; a bad one the other way round
(f = forgetting factor, w = weight). Whatever the result, the sum goes from t to f * t + w, so it settles at w / (1 - f): 1000 for audits,
which is also where it begins, and 20 for unknown results, where it begins at 1. A known score is therefore a known alpha and beta; for the
suspension score of a node with less than some hundred audits only together with their number.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class ScoreRule(NamedTuple):
    """Parameters of one score. The verdict falls when the score is at or below `threshold`; `initial_total`: alpha + beta at first."""

    forgetting: float
    weight: float
    threshold: float
    initial_total: float

    @property
    def settled_total(self) -> float:
        return self.weight / (1 - self.forgetting)

    def total_after(self, audits: int | None) -> float:
        """alpha + beta after so many audits; settled where nobody counted them."""
        if audits is None:
            return self.settled_total
        return self.settled_total + (self.initial_total - self.settled_total) * math.pow(self.forgetting, max(0, audits))


AUDIT = ScoreRule(forgetting=0.999, weight=1.0, threshold=0.96, initial_total=1000.0)
"""At or below 0.96: disqualified, for ever."""

SUSPENSION = ScoreRule(forgetting=0.95, weight=1.0, threshold=0.6, initial_total=1.0)
"""Unknown results of audits. At or below 0.6: suspended until it is above again."""


class Beta(NamedTuple):
    """The two sums that the satellite keeps for one score."""

    alpha: float
    beta: float

    @property
    def score(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    def after(self, good: bool, rule: ScoreRule) -> Beta:
        """The sums after one more audit."""
        alpha, beta = rule.forgetting * self.alpha, rule.forgetting * self.beta
        return Beta(alpha + rule.weight, beta) if good else Beta(alpha, beta + rule.weight)


def settled(score: float, rule: ScoreRule) -> Beta:
    """The sums behind a score whose total has settled (audits: always)."""
    return behind(score, rule, None)


def behind(score: float, rule: ScoreRule, audits: int | None) -> Beta:
    """The sums behind a score after so many audits; None: settled."""
    total = rule.total_after(audits)
    return Beta(score * total, (1 - score) * total)


def failures_allowed(score: float, rule: ScoreRule, audits: int | None = None) -> int:
    """How many audits in a row may fail now without the verdict: the next one after them brings it. 0 also when it has fallen.

    audits -- how many have touched the score so far, as far as they are counted
    """
    state, allowed = behind(score, rule, audits), 0
    if state.score <= rule.threshold:
        return 0
    while True:
        state = state.after(False, rule)
        if state.score <= rule.threshold:
            return allowed
        allowed += 1


def expected_score(score: float, good: float, bad: float, rule: ScoreRule) -> float:
    """Score after `good` and `bad` audits (need not be whole) that come evenly mixed."""
    audits = good + bad
    if audits <= 0:
        return score
    level = good / audits
    return level + (score - level) * math.pow(rule.forgetting, audits)


def failed_between(before: float, after: float, good: float, most: float, rule: ScoreRule) -> float:
    """How many audits failed while the score went from `before` to `after` and `good` ones succeeded; `most` = all others.

    Audits that were missed while offline are among the others, but they do not touch the score: this tells them apart.
    """
    if most <= 0 or expected_score(before, good, 0, rule) <= after:
        return 0.0
    low, high = 0.0, most
    if expected_score(before, good, high, rule) >= after:
        return high
    for _ in range(50):
        middle = (low + high) / 2
        if expected_score(before, good, middle, rule) > after:
            low = middle
        else:
            high = middle
    return high


def audits_until(score: float, level: float, rule: ScoreRule) -> float | None:
    """Audits until the threshold when a share of `level` of them is good; None when it is not reached that way."""
    if score <= rule.threshold:
        return 0.0
    if level >= rule.threshold:
        return None
    return math.log((rule.threshold - level) / (score - level)) / math.log(rule.forgetting)
