"""What memory knows of the nodes beyond their logs' traffic: standing, space, money, health. Filled by the app, read by the views.

Everything here is what was said, with who said it and when; what is made of it is made when somebody looks.
"""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.financial_tracker.history import StubKey
from storj_monitor.model.analytics import Finding, Learning
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing, SatelliteUsage
from storj_monitor.model.estimates import Score
from storj_monitor.model.figures import ImpossibleValue
from storj_monitor.model.node_answers import ApiState, ApiStatus, Door, NodeAnswer, Notification
from storj_monitor.model.node_events import FoundInTrash
from storj_monitor.model.node_metrics import CounterPosition, Growth, NodeMetrics
from storj_monitor.model.reputation import AuditWindow, HealthAnswer
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.space import SpaceEvidence
from storj_monitor.model.uptime import Outage, Uptime, Witness
from storj_monitor.model.versions import Versions
from storj_monitor.reputation_tracker.downtime import Downtime, away_since, downtimes
from storj_monitor.reputation_tracker.history import ScorePoint
from storj_monitor.reputation_tracker.pieces import NotableTransfer
from storj_monitor.reputation_tracker.process_life import ProcessLife
from storj_monitor.reputation_tracker.pulse import Pulse
from storj_monitor.reputation_tracker.reputation import Reputation
from storj_monitor.reputation_tracker.standings import StandingKind, StandingSpan
from storj_monitor.reputation_tracker.told import Exit
from storj_monitor.reputation_tracker.uptime import Signals, down_since, uptime, without_contradicted
from storj_monitor.storage_tracker.history import SpacePoint

HOUR_S = 3600.0
POLL_S = 90.0
"""Counters are asked every minute or so."""
CLOCK_BELIEVED_S = 3600.0
"""A node's clock that is off by more is not believed."""


class Subject(StrEnum):
    """The topics about nodes beyond their traffic; the text is the name on the wire."""

    REPUTATION = "reputation"
    STORAGE = "storage"
    EARNINGS = "earnings"
    HEALTH = "health"
    ANALYTICS = "analytics"


@dataclass(slots=True)
class Standing:
    """By satellite. `points` are the last month's, oldest first; failures are of the last day, oldest first.

    spans   -- the newest span of each kind
    written -- audit windows as they were handed to the database in this run
    changes -- how often a value (not only its age) was another one
    """

    known: dict[str, Reputation] = field(default_factory=dict)
    points: dict[str, tuple[ScorePoint, ...]] = field(default_factory=dict)
    failing: list[NotableTransfer] = field(default_factory=list)
    in_trash: list[FoundInTrash] = field(default_factory=list)
    spans: dict[tuple[str, StandingKind], StandingSpan] = field(default_factory=dict)
    exits: dict[str, Exit] = field(default_factory=dict)
    written: dict[str, tuple[AuditWindow, ...]] = field(default_factory=dict)
    changes: int = 0


@dataclass(slots=True)
class Space:
    """`usages` by satellite ("" = all at once, only where no satellite told); `points` the last three months', oldest first.

    folder, problem -- where the node keeps its data, "" where that is not on this machine; why its disk cannot be looked at
    """

    evidence: SpaceEvidence = SpaceEvidence()
    folder: str = ""
    problem: str = ""
    usages: dict[str, StoredUsage] = field(default_factory=dict)
    points: tuple[SpacePoint, ...] = ()


@dataclass(slots=True)
class Money:
    """See financial_tracker.earnings.NodeInputs for the parts.

    now_ms        -- the node's own time of its newest estimate, or of its usage where it gives no estimate (our time, where its clock
                     cannot be believed); 0 before anything
    at            -- when the newest answer was asked, Unix seconds
    estimated_at  -- when the node's own sum was asked
    periods_at    -- when the node last said of which months it has paystubs
    usage_since   -- when this run of the monitor was first told usage
    """

    usages: dict[str, SatelliteUsage] = field(default_factory=dict)
    kept: dict[str, SatelliteUsage] = field(default_factory=dict)
    pricing: dict[str, Pricing] = field(default_factory=dict)
    estimates: dict[str, EstimatedPayout] = field(default_factory=dict)
    stubs: dict[StubKey, Paystub] = field(default_factory=dict)
    payouts: dict[StubKey, PayoutHistoryRow] = field(default_factory=dict)
    held_history: dict[str, HeldHistoryRow] = field(default_factory=dict)
    scores: dict[StubKey, Score] = field(default_factory=dict)
    now_ms: int = 0
    at: float = 0.0
    estimated_at: float = 0.0
    usage_since: float = 0.0
    periods_at: float = 0.0


class Stretch(NamedTuple):
    """Between two answers: what the node's counters grew by, by op."""

    from_at: float
    growth: Mapping[int, Growth]

    def pack(self) -> bytes:
        """The same in far less memory: an hour of them is held only to be let go of one by one."""
        return marshal.dumps((self.from_at, {op: tuple(growth) for op, growth in self.growth.items()}))

    @classmethod
    def unpack(cls, packed: bytes) -> Stretch:
        from_at, growth = marshal.loads(packed)  # our own bytes
        return cls(from_at, {op: Growth(*values) for op, values in growth.items()})


@dataclass(slots=True)
class Counted:
    """Growth of the node's own counters, by op.

    since, ops -- since the first answer to this run of the monitor
    recent     -- the last hour's, answer by answer: when each began, and the stretch packed; `hour` is their sum
    hours      -- by start of the hour (Unix milliseconds): those that are not stored yet, and the one that the stored answer lies in
    position   -- up to where all of this counts; after a restart as it was stored
    unkept     -- stretches that are not stored yet
    slot       -- where the next one is stored: the newest take the place of the oldest
    kept_at    -- when this was stored last
    """

    since: float = 0.0
    ops: dict[int, Growth] = field(default_factory=dict)
    recent: deque[tuple[float, bytes]] = field(default_factory=deque)
    hour: dict[int, Growth] = field(default_factory=dict)
    hours: dict[int, dict[int, Growth]] = field(default_factory=dict)
    position: CounterPosition | None = None
    unkept: list[Stretch] = field(default_factory=list)
    slot: int = 0
    kept_at: float = 0.0

    def add(self, stretch: Stretch) -> None:
        """The newest stretch."""
        self.recent.append((stretch.from_at, stretch.pack()))
        self.hour = add_up((self.hour, stretch.growth))

    def last_hour(self, now: float) -> dict[int, Growth]:
        """What was added in the last 60 minutes, as far as it was asked."""
        while self.recent and self.recent[0][0] < now - HOUR_S - POLL_S:
            for op, growth in Stretch.unpack(self.recent.popleft()[1]).growth.items():
                self.hour[op] = self.hour[op].minus(growth)
        return {op: growth for op, growth in self.hour.items() if growth.number}


def add_up(parts: Iterable[Mapping[int, Growth]]) -> dict[int, Growth]:
    """The sums by op."""
    total: dict[int, Growth] = {}
    for part in parts:
        for op, growth in part.items():
            known = total.get(op)
            total[op] = growth if known is None else known.plus(growth)
    return total


@dataclass(slots=True)
class Insight:
    """What the analytics found: findings by number (those that stand and the newest that ended), and how much they have learnt."""

    findings: dict[int, Finding] = field(default_factory=dict)
    learning: Learning | None = None


WITNESS_OF_DOOR: Mapping[Door, Witness] = MappingProxyType(
    {Door.API: Witness.API_DOWN, Door.METRICS: Witness.METRICS_DOWN, Door.HEALTH: Witness.PROBE}
)


@dataclass(slots=True)
class NodeLog:
    """What the log tells of the node's life.

    life        -- of its process
    pulse       -- how transfers come; `transfer_at` is the newest
    is_read     -- the monitor has read all that is in the log, and reads on
    is_behind   -- it has not come to the end of the log yet, in this run: what it read last may be long over
    """

    life: ProcessLife = ProcessLife()
    pulse: Pulse = field(default_factory=Pulse)
    transfer_at: float | None = None
    is_read: bool = False
    is_behind: bool = True


@dataclass(slots=True)
class Signs:
    """What the log says about the node's state (see app.subject_signs), and since when other trouble is seen. Unix seconds.

    version_refused -- the version that is not allowed, the minimum, and when the node said so
    """

    revision: int = 0
    refused_at: float | None = None
    refused_since: float | None = None
    version_refused: tuple[str, str, float] | None = None
    clock_off_at: float | None = None
    full_since: float | None = None
    over_since: float | None = None
    problem_since: float | None = None


@dataclass(slots=True)
class NodeSubjects:
    """One node. `revisions` grow when a subject may look different; `outages` are what each witness saw, and marks of life.

    impossible -- what was said and cannot be, by what was asked: the newest of each
    """

    name: str
    answer: NodeAnswer | None = None
    health: HealthAnswer | None = None
    metrics: NodeMetrics | None = None
    notifications: tuple[Notification, ...] = ()
    doors: dict[Door, ApiState] = field(default_factory=dict)
    found: bool = False
    remarks: tuple[str, ...] = ()
    impossible: dict[tuple[str, ...], tuple[ImpossibleValue, ...]] = field(default_factory=dict)
    outages: tuple[Outage, ...] = ()
    log: NodeLog = field(default_factory=NodeLog)
    counted: Counted = field(default_factory=Counted)
    standing: Standing = field(default_factory=Standing)
    space: Space = field(default_factory=Space)
    money: Money = field(default_factory=Money)
    insight: Insight = field(default_factory=Insight)
    versions: Versions = Versions()
    signs: Signs = field(default_factory=Signs)
    revisions: dict[Subject, int] = field(default_factory=lambda: dict.fromkeys(Subject, 0))

    def note_impossible(self, asked: tuple[str, ...], found: tuple[ImpossibleValue, ...]) -> None:
        """What one answer has that cannot be; () when all of it can."""
        self.impossible.pop(asked, None)
        if found:
            self.impossible[asked] = found

    @property
    def impossible_texts(self) -> list[str]:
        """Each once, the oldest first."""
        return list(dict.fromkeys(one.text for found in self.impossible.values() for one in found))

    @property
    def node_id(self) -> str:
        """As the node said; "" before it did."""
        return self.answer.node_id if self.answer else ""

    @property
    def log_started_at(self) -> float | None:
        """The last start that the log tells of."""
        return self.log.life.started_at

    def downtimes(self, now: float, since: float = 0.0) -> tuple[Downtime, ...]:
        """When it was away after `since`, as far as doors, log and its transfers tell; oldest first.

        What an earlier run of the monitor left open counts again when it is seen again.
        """
        return downtimes(one for one in self.seen_outages(now) if one.until_at is None or one.until_at >= since)

    def seen_outages(self, now: float) -> tuple[Outage, ...]:
        """What stands of all that was seen."""
        seen = [one for one in self.outages if one.until_at is not None or self._still(one)]
        state = self.uptime(now)
        if state.since is not None:
            silent = (Witness.LOG_GAP, Witness.CONTACT)
            seen += [Outage(witness, state.since, None) for witness in silent if witness in state.evidence]
        return without_contradicted(seen, list(self.log.pulse))

    def _still(self, one: Outage) -> bool:
        """Whether an outage that has no end is seen in this run."""
        if one.witness is Witness.PROCESS:
            return not self.log.is_behind
        shut = (door.status is ApiStatus.UNREACHABLE for door in self.doors.values() if WITNESS_OF_DOOR[door.door] is one.witness)
        return one.witness not in WITNESS_OF_DOOR.values() or any(shut)

    def uptime(self, now: float) -> Uptime:
        """Whether it runs now, since when, why not, and what it said last."""
        return uptime(self.log.life, self._signals(), now)

    def away_since(self, now: float) -> float | None:
        """Since when satellites cannot reach the node, as far as doors, log and the node itself tell; None while they can."""
        answer = self.answer
        down_at = down_since(self.log.life, self.uptime(now))
        if answer is None or not answer.last_pinged_at:
            return down_at
        return away_since(down_at, answer.last_pinged_at - (answer.clock_ahead_s or 0.0), answer.taken_at)

    def _signals(self) -> Signals:
        answer, ahead_s = self.answer, (self.answer.clock_ahead_s or 0.0) if self.answer else 0.0
        doors = WITNESS_OF_DOOR.values()
        shut = {one.witness: one.from_at for one in self.outages if one.until_at is None and one.witness in doors and self._still(one)}
        told = ((answer, Door.API), (self.metrics, Door.METRICS), (self.health, Door.HEALTH))
        answered = [one.taken_at for one, door in told if one is not None and self._is_ok(door)]
        return Signals(
            answered_at=max(answered, default=None),
            api_started_at=answer.started_at - ahead_s if answer and answer.started_at is not None and self._is_ok(Door.API) else None,
            shut=tuple(sorted(shut.items())),
            transfer_at=self.log.transfer_at,
            usual_pause_s=self.log.pulse.usual_pause_s,
            reads_log=self.log.is_read,
            knows_log=not self.log.is_behind,
            contact_at=answer.last_pinged_at - ahead_s if answer and answer.last_pinged_at and self._is_ok(Door.API) else None,
        )

    def _is_ok(self, door: Door) -> bool:
        return door in self.doors and self.doors[door].status in (ApiStatus.OK, ApiStatus.PARTIAL)

    @property
    def disqualified_ms(self) -> dict[str, int]:
        """Satellites that have disqualified the node, and when."""
        dates = {satellite: known.disqualified_at for satellite, known in self.standing.known.items()}
        return {satellite: round(date.value * 1000) for satellite, date in dates.items() if date is not None and date.value > 0}


class Subjects:
    """All nodes by name, in the order of the settings. Changed on the event loop only."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.nodes: dict[str, NodeSubjects] = {name: NodeSubjects(name) for name in names}
        self.revisions: dict[str, int] = dict.fromkeys(Subject, 0)

    def of(self, name: str) -> NodeSubjects:
        """The node, made when it is new."""
        found = self.nodes.get(name)
        if found is None:
            found = self.nodes[name] = NodeSubjects(name)
        return found

    def changed(self, name: str, *subjects: Subject) -> None:
        """These subjects of a node may look different now."""
        node = self.of(name)
        for subject in subjects:
            node.revisions[subject] += 1
            self.revisions[subject] += 1
