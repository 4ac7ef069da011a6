"""Nodes that only have a log, and all nodes together."""

from __future__ import annotations

import gzip
from pathlib import Path

from storj_monitor.log_processor.processor import LineProcessor
from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.node_events import Filewalker, SpaceWarning
from storj_monitor.model.sources import Chunk
from storj_monitor.model.space import SpaceEvidence
from storj_monitor.storage_tracker.picture import FleetFigure, SpacePicture, fleet_space
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.storage_tracker.reported import log_space

NOW = 1_795_000_000.0
TB = 10**12
LESS = "Disk space is less than requested. Allocated space is"
LOG = Path(__file__).parent.parent / "corpus" / "logs" / "eventful" / "v1.120-debug.log.gz"


def walk(at_s: int, satellite: str, total: int, state: str = "finished") -> Filewalker:
    return Filewalker(time_ms=at_s * 1000, satellite=satellite, walker="used-space", state=state, total_bytes=total)


def test_the_newest_of_each_kind_counts() -> None:
    events = [
        walk(100, "a", 5),
        walk(300, "a", 7),
        walk(200, "b", 10),
        walk(400, "b", -1, "started"),
        Filewalker(time_ms=900_000, satellite="a", walker="gc", state="finished", total_bytes=99),
        SpaceWarning(time_ms=50_000, what=LESS, bytes_available=3 * TB),
        SpaceWarning(time_ms=40_000, what=LESS, bytes_available=2 * TB),
        SpaceWarning(time_ms=60_000, what="Total disk space is less than required minimum", bytes_available=1),
    ]
    found = log_space(events, (500.0, TB))
    assert found is not None
    assert (found.available_bytes, found.taken_at) == (TB, 500.0)
    assert (found.allocated_bytes, found.allocated_at, found.what) == (3 * TB, 50.0, LESS)
    assert (found.pieces_bytes, found.pieces_at) == (17, 200.0)
    picture = reconcile(SpaceEvidence(log=found), NOW)
    assert picture.pieces == Figure(17, Source.LOG, 200.0)
    assert picture.allocated == Figure(3 * TB, Source.LOG, 50.0)
    assert picture.used == Figure(2 * TB, Source.COMPUTED, 50.0)


def test_a_log_that_tells_nothing() -> None:
    assert log_space([SpaceWarning(time_ms=1, what="unable to get disk space info, using zeros")]) is None
    assert log_space([]) is None


def test_walks_of_a_recorded_log() -> None:
    data = gzip.decompress(LOG.read_bytes())
    batch = LineProcessor("n", lambda address: "").process(Chunk("n", data, 0, len(data), 0.0, None, ""))
    found = log_space(batch.events)
    assert found is not None
    assert found.pieces_bytes is not None
    assert found.pieces_bytes > 10**8
    assert reconcile(SpaceEvidence(log=found), NOW).pieces is not None


def test_sums_say_what_they_leave_out() -> None:
    def picture(used: int, at: float) -> SpacePicture:
        disk = Figure(10 * TB, Source.FILE_SYSTEM, at)
        return SpacePicture(used=Figure(used, Source.API, at), file_system_total=disk)

    nodes = {"a": picture(TB, 100.0), "b": picture(2 * TB, 50.0), "c": SpacePicture()}
    sums = fleet_space(nodes, {"a": "disk1", "b": "disk1"})
    assert sums["used"] == FleetFigure(3 * TB, 2, 50.0, ("c",))
    assert sums["file_system_total"].value_bytes == 10 * TB
    assert fleet_space(nodes)["file_system_total"].value_bytes == 20 * TB
    assert sums["trash"] == FleetFigure(0, 0, 0.0, ("a", "b", "c"))
    assert fleet_space({})["used"] == FleetFigure(0, 0, 0.0, ())


def test_what_is_free_on_a_shared_disk_is_free_once() -> None:
    def picture(free: int) -> SpacePicture:
        return SpacePicture(free=Figure(free, Source.API, 1.0), file_system_free=Figure(3 * TB, Source.FILE_SYSTEM, 1.0))

    nodes = {"a": picture(2 * TB), "b": picture(2 * TB), "c": picture(TB)}
    assert fleet_space(nodes, {"a": "1", "b": "1", "c": "2"})["free"].value_bytes == 4 * TB
    assert fleet_space(nodes)["free"].value_bytes == 5 * TB
