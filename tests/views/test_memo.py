"""A memo makes a thing once for a version, and again for another version or another object that it is made of."""

from __future__ import annotations

from storj_monitor.views.memo import Memo


def test_made_once_for_a_version_by_name() -> None:
    memo: Memo[int] = Memo()
    made = iter(range(10))
    assert [memo.of(name, version, made.__next__) for name, version in (("a", 1), ("a", 1), ("b", 1), ("a", 2), ("b", 1))] == [
        0,
        0,
        1,
        2,
        1,
    ]
    assert memo.of("a", 1, made.__next__) == 3, "only the newest is kept"


def test_an_equal_object_is_another_one() -> None:
    memo: Memo[int] = Memo()
    made = iter(range(10))
    one: list[int] = []
    other: list[int] = []
    assert [memo.of("a", None, made.__next__, made_of=source) for source in (one, one, other, other)] == [0, 0, 1, 1]
