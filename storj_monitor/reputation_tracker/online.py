"""Online score: what the satellite makes of its audit windows, which of them found the node away, and how long it may be away.

The score is the mean of online / total over the complete windows of the tracking period (60 windows: 30 days of 12 h); the newest
window is not complete and does not count; windows without audits do not exist; one window or none gives 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.reputation import AuditWindow

HOUR_S = 3600.0
WINDOW_S = 43_200.0
TRACKED_WINDOWS = 60
OFFLINE_THRESHOLD = 0.6
"""Below 0.6 (and with a full tracking period): suspended for being offline."""
STRAY_HOURS = 720.0
"""No contact for 30 days: disqualified, whatever the score was."""
_STEP_HOURS = 0.25


class OfflineWindow(NamedTuple):
    """A window in which audits did not find the node. `offline_s` assumes that audits are spread evenly."""

    start_at: float
    length_s: float
    total: int
    missed: int
    offline_s: float


class BudgetState(StrEnum):
    """What an absence would lead to; the text is what goes on the wire.

    COUNTED   -- the satellite counts: the node is suspended once the hours are over
    YOUNG     -- the satellite cannot suspend it yet, for it has too few windows; the hours are those after which it would when it can
    SUSPENDED -- it is suspended for being offline already; nothing is left to lose until the score is above 0.6 again
    UNKNOWN   -- nobody tells a score
    """

    COUNTED = "counted"
    YOUNG = "young"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DowntimeBudget:
    """How long the node may be away from now on.

    hours          -- until the online score would be below 0.6 at a moment when that counts (or 720 h have passed without contact);
                      None when nothing is known
    score          -- online score that `windows` give now, None without windows
    windows        -- complete windows that count
    full           -- the tracking period is full; before that the satellite does not suspend
    estimated      -- no windows were known, only the score and perhaps the age
    limited_by     -- "online_score" or "contact" (30 days without contact)
    away_since     -- the node is away already, and `hours` is what is left of it
    """

    hours: float | None
    score: float | None
    windows: int
    full: bool
    estimated: bool
    limited_by: str = "online_score"
    away_since: float | None = None

    @property
    def state(self) -> BudgetState:
        """What an absence would lead to."""
        if self.hours is None:
            return BudgetState.UNKNOWN
        if self.windows < TRACKED_WINDOWS:
            return BudgetState.YOUNG
        if self.score is not None and self.score < OFFLINE_THRESHOLD:
            return BudgetState.SUSPENDED
        return BudgetState.COUNTED


def window_length_s(windows: Sequence[AuditWindow]) -> float:
    """Length of a window: 12 h, or the smallest distance where it is less (test networks)."""
    gaps = [b.start_at - a.start_at for a, b in zip(windows, windows[1:], strict=False) if b.start_at > a.start_at]
    return min([WINDOW_S, *gaps])


def online_score(windows: Sequence[AuditWindow]) -> float:
    """The satellite's score of these windows, oldest first; the last one is the open one."""
    complete = [w.online / w.total for w in windows[:-1] if w.total > 0]
    return sum(complete) / len(complete) if complete else 1.0


def offline_windows(windows: Sequence[AuditWindow]) -> tuple[OfflineWindow, ...]:
    """Windows with missed audits, oldest first."""
    length = window_length_s(windows)
    return tuple(
        OfflineWindow(w.start_at, length, w.total, w.total - w.online, (1 - w.online / w.total) * length)
        for w in windows
        if w.total > w.online >= 0
    )


def downtime_budget(windows: Sequence[AuditWindow], now: float, offline_since: float | None = None) -> DowntimeBudget:
    """Hours that a node may be away from now on; `offline_since` when it is away already."""
    length = window_length_s(windows)
    gone_at = now if offline_since is None else min(now, offline_since)
    # What came after the newest window that is known is unknown, not bad: a restarted monitor has what it was told last.
    begin = min(gone_at, windows[-1].start_at + length) if windows else gone_at
    complete = len(windows[:-1])
    full = complete >= TRACKED_WINDOWS
    history = _History(windows, length, begin, full=full)
    away_hours = (now - gone_at) / HOUR_S
    if not windows:
        return DowntimeBudget(hours=None, score=None, windows=0, full=False, estimated=True)
    scale = length / WINDOW_S
    most = STRAY_HOURS * scale
    hours = _longest(history, begin, most, _STEP_HOURS * scale)
    return DowntimeBudget(
        hours=max(0.0, hours - away_hours),
        score=online_score(windows),
        windows=complete,
        full=full,
        estimated=False,
        limited_by="contact" if hours >= most else "online_score",
        away_since=offline_since,
    )


def estimated_budget(score: float, age_s: float | None, away_s: float = 0.0) -> DowntimeBudget:
    """The same for nodes that tell only a score (log only): whatever windows are behind it, this long is safe.

    age_s  -- the node's age at the satellite; unknown counts as a full tracking period
    away_s -- for how long the node has been away already
    """
    count = TRACKED_WINDOWS if age_s is None else max(0, min(TRACKED_WINDOWS, int(age_s / WINDOW_S)))
    # At worst every window that leaves was a good one; before the period is full none leaves, and those to come are good.
    left = TRACKED_WINDOWS * (1 - OFFLINE_THRESHOLD) - count * (1 - score)
    hours = max(0.0, left) * WINDOW_S / HOUR_S
    return DowntimeBudget(
        hours=max(0.0, min(hours, STRAY_HOURS) - away_s / HOUR_S),
        score=score,
        windows=count,
        full=age_s is not None and count >= TRACKED_WINDOWS,
        estimated=True,
        limited_by="contact" if hours >= STRAY_HOURS else "online_score",
    )


class _History:
    """Complete windows before the node goes away, and the one in which it goes."""

    def __init__(self, windows: Sequence[AuditWindow], length_s: float, begin: float, *, full: bool) -> None:
        self.length_s = length_s
        self.full = full
        self.current = math.floor(begin / length_s) * length_s
        self.shares = [(w.start_at, w.online / w.total) for w in windows if w.total > 0 and w.start_at < self.current]
        before = [w for w in windows if w.start_at == self.current and w.total > 0]
        self.current_share = before[0].online / before[0].total if before else 1.0

    def lowest(self, begin: float, end: float) -> float:
        """Lowest score that an absence from `begin` to `end` leads to, at the end of a window and while the tracking period is full.

        Of a node that is too young for that it is the score when the period gets full, all windows after the absence being good.
        """
        length, at, lowest = self.length_s, self.current, 1.0
        shares, first = list(self.shares), 0
        total = sum(share for _, share in shares)
        counts = self.full
        while at < end:
            away = min(end, at + length) - max(begin, at)
            share = 1 - away / length
            if at == self.current:
                share -= (1 - self.current_share) * (begin - at) / length
            shares.append((at, share))
            total += share
            at += length
            while shares[first][0] < at - TRACKED_WINDOWS * length:
                total -= shares[first][1]
                first += 1
            counts = counts or len(shares) - first >= TRACKED_WINDOWS
            if counts:
                lowest = min(lowest, total / (len(shares) - first))
        if not counts:
            missing = TRACKED_WINDOWS - (len(shares) - first)
            lowest = min(lowest, (total + missing) / TRACKED_WINDOWS)
        return lowest


def _longest(history: _History, begin: float, most_hours: float, step_hours: float) -> float:
    """Longest absence that keeps the score at or above the threshold, in whole steps."""
    low, high = 0, int(most_hours / step_hours)
    while low < high:
        middle = (low + high + 1) // 2
        # A hair of tolerance: twelfths of a day do not add up exactly.
        if history.lowest(begin, begin + middle * step_hours * HOUR_S) >= OFFLINE_THRESHOLD - 1e-9:
            low = middle
        else:
            high = middle - 1
    return low * step_hours
