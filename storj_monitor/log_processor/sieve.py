"""Keeps lines that the database has already out of the counts, whatever container they come in, and takes fingerprints of the others.

Lines are compared second by second: a line is known when the database has as many of its text in its second. Where the log that is read
and the one that is known each have lines of a second that the other lacks (one ends where the other begins), the longest run that ends
the one and begins the other decides. Only lines of the same text and second, many times, can leave that open: they are not counted, and
said to be undecided.

A log that goes back in time is a new pass: what was read before counts as known from then on. So `cat` of two parts that overlap, or of
the same part twice, counts each line once.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from storj_monitor.log_processor.fingerprints import FingerprintMaker, fingerprints, last_second, selected, spans
from storj_monitor.model.fingerprints import MINUTE_S, NO_TIME, PASSES, Fingerprints

# Lines of a log are not quite in order; going back further than this is a new pass.
RECENT_S = 5
MAX_MINUTES = 180

Hashes = Sequence[int]


class KnownLines(Protocol):
    """What the database has of one node."""

    def newest(self) -> int:
        """The newest row there is."""

    def minute(self, minute_s: int, but: int) -> Iterable[tuple[int, array[int]]]:
        """(second, lines in order) of one minute, without those that session `but` has read."""

    def is_bare(self, second: int) -> bool:
        """Lines of this time were counted, but it is not known (any more) which."""

    def refresh(self) -> None:
        """What was read so far must be found from now on."""


class _Second:
    """Known lines of one second: `runs` as they were read, `left`: how many of each text were not met again yet."""

    __slots__ = ("left", "runs")

    def __init__(self) -> None:
        self.runs: list[list[int]] = []
        self.left: Counter[int] = Counter()

    def add(self, run: Hashes) -> None:
        self.runs.append(list(run))
        self.left.update(run)

    def take(self, line: int) -> bool:
        """Whether there is one (left)."""
        if self.left.get(line, 0) <= 0:
            return False
        self.left[line] -= 1
        return True


class LineSieve:
    """Of one reader of one node's log, in order. Without `known` every line is new.

    session -- the first of PASSES numbers that nobody else has
    seen    -- see Fingerprints
    """

    def __init__(self, session: int, known: KnownLines | None = None, *, seen: int | None = None) -> None:
        self._session = session
        self._known = known
        self._seen = known.newest() if known is not None else seen
        self._last_s = NO_TIME
        self._taken: list[Fingerprints] = []
        self._maker: FingerprintMaker | None = None
        self._minutes: dict[int, dict[int, _Second]] = {}
        self._recent: dict[int, list[int]] = {}
        self._early: list[tuple[int, Hashes]] = []

    @property
    def compares(self) -> bool:
        """Lines are compared with what is known."""
        return self._known is not None

    def trust(self) -> None:
        """From here on every line is new: the log has caught up with the node."""
        if self._known is not None:
            self._known = None
            self._forget()

    def prime(self, lines: Sequence[bytes]) -> None:
        """Lines that stand in front of the first ones: this reader, or an earlier one of the same log, has read them."""
        prints = fingerprints(lines, self._last_s)
        newest = last_second(prints, self._last_s)
        if self._known is not None:
            for second, start, end in spans(prints):
                if newest - RECENT_S < second <= newest:
                    self._compare(self._known, second, prints.hashes[start:end])
        self._last_s = newest

    def sift(self, lines: Sequence[bytes]) -> bytearray | None:
        """1 for each line that is known; None when all are new."""
        known = self._known
        if known is None:
            if self._maker is None:
                self._maker = FingerprintMaker(self._last_s)
            self._maker.add(lines)
            return None
        prints = fingerprints(lines, self._last_s)
        if self._session % PASSES:
            known.refresh()  # for earlier lines of this log
        mask, first, undecided = bytearray(), 0, 0
        for second, start, end in spans(prints):
            if second < self._last_s - RECENT_S:
                self._put(prints, mask, first, start, undecided)
                self._begin_pass(known, prints, mask)
                first, undecided = start, 0
            found, unsure = self._compare(known, second, prints.hashes[start:end])
            for place in prints.loose.intersection(range(start, end)) if prints.loose else ():
                if not found[place - start]:
                    found[place - start] = self._is_near(known, prints.hashes[place], _seconds_around(prints, second, end))
            mask += found
            undecided += unsure
        self._put(prints, mask, first, len(mask), undecided)
        self._early.clear()
        return mask if any(mask) else None

    def finish(self) -> int:
        """The log has ended: lines of its last second that are known, and may be repetitions of lines with which the known ones begin."""
        known, lines = self._known, self._recent.get(self._last_s, ())
        if known is None or not lines or self._knows_any(known, self._last_s - MINUTE_S, self._last_s - 1):
            return 0
        there = self._seconds(known, self._last_s).get(self._last_s)
        if there is None:
            return 0
        before = Counter(line for run in there.runs for line in run)
        times = Counter(lines)
        once, many = _told_apart(times.keys() & before.keys(), times, before)
        return 0 if once else sum(min(times[line], before[line]) for line in many)

    def take(self) -> Sequence[Fingerprints]:
        """Of the new lines since the last call."""
        taken, self._taken = self._taken, []
        prints = None if self._maker is None else self._maker.take()
        if prints is not None:
            self._last_s = last_second(prints, self._last_s)
            taken.append(prints._replace(session=self._session, seen=self._seen))
        return taken

    def _put(self, prints: Fingerprints, mask: bytearray, first: int, end: int, undecided: int) -> None:
        known = mask.count(1, first, end)
        part = prints if known == 0 and (first, end) == (0, len(prints.hashes)) else selected(prints, mask, first, end)
        self._taken.append(part._replace(session=self._session, seen=self._seen, known=known, undecided=undecided))

    def _begin_pass(self, known: KnownLines, prints: Fingerprints, mask: bytearray) -> None:
        """What these lines have brought so far is not in the database yet."""
        known.refresh()
        self._forget()
        self._early = list(_by_second(selected(prints, mask, 0, len(mask))))
        self._session = self._session // PASSES * PASSES + (self._session + 1) % PASSES
        self._seen = known.newest()
        self._last_s = NO_TIME

    def _forget(self) -> None:
        self._minutes.clear()
        self._recent.clear()
        self._early.clear()

    def _compare(self, known: KnownLines, second: int, lines: Hashes) -> tuple[bytearray, int]:
        """Which lines are known, and how many of these may be repetitions."""
        if second == NO_TIME:
            return bytearray(len(lines)), 0
        there = self._seconds(known, second).get(second)
        again = self._recent.get(second)
        begins = self._last_s == NO_TIME and not self._knows_any(known, second + 1, second + MINUTE_S)
        if again is None:
            for old in [one for one in self._recent if one < second - RECENT_S]:
                del self._recent[old]
        elif second != self._last_s:
            there = there or self._seconds(known, second).setdefault(second, _Second())
            there.left |= Counter(again)
        self._recent.setdefault(second, []).extend(lines)
        self._last_s = second
        if there is None:
            if known.is_bare(second):
                return bytearray(b"\1") * len(lines), len(lines)
            return bytearray(len(lines)), 0
        return _decide(there, lines, whole=not begins, first=again is None)

    def _seconds(self, known: KnownLines, second: int) -> dict[int, _Second]:
        """The known lines of its minute."""
        minute_s = second // MINUTE_S * MINUTE_S
        seconds = self._minutes.get(minute_s)
        if seconds is None:
            if len(self._minutes) >= MAX_MINUTES:
                del self._minutes[next(iter(self._minutes))]
            seconds = self._minutes[minute_s] = {}
            early = [(one, run) for one, run in self._early if 0 <= one - minute_s < MINUTE_S]
            for one, run in [*known.minute(minute_s, self._session), *early]:
                seconds.setdefault(one, _Second()).add(run)
        return seconds

    def _knows_any(self, known: KnownLines, from_s: int, to_s: int) -> bool:
        """Lines of [from_s, to_s], which is no longer than a minute."""
        return any(from_s <= one <= to_s for at_s in (from_s, to_s) for one in self._seconds(known, at_s))

    def _is_near(self, known: KnownLines, line: int, seconds: Sequence[int]) -> bool:
        """A line without a time of its own goes with the line before it, or with the next one where it is the first of a log."""
        minutes = dict.fromkeys(minute for second in seconds for minute in (second, second - MINUTE_S, second + 1))
        return any(one.take(line) for minute in minutes for one in self._seconds(known, minute).values())


def _seconds_around(prints: Fingerprints, second: int, place: int) -> Sequence[int]:
    """The second of a line, and that of the first line behind `place`."""
    return [second, *(one for one, start, _ in spans(prints) if start == place)]


class RepeatWatch:
    """Notices lines that come again in one log, where several processes read it and no sieve sees all of it."""

    def __init__(self) -> None:
        self._recent: dict[int, list[Hashes]] = {}
        self._last_s = NO_TIME

    def sees_again(self, prints: Fingerprints) -> bool:
        """The next ones of the log; True when some may have come before."""
        for second, start, end in spans(prints):
            if second == NO_TIME:
                continue
            if second < self._last_s - RECENT_S:
                return True
            lines = prints.hashes[start:end]
            again = self._recent.get(second)
            if again is None:
                self._recent = {one: runs for one, runs in self._recent.items() if one >= second - RECENT_S}
            elif second != self._last_s and not set(lines).isdisjoint(line for run in again for line in run):
                return True
            self._recent.setdefault(second, []).append(lines)
            self._last_s = second
        return False


def _by_second(prints: Fingerprints) -> Iterator[tuple[int, Hashes]]:
    for second, start, end in spans(prints):
        yield second, prints.hashes[start:end]


def _decide(there: _Second, lines: Hashes, *, whole: bool, first: bool) -> tuple[bytearray, int]:
    """Which lines are known, and how many of them may be repetitions.

    whole -- the log that is read does not begin where the known one ends, in this second
    first -- these are its first lines of this second
    """
    before = there.left.copy()
    found = bytearray([there.take(line) for line in lines])
    matched = [line for line, known in zip(lines, found, strict=True) if known]
    if whole and (len(matched) == len(lines) or not +there.left):
        return found, 0
    once, many = _told_apart(matched, Counter(lines), before)
    if not many:
        return found, 0
    if first and once:
        for run in there.runs:
            length = _longest_overlap(run, list(lines))
            if length > 0 and once <= set(lines[:length]):
                return _known_at(there, before, lines, 0, length), 0
            length = _longest_overlap(list(lines), run)
            if length > 0 and once <= set(lines[-length:]):
                return _known_at(there, before, lines, len(lines) - length, length), 0
    return found, sum(line in many for line in matched)


def _told_apart(lines: Iterable[int], times: Counter[int], known: Counter[int]) -> tuple[set[int], set[int]]:
    """Texts that stand for one line on either side, and those that stand for several."""
    many = {line for line in lines if max(times[line], known[line]) > 1}
    return set(lines) - many, many


def _known_at(there: _Second, before: Counter[int], lines: Hashes, start: int, length: int) -> bytearray:
    """Exactly these are known."""
    there.left = before
    there.left.subtract(lines[start : start + length])
    return bytearray(start) + bytearray(b"\1") * length + bytearray(len(lines) - start - length)


def _longest_overlap(one: list[int], other: list[int]) -> int:
    """Lines with which the one ends and the other begins (Knuth, Morris, Pratt)."""
    text = [*other, -1, *one]
    borders = [0] * len(text)
    for place in range(1, len(text)):
        length = borders[place - 1]
        while length and text[place] != text[length]:
            length = borders[length - 1]
        borders[place] = length + (text[place] == text[length])
    return borders[-1] if one else 0
