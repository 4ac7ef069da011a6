"""What every source of lines offers to the one thread that drives them all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from storj_monitor.model.sources import HEAD_BYTES, Chunk, SavedPosition, SourceState, SourceStatus
from storj_monitor.units import readable

PRIME_BYTES = 1 << 20  # read in front of a saved position, so that transfers that were under way find their starts
READ_ERRORS = (OSError, ValueError, MemoryError)
"""What reading one log may meet: also names that this system's encoding cannot write, and more than there is memory for."""
ACTIVE_S = 10.0  # a source that brought something within this time is asked at every turn
SILENT_POLL_S = 0.5  # a silent one only this often


class LineSource(Protocol):
    """Lines of one node. Nothing here blocks, sleeps or raises OSError; `now` is Unix seconds, wall clock."""

    node: str

    def read(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """The next whole lines, about `limit_bytes` of them (one longer line is still handed out whole); None: nothing now."""

    def read_at_once(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """The same without waiting for a disk: BlockingIOError where that cannot be promised, or where more than reading on is due.

        `read` must be asked then; nothing was done.
        """

    @property
    def at_once(self) -> bool:
        """Whether read_at_once() is worth trying."""

    @property
    def knows_its_place(self) -> bool:
        """Something of this log was read before, in this run or an earlier one. To be asked after the first read()."""

    def due(self, now: float) -> bool:
        """Whether read() is worth calling; cheap."""

    def status(self) -> SourceStatus:
        """How the source is doing."""

    def resync(self, saved: Sequence[SavedPosition]) -> None:
        """Somebody else committed further: forget the own place and go on from these positions."""

    def close(self) -> None:
        """Give everything back; may be called twice."""


class PollThrottle:
    """When a source should be asked again. Survives clock jumps: a time in the future counts as long ago."""

    def __init__(self) -> None:
        self.last_data_at: float | None = None
        self.last_poll_at: float | None = None

    def due(self, now: float) -> bool:
        """Always while lines come, every SILENT_POLL_S after ACTIVE_S of silence."""
        if self.last_data_at is not None and 0 <= now - self.last_data_at <= ACTIVE_S:
            return True
        return elapsed(self.last_poll_at, now, SILENT_POLL_S)


def elapsed(since: float | None, now: float, seconds: float) -> bool:
    """Whether `seconds` went by since then (or the clock was set back)."""
    return since is None or not 0 <= now - since < seconds


_LIVE = SourceState.LIVE


class SourceHealth:
    """State and detail of a source, and since when."""

    def __init__(self, now: float) -> None:
        self.state = SourceState.WAITING
        self.detail = ""
        self.since = now

    @property
    def is_live(self) -> bool:
        """All is well, and there is nothing to say."""
        return self.state is _LIVE and not self.detail

    def set(self, state: SourceState, detail: str, now: float) -> None:
        """`since` moves only when the state changes."""
        if state is not self.state:
            self.state, self.since = state, now
        self.detail = readable(detail)

    def status(self, path: str, lag_bytes: int, last_read_at: float | None) -> SourceStatus:
        return SourceStatus(self.state, self.detail, readable(path), lag_bytes, self.since, last_read_at)


# ---- Where lines end in UTF-8 and UTF-16 logs, and how their bytes become UTF-8 with LF line ends.


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
