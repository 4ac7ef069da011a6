"""Lines cut to their greatest length: only those that are longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storj_monitor.sources import source as line_splitter
from storj_monitor.sources.source import UTF8, normalise


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([0, 1, 5, 9, 10, 11, 12, 25]), max_size=12))
def test_no_line_is_longer_than_the_greatest_length_and_others_stay(monkeypatch: pytest.MonkeyPatch, lengths: list[int]) -> None:
    monkeypatch.setattr(line_splitter, "LINE_BYTES", 10)
    raw = b"".join(b"x" * length + b"\n" for length in lengths)
    assert normalise(raw, UTF8, False) == (b"".join(b"x" * min(length, 10) + b"\n" for length in lengths) or b"\n")
