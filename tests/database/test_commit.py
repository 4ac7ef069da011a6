"""All or nothing, and each stretch of a log exactly once, whoever reads it."""

from __future__ import annotations

import msgspec
import pytest
from builders import NOON_MS, batch, transfer
from database.database_store import Store

from storj_monitor.database import queries
from storj_monitor.errors import PositionConflict
from storj_monitor.model.node_events import NodeStarted, VersionSeen
from storj_monitor.model.sources import Checkpoint, FileIdentity


def total(store: Store) -> int:
    return int(store.reader.execute("SELECT coalesce(sum(n), 0) FROM satellite_day").fetchone()[0])


def test_the_position_moves_with_the_data(store: Store) -> None:
    store.commit(batch([transfer()], start=0, end=10), batch([transfer()], start=10, end=30))
    (saved,) = queries.positions(store.reader, 1)
    assert (saved.offset, saved.path, saved.saved_at) == (30, "node.log", 4e9)


def test_a_batch_that_starts_elsewhere_is_refused_whole(store: Store) -> None:
    store.commit(batch([transfer()], start=0, end=10))
    with pytest.raises(PositionConflict):
        store.commit(batch([transfer()], start=0, end=20))
    assert total(store) == 1
    assert queries.positions(store.reader, 1)[0].offset == 10


def test_texts_of_a_refused_batch_are_not_remembered(store: Store) -> None:
    store.commit(batch([transfer()], start=0, end=10))
    with pytest.raises(PositionConflict):
        store.commit(batch([transfer(satellite="new", reason="odd")], start=5, end=20))
    store.commit(batch([transfer(satellite="new", reason="odd")], start=10, end=20))
    assert set(queries.satellites(store.reader).values()) >= {"new"}
    assert total(store) == 2


def test_a_file_that_has_grown_gets_its_full_identity(store: Store) -> None:
    short, full = FileIdentity(50, "bb"), FileIdentity(4096, "cc")
    store.commit(batch([transfer()], start=0, end=50, identity=short))
    grown = msgspec.structs.replace(batch([transfer()]), checkpoint=Checkpoint(full, 50, 5000, "node.log", previous=short))
    store.commit(grown)
    (saved,) = queries.positions(store.reader, 1)
    assert (saved.identity, saved.offset) == (full, 5000)


def test_what_the_node_says_of_itself(store: Store) -> None:
    events = [NodeStarted(time_ms=NOON_MS, node_id="1abc"), VersionSeen(time_ms=NOON_MS, version="1.162.3")]
    store.commit(batch([transfer()], events=list(events)))
    (node,) = queries.nodes(store.reader)
    assert (node.node_id, node.version, node.newest_ms, node.resolution_ms) == ("1abc", "1.162.3", NOON_MS, 1000)
    rows = queries.node_events(store.reader, ["node_started"], [1], NOON_MS, NOON_MS + 1, 10)
    assert len(rows) == 1


def test_a_file_that_somebody_else_has_read_on_meanwhile(store: Store) -> None:
    short, full = FileIdentity(50, "bb"), FileIdentity(4096, "cc")
    store.commit(batch([transfer()], start=0, end=50, identity=short))
    grown = msgspec.structs.replace(batch([transfer()]), checkpoint=Checkpoint(full, 50, 5000, "node.log", previous=short))
    store.commit(grown)
    with pytest.raises(PositionConflict):
        store.commit(grown)
    assert total(store) == 2
