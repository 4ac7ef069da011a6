"""What a simulated log holds, counted while it is written: the figures that every reader of the log must reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from storj_monitor.reputation_tracker.beta import AUDIT, Beta, settled
from storj_monitor.simulator.profile import SATELLITES, Satellite, Template


class GroundTruth:
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

    def add(self, other: GroundTruth) -> None:
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
    """Counts by template number while lines fly, and folds into a GroundTruth once a minute: cheap at 20,000 events a second."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._templates = templates
        self._truth = GroundTruth()
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
    def folded(self) -> GroundTruth:
        """Everything up to the last full minute."""
        return self._truth

    def truth(self) -> GroundTruth:
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


# ---- What a simulated log has said so far, for those who answer for the same node: its ports tell what its log tells.
#
# The thread that writes the log sets whole figures at once; others only read. Scores follow from the audits in the log by the satellites'
# own arithmetic.


USUAL_AGE_S: Final = 11.0 * 30.4 * 86400.0
"""A simulated node joined so long before its log begins."""
_SCORED: Final = ("GET_AUDIT", "GET_REPAIR")
_LEAST: Final = 0.961
"""No simulated node is disqualified."""
Counts = Mapping[str, int]


def audits_in(satellite: Satellite, seconds: float) -> int:
    """Audits of a node in so long a time before its log begins."""
    return int(max(0.0, seconds) / 3600 * (4 + 40 * satellite.share))


class Audits(NamedTuple):
    """Of one satellite: all, those without success (offline ones of the past, failed ones of the log), and the score."""

    total: int
    missed: int
    score: float


class LogFigures:
    """One node.

    transfers, sizes -- as `GroundTruth.transfers` and `GroundTruth.bytes`: "ACTION direction outcome" -> number
    told_s           -- until when they are
    before           -- the counts when the log began to be written as it happens; None while its past is made up
    """

    def __init__(self, age_s: float = USUAL_AGE_S, *, live: bool = True) -> None:
        self.told_s = 0.0
        self.before: tuple[Counts, Counts] | None = ({}, {}) if live else None
        self.transfers: Counts = {}
        self.sizes: Counts = {}
        before = {satellite.id: audits_in(satellite, age_s) for satellite in SATELLITES}
        self.audits: Mapping[str, Audits] = {satellite: Audits(total, total // 900, 1.0) for satellite, total in before.items()}
        self._states: dict[str, Beta] = dict.fromkeys(before, settled(1.0, AUDIT))
        self._seen: Counts = {}

    def go_live(self) -> None:
        """From here on lines are written when they happen."""
        self.before = (self.transfers, self.sizes)

    def tell(self, at_s: float, transfers: Counts, sizes: Counts, satellites: Counts) -> None:
        """The log's counts so far; `satellites` as `GroundTruth.satellites`: "SATELLITE ACTION outcome" -> number."""
        self.transfers, self.sizes = dict(transfers), dict(sizes)
        audits = dict(self.audits)
        for satellite, known in audits.items():
            good, bad = (
                sum(satellites.get(key, 0) - self._seen.get(key, 0) for key in (f"{satellite} {action} {outcome}" for action in _SCORED))
                for outcome in ("success", "failed")
            )
            if good or bad:
                self._states[satellite] = state = _after(self._states[satellite], good, bad)
                audits[satellite] = Audits(known.total + good + bad, known.missed + bad, round(state.score, 6))
        self.audits, self._seen, self.told_s = audits, dict(satellites), at_s


def _after(state: Beta, good: int, bad: int) -> Beta:
    """After so many results, the bad ones spread evenly among the good ones."""
    failed = 0
    for number in range(1, good + bad + 1):
        fails = number * bad // (good + bad) > failed
        failed += fails
        after = state.after(not fails, AUDIT)
        state = after if after.score > _LEAST else settled(_LEAST, AUDIT)
    return state
