"""Windows: snapped outward, bounded, and every mistake named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.errors import RequestError
from storj_monitor.server.ports import Window
from storj_monitor.server.window import BUCKETS, POINTS_MOST, WINDOW_MOST_S, read_window

NOW = 1_700_000_000.25
NODES = ("a", "b", "c")


def window(points: bool = True, **query: str) -> Window:
    pairs = [(name.rstrip("_"), value) for name, value in query.items()]
    return read_window(pairs, NODES, NOW, points=points)


def test_defaults_are_the_last_day_of_all_nodes() -> None:
    assert window() == Window(1_699_913_400, 1_700_000_100, 300, NODES)
    assert window(points=False) == Window(1_699_913_580, 1_700_000_040, 60, NODES)


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("1600000000", 1600000000),
        ("1600000000.9", 1600000000),
        ("2020-09-13T12:26:40Z", 1600000000),
        ("2020-09-13T12:26:40", 1600000000),
        ("2020-09-13T15:26:40+03:00", 1600000000),
        ("2020-09-13T15:26:40 03:00", 1600000000),
        ("2020-09-13T17:56:40+0530", 1600000000),
        ("2020-09-13", 1599955200),
        ("-30d", int(NOW) - 30 * 86400),
        ("-90m", int(NOW) - 5400),
        ("now", int(NOW)),
    ],
)
def test_moments(text: str, second: int) -> None:
    assert window(points=False, from_=text).from_s == second // 60 * 60


@pytest.mark.parametrize(
    "query",
    [
        {"from_": "yesterday"},
        {"from_": ""},
        {"from_": "nan"},
        {"from_": "inf"},
        {"from_": "1e9"},
        {"from_": "-5"},
        {"from_": "-1w"},
        {"from_": "٣"},
        {"from_": "99999999999999999999999999"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"from_": "-1h", "to": "-2h"},
        {"bucket": "7m"},
        {"bucket": "60"},
        {"from_": "-24h", "bucket": "minute"},
        {"colour": "red"},
    ],
)
def test_mistakes(query: dict[str, str]) -> None:
    with pytest.raises(RequestError) as caught:
        window(**query)  # type: ignore[arg-type]
    assert caught.value.code == "bad_parameter"
    assert str(caught.value).split(":")[0] in {"from", "to", "bucket", "colour"}


def test_repeats_and_nodes() -> None:
    with pytest.raises(RequestError, match="more than once"):
        read_window([("from", "1"), ("from", "2")], NODES, NOW, points=False)
    assert read_window([("node", "c"), ("node", "a"), ("node", "c")], NODES, NOW, points=False).nodes == ("a", "c")
    with pytest.raises(RequestError, match="at most 100"):
        read_window([("node", "a")] * 101, NODES, NOW, points=False)
    with pytest.raises(RequestError) as caught:
        read_window([("node", "<script>")], NODES, NOW, points=False)
    assert (caught.value.code, caught.value.status) == ("unknown_node", 404)


def test_too_many_points_are_refused_with_the_number() -> None:
    with pytest.raises(RequestError, match="gives 1441 points, at most 300"):
        window(bucket="minute")
    assert window(points=False, bucket="minute").bucket_s == 60


def test_an_empty_window_is_one_bucket_wide() -> None:
    assert window(from_="600", to="600", bucket="5m") == Window(600, 900, 300, NODES)


def test_ages_are_clamped_to_ten_years() -> None:
    all_time = window(from_="0")
    assert all_time.to_s - all_time.from_s <= WINDOW_MOST_S + 2 * all_time.bucket_s
    assert all_time.bucket_s == BUCKETS["30d"]


@given(
    st.floats(0, 4e9),
    st.floats(0, WINDOW_MOST_S),
    st.sampled_from(["auto", *BUCKETS]),
    st.booleans(),
)
def test_snapping_is_outward_aligned_and_bounded(start: float, length: float, bucket: str, points: bool) -> None:
    end = start + length
    try:
        got = window(points, from_=f"{start:.6f}", to=f"{end:.6f}", bucket=bucket)
    except RequestError:
        assert points and bucket != "auto"
        return
    assert got.from_s <= start + 1e-6 and got.to_s >= end - 1e-6
    assert got.from_s % got.bucket_s == 0 and got.to_s % got.bucket_s == 0
    assert got.from_s > start - got.bucket_s - 1 and got.to_s <= end + got.bucket_s + 1
    if points:
        assert 1 <= (got.to_s - got.from_s) // got.bucket_s <= POINTS_MOST
