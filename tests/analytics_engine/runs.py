"""Runs of a fleet through the engine, for the tests."""

from __future__ import annotations

from typing import NamedTuple

from analytics_engine.fleet import DAY_S, MONDAY_S, Fleet

from storj_monitor.analytics_engine.engine import AnalyticsEngine
from storj_monitor.model.analytics import Finding, StoredBaseline

LEARNT_DAYS = 9
BEGIN_S = MONDAY_S + 35 * DAY_S + 10 * 3600
"""A Monday morning."""


Stored = dict[tuple[str, str, str], StoredBaseline]


class TimedFinding(NamedTuple):
    """A finding as it was handed out, minutes after the fault began."""

    after_minutes: float
    finding: Finding


def engine_for(fleet: Fleet, begin_s: int = BEGIN_S) -> AnalyticsEngine:
    """An engine that has learnt nine days of hour rows."""
    engine = AnalyticsEngine({satellite: satellite for satellite in fleet.satellites})
    for node, rows in fleet.hours(begin_s // 3600 * 3600, LEARNT_DAYS):
        engine.learn(node, rows)
    return engine


def run(
    fleet: Fleet,
    *,
    before: int = 40,
    minutes: int = 30,
    engine: AnalyticsEngine | None = None,
    begin_s: int = BEGIN_S,
    stored: Stored | None = None,
) -> list[TimedFinding]:
    """Minutes of calm, then the fleet's faults (their `from_s` is set to that time), ticks 75 s after each minute's start.

    stored -- takes the baselines, as a database would keep them
    """
    engine = engine or engine_for(fleet, begin_s)
    start_s = begin_s + before * 60
    for fault in fleet.faults:
        fault.until_s = start_s + (fault.until_s - fault.from_s)
        fault.from_s = start_s
    told = []
    for at_s in range(begin_s, start_s + minutes * 60, 60):
        result = engine.tick(at_s + 75, fleet.minute(at_s))
        if stored is not None:
            stored.update({baseline[:3]: baseline for baseline in result.baselines})
        told += [TimedFinding((finding.changed_s - start_s) / 60, finding) for finding in result.findings]
    return told
