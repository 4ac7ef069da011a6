"""What a simulated log has said so far, for those who answer for the same node: its ports tell what its log tells.

The thread that writes the log sets whole figures at once; others only read. Scores follow from the audits in the log by the satellites'
own arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from storj_monitor.reputation_tracker.beta import AUDIT, Beta, settled
from storj_monitor.simulator.profile import SATELLITES, Satellite

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

    transfers, sizes -- as `Truth.transfers` and `Truth.bytes`: "ACTION direction outcome" -> number
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
        """The log's counts so far; `satellites` as `Truth.satellites`: "SATELLITE ACTION outcome" -> number."""
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
