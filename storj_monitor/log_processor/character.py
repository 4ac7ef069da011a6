"""Keeps count of what a log's newest lines tell about the log itself, from sums that are made anyway; many small chunks in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from storj_monitor.log_processor.batch_builder import BatchBuilder
from storj_monitor.log_processor.fields import parse_time_ms
from storj_monitor.model.events import TRANSFER_LOGGER, LineKey, LineKind, NodeEvent, line_counts
from storj_monitor.model.ids import Outcome
from storj_monitor.model.log_character import HOUR_MS, LEVEL_ORDER, LogCharacter, LogForm, NodeIdSeen
from storj_monitor.model.node_events import NodeStarted
from storj_monitor.model.versions import version_of
from storj_monitor.stats import add_counts

# Counts are of the stretch of lines that goes on and of the one before it; one ends after so many lines.
LINES_A_STRETCH = 2000
# So many bytes are counted in one go: of a log that is followed a chunk has a handful of lines.
BYTES_AT_ONCE = 200_000
LEVELS_STRETCH_MS = HOUR_MS
MOST_NODE_IDS = 8
MOST_ENVELOPES = 6
MOST_REASONS = 50
_LONGEST_STAMP = 40
_SUCCESSES = frozenset({"uploaded", "downloaded"})


@dataclass(slots=True)
class _Lines:
    """Counts of one stretch of lines."""

    understood: int = 0
    ignored: int = 0
    not_understood: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    successes: int = 0


@dataclass(slots=True)
class _Levels:
    """Levels of one stretch of the log's time."""

    others: set[str] = field(default_factory=set)
    """Of lines that are not about transfers."""
    transfers: set[str] = field(default_factory=set)
    lines: int = 0
    first_ms: int = 0


class CharacterTracker:
    """Of one log."""

    def __init__(self) -> None:
        self._lines_before, self._lines = _Lines(), _Lines()
        self._levels_before, self._levels = _Levels(), _Levels()
        self._form = LogForm.NONE
        self._envelopes: dict[str, None] = {}
        self._node_ids: dict[str, int] = {}
        self._version = ""
        self._newest_ms = 0
        self._waiting: list[BatchBuilder] = []
        self._bytes_waiting = 0

    def add(self, batch: BatchBuilder, data: bytes) -> None:
        """What one chunk said; `data`: its lines."""
        if batch.newest_ms - self._levels.first_ms >= LEVELS_STRETCH_MS:
            self._turn_levels(batch.newest_ms, data)
        self._waiting.append(batch)
        self._bytes_waiting += len(data)
        if self._bytes_waiting >= BYTES_AT_ONCE:
            self._count()

    def result(self) -> LogCharacter:
        """As it stands."""
        self._count()
        old, new = self._lines_before, self._lines
        before, levels = self._levels_before, self._levels
        first_ms = before.first_ms or levels.first_ms
        reason = (old.reasons + new.reasons).most_common(1)
        understood, ignored, not_understood = (
            old.understood + new.understood,
            old.ignored + new.ignored,
            old.not_understood + new.not_understood,
        )
        count = understood + ignored + not_understood
        return LogCharacter(
            form=LogForm.UNKNOWN if self._form is LogForm.NONE and count else self._form,
            envelopes=tuple(self._envelopes),
            level=_lowest(before.others | levels.others | before.transfers | levels.transfers),
            transfer_level=_lowest(before.transfers | levels.transfers),
            span_ms=max(0, self._newest_ms - first_ms) if first_ms else 0,
            levelled=before.lines + levels.lines,
            node_ids=tuple(NodeIdSeen(*pair) for pair in self._node_ids.items()),
            version=self._version,
            newest_ms=self._newest_ms,
            lines=count,
            understood=understood,
            ignored=ignored,
            not_understood=not_understood,
            successes=old.successes + new.successes,
            unread_reason=reason[0][0] if reason else "",
        )

    def _count(self) -> None:
        """Look at those that wait."""
        waiting, self._waiting, self._bytes_waiting = self._waiting, [], 0
        now, understood = self._lines, 0
        others: dict[LineKey, int] = {}
        for batch in waiting:
            self._take(batch)
            add_counts(others, batch.lines)
        self._levels.others.update(*[batch.levels for batch in waiting])
        self._levels.transfers.update(*[batch.transfer_levels for batch in waiting])
        ops = list(map(sum, zip(*[batch.ops for batch in waiting], strict=True)))
        if any(count for op, count in enumerate(ops) if op & 3 != Outcome.FAILED):
            # starts are DEBUG lines since v1.116: beside results at INFO that makes no difference
            self._levels.transfers.add("INFO")
        every = line_counts(ops, others)
        for (kind, logger, message), count in every.items():
            if kind == LineKind.UNDERSTOOD:
                understood += count
                if logger == TRANSFER_LOGGER and message in _SUCCESSES:
                    now.successes += count
            elif kind == LineKind.IGNORED:
                now.ignored += count
            else:
                now.not_understood += count
                if message in now.reasons or len(now.reasons) < MOST_REASONS:
                    now.reasons[message] += count
        now.understood += understood
        if self._levels.first_ms:
            self._levels.lines += understood
        if now.understood + now.ignored + now.not_understood >= LINES_A_STRETCH:
            self._lines_before, self._lines = now, _Lines()

    def _take(self, batch: BatchBuilder) -> None:
        if batch.newest_ms:
            self._newest_ms = max(self._newest_ms, batch.newest_ms)
            self._form = batch.form or self._form
        if batch.errors:
            self._levels.transfers.update(error.level for error in batch.errors if error.logger == TRANSFER_LOGGER)
        if batch.events:
            self._take_events(batch.events)
        if batch.envelopes:
            self._take_envelopes(batch.envelopes)

    def _take_envelopes(self, envelopes: Iterable[str]) -> None:
        for name in sorted(envelopes):
            if len(self._envelopes) < MOST_ENVELOPES:
                self._envelopes[name] = None

    def _take_events(self, events: Iterable[NodeEvent]) -> None:
        for event in events:
            if isinstance(event, NodeStarted) and event.node_id:
                self._node_ids.pop(event.node_id, None)  # the newest stands last
                self._node_ids[event.node_id] = event.time_ms
                if len(self._node_ids) > MOST_NODE_IDS:
                    del self._node_ids[next(iter(self._node_ids))]
            elif version := version_of(event):
                self._version = version

    def _turn_levels(self, newest_ms: int, data: bytes) -> None:
        """Another stretch of the log's time begins with these lines."""
        self._count()
        if self._levels.first_ms:
            self._levels_before = self._levels
        self._levels = _Levels(first_ms=min(_first_ms(data) or newest_ms, newest_ms))


def _first_ms(data: bytes) -> int:
    """Time of the first line, where it stands at its beginning; else 0."""
    stamp = parse_time_ms(data[:_LONGEST_STAMP].partition(b"\t")[0])
    return stamp[0] if stamp else 0


def _lowest(levels: set[str]) -> str:
    return next((level for level in LEVEL_ORDER if level in levels), "")
