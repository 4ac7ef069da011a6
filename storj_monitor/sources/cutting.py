"""Where lines end in UTF-8 and UTF-16 logs, and how their bytes become UTF-8 with LF line ends."""

from __future__ import annotations

import re
from enum import Enum

from storj_monitor.model.positions import HEAD_BYTES

LINE_BYTES = 1 << 20  # a longer line is handed on cut to this


class Encoding(Enum):
    """Told by the byte order mark at the start of the file; everything without one passes as it is.

    CR is UTF-8 in which a carriage return alone ends a line, as some converters write it.
    """

    UTF8 = "utf-8"
    UTF16LE = "utf-16-le"
    UTF16BE = "utf-16-be"
    CR = "cr"

    @property
    def unit(self) -> int:
        """Bytes of one code unit."""
        return 1 if self in (Encoding.UTF8, Encoding.CR) else 2

    @property
    def newline(self) -> bytes:
        return {Encoding.UTF8: b"\n", Encoding.UTF16LE: b"\n\0", Encoding.UTF16BE: b"\0\n", Encoding.CR: b"\r"}[self]


UTF8 = Encoding.UTF8  # a member by name costs Python 3.11 a call, and this is asked for each read of each log
# Not the end of a CRLF whose second byte is not there yet, and not a bar of progress that is drawn over itself.
_CR_ENTRY = re.compile(rb"\r(?:\d{4}-\d\d-\d\dT\d|\{\"[A-Za-z])")
_MARKS = ((b"\xff\xfe", Encoding.UTF16LE), (b"\xfe\xff", Encoding.UTF16BE))


def detect(head: bytes) -> Encoding:
    """The encoding of a file that starts with `head`."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    head = head[:HEAD_BYTES]
    return Encoding.CR if b"\n" not in head and _CR_ENTRY.search(head) else UTF8


def whole_lines(raw: bytes, encoding: Encoding) -> int:
    """How many of these bytes are whole lines: the offset behind the last newline, 0 when there is none."""
    if encoding is UTF8:
        return raw.rfind(b"\n") + 1
    if encoding is Encoding.CR:
        return max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1
    newline = encoding.newline
    at = raw.rfind(newline)
    while at >= 0 and at % 2 == 1:
        at = raw.rfind(newline, 0, at + 1)
    return at + 2 if at >= 0 else 0


def first_line(raw: bytes, encoding: Encoding) -> int:
    """The offset behind the first newline, 0 when there is none."""
    if encoding is Encoding.UTF8:
        return raw.find(b"\n") + 1
    if encoding is Encoding.CR:
        return raw.replace(b"\r", b"\n").find(b"\n") + 1
    newline = encoding.newline
    at = raw.find(newline)
    while at >= 0 and at % 2 == 1:
        at = raw.find(newline, at + 1)
    return at + 2 if at >= 0 else 0


def normalise(raw: bytes, encoding: Encoding, at_start: bool) -> bytes:
    """UTF-8 with LF, without byte order mark, ending with LF; the bytes of lines that are not valid UTF-8 stay as they are.

    NUL bytes go: they are no text but the hole that a power cut, or a truncation under a node that does not append, leaves.
    """
    if encoding is not UTF8 and encoding is not Encoding.CR:
        text = raw[: len(raw) & ~1].decode(encoding.value, "replace")
        raw = text.encode("utf-8", "replace")
    if at_start and raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"")
    if b"\r" in raw and b"\r\n" in raw:  # one byte is looked for ten times faster than two
        raw = raw.replace(b"\r\n", b"\n")
    if encoding is Encoding.CR:
        raw = raw.replace(b"\r", b"\n")
    if not raw.endswith(b"\n"):
        raw = raw.removesuffix(b"\r") + b"\n"
    if _has_long_line(raw):
        raw = b"\n".join([line[:LINE_BYTES] for line in raw.split(b"\n")])
    return raw


def _has_long_line(raw: bytes) -> bool:
    at = 0
    while len(raw) - at > LINE_BYTES + 1:
        at = raw.rfind(b"\n", at, at + LINE_BYTES + 1) + 1
        if not at:
            return True
    return False
