"""Questions about times whose minutes are pruned are answered from hours, whose hours from days: coarser, never too small."""

from __future__ import annotations

import pytest
from builders import EU1, NOON_MS, batch, transfer
from database.database_store import Store

from storj_monitor.database import queries
from storj_monitor.database.queries import clip_to_retention
from storj_monitor.database.retention import Pruner, Retention

NOON = NOON_MS // 1000
DAY = 86400
MINUTES_S, HOURS_S = 30 * DAY, 90 * DAY


@pytest.fixture
def pruned(store: Store) -> Store:
    """A transfer every 20 minutes for 100 days of n1, of which 30 days have minutes and 90 have hours; n2 is old and has all."""
    own = [transfer(NOON_MS - i * 1_200_000, satellite=EU1) for i in range(100 * 72)]
    old = [transfer(NOON_MS - 200 * DAY * 1000 - i * 1_200_000) for i in range(72)]
    store.commit(batch(own), batch(old, node="n2"))
    pruner = Pruner(store.writer, Retention(events_s=DAY, minutes_s=MINUTES_S, hours_s=HOURS_S))
    while pruner.step(NOON):
        pass
    return store


def counted(store: Store, nodes: list[int], from_s: int, to_s: int) -> int:
    by_op = sum(cell.count for cell in queries.totals(store.reader, nodes, from_s, to_s).values())
    assert by_op == sum(n for n, _ in queries.by_satellite(store.reader, nodes, from_s, to_s).values())
    return by_op


@pytest.mark.parametrize(
    ("from_s", "to_s", "kept_from", "kept_to"),
    [
        (NOON - 5 * DAY + 60, NOON - 4 * DAY + 120, NOON - 5 * DAY + 60, NOON - 4 * DAY + 120),  # minutes are there
        (NOON - 40 * DAY + 60, NOON - 4 * DAY + 120, NOON - 40 * DAY, NOON - 4 * DAY + 120),  # at its beginning they are not
        (NOON - 40 * DAY + 60, NOON - 39 * DAY + 120, NOON - 40 * DAY, NOON - 39 * DAY + 3600),  # nor at its end
        (NOON - 98 * DAY + 60, NOON - 39 * DAY + 120, NOON - 98 * DAY - DAY // 2, NOON - 39 * DAY + 3600),  # not even hours
        (NOON - 300 * DAY + 60, NOON, NOON - 300 * DAY + 60, NOON),  # nothing was there
    ],
)
def test_edges_move_outward_only_where_something_is_missing(pruned: Store, from_s: int, to_s: int, kept_from: int, kept_to: int) -> None:
    kept = clip_to_retention(pruned.reader, [1], from_s, to_s, 60, points=False)
    assert (kept.from_s, kept.to_s) == (kept_from, kept_to)
    first = NOON - (100 * 72 - 1) * 1200
    times = [t for t in range(first, NOON + 1, 1200) if kept.from_s <= t < kept.to_s]
    assert counted(pruned, [1], kept.from_s, kept.to_s) == len(times)


def test_a_node_that_has_its_minutes_is_asked_as_finely_as_before(pruned: Store) -> None:
    window = (NOON - 200 * DAY - 3000, NOON - 200 * DAY - 600)
    assert clip_to_retention(pruned.reader, [1, 2], *window, 60, points=False)[:2] == window
    assert counted(pruned, [1, 2], *window) == 2


def test_a_chart_takes_coarser_points(pruned: Store) -> None:
    begin = NOON - 40 * DAY
    assert clip_to_retention(pruned.reader, [1], begin + 300, begin + 7500, 300, points=True) == (begin, begin + 10800, 3600)
    assert clip_to_retention(pruned.reader, [1], NOON - 3600, NOON, 60, points=True) == (NOON - 3600, NOON, 60)
    assert clip_to_retention(pruned.reader, [1], NOON - 98 * DAY, NOON - 97 * DAY, 3600, points=True).bucket_s == DAY
    assert (
        clip_to_retention(pruned.reader, [1], NOON - 98 * DAY - DAY // 2, NOON - 91 * DAY - DAY // 2, 7 * DAY, points=True).bucket_s
        == 7 * DAY
    )


def test_half_pruned_hours_are_seen(store: Store) -> None:
    """The very first hour, of which some minutes are gone: no older hour tells that anything was pruned."""
    store.commit(batch([transfer(NOON_MS + i * 60_000) for i in range(60)]))
    for table in ("total_minute", "total_m5", "satellite_minute"):
        store.writer.execute(f"DELETE FROM {table} WHERE start_s < ?", (NOON + 1200,))
    assert clip_to_retention(store.reader, [1], NOON + 600, NOON + 3600, 60, points=False)[:2] == (NOON, NOON + 3600)
