"""Everything that can be wrong with an answer, as switches: which fault on which paths."""

from __future__ import annotations

import json
import re
from enum import StrEnum

_NUMBER = re.compile(rb'(?<=":)-?\d[\d.eE+-]*')
_METRIC = re.compile(rb"^(used_space\{.*\}) \S+$", re.MULTILINE)


class Fault(StrEnum):
    """One way in which a node (or what is in its place) fails to answer."""

    SLOW = "slow"
    """nothing comes for `Faults.slow_s`"""
    DRIP = "drip"
    """headers at once, then a byte now and then"""
    ERROR_500 = "error_500"
    BAD_GATEWAY = "bad_gateway"
    HTML = "html"
    """a web page with status 200, as an unknown path of a node or a wrong port gives"""
    OTHER_JSON = "other_json"
    """good JSON of another program"""
    TRUNCATED = "truncated"
    """half of the document, with a fitting length"""
    WRONG_TYPE = "wrong_type"
    """a text where a number belongs"""
    NAN = "nan"
    EMPTY = "empty"
    """status 200 and no body: what a node sends when it cannot write an answer down"""
    CLOSED = "closed"
    """the connection is closed in the middle of the answer"""
    DROPPED = "dropped"
    """the connection is closed without an answer"""
    REDIRECT = "redirect"
    TOO_LONG = "too_long"


class Faults:
    """The switches of one fake node. A path has the fault of the longest prefix that is set."""

    def __init__(self) -> None:
        self.slow_s = 60.0
        self._by_prefix: dict[str, Fault] = {}
        self._by_path: dict[str, Fault] = {}

    def set(self, fault: Fault | None, prefix: str = "/") -> None:
        """Switch a fault on for all paths that begin so; None switches it off."""
        if fault is None:
            self._by_prefix.pop(prefix, None)
        else:
            self._by_prefix[prefix] = fault

    def set_exact(self, fault: Fault, path: str) -> None:
        """Switch a fault on for one path and no other."""
        self._by_path[path] = fault

    def clear(self) -> None:
        """All is well again."""
        self._by_prefix.clear()
        self._by_path.clear()

    def of(self, path: str) -> Fault | None:
        """The fault of a path, if any."""
        if path in self._by_path:
            return self._by_path[path]
        fitting = [prefix for prefix in self._by_prefix if path.startswith(prefix)]
        return self._by_prefix[max(fitting, key=len)] if fitting else None


def spoil(body: bytes, fault: Fault) -> bytes:
    """The body as a fault of its content leaves it; faults of the connection leave it alone."""
    if fault is Fault.EMPTY:
        return b""
    if fault is Fault.HTML:
        return b"<!DOCTYPE html>\n<html><head><title>Storage Node Dashboard</title></head><body><div id=app></div></body></html>\n"
    if fault is Fault.OTHER_JSON:
        return b'{"status":"success","data":{"resultType":"vector"}}\n'
    if fault is Fault.TRUNCATED:
        return body[: max(1, len(body.rstrip()) // 2)]
    if fault is Fault.TOO_LONG:
        return body.rstrip() + b" " * (9 << 20)
    if fault is Fault.NAN:
        return _NUMBER.sub(b"NaN", body, count=1) if _NUMBER.search(body) else b"[NaN]"
    if fault is Fault.WRONG_TYPE:
        return _wrong_type(body)
    return body


def _wrong_type(body: bytes) -> bytes:
    if b"# TYPE " in body:
        return _METRIC.sub(rb"\1 many", body, count=1)
    if _NUMBER.search(body) is None:
        return json.dumps({"not": "this"}).encode()
    return _NUMBER.sub(b'"a text"', body, count=1)
