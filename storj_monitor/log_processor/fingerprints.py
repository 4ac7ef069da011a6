"""Takes the fingerprints of lines: what makes a line the same line is the node's own text, and the second in which it was written.

A line of the usual form costs a checksum and a slice of its stamp; stamps are read once a second. Others are looked at one by one.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from zlib import crc32

from storj_monitor.log_processor.envelopes import unwrap_line
from storj_monitor.log_processor.fields import parse_time_ms
from storj_monitor.model.fingerprints import NO_TIME, Fingerprints

_STAMP_BYTES = len("2026-08-20T07:01:10")
_stamp_of = itemgetter(slice(_STAMP_BYTES))
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)")
_JSON_TIME = re.compile(rb'"T": ?"([^"]{19,40})"')
_GCLOUD_TIME = re.compile(rb'"timestamp": ?\{"seconds": ?(\d{1,11})')


class FingerprintMaker:
    """Takes them of unwrapped lines as they come, while the processor has them at hand. `last_s`: second of the line before the first."""

    def __init__(self, last_s: int = NO_TIME) -> None:
        self._last_s = last_s
        self._stamp = b""
        self._second: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._hashes = array("I")
        self._seconds: list[tuple[int, int]] = []
        self._loose: list[int] = []

    def add(self, lines: Sequence[bytes]) -> None:
        """The next ones."""
        first = at = len(self._hashes)
        self._hashes.extend(map(crc32, lines))
        for stamp, count in _stretches(lines):
            if stamp != self._stamp:
                self._stamp, self._second = stamp, _plain_second(lines[at - first]) if stamp[10:11] == b"T" else None
            if self._second is not None:
                _append(self._seconds, self._second, count)
                self._last_s = self._second
            else:
                self._add_others(lines[at - first : at - first + count], at)
            at += count

    def _add_others(self, lines: Sequence[bytes], at: int) -> None:
        """Lines that may have something around them, or no time."""
        for place, line in enumerate(lines, at):
            text, second = _own_text(line)
            self._hashes[place] = crc32(text)
            if second is None:
                self._loose.append(place)
            else:
                self._last_s = second
            _append(self._seconds, self._last_s, 1)

    def take(self) -> Fingerprints | None:
        """Of the lines since the last call; None when there were none."""
        if not self._hashes:
            return None
        seconds = self._seconds
        if seconds[0][0] == NO_TIME and len(seconds) > 1:
            # the end of something that began before the log does goes with what follows
            (_, none), (second, count), *rest = seconds
            seconds = [(second, none + count), *rest]
        prints = Fingerprints(seconds, self._hashes, frozenset(self._loose))
        self._begin()
        return prints


def _stretches(lines: Sequence[bytes]) -> Iterable[tuple[bytes, int]]:
    """How many lines follow one another that begin with the same stamp. Those that are written now are mostly all of one second:

    what the least and the greatest of them begin with, all others between these begin with, too.
    """
    stamp = _stamp_of(lines[0]) if lines else b""
    if len(stamp) == _STAMP_BYTES and lines[-1].startswith(stamp) and min(lines).startswith(stamp) and max(lines).startswith(stamp):
        return [(stamp, len(lines))]
    return [(stamp, len(list(same))) for stamp, same in groupby(lines, _stamp_of)]


def fingerprints(lines: Sequence[bytes], last_s: int = NO_TIME) -> Fingerprints:
    """Of these. `last_s`: second of the line in front of the first one."""
    maker = FingerprintMaker(last_s)
    maker.add(lines)
    return maker.take() or Fingerprints([], array("I"))


def last_second(prints: Fingerprints, before_s: int) -> int:
    """Second of the last line; `before_s` where there is none."""
    return prints.seconds[-1][0] if prints.seconds else before_s


def selected(prints: Fingerprints, mask: bytearray, first: int, end: int) -> Fingerprints:
    """Lines at the places [first, end) where the mask is 0."""
    seconds: list[tuple[int, int]] = []
    hashes = array("I")
    for second, start, stop in spans(prints):
        start, stop = max(start, first), min(stop, end)
        if start < stop and (count := mask.count(0, start, stop)):
            _append(seconds, second, count)
            part = prints.hashes[start:stop]
            hashes += (
                part if count == stop - start else array("I", [one for one, out in zip(part, mask[start:stop], strict=True) if not out])
            )
    return prints._replace(seconds=seconds, hashes=hashes, loose=frozenset())


def spans(prints: Fingerprints) -> Iterator[tuple[int, int, int]]:
    """(second, place of its first line, place behind its last one) of each stretch."""
    at = 0
    for second, count in prints.seconds:
        yield second, at, at + count
        at += count


def _append(seconds: list[tuple[int, int]], second: int, count: int) -> None:
    if seconds and seconds[-1][0] == second:
        seconds[-1] = (second, seconds[-1][1] + count)
    else:
        seconds.append((second, count))


def _plain_second(line: bytes) -> int | None:
    """None for a line that may have something around it."""
    found = _STAMP.match(line)
    return _second_of(found[0]) if found and line[found.end() : found.end() + 1] == b"\t" and b"[" not in line[19:40] else None


def _second_of(stamp: bytes) -> int | None:
    parsed = parse_time_ms(stamp)
    return None if parsed is None else parsed[0] // 1000


def _own_text(line: bytes) -> tuple[bytes, int | None]:
    """What the node wrote, and its second; None for a line that has none."""
    if not line or line.isspace():
        return line, None
    line, _ = unwrap_line(line)
    found = _JSON_TIME.search(line) if line.startswith(b"{") else _STAMP.match(line)
    if found:
        return line, _second_of(found[found.lastindex or 0])
    found = _GCLOUD_TIME.search(line) if line.startswith(b"{") else None
    if found:
        return line, int(found[1])
    return b" ".join(line.split()), None  # tabs may have become spaces on the way
