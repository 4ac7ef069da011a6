"""Files of Docker's `local` log driver: entries of protobuf between their lengths, made into lines as Kubernetes writes them.

An entry (moby/api/types/plugins/logdriver/entry.proto) has source 1, time_nano 2, line 3, partial 4 and, in 5, whether it is the last part.
Rotated files are the same, compressed by gzip.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_LENGTH_BYTES = 4
_MOST_BYTES = 1 << 20  # Docker cuts lines at 16 KiB
_MARK = "docker-local"
BEGINNING_BYTES = 9


def is_docker_local(beginning: bytes) -> bool:
    """Whether a file that begins so was written by that driver: a length, then the field `source` with stdout or stderr in it."""
    return beginning[:1] == b"\0" and beginning[4:BEGINNING_BYTES] == b"\x0a\x06std"


class _Entry(NamedTuple):
    source: str
    time_ns: int
    line: bytes
    is_partial: bool
    is_last: bool


class EntryDecoder:
    """Turns bytes of such a file into lines, as they come."""

    def __init__(self) -> None:
        self._waiting = b""

    @property
    def is_whole(self) -> bool:
        """No entry has begun that has not ended."""
        return not self._waiting

    def decode(self, data: bytes) -> bytes:
        """The lines of all entries that are complete. Raises ValueError for what is no entry."""
        data = self._waiting + data
        lines, at = [], 0
        while at + _LENGTH_BYTES <= len(data):
            size = int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
            if size > _MOST_BYTES:
                raise ValueError("not an entry of Docker's local log driver")
            begin, end = at + _LENGTH_BYTES, at + _LENGTH_BYTES + size
            if end + _LENGTH_BYTES > len(data):
                break
            if data[end : end + _LENGTH_BYTES] != data[at:begin]:
                raise ValueError("not an entry of Docker's local log driver")
            lines.append(_line_of(_entry(data[begin:end])))
            at = end + _LENGTH_BYTES
        self._waiting = data[at:]
        return b"".join(lines)


def _line_of(entry: _Entry) -> bytes:
    seconds, nanos = divmod(entry.time_ns, 1_000_000_000)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    tag = "P" if entry.is_partial and not entry.is_last else "F"
    head = f"{stamp}.{nanos:09}Z {entry.source} {tag}:{_MARK} ".encode("utf-8", "replace")
    return head + entry.line.rstrip(b"\r\n").replace(b"\n", b" ") + b"\n"


def _entry(data: bytes) -> _Entry:
    source, time_ns, line, is_partial, is_last = "stdout", 0, b"", False, False
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            source = "stderr" if value == b"stderr" else "stdout"
        elif number == 2 and isinstance(value, int):
            time_ns = min(value, 1 << 62)
        elif number == 3 and isinstance(value, bytes):
            line = value
        elif number == 4:
            is_partial = bool(value)
        elif number == 5 and isinstance(value, bytes):
            is_last = any(number == 1 and bool(flag) for number, flag in _fields(value))
    return _Entry(source, time_ns, line, is_partial, is_last)


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Fields of a protobuf message: number and value. Raises ValueError."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("a field that goes beyond its entry")
            yield key >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError("a field of an unknown type")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without an end")
