"""One line becomes one log entry, or the reason why it is none. Exact and tolerant; the fast parser must agree with it."""

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


# ---- Lines that are JSON objects with the node's line as one of their texts: Docker's, journald's, PM2's, those of log shippers.


# ---- One physical line, opened: the node's text within, and what the envelope around it says.


# What may stand around the node's lines, or was made of them; in words, for operators.
DOCKER_JSON = "Docker json-file"
DOCKER_LOCAL = "Docker local driver"
DOCKER_STAMP = "docker logs -t"
JOURNAL_JSON = "journalctl -o json"
JSON_OBJECT = "JSON objects"
SYSLOG = "syslog or journalctl prefix"
SYSLOG_5424 = "syslog (RFC 5424)"
UNIX_STAMP = "Unix time in front"
KUBERNETES = "Kubernetes (CRI)"
CSV = "CSV export"
QUOTED = "quoted in key=value"
CONTAINER_NAME = "name of the container in front"
SERVICE_TIME = "time of a service supervisor in front"
OTHER_PREFIX = "other text in front"
SPACES = "spaces instead of tabs"
ESCAPED_TABS = "escaped tabs"
COLOURS = "terminal colours"


class Opened(NamedTuple):
    """What a physical line holds.

    text      -- as the node wrote it, without line end
    arrival   -- Unix milliseconds when it was received, where the envelope says so
    stream    -- parts of one line come in one stream
    continues -- the line was split: its next part is the next line of the stream
    envelopes  -- what was taken off; none: the line is bare
    """

    text: bytes
    arrival: int | None = None
    stream: str = ""
    continues: bool = False
    envelopes: tuple[str, ...] = ()


def arrival_ms(stamp: bytes) -> int | None:
    """Unix milliseconds of a stamp."""
    parsed = parse_time_ms(stamp)
    return parsed[0] if parsed else None


# ---- Lines that are JSON objects with the node's line as one of their texts: Docker's, journald's, PM2's, those of log shippers.


DOCKER_START = b'{"log":'
OBJECT_STARTS = (b"{", b"\x1e{", b"data: {", b"@cee:")

# Where a text may stand, the surest names first, and where the time of arrival.
_TEXTS = ("log", "MESSAGE", "message", "line", "full_message", "short_message", "msg", "text", "body", "event")
_TIMES = ("time", "@timestamp", "timestamp", "ts", "date", "Timestamp", "observedTimestamp")
_JOURNAL_TIMES = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
_TAGS = ("_p", "logtag")
_MAX_DEPTH = 2
# in front of an object: `journalctl -o json-seq`, `-o json-sse`, rsyslog
_MARKER = re.compile(rb"\x1e|data: |@cee: ?")
# Docker cuts lines at 16 KiB; a shorter text without a line end is the last word of a process, or a shipper has cut the line end off.
_LEAST_PART = 16_000


class DockerLine(msgspec.Struct, gc=False):
    """One object of Docker's json-file driver. A log text without a line end is continued in the next object of its stream."""

    log: str
    stream: str = ""
    time: str = ""


class StampReader:
    """Docker's stamps: RFC 3339 in UTC with up to nine digits, zeros at the end left out. The last second is remembered."""

    def __init__(self) -> None:
        self._second = ""
        self._second_ms: int | None = None

    def read(self, stamp: str) -> int | None:
        second = stamp[:19]
        if second != self._second:
            self._second = second
            self._second_ms = arrival_ms(second.encode("utf-8", "replace") + b"Z")
        fraction = stamp[20:-1]
        if self._second_ms is None or stamp[19:20] != "." or stamp[-1:] != "Z" or not (fraction.isascii() and fraction.isdigit()):
            return arrival_ms(stamp.encode("utf-8", "replace"))
        return self._second_ms + int(fraction[:3].ljust(3, "0"))


class ObjectOpener:
    """Opens one line after the other; a line that is no such object is None."""

    def __init__(self) -> None:
        self._docker = msgspec.json.Decoder(DockerLine).decode
        self._clock = StampReader()

    def open(self, line: bytes) -> Opened | None:
        """The node's text in it, whatever that is."""
        if marker := _MARKER.match(line):
            line = line[marker.end() :]
        if line.startswith(DOCKER_START):
            try:
                item = self._docker(line)
            except DECODE_ERRORS:
                return None
            return _opened(item.log, self._clock.read(item.time), item.stream, DOCKER_JSON, ended=_is_whole(item.log))
        fields = decode_object(line) if line.startswith(b"{") else None
        if fields is None or is_node_object(fields):
            return None
        return _journal_entry(fields) if "MESSAGE" in fields else self._other(fields)

    def _other(self, fields: Mapping[str, object]) -> Opened | None:
        text = _text_of(fields, _MAX_DEPTH)
        if text is None:
            return None
        stream = fields.get("stream", fields.get("type", ""))
        docker = "log" in fields and "stream" in fields
        # what shippers make of Kubernetes' P and F
        tag = next((value for name in _TAGS if isinstance(value := fields.get(name), str)), "F")
        ended = tag != "P" and (not docker or _is_whole(text))
        name = DOCKER_JSON if docker else JSON_OBJECT
        return _opened(text, _time_of(fields), stream if isinstance(stream, str) else "", name, ended=ended)


def is_node_object(fields: Mapping[str, object]) -> bool:
    """A line that a node wrote itself, with encoding json or gcloudlogging."""
    return ("M" in fields and "L" in fields) or (
        "message" in fields and "severity" in fields and not isinstance(fields.get("timestamp"), str)
    )


def _journal_entry(fields: Mapping[str, object]) -> Opened | None:
    text = _bytes_of(fields["MESSAGE"])
    if text is None:
        return None
    stamp = next((value for name in _JOURNAL_TIMES if isinstance(value := fields.get(name), str) and value.isdigit()), "")
    arrival = int(stamp) // 1000 if 0 < len(stamp) < 18 else None
    stream = ("_STREAM_ID", "CONTAINER_ID", "_PID", "SYSLOG_IDENTIFIER")
    name = next((value for key in stream if isinstance(value := fields.get(key), str)), "")
    # systemd says which of its lines were cut; so does Docker's journald driver
    cut = fields.get("_LINE_BREAK") == "line-max" or (
        fields.get("CONTAINER_PARTIAL_MESSAGE") == "true" and fields.get("CONTAINER_PARTIAL_LAST") != "true"
    )
    return Opened(_one_line(text), arrival, name, cut, (JOURNAL_JSON,))


def _bytes_of(value: object) -> bytes | None:
    """A field of a journal entry: text, or numbers where it is no plain text; of repeated ones the first."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, list) and value:
        if all(type(item) is int and 0 <= item < 256 for item in value):
            return bytes(value)
        return _bytes_of(value[0])
    return None


def _text_of(fields: Mapping[str, object], depth: int) -> str | None:
    for name in _TEXTS:
        value = fields.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and depth > 1 and (inner := _text_of(value, depth - 1)) is not None:
            return inner
    return None


def _time_of(fields: Mapping[str, object]) -> int | None:
    for name in _TIMES:
        value = fields.get(name)
        if isinstance(value, str):
            if (found := arrival_ms(value.encode("utf-8", "replace"))) is not None:
                return found
        elif isinstance(value, int | float) and not isinstance(value, bool) and 1e9 < value < 1e19:
            while value > 1e11:  # milliseconds, microseconds, nanoseconds
                value /= 1000
            return int(value * 1000)
    return None


def _opened(text: str, arrival: int | None, stream: str, envelope: str, *, ended: bool) -> Opened:
    return Opened(
        _one_line(text.encode("utf-8", "replace")) if ended else text.encode("utf-8", "replace"), arrival, stream, not ended, (envelope,)
    )


def _is_whole(log: str) -> bool:
    """Not a part of a line that Docker has split."""
    return log.endswith("\n") or len(log) < _LEAST_PART and len(log.encode("utf-8", "replace")) < _LEAST_PART


def _one_line(text: bytes) -> bytes:
    """One object is one line: a line end within it must not become a second one."""
    return text.rstrip(b"\r\n").replace(b"\n", b" ")
