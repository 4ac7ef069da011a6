"""The fields of one log line under names that do not depend on the version of the node, with typed, forgiving access."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.hashstore_events import NO_AMOUNT, UNKNOWN_NUMBER, ByteAmount, StoreStats
from storj_monitor.model.versions import MOST_VERSION
from storj_monitor.units import plain_text

# ---- Values as Go prints them: durations, rounded byte amounts and time stamps become numbers; nonsense becomes None, never an error.


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


# ---- The fields of one log line under names that do not depend on the version of the node, with typed, forgiving access.


MAX_TEXT = 500
_MAX_INTEGER = 2**63 - 1
_MAX_NAMES = 1024

_CAMEL_BEFORE_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_CAMEL_AFTER_LOWER = re.compile(r"([a-z0-9])([A-Z])")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
# Go's `%+v` of an error: below its words the functions that it came through
_FRAMES = re.compile(r"(?:\n\t[^\n]*)+")


def snake_name(name: str) -> str:
    """`Piece ID`, `pieceID` and `piece_id` are all `piece_id`; `curr logSlots size` is `curr_log_slots_size`."""
    split = _CAMEL_AFTER_LOWER.sub(r"\1_\2", _CAMEL_BEFORE_WORD.sub(r"\1_\2", name))
    return _NOT_ALPHANUMERIC.sub("_", split.lower()).strip("_")


def without_frames(text: str) -> str:
    """The words of an error, without the stack that some versions write into them."""
    return _FRAMES.sub("", text) if "\n\t" in text else text


class FieldNames:
    """`snake_name` that remembers, in a bounded way."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, fields: Mapping[str, object]) -> Fields:
        """Fields under their snake names. Where two spellings meet, the snake one wins; else the first."""
        renamed: dict[str, object] = {}
        for name, value in fields.items():
            snake = self._known.get(name) or self._learn(name)
            if snake == name or snake not in renamed:
                renamed[snake] = value
        return Fields(renamed)

    def _learn(self, name: str) -> str:
        if len(self._known) >= _MAX_NAMES:
            self._known.clear()
        snake = self._known[name] = snake_name(name[:MAX_TEXT])
        return snake


class Fields:
    """Typed access: a missing field, or one of a wrong type, gives the stated default and never an error."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name)
        return value if isinstance(value, str) else default

    def short(self, name: str) -> str:
        """Text of at most MAX_TEXT characters that can be shown anywhere: for what is kept."""
        return plain_text(without_frames(self.text(name))[:MAX_TEXT], MAX_TEXT)

    def number(self, name: str) -> int:
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_INTEGER:
            return UNKNOWN_NUMBER
        return value

    def size_bytes(self, name: str) -> int:
        """A size is not negative."""
        return max(self.number(name), UNKNOWN_NUMBER)

    def ratio(self, name: str, default: float = 0.0) -> float:
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MAX_INTEGER:
            return default
        return float(value)

    def ratio_or_none(self, name: str) -> float | None:
        value = self.ratio(name, -1.0)
        return value if value >= 0 else None

    def truth(self, name: str) -> bool:
        return self._values.get(name) is True

    def length(self, name: str) -> int:
        """How many items a list has, 0 when there is none."""
        value = self._values.get(name)
        return len(value) if isinstance(value, list) else 0

    def duration_ms(self, name: str) -> int:
        value = parse_duration_ms(self.text(name))
        return UNKNOWN_NUMBER if value is None else value

    def time_ms(self, name: str) -> int:
        parsed = parse_time_ms(self.text(name).encode("utf-8", "replace"))
        return UNKNOWN_NUMBER if parsed is None else parsed[0]

    def amount(self, name: str) -> ByteAmount:
        text = self.short(name)
        if not text:
            return NO_AMOUNT
        value = parse_amount_bytes(text)
        return ByteAmount(text, UNKNOWN_NUMBER if value is None else value)

    def nested(self, name: str) -> Mapping[str, object] | None:
        """An object within the object, with names as they are."""
        value = self._values.get(name)
        return value if isinstance(value, dict) else None

    def satellite(self) -> str:
        """Components call it differently."""
        return self.text("satellite_id") or self.text("satellite") or self.text("sat")

    def error(self) -> str:
        return self.text("error")


# ---- How a typed event is put together: a class, and for each of its fields where in the line it comes from.


class LogRecord(NamedTuple):
    """One line, ready to be made into an event; `logger` and `message` as the node wrote them."""

    time_ms: int
    level: str
    logger: str
    message: str
    fields: Fields


EventBuilder = Callable[[LogRecord], NodeEvent]
Getter = Callable[[LogRecord], Any]


def event(cls: type[NodeEvent], **getters: Getter) -> EventBuilder:
    """A builder of `cls`; time, level and satellite are always the line's. The tests make every event once."""
    pairs = tuple(getters.items())

    def make(record: LogRecord) -> NodeEvent:
        values = {name: get(record) for name, get in pairs}
        return cls(
            time_ms=record.time_ms, level=record.level, satellite=plain_text(record.fields.satellite()[:MAX_TEXT], MAX_TEXT), **values
        )

    return make


def always(value: object) -> Getter:
    return lambda record: value


def message(record: LogRecord) -> str:
    return plain_text(record.message[:200], 200)


def text(name: str) -> Getter:
    return lambda record: record.fields.short(name)


def number(*names: str) -> Getter:
    """The first of several names that the line has: versions differ."""
    return lambda record: next((value for name in names if (value := record.fields.number(name)) >= 0), UNKNOWN_NUMBER)


def ratio(name: str, default: float = 0.0) -> Getter:
    return lambda record: record.fields.ratio(name, default)


def positive_ratio(name: str) -> Getter:
    return lambda record: record.fields.ratio_or_none(name)


def truth(name: str) -> Getter:
    return lambda record: record.fields.truth(name)


def length(name: str) -> Getter:
    return lambda record: record.fields.length(name)


def duration(name: str) -> Getter:
    return lambda record: record.fields.duration_ms(name)


def moment(name: str) -> Getter:
    return lambda record: record.fields.time_ms(name)


def amount(name: str) -> Getter:
    return lambda record: record.fields.amount(name)


def version(name: str) -> Getter:
    """Log fields have had a leading v since v1.151; the rest of the world has not."""
    return lambda record: record.fields.short(name).removeprefix("v")[:MOST_VERSION]


def store_stats(record: LogRecord) -> StoreStats | None:
    """The `stats` object of a compaction; None when the line has none. Its names are Go's at every version."""
    raw = record.fields.nested("stats")
    if raw is None:
        return None
    names = FieldNames()
    stats = names(raw)
    table = names(stats.nested("table") or {})
    return StoreStats(
        logs=stats.number("num_logs"),
        log_amount=stats.amount("len_logs"),
        set_fraction=stats.ratio("set_percent"),
        trash_fraction=stats.ratio("trash_percent"),
        ttl_fraction=stats.ratio("ttl_percent"),
        compactions=stats.number("compactions"),
        logs_rewritten=stats.number("logs_rewritten"),
        rewritten=stats.amount("data_rewritten"),
        reclaimed=stats.amount("data_reclaimed"),
        reclaimable=stats.amount("data_reclaimable"),
        free_required=stats.amount("free_required"),
        records_set=table.number("num_set"),
        set_amount=table.amount("len_set"),
        records_trash=table.number("num_trash"),
        trash_amount=table.amount("len_trash"),
        records_ttl=table.number("num_ttl"),
        ttl_amount=table.amount("len_ttl"),
        table_amount=table.amount("table_size"),
        table_load=table.ratio("load"),
    )
