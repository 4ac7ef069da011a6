"""What a node answered, ready for those who keep it: one envelope for all, and the answers that have no room of their own.

Times are Unix seconds, sizes bytes. None means that the answer does not tell; NEVER in a date that it has not happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model import earnings, space
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.reputation import AddressScores, HealthAnswer, ReputationSnapshot


class AnswerKind(StrEnum):
    """What was asked; the type of `Answer.value` follows from it."""

    NODE = "node"
    """`/api/sno/` -> NodeAnswer"""
    SATELLITE = "satellite"
    """`/api/sno/satellite/{id}` -> SatelliteAnswer"""
    SATELLITES = "satellites"
    """`/api/sno/satellites` -> AllSatellitesAnswer"""
    NOTIFICATIONS = "notifications"
    """`/api/notifications/list` -> tuple[Notification, ...]"""
    ESTIMATE = "estimate"
    """`/api/sno/estimated-payout[?id=]` -> EstimatedPayout"""
    PRICING = "pricing"
    """`/api/sno/satellites/{id}/pricing` -> Pricing"""
    PERIODS = "periods"
    """`/api/heldamount/periods` -> tuple[str, ...] of `YYYY-MM`, oldest first"""
    PAYSTUBS = "paystubs"
    """`/api/heldamount/paystubs/{from}/{to}` -> tuple[Paystub, ...]"""
    PAYOUT_HISTORY = "payout_history"
    """`/api/heldamount/payout-history/{period}` -> tuple[PayoutHistoryRow, ...]"""
    HELD_HISTORY = "held_history"
    """`/api/heldamount/held-history` -> tuple[HeldHistoryRow, ...]"""
    METRICS = "metrics"
    """`/metrics` of the debug address -> NodeMetrics"""
    HEALTH = "health"
    """`/` of the public port -> HealthAnswer"""


class Endpoint(StrEnum):
    """The three places where a node answers; each works or fails for itself."""

    API = "api"
    METRICS = "metrics"
    HEALTH = "health"


class ApiStatus(StrEnum):
    """How one endpoint is doing; the text is what goes on the wire."""

    UNKNOWN = "unknown"
    OK = "ok"
    PARTIAL = "partial"
    """It answers, but one route or another hangs or breaks off."""
    UNREACHABLE = "unreachable"
    NOT_UNDERSTOOD = "not_understood"


class RouteStatus(StrEnum):
    """Why a route gives nothing; the text is what goes on the wire."""

    FAILING = "failing"
    HANGING = "hanging"
    ABSENT = "absent"
    """The node's version does not have it; it is asked again when the node has been restarted."""


class RouteState(NamedTuple):
    """One route that gives nothing now. `answered_at`: when it was asked last and answered (Unix seconds), None for never."""

    path: str
    status: RouteStatus
    since: float
    answered_at: float | None
    detail: str


class ApiState(NamedTuple):
    """One endpoint of a node at one moment.

    since    -- Unix seconds: when this status began
    detail   -- why it is so, one readable line; "" when all is well
    base_url -- where the node is asked
    routes   -- those that give nothing, the newest trouble last; all others answer
    opened_at -- since when the endpoint is known and asked; None: not told
    """

    status: ApiStatus
    since: float
    detail: str
    base_url: str
    endpoint: Endpoint = Endpoint.API
    routes: tuple[RouteState, ...] = ()
    opened_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAnswer:
    """`/api/sno/`: the node itself, its disk and its standing with every satellite it trusts.

    standings           -- dates only (disqualified, suspended, vetted); the scores are in SatelliteAnswer
    bandwidth_bytes     -- all traffic of this UTC month
    last_pinged_at      -- last ping or transfer request from outside; NEVER (0) = there was none, None = not told
    up_to_date          -- running version >= minimum, not "latest"; None where the node does not say
    configured_port     -- port of the public address, as text
    quic_status         -- OK, Misconfigured, Disabled, Refreshing (or what a later version says)
    clock_ahead_s       -- by how much the node's clock was ahead of ours (whole seconds); None when it did not say
    """

    taken_at: float
    node_id: str
    wallet: str
    wallet_features: tuple[str, ...]
    standings: tuple[ReputationSnapshot, ...]
    disk: space.DiskSpace
    bandwidth_bytes: int
    last_pinged_at: float | None
    version: str
    allowed_version: str
    up_to_date: bool | None
    started_at: float | None
    configured_port: str
    quic_status: str
    last_quic_pinged_at: float | None
    clock_ahead_s: float | None = None

    @property
    def uptime_s(self) -> float | None:
        """How long the node had been running, by its own clock where that is known."""
        if self.started_at is None:
            return None
        return max(0.0, self.taken_at + (self.clock_ahead_s or 0.0) - self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SatelliteAnswer:
    """`/api/sno/satellite/{id}`, once for each subject that wants a part of it."""

    reputation: ReputationSnapshot
    storage: space.SatelliteUsage
    usage: earnings.SatelliteUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSatellitesAnswer:
    """`/api/sno/satellites`: all trusted satellites together; `satellite` of `storage` and `usage` is ""."""

    storage: space.SatelliteUsage
    usage: earnings.SatelliteUsage
    scores: tuple[AddressScores, ...]
    earliest_joined_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One entry of the node's own notifications.

    kind -- 0 custom (version reminders), 1 audit failure, 2 disqualification, 3 suspension (at present: OFFLINE suspension, which
            no other answer tells)
    """

    id: str
    kind: int
    title: str
    message: str
    created_at: float | None
    read_at: float | None


AnswerValue = (
    NodeAnswer
    | SatelliteAnswer
    | AllSatellitesAnswer
    | tuple[Notification, ...]
    | EstimatedPayout
    | Pricing
    | tuple[str, ...]
    | tuple[Paystub, ...]
    | tuple[PayoutHistoryRow, ...]
    | tuple[HeldHistoryRow, ...]
    | NodeMetrics
    | HealthAnswer
)


class Answer(NamedTuple):
    """One answer of one node.

    satellite -- id when one satellite was asked about, else None
    asked_at  -- Unix seconds, our clock, when the question was sent; the age of the answer counts from here
    took_ms   -- until the last byte of the answer
    period    -- `YYYY-MM` of a payout history, `YYYY-MM/YYYY-MM` (first and last) of paystubs, "" otherwise
    """

    node: str
    kind: AnswerKind
    satellite: str | None
    asked_at: float
    took_ms: float
    value: AnswerValue
    period: str = ""

    def age_s(self, now: float) -> float:
        """Seconds since it was asked; 0 when our clock was set back."""
        return max(0.0, now - self.asked_at)
