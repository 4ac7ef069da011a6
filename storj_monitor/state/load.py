"""Back-pressure as a decision: measures and time in, load state out. Pages get less, step by step; the reading of logs never does.

A step towards less is made as soon as a measure is at its bound, one a look; a step back only after every measure has been below
its lower bound for `CALM_S`: no flapping on a load that hovers around a bound.
"""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.load import Load, LoadState, Measures

CALM_S = 2.0
# The pace of reading is that of so many seconds.
TRAIL_S = 10.0
LEAST_LEFT_S = 0.5
_MIB = 1 << 20


class Bound(NamedTuple):
    """A measure at `up` or above asks for the state; it is content with a better one below `down`."""

    up: float
    down: float


class Bounds(NamedTuple):
    """What a state is asked for by. None: this measure never asks for it."""

    lag_bytes: Bound
    commits_waiting: Bound | None
    loop_lag_s: Bound


LEVELS = (LoadState.NORMAL, LoadState.DOWNSAMPLED, LoadState.PAUSED)

BOUNDS: dict[LoadState, Bounds] = {
    # 8 MiB are read in less than a second; two waiting commits are all that can wait.
    LoadState.DOWNSAMPLED: Bounds(Bound(8 * _MIB, 4 * _MIB), Bound(2, 2), Bound(0.25, 0.1)),
    # A disk that takes no commits is not made faster by pages that get nothing.
    LoadState.PAUSED: Bounds(Bound(64 * _MIB, 32 * _MIB), None, Bound(1.0, 0.5)),
}


class Judgement(NamedTuple):
    """The load, and what the next look needs to know: since when all is calm enough for a step back, and the last lags by time.

    Sources say their lag more seldom than it is looked at: `trail` has each value once, with the time when it was new.
    """

    load: Load = Load()
    calm_since: float | None = None
    trail: tuple[tuple[float, int], ...] = ()


def judge(before: Judgement, measures: Measures, now: float) -> Judgement:
    """One look. `now` is monotonic seconds, not earlier than that of `before`; the state moves by at most one level."""
    level = LEVELS.index(before.load.state)
    trail = tuple((at, lag) for at, lag in before.trail if at >= now - TRAIL_S)
    if not trail or trail[-1][1] != measures.lag_bytes:
        trail = (*trail, (now, measures.lag_bytes))
    calm_since = None
    if level + 1 < len(LEVELS) and _asking(BOUNDS[LEVELS[level + 1]], measures, low=False):
        level += 1
    elif level and not _asking(BOUNDS[LEVELS[level]], measures, low=True):
        calm_since = now if before.calm_since is None else before.calm_since
        if now - calm_since >= CALM_S:
            level, calm_since = level - 1, None
    state = LEVELS[level]
    reason = (_asking(BOUNDS[state], measures, low=True) or before.load.reason) if level else ""
    return Judgement(Load(state, reason, measures, _left_s(trail, now)), calm_since, trail)


def _asking(bounds: Bounds, measures: Measures, *, low: bool) -> str:
    """The first measure at its bound (`low`: at or above the lower one); "" for none."""
    for name, bound, value in zip(("lag", "commits", "loop"), bounds, measures, strict=True):
        if bound is not None and value >= (bound.down if low else bound.up):
            return name
    return ""


def _left_s(trail: tuple[tuple[float, int], ...], now: float) -> float | None:
    """At the pace since there was most, which may have come at once. None while it grows or stands."""
    last_at, last = trail[-1]
    first_at, first = max(trail, key=lambda seen: (seen[1], seen[0]))
    if not last or last == first:
        return None
    return max(LEAST_LEFT_S, last * (last_at - first_at) / (first - last) - (now - last_at))
