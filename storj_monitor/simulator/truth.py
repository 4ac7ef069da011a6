"""What a simulated log holds, counted while it is written: the figures that every reader of the log must reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from storj_monitor.simulator.templates import Template


class Truth:
    """Exact counts of one or more logs.

    lines      -- lines written
    transfers  -- "ACTION direction outcome" -> number, outcome `started` included
    bytes      -- the same keys -> sum of the size field of result lines
    satellites -- "SATELLITE ACTION outcome" -> number (results only)
    minutes    -- "UNIX_MINUTE ACTION outcome" -> number (results only, by the line's own time)
    """

    def __init__(self) -> None:
        self.lines = 0
        self.transfers: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.satellites: Counter[str] = Counter()
        self.minutes: Counter[str] = Counter()

    def add_starts(self, template: Template, count: int) -> None:
        """`count` start lines of one template were written."""
        self.transfers[f"{template.action} {template.direction} started"] += count
        self.lines += count

    def add_results(self, template: Template, count: int, minute: int) -> None:
        """The end lines of `count` transfers were written, in that minute (Unix time // 60)."""
        self.lines += count * (template.lines - (1 if template.start else 0))
        if not template.outcome:
            return
        key = f"{template.action} {template.direction} {template.outcome}"
        self.transfers[key] += count
        self.bytes[key] += count * template.size_bytes
        self.satellites[f"{template.satellite} {template.action} {template.outcome}"] += count
        self.minutes[f"{minute} {template.action} {template.outcome}"] += count

    def add(self, other: Truth) -> None:
        """Add the counts of another log."""
        self.lines += other.lines
        self.transfers.update(other.transfers)
        self.bytes.update(other.bytes)
        self.satellites.update(other.satellites)
        self.minutes.update(other.minutes)

    @property
    def results(self) -> int:
        """Finished transfers that the log shows."""
        return sum(n for key, n in self.transfers.items() if not key.endswith(" started"))

    def as_json(self) -> dict[str, Any]:
        """The shape of a recount: `transfers`, `bytes`, `satellites`, `minutes`, `lines`; keys sorted."""
        return {
            "lines": self.lines,
            "transfers": dict(sorted(self.transfers.items())),
            "bytes": dict(sorted(self.bytes.items())),
            "satellites": dict(sorted(self.satellites.items())),
            "minutes": dict(sorted(self.minutes.items())),
        }


class Tally:
    """Counts by template number while lines fly, and folds into a Truth once a minute: cheap at 20,000 events a second."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._templates = templates
        self._truth = Truth()
        self._starts: Counter[int] = Counter()
        self._results: Counter[int] = Counter()
        self._minute = 0

    def starts(self, numbers: Iterable[int]) -> None:
        self._starts.update(numbers)

    def results(self, numbers: Iterable[int], at_s: float) -> None:
        minute = int(at_s) // 60
        if minute != self._minute:
            self._fold()
            self._minute = minute
        self._results.update(numbers)

    def other_lines(self, count: int) -> None:
        """Lines that are no transfers."""
        self._truth.lines += count

    @property
    def folded(self) -> Truth:
        """Everything up to the last full minute."""
        return self._truth

    def truth(self) -> Truth:
        """Everything so far."""
        self._fold()
        return self._truth

    def _fold(self) -> None:
        for number, count in self._starts.items():
            if self._templates[number].start:
                self._truth.add_starts(self._templates[number], count)
        for number, count in self._results.items():
            self._truth.add_results(self._templates[number], count, self._minute)
        self._starts.clear()
        self._results.clear()
