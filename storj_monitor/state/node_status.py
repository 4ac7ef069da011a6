"""What memory knows of the nodes beyond their logs' traffic: standing, space, money, health. Services fill it, trackers and views read it.

Everything here is what was said, with who said it and when; what is made of it is made when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from storj_monitor.model.analytics import Finding, Learning
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing, SatelliteUsage, StubKey
from storj_monitor.model.estimates import Score
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.figures import ImpossibleValue
from storj_monitor.model.ids import NO_NAMES, name_of_address, satellite_name
from storj_monitor.model.kept import Kept, KnownNode, LastEstimates
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, Endpoint, NodeAnswer, Notification
from storj_monitor.model.node_events import FoundInTrash
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.reputation import (
    AuditWindow,
    Exit,
    HealthAnswer,
    NotableTransfer,
    Reputation,
    SanctionKind,
    SanctionSpan,
    ScorePoint,
)
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.space import SpaceEvidence, SpacePoint
from storj_monitor.model.uptime import Outage, ProcessLife
from storj_monitor.model.versions import Versions
from storj_monitor.state.counters import CounterHistory
from storj_monitor.state.pulse import Pulse
from storj_monitor.state.signs import Signs

CLOCK_BELIEVED_S = 3600.0
"""A node's clock that is off by more is not believed."""
AHEAD_S = 3600.0
"""Lines of a time that is not yet (a clock that was wrong for a while) tell nothing: they would outweigh all that comes."""


class Topic(StrEnum):
    """The topics about nodes beyond their traffic; the text is the name on the wire."""

    REPUTATION = "reputation"
    STORAGE = "storage"
    EARNINGS = "earnings"
    HEALTH = "health"
    ANALYTICS = "analytics"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """By satellite. `points` are the last month's, oldest first; failures are of the last day, oldest first.

    spans   -- the newest span of each kind
    written -- audit windows as they were handed to the database in this run
    changes -- how often a value (not only its age) was another one
    """

    known: Mapping[str, Reputation] = {}
    points: Mapping[str, tuple[ScorePoint, ...]] = {}
    failing: tuple[NotableTransfer, ...] = ()
    in_trash: tuple[FoundInTrash, ...] = ()
    spans: Mapping[tuple[str, SanctionKind], SanctionSpan] = {}
    exits: Mapping[str, Exit] = {}
    written: Mapping[str, tuple[AuditWindow, ...]] = {}
    changes: int = 0


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """`usages` by satellite ("" = all at once, only where no satellite told); `points` the last three months', oldest first.

    folder, problem -- where the node keeps its data, "" where that is not on this machine; why its disk cannot be looked at
    checked         -- the evidence that was looked at last for figures that cannot be
    """

    evidence: SpaceEvidence = SpaceEvidence()
    folder: str = ""
    problem: str = ""
    usages: Mapping[str, StoredUsage] = {}
    points: tuple[SpacePoint, ...] = ()
    checked: SpaceEvidence | None = None


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """See financial_tracker.earnings.NodeInputs for the parts.

    now_ms        -- the node's own time of its newest estimate, or of its usage where it gives no estimate (our time, where its clock
                     cannot be believed); 0 before anything
    at            -- when the newest answer was asked, Unix seconds
    estimated_at  -- when the node's own sum was asked
    periods_at    -- when the node last said of which months it has paystubs
    usage_since   -- when this run of the monitor was first told usage
    """

    usages: Mapping[str, SatelliteUsage] = {}
    kept: Mapping[str, SatelliteUsage] = {}
    pricing: Mapping[str, Pricing] = {}
    estimates: Mapping[str, EstimatedPayout] = {}
    stubs: Mapping[StubKey, Paystub] = {}
    payouts: Mapping[StubKey, PayoutHistoryRow] = {}
    held_history: Mapping[str, HeldHistoryRow] = {}
    scores: Mapping[StubKey, Score] = {}
    last_estimates: LastEstimates = {}
    now_ms: int = 0
    at: float = 0.0
    estimated_at: float = 0.0
    usage_since: float = 0.0
    periods_at: float = 0.0


@dataclass(slots=True)
class Insight:
    """What the analytics found: findings by number (those that stand and the newest that ended), and how much they have learnt."""

    findings: dict[int, Finding] = field(default_factory=dict)
    learning: Learning | None = None


class NodeLog(msgspec.Struct, frozen=True, kw_only=True):
    """What the log tells of the node's life.

    life        -- of its process
    pulse       -- how transfers come, added to as lines are read
    is_read     -- the monitor has read all that is in the log, and reads on
    is_behind   -- it has not come to the end of the log yet, in this run: what it read last may be long over
    lines, pings -- lines of its process, and failed check-ins: what `life` and outages are made of
    """

    life: ProcessLife = ProcessLife()
    pulse: Pulse = msgspec.field(default_factory=Pulse)
    is_read: bool = False
    is_behind: bool = True
    lines: tuple[NodeEvent, ...] = ()
    pings: tuple[NodeEvent, ...] = ()

    @property
    def transfer_at(self) -> float | None:
        """Time of the newest transfer."""
        return self.pulse.transfer_at


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a tracker makes of something that was told: parts of the status as they are now (None: as before), and what follows from it.

    impossible -- what was said and cannot be, by what was asked; () takes back what was said before
    kept       -- to be stored, or stored anew
    dropped    -- what is stored and is to go
    topics     -- which may look different now
    told_again -- whose figures are the same, only younger
    ends_month -- after it our estimate of the month is due (see financial_tracker.update.update_from_estimate)
    refused    -- sentences about what is not kept because it cannot be right
    """

    standing: Standing | None = None
    space: Space | None = None
    money: Money | None = None
    log: NodeLog | None = None
    outages: tuple[Outage, ...] | None = None
    endpoints: Mapping[Endpoint, ApiState] | None = None
    answered_endpoints: frozenset[Endpoint] | None = None
    impossible: Mapping[tuple[str, ...], tuple[ImpossibleValue, ...]] = {}
    kept: tuple[Kept, ...] = ()
    dropped: tuple[Kept, ...] = ()
    topics: frozenset[Topic] = frozenset()
    told_again: frozenset[Topic] = frozenset()
    ends_month: bool = False
    refused: tuple[str, ...] = ()


NO_CHANGES = Changes()


@dataclass(slots=True)
class NodeStatus:
    """One node. `revisions` grow when a topic may look different; `outages` are what each witness saw, and marks of life.

    impossible     -- what was said and cannot be, by what was asked: the newest of each
    answered_endpoints -- those that have answered, in this run or an earlier one
    """

    name: str
    answer: NodeAnswer | None = None
    health: HealthAnswer | None = None
    metrics: NodeMetrics | None = None
    notifications: tuple[Notification, ...] = ()
    endpoints: Mapping[Endpoint, ApiState] = field(default_factory=dict)
    answered_endpoints: frozenset[Endpoint] = frozenset()
    found: bool = False
    warnings: tuple[str, ...] = ()
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

    def take(self, answer: Answer, changes: Iterable[Changes] = ()) -> frozenset[Topic]:
        """An answer, and what trackers have made of it: which topics show it."""
        before = self.impossible_texts if self.impossible else []
        topics = self._take(answer)
        for one in changes:
            if one is not NO_CHANGES:
                self.apply(one)
                topics |= one.topics
        is_other = (self.impossible_texts if self.impossible else []) != before
        return topics | {Topic.HEALTH} if is_other else topics

    def _take(self, answer: Answer) -> frozenset[Topic]:
        """The newest answer of its kind, as it came."""
        value = answer.value
        self.versions = self.versions.with_answer(value)
        if isinstance(value, NodeAnswer):
            self.answer = value
        elif isinstance(value, NodeMetrics):
            self.counted.count(value, self.metrics)
            self.metrics = value
        elif isinstance(value, HealthAnswer):
            self.health = value
        elif answer.kind is AnswerKind.NOTIFICATIONS and isinstance(value, tuple):
            self.notifications = tuple(one for one in value if isinstance(one, Notification))
        else:
            return frozenset()
        return frozenset({Topic.HEALTH})

    def apply(self, changes: Changes) -> None:
        """What a tracker made of something that was told."""
        self.standing = self.standing if changes.standing is None else changes.standing
        self.space = self.space if changes.space is None else changes.space
        self.money = self.money if changes.money is None else changes.money
        self.log = self.log if changes.log is None else changes.log
        self.outages = self.outages if changes.outages is None else changes.outages
        self.endpoints = self.endpoints if changes.endpoints is None else changes.endpoints
        self.answered_endpoints = self.answered_endpoints if changes.answered_endpoints is None else changes.answered_endpoints
        for asked, found in changes.impossible.items():
            self.note_impossible(asked, found)

    def recall(self, known: KnownNode) -> None:
        """What an earlier run stored, before its last answers."""
        self.standing = Standing(points=known.points, spans=known.spans)
        self.space = Space(points=known.space)
        self.outages = known.outages
        self.money = Money(
            kept=known.days,
            pricing=known.pricing,
            stubs=known.stubs,
            payouts=known.payouts,
            held_history=known.held_history,
            scores=known.accuracy,
            last_estimates=known.last_estimates,
        )

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

    def changed(self, name: str, *topics: Topic) -> None:
        """These topics of a node may look different now."""
        node = self.of(name)
        for topic in topics:
            node.revisions[topic] += 1
            self.revisions[topic] += 1


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
