"""Hot pieces: the true count is always within what is told."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.model.rollups import HotPiece, NodeDelta
from storj_monitor.state import hot
from storj_monitor.state.hot import HotPieces

HOUR_MS = 3_600_000
NOW = 1e6


def counted(pieces: list[int], hour: int = 0) -> NodeDelta:
    delta = NodeDelta("n", newest_ms=hour * HOUR_MS + 1)
    for piece, count in Counter(pieces).items():
        delta.hot[hour * 3600, piece] = HotPiece(str(piece), "s", count, 0, 10 * count)
    return delta


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), max_size=40), max_size=12))
def test_counts_lie_within_their_error(commits: list[list[int]]) -> None:
    table = HotPieces(capacity=8)
    truth: Counter[int] = Counter()
    for pieces in commits:
        truth.update(pieces)
        table.feed(counted(pieces), NOW)
    for piece, one in table.open.items():
        assert one.count - one.error <= truth[piece] <= one.count


def test_an_hour_is_written_when_the_next_one_begins() -> None:
    table = HotPieces()
    first = counted([1, 1, 1, 2])
    table.feed(first, NOW)
    assert first.hot == {}
    later = counted([5], hour=1)
    table.feed(later, NOW)
    assert {(hour, piece): one.count for (hour, piece), one in later.hot.items()} == {(0, 1): 3}


def test_an_hour_that_began_before_us_is_owed_and_not_written() -> None:
    table = HotPieces(begun_s=0)
    table.feed(counted([1, 1, 1]), NOW)
    later = counted([5, 5], hour=1)
    table.feed(later, NOW)
    assert (later.hot, table.owed_s) == ({}, 0)
    last = counted([6], hour=2)
    table.feed(last, NOW)
    assert {key: one.count for key, one in last.hot.items()} == {(3600, 5): 2}, "an hour of our own"
    known = HotPieces(begun_s=0)
    known.resume(0, {1: HotPiece("", "", 2)})
    known.feed(counted([1, 1]), NOW)
    whole = counted([5], hour=1)
    known.feed(whole, NOW)
    assert {key: one.count for key, one in whole.hot.items()} == {(0, 1): 4}
    assert known.owed_s == -1


def test_old_hours_go_straight_to_disk() -> None:
    table = HotPieces()
    table.feed(counted([1, 1], hour=5), NOW)
    old = counted([9, 9, 9], hour=2)
    table.feed(old, NOW)
    assert {key: one.count for key, one in old.hot.items()} == {(2 * 3600, 9): 3}
    assert table.hour_s == 5 * 3600


def test_capacity_is_a_bound() -> None:
    table = HotPieces()
    for start in range(0, 10_000, 500):
        table.feed(counted(list(range(start, start + 500))), NOW)
    assert len(table.open) <= 2 * hot.CAPACITY


def test_a_line_from_the_future_closes_no_hour() -> None:
    table = HotPieces()
    table.feed(counted([1, 1, 1]), NOW)
    wrong = counted([7, 7], hour=1_000_000)
    table.feed(wrong, NOW)
    assert {key: one.count for key, one in wrong.hot.items()} == {(3_600_000_000, 7): 2}
    later = counted([1])
    table.feed(later, NOW)
    assert (table.hour_s, table.open[1].count, later.hot) == (0, 4, {})


def test_what_the_database_left_out_is_in_the_error() -> None:
    table = HotPieces(capacity=2)
    table.resume(0, {1: HotPiece("", "", 9), 2: HotPiece("", "", 5)})
    table.feed(counted([3]), NOW)  # may have been downloaded up to five times before
    assert (table.open[3].count, table.open[3].error) == (6, 5)


def test_full_ids_stay_known_when_the_hour_is_counted_anew() -> None:
    table = HotPieces()
    table.feed(counted([1, 1]), NOW)
    table.resume(0, {1: HotPiece("", "", 5)})
    assert (table.open[1].piece_id, table.open[1].count) == ("1", 5)
