"""Query parameters of /api/v1 to a checked `Window`; every mistake is a RequestError that names the parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from storj_monitor.errors import RequestError
from storj_monitor.server.ports import Parts, Window

POINTS_MOST = 300
NODES_MOST = 100
WINDOW_MOST_S = 3653 * 86400
BUCKETS = {
    "minute": 60,
    "5m": 300,
    "15m": 900,
    "hour": 3600,
    "6h": 21600,
    "day": 86400,
    "week": 604800,
    "30d": 2592000,
}
_DEFAULT_WINDOW_S = 86400
_LATEST_S = 32503680000  # year 3000
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BEFORE_NOW = re.compile(r"-(\d{1,9})([smhd])")
_PARAMETERS = frozenset({"from", "to", "bucket", "node"})
PART = "part"


def read_window(query: Sequence[tuple[str, str]], known_nodes: tuple[str, ...], now: float, *, points: bool) -> Window:
    """The window that a question asks for.

    query  -- decoded (name, value) pairs
    now    -- Unix seconds, what `-24h` counts from
    points -- the answer has one point a bucket: `auto` is the finest bucket with at most 300 of them. Otherwise `auto` is the minute.
    RequestError: `bad_parameter`, `unknown_node`.
    """
    single = _single(query)
    to_s = _moment("to", single["to"], now) if "to" in single else now
    from_s = _moment("from", single["from"], now) if "from" in single else to_s - _DEFAULT_WINDOW_S
    if from_s > to_s:
        raise RequestError("bad_parameter", "from: must not be later than `to`")
    from_s = max(0.0, from_s, to_s - WINDOW_MOST_S)
    bucket_s = _bucket(single.get("bucket", "auto"), from_s, to_s, points)
    start, end = _snap(from_s, to_s, bucket_s)
    return Window(start, end, bucket_s, _nodes([value for name, value in query if name == "node"], known_nodes))


def read_parts(query: Sequence[tuple[str, str]], known: Sequence[str]) -> Parts | None:
    """The parts of an answer that are wanted; None = all of it. RequestError `bad_parameter`."""
    wanted = frozenset(value for name, value in query if name == PART)
    for value in sorted(wanted - frozenset(known)):
        raise RequestError("bad_parameter", f"{PART}: {value[:60]!r} is none of {', '.join(known)}")
    return wanted or None


def _single(query: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in query:
        if name not in _PARAMETERS:
            raise RequestError("bad_parameter", f"{name[:50]}: no such parameter; there are {', '.join(sorted(_PARAMETERS))}")
        if name == "node":
            continue
        if name in found:
            raise RequestError("bad_parameter", f"{name}: given more than once")
        found[name] = value
    return found


def _moment(name: str, text: str, now: float) -> float:
    before = _BEFORE_NOW.fullmatch(text)
    if before:
        return max(0.0, now - int(before[1]) * _UNITS_S[before[2]])
    if text == "now":
        return now
    value = _number(text)
    if value is None:
        value = _iso(text)
    if value is None or not 0 <= value <= _LATEST_S:
        raise RequestError("bad_parameter", f"{name}: must be Unix seconds, ISO 8601 or like -24h, -90m, -30d")
    return value


def _number(text: str) -> float | None:
    if len(text) > 24 or not re.fullmatch(r"\d+(\.\d*)?", text, re.ASCII):
        return None
    return float(text)


def _iso(text: str) -> float | None:
    # a `+` that was not percent-encoded arrives as a space
    try:
        moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text[:40]))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _snap(from_s: float, to_s: float, bucket_s: int) -> tuple[int, int]:
    start = math.floor(from_s / bucket_s) * bucket_s
    end = math.ceil(to_s / bucket_s) * bucket_s
    return start, max(end, start + bucket_s)


def _points(from_s: float, to_s: float, bucket_s: int) -> int:
    start, end = _snap(from_s, to_s, bucket_s)
    return (end - start) // bucket_s


def _bucket(name: str, from_s: float, to_s: float, points: bool) -> int:
    if name == "auto":
        if not points:
            return BUCKETS["minute"]
        return next(bucket_s for bucket_s in BUCKETS.values() if _points(from_s, to_s, bucket_s) <= POINTS_MOST)
    bucket_s = BUCKETS.get(name)
    if bucket_s is None:
        raise RequestError("bad_parameter", f"bucket: must be auto or one of {', '.join(BUCKETS)}")
    if points and (count := _points(from_s, to_s, bucket_s)) > POINTS_MOST:
        raise RequestError("bad_parameter", f"bucket: {name} gives {count} points, at most {POINTS_MOST} are answered; take a coarser one")
    return bucket_s


def _nodes(names: list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return known
    if len(names) > NODES_MOST:
        raise RequestError("bad_parameter", f"node: at most {NODES_MOST} can be named")
    wanted = set(names)
    for name in names:
        if name not in known:
            raise RequestError("unknown_node", f"node: no such node: {name[:100]}", 404)
    return tuple(name for name in known if name in wanted)
