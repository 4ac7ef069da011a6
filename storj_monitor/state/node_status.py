"""What memory knows of the nodes beyond their logs' traffic: standing, space, money, health. Services fill it, trackers and views read it.

Everything here is what was said, with who said it and when; what is made of it is made when somebody looks.
"""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.analytics import Finding, Learning
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing, SatelliteUsage, StubKey
from storj_monitor.model.estimates import Score
from storj_monitor.model.figures import ImpossibleValue
from storj_monitor.model.node_answers import ApiState, Door, NodeAnswer, Notification
from storj_monitor.model.node_events import FoundInTrash
from storj_monitor.model.node_metrics import CounterPosition, Growth, NodeMetrics
from storj_monitor.model.reputation import (
    AuditWindow,
    Exit,
    HealthAnswer,
    NotableTransfer,
    Reputation,
    ScorePoint,
    StandingKind,
    StandingSpan,
)
from storj_monitor.model.satellites import NO_NAMES, name_of_address, satellite_name
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.space import SpaceEvidence, SpacePoint
from storj_monitor.model.uptime import Outage, ProcessLife
from storj_monitor.model.versions import Versions
from storj_monitor.state.pulse import Pulse

HOUR_S = 3600.0
POLL_S = 90.0
"""Counters are asked every minute or so."""
CLOCK_BELIEVED_S = 3600.0
"""A node's clock that is off by more is not believed."""


class Topic(StrEnum):
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
    checked         -- the evidence that was looked at last for figures that cannot be
    """

    evidence: SpaceEvidence = SpaceEvidence()
    folder: str = ""
    problem: str = ""
    usages: dict[str, StoredUsage] = field(default_factory=dict)
    points: tuple[SpacePoint, ...] = ()
    checked: SpaceEvidence | None = None


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


class CounterInterval(NamedTuple):
    """Between two answers: what the node's counters grew by, by op."""

    from_at: float
    growth: Mapping[int, Growth]

    def pack(self) -> bytes:
        """The same in far less memory: an hour of them is held only to be let go of one by one."""
        return marshal.dumps((self.from_at, {op: tuple(growth) for op, growth in self.growth.items()}))

    @classmethod
    def unpack(cls, packed: bytes) -> CounterInterval:
        from_at, growth = marshal.loads(packed)  # our own bytes
        return cls(from_at, {op: Growth(*values) for op, values in growth.items()})


@dataclass(slots=True)
class CounterHistory:
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
    unkept: list[CounterInterval] = field(default_factory=list)
    slot: int = 0
    kept_at: float = 0.0

    def add(self, stretch: CounterInterval) -> None:
        """The newest stretch."""
        self.recent.append((stretch.from_at, stretch.pack()))
        self.hour = add_up((self.hour, stretch.growth))

    def last_hour(self, now: float) -> dict[int, Growth]:
        """What was added in the last 60 minutes, as far as it was asked."""
        while self.recent and self.recent[0][0] < now - HOUR_S - POLL_S:
            for op, growth in CounterInterval.unpack(self.recent.popleft()[1]).growth.items():
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
    """What the log says about the node's state (see services.node_status), and since when other trouble is seen. Unix seconds.

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
class NodeStatus:
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
    counted: CounterHistory = field(default_factory=CounterHistory)
    standing: Standing = field(default_factory=Standing)
    space: Space = field(default_factory=Space)
    money: Money = field(default_factory=Money)
    insight: Insight = field(default_factory=Insight)
    versions: Versions = Versions()
    signs: Signs = field(default_factory=Signs)
    revisions: dict[Topic, int] = field(default_factory=lambda: dict.fromkeys(Topic, 0))

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

    @property
    def disqualified_ms(self) -> dict[str, int]:
        """Satellites that have disqualified the node, and when."""
        dates = {satellite: known.disqualified_at for satellite, known in self.standing.known.items()}
        return {satellite: round(date.value * 1000) for satellite, date in dates.items() if date is not None and date.value > 0}


class NodeRegistry:
    """All nodes by name, in the order of the settings. Changed on the event loop only."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.nodes: dict[str, NodeStatus] = {name: NodeStatus(name) for name in names}
        self.revisions: dict[str, int] = dict.fromkeys(Topic, 0)

    def of(self, name: str) -> NodeStatus:
        """The node, made when it is new."""
        found = self.nodes.get(name)
        if found is None:
            found = self.nodes[name] = NodeStatus(name)
        return found

    def changed(self, name: str, *subjects: Topic) -> None:
        """These subjects of a node may look different now."""
        node = self.of(name)
        for subject in subjects:
            node.revisions[subject] += 1
            self.revisions[subject] += 1


def name_at(node: NodeStatus, satellite: str) -> str:
    """The same, with what this node has told of the satellite's address."""
    return satellite_name(satellite, addressed(node, satellite))


def addressed(node: NodeStatus, satellite: str) -> Mapping[str, str]:
    """Its name by its address, from its standing, its payouts or what it holds; nothing where none of them tells one."""
    known, held = node.standing.known.get(satellite), node.money.held_history.get(satellite)
    address = (known.address if known is not None else "") or (held.satellite_address if held is not None else "")
    address = address or next((one.satellite_address for key, one in node.money.payouts.items() if key.satellite == satellite), "")
    name = name_of_address(address)
    return {satellite: name} if name else NO_NAMES


def addressed_by(nodes: Mapping[str, NodeStatus]) -> dict[str, str]:
    """Names by addresses of all satellites that any node trusts."""
    return {
        satellite: name
        for node in nodes.values()
        for satellite, known in node.standing.known.items()
        if (name := name_of_address(known.address))
    }
