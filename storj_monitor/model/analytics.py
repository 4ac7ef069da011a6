"""What the analytics take and give: inputs by node, findings with evidence, and the blobs that a restart begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

from storj_monitor.model.rollups import Cell, CellKey


class Metric(IntEnum):
    """What is watched. The numbers are stored: append, never renumber."""

    RATE = 0
    SUCCESS = 1
    LATENCY = 2
    ERRORS = 3
    SILENCE = 4
    GROWTH = 5
    SPACE = 6
    BUDGET = 7
    EARNINGS = 8

    @property
    def label(self) -> str:
        return self.name.lower()


class FindingKind(StrEnum):
    """Why there is a finding: unlike the baseline, unlike before a change, or a forecast that an operator should know."""

    ANOMALY = "anomaly"
    CHANGE = "change"
    FORECAST = "forecast"


class Severity(IntEnum):
    GOOD = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


class FindingState(StrEnum):
    """NEW -> ACTIVE -> RESOLVED, or NEW -> RESOLVED. What comes back is a new finding."""

    NEW = "new"
    ACTIVE = "active"
    RESOLVED = "resolved"


FINDING_MOVES: Mapping[FindingState, frozenset[FindingState]] = {
    FindingState.NEW: frozenset({FindingState.ACTIVE, FindingState.RESOLVED}),
    FindingState.ACTIVE: frozenset({FindingState.RESOLVED}),
    FindingState.RESOLVED: frozenset(),
}


class IllegalMove(ValueError):
    """A life cycle was told to go where it cannot go: a mistake in the program."""


class Subject(NamedTuple):
    """What a finding is about. `satellite` "" = the whole node, `direction` "up", "down" or "" for both."""

    node: str
    satellite: str
    direction: str
    metric: Metric


class Basis(StrEnum):
    """What a level was made from; the finest that has enough hours."""

    HOUR_OF_WEEK = "hour_of_week"
    HOUR_OF_DAY = "hour_of_day"
    OVERALL = "overall"


class Level(NamedTuple):
    """What is normal in one hour: median and robust standard deviation (1.4826 MAD, sampling noise taken out).

    RATE: natural logarithm of transfers a minute. SUCCESS, ERRORS: share of transfers that were not successful, that failed.
    LATENCY: mean of ln(duration in ms + analytics_engine.observed.OFFSET_MS); `noise` is then the deviation of a single transfer.
    """

    median: float
    spread: float
    noise: float
    hours: int
    basis: Basis


Band = tuple[float | None, float | None]
"""From, to; None = open at that end."""


class Evidence(NamedTuple):
    """A part of a whole with a name: ("connection reset", 40, 50)."""

    name: str
    part: int
    whole: int


class Step(NamedTuple):
    """One line of a finding's history. `at_s` in Unix seconds."""

    state: FindingState
    at_s: int
    value: float


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, as it is now. `number` counts from 1 and is never used twice in one database.

    onset_s   -- when it began by the data, before it was found; `found_s` when it was raised; `changed_s` when any field changed last
    before, after -- shares 0..1, transfers a minute, milliseconds, bytes a day, days, hours or micro-dollars, as `metric` says
    band      -- anomalies and changes: what would still be normal; forecasts: where `after` may lie; None = nobody knows
    score     -- robust z-score of what was seen since the onset (forecasts: 0)
    samples   -- transfers it rests on
    cause     -- the change that it came right after ("v1.162.3 started"), "" for none
    """

    number: int
    kind: FindingKind
    subject: Subject
    state: FindingState
    severity: Severity
    onset_s: int
    found_s: int
    changed_s: int
    resolved_s: int | None = None
    before: float = 0.0
    after: float = 0.0
    band: Band | None = None
    score: float = 0.0
    samples: int = 0
    cause: str = ""
    title: str = ""
    text: str = ""
    advice: str = ""
    evidence: tuple[Evidence, ...] = ()
    history: tuple[Step, ...] = ()
    why_resolved: str = ""

    def moved(self, state: FindingState, at_s: int) -> Finding:
        """The finding in another state. Raises IllegalMove."""
        if state not in FINDING_MOVES[self.state]:
            raise IllegalMove(f"finding {self.number}: {self.state} -> {state}")
        ended = at_s if state is FindingState.RESOLVED else None
        step = Step(state, at_s, self.after)
        return msgspec.structs.replace(self, state=state, changed_s=at_s, resolved_s=ended, history=(*self.history, step))


class Change(NamedTuple):
    """Something that may explain a change: `kind` "version", "restart" or "setting"; `text` goes into sentences ("v1.162.3 started")."""

    at_s: int
    kind: str
    text: str


NO_REASON = "no reason given"


class FailureCount(NamedTuple):
    """Failed transfers of one minute by folded reason (NO_REASON where the log names none)."""

    start_s: int
    satellite: str
    direction: str
    reason: str
    number: int


class SpaceSample(NamedTuple):
    """Bytes on the disk that the node says it uses (without what a compaction needs for a while, where that is known) and has free.

    `basis` tells how the figure was made: figures of another basis are never compared.
    """

    at_s: int
    used_bytes: int
    free_bytes: int | None
    basis: str = ""


class SpaceOutlook(NamedTuple):
    """Days until the node is full: expected, and band. None = not in ten years."""

    days: float | None
    earliest_days: float | None
    latest_days: float | None
    reached: bool


class BudgetOutlook(NamedTuple):
    """Hours that the node may be away until the online score of the worst satellite would be too low."""

    hours: float
    satellite: str
    estimated: bool


class EarningsOutlook(NamedTuple):
    """The month's expected payout, its band (half-width as share, from earlier scores), and the month before; micro-dollars."""

    period: str
    expected_usd_micros: int
    band_share: float
    previous_usd_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInput:
    """What came of one node since the last tick.

    cells    -- minute rollup cells (start_s is a multiple of 60), each transfer in exactly one call
    read_to_s -- every line up to here has been read; what is later is unknown, not silent
    from_s -- where these cells begin: what is before has come already, as minutes or as hours. None: they say so themselves
    judge_from_s -- minutes before this were judged by an earlier run: they are learnt only
    space, budget, earnings -- None: nothing new
    mute -- the log has no lines of successful transfers (it is above INFO): what is not in it may have happened. None: nothing new
    """

    node: str
    read_to_s: int
    from_s: int | None = None
    judge_from_s: int = 0
    cells: Mapping[CellKey, Cell] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    failures: Sequence[FailureCount] = ()
    samples: Sequence[SpaceSample] = ()
    space: SpaceOutlook | None = None
    budget: BudgetOutlook | None = None
    earnings: EarningsOutlook | None = None
    mute: bool | None = None


class StoredBaseline(NamedTuple):
    """One row to keep: replace by (node, satellite, direction). Rows of the hours after `through_s` are to be learnt again at a start."""

    node: str
    satellite: str
    direction: str
    through_s: int
    data: bytes


class HourCell(NamedTuple):
    """A closed hour of the `satellite_hour` rollup."""

    start_s: int
    satellite: str
    op: int
    cell: Cell


class Learning(NamedTuple):
    """How much a node's baselines rest on. `hours` watched of FULL_HOURS; `basis` the finest in use now, None while still learning.

    `through_s`: minutes up to here have been looked at, 0 before the first look; `series`: satellites and directions followed.
    """

    node: str
    hours: int
    basis: Basis | None
    words: str
    through_s: int
    series: int


FULL_HOURS = 4 * 168
"""After four weeks each hour of the week has a baseline of its own."""


@dataclass(slots=True)
class Work:
    """How much was done, since the engine was made."""

    minutes: int = 0
    looked_at: int = 0
    recomputed: int = 0
    levels: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class TickResult:
    """Findings that are new or have changed, and baselines that are due to be stored."""

    findings: tuple[Finding, ...] = ()
    baselines: tuple[StoredBaseline, ...] = ()
