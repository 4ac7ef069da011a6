"""JSON for the wire: one shape from two encoders, always valid (no NaN, no bytes that are not UTF-8)."""

from __future__ import annotations

import json
import logging
import math
from typing import Protocol

try:
    import orjson
except ImportError:  # the optional extra `fast`
    orjson = None  # type: ignore[assignment,unused-ignore]

_log = logging.getLogger(__name__)
# Keys as the standard library writes them, and no type that it would refuse.
_AS_PLAIN = 0 if orjson is None else orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
# What is sent is made for it and holds no circles: not looking for them is half the price of a list of short lists.
_stdlib = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


class Encoder(Protocol):
    """Object (dict, list, tuple, str, int, float, bool, None) to JSON bytes; NaN and infinities become null."""

    def encode(self, value: object) -> bytes: ...


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


class JsonEncoder:
    """The standard library's encoder, compact. Its output is ASCII, so text with undecodable log bytes is no trouble."""

    def encode(self, value: object) -> bytes:
        try:
            return _stdlib.encode(value).encode("ascii")
        except ValueError:
            return _stdlib.encode(_finite(value)).encode("ascii")


class OrjsonEncoder:
    """orjson where it can; what it refuses (lone surrogates, integers over 64 bits, named tuples) goes the plain way."""

    def __init__(self) -> None:
        self._plain = JsonEncoder()

    def encode(self, value: object) -> bytes:
        try:
            return orjson.dumps(value, option=_AS_PLAIN)
        except TypeError:
            return self._plain.encode(value)


def make_encoder(use_orjson: bool) -> Encoder:
    """The encoder for PERF_USE_ORJSON; warns once and takes the plain one when orjson is not installed."""
    if not use_orjson:
        return JsonEncoder()
    if orjson is None:
        _log.warning("PERF_USE_ORJSON is on, but orjson is not installed (pip install 'storj-monitor[fast]'): Python's own json is used")
        return JsonEncoder()
    return OrjsonEncoder()
