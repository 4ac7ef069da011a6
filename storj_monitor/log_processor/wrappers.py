"""What others put around a node's line: Docker, journald, syslog, a forwarder, … Taken off, with the time of arrival where it has one."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from storj_monitor.log_processor.entry import DECODE_ERRORS
from storj_monitor.log_processor.values import parse_time_ms

MAX_HELD_BYTES = 8 << 20
DOCKER_START = b'{"log":'
SPLIT_PART = "part of a line that Docker has split"

_DOCKER_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ")
_UNIX_STAMP = re.compile(rb"(\d{9,11})(?:\.(\d{1,9}))? ")
_SYSLOG_PREFIX = re.compile(
    rb"(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
    rb"|[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z+-][\w:]*)"
    rb" (?:[^\s{}\"]*[^\s{}\":] )?[^\s{}\"]+?(?:\[\d+\])?: "
)
# Whatever else stands on the same line in front of a node's time and level: compose's names, Kubernetes' streams, RFC 5424.
_OTHER_PREFIX = re.compile(
    rb"([^\t{\"]{1,200}?)(?:(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)(?:\t|#011)"
    rb"(?:DEBUG|INFO|WARN|ERROR|DPANIC|PANIC|FATAL)(?:\t|#011))|(?=\{\"L\":\"))"
)
_FINE_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}(?:Z|[+-]\d\d:?\d\d)")
_MAX_LAYERS = 3


class Unwrapped(NamedTuple):
    """Lines as the node wrote them.

    lines    -- without line ends
    arrivals -- Unix milliseconds for each line, or None where it has none; None altogether when no line has one
    parts    -- how many physical lines were parts of longer ones, and one of them
    held     -- bytes at the end that belong to a line which is not complete yet
    """

    lines: list[bytes]
    arrivals: list[int | None] | None
    parts: int = 0
    part_sample: bytes = b""
    held: bytes = b""


class DockerLine(msgspec.Struct, gc=False):
    """One object of Docker's json-file driver. A log text without a line end is continued in the next object of its stream."""

    log: str
    stream: str = ""
    time: str = ""


def unwrap_line(line: bytes) -> tuple[bytes, int | None]:
    """Take prefixes off one line; `(line, None)` when there is none."""
    arrival = None
    for _ in range(_MAX_LAYERS):
        if match := _DOCKER_STAMP.match(line):
            arrival = arrival_ms(match[1])
        elif match := _UNIX_STAMP.match(line):
            arrival = int(match[1]) * 1000 + int((match[2] or b"")[:3].ljust(3, b"0"))
        elif not (match := _SYSLOG_PREFIX.match(line)):
            break
        line = line[match.end() :]
    if not _begins_plainly(line) and (other := _OTHER_PREFIX.match(line)):
        if arrival is None and (stamp := _FINE_STAMP.search(other[1])):
            arrival = arrival_ms(stamp[0])
        line = line[other.end() :]
    if b"#011" in line and b"\t" not in line:
        # rsyslog writes control characters in octal
        line = line.replace(b"#011", b"\t")
    return line, arrival


def arrival_ms(stamp: bytes) -> int | None:
    parsed = parse_time_ms(stamp)
    return parsed[0] if parsed else None


def unwrap(data: bytes) -> Unwrapped:
    """All lines of `data`, which ends with a line end. What it is wrapped in is recognised by its beginning."""
    lines = split_lines(data)
    if data.startswith(DOCKER_START):
        return unwrap_docker(lines)
    if not _is_wrapped(lines[0] if lines else b""):
        return Unwrapped(lines, None)
    if any(line.startswith(DOCKER_START) for line in lines):
        return unwrap_docker(lines)
    pairs = [unwrap_line(line) for line in lines]
    arrivals = [arrival for _, arrival in pairs]
    return Unwrapped([line for line, _ in pairs], arrivals if any(arrivals) else None)


def split_lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _is_wrapped(line: bytes) -> bool:
    return not _begins_plainly(line) and unwrap_line(line)[0] != line


def _begins_plainly(line: bytes) -> bool:
    """With the node's own time stamp (`2026-08-20T07:01:10Z`, or an offset) and a tab: the usual case, told without a pattern."""
    return line[10:11] == b"T" and (line[20:21] == b"\t" or line[25:26] == b"\t")


def unwrap_docker(raw: list[bytes]) -> Unwrapped:
    """Lines out of Docker's objects; lines between them that are none are taken as they are."""
    whole = _whole_docker_lines(raw)
    if whole is not None:
        return whole
    reader = _DockerReader(raw)
    held: list[bytes] = []
    while (first := reader.first_open()) is not None:
        held = raw[first:] + held
        raw = raw[:first]
        if sum(map(len, held)) > MAX_HELD_BYTES:
            # a line that never ends is none: its parts are counted and let go
            return _DockerReader(raw + held).result(b"")
        reader = _DockerReader(raw)
    return reader.result(b"".join([line + b"\n" for line in held]))


def _whole_docker_lines(raw: list[bytes]) -> Unwrapped | None:
    """The usual case, quickly: every line is an object with a whole line in it. None when it is not so."""
    try:
        items = list(map(msgspec.json.Decoder(DockerLine).decode, raw))
    except DECODE_ERRORS:
        return None
    logs = [item.log for item in items]
    text = "".join(logs)
    if [log[-1:] for log in logs].count("\n") != len(logs) or text.count("\n") != len(logs) or "\r" in text:
        return None
    clock = _StampReader()
    return Unwrapped(split_lines(text.encode()), [clock.read(item.time) for item in items])


class _StampReader:
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


class _DockerReader:
    """Joins Docker's objects to lines and knows where the oldest unfinished line begins."""

    def __init__(self, raw: list[bytes]) -> None:
        self._lines: list[bytes] = []
        self._arrivals: list[int | None] = []
        self._sample = b""
        self._parts = 0
        self._decode = msgspec.json.Decoder(DockerLine).decode
        self._clock = _StampReader()
        self._open: dict[str, list[tuple[int, str]]] = {}
        for index, line in enumerate(raw):
            self._read(index, line)

    def first_open(self) -> int | None:
        """Index of the first part of the oldest line that has not ended."""
        return min((parts[0][0] for parts in self._open.values()), default=None)

    def result(self, held: bytes) -> Unwrapped:
        parts = self._parts + sum(map(len, self._open.values()))
        return Unwrapped(self._lines, self._arrivals, parts, self._sample, held)

    def _read(self, index: int, raw: bytes) -> None:
        try:
            item = self._decode(raw) if raw.startswith(DOCKER_START) else None
        except DECODE_ERRORS:
            item = None
        if item is None:
            line, arrival = unwrap_line(raw)
            self._add(line, arrival)
        elif item.log.endswith("\n"):
            begun = self._open.pop(item.stream, [])
            self._parts += len(begun)
            text = "".join([part for _, part in begun]) + item.log
            # one object is one line: a line end within it must not become a second one
            self._add(text.rstrip("\r\n").replace("\n", " ").encode(), self._clock.read(item.time))
        else:
            self._open.setdefault(item.stream, []).append((index, item.log))
            self._sample = self._sample or raw

    def _add(self, line: bytes, arrival: int | None) -> None:
        self._lines.append(line)
        self._arrivals.append(arrival)
