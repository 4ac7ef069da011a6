"""What is stored of a node beyond its log, one frozen type a table; and all of it together as an earlier run left it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.model.earnings import (
    BandwidthDay,
    HeldHistoryRow,
    PayoutHistoryRow,
    Paystub,
    Pricing,
    SatelliteUsage,
    StorageDay,
    StubKey,
)
from storj_monitor.model.estimates import MonthEstimate, SatelliteEstimate, Score
from storj_monitor.model.node_answers import Answer
from storj_monitor.model.node_metrics import CounterPosition, Growth
from storj_monitor.model.reputation import AuditWindow, SanctionKind, SanctionSpan, ScorePoint
from storj_monitor.model.space import SpacePoint
from storj_monitor.model.uptime import Outage


class KeptScore(NamedTuple):
    """A score point at a satellite."""

    satellite: str
    point: ScorePoint


class KeptWindow(NamedTuple):
    """A window of audits at a satellite."""

    satellite: str
    window: AuditWindow


class KeptSanction(NamedTuple):
    """A disqualification or suspension by a satellite."""

    satellite: str
    span: SanctionSpan


class Membership(NamedTuple):
    """When the node joined a satellite, was vetted and disqualified, Unix seconds; None: not known, or not happened."""

    satellite: str
    joined_at: float | None
    vetted_at: float | None
    disqualified_at: float | None


class KeptDay(NamedTuple):
    """One UTC day of traffic and storage with a satellite; None where that part is not told."""

    satellite: str
    start_ms: int
    traffic: BandwidthDay | None
    storage: StorageDay | None


class KeptPricing(NamedTuple):
    """Prices, and since when they are known."""

    since_ms: int
    pricing: Pricing


class KeptPaystub(NamedTuple):
    key: StubKey
    stub: Paystub


class KeptPayout(NamedTuple):
    key: StubKey
    payout: PayoutHistoryRow


class KeptHeld(NamedTuple):
    """`node_id`: whose history it is."""

    node_id: str
    held: HeldHistoryRow


class KeptEstimate(NamedTuple):
    """Our estimate of one satellite when it was made, and the node's own (None: it gave none)."""

    made_ms: int
    estimate: SatelliteEstimate
    theirs_usd_micros: int | None


class KeptAccuracy(NamedTuple):
    """How good the estimate of a month was, seen from its paystub."""

    key: StubKey
    made_ms: int
    score: Score


class KeptGrowth(NamedTuple):
    """What a node's own counters grew by in an hour, by op."""

    start_ms: int
    op: int
    growth: Growth


class KeptInterval(NamedTuple):
    """What they grew by between two answers; the newest take the slots of the oldest."""

    slot: int
    from_at: float
    growth: Mapping[int, Growth]


Kept = (
    KeptScore
    | KeptWindow
    | KeptSanction
    | Membership
    | SpacePoint
    | Outage
    | KeptDay
    | KeptPricing
    | KeptPaystub
    | KeptPayout
    | KeptHeld
    | KeptEstimate
    | KeptAccuracy
    | KeptGrowth
    | KeptInterval
    | CounterPosition
    | Answer
)

LastEstimates = Mapping[tuple[str, str], tuple[int, MonthEstimate]]
"""By satellite and period: when the last estimate was made (Unix milliseconds), and what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNode:
    """One node as an earlier run of the monitor stored it; by satellite where nothing else is said.

    growth_hours -- growth of its counters by start of the hour (Unix milliseconds) and op
    position     -- up to where its counters are counted; None in a database of an earlier version
    intervals    -- of the last hour, oldest first
    """

    points: Mapping[str, tuple[ScorePoint, ...]] = field(default_factory=dict)
    spans: Mapping[tuple[str, SanctionKind], SanctionSpan] = field(default_factory=dict)
    space: tuple[SpacePoint, ...] = ()
    outages: tuple[Outage, ...] = ()
    days: Mapping[str, SatelliteUsage] = field(default_factory=dict)
    pricing: Mapping[str, Pricing] = field(default_factory=dict)
    stubs: Mapping[StubKey, Paystub] = field(default_factory=dict)
    payouts: Mapping[StubKey, PayoutHistoryRow] = field(default_factory=dict)
    held_history: Mapping[str, HeldHistoryRow] = field(default_factory=dict)
    accuracy: Mapping[StubKey, Score] = field(default_factory=dict)
    last_estimates: LastEstimates = field(default_factory=dict)
    growth_hours: Mapping[int, Mapping[int, Growth]] = field(default_factory=dict)
    position: CounterPosition | None = None
    intervals: tuple[KeptInterval, ...] = ()
