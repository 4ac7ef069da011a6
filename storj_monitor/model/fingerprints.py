"""What is remembered of each line, so that it is known again in whatever container it comes: four bytes, and its second."""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

import msgspec

MINUTE_S = 60
NO_TIME = -1
PASSES = 1 << 20
"""Of one reader: its sessions are this many numbers in a row, beginning with a multiple of it."""

_encode = msgspec.msgpack.Encoder().encode


class Fingerprints(NamedTuple):
    """Lines of one node in order, as the node wrote them (without what Docker, journald or syslog put around them).

    seconds   -- (Unix second, how many lines of it follow one another); NO_TIME for lines before the first one with a time
    hashes    -- CRC-32 of each
    loose     -- places of lines that have no time of their own and go with the line before them
    session   -- who read them: lines of one session never stand for one another
    seen      -- newest row of the table known_line that the lines were compared with; None: they cannot be read again
    known     -- lines that were left out in between because the database has them
    undecided -- as many of those may be repetitions that it does not have
    """

    seconds: Sequence[tuple[int, int]]
    hashes: array[int]
    loose: frozenset[int] = frozenset()
    session: int = 0
    seen: int | None = None
    known: int = 0
    undecided: int = 0


class FingerprintTaker(Protocol):
    """Has the fingerprints of the lines of some batches."""

    def take(self) -> Sequence[Fingerprints]:
        """Of the lines since the last call."""


class KnownMinute(NamedTuple):
    """A row of the database: lines that one session read of one minute."""

    minute_s: int
    lines: int
    data: bytes


def new_session() -> int:
    """The first of PASSES numbers that nobody else has."""
    return random.getrandbits(42) * PASSES


def pack_minutes(prints: Sequence[Fingerprints]) -> Iterator[KnownMinute]:
    """Rows for the lines of one session, in their order."""
    hashes: array[int] = array("I")
    minutes: dict[int, tuple[list[int], array[int]]] = {}
    for one in prints:
        at = 0
        for second, count in one.seconds:
            if second != NO_TIME:
                minute = second // MINUTE_S * MINUTE_S
                groups, hashes = minutes.setdefault(minute, ([], array("I")))
                groups += (second - minute, count)
                hashes += one.hashes[at : at + count]
            at += count
    for minute, (groups, hashes) in minutes.items():
        if sys.byteorder == "big":
            hashes.byteswap()
        yield KnownMinute(minute, len(hashes), _encode((groups, hashes.tobytes())))


def unpack_minute(minute_s: int, data: bytes) -> Iterator[tuple[int, array[int]]]:
    """Seconds of a row, each with its lines in order. Raises ValueError for what is no such row."""
    groups, raw = msgspec.msgpack.decode(data, type=tuple[list[int], bytes])
    hashes = array("I", raw[: len(raw) & -4])
    if sys.byteorder == "big":
        hashes.byteswap()
    at = 0
    for offset, count in zip(groups[::2], groups[1::2], strict=True):
        yield minute_s + offset, hashes[at : at + count]
        at += count


def by_session(prints: Sequence[Fingerprints]) -> Iterator[tuple[int, list[Fingerprints]]]:
    """Neighbours of the same session together."""
    for session, same in groupby(prints, key=lambda one: one.session):
        yield session, list(same)
