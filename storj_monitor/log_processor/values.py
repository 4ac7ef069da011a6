"""Values as Go prints them: durations, rounded byte amounts and time stamps become numbers; nonsense becomes None, never an error."""

from __future__ import annotations

import re
from datetime import date

_UNIX_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_TIME = re.compile(rb"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))")

_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|µs|μs|us|ns)")
_DURATION_MS = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0, "µs": 1e-3, "μs": 1e-3, "us": 1e-3, "ns": 1e-6}

_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ?([KMGTPE]i?)?B")
_AMOUNT_BYTES: dict[str, int] = {"": 1} | {
    f"{letter}{suffix}": base**power for power, letter in enumerate("KMGTPE", 1) for suffix, base in (("", 1000), ("i", 1024))
}
_LONGEST_TEXT = 64
_LARGEST = 2**53


def parse_time_ms(raw: bytes) -> tuple[int, bool] | None:
    """Unix milliseconds of an RFC 3339 or ISO 8601 stamp, and whether it has a fraction of a second.

    Both `+03:00` and `+0300` are read. None when it is no complete time stamp.
    """
    match = _TIME.fullmatch(raw)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _UNIX_EPOCH_ORDINAL
    except ValueError:
        return None
    seconds = days * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign is not None:
        offset_s = int(zone_hour) * 3600 + int(zone_minute) * 60
        seconds += offset_s if sign == b"-" else -offset_s
    return seconds * 1000 + (int(fraction[:3].ljust(3, b"0")) if fraction else 0), fraction is not None


def parse_duration_ms(text: str) -> int | None:
    """Milliseconds of a Go duration such as `1h12m44.2s`, `812.46ms` or `41.2µs`, rounded down."""
    if len(text) > _LONGEST_TEXT:
        return None
    digits = text.removeprefix("-")
    total = 0.0
    end = 0
    for match in _DURATION_PART.finditer(digits):
        if match.start() != end:
            return None
        total += float(match[1]) * _DURATION_MS[match[2]]
        end = match.end()
    if not digits or end != len(digits):
        return 0 if digits == "0" else None
    if total > _LARGEST:
        return None
    whole = int(total + 1e-6)
    return -whole if text.startswith("-") else whole


def parse_amount_bytes(text: str) -> int | None:
    """Bytes of a rounded human amount (`122.8 GiB`, `1.50 GB`, `0 B`); the node has rounded it, so it is approximate."""
    if len(text) > _LONGEST_TEXT:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    value = round(float(match[1]) * _AMOUNT_BYTES[match[2] or ""])
    return value if abs(value) <= 2**62 else None
