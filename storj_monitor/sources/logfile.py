"""One opened log and how far it was read: hands out whole lines, and says when the file is not what it was."""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.sources import HEAD_BYTES, FileIdentity
from storj_monitor.sources.content import Content
from storj_monitor.sources.file_offsets import identify
from storj_monitor.sources.source import LINE_BYTES, UTF8, detect, first_line, normalise, whole_lines

_TAIL_BYTES = 256  # so many in front of the offset, or more: read again with what follows, they tell whether it is still the same file
_STEPS_BACK = 16  # of unpacking, on the way to the lines in front of a place
_SCANS_A_READ = 16  # windows of LINE_BYTES looked through for the end of an over-long line before others get their turn


class FileChanged(Exception):  # noqa: N818 - not an error: a log was truncated
    """The file behind this descriptor was truncated or written anew since it was read last."""


class Piece(NamedTuple):
    """Whole lines of one file; see model.lines.Chunk. `at_end`: nothing was left behind them but a partial line."""

    data: bytes
    start: int
    end: int
    identity: FileIdentity
    previous: FileIdentity | None
    at_end: bool


class LogFile:
    """A log that is open, from `offset` (the end of a line) onwards.

    head     -- the first min(HEAD_BYTES, offset) bytes, by which the file is known
    identity -- under which its position is kept so far; None for a file of which nothing was handed out
    probe    -- the first HEAD_BYTES, or what there was of them when it was opened
    busy     -- the last read() came back empty-handed before it had looked at everything: call again soon
    """

    def __init__(self, content: Content, path: str, probe: bytes, offset: int, identity: FileIdentity | None) -> None:
        """`probe`: the first HEAD_BYTES of the content, or all there is."""
        self.content = content
        self.path = path
        self.offset = offset
        self.identity = identity
        self.head = probe[: min(HEAD_BYTES, offset)]
        self.busy = False
        self.probe = probe
        self._rewound = identity is not None and identity.head_bytes < HEAD_BYTES <= offset
        self._plain = content.size() is not None
        self._was_empty = not probe
        self._encoding = detect(probe)
        self._size = -1  # at the last look, so that a partial line is not read again and again
        self._begun = b"" if offset else probe  # of a file of which nothing was handed out: how it began when it was seen
        self._long = b""  # the first bytes of a line longer than LINE_BYTES, while its end is looked for
        self._scan = 0
        self._hole_to = 0  # NULs from the offset up to here
        self._tail = b""  # what stands in front of the offset, of a plain file in UTF-8

    def read(self, limit_bytes: int, final: bool = False) -> Piece | None:
        """The next whole lines, about `limit_bytes` of them; None when there are none now.

        `final`: nothing will be added, so what stands behind the last newline is a line too.
        Raises FileChanged and OSError.
        """
        size = self.content.size()
        self.busy = False
        if size is not None:
            if size < self.offset or size < len(self._begun):
                raise FileChanged
            if size < self._hole_to:
                self._hole_to = 0
            if size == self.offset or (size == self._size and not final):
                return None
        elif not self.content.approach(max(self.offset, self._hole_to, self._scan if self._long else 0)):
            self.busy = True
            return None
        final = final and (size is not None or self.content.complete())
        if self._long:
            return self._finish_long_line(size, final)
        return self._next_lines(limit_bytes, size, final)

    def read_at_once(self, limit_bytes: int) -> Piece | None:
        """`read` from what the system has in memory. BlockingIOError: only `read` can tell; OSError: not with this file system.

        The last lines are read once more, in the same go: when they are there no longer, the file was truncated or written anew.
        """
        tail, offset = self._tail, self.offset
        size = self.content.size()
        if not self.may_be_at_once or size is None or size < offset:
            raise BlockingIOError
        if size in (offset, self._size):
            return None
        start = offset - len(tail)
        raw = self.content.read_in_memory(start, min(size - start, limit_bytes + len(tail)))
        at_end = start + len(raw) == size
        end = raw.rfind(b"\n") + 1
        if not raw.startswith(tail) or raw[len(tail)] == 0 or (end <= len(tail) and not at_end):
            raise BlockingIOError  # another file, a hole, a line that is longer than the limit
        if at_end:
            self._size = size
        if end <= len(tail):
            return None
        new, used = raw[len(tail) :], end - len(tail)
        return self._hand_out(normalise(new[:used], UTF8, False), offset + used, new, at_end, checked=True)

    @property
    def may_be_at_once(self) -> bool:
        """Begun, neither compressed nor UTF-16, and not in the middle of an over-long line."""
        return not self._long and 0 < min(self.offset, _TAIL_BYTES) <= len(self._tail)

    def learn_tail(self) -> None:
        """Of a file that nothing was read from yet. The head is to be looked at afterwards: only then it is surely of this file."""
        if self._plain and self._encoding is UTF8 and len(self._tail) < min(self.offset, _TAIL_BYTES):
            start = max(0, self.offset - HEAD_BYTES)
            self._tail = self.content.read_at(start, self.offset - start)

    def has_tail(self) -> bool:
        """Bytes without a newline stand at the end. Raises OSError."""
        return bool(self._long) or bool(self.content.read_at(self.offset, 1))

    def beginning(self) -> bytes:
        """The first HEAD_BYTES as they are now. Raises OSError."""
        return self.content.read_at(0, HEAD_BYTES) if self._plain else self.probe

    def has_begun(self) -> bool:
        """True once: when something stands in a file that was empty before. What stood in it in between was not seen. Raises OSError."""
        if self._was_empty:
            self._begun = self.content.read_at(0, HEAD_BYTES)
            self._was_empty = not self._begun
            return not self._was_empty
        return False

    def still_the_same(self) -> bool:
        """The file begins as it did when it was read. Raises OSError."""
        return not self._plain or self.content.read_at(0, len(self.head)) == self.head

    def lines_before(self, size_bytes: int, most_steps: int = _STEPS_BACK) -> bytes:
        """At most `size_bytes` of whole lines in front of the offset, normalised; b"" when there are none. Raises OSError.

        Also when the way there is longer than `most_steps` of Content.approach().
        """
        start = max(0, self.offset - size_bytes)
        start += start % self._encoding.unit
        if not any(self.content.approach(start) for _ in range(most_steps)):
            return b""
        raw = self.content.read_at(start, self.offset - start)
        if start:
            cut = first_line(raw, self._encoding)
            raw = raw[cut:] if cut else b""
        return normalise(raw, self._encoding, start == 0) if raw else b""

    def close(self) -> None:
        self.content.close()

    def _next_lines(self, limit_bytes: int, size: int | None, final: bool) -> Piece | None:
        start = self.offset
        # what was found to be NULs is not read again: a compressed file would have to be unpacked anew for it
        raw = self._window(start, limit_bytes, size) if self._hole_to <= start else b"\0"
        if start == 0 and self._hole_to <= start:
            self._encoding = detect(raw)
            if self._begun[: len(raw)] != raw[: len(self._begun)]:
                raise FileChanged
        if raw.startswith(b"\0") and self._encoding.unit == 1:
            if not self._skip_hole():
                self.busy = True
                return None
            start = self._hole_to
            raw = self._window(start, limit_bytes, size)
        ended = len(raw) < limit_bytes
        used = whole_lines(raw, self._encoding)
        if not used and not ended:
            longest = LINE_BYTES * self._encoding.unit + 4
            raw = self._window(start, longest, size)
            ended = len(raw) < longest
            used = whole_lines(raw, self._encoding)
            if not used and not ended:
                self._long, self._scan = raw, start + len(raw)
                return self._finish_long_line(size, final)
        if ended and final:
            used = len(raw)
        if not used:
            self._size = -1 if size is None else start + len(raw)
            if not self.still_the_same():
                raise FileChanged
            if self.offset == 0:
                self._begun = raw[:HEAD_BYTES]
            return None
        data = normalise(raw[:used], self._encoding, start == 0)
        piece = self._hand_out(data, start + used, raw if start == self.offset else b"", ended)
        self._size = start + len(raw) if ended and size is not None else -1
        return piece

    def _window(self, start: int, wanted: int, size: int | None) -> bytes:
        # never ask for more than is there: the buffer would be allocated in full
        wanted = wanted if size is None else min(wanted, size - start)
        return self.content.read_at(start, wanted) if wanted > 0 else b""

    def _skip_hole(self) -> bool:
        """Look behind NULs that a crash, or a truncation under a node that does not append, left: the next line is at `_hole_to`.

        False when there are more of them than one turn may look at. What was looked at is not looked at again.
        """
        self._hole_to = max(self._hole_to, self.offset)
        for _ in range(_SCANS_A_READ):
            self._hole_to = self.content.next_data(self._hole_to)
            raw = self.content.read_at(self._hole_to, LINE_BYTES)
            text = raw.lstrip(b"\0")
            self._hole_to += len(raw) - len(text)
            if text or not raw:
                return True
        return False

    def _finish_long_line(self, size: int | None, final: bool) -> Piece | None:
        if size is not None and size < self._scan:
            self._long = b""  # its end was cut off: look afresh next time
            self.busy = True
            return None
        for _ in range(_SCANS_A_READ):
            raw = self._window(self._scan, LINE_BYTES, size)
            end = first_line(raw, self._encoding)
            ended = len(raw) < LINE_BYTES
            if end or (ended and final):
                data = normalise(self._long, self._encoding, self.offset == 0)
                long, self._long = self._long, b""
                return self._hand_out(data, self._scan + (end or len(raw)), long, at_end=False)
            # half a UTF-16 unit is looked at again with its other half
            self._scan += len(raw) & -self._encoding.unit
            if ended:
                self._size = -1 if size is None else size
                return None
        self.busy = True
        return None

    def _hand_out(self, data: bytes, end: int, raw: bytes, at_end: bool, *, checked: bool = False) -> Piece:
        """Move on to `end`. `raw`: what was read from the offset onwards, b"" when a hole was skipped; `checked`: of the same file."""
        start, previous, identity = self.offset, None, self.identity
        head = self._head_of(raw, min(HEAD_BYTES, end), checked)
        if identity is None or (identity.head_bytes != len(head) and not self._rewound):
            previous, identity = identity, identify(head)
        self.head, self.identity, self.offset, self._begun = head, identity, end, b""
        self._remember_tail(raw, end - start)
        return Piece(data, start, end, identity, previous, at_end)

    def _remember_tail(self, raw: bytes, used: int) -> None:
        """All of a young file; later at least the last line, for what differs from other lines (its time) stands at its beginning."""
        start = min(raw.rfind(b"\n", 0, max(0, used - 1)) + 1, used - _TAIL_BYTES)
        if not self._plain or self._encoding is not UTF8 or used > len(raw):
            self._tail = b""
        elif self.offset <= HEAD_BYTES or start <= 0:
            self._tail = (self._tail + raw[:used])[-HEAD_BYTES:]
        else:
            self._tail = raw[max(start, used - HEAD_BYTES) : used]

    def _head_of(self, raw: bytes, length: int, checked: bool) -> bytes:
        """The first `length` bytes. Raises FileChanged when `raw` was not read from the file that was known.

        The beginning is looked at after the reading: a file that was truncated and written anew in between, even beyond
        the offset, begins differently, and nothing of it goes out under the old file's name.
        """
        if not self._plain and len(self.probe) >= length:
            return self.probe[:length]
        head = self.head
        if len(head) < length and len(head) == self.offset and raw:
            head = (head + raw)[:length]
        if len(head) < length:  # behind a hole
            return self.content.read_at(0, length)
        if self._plain and not checked and self.content.read_at(0, len(head)) != head:
            raise FileChanged
        return head
