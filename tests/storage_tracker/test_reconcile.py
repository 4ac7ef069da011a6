"""One picture of the space, whatever the version and whoever tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import NODES, at, disk_space, space_metrics, taken_at, usages

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.space import (
    DiskSpace,
    FileSystemSpace,
    HashstoreUsage,
    LogSpace,
    SatelliteUsage,
    SpaceEvidence,
    SpaceMeaning,
    SpaceMetrics,
    UsageDay,
)
from storj_monitor.storage_tracker.help_texts import HELP
from storj_monitor.storage_tracker.picture import FIGURES, Gap, SpacePicture
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.storage_tracker.reported import reported, reported_month

NOW = at("2026-11-23T09:00:00Z")
TB = 10**12
GB = 10**9


def value(figure: Figure[int] | None) -> int:
    assert figure is not None
    return figure.value


def parts(picture: SpacePicture) -> int:
    return sum(f.value for f in (picture.pieces, picture.trash, picture.reclaimable, picture.overhead) if f is not None)


@pytest.mark.parametrize("node", NODES)
def test_recorded_parts_add_up(node: str) -> None:
    picture = reconcile(SpaceEvidence(disk=disk_space(node), metrics=space_metrics(node), usages=usages(node)), NOW)
    assert picture.meaning is (SpaceMeaning.OLD if node.startswith("v1.120") else SpaceMeaning.NEW)
    assert value(picture.allocated) == 20 * GB
    assert parts(picture) == value(picture.used)
    reserved = picture.reserved.value if picture.reserved else 0
    assert abs(value(picture.allocated) - value(picture.used) - value(picture.free) - reserved) < 0.001 * GB
    assert all(figure is None or figure.taken_at == taken_at(node) for figure in (getattr(picture, name) for name in FIGURES))


@pytest.mark.parametrize("node", NODES)
def test_metrics_alone_tell_nearly_the_same(node: str) -> None:
    """The answers were taken seconds apart on busy nodes."""
    both = reconcile(SpaceEvidence(disk=disk_space(node), metrics=space_metrics(node)), NOW)
    alone = reconcile(SpaceEvidence(metrics=space_metrics(node)), NOW)
    assert parts(alone) == value(alone.used)
    for name in ("allocated", "used", "pieces", "trash", "free"):
        assert value(getattr(alone, name)) == pytest.approx(value(getattr(both, name)), abs=0.02 * GB), name
    assert alone.used is not None
    assert alone.used.source is Source.METRICS


def test_hashstore_of_the_recorded_node_is_exact() -> None:
    picture = reconcile(SpaceEvidence(metrics=space_metrics("v1.162-json-hashstore")), NOW)
    assert value(picture.overhead) == 2 * 2_105_344
    assert value(picture.reclaimable) == 220_260_736 + 172_468_160
    assert value(picture.trash) == 707_180_800  # as the API of the same node says
    assert value(picture.reserved) == 25_264_128


def test_both_meanings_of_one_disk_give_one_picture() -> None:
    old = reconcile(SpaceEvidence(disk=DiskSpace(taken_at=NOW, used_bytes=3 * TB, available_bytes=5 * TB, trash_bytes=TB // 2)), NOW)
    new = reconcile(
        SpaceEvidence(
            disk=DiskSpace(
                taken_at=NOW,
                used_bytes=3 * TB + TB // 2,
                available_bytes=5 * TB - 3 * TB - TB // 2,
                trash_bytes=TB // 2,
                allocated_bytes=5 * TB,
                reclaimable_bytes=0,
            )
        ),
        NOW,
    )
    for name in ("allocated", "used", "pieces", "trash", "free", "overused"):
        assert value(getattr(old, name)) == value(getattr(new, name)), name


def test_an_old_node_that_is_over_its_allocation() -> None:
    picture = reconcile(SpaceEvidence(disk=DiskSpace(taken_at=NOW, used_bytes=5 * TB, available_bytes=5 * TB, trash_bytes=TB)), NOW)
    assert (value(picture.free), value(picture.overused)) == (0, TB)


sizes = st.integers(0, 20 * TB)


@settings(deadline=None)
@given(sizes, sizes, sizes, sizes, st.one_of(st.none(), st.tuples(sizes, sizes)))
def test_new_parts_always_add_up(pieces: int, trash: int, dead: int, free: int, tables: tuple[int, int] | None) -> None:
    used = pieces + trash + dead
    metrics = None
    if tables is not None:
        metrics = SpaceMetrics(taken_at=NOW, hashstore=(HashstoreUsage("s", pieces, 0, pieces + dead, tables[0]),))
    disk = DiskSpace(
        taken_at=NOW,
        used_bytes=used,
        available_bytes=free,
        trash_bytes=trash,
        allocated_bytes=used + free,
        reclaimable_bytes=dead,
    )
    picture = reconcile(SpaceEvidence(disk=disk, metrics=metrics), NOW)
    assert parts(picture) == value(picture.used) == used
    assert picture.capacity_bytes == used + free
    assert all(value(getattr(picture, n)) >= 0 for n in ("pieces", "trash", "reclaimable", "free"))


@settings(deadline=None)
@given(sizes, sizes, sizes, st.integers(0, 30 * TB), st.integers(0, 40 * TB), sizes)
def test_old_parts_always_add_up(pieces: int, trash: int, dead: int, allocated: int, disk_total: int, disk_free: int) -> None:
    metrics = SpaceMetrics(taken_at=NOW, hashstore=(HashstoreUsage("s", pieces, 0, pieces + dead, 1000),))
    disk = DiskSpace(taken_at=NOW, used_bytes=pieces, available_bytes=allocated, trash_bytes=trash)
    file_system = FileSystemSpace(taken_at=NOW, path="/x", total_bytes=max(disk_total, disk_free), free_bytes=disk_free)
    picture = reconcile(SpaceEvidence(disk=disk, metrics=metrics, file_system=file_system), NOW)
    assert parts(picture) == value(picture.used) == pieces + trash + dead + 1000
    assert value(picture.free) == min(disk_free, max(0, allocated - value(picture.used)))
    assert value(picture.overused) == max(0, value(picture.used) - allocated)


def gaps(picture: SpacePicture) -> dict[Gap, int]:
    assert all(len(d.text) > 60 for d in picture.differences)
    return {d.gap: d.difference_bytes for d in picture.differences}


def new_disk(used: int, free: int, allocated: int) -> DiskSpace:
    return DiskSpace(taken_at=NOW, used_bytes=used, available_bytes=free, trash_bytes=0, allocated_bytes=allocated, reclaimable_bytes=0)


def usage(bytes_: int, satellite: str = "s") -> SatelliteUsage:
    day = UsageDay(NOW - 2 * 86_400, bytes_ * 24.0, float(bytes_), 24.0)
    return SatelliteUsage(taken_at=NOW, satellite=satellite, days=(day,), month_byte_hours=bytes_ * 24.0)


def test_differences_are_named_and_explained() -> None:
    def told(file_system: tuple[int, int] | None = None, used: int = 4 * TB, free: int = TB, paid: int | None = None) -> dict[Gap, int]:
        disk = FileSystemSpace(taken_at=NOW, path="/x", total_bytes=file_system[0], free_bytes=file_system[1]) if file_system else None
        usages = (usage(paid),) if paid is not None else ()
        return gaps(reconcile(SpaceEvidence(disk=new_disk(used, free, 5 * TB), file_system=disk, usages=usages), NOW))

    assert told() == {}
    assert told(file_system=(6 * TB, 2 * TB)) == {}
    assert told(file_system=(8 * TB, 2 * TB)) == {Gap.OTHER_FILES: 2 * TB}
    assert told(file_system=(6 * TB, 3 * TB)) == {Gap.STALE_COUNT: -TB}
    assert told(file_system=(4 * TB + 400 * GB, 400 * GB)) == {Gap.DISK_SMALLER: 600 * GB}
    assert told(paid=3 * TB) == {Gap.NOT_PAID: TB}
    assert told(paid=5 * TB) == {Gap.PAID_WITHOUT_FILES: -TB}
    assert told(free=TB // 2) == {Gap.REST: TB // 2}


def test_metrics_that_contradict_are_told() -> None:
    disk = DiskSpace(taken_at=NOW, used_bytes=3 * TB, available_bytes=5 * TB, trash_bytes=0)
    metrics = SpaceMetrics(taken_at=NOW, used_bytes=4 * TB)
    assert gaps(reconcile(SpaceEvidence(disk=disk, metrics=metrics), NOW)) == {Gap.TWO_ANSWERS: TB}
    older = replace(metrics, taken_at=NOW - 3 * 3600)
    assert gaps(reconcile(SpaceEvidence(disk=disk, metrics=older), NOW)) == {}


def test_a_dead_api_gives_way_to_newer_metrics() -> None:
    disk = replace(new_disk(4 * TB, TB, 5 * TB), taken_at=NOW - 86_400)
    metrics = SpaceMetrics(taken_at=NOW, allocated_bytes=5 * TB, used_bytes=4 * TB + GB, available_bytes=TB - GB)
    picture = reconcile(SpaceEvidence(disk=disk, metrics=metrics), NOW)
    assert picture.used == Figure(4 * TB + GB, Source.METRICS, NOW)
    assert (picture.pieces, picture.trash) == (None, None)


def test_a_log_only_node() -> None:
    free = LogSpace(taken_at=NOW - 60, available_bytes=TB)
    picture = reconcile(SpaceEvidence(log=free), NOW)
    assert picture.free == Figure(TB, Source.LOG, NOW - 60)
    assert picture.used is None
    assert picture.taken_at == NOW - 60
    warned = replace(free, allocated_bytes=5 * TB, allocated_at=NOW - 600)
    assert value(reconcile(SpaceEvidence(log=warned), NOW).used) == 4 * TB
    assert value(reconcile(SpaceEvidence(disk=new_disk(TB, TB, 2 * TB), log=warned), NOW).free) == TB


def test_nothing_known_is_nothing() -> None:
    picture = reconcile(SpaceEvidence(), NOW)
    assert all(getattr(picture, name) is None for name in FIGURES)
    assert (picture.differences, picture.capacity_bytes, picture.taken_at) == ((), None, 0.0)


def test_reported_is_byte_hours_by_hours_of_the_newest_complete_day() -> None:
    told = usages("v1.162-payout")
    # the newest day is running and holds 9 hours: the day before counts
    expected = 69_902_475_996_853.36 / 23.75 + 118_185_249_620_895.81 / 24.683333333333334
    figure = reported(told, NOW)
    assert figure is not None
    assert figure.value == pytest.approx(expected, abs=1)
    assert figure.source is Source.API
    month = reported_month(told)
    assert month is not None
    days = [(d.byte_hours, d.hours) for u in told[:1] for d in u.days if not d.calculated]
    first = sum(b for b, _ in days) / sum(h or 0 for _, h in days)
    assert month.value > first > 0
    assert reported(usages("v1.162-new-node"), NOW) is None


def test_gap_filled_days_do_not_count_as_reports() -> None:
    days = (UsageDay(NOW - 3 * 86_400, 24.0 * TB, TB, 24.0), UsageDay(NOW - 2 * 86_400, 0.0, 2.0 * TB, 24.0, calculated=True))
    one = SatelliteUsage(taken_at=NOW, satellite="s", days=days, month_byte_hours=24.0 * TB)
    assert reported((one,), NOW) == Figure(TB, Source.API, NOW)
    assert reported_month((one,)) == Figure(TB, Source.API, NOW)


def test_all_satellites_at_once_count_only_when_alone() -> None:
    everything = usage(3 * TB, "")
    assert value(reported((everything,), NOW)) == 3 * TB
    assert value(reported((everything, usage(TB, "a"), usage(2 * TB, "b")), NOW)) == 3 * TB


def test_every_figure_has_words() -> None:
    assert set(FIGURES) | {"growth", "days_until"} == set(HELP)
    assert all(h.what and h.normal and h.do for h in HELP.values())
