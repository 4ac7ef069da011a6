"""Growth of a node's space and when it is full, with a confidence band; and of the fleet, shrinking nodes included.

The line through points is one that a third of wild ones cannot bend. Theil (1950) and Sen (1968): the slope is the median of the slopes
of all pairs; its confidence interval follows from Kendall's test, without assumptions about the distribution of errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from storj_monitor.model.analytics import SpaceOutlook, SpaceSample
from storj_monitor.model.space import SpacePoint
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.storage_tracker.history import DAY_S
from storj_monitor.storage_tracker.reconcile import reconcile

WINDOWS_DAYS = (7, 30, 90)
"""Over which growth is looked at; the page may choose others."""
LEVELS = (0.80, 0.95, 1.00)
LEAST_POINTS = 8
LEAST_DAYS = 2.0
LEAST_SHARE = 0.5
"""A window needs 8 points over at least 2 days and half of its length."""
FAR_DAYS = 3650.0
"""Farther than ten years is never."""
MOST_POINTS = 96
"""Pairs grow with the square: 96 points are 4,560 pairs, about 1 ms."""
Z_90 = 1.6449
"""Two-sided 90 % of the normal distribution."""


class GrowthState(StrEnum):
    """What the data allow to say."""

    UNKNOWN = "unknown"
    GROWING = "growing"
    STEADY = "steady"
    SHRINKING = "shrinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Bytes a day over a window, with its 90 % band. `why` says what is missing while it is unknown. Steady: the band has 0 in it."""

    state: GrowthState
    window_days: float
    points: int
    from_at: float = 0.0
    to_at: float = 0.0
    bytes_per_day: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


class DaysUntil(NamedTuple):
    """Days until a level of the capacity: expected, and the band from earliest to latest. None = not in ten years, or not known.

    `reached`: the level is passed already, all days are 0.
    """

    level: float
    level_bytes: int
    days: float | None
    earliest: float | None
    latest: float | None
    reached: bool


class Forecast(NamedTuple):
    """One node: growth, what is used of what it can hold, and when the levels are reached."""

    growth: Growth
    used_bytes: int
    capacity_bytes: int
    levels: tuple[DaysUntil, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetGrowth:
    """All nodes together. `left_out` are nodes whose growth is unknown: their space is in the sums, their growth is not."""

    growth: Growth
    used_bytes: int
    capacity_bytes: int
    levels: tuple[DaysUntil, ...]
    counted: tuple[str, ...]
    left_out: tuple[str, ...]
    shrinking: tuple[str, ...]


def growth(points: Sequence[SpacePoint], now: float, window_days: float) -> Growth:
    """Growth over the last `window_days`. A change of the source is no growth: only points that tell `used`, or else only `free`, count."""
    inside = [p for p in points if now - window_days * DAY_S <= p.at <= now]
    with_used = [(p.at / DAY_S, float(p.used)) for p in inside if p.used is not None]
    series = with_used or [(p.at / DAY_S, -float(p.free)) for p in inside if p.free is not None]
    span = series[-1][0] - series[0][0] if series else 0.0
    needed = max(LEAST_DAYS, LEAST_SHARE * window_days) if window_days > LEAST_DAYS else LEAST_SHARE * window_days
    if len(series) < LEAST_POINTS or span < needed:
        why = f"{len(series)} points over {span:.1f} days; needs {LEAST_POINTS} over {needed:.1f} days"
        return Growth(state=GrowthState.UNKNOWN, window_days=window_days, points=len(series), why=why)
    line = theil_sen(series)
    if line is None:
        return Growth(state=GrowthState.UNKNOWN, window_days=window_days, points=len(series), why="too few different times")
    return Growth(
        state=_state(line.low, line.high),
        window_days=window_days,
        points=len(series),
        from_at=series[0][0] * DAY_S,
        to_at=series[-1][0] * DAY_S,
        bytes_per_day=line.slope,
        low=line.low,
        high=line.high,
    )


def days_until(
    used_bytes: int, capacity_bytes: int, rate: Growth, levels: Sequence[float] = LEVELS, age_days: float = 0.0
) -> tuple[DaysUntil, ...]:
    """When the levels of the capacity are reached at this growth; `age_days`: how old `used_bytes` is."""
    found = []
    for level in levels:
        target = round(level * capacity_bytes)
        left = target - used_bytes
        if left <= 0:
            found.append(DaysUntil(level, target, 0.0, 0.0, 0.0, True))
        else:
            days, earliest, latest = (_days(left, per_day, age_days) for per_day in (rate.bytes_per_day, rate.high, rate.low))
            found.append(DaysUntil(level, target, days, earliest, latest, False))
    return tuple(found)


def forecast(points: Sequence[SpacePoint], now: float, window_days: float, levels: Sequence[float] = LEVELS) -> Forecast:
    """One node's growth and when it is full, counted from `now`. `points`: its history, oldest first."""
    rate = growth(points, now, window_days)
    newest = next((p for p in reversed(points) if p.at <= now and p.occupied is not None), None)
    if newest is None:
        return Forecast(rate, 0, 0, ())
    used, capacity = space_of(newest)
    # A node that tells only what is free: 100 % is the one level that can be known.
    known = levels if newest.used is not None else [level for level in levels if level == 1.0]
    if capacity <= 0 or (newest.free is None and not newest.allocated):
        known = ()  # what it can hold is not known: it is not full for that
    return Forecast(rate, used, capacity, days_until(used, capacity, rate, known, (now - newest.at) / DAY_S))


def space_of(point: SpacePoint) -> tuple[int, int]:
    """(used, capacity) in bytes for sums and forecasts. A node that tells only what is free counts as empty and that large."""
    if point.used is None:
        return 0, point.free or 0
    return point.used, point.used + point.free if point.free is not None else point.allocated or point.used


def fleet_growth(nodes: Mapping[str, Forecast], levels: Sequence[float] = LEVELS) -> FleetGrowth:
    """All nodes by name. Rates add up, shrinking ones too; bands add up as independent errors do."""
    known = {name: n.growth for name, n in nodes.items() if n.growth.bytes_per_day is not None}
    used, capacity = sum(n.used_bytes for n in nodes.values()), sum(n.capacity_bytes for n in nodes.values())
    window = max((n.growth.window_days for n in nodes.values()), default=0.0)
    if not known:
        total = Growth(state=GrowthState.UNKNOWN, window_days=window, points=0, why="no node has enough data yet")
    else:
        slope = math.fsum(g.bytes_per_day or 0.0 for g in known.values())
        below = math.sqrt(math.fsum(((g.bytes_per_day or 0.0) - (g.low or 0.0)) ** 2 for g in known.values()))
        above = math.sqrt(math.fsum(((g.high or 0.0) - (g.bytes_per_day or 0.0)) ** 2 for g in known.values()))
        total = Growth(
            state=_state(slope - below, slope + above),
            window_days=window,
            points=sum(g.points for g in known.values()),
            from_at=min(g.from_at for g in known.values()),
            to_at=max(g.to_at for g in known.values()),
            bytes_per_day=slope,
            low=slope - below,
            high=slope + above,
        )
    return FleetGrowth(
        growth=total,
        used_bytes=used,
        capacity_bytes=capacity,
        levels=days_until(used, capacity, total, levels) if capacity else (),
        counted=tuple(sorted(known)),
        left_out=tuple(sorted(set(nodes) - set(known))),
        shrinking=tuple(sorted(name for name, g in known.items() if g.state is GrowthState.SHRINKING)),
    )


def _state(low: float, high: float) -> GrowthState:
    if low > 0:
        return GrowthState.GROWING
    return GrowthState.SHRINKING if high < 0 else GrowthState.STEADY


def _days(left_bytes: int, per_day: float | None, age_days: float) -> float | None:
    if per_day is None or per_day <= 0:
        return None
    days = max(0.0, left_bytes / per_day - age_days)
    return days if days <= FAR_DAYS else None


OLD_SPACE_S = DAY_S
"""Space that nobody told for so long is not known."""


def space_samples(node: NodeStatus, now: float) -> tuple[SpaceSample, ...]:
    """Used space without what waits for a compaction, as the node told it last. Nothing where only the log tells."""
    picture = reconcile(node.space.evidence, now)
    used, free = picture.used, picture.free
    if used is None or now - used.taken_at > OLD_SPACE_S:
        return ()
    dead = picture.reclaimable
    basis = f"{picture.meaning} {used.source} {dead is not None}"
    kept = used.value - (dead.value if dead is not None else 0)
    return (SpaceSample(int(used.taken_at), kept, None if free is None else free.value, basis),)


def space_outlook(points: Sequence[SpacePoint], now: float) -> SpaceOutlook | None:
    """When the node is full, by the shortest window whose growth is known. None: nobody knows."""
    if not points or now - points[-1].at > OLD_SPACE_S:
        return None
    forecasts = [forecast(points, now, days) for days in WINDOWS_DAYS]
    best = next((one for one in forecasts if one.growth.state is not GrowthState.UNKNOWN), forecasts[0])
    for level in best.levels:
        if level.level == 1.0:
            return SpaceOutlook(level.days, level.earliest, level.latest, level.reached)
    return None


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
