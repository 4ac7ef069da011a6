"""Lines that are JSON objects with the node's line as one of their texts: Docker's, journald's, PM2's, those of log shippers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from storj_monitor.log_processor.entry import DECODE_ERRORS, decode_object
from storj_monitor.log_processor.fields import parse_time_ms

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
    wrappers  -- what was taken off; none: the line is bare
    """

    text: bytes
    arrival: int | None = None
    stream: str = ""
    continues: bool = False
    wrappers: tuple[str, ...] = ()


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


def _opened(text: str, arrival: int | None, stream: str, wrapper: str, *, ended: bool) -> Opened:
    return Opened(
        _one_line(text.encode("utf-8", "replace")) if ended else text.encode("utf-8", "replace"), arrival, stream, not ended, (wrapper,)
    )


def _is_whole(log: str) -> bool:
    """Not a part of a line that Docker has split."""
    return log.endswith("\n") or len(log) < _LEAST_PART and len(log.encode("utf-8", "replace")) < _LEAST_PART


def _one_line(text: bytes) -> bytes:
    """One object is one line: a line end within it must not become a second one."""
    return text.rstrip(b"\r\n").replace(b"\n", b" ")
