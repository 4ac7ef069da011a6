"""What others put around a node's lines is taken off, and lines that were split are joined: Docker, journald, syslog, a forwarder, …"""

from __future__ import annotations

import re
from io import BytesIO
from itertools import islice
from operator import itemgetter

import msgspec

from storj_monitor.log_processor.entry import (
    CONTAINER_NAME,
    DECODE_ERRORS,
    DOCKER_JSON,
    DOCKER_START,
    OBJECT_STARTS,
    OTHER_PREFIX,
    DockerLine,
    ObjectOpener,
    Opened,
    StampReader,
)
from storj_monitor.log_processor.prefixes import open_prefixed, without_stamp

MAX_HELD_BYTES = 8 << 20
SPLIT_PART = "part of a line that was split"
# So many lines of a chunk are looked at for something around them: the first ones may be somebody else's words.
_LOOK_LINES = 8
# Lines that are shorter than this on average are nearly all empty: they are counted at once, and nobody looks at them.
_EMPTY_BELOW_BYTES = 8
# Names that stand in front of lines: so many lines of a log are looked at for the first one, and so many are remembered.
_LOOK_FOR_NAMES = 1000
_MOST_PREFIXES = 8
_LONGEST_PREFIX = 200
_STAMP_BYTES = 19
_without_end = itemgetter(slice(None, -1))
# As a node writes: JSON, or its own time stamp and a tab (as prefixes.begins_plainly), and no colour of the level.
_PLAIN = re.compile(rb'\{"L":|.{10}T(?=.{9}\t|.{14}\t).{8}(?:[^\[]{21}|[^\[]*\Z)', re.DOTALL).match


class Unwrapped(msgspec.Struct, frozen=True, gc=False):
    """Lines as the node wrote them.

    lines    -- without line ends
    arrivals -- Unix milliseconds for each line, or None where it has none; None altogether when no line has one
    parts    -- how many physical lines were parts of longer ones, and one of them
    held     -- bytes at the end that belong to a line which is not complete yet
    envelopes -- what was taken off, in words
    blank    -- lines without text that were left out, where a log has next to nothing else
    """

    lines: list[bytes]
    arrivals: list[int | None] | None
    parts: int = 0
    part_sample: bytes = b""
    held: bytes = b""
    envelopes: frozenset[str] = frozenset()
    blank: int = 0


class Opener:
    """Opens lines of any kind, and what is within them: a forwarder may wrap what Docker has wrapped."""

    def __init__(self) -> None:
        self._objects = ObjectOpener()

    def open(self, line: bytes) -> Opened:
        outer = self._open(line)
        if not outer.envelopes or outer.continues or _is_plain(outer.text):
            return outer
        inner = self._open(outer.text)
        if not inner.envelopes:
            return outer
        arrival = outer.arrival if inner.arrival is None else inner.arrival
        return Opened(inner.text, arrival, inner.stream or outer.stream, inner.continues, outer.envelopes + inner.envelopes)

    def _open(self, line: bytes) -> Opened:
        if line.startswith(OBJECT_STARTS):
            return self._objects.open(line) or Opened(line)
        return open_prefixed(line)


class NamePrefixes:
    """What stands in front of every line of one log, as its entries show it: the name of a container, of a pod, of a service.

    Text between the entries (a panic, words on standard error) has it, too, and would not be known again without it. What stands only
    in front of other text belongs to another program.
    """

    def __init__(self) -> None:
        self._opener = Opener()
        self._prefixes: list[bytes] = []

    def fits(self, line: bytes) -> bool:
        """Whether the line begins so."""
        return any(map(line.startswith, self._prefixes))

    def open(self, line: bytes) -> Opened:
        """As Opener.open."""
        opened = self._opener.open(line)
        if OTHER_PREFIX in opened.envelopes:
            self._learn(line, opened.text)
        elif not opened.envelopes and self._prefixes:
            for prefix in self._prefixes:
                if line.startswith(prefix):
                    inner = self._opener.open(line[len(prefix) :])
                    return inner._replace(
                        envelopes=(CONTAINER_NAME, *inner.envelopes), stream=inner.stream or prefix.decode("utf-8", "replace")
                    )
        return opened

    def look_at(self, lines: list[bytes]) -> None:
        """The first ones of a log may be text: an entry further on tells."""
        for line in islice(lines, 0 if self._prefixes else _LOOK_FOR_NAMES):
            if OTHER_PREFIX in self.open(line).envelopes:
                return

    def _learn(self, line: bytes, text: bytes) -> None:
        if not line.endswith(text):
            text = text[:_STAMP_BYTES]  # its tabs were something else
            if text not in line:
                return
        prefix = without_stamp(line[: line.rindex(text)])
        if prefix.endswith((b" ", b"m")) and len(prefix) <= _LONGEST_PREFIX and prefix not in self._prefixes:
            self._prefixes = [prefix, *self._prefixes[: _MOST_PREFIXES - 1]]


def unwrap_line(line: bytes) -> tuple[bytes, int | None]:
    """Take everything off one line; `(line, None)` when there is nothing."""
    if not line.startswith(OBJECT_STARTS):
        outer = open_prefixed(line)
        if not outer.envelopes:  # text of something else: nothing more is set up for it
            return outer.text, outer.arrival
    opened = Opener().open(line)
    return opened.text, opened.arrival


def unwrap(data: bytes, names: NamePrefixes | None = None) -> Unwrapped:
    """All lines of `data`, which ends with a line end. What they are wrapped in is recognised by the first of them.

    `names`: what this log's lines begin with, as far as it is known.
    """
    lines = split_lines(data)
    if len(data) < _EMPTY_BELOW_BYTES * len(lines):
        full = list(filter(bytes.strip, lines))
        return msgspec.structs.replace(_unwrap(full, names or NamePrefixes()), blank=len(lines) - len(full))
    if lines and _is_plain(lines[0]):
        return Unwrapped(lines, None)
    return _unwrap(lines, names or NamePrefixes())


def _unwrap(lines: list[bytes], names: NamePrefixes) -> Unwrapped:
    if lines and lines[0].startswith(DOCKER_START):
        return unwrap_docker(lines)
    if not lines or _is_plain(lines[0]) or not (names.fits(lines[0]) or _is_wrapped(lines)):
        return Unwrapped(lines, None)
    names.look_at(lines)
    return _joined(lines, names)


def split_lines(data: bytes) -> list[bytes]:
    """Without their ends. A stream looks for these quicker than `split`."""
    if not data.endswith(b"\n"):
        return data.split(b"\n") if data else []
    return list(map(_without_end, BytesIO(data)))


def unwrap_docker(raw: list[bytes]) -> Unwrapped:
    """Lines out of Docker's objects; lines between them that are none are taken as they are."""
    return _whole_docker_lines(raw) or _joined(raw, NamePrefixes())


def _is_plain(line: bytes) -> bool:
    return _PLAIN(line) is not None


def _is_wrapped(lines: list[bytes]) -> bool:
    opener = Opener()
    return any(opener.open(line).envelopes for line in islice(lines, _LOOK_LINES) if not _is_plain(line))


def _joined(raw: list[bytes], names: NamePrefixes) -> Unwrapped:
    """A line that is not complete is held back, with all that stands behind its beginning."""
    reader = _PartJoiner(raw, names)
    held: list[bytes] = []
    while (first := reader.first_open()) is not None:
        held = raw[first:] + held
        raw = raw[:first]
        if sum(map(len, held)) > MAX_HELD_BYTES:
            # a line that never ends is none: its parts are counted and let go
            return _PartJoiner(raw + held, names).result(b"")
        reader = _PartJoiner(raw, names)
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
    clock = StampReader()
    return Unwrapped(
        split_lines(text.encode()), [clock.read(item.time) for item in items], envelopes=frozenset({DOCKER_JSON} if items else ())
    )


class _PartJoiner:
    """Joins the parts of lines and knows where the oldest unfinished line begins."""

    def __init__(self, raw: list[bytes], names: NamePrefixes) -> None:
        self._lines: list[bytes] = []
        self._arrivals: list[int | None] = []
        self._sample = b""
        self._parts = 0
        self._envelopes: set[str] = set()
        self._open: dict[str, list[tuple[int, bytes]]] = {}
        for index, line in enumerate(raw):
            self._read(index, line, names.open(line))

    def first_open(self) -> int | None:
        """Index of the first part of the oldest line that has not ended."""
        return min((parts[0][0] for parts in self._open.values()), default=None)

    def result(self, held: bytes) -> Unwrapped:
        parts = self._parts + sum(map(len, self._open.values()))
        return Unwrapped(self._lines, self._arrivals, parts, self._sample, held, frozenset(self._envelopes))

    def _read(self, index: int, raw: bytes, opened: Opened) -> None:
        self._envelopes.update(opened.envelopes)
        begun = self._open.pop(opened.stream, []) if opened.envelopes else []
        if begun and _is_plain(opened.text):
            # the node ended, or was killed, in the middle of a line: what there is of it is no part of the next one
            self._lines.append(b"".join([part for _, part in begun]))
            self._arrivals.append(None)
            self._parts += len(begun) - 1
            begun = []
        if opened.continues:
            self._open[opened.stream] = [*begun, (index, opened.text)]
            self._sample = self._sample or raw
            return
        self._parts += len(begun)
        text = b"".join([*(part for _, part in begun), opened.text])
        if begun and not _is_plain(text):
            # what became of the columns is only seen of the whole line
            text = open_prefixed(text).text
        self._lines.append(text)
        self._arrivals.append(opened.arrival)
