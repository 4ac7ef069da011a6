"""What became of the lines of each input of `ingest`, in plain sentences: how many were read, were new, were known, are understood."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.config import STANDARD_INPUT
from storj_monitor.model.events import LineKind
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.sources import Skipped
from storj_monitor.units import format_bytes

_NONE: Mapping[str, int] = MappingProxyType({})


class _Part(NamedTuple):
    """Lines of one chunk.

    start     -- where it stands in the log; infinite where it has no place
    new       -- those that were counted: so many understood, left out on purpose, and not understood
    known     -- those that were counted before; `undecided`: how many of them may be repetitions of others
    reasons   -- why lines were not understood, and how many
    """

    start: float
    understood: int = 0
    ignored: int = 0
    not_understood: int = 0
    known: int = 0
    undecided: int = 0
    reasons: Mapping[str, int] = _NONE

    @property
    def new(self) -> int:
        return self.understood + self.ignored + self.not_understood


class InputReport:
    """Of one input."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._parts: list[_Part] = []
        self.skipped = Skipped(0, 0)
        """What had been read before, and was passed over."""

    def note(self, delta: NodeDelta) -> int:
        """Takes in a chunk; returns its lines. Chunks that a conflict has brought again are told once."""
        start = delta.checkpoints[0].start if delta.checkpoints else math.inf
        while self._parts and start <= self._parts[-1].start < math.inf:
            self._parts.pop()
        part = _part_of(delta, start)
        self._parts.append(part)
        return part.new + part.known

    def undecided(self, lines: int) -> None:
        """Known at its end, and told only there."""
        self._parts.append(_Part(math.inf, undecided=lines))

    def begin_again(self, *, last_only: bool = False) -> None:
        """After a conflict: what has no place (all of it, or the chunk that was refused) comes again."""
        if last_only:
            self._parts.pop()
        else:
            self._parts = [one for one in self._parts if one.start != math.inf]

    @property
    def is_pipe(self) -> bool:
        return self.path == STANDARD_INPUT

    @property
    def is_empty(self) -> bool:
        """Not a line came, now or before."""
        return not (self.new or self.known or self.skipped.size_bytes)

    @property
    def misfit(self) -> str:
        """Why the new lines are no log of a node, with what to do; "" where they are, or are few beside what is known."""
        understood, missed = sum(one.understood for one in self._parts), sum(one.not_understood for one in self._parts)
        reasons: Counter[str] = Counter()
        for one in self._parts:
            reasons.update(one.reasons)
        whole = LogCharacter(
            lines=self.new,
            understood=understood,
            ignored=sum(one.ignored for one in self._parts),
            not_understood=missed,
            unread_reason=max(reasons, key=reasons.__getitem__, default=""),
        )
        if self.known or self.skipped.size_bytes or not missed or (understood and whole.is_readable):
            return ""
        return whole.not_understood_text

    def sentences(self) -> Iterator[str]:
        """For the operator."""
        if self.is_empty:
            yield f"{self.name}: nothing came, not one line" if self.is_pipe else f"{self.name}: empty, there is nothing to read"
            return
        skipped = self.skipped
        behind = f" behind the first {format_bytes(skipped.size_bytes)}, which were read before" if skipped.lines is None else ""
        yield _became(self.name, self.new, self.known, behind)
        if undecided := sum(one.undecided for one in self._parts):
            yield (
                f"{self.name}: of {undecided:,} of these it cannot be told whether they are the same lines or repetitions of them "
                "(identical lines of one second, or of a time whose single lines are not kept)"
            )

    @property
    def name(self) -> str:
        return "standard input" if self.is_pipe else self.path

    @property
    def new(self) -> int:
        """Lines that were counted."""
        return sum(one.new for one in self._parts)

    @property
    def known(self) -> int:
        """Lines that were counted before."""
        return sum(one.known for one in self._parts) + (self.skipped.lines or 0)


def _part_of(delta: NodeDelta, start: float) -> _Part:
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for key, count in delta.lines.items():
        kinds[key.kind] += count
        if key.kind == LineKind.NOT_UNDERSTOOD:
            reasons[key.message] += count
    return _Part(
        start,
        kinds[LineKind.UNDERSTOOD],
        kinds[LineKind.IGNORED],
        kinds[LineKind.NOT_UNDERSTOOD],
        sum(prints.known for prints in delta.fingerprints),
        sum(prints.undecided for prints in delta.fingerprints),
        reasons or _NONE,
    )


def in_all(reports: Sequence[InputReport]) -> str:
    """The sum of several inputs."""
    return _became(f"{len(reports):,} inputs", sum(one.new for one in reports), sum(one.known for one in reports))


def _became(what: str, new: int, known: int, behind: str = "") -> str:
    read = f"{what}: {_lines(new + known)} read{behind}"
    if not known:
        return f"{read}, all new" if new else f"{read}: nothing is new"
    if new:
        return f"{read}: {new:,} new, {known:,} in the database already (not counted again)"
    return f"{read}, none new: {'it is' if known == 1 else 'all are'} in the database already (not counted again)"


def _lines(count: int) -> str:
    return f"{count:,} line" if count == 1 else f"{count:,} lines"
