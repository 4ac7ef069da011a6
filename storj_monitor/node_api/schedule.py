"""When what is asked: a grid for each kind, moved apart between nodes and between the groups of tasks. Pure.

How often follows how often the node refreshes its own data: disk, last ping and bandwidth at once; reputation every 4 hours, storage
usage and the latest paystub every 12 hours, prices and all paystubs at its start. Asking four times as often as the node refreshes
shows a change after an eighth of its period on average; asking more often shows nothing new.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from storj_monitor.model.node_answers import AnswerKind


class Group(IntEnum):
    """Tasks that must not come together; each has its own place in the cycle of a node."""

    LIVE = 0
    REPUTATION = 1
    STORAGE = 2
    FINANCIAL = 3


class Cadence(NamedTuple):
    """The group of a kind and the seconds between two questions."""

    group: Group
    interval_s: float


_MINUTE, _HOUR = 60.0, 3600.0
CADENCES: Final[Mapping[AnswerKind, Cadence]] = MappingProxyType(
    {
        AnswerKind.NODE: Cadence(Group.LIVE, _MINUTE),
        AnswerKind.METRICS: Cadence(Group.LIVE, _MINUTE),
        AnswerKind.HEALTH: Cadence(Group.REPUTATION, _MINUTE),
        AnswerKind.SATELLITE: Cadence(Group.REPUTATION, 30 * _MINUTE),
        AnswerKind.NOTIFICATIONS: Cadence(Group.REPUTATION, _HOUR),
        AnswerKind.SATELLITES: Cadence(Group.STORAGE, _HOUR),
        AnswerKind.ESTIMATE: Cadence(Group.FINANCIAL, 30 * _MINUTE),
        AnswerKind.PRICING: Cadence(Group.FINANCIAL, 6 * _HOUR),
        AnswerKind.PERIODS: Cadence(Group.FINANCIAL, 6 * _HOUR),
        AnswerKind.PAYSTUBS: Cadence(Group.FINANCIAL, 6 * _HOUR),
        AnswerKind.PAYOUT_HISTORY: Cadence(Group.FINANCIAL, 6 * _HOUR),
        AnswerKind.HELD_HISTORY: Cadence(Group.FINANCIAL, 6 * _HOUR),
    }
)
_APART: Final = (math.sqrt(5) - 1) / 2
"""Multiples of the golden ratio never meet, however many groups and nodes there are."""
_FIRST_REST: Final = 0.25


@dataclass(frozen=True, slots=True)
class Schedule:
    """The plan of one node.

    phase         -- this node's place in every cycle, 0..1: see `phases`
    group_gap_s   -- at the start the groups follow each other at this distance
    staggered     -- False: all nodes and groups begin together and share one grid; `phase` and `group_gap_s` do not count
    young_s       -- while the node has run for less, everything is asked every `young_interval_s` at least: a starting node
                     gets its satellites, prices and paystubs one by one
    retry_first_s -- after a failure, doubling up to `retry_most_s`
    hang_most_s   -- the same for a route that takes the question and never answers: each try keeps a connection of the node busy
    patience_s    -- so long a question holds up the next one; from then on it is left alone and the others go on
    most_open     -- so many questions are open at once at most
    """

    cadences: Mapping[AnswerKind, Cadence] = field(default_factory=lambda: CADENCES)
    phase: float = 0.0
    group_gap_s: float = 1.0
    staggered: bool = True
    young_s: float = _HOUR
    young_interval_s: float = 5 * _MINUTE
    retry_first_s: float = 5.0
    retry_most_s: float = 60.0
    hang_most_s: float = 300.0
    patience_s: float = 5.0
    most_open: int = 6

    def interval_s(self, kind: AnswerKind, young: bool = False) -> float:
        """Seconds between two questions of this kind."""
        interval_s = self.cadences[kind].interval_s
        return min(interval_s, self.young_interval_s) if young else interval_s

    def first_due(self, kind: AnswerKind, now: float) -> float:
        """When a question that is new is asked: group after group."""
        return now + self.group_gap_s * self.cadences[kind].group if self.staggered else now

    def next_due(self, kind: AnswerKind, now: float, slot: int | None, moved: float, young: bool = False) -> tuple[int, float]:
        """The next place on the grid and its time: (slot, monotonic seconds).

        slot  -- of the question just answered; None after the first, which rests for a quarter of the interval at least
        moved -- jitter of this slot as a share of the interval; moves do not add up
        """
        interval_s = self.interval_s(kind, young)
        phase = (self.phase + _APART * self.cadences[kind].group) % 1.0 if self.staggered else 0.0
        at = now / interval_s - phase
        following = math.floor(at + (_FIRST_REST if slot is None else 0.0)) + 1
        if slot is not None and slot == following:  # jitter had moved it forward: its own grid point has not passed yet
            following += 1
        return following, max(now, (following + phase + moved) * interval_s)

    def retry_s(self, failures: int, hanging: bool = False) -> float:
        """How long to wait after so many failures in a row (1 or more)."""
        return min(self.hang_most_s if hanging else self.retry_most_s, self.retry_first_s * 2.0 ** min(failures - 1, 16))


def phases(names: Sequence[str]) -> dict[str, float]:
    """Even places in the cycle for all nodes, the same at every start."""
    return {name: number / len(names) for number, name in enumerate(sorted(names))}
