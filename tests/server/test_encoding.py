"""Both encoders say the same, and never anything that a browser cannot parse."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.server import encoding
from storj_monitor.server.encoding import JsonEncoder, OrjsonEncoder, make_encoder

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(VALUES)
def test_both_encoders_agree(value: object) -> None:
    plain = JsonEncoder().encode(value)
    parsed = json.loads(plain, parse_constant=refuse)
    assert json.loads(OrjsonEncoder().encode(value), parse_constant=refuse) == parsed


def test_compact_and_null_for_what_is_no_number() -> None:
    assert JsonEncoder().encode({"a": [1, 2.5], "b": (float("nan"), {"c": float("-inf")})}) == b'{"a":[1,2.5],"b":[null,{"c":null}]}'


def test_undecodable_log_bytes_survive() -> None:
    value = {"sample": b"\xff\xfe".decode("utf-8", "surrogateescape")}
    for encoder in (JsonEncoder(), OrjsonEncoder()):
        assert json.loads(encoder.encode(value)) == value


def test_choice_and_the_warning_when_orjson_is_missing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(make_encoder(False), JsonEncoder)
    assert isinstance(make_encoder(True), OrjsonEncoder)
    monkeypatch.setattr(encoding, "orjson", None)
    with caplog.at_level(logging.WARNING):
        assert isinstance(make_encoder(True), JsonEncoder)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "orjson is not installed" in caplog.text
