"""How a figure grows: y = factor * x^exponent, fitted by least squares over the logarithms; and its picture on two logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from charts import BOTTOM, COLOURS, HEIGHT, LEFT, TOP, WIDTH, document, legend, text

Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]


class Fit(NamedTuple):
    """`r2`: how much of the spread of log y the line explains (1 = all)."""

    exponent: float
    factor: float
    r2: float

    @property
    def words(self) -> str:
        e = self.exponent
        kind = (
            "falls"
            if e < -0.1
            else "flat"
            if e <= 0.1
            else "less than in proportion"
            if e < 0.9
            else "in proportion"
            if e <= 1.1
            else "MORE"
        )
        return f"x^{e:.2f} ({kind})"


def fit(points: Points) -> Fit | None:
    """None with fewer than two different x; points that are not above 0 are left out."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x, mean_y = (sum(v[i] for v in logs) / len(logs) for i in (0, 1))
    sxx = sum((x - mean_x) ** 2 for x, _ in logs)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in logs)
    syy = sum((y - mean_y) ** 2 for _, y in logs)
    slope = sxy / sxx
    return Fit(slope, math.exp(mean_y - slope * mean_x), 1.0 if syy < 1e-12 else sxy * sxy / (sxx * syy))


def log_chart(title: str, x_name: str, unit: str, series: Mapping[str, Points]) -> str:
    """Series of (x, y) with their fitted lines as one SVG document; both axes logarithmic."""
    points = [p for values in series.values() for p in values if p[0] > 0 and p[1] > 0]
    x_low, x_high = _decades([x for x, _ in points])
    y_low, y_high = _decades([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_low) / (x_high - x_low)
        up = (math.log10(y) - y_low) / (y_high - y_low)
        return LEFT + across * (WIDTH - LEFT - 20), TOP + (1 - up) * (HEIGHT - BOTTOM - TOP)

    parts = [text(LEFT, 14, title, "start", 12), text(LEFT - 5, TOP - 8, unit, "end", 9), text(WIDTH - 8, HEIGHT - 8, x_name, "end")]
    parts += _grid(place, (x_low, x_high), (y_low, y_high))
    for i, (name, values) in enumerate(series.items()):
        parts += _series(place, [p for p in values if p[0] > 0 and p[1] > 0], COLOURS[(i + 1) % len(COLOURS)], unit)
        found = fit(values)
        parts.append(legend(i, f"{name} {found.words}" if found else name, COLOURS[(i + 1) % len(COLOURS)]))
    return document(parts)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    if not values:
        return 0, 1
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    return low, max(high, low + 1)


def _grid(place: Place, across: tuple[int, int], up: tuple[int, int]) -> list[str]:
    parts = []
    for power in range(up[0], up[1] + 1):
        (x0, y), (x1, _) = place(10.0 ** across[0], 10.0**power), place(10.0 ** across[1], 10.0**power)
        parts.append(f'<line x1="{x0:.1f}" x2="{x1:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de" stroke-width="0.6"/>')
        parts.append(text(LEFT - 5, y + 3, f"{10.0**power:g}", "end", 9))
    for power in range(across[0], across[1] + 1):
        x, y = place(10.0**power, 10.0 ** up[0])
        parts.append(text(x, y + 13, f"{10.0**power:g}", "middle", 9))
    return parts


def _series(place: Place, points: Points, colour: str, unit: str) -> list[str]:
    parts = []
    for x, y in points:
        across, down = place(x, y)
        shown = escape(f"{x:g}: {y:.4g} {unit}")
        parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"><title>{shown}</title></circle>')
    found = fit(points)
    if found:
        ends = [place(x, found.factor * x**found.exponent) for x in (min(x for x, _ in points), max(x for x, _ in points))]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.2" stroke-dasharray="4 3" points="{path}"/>')
    return parts
