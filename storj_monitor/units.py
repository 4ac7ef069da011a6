"""Sizes and durations as people write and read them; pure arithmetic on text and numbers.

Bytes are shown in powers of 1000 (kB, MB, GB, TB), as Storj bills them; KiB, MiB and so on are understood when read.
"""

from __future__ import annotations

import re

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
YEAR_S = 365 * DAY_S

_NUMBER_AND_UNIT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE)

_SIZE_UNITS = {"": 1, "b": 1} | {
    spelling: base**power
    for power, letter in enumerate("kmgt", start=1)
    for spelling, base in ((letter, 1000), (f"{letter}b", 1000), (f"{letter}ib", 1024))
}

_DURATION_UNITS = {
    spelling: seconds
    for seconds, spellings in (
        (1, "s sec second seconds"),
        (MINUTE_S, "m min minute minutes"),
        (HOUR_S, "h hour hours"),
        (DAY_S, "d day days"),
        (7 * DAY_S, "w week weeks"),
        (YEAR_S, "y year years"),
    )
    for spelling in spellings.split()
}

_SHOWN_DURATIONS = ((YEAR_S, "year"), (DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute"), (1, "second"))


def parse_bytes(text: str) -> int:
    """Bytes of `500`, `20 GB` (powers of 1000) or `512 MiB` (powers of 1024). Raises ValueError for anything else."""
    return _parse(text, _SIZE_UNITS)


def parse_duration_s(text: str) -> int:
    """Seconds of `90s`, `30 minutes`, `48h`, `2 days`, `2y` (a year has 365 days). A unit is a must. Raises ValueError."""
    return _parse(text, _DURATION_UNITS)


def _parse(text: str, units: dict[str, int]) -> int:
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match is None or match[2].lower() not in units:
        raise ValueError(text)
    return round(float(match[1]) * units[match[2].lower()])


def format_bytes(size_bytes: int) -> str:
    """`999 B`, `1.50 kB`, `22.7 MB`, `114 GB`: three digits that matter."""
    value = float(size_bytes)
    if abs(value) < 999.5:
        return f"{size_bytes} B"
    units = iter(("kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    value /= 1000
    while abs(value) >= 999.5 and unit != "PB":
        value /= 1000
        unit = next(units)
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def format_duration(seconds: int) -> str:
    """`2 days`, `1 hour`, `90 seconds`: in the largest unit that leaves no remainder."""
    for size, name in _SHOWN_DURATIONS:
        if seconds % size == 0 and (seconds or size == 1):
            count = seconds // size
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    raise ValueError(seconds)


def format_age(seconds: float) -> str:
    """`90 seconds`, `12 minutes`, `26 hours`, `13 days`: whole units, at least two of them where there are seconds to tell."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}"
    count = max(0, int(seconds))
    return f"{count} second" if count == 1 else f"{count} seconds"


def format_share(part: int, whole: int) -> str:
    """`97.43 %`; `-` for a share of nothing. Never rounds up to 100 % or down to 0 % what is not exactly that."""
    if whole == 0:
        return "-"
    percent = 100 * part / whole
    if 0 < part < whole:
        percent = min(max(percent, 0.01), 99.99)
    return f"{percent:.2f} %"


def format_hours(hours: float) -> str:
    """A time to come: `less than an hour`, `1 hour`, `26 hours`, `13 days`."""
    if hours < 1:
        return "less than an hour"
    if hours >= 48:
        return f"{int(hours // 24)} days"
    return "1 hour" if hours < 2 else f"{int(hours)} hours"


MOST_TEXT = 500


def plain_text(text: str, most: int = MOST_TEXT, keep: str = "") -> str:
    """What strangers wrote, as it can be shown anywhere: at most `most` characters, and what is not to be seen is written out.

    Control characters (ESC), those that turn the direction of writing or have no width (U+202E), and half characters become `\\u202e`;
    other kinds of space a space. `keep`: control characters that are no trouble where it is shown, such as the end of a line.
    """
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    if text.isprintable():
        return text
    text = "".join(letter if letter.isprintable() or letter in keep else _written_out(letter) for letter in text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _written_out(letter: str) -> str:
    if letter.isspace() and letter not in "\x1c\x1d\x1e\x1f\x85":
        return " "
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def readable(text: str) -> str:
    """A path as it can be shown, sent and stored: bytes that are no UTF-8, which Python carries as lone surrogates, become `\\xff`."""
    if text.isascii():
        return text
    raw = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return raw.decode("utf-8", "backslashreplace")


def _is_escaped(text: str) -> bool:
    """All its lone surrogates stand for bytes."""
    return all(not "\ud800" <= letter <= "\udfff" or "\udc80" <= letter <= "\udcff" for letter in text)
