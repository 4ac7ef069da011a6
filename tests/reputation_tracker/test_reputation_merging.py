"""API, /metrics and log tell of the same thing: the newest counts, nothing counts twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import NODES, address_scores, api_snapshots, at, health, metrics_snapshots, taken_at

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.node_events import ScoresReported
from storj_monitor.model.reputation import NEVER, Reputation, ReputationSnapshot, ScorePoint
from storj_monitor.reputation_tracker.history import DAY_S, THINNING, confirm, merge_points, point_of, thin, within
from storj_monitor.reputation_tracker.reputation import (
    merge,
    not_from_the_future,
    snapshot_of_event,
    snapshots_of_addresses,
    snapshots_of_health,
)

NOW = 1_795_000_000.0


def all_of(snapshots: list[ReputationSnapshot]) -> dict[str, Reputation]:
    found: dict[str, Reputation] = {}
    for snapshot in snapshots:
        found[snapshot.satellite] = merge(found.get(snapshot.satellite), snapshot)
    return found


@pytest.mark.parametrize("node", NODES)
def test_recorded_api_and_metrics_agree_and_merge(node: str) -> None:
    api, metrics = all_of(api_snapshots(node)), all_of(metrics_snapshots(node))
    both = all_of(metrics_snapshots(node) + api_snapshots(node))
    assert set(api) == set(metrics) == set(both)
    for satellite, one in both.items():
        assert one.audit_score is not None
        assert one.audit_score.source is Source.API
        assert metrics[satellite].audit_score is not None
        assert metrics[satellite].audit_score.value == one.audit_score.value  # type: ignore[union-attr]
        assert one.total_audits is not None
        assert one.total_audits.source is Source.METRICS
        assert one.windows is not None
        assert one.total_audits.value == sum(w.total for w in one.windows.value)
        assert one.address.startswith("127.0.0.1:")


def test_the_date_of_the_disqualified_node_is_the_exact_one() -> None:
    """/metrics tells an age that was measured when the node asked last: half a minute late here, hours on the public network."""
    node = "v1.162-disqualified-offline"
    for order in (api_snapshots(node) + metrics_snapshots(node), metrics_snapshots(node) + api_snapshots(node)):
        one = all_of(order)["1xTwTPLWfiqffa5VbA9c7ZZgkhZuAqdp4aphJ6udVWU2LadQF"]
        assert one.disqualified_at == Figure(at("2026-11-23T08:14:31.993688Z"), Source.API, taken_at(node))
        assert one.audit_score is not None
        assert one.audit_score.value == 1
    alone = all_of(metrics_snapshots(node))["1xTwTPLWfiqffa5VbA9c7ZZgkhZuAqdp4aphJ6udVWU2LadQF"]
    assert alone.disqualified_at is not None
    assert alone.disqualified_at.value > at("2026-11-23T08:14:31Z")


@pytest.mark.parametrize("node", NODES)
def test_scores_by_address(node: str) -> None:
    addresses = {s.address: s.satellite for s in api_snapshots(node) if s.address}
    found = all_of(snapshots_of_addresses(address_scores(node), addresses, taken_at(node)))
    single = all_of(api_snapshots(node))
    assert {s: f.online_score for s, f in found.items()} == {s: f.online_score for s, f in single.items()}
    assert snapshots_of_addresses(address_scores(node), {}, 0.0) == []


def test_the_public_port_tells_of_disqualification() -> None:
    snapshots = snapshots_of_health(health("v1.162-disqualified-offline"))
    assert len(snapshots) == 2
    assert all(s.disqualified_at and s.suspended_at == NEVER and s.source is Source.PROBE for s in snapshots)
    assert all(not s.disqualified_at for s in snapshots_of_health(health("v1.162-info")))


def test_a_line_of_the_log() -> None:
    event = ScoresReported(
        time_ms=1_795_000_000_500, satellite="s", worsened=True, total_audits=238, successful_audits=133, audit_score=1.0, online_score=0.5
    )
    snapshot = snapshot_of_event(event)
    assert (snapshot.source, snapshot.taken_at) == (Source.LOG, 1_795_000_000.5)
    assert (snapshot.audit_score, snapshot.online_score, snapshot.suspension_score) == (1.0, 0.5, None)
    assert (snapshot.total_audits, snapshot.successful_audits, snapshot.disqualified_at) == (238, 133, None)


def said(source: Source, taken: float, **values: float) -> ReputationSnapshot:
    return ReputationSnapshot(satellite="s", source=source, taken_at=taken, **values)  # type: ignore[arg-type]


def test_the_newest_counts_field_by_field() -> None:
    one = merge(None, said(Source.API, 100.0, audit_score=1.0, online_score=0.9))
    one = merge(one, said(Source.LOG, 200.0, audit_score=0.99))
    one = merge(one, said(Source.METRICS, 150.0, audit_score=0.5, online_score=0.8))
    assert one.audit_score == Figure(0.99, Source.LOG, 200.0)
    assert one.online_score == Figure(0.8, Source.METRICS, 150.0)
    assert one.audit_score.age_s(260.0) == 60.0
    assert one.taken_at == 200.0


@pytest.mark.parametrize("bad", [float("nan"), -1.0, 1.5, float("inf")])
def test_what_is_no_score_is_not_taken(bad: float) -> None:
    one = merge(None, said(Source.METRICS, 1.0, audit_score=bad))
    assert one.audit_score is None
    assert point_of(said(Source.METRICS, 1.0, audit_score=bad, suspension_score=1.0, online_score=1.0)) is None


def test_a_hair_above_one_is_one() -> None:
    assert merge(None, said(Source.METRICS, 1.0, audit_score=1.0000000000000002)).audit_score == Figure(1.0, Source.METRICS, 1.0)


def test_a_clock_that_runs_ahead_does_not_shut_out_the_others() -> None:
    ahead = not_from_the_future(said(Source.LOG, 10_000.0, audit_score=1.0), 100.0)
    one = merge(merge(None, ahead), said(Source.API, 160.0, audit_score=0.97))
    assert one.audit_score == Figure(0.97, Source.API, 160.0)


def test_a_suspension_that_ends() -> None:
    one = merge(None, said(Source.API, 100.0, suspended_at=50.0))
    one = merge(one, said(Source.METRICS, 200.0, suspended_at=60.0))
    assert one.suspended_at == Figure(50.0, Source.API, 100.0)
    assert merge(one, said(Source.API, 300.0, suspended_at=NEVER)).suspended_at == Figure(NEVER, Source.API, 300.0)


score_values = st.sampled_from([0.97, 0.98, 1.0])
snapshots = st.builds(
    lambda source, taken, audit, online, total: ReputationSnapshot(
        satellite="s",
        source=source,
        taken_at=float(taken),
        audit_score=audit,
        suspension_score=1.0,
        online_score=online,
        total_audits=total,
        successful_audits=None if total is None else total - 1,
    ),
    st.sampled_from([Source.API, Source.METRICS, Source.LOG]),
    st.integers(0, 50),
    score_values,
    score_values,
    st.one_of(st.none(), st.integers(1, 3)),
)
# One source never tells two things of one moment.
many = st.lists(snapshots, max_size=12, unique_by=lambda s: s.taken_at)


@settings(deadline=None)
@given(many, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_figures(some: list[ReputationSnapshot], rng: object) -> None:
    shuffled = [*some, *some]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert all_of(some) == all_of(shuffled)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(many, st.randoms(use_true_random=False))
def test_history_does_not_double(some: list[ReputationSnapshot], rng: object) -> None:
    points = [p for p in map(point_of, some) if p]
    once = merge_points((), points)
    shuffled = [*points, *points]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge_points((), shuffled) == once
    assert merge_points(once, points) == once
    assert merge_points(once, once) == once
    # Whatever was said at a moment is what the history says of it.
    for point in points:
        assert any(p.at <= point.at <= p.until and p.worst == point.worst for p in once)
    assert all(a.until < b.at or a.worst != b.worst or a.total_audits != b.total_audits for a, b in zip(once, once[1:], strict=False))


@settings(deadline=None)
@given(many)
def test_one_at_a_time_is_the_same_as_all_at_once(some: list[ReputationSnapshot]) -> None:
    points = sorted((p for p in map(point_of, some) if p), key=lambda p: p.at)
    rows: list[ScorePoint] = []
    for point in points:
        row, is_new = confirm(rows[-1] if rows else None, point)
        if is_new:
            rows.append(row)
        else:
            rows[-1] = row
    assert tuple(rows) == merge_points((), points)


def test_three_sources_of_one_refresh_are_one_row() -> None:
    told = {"audit_score": 1.0, "suspension_score": 1.0, "online_score": 0.99}
    counts = {"total_audits": 100, "successful_audits": 99}
    three = [
        said(Source.LOG, 100.0, **told, **counts),
        said(Source.API, 160.0, **told),
        said(Source.METRICS, 170.0, **told, **counts),
    ]
    assert merge_points((), [p for p in map(point_of, three) if p]) == (ScorePoint(100.0, 170.0, 1.0, 1.0, 0.99, 100, 99, Source.LOG),)


def row(taken: float, audit: float = 1.0, online: float = 1.0) -> ScorePoint:
    return ScorePoint(taken, taken, audit, 1.0, online, None, None, Source.API)


def test_thinning_keeps_the_worst_moment() -> None:
    year = [row(NOW - 365 * DAY_S + i * 4 * 3600, online=0.9 + (i % 7) / 100) for i in range(365 * 6)]
    year[100] = year[100]._replace(audit_score=0.9612)
    kept = thin(year, NOW)
    assert year[100] in kept
    assert year[-1] in kept
    assert len(kept) < 800
    assert len(thin([row(p.at) for p in year], NOW)) < 400
    assert [p for p in year if p.at > NOW - 3 * DAY_S] == [p for p in kept if p.at > NOW - 3 * DAY_S]
    assert thin(kept, NOW) == kept
    assert len(THINNING) == 3


def test_points_that_held_within() -> None:
    points = (row(0.0)._replace(until=10.0), row(20.0)._replace(until=30.0), row(40.0))
    assert within(points, 10.0, 20.0) == points[:2]
    assert within(points, 31.0, 39.0) == ()
