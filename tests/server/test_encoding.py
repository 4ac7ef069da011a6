"""Both encoders say the same, and never anything that a browser cannot parse."""

from __future__ import annotations

import json
import logging
import math
from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.model.ids import Action
from storj_monitor.server import encoding
from storj_monitor.server.encoding import JsonEncoder, OrjsonEncoder, make_encoder
from storj_monitor.views.wire.fields import Figure
from storj_monitor.views.wire.frames import TableDelta

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


HOSTILE = (
    "</script><script>alert(1)</script>", "\u2028\u2029", "\x00\x1f\x7f", '"\\"\\', "𝔽😀\U0010ffff", "\ud800", "\ufeff", "ÄÖ" * 50,
    "{}[]:,", "%s%n",
)  # fmt: skip


class Point(NamedTuple):
    x: float
    y: str


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_out_as_they_went_in(text: str) -> None:
    value = {text: [text, {"in": text}]}
    for encoder in (JsonEncoder(), OrjsonEncoder()):
        encoded = encoder.encode(value)
        assert json.loads(encoded, parse_constant=refuse) == value
        assert not any(byte < 32 for byte in encoded)
        encoded.decode("utf-8")


@pytest.mark.parametrize(
    "value",
    [
        {"n": float("nan"), "i": [float("inf"), -float("inf")], "z": -0.0, "small": 5e-324, "large": 1.7976931348623157e308},
        {1: "a", -7: "b", False: "c", None: "d"},
        {1.5: "half"},
        [2**53 + 1, -(2**63), 2**64 - 1, 2**64, -(2**200)],
        Point(float("nan"), "named"),
        {"rows": (Point(1.0, "a"), [Point(2.0, "\ud800")])},
        {Action.PUT: Action.GET},
        [],
        {},
        "",
        None,
    ],
)
def test_both_agree_on_what_is_unusual(value: object) -> None:
    plain = json.loads(JsonEncoder().encode(value), parse_constant=refuse)
    assert json.loads(OrjsonEncoder().encode(value), parse_constant=refuse) == plain


@pytest.mark.parametrize("encoder", [JsonEncoder(), OrjsonEncoder()])
@pytest.mark.parametrize("value", [object(), complex(1, 2), range(3), len])
def test_what_is_no_json_is_refused(encoder: JsonEncoder | OrjsonEncoder, value: object) -> None:
    with pytest.raises(TypeError):
        encoder.encode({"a": value})


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), b"bytes", {1, 2}])
def test_orjson_takes_no_shape_of_its_own(value: object) -> None:
    with pytest.raises(TypeError):
        OrjsonEncoder().encode({"a": value})


def test_the_quick_way_is_taken_for_all_that_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_plain", refuse)
    value = {"ev": [[1.5, 0, "ABC", None, True]], "rows": {"a": (1, 2), 7: "Ä\u2028"}}
    assert json.loads(JsonEncoder().encode(value)) == {"ev": [[1.5, 0, "ABC", None, True]], "rows": {"a": [1, 2], "7": "Ä\u2028"}}


def test_choice_and_the_warning_when_orjson_is_missing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(make_encoder(False), JsonEncoder)
    assert isinstance(make_encoder(True), OrjsonEncoder)
    monkeypatch.setattr(encoding, "orjson", None)
    with caplog.at_level(logging.WARNING):
        assert isinstance(make_encoder(True), JsonEncoder)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "orjson is not installed" in caplog.text


@pytest.mark.parametrize("encoder", [JsonEncoder(), OrjsonEncoder()])
@pytest.mark.parametrize(("first", "kept"), [("n1", "n1"), ("\ud800", "\ud800")])
def test_structs_of_the_wire_are_objects(encoder: JsonEncoder | OrjsonEncoder, first: str, kept: str) -> None:
    """Also where one way of encoding refuses a text, and another has to be taken; what is left out is not sent."""
    value: object = {"rows": {"a": Figure(value=math.nan, source="api", at=1.5)}, "delta": TableDelta(n=1, as_of=2.0, del_=[first])}
    told = json.loads(encoder.encode(value))
    assert told == {"rows": {"a": {"value": None, "source": "api", "at": 1.5}}, "delta": {"n": 1, "as_of": 2.0, "del": [kept]}}
