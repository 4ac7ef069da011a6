"""The shapes of a node's own JSON, versions 1.120 to 1.162, as msgspec structs. Keys that are not named here are ignored.

Only what identifies an answer is required; what some version lacks has a default. Go writes nil slices as `null`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

MOST_SATELLITES = 100
"""Nodes have four, some a few more. An answer that names many more is none: each would cost questions, memory and rows for ever."""
Bounded = Meta(max_length=MOST_SATELLITES)
Int = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Go's int64; anything larger would not fit into the database and is clamped (`node_api.numbers`)."""
Score = Annotated[float, Meta(ge=-1e21, le=1e21)]
"""Scores are 0..1, and what is left of a mean of floats; one that is not is left out alone, not with its whole answer."""
Amount = Annotated[float, Meta(ge=-1e21, le=1e21)]
"""Bytes, or bytes times hours: a thousand times more than the largest node's month; sums of them stay numbers."""
Time = Annotated[datetime, Meta(tz=True)]


class Camel(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all: camelCase keys."""


class SatelliteDates(Camel, frozen=True):
    id: str
    url: str = ""
    disqualified: Time | None = None
    suspended: Time | None = None
    vetted_at: Time | None | UnsetType = UNSET


class DiskSpace(Camel, frozen=True):
    used: Int
    available: Int
    trash: Int
    overused: Int = 0
    allocated: Int | None = None
    reclaimable: Int | None = None


class BandwidthUsed(Camel, frozen=True):
    used: Int = 0


class Node(Camel, frozen=True):
    node_id: Annotated[str, Meta(min_length=1)] = msgspec.field(name="nodeID")
    disk_space: DiskSpace
    version: str
    wallet: str = ""
    wallet_features: list[str] | None = None
    satellites: Annotated[list[SatelliteDates], Bounded] | None = None
    bandwidth: BandwidthUsed = BandwidthUsed()
    last_pinged: Time | None = None
    allowed_version: str = ""
    up_to_date: bool | None = None
    started_at: Time | None = None
    configured_port: str = ""
    quic_status: str = ""
    last_quic_pinged_at: Time | None = None


class StorageDay(Camel, frozen=True):
    interval_start: Time
    at_rest_total: Amount = 0.0
    at_rest_total_bytes: Amount | None = None
    interval_in_hours: Amount | None = None
    calculated: bool | None = None


class Egress(Camel, frozen=True):
    repair: Int = 0
    audit: Int = 0
    usage: Int = 0


class Ingress(Camel, frozen=True):
    repair: Int = 0
    usage: Int = 0


class BandwidthDay(Camel, frozen=True):
    interval_start: Time
    egress: Egress = Egress()
    ingress: Ingress = Ingress()


class Scores(Camel, frozen=True):
    audit_score: Score
    suspension_score: Score
    online_score: Score
    satellite_name: str = ""


class Window(Camel, frozen=True):
    window_start: Time
    total_count: Int
    online_count: Int


class AuditHistory(Camel, frozen=True):
    windows: list[Window] | None = None


class PriceModel(msgspec.Struct, frozen=True, rename="pascal"):
    """`priceModel` of one satellite: the only keys that begin with a capital."""

    egress_bandwidth: Int = 0
    repair_bandwidth: Int = 0
    audit_bandwidth: Int = 0
    disk_space: Int = 0


class Satellite(Camel, frozen=True):
    id: Annotated[str, Meta(min_length=1)]
    audits: Scores
    storage_daily: list[StorageDay] | None = None
    bandwidth_daily: list[BandwidthDay] | None = None
    storage_summary: Amount = 0.0
    average_usage_bytes: Amount | None = None
    audit_history: AuditHistory = AuditHistory()
    price_model: PriceModel | None = None
    node_joined_at: Time | None = None
    vetted_at: Time | None | UnsetType = UNSET


class AllSatellites(Camel, frozen=True):
    audits: Annotated[list[Scores], Bounded] | None
    storage_daily: list[StorageDay] | None = None
    bandwidth_daily: list[BandwidthDay] | None = None
    storage_summary: Amount = 0.0
    average_usage_bytes: Amount | None = None
    earliest_joined_at: Time | None = None


class Notification(Camel, frozen=True):
    id: str
    type: int
    title: str = ""
    message: str = ""
    read_at: Time | None = None
    created_at: Time | None = None


class NotificationPage(Camel, frozen=True):
    notifications: list[Notification] | None


class Notifications(Camel, frozen=True):
    page: NotificationPage


class Failure(Camel, frozen=True):
    """What every route says when it cannot answer."""

    error: str


class HealthStatus(msgspec.Struct, frozen=True, rename="pascal"):
    satellite_id: str = msgspec.field(name="SatelliteID")
    online_score: Score
    disqualified_at: Time | None = None
    suspended_at: Time | None = None


class Health(msgspec.Struct, frozen=True, rename="pascal"):
    all_healthy: bool
    statuses: Annotated[list[HealthStatus], Bounded] | None = None
