"""Every figure that the database answers equals a plain recount of what was committed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from builders import EU1, NOON_MS, US1, batch, transfer
from database.database_store import Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storj_monitor.database import queries
from storj_monitor.database.opening import open_database
from storj_monitor.database.schema import SATELLITE_LEVELS, TOTAL_LEVELS
from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import Action, Outcome

DAY_S = 86400

some_transfers = st.lists(
    st.builds(
        transfer,
        time_ms=st.integers(NOON_MS - 3 * DAY_S * 1000, NOON_MS),
        satellite=st.sampled_from([US1, EU1, ""]),
        action=st.sampled_from([Action.PUT, Action.GET, Action.GET_AUDIT, Action.UNKNOWN_DOWN]),
        outcome=st.sampled_from([Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED]),
        size=st.integers(-1, 5_000_000),
        duration_ms=st.sampled_from([-1, 0, 1000, 2000, 61_000]),
        country=st.sampled_from(["DE", "US", ""]),
    ),
    min_size=1,
    max_size=60,
)
cuts = st.lists(st.integers(0, 60), max_size=4)


def commit_in_parts(store: Store, transfers: list[Transfer], cuts: list[int]) -> None:
    bounds = [0, *sorted(min(cut, len(transfers)) for cut in cuts), len(transfers)]
    for i, (low, high) in enumerate(zip(bounds, bounds[1:], strict=False)):
        store.commit(batch(transfers[low:high], start=i, end=i + 1))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_transfers, cuts, st.integers(0, 3 * 1440), st.integers(1, 3 * 1440))
def test_windows_equal_a_recount(transfers: list[Transfer], cuts: list[int], first_minute: int, minutes: int) -> None:
    from_s = NOON_MS // 1000 - 3 * DAY_S + first_minute * 60
    to_s = from_s + minutes * 60
    inside = [t for t in transfers if from_s <= t.time_ms // 1000 < to_s]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "monitor.db"
        open_database(path, 1.0, "s")
        store = Store(path)
        commit_in_parts(store, transfers, cuts)
        ids = store.node_ids()
        cells = queries.totals(store.reader, ids, from_s, to_s)
        by_satellite = queries.by_satellite(store.reader, ids, from_s, to_s)
        names = queries.satellites(store.reader)
        traffic = queries.traffic(store.reader, ids, from_s, to_s, 60)
        store.reader.close()
        store.writer.close()
    assert {op: cell.count for op, cell in cells.items()} == Counter(t.op for t in inside)
    assert sum(cell.size_bytes for cell in cells.values()) == sum(max(t.size_bytes, 0) for t in inside)
    assert sum(cell.timed for cell in cells.values()) == sum(t.duration_ms >= 0 for t in inside)
    assert sum(sum(cell.buckets.values()) for cell in cells.values()) == sum(t.duration_ms >= 0 for t in inside)
    assert sum(sum(cell.sizes) for cell in cells.values()) == sum(t.size_bytes >= 0 for t in inside)
    assert {(names[sat], op): count for (sat, op), (count, _) in by_satellite.items()} == Counter((t.satellite, t.op) for t in inside)
    assert {(start, op): count for start, op, count, _ in traffic} == Counter((t.time_ms // 60000 * 60, t.op) for t in inside)


def test_all_levels_tell_the_same(store: Store) -> None:
    transfers = [transfer(NOON_MS - i * 700_000, satellite=(US1, EU1)[i % 2], size=i) for i in range(300)]
    commit_in_parts(store, transfers, [7, 100, 250])
    for table, _ in SATELLITE_LEVELS + TOTAL_LEVELS:
        assert store.reader.execute(f"SELECT sum(n), sum(bytes) FROM {table}").fetchone() == (300, sum(range(300))), table


def test_countries_and_errors(store: Store) -> None:
    transfers = [transfer(country="DE", size=5), transfer(country="US", size=7, action=Action.GET), transfer(country="DE", size=-1)]
    store.commit(batch(transfers))
    hour = NOON_MS // 1000 // 3600 * 3600
    rows = queries.countries(store.reader, store.node_ids(), hour, hour + 3600)
    assert sorted(rows) == [("DE", "up", 2, 5), ("US", "down", 1, 7)]


def test_single_events_come_back(store: Store) -> None:
    transfers = [transfer(NOON_MS + i, size=i, reason="reset" if i % 5 == 0 else "") for i in range(50)]
    store.commit(batch(transfers))
    back = list(queries.events_since(store.reader, store.node_ids()[0], NOON_MS + 10))
    assert [t.time_ms for t in back] == [t.time_ms for t in transfers[10:]]
    assert [bool(t.reason_id) for t in back] == [bool(t.reason) for t in transfers[10:]]
    count = queries.open_hot_hour(store.reader, store.node_ids()[0], NOON_MS // 3600000 * 3600, frozenset({transfers[0].op}), 5)
    assert [hot.count for hot in count.values()] == [50]
