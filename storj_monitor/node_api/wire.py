"""What a node answers, field by field as it writes it, and what is done to the text before: bounds for texts and numbers."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from storj_monitor.units import MOST_TEXT, plain_text

MOST_SATELLITES = 100
"""Nodes have four, some a few more. An answer that names many more is none: each would cost questions, memory and rows for ever."""
Bounded = Meta(max_length=MOST_SATELLITES)
Int = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Go's int64; anything larger would not fit into the database and is clamped (`node_api.wire`)."""
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


# ---- The shapes of a node's answers about money, as msgspec structs. The estimate is in cents, all else in micro-dollars.


Cents = Amount
"""Bounded so that sums stay numbers; what no node earns is left out by those who keep it."""
Period = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Pricing(Camel, frozen=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    egress_bandwidth: Int
    repair_bandwidth: Int
    audit_bandwidth: Int
    disk_space: Int


class Month(Camel, frozen=True):
    egress_bandwidth: Int
    egress_bandwidth_payout: Cents
    egress_repair_audit: Int
    egress_repair_audit_payout: Cents
    disk_space: Amount
    disk_space_payout: Cents
    held_rate: Amount
    payout: Cents
    held: Cents


class EstimatedPayout(Camel, frozen=True):
    current_month: Month
    previous_month: Month
    current_month_expectations: Cents


class Paystub(Camel, frozen=True, kw_only=True):
    satellite_id: str
    period: Period
    created: Time | None = None
    codes: str = ""
    usage_at_rest: Amount = 0.0
    usage_get: Int = 0
    usage_put: Int = 0
    usage_get_repair: Int = 0
    usage_put_repair: Int = 0
    usage_get_audit: Int = 0
    comp_at_rest: Int = 0
    comp_get: Int = 0
    comp_put: Int = 0
    comp_get_repair: Int = 0
    comp_put_repair: Int = 0
    comp_get_audit: Int = 0
    surge_percent: Int = 0
    held: Int = 0
    owed: Int = 0
    disposed: Int = 0
    paid: Int
    distributed: Int = 0


class PayoutHistoryRow(Camel, frozen=True, kw_only=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    satellite_url: str = msgspec.field(name="satelliteURL", default="")
    age: Int = 0
    earned: Int
    surge: Int = 0
    surge_percent: Int = 0
    held: Int = 0
    held_percent: Amount | None = None
    after_held: Int = 0
    disposed: Int = 0
    paid: Int
    receipt: str = ""
    is_exit_complete: bool = False
    distributed: Int = 0


class HeldHistoryRow(Camel, frozen=True, kw_only=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    satellite_name: str = ""
    hold_for_first_period: Int = 0
    hold_for_second_period: Int = 0
    hold_for_third_period: Int = 0
    total_held: Int
    total_disposed: Int
    joined_at: Time | None = None


# ---- Texts of an answer, before anything is made of them: what a node (or whoever answers in its place) writes is shown to its operator.


# A text without an end is taken to the end of the body: looking for its end again from each of its quotes would take hours.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_LONG: Final = re.compile(rb'"[^"\\]{%d}' % MOST_TEXT)


def plain_body(body: bytes) -> bytes:
    """The same JSON with every text bounded and without characters that are not to be seen. Nearly always the very same bytes."""
    if body.isascii() and b"\\" not in body and _LONG.search(body) is None:
        return body
    return _STRING.sub(_plain, body)


def _plain(match: re.Match[bytes]) -> bytes:
    try:
        text = json.loads(match[0], strict=False)
    except ValueError:
        return match[0]  # the decoder says what is wrong with it
    plain = plain_text(text, keep="\n\t")
    return match[0] if plain == text else json.dumps(plain).encode()


# ---- Numbers that a document may hold and no figure can be: NaN, infinity, integers of thirty digits.
#
# They make a strict decoder refuse the whole answer, with every good figure in it. Here they become the largest number that fits into the
# database; whoever keeps the figure sees that it is impossible, says so and leaves that one out.


T = TypeVar("T")

HUGE: Final = 2**63 - 1


def decode_clamped(body: bytes, to: type[T]) -> T | None:
    """The body as the type, its numbers clamped; None when that is not what is wrong with it."""
    try:
        return msgspec.convert(json.loads(body, parse_int=_whole, parse_float=_real, parse_constant=_constant), to)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _whole(text: str) -> int:
    return max(-HUGE, min(HUGE, int(text))) if len(text) < 400 else _constant(text)


def _real(text: str) -> int | float:
    """A whole number stays one however it is written (`4.3e12`): the decoder does not take a float for an integer."""
    value = float(text)
    if abs(value) >= HUGE:
        return _constant(text)
    return int(value) if value.is_integer() else value


def _constant(text: str) -> int:
    return -HUGE if text.startswith("-") else HUGE
