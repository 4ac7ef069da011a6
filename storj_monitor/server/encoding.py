"""JSON for the wire: one shape from two encoders, always valid (no NaN, no bytes that are not UTF-8)."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

import msgspec
from aiohttp import web

try:
    import orjson
except ImportError:  # the optional extra `fast`
    orjson = None  # type: ignore[assignment,unused-ignore]

_log = logging.getLogger(__name__)
# Keys as the standard library writes them, and no type that it would refuse.
_AS_PLAIN = 0 if orjson is None else orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _opened(value: object) -> object:
    """A Struct as what it is made of."""
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else _refuse(value)


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not for the wire")


# What is sent is made for it and holds no circles: not looking for them is half the price of a list of short lists.
_stdlib = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False, default=_opened)


_GZIP_FROM_BYTES = 1024
_GZIP_APART_FROM_BYTES = 128 * 1024  # in a thread: more than 5 ms
_GZIP_LEVEL = 5


def takes_gzip(request: web.Request) -> bool:
    """Whether the client says that it does (RFC 9110 §12.5.3; `*` is not taken for it)."""
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Body:
    """The bytes of an answer, compressed once at most, however many clients get it."""

    __slots__ = ("_zipped", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._zipped: bytes | None = None

    async def response(self, request: web.Request, content_type: str, headers: Mapping[str, str], status: int = 200) -> web.Response:
        """As the client takes it."""
        given = {"Content-Type": content_type, "Vary": "Accept-Encoding", **headers}
        if len(self.plain) < _GZIP_FROM_BYTES or not takes_gzip(request):
            return web.Response(body=self.plain, status=status, headers=given)
        if self._zipped is None:
            apart = len(self.plain) >= _GZIP_APART_FROM_BYTES
            self._zipped = await asyncio.to_thread(_zip, self.plain) if apart else _zip(self.plain)
        return web.Response(body=self._zipped, status=status, headers={**given, "Content-Encoding": "gzip"})


class KeptBodies:
    """The newest answers by their question: one that has not changed is not compressed again. Bounded by number and size."""

    def __init__(self, most: int = 16, largest_bytes: int = 1 << 20) -> None:
        self._most = most
        self._largest_bytes = largest_bytes
        self._kept: OrderedDict[str, Body] = OrderedDict()

    def body(self, question: str, plain: bytes) -> Body:
        """With its compressed form, when the answer is the one that was given last."""
        known = self._kept.get(question)
        body = known if known is not None and known.plain == plain else Body(plain)
        if len(plain) <= self._largest_bytes:
            self._kept[question] = body
            self._kept.move_to_end(question)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return body


def _zip(plain: bytes) -> bytes:
    return gzip.compress(plain, _GZIP_LEVEL, mtime=0)


class Encoder(Protocol):
    """A Struct, or dict, list, tuple, str, int, float, bool, None, to JSON bytes; NaN and infinities become null."""

    def encode(self, value: object) -> bytes: ...


def _finite(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return _finite(_opened(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


class JsonEncoder:
    """msgspec, which is there anyway and takes a tenth of the time, where it can; what it refuses (lone surrogates, integers over 64
    bits) goes through the standard library. Its output is ASCII, so text with undecodable log bytes is no trouble."""

    def __init__(self) -> None:
        self._quick = msgspec.json.Encoder(enc_hook=_refuse).encode

    def encode(self, value: object) -> bytes:
        try:
            return self._quick(value)
        except (TypeError, ValueError, OverflowError):
            return _plain(value)


def _plain(value: object) -> bytes:
    try:
        return _stdlib.encode(value).encode("ascii")
    except ValueError:
        return _stdlib.encode(_finite(value)).encode("ascii")


class OrjsonEncoder:
    """orjson where it can; what it refuses (lone surrogates, integers over 64 bits, named tuples) goes the plain way."""

    def encode(self, value: object) -> bytes:
        try:
            return orjson.dumps(value, default=_opened, option=_AS_PLAIN)
        except TypeError:
            return _plain(value)


def make_encoder(use_orjson: bool) -> Encoder:
    """The encoder for PERF_USE_ORJSON; warns once and takes the plain one when orjson is not installed."""
    if not use_orjson:
        return JsonEncoder()
    if orjson is None:
        _log.warning("PERF_USE_ORJSON is on, but orjson is not installed (pip install 'storj-monitor[fast]'): the plain encoder is used")
        return JsonEncoder()
    return OrjsonEncoder()
