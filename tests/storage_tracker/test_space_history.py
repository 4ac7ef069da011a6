"""A year of space stays small, and what is kept is what was said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import NODES, disk_space, space_metrics

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.space import LogSpace, SpaceEvidence, SpacePoint
from storj_monitor.storage_tracker.history import DAY_S, SNAPSHOT_S, TIERS, is_due, merge_points, point_of, thin
from storj_monitor.storage_tracker.picture import SpacePicture
from storj_monitor.storage_tracker.reconcile import reconcile

NOW = 1_795_000_000.0
YEAR_S = 365 * DAY_S


def point(at: float, used: int = 1, allocated: int | None = 10) -> SpacePoint:
    return SpacePoint(at, allocated, used, None, None, None, None, None, None, None, Source.API)


points = st.lists(st.builds(point, st.floats(NOW - YEAR_S, NOW), st.integers(0, 5)), max_size=30)


def test_a_year_is_some_hundred_rows() -> None:
    year = [point(NOW - YEAR_S + i * SNAPSHOT_S) for i in range(int(YEAR_S / SNAPSHOT_S) + 1)]
    kept = thin(year, NOW)
    assert len(kept) < 730
    assert sum(p.at > NOW - DAY_S for p in kept) == 144
    assert sum(p.at > NOW - 30 * DAY_S for p in kept) < 335
    assert kept[-1] == year[-1]


@settings(deadline=None)
@given(points, st.floats(0, 50 * DAY_S))
def test_thinning_keeps_the_newest_and_is_idempotent(some: list[SpacePoint], later: float) -> None:
    history = merge_points((), some)
    kept = thin(history, NOW)
    assert set(kept) <= set(history)
    assert kept[-1:] == history[-1:]
    assert thin(kept, NOW) == kept
    again = thin(kept, NOW + later)
    assert thin(again, NOW + later) == again


@settings(deadline=None)
@given(points)
def test_no_bucket_is_emptied(some: list[SpacePoint]) -> None:
    history = merge_points((), some)

    def buckets(of: tuple[SpacePoint, ...]) -> set[tuple[float, int]]:
        return {(w, int(p.at // w)) for p in of for w in [next(w for age, w in TIERS if NOW - p.at <= age)]}

    assert buckets(thin(history, NOW)) == buckets(history)


@settings(deadline=None)
@given(points, points)
def test_merging_is_idempotent_and_needs_no_order(a: list[SpacePoint], b: list[SpacePoint]) -> None:
    both = merge_points(a, b)
    assert both == merge_points(b, a) == merge_points(both, a) == merge_points(both, both)
    assert [p.at for p in both] == sorted({p.at for p in (*a, *b)})


def test_points_of_recorded_nodes() -> None:
    for node in NODES:
        picture = reconcile(SpaceEvidence(disk=disk_space(node), metrics=space_metrics(node)), NOW)
        stored = point_of(picture)
        assert stored is not None
        assert stored.source is Source.API
        assert stored.used is not None
        assert stored.used == sum(v or 0 for v in (stored.pieces, stored.trash, stored.reclaimable, stored.overhead))


def test_points_of_others() -> None:
    assert point_of(SpacePicture(allocated=Figure(1, Source.API, NOW))) is None
    log_only = point_of(reconcile(SpaceEvidence(log=LogSpace(taken_at=NOW, available_bytes=5, allocated_bytes=9)), NOW))
    assert log_only is not None
    assert (log_only.used, log_only.free, log_only.source, log_only.at) == (4, 5, Source.LOG, NOW)
    metrics = point_of(reconcile(SpaceEvidence(metrics=space_metrics(NODES[0])), NOW))
    assert metrics is not None
    assert metrics.source is Source.METRICS


def test_what_is_worth_a_row() -> None:
    first = point(NOW)
    assert is_due(None, first)
    assert not is_due(first, point(NOW + SNAPSHOT_S - 1, used=5))
    assert is_due(first, point(NOW + SNAPSHOT_S))
    assert is_due(first, point(NOW + 60, allocated=20))
    assert not is_due(first, point(NOW - 60, allocated=20))
