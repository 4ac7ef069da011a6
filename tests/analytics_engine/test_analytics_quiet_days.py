"""False alarms on quiet days: 4 nodes, 4 satellites, from a cold start; daily and weekly rhythm, noise that lasts, two releases a node.

Rates 0.08 to 40 transfers a minute (see fleet.py), 14 days, 80,640 node minutes a seed. At most one finding in 14 days is promised.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from analytics_engine.fleet import DAY_S, MONDAY_S, NODES, Fleet

from storj_monitor.analytics_engine.engine import AnalyticsEngine
from storj_monitor.model.analytics import Finding, FindingState


def quiet(seed: int, days: int, release_days: tuple[int, ...], nodes: Sequence[str] = tuple(NODES)) -> list[Finding]:
    fleet = Fleet(seed, nodes={node: NODES[node] for node in nodes})
    fleet.releases = {node: [MONDAY_S + day * DAY_S + 36_000 + 7200 * i for day in release_days] for i, node in enumerate(fleet.nodes)}
    engine = AnalyticsEngine({satellite: satellite for satellite in fleet.satellites})
    raised = []
    for at_s in range(MONDAY_S, MONDAY_S + days * DAY_S, 60):
        raised += [f for f in engine.tick(at_s + 75, fleet.minute(at_s)).findings if f.state is FindingState.NEW]
    return raised


@pytest.mark.slow
def test_two_quiet_days_with_a_release_raise_nothing() -> None:
    assert [finding.text for finding in quiet(1, 2, (1,), ("oak", "fir"))] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 11, 12, 13, 14])
def test_fourteen_quiet_days_raise_at_most_one(seed: int) -> None:
    raised = quiet(seed, 14, (3, 10))
    assert len({finding.number for finding in raised}) <= 1, [finding.text for finding in raised]
