"""One line becomes one log entry, or the reason why it is none. Exact and tolerant; the fast path must agree with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from storj_monitor.log_processor.fields import parse_time_ms
from storj_monitor.model.events import LineKind
from storj_monitor.model.log_character import LEFT_OUT, NO_TIME, PRETTY, LogForm

LEVELS = frozenset({"DEBUG", "INFO", "WARN", "ERROR", "DPANIC", "PANIC", "FATAL"})
TROUBLE_LEVELS = frozenset({"WARN", "ERROR", "DPANIC", "PANIC", "FATAL"})

DECODE_ERRORS = (ValueError, RecursionError)
"""msgspec's own errors and invalid UTF-8 are ValueErrors; deep nesting is a RecursionError."""

BROKEN_CONTEXT = "broken context"
BROKEN_LINE = "broken log line"
BROKEN_JSON = "broken JSON line"
FOREIGN_JSON = "JSON that is no log entry"

_CALLER = re.compile(r"[\w./@+~-]+\.go:\d+")
# an address may be part of the name: gracefulexit:chore.<satellite>@[2001:db8::1]:7777
_LOGGER = re.compile(r"[\w.:<>@\[\]%-]+")
_PRETTY_TIME = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")
_GCLOUD_LABELS = "logging.googleapis.com/labels"
_JSON_LOG_STARTS = (b'{"L":', b'{"log":', b'{"timestamp":', b'{"severity":', b'{"MESSAGE":', b'{"__CURSOR"')


class Entry(NamedTuple):
    """A well-formed line of a node or its updater.

    time_ms -- the line's own time, Unix milliseconds
    fine    -- the time has fractions of a second
    logger  -- "" for the root logger
    message -- without the space that some end with
    fields  -- as logged; the last of repeated keys; empty when the line has no context
    """

    time_ms: int
    fine: bool
    level: str
    logger: str
    message: str
    fields: Mapping[str, object]
    form: LogForm = LogForm.CONSOLE


class Head(NamedTuple):
    """What stands before the context."""

    level: str
    logger: str
    message: str


class Rejected(NamedTuple):
    """Why a line is no entry: class and key under which it is counted."""

    kind: str
    logger: str
    reason: str


def parse_entry(line: bytes) -> Entry | Rejected | None:
    """None when the line looks like no log entry at all: text of something else."""
    if line.startswith(b"{"):
        return _parse_json(line)
    head, opening, rest = line.partition(b"\t{")
    time, tab, columns = head.partition(b"\t")
    stamp = parse_time_ms(time)
    if stamp is None:
        return _without_time(time, columns)
    what = parse_head(columns) if tab else None
    if what is None:
        return Rejected(LineKind.NOT_UNDERSTOOD, "", BROKEN_LINE)
    fields = decode_object(b"{" + rest) if opening else {}
    if fields is None:
        return Rejected(LineKind.NOT_UNDERSTOOD, what.logger, BROKEN_CONTEXT)
    return Entry(*stamp, *what, fields)


def parse_head(columns: bytes) -> Head | None:
    """`LEVEL [LOGGER] [CALLER] MESSAGE`, joined by tabs. The root logger has no column."""
    level, *rest = columns.decode("utf-8", "replace").split("\t")
    if level not in LEVELS or not rest:
        return None
    logger = ""
    if len(rest) > 1 and _LOGGER.fullmatch(rest[0]) and not _CALLER.fullmatch(rest[0]):
        logger = rest.pop(0)
    if len(rest) > 1 and _CALLER.fullmatch(rest[0]):
        rest.pop(0)
    return Head(level, logger, "\t".join(rest).strip())


def decode_object(data: bytes) -> Mapping[str, object] | None:
    """A JSON object, also when bytes in it are not UTF-8; None when it is broken or something else."""
    try:
        value = msgspec.json.decode(data)
    except UnicodeDecodeError:
        return _decode_repaired(data)
    except DECODE_ERRORS:
        return None
    return value if isinstance(value, dict) else None


def _decode_repaired(data: bytes) -> Mapping[str, object] | None:
    try:
        value = msgspec.json.decode(data.decode("utf-8", "replace"))
    except DECODE_ERRORS:
        return None
    return value if isinstance(value, dict) else None


def _without_time(first: bytes, rest: bytes) -> Rejected | None:
    word = first.decode("ascii", "replace")
    if word in LEVELS:
        head = parse_head(first + b"\t" + rest)
        return Rejected(LineKind.NOT_UNDERSTOOD, head.logger, NO_TIME) if head else None
    if _PRETTY_TIME.fullmatch(word) and rest.partition(b"\t")[0].decode("ascii", "replace") in LEVELS:
        return Rejected(LineKind.NOT_UNDERSTOOD, "", PRETTY)
    return None


def _parse_json(line: bytes) -> Entry | Rejected | None:
    fields = decode_object(line)
    if fields is None:
        return Rejected(LineKind.NOT_UNDERSTOOD, "", BROKEN_JSON) if line.startswith(_JSON_LOG_STARTS) else None
    if isinstance(fields.get("M"), str) and fields.get("L") in LEVELS:
        return _from_zap_json(fields)
    if isinstance(fields.get("message"), str) and "severity" in fields:
        return _from_gcloud(fields)
    # journalctl leaves fields beyond 4 KiB out of its JSON, unless it is told --all
    is_left_out = "MESSAGE" in fields and fields["MESSAGE"] is None
    return Rejected(LineKind.NOT_UNDERSTOOD, "", LEFT_OUT if is_left_out else FOREIGN_JSON)


def _from_zap_json(fields: Mapping[str, object]) -> Entry | Rejected:
    logger = _text(fields, "N")
    time = _text(fields, "T")
    stamp = parse_time_ms(time.encode("utf-8", "replace"))
    if stamp is None:
        return Rejected(LineKind.NOT_UNDERSTOOD, logger, BROKEN_LINE if time else NO_TIME)
    return Entry(*stamp, _text(fields, "L"), logger, _text(fields, "M").strip(), fields, LogForm.JSON)


def _from_gcloud(fields: Mapping[str, object]) -> Entry | Rejected:
    """Text fields and the logger's name are nested under labels; levels have Google's names."""
    labels = fields.get(_GCLOUD_LABELS)
    merged = dict(fields) | (labels if isinstance(labels, dict) else {})
    severity = _text(fields, "severity")
    level = {"WARNING": "WARN", "CRITICAL": "DPANIC", "ALERT": "PANIC", "EMERGENCY": "FATAL"}.get(severity, severity)
    time = fields.get("timestamp")
    seconds = time.get("seconds") if isinstance(time, dict) else None
    nanos = time.get("nanos", 0) if isinstance(time, dict) else 0
    if level not in LEVELS or type(seconds) is not int or type(nanos) is not int:
        return Rejected(LineKind.NOT_UNDERSTOOD, _text(merged, "name"), BROKEN_LINE)
    if not (0 <= seconds < 10**11 and 0 <= nanos < 10**9):
        return Rejected(LineKind.NOT_UNDERSTOOD, _text(merged, "name"), BROKEN_LINE)
    time_ms = seconds * 1000 + nanos // 1_000_000
    return Entry(time_ms, True, level, _text(merged, "name"), _text(fields, "message").strip(), merged, LogForm.GCLOUD)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
