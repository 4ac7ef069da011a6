"""Sizes and durations as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.units import format_bytes, format_duration, format_hours, format_share, parse_bytes, parse_duration_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("500", 500),
        ("20 GB", 20 * 10**9),
        ("1.5kB", 1500),
        ("512MiB", 512 * 2**20),
        ("2 tib", 2 * 2**40),
        ("7 b", 7),
        ("3k", 3000),
    ],
)
def test_parse_bytes(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30 minutes", 1800), ("48h", 172_800), ("2 Days", 172_800), ("2y", 63_072_000), ("1.5 h", 5400)]
)
def test_parse_duration(text: str, expected: int) -> None:
    assert parse_duration_s(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "-1 GB", "1 XB", "1e9", "1 2", "٣ GB "])
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_bytes(text)


@pytest.mark.parametrize("text", ["", "5", "-2 days", "2 parsecs", "days"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (22_700_000, "22.7 MB"),
        (114 * 10**9, "114 GB"),
        (999_600, "1.00 MB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_format_bytes(size_bytes: int, expected: str) -> None:
    assert format_bytes(size_bytes) == expected


@given(st.integers(0, 10**10))
def test_a_duration_is_read_back(seconds: int) -> None:
    assert parse_duration_s(format_duration(seconds)) == seconds


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert format_share(0, 0) == "-"
    assert format_share(99_999_999, 100_000_000) == "99.99 %"
    assert format_share(1, 100_000_000) == "0.01 %"
    assert format_share(5, 5) == "100.00 %"
    assert format_share(0, 5) == "0.00 %"


def test_a_time_to_come_is_never_nought_hours() -> None:
    told = [format_hours(hours) for hours in (0.0, 0.4, 1.0, 1.99, 2.0, 47.9, 48.0, 300.0)]
    assert told == ["less than an hour", "less than an hour", "1 hour", "1 hour", "2 hours", "47 hours", "2 days", "12 days"]
