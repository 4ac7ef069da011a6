"""The one state of a node: what it is, why in one sentence, and since when; and the evidence that it is judged by.

Everybody who says how a node is (page, API, /metrics, alerts) says this and nothing else. `state.node_rules.judge` makes it.
Times are Unix seconds; None = nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple


class NodeStateKind(IntEnum):
    """The worst first. NO_DATA is no trouble and no health: nothing is known."""

    DOWN = 0
    AT_RISK = 1
    WARNING = 2
    LEARNING = 3
    OK = 4
    NO_DATA = 5

    @property
    def label(self) -> str:
        return self.name.lower()


class StateSource(StrEnum):
    """Where evidence comes from; the text is what goes on the wire."""

    LOG = "log"
    API = "api"
    METRICS = "metrics"
    PUBLIC_PORT = "public_port"
    FILE_SYSTEM = "file_system"
    ANALYTICS = "analytics"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True)
class StateReason:
    """Why a node is in a state.

    code        -- the rule (`state.node_rules.RULES`)
    sentence    -- the same words as long as the reason is the same: durations are for the reader to work out from `since`
    since       -- when it began, by the evidence
    evidence_at -- how old what it rests on is; no part of what makes two reasons different
    subject     -- what it is about within the node: a satellite's id, a source, a finding; "" = the node
    """

    code: str
    kind: NodeStateKind
    sentence: str
    since: float | None
    source: StateSource
    subject: str = ""
    evidence_at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NodeState:
    """`reasons` are the worst first; there is always one, also for OK. `since`: when the node came into this kind of state."""

    kind: NodeStateKind
    since: float | None
    reasons: tuple[StateReason, ...]

    @property
    def sentence(self) -> str:
        """The worst reason."""
        return self.reasons[0].sentence


NOT_JUDGED = NodeState(
    NodeStateKind.NO_DATA,
    None,
    (StateReason("no_data", NodeStateKind.NO_DATA, "Nothing has been heard of this node yet.", None, StateSource.MONITOR),),
)


class Hearing(StrEnum):
    """How a source is heard.

    PENDING -- not tried yet
    GOOD    -- it answered or was read when it was tried last
    FAILING -- it was tried and gave nothing
    BEHIND  -- it has more to tell than was taken in: what it says is not of now
    """

    PENDING = "pending"
    GOOD = "good"
    FAILING = "failing"
    BEHIND = "behind"


class SourceEvidence(NamedTuple):
    """One source of a node.

    since     -- when it began to be heard like this
    good_at   -- of what moment the newest good evidence is; None before any
    fresh_s   -- so long good evidence is good
    required  -- the operator has set it: without it a node is not OK
    refuses   -- the machine answers that nobody listens there: a process that is frozen, or a line that is cut, does not do that
    opened_at -- since when it is listened to; None: since `since`
    is_kept   -- a file: what it says while nobody reads is still there later, so that its silence is as old as its newest line
    is_mute   -- a log above INFO: its silence means nothing
    is_grim   -- a log that has lines of trouble only: they are no evidence that the node works
    in_part   -- it gives nothing of the node itself, but something else: it is in trouble, not silent
    is_unread -- a log of which nothing was read in this run, or that is there and may not be read: no evidence about the node
    shut_from -- since when it is known to be shut, also by an earlier run of the monitor
    """

    source: StateSource
    hearing: Hearing
    since: float
    good_at: float | None
    fresh_s: float
    detail: str = ""
    required: bool = True
    refuses: bool = False
    opened_at: float | None = None
    is_kept: bool = False
    is_mute: bool = False
    is_grim: bool = False
    in_part: bool = False
    is_unread: bool = False
    shut_from: float | None = None

    def is_good(self, now: float) -> bool:
        """It says now that the node works."""
        return self.hearing is Hearing.GOOD and self.good_at is not None and now - self.good_at <= self.fresh_s

    def speaks(self, now: float) -> bool:
        """As `is_good`, by something good that it said: a line of an error is none."""
        return self.is_good(now) and not self.is_grim

    @property
    def silent_since(self) -> float | None:
        """Since when nothing good was heard; None while that cannot be said.

        What is asked at its rhythm is silent from its last good answer, however long a question that hangs takes to fail. A log may
        have paused before it could not be read: that is not known of it before then.
        """
        if self.hearing is Hearing.BEHIND or self.in_part or self.is_unread:
            return None
        if self.good_at is None:
            return self.since if self.opened_at is None else self.opened_at
        return self.since if self.hearing is Hearing.FAILING and self.source is StateSource.LOG else self.good_at


class Phase(StrEnum):
    """What the node's process does, by all that tells of it."""

    UP = "up"
    STARTING = "starting"
    DOWN = "down"
    UNKNOWN = "unknown"


class ProcessEvidence(NamedTuple):
    """`since` when the phase began; `words` how it went, in the node's or its supervisor's own (`is_quoted`) or in ours;
    `failed_starts` since it was up last."""

    phase: Phase
    since: float | None
    at: float | None
    words: str = ""
    failed_starts: int = 0
    is_quoted: bool = True


class StandingLevel(StrEnum):
    """What a satellite has done to a node, or is about to; only what is worse than nothing."""

    DISQUALIFIED = "disqualified"
    SUSPENDED = "suspended"
    OFFLINE_SUSPENDED = "offline_suspended"
    AT_RISK = "standing_at_risk"
    WATCH = "standing_watch"


class StandingEvidence(NamedTuple):
    """A node at one satellite (its id, and the name for a sentence), as it was told at `at`."""

    satellite: str
    name: str
    level: StandingLevel
    words: str
    since: float | None
    at: float
    source: StateSource


class ContactEvidence(NamedTuple):
    """Whether satellites reach the node, as it told at `at`.

    last       -- when somebody from outside reached it last: 0 = never, None = it does not tell
    started_at -- when its process began
    """

    at: float
    last: float | None
    started_at: float | None
    quic: str
    port: str


class SpaceTrouble(NamedTuple):
    """Evidence that a node cannot store. Bytes; None = not told.

    at            -- when space was told last
    refused_at    -- when a write failed for want of space; None: never, or one has worked since
    refused_since -- when that began
    disk_free     -- what the disk has left, whatever the allocation is; `full_since`: since when that is too little
    overused      -- above the allocation, `over_since` then
    folder        -- where the node keeps its data; `problem`: why it cannot be looked at, since `problem_since`
    """

    at: float | None = None
    refused_at: float | None = None
    refused_since: float | None = None
    disk_free: int | None = None
    full_since: float | None = None
    allocated: int | None = None
    overused: int | None = None
    over_since: float | None = None
    folder: str = ""
    problem: str = ""
    problem_since: float | None = None


class VersionEvidence(NamedTuple):
    """`minimum` is the highest that anybody told, at `at`; `refused_at`: when the node said that its version is not allowed."""

    version: str
    minimum: str
    is_below: bool
    refused_at: float | None
    since: float | None
    at: float
    source: StateSource


class StandingFinding(NamedTuple):
    """A finding of the analytics that stands."""

    number: int
    is_critical: bool
    title: str
    since: float
    at: float


class NodeWarning(NamedTuple):
    """Something that a part of the product found out about a node, ready to be told; `code` is one of the rules' codes."""

    code: str
    sentence: str
    since: float | None
    at: float | None
    source: StateSource
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvidence:
    """All that is known of one node at one moment.

    watching_since -- since when the monitor has been looking without a break: no silence of what must be asked is longer
    awake_since    -- when the machine last slept or its clock was set (0 = not in this run): no silence at all is longer
    is_healthy     -- the health answer on the public port; None: not told, or too old
    """

    watching_since: float
    awake_since: float = 0.0
    sources: tuple[SourceEvidence, ...] = ()
    process: ProcessEvidence | None = None
    standings: tuple[StandingEvidence, ...] = ()
    contact: ContactEvidence | None = None
    space: SpaceTrouble | None = None
    version: VersionEvidence | None = None
    is_healthy: bool | None = None
    healthy_at: float | None = None
    findings: tuple[StandingFinding, ...] = ()
    warnings: tuple[NodeWarning, ...] = ()
