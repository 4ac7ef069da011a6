"""The ring of hours: what is put in comes out, from a blob too; merging is the same in any order."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.analytics_engine.hours import BAD, COUNT, EMPTY, FAILED, HOURS, LATENCY, NOISE, HourHistory, Sums

START = 490_000


def sums(n: int, bad: int = 0, failed: int = 0, mean: float = 0.0) -> Sums:
    found = Sums()
    found.n, found.bad, found.failed = n, bad, failed
    if mean:
        found.timed, found.logs, found.squares = n, n * mean, n * (mean * mean + 0.25)
    return found


def history(hours: dict[int, Sums]) -> HourHistory:
    found = HourHistory()
    for hour in sorted(hours):
        found.put(hour, hours[hour])
    return found


def test_an_hour_comes_out_as_it_went_in() -> None:
    found = history({START: sums(1000, 20, 5, 7.0)})
    assert math.isclose(found.count(START) or 0, 1000, rel_tol=1e-3)
    assert math.isclose(found.value(BAD, START) or 0, 0.02, abs_tol=1e-5)
    assert math.isclose(found.value(FAILED, START) or 0, 0.005, abs_tol=1e-5)
    assert math.isclose(found.value(LATENCY, START) or 0, 7.0, abs_tol=1e-3)
    assert math.isclose(found.value(NOISE, START) or 0, 0.5, abs_tol=1e-2)


def test_an_hour_without_transfers_was_watched_but_has_no_shares() -> None:
    found = history({START: sums(0)})
    assert found.count(START) == 0
    assert found.value(BAD, START) is None
    assert found.count(START - 1) is None


def test_skipped_columns_and_hours_that_nobody_watched_stay_empty() -> None:
    found = HourHistory()
    found.put(START, sums(10, 1), frozenset({BAD}))
    found.put(START + 3, sums(10, 1))
    assert found.value(BAD, START) is None
    assert found.count(START + 1) is None
    assert found.known() == 2


def test_an_hour_watched_in_part_counts_as_a_whole_one() -> None:
    found = HourHistory()
    found.put(START, sums(900, 90), minutes=45)
    assert math.isclose(found.count(START) or 0, 1200, rel_tol=1e-3)
    assert math.isclose(found.value(BAD, START) or 0, 0.1, abs_tol=1e-5)


def test_the_ring_forgets_what_is_older_than_six_weeks() -> None:
    found = history({START: sums(10), START + HOURS: sums(20)})
    assert found.count(START) is None
    found.put(START, sums(10))
    assert found.known() == 1


def test_forgetting_empties_only_what_is_named() -> None:
    found = history({START + i: sums(100, 10, 2) for i in range(10)})
    found.forget_before(START + 5, frozenset({BAD}))
    assert [found.value(BAD, START + i) is None for i in range(10)] == [True] * 5 + [False] * 5
    assert found.value(FAILED, START) is not None


def test_what_is_no_blob_is_refused() -> None:
    assert HourHistory.decode(b"") is None
    assert HourHistory.decode(b"\x01\0\0\0\0junk") is None
    assert HourHistory.decode(b"\x09" + HourHistory().encode()[1:]) is None
    assert HourHistory.decode(history({START: sums(1)}).encode()[:-3]) is None


hours = st.dictionaries(
    st.integers(START, START + 2 * HOURS),
    st.builds(sums, st.integers(0, 10**6), st.just(0), st.just(0), st.sampled_from([0.0, 6.5])),
    max_size=30,
)


@settings(max_examples=25, deadline=None)
@given(hours)
def test_blobs_lose_nothing(some: dict[int, Sums]) -> None:
    first = history(some)
    again = HourHistory.decode(first.encode())
    assert again is not None
    assert again.newest == first.newest
    assert again.columns == first.columns


@settings(max_examples=25, deadline=None)
@given(hours, hours)
def test_merging_goes_in_any_order_and_twice_is_once(some: dict[int, Sums], more: dict[int, Sums]) -> None:
    left, right = history(some), history(more)
    left.merge(history(more))
    right.merge(history(some))
    assert left.newest == right.newest
    assert left.columns[COUNT] == right.columns[COUNT]
    before = [column[:] for column in left.columns]
    left.merge(history(more))
    assert left.columns == before
    assert all(value <= EMPTY for value in left.columns[COUNT])


def test_a_full_blob_is_small() -> None:
    full = history({START + i: sums(1000 + i % 24 * 40 + i * 7919 % 97, 20 + i % 5, i % 4, 7 + i % 13 / 50) for i in range(HOURS)})
    assert len(full.encode()) < 8_000
