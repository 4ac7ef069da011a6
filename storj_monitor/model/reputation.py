"""What a node can say about its standing at a satellite, from its API, its /metrics or its log.

All times are Unix seconds, all scores 0..1. In every snapshot None means "this source says nothing about it"; NEVER in a date
means "this source says that it has not happened". Snapshots are partial on purpose: `/api/sno/` has the dates, `/api/sno/satellite/{id}`
the scores and the windows, `/metrics` the scores and counts, the log scores and counts but no dates.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.figures import Figure, Source

NEVER = 0.0
"""A date that a source knows, and that has not come: JSON null of `disqualified`, age 0 of `reputation_dq_age`."""


class AuditWindow(NamedTuple):
    """One window of the satellite's audit history (12 h on the public network): audits sent, and those that found the node online."""

    start_at: float
    total: int
    online: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReputationSnapshot:
    """One node at one satellite, as far as one source told it at one moment.

    satellite         -- base58 id; /metrics writes it with a leading `_`, which is not part of it
    taken_at          -- when the answer came, or the line's own time
    address           -- host:port of the satellite, "" when the source does not name it
    total_audits      -- includes audits missed while offline and unknown results: total - successful is no count of failures
    disqualified_at   -- API `disqualified`; from /metrics: taken_at - reputation_dq_age, which can be hours late
    suspended_at      -- unknown-audit suspension only; offline suspension is not told on the API
    vetted_at         -- API `vettedAt`, since v1.131; leave None where the key is missing, NEVER where it is null
    joined_at         -- API `nodeJoinedAt`
    windows           -- API `auditHistory.windows`, oldest first; () for JSON null
    """

    satellite: str
    source: Source
    taken_at: float
    address: str = ""
    audit_score: float | None = None
    suspension_score: float | None = None
    online_score: float | None = None
    total_audits: int | None = None
    successful_audits: int | None = None
    disqualified_at: float | None = None
    suspended_at: float | None = None
    vetted_at: float | None = None
    joined_at: float | None = None
    windows: tuple[AuditWindow, ...] | None = None


class AddressScores(NamedTuple):
    """One entry of `audits` in `/api/sno/satellites`: it names the satellite by address, not by id."""

    address: str
    audit_score: float
    suspension_score: float
    online_score: float


class HealthStatus(NamedTuple):
    """One entry of `Statuses` of the health answer on the public port (only with healthcheck.details)."""

    satellite: str
    online_score: float
    disqualified_at: float
    suspended_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAnswer:
    """The small document on the node's public port. `statuses` is empty when the node keeps details to itself."""

    taken_at: float
    all_healthy: bool
    statuses: tuple[HealthStatus, ...] = ()


SCORES_IN_MEMORY_S = 31 * 86_400.0
"""Points of scores that are older are only in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    """Newest figures; None where nobody told yet. Dates are Unix seconds, 0 (NEVER) = told that it has not happened."""

    satellite: str
    address: str = ""
    audit_score: Figure[float] | None = None
    suspension_score: Figure[float] | None = None
    online_score: Figure[float] | None = None
    total_audits: Figure[int] | None = None
    successful_audits: Figure[int] | None = None
    disqualified_at: Figure[float] | None = None
    suspended_at: Figure[float] | None = None
    vetted_at: Figure[float] | None = None
    joined_at: Figure[float] | None = None
    windows: Figure[tuple[AuditWindow, ...]] | None = None

    @property
    def taken_at(self) -> float:
        """When anything was heard last; 0 when nothing was."""
        figures = (getattr(self, field.name) for field in fields(self))
        return max((figure.taken_at for figure in figures if isinstance(figure, Figure)), default=0.0)


class ScorePoint(NamedTuple):
    """Scores 0..1 that held from `at` until `until` (Unix seconds); counts None where only the API told."""

    at: float
    until: float
    audit_score: float
    suspension_score: float
    online_score: float
    total_audits: int | None
    successful_audits: int | None
    source: Source

    @property
    def worst(self) -> tuple[float, float, float]:
        return (self.audit_score, self.suspension_score, self.online_score)


class SanctionKind(StrEnum):
    """What a satellite did; the text is the name on the wire and in the database."""

    DISQUALIFIED = "disqualified"
    SUSPENDED = "suspended"


class SanctionSpan(NamedTuple):
    """From the satellite's own date until it was over, Unix seconds; None: it lasts."""

    kind: SanctionKind
    from_at: float
    until_at: float | None = None


BEGUN, COMPLETED, FAILED = "begun", "completed", "failed"
"""How far a graceful exit can be."""


class Exit(NamedTuple):
    """How far a graceful exit is, and since when (Unix seconds of the node's clock)."""

    state: str
    at: float


class NotableTransfer(NamedTuple):
    """A row of the table `notable`, as far as it is needed here."""

    time_ms: int
    satellite: str
    op: int
    piece_id: str
    reason: str
