"""Growth of what a node uses of its disk, over stretches of six minutes: unlike itself, and soon full at this pace.

A stretch is unusual when it is 8 spreads above the median of the last week, at least three times it, and would fill the free space in
14 days. Three such stretches in a row raise; ten usual ones clear.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from storj_monitor.analytics_engine.levels import mad
from storj_monitor.model.analytics import Band, BudgetOutlook, EarningsOutlook, Severity, SpaceOutlook, SpaceSample
from storj_monitor.units import DAY_S

STRETCH_S = 360
STRETCHES = 7 * DAY_S // STRETCH_S
LEAST_STRETCHES = 60
"""Six hours."""
SPREADS = 8.0
TIMES = 3.0
FULL_WITHIN_DAYS = 14.0
RAISE_AFTER = 3
CLEAR_AFTER = 10
FRESH_STRETCHES = 10
"""Median and spread are made anew after an hour's stretches."""
_FORMAT = b"\x02"


class Pace(NamedTuple):
    """Bytes a day: usual, spread, and now; `full_days` at the present pace."""

    onset_s: int
    usual: float
    spread: float
    now: float
    full_days: float

    @property
    def score(self) -> float:
        return (self.now - self.usual) / self.spread

    @property
    def band(self) -> Band:
        """What would still be usual."""
        return None, max(self.usual + SPREADS * self.spread, TIMES * self.usual)


class Growth:
    """Samples of one node in order of time."""

    def __init__(self) -> None:
        self.paces = array("f")
        self.raised: Pace | None = None
        self.is_changed = False
        self.measured = 0
        self._samples: deque[SpaceSample] = deque()
        self._kept_s = 0
        self._usual = (0.0, 0.0)
        self._fresh = 0
        self._unusual = 0
        self._calm = 0

    def add(self, sample: SpaceSample) -> None:
        """One sample; one that is not later than the last is left out, one that was made otherwise begins anew."""
        samples = self._samples
        if samples and sample.at_s <= samples[-1].at_s:
            return
        if samples and sample.basis != samples[-1].basis:
            samples.clear()
        samples.append(sample)
        while len(samples) > 2 and samples[1].at_s <= sample.at_s - STRETCH_S:
            samples.popleft()
        first = samples[0]
        if sample.at_s - first.at_s < STRETCH_S or sample.at_s - first.at_s > 10 * STRETCH_S:
            return
        pace = (sample.used_bytes - first.used_bytes) / (sample.at_s - first.at_s) * DAY_S
        usual = self._judge(sample, first.at_s, pace)
        if usual and sample.at_s - self._kept_s >= STRETCH_S:
            self._keep(pace, sample.at_s)

    def encode(self) -> bytes:
        """The week of paces as a blob."""
        copy = self.paces[:]
        if sys.byteorder == "big":
            copy.byteswap()
        return _FORMAT + zlib.compress(copy.tobytes(), 6)

    def restore(self, blob: bytes) -> None:
        """Inverse of encode; what is no such blob changes nothing."""
        if blob[:1] != _FORMAT:
            return
        try:
            data = zlib.decompress(blob[1:])
        except zlib.error:
            return
        found = array("f")
        found.frombytes(data[: len(data) // 4 * 4])
        if sys.byteorder == "big":
            found.byteswap()
        self.paces = found[-STRETCHES:]
        self._fresh = 0

    def _keep(self, pace: float, at_s: int) -> None:
        self._kept_s = at_s
        self.paces.append(pace)
        if len(self.paces) > STRETCHES:
            del self.paces[0]
        self._fresh -= 1
        self.is_changed = True

    def _judge(self, sample: SpaceSample, from_s: int, pace: float) -> bool:
        """Raise or clear; True when this stretch was usual."""
        if len(self.paces) < LEAST_STRETCHES:
            return True
        if self._fresh <= 0:
            self._usual = usual_pace(self.paces)
            self._fresh = FRESH_STRETCHES
            self.measured += 1
        usual, spread = self._usual
        full_days = sample.free_bytes / pace if pace > 0 and sample.free_bytes is not None else float("inf")
        unusual = pace > usual + SPREADS * spread and pace > TIMES * usual and full_days < FULL_WITHIN_DAYS
        self._unusual = self._unusual + 1 if unusual else 0
        self._calm = 0 if unusual else self._calm + 1
        if self.raised is not None:
            if self._calm >= CLEAR_AFTER:
                self.raised = None
            elif unusual:
                self.raised = self.raised._replace(now=pace, full_days=full_days)
        elif self._unusual >= RAISE_AFTER:
            self.raised = Pace(from_s, usual, spread, pace, full_days)
        return not unusual


def usual_pace(paces: Sequence[float]) -> tuple[float, float]:
    """Median and robust spread, at least a fifth of the median and 1 GB a day."""
    centre = median(paces)
    return centre, max(mad(paces, centre), 0.2 * abs(centre), 1e9)


# ---- Judges what the trackers foresee: days of space, hours of downtime budget, the month's earnings. Bands count; every limit has
# hysteresis.
#
# A severity is only left for a lower one when the figure is RELEASE times better than its limit.


SPACE_DAYS = ((Severity.CRITICAL, 3.0), (Severity.WARNING, 14.0))
SPACE_EARLIEST_DAYS = 14.0
"""INFO: not expected, but within the band."""
BUDGET_HOURS = ((Severity.CRITICAL, 12.0), (Severity.WARNING, 48.0), (Severity.INFO, 120.0))
EARNINGS_FALL = 0.25
"""Expected payout below the month before by more than this and the estimate's own band."""
RELEASE = 1.25


class Judgement(NamedTuple):
    """`before`: the limit or the month before; `after`: the figure; `band`: where it may lie."""

    severity: Severity
    before: float
    after: float
    band: Band | None = None


def judge_space(outlook: SpaceOutlook, standing: Severity | None) -> Judgement | None:
    """None when there is nothing to say. `standing`: severity of the finding that exists."""
    if outlook.reached:  # nothing is lost by that: it only gets no uploads, as many nodes for years
        return Judgement(Severity.WARNING, SPACE_DAYS[-1][1], 0.0)
    days, band = outlook.days, (outlook.earliest_days, outlook.latest_days)
    for severity, limit in SPACE_DAYS:
        if days is not None and days < _limit(severity, limit, standing):
            return Judgement(severity, limit, days, band)
    earliest = outlook.earliest_days
    if earliest is not None and earliest < _limit(Severity.INFO, SPACE_EARLIEST_DAYS, standing):
        return Judgement(Severity.INFO, SPACE_EARLIEST_DAYS, earliest, band)
    return None


def judge_budget(outlook: BudgetOutlook, standing: Severity | None) -> Judgement | None:
    """An estimated budget (no windows known) is on the safe side and never more than a warning."""
    for severity, limit in BUDGET_HOURS:
        if outlook.hours < _limit(severity, limit, standing):
            capped = min(severity, Severity.WARNING) if outlook.estimated else severity
            return Judgement(capped, limit, outlook.hours)
    return None


def judge_earnings(outlook: EarningsOutlook, standing: Severity | None) -> Judgement | None:
    """Only a fall that the estimate's band cannot explain."""
    previous = outlook.previous_usd_micros
    if not previous or previous <= 0:
        return None
    fall = 1 - outlook.expected_usd_micros / previous - max(0.0, outlook.band_share)
    if fall > EARNINGS_FALL / (1.0 if standing is None else RELEASE):
        width = max(0.0, outlook.band_share) * outlook.expected_usd_micros
        band = (outlook.expected_usd_micros - width, outlook.expected_usd_micros + width)
        return Judgement(Severity.WARNING, float(previous), float(outlook.expected_usd_micros), band)
    return None


def _limit(severity: Severity, limit: float, standing: Severity | None) -> float:
    return limit * RELEASE if standing is not None and standing >= severity else limit
