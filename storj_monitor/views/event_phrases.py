"""Small phrases for sentences about events: counts, sizes, times and places as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

from storj_monitor.model.ids import satellite_name
from storj_monitor.units import format_bytes

MOST_TEXT = 240


def many(number: int, what: str) -> str:
    """`1 piece`, `1,234 pieces`; `an unknown number of pieces` for -1."""
    if number < 0:
        return f"an unknown number of {what}s"
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def size(size_bytes: int) -> str:
    return format_bytes(size_bytes) if size_bytes >= 0 else "an unknown amount"


def took(duration_ms: int, word: str = " in ") -> str:
    """` in 6 h 51 min`; nothing when it is not known."""
    return "" if duration_ms < 0 else word + lasting(duration_ms / 1000)


def lasting(seconds: float) -> str:
    """`41 ms`, `14 s`, `3 min 17 s`, `6 h 51 min`, `2 d 4 h`: two units at most."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    for name, length, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def at(satellite: str) -> str:
    """` at us1`; nothing for an event of the whole node."""
    return f" at {satellite_name(satellite)}" if satellite else ""


def of(satellite: str) -> str:
    """` of us1`."""
    return f" of {satellite_name(satellite)}" if satellite else ""


def day(time_ms: int) -> str:
    """`9 June 2024`, UTC."""
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return "an unknown day"
    return f"{moment.day} {moment:%B %Y}"


def short(text: str) -> str:
    """One line of at most MOST_TEXT characters, without a full stop at its end."""
    line = " ".join(text.split())
    return (line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 1] + "…").rstrip(".")


def why(error: str) -> str:
    """`: <error>.`; a full stop without one."""
    return f": {short(error)}." if error.strip() else "."
