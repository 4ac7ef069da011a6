"""What analytics are told of a node: when it is due, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs
from polling_rig import fake_node, generated, running, until

from storj_monitor.financial_tracker.comparison import UNTRIED_BAND, error_band
from storj_monitor.model.estimates import Comparison, Score
from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.reputation import AuditWindow, Reputation
from storj_monitor.model.space import DiskSpace, SpaceEvidence, SpacePoint
from storj_monitor.reputation_tracker.report import budget_outlook
from storj_monitor.services.analytics import MAX_AGE_S, ForecastGate
from storj_monitor.state.node_status import NodeRegistry, Space, Standing
from storj_monitor.state.nodes import State
from storj_monitor.storage_tracker.forecast import space_outlook, space_samples
from storj_monitor.views.topic_renderers import TopicRenderers

NOW = 1_793_318_400.0
DAY_S = 86_400.0
TB = 10**12
HALF_DAY_S = 43_200


def point(days_ago: float, used: float, free: float) -> SpacePoint:
    return SpacePoint(NOW - days_ago * DAY_S, None, int(used * TB), None, None, None, None, int(free * TB), None, None, Source.API)


def growing(per_day: float, free: float, days: int = 8) -> list[SpacePoint]:
    """Six points a day."""
    return [point(i / 6, 5 - per_day * i / 6, free + per_day * i / 6) for i in range(days * 6, -1, -1)]


def test_space_is_judged_by_the_shortest_window_that_is_known() -> None:
    outlook = space_outlook(growing(0.1, 1.0), NOW)
    assert outlook is not None
    assert outlook.days == pytest.approx(10, rel=0.05)
    assert outlook.earliest_days is not None
    assert outlook.earliest_days <= 10.1
    assert not outlook.reached


def test_a_full_node_is_full_whatever_its_growth() -> None:
    outlook = space_outlook([point(0.1, 5.0, 0.0)], NOW)
    assert outlook is not None
    assert outlook.reached


def test_old_space_says_nothing() -> None:
    assert space_outlook([], NOW) is None
    assert space_outlook(growing(0.1, 1.0), NOW + 2 * DAY_S) is None


def seen(windows: int, missed: int = 0, gone: bool = False, satellite: str = "us1") -> Reputation:
    """Twelve hours each, the last `missed` complete ones without an answer."""
    begin = NOW // HALF_DAY_S * HALF_DAY_S
    told = tuple(AuditWindow(begin - i * HALF_DAY_S, 10, 0 if 0 < i <= missed else 10) for i in range(windows, -1, -1))
    return Reputation(
        satellite=satellite,
        windows=Figure(told, Source.API, NOW),
        disqualified_at=Figure(NOW - 9.0, Source.API, NOW) if gone else None,
    )


def test_the_least_budget_counts() -> None:
    outlook = budget_outlook([seen(60), seen(60, 10, satellite="eu1"), seen(60, 23, gone=True, satellite="ap1")], NOW)
    full = budget_outlook([seen(60)], NOW)
    assert outlook is not None
    assert full is not None
    assert outlook.satellite == "eu1"
    assert 0 < outlook.hours < full.hours
    assert full.hours > 200


def test_a_node_too_young_to_be_suspended_has_no_budget_to_fear_for() -> None:
    assert budget_outlook([seen(3)], NOW) is None
    assert budget_outlook([Reputation(satellite="us1")], NOW) is None


def score(estimated: int, paid: int) -> Score:
    return Score(
        satellite="us1",
        period="2026-09",
        estimated_usd_micros=estimated,
        paid_usd_micros=paid,
        error_percent=None,
        comparison=Comparison(satellite="", period="2026-09", agrees=True, differences=(), reasons=()),
    )


def test_the_band_of_earnings_is_the_worst_error_of_earlier_months() -> None:
    assert error_band([]) == UNTRIED_BAND
    assert error_band([("2026-08", score(90, 100)), ("2026-08", score(110, 100)), ("2026-09", score(106, 100))]) == pytest.approx(0.06)
    assert error_band([("2026-09", score(5, 0))]) == UNTRIED_BAND
    old = [(f"2025-{month:02}", score(200, 100)) for month in range(1, 7)]
    new = [(f"2026-{month:02}", score(101, 100)) for month in range(1, 7)]
    assert error_band(old + new) == pytest.approx(0.01)


def renderers_of(now: float) -> TopicRenderers:
    return TopicRenderers(NodeRegistry(["a"]), State(["a"]), lambda: now)


def disk(at: float, used: int, reclaimable: int | None) -> SpaceEvidence:
    return SpaceEvidence(
        disk=DiskSpace(
            taken_at=at, used_bytes=used, available_bytes=TB, trash_bytes=0, allocated_bytes=9 * TB, reclaimable_bytes=reclaimable
        )
    )


def test_samples_leave_out_what_a_compaction_gives_back() -> None:
    node = renderers_of(NOW).registry.of("a")
    assert space_samples(node, NOW) == ()
    node.space = Space(evidence=disk(NOW, 5 * TB, TB))
    (sample,) = space_samples(node, NOW)
    assert (sample.at_s, sample.used_bytes, sample.free_bytes) == (int(NOW), 4 * TB, TB)
    node.space = Space(evidence=disk(NOW + 60, 5 * TB, None))
    (other,) = space_samples(node, NOW + 60)
    assert other.basis != sample.basis, "figures that were made otherwise are not compared"
    assert space_samples(node, NOW + 3 * DAY_S) == ()


def test_forecasts_are_made_again_only_for_other_inputs_or_when_they_are_old() -> None:
    renderers = renderers_of(NOW)
    outlooks, node = ForecastGate(renderers.registry, renderers.estimates), renderers.registry.of("a")
    assert outlooks.of("a", NOW) == ((), None, None, None)
    node.space = Space(points=tuple(growing(0.1, 1.0)))
    node.standing = Standing(known={"us1": seen(60)})
    first = outlooks.of("a", NOW)
    assert (first.points, first.known) == (node.space.points, (seen(60),))
    assert outlooks.of("a", NOW + 60) == ((), None, None, None)
    node.space = Space(points=(*node.space.points, point(-1 / 144, 5.1, 0.9)))
    node.standing = Standing(known={"us1": seen(60, 1)})
    second = outlooks.of("a", NOW + 600)
    assert second.points is None, "a longer history within the hour"
    assert second.known == (seen(60, 1),), "a window that was missed is told at once"
    assert outlooks.of("a", NOW + 3601).points == node.space.points
    assert outlooks.of("a", NOW + 7300) == ((), None, None, None)
    aged = outlooks.of("a", NOW + 3601 + MAX_AGE_S)
    assert (aged.points, aged.known) == (node.space.points, (seen(60, 1),))
    outlooks.again()
    assert outlooks.of("a", NOW + 3602 + MAX_AGE_S).known == (seen(60, 1),), "what did not arrive is told again"


async def test_a_node_without_a_log_has_its_forecasts_judged(tmp_path: Path) -> None:
    async with fake_node(generated()) as fake, running(tmp_path, {"a": {"api": fake.api_url, "metrics": fake.metrics_url}}) as one:
        await until(lambda: one.rows("storage") and one.rows("reputation"))
        node = one.node()
        shift_s = one.monitor.clock.now() - NOW
        points = tuple(p._replace(at=p.at + shift_s, used=5 * TB, free=0, source=Source.API) for p in growing(0.0, 0.0))
        node.space = structs.replace(node.space, points=points)
        await one.monitor.analytics.round()
        rows = one.rows("analytics")
        assert rows["node/a"]["analysed_until"] is None
        space = [row for row in rows.values() if row.get("metric") == "space"]
        assert [(row["title"], row["unit"], row["severity"], row["z"], row["samples"]) for row in space] == [
            ("a is full", "days", "warning", None, None)
        ]
