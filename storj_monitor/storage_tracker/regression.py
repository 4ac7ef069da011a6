"""Robust regression: the line through points that a third of wild ones cannot bend.

Theil (1950) and Sen (1968): the slope is the median of the slopes of all pairs; its confidence interval follows from Kendall's test,
without assumptions about the distribution of errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

MOST_POINTS = 96
"""Pairs grow with the square: 96 points are 4,560 pairs, about 1 ms."""
Z_90 = 1.6449
"""Two-sided 90 % of the normal distribution."""


class Line(NamedTuple):
    """Units of y a unit of x. `low` and `high` bound the slope with 90 % confidence; `spread` is the median distance of points."""

    slope: float
    low: float
    high: float
    intercept: float
    points: int
    spread: float

    def at(self, x: float) -> float:
        return self.intercept + self.slope * x


def theil_sen(points: Sequence[tuple[float, float]]) -> Line | None:
    """The line through (x, y); None with fewer than three different x. At most MOST_POINTS are used, spread evenly over x."""
    chosen = _evenly(sorted(points))
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(chosen) for b in chosen[i + 1 :] if b[0] > a[0])
    n = len({x for x, _ in chosen})
    if n < 3:
        return None
    slope = median(slopes)
    intercept = median(y - slope * x for x, y in chosen)
    spread = median(abs(y - intercept - slope * x) for x, y in chosen)
    reach = Z_90 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - reach) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return Line(slope, slopes[low], slopes[high], intercept, len(chosen), spread)


def _evenly(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """One point (the last) of each of MOST_POINTS equal stretches of x, so that a dense end does not outweigh the rest."""
    if len(points) <= MOST_POINTS:
        return points
    begin, length = points[0][0], (points[-1][0] - points[0][0]) or 1.0
    last = {min(MOST_POINTS - 1, int((x - begin) / length * MOST_POINTS)): (x, y) for x, y in points}
    return [last[i] for i in sorted(last)]
