"""The sketch keeps its promise on any data, and merging is the same as counting together."""

import math

from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.stats import (
    SIZE_CLASS_BOUNDS_BYTES,
    Buckets,
    add_counts,
    bucket_of,
    class_of_bits,
    decode_sketch,
    encode_sketch,
    merge_sketches,
    quantile,
)

durations = st.lists(st.integers(0, 100_000_000), min_size=1, max_size=300)


def sketch(values: list[int]) -> Buckets:
    buckets: Buckets = {}
    for value in values:
        add_counts(buckets, {bucket_of(value): 1})
    return buckets


@given(durations, st.floats(0, 1))
def test_quantiles_are_within_two_percent(values: list[int], q: float) -> None:
    found = quantile(sketch(values), q)
    exact = sorted(values)[math.floor(q * (len(values) - 1))]
    assert found is not None
    assert abs(found - exact) <= 0.02 * exact + 1e-9


@given(durations, durations)
def test_merging_is_counting_together(left: list[int], right: list[int]) -> None:
    merged = merge_sketches(encode_sketch(sketch(left)), encode_sketch(sketch(right)))
    assert decode_sketch(merged) == sketch(left + right)


def test_empty() -> None:
    assert quantile({}, 0.5) is None
    assert encode_sketch({}) is None
    assert merge_sketches(None, None) is None


def test_size_classes() -> None:
    assert [class_of_bits(bound.bit_length()) for bound in SIZE_CLASS_BOUNDS_BYTES] == list(range(8))
    assert [class_of_bits((bound - 1).bit_length()) for bound in SIZE_CLASS_BOUNDS_BYTES[1:]] == list(range(7))
    assert class_of_bits(63) == 7
