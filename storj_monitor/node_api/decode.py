"""From the bytes of an answer to the types of the model, without a guess: what is not as it should be is an AnswerNotUnderstood."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from storj_monitor.errors import AnswerNotUnderstood, RouteMissing
from storj_monitor.model import earnings, space
from storj_monitor.model.figures import Source
from storj_monitor.model.node_answers import AllSatellitesAnswer, NodeAnswer, Notification, SatelliteAnswer
from storj_monitor.model.reputation import NEVER, AddressScores, AuditWindow, HealthAnswer, HealthStatus, ReputationSnapshot
from storj_monitor.model.versions import MOST_VERSION
from storj_monitor.node_api import wire
from storj_monitor.node_api.transport import Reply
from storj_monitor.node_api.wire import decode_clamped, plain_body

T = TypeVar("T")

_NODE: Final = msgspec.json.Decoder(wire.Node)
_SATELLITE: Final = msgspec.json.Decoder(wire.Satellite)
_ALL_SATELLITES: Final = msgspec.json.Decoder(wire.AllSatellites)
_NOTIFICATIONS: Final = msgspec.json.Decoder(wire.Notifications)
_HEALTH: Final = msgspec.json.Decoder(wire.Health)
_FAILURE: Final = msgspec.json.Decoder(wire.Failure)

_AT = re.compile(r" - at `(.+?)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_BYTE = re.compile(r"\(byte (\d+)\)")
_KEY = re.compile(rb'"([^"\\]{1,64})"\s*:')


def decode_as(decoder: msgspec.json.Decoder[T], reply: Reply, *, clamped: bool = False) -> T:
    """The body as the decoder's type. AnswerNotUnderstood with the place in the document.

    clamped -- numbers that no figure can be do not cost the whole answer; only for answers whose figures are checked one by one before
               anything is made of them
    """
    if not reply.body.strip():
        raise AnswerNotUnderstood(reply.path, "$", "an empty answer (the node could not write it down)")
    if reply.content_type == "text/html" or reply.body.lstrip().startswith(b"<"):
        raise RouteMissing(reply.path, "$", "an HTML page, so this is not the API of a node")
    body = plain_body(reply.body)
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        found = decode_clamped(body, decoder.type) if clamped else None
        if found is not None:
            return found
        field, why = _place(str(error), body)
        raise AnswerNotUnderstood(reply.path, field, why) from None


def failure_of(reply: Reply) -> str:
    """The node's own words about why it does not answer; "" when the body is no such thing."""
    try:
        return _FAILURE.decode(plain_body(reply.body)).error
    except (msgspec.MsgspecError, RecursionError):
        return ""


def decode_node(reply: Reply) -> NodeAnswer:
    """`/api/sno/`."""
    node, taken_at = decode_as(_NODE, reply, clamped=True), reply.asked_at
    disk = node.disk_space
    return NodeAnswer(
        taken_at=taken_at,
        node_id=node.node_id,
        wallet=node.wallet,
        wallet_features=tuple(node.wallet_features or ()),
        standings=tuple(_standing(satellite, taken_at) for satellite in node.satellites or ()),
        disk=space.DiskSpace(
            taken_at=taken_at,
            used_bytes=disk.used,
            available_bytes=disk.available,
            trash_bytes=disk.trash,
            overused_bytes=disk.overused,
            allocated_bytes=disk.allocated,
            reclaimable_bytes=disk.reclaimable,
        ),
        bandwidth_bytes=node.bandwidth.used,
        last_pinged_at=contact_s(node.last_pinged),
        version=node.version[:MOST_VERSION],
        allowed_version=node.allowed_version[:MOST_VERSION],
        up_to_date=node.up_to_date,
        started_at=unix_s(node.started_at),
        configured_port=node.configured_port,
        quic_status=node.quic_status,
        last_quic_pinged_at=unix_s(node.last_quic_pinged_at),
        clock_ahead_s=reply.ahead_s,
    )


def _standing(satellite: wire.SatelliteDates, taken_at: float) -> ReputationSnapshot:
    return ReputationSnapshot(
        satellite=satellite.id,
        source=Source.API,
        taken_at=taken_at,
        address=satellite.url,
        disqualified_at=unix_s(satellite.disqualified) or NEVER,
        suspended_at=unix_s(satellite.suspended) or NEVER,
        vetted_at=_vetted(satellite.vetted_at),
    )


def decode_satellite(reply: Reply) -> SatelliteAnswer:
    """`/api/sno/satellite/{id}`."""
    one, taken_at = decode_as(_SATELLITE, reply, clamped=True), reply.asked_at
    joined_at, vetted_at = unix_s(one.node_joined_at), _vetted(one.vetted_at)
    prices = one.price_model
    return SatelliteAnswer(
        reputation=ReputationSnapshot(
            satellite=one.id,
            source=Source.API,
            taken_at=taken_at,
            address=one.audits.satellite_name,
            audit_score=_score(one.audits.audit_score),
            suspension_score=_score(one.audits.suspension_score),
            online_score=_score(one.audits.online_score),
            vetted_at=vetted_at,
            joined_at=joined_at,
            windows=tuple(
                AuditWindow(window.window_start.timestamp(), window.total_count, window.online_count)
                for window in one.audit_history.windows or ()
            ),
        ),
        storage=_storage(one, one.id, taken_at),
        usage=_usage(
            one,
            one.id,
            joined_at,
            vetted_at,
            earnings.Pricing(
                satellite=one.id,
                egress_cents_per_tb=prices.egress_bandwidth,
                repair_cents_per_tb=prices.repair_bandwidth,
                audit_cents_per_tb=prices.audit_bandwidth,
                storage_cents_per_tb_month=prices.disk_space,
            )
            if prices
            else None,
        ),
    )


def decode_all_satellites(reply: Reply) -> AllSatellitesAnswer:
    """`/api/sno/satellites`."""
    every, taken_at = decode_as(_ALL_SATELLITES, reply, clamped=True), reply.asked_at
    earliest = unix_s(every.earliest_joined_at)
    return AllSatellitesAnswer(
        storage=_storage(every, "", taken_at),
        usage=_usage(every, "", earliest, None, None),
        scores=tuple(
            AddressScores(one.satellite_name, _score(one.audit_score), _score(one.suspension_score), _score(one.online_score))
            for one in every.audits or ()
        ),
        earliest_joined_at=earliest,
    )


def _storage(one: wire.Satellite | wire.AllSatellites, satellite: str, taken_at: float) -> space.SatelliteUsage:
    return space.SatelliteUsage(
        taken_at=taken_at,
        satellite=satellite,
        days=tuple(
            space.UsageDay(
                day.interval_start.timestamp(),
                day.at_rest_total,
                day.at_rest_total_bytes,
                day.interval_in_hours,
                bool(day.calculated),
                whole_hours=day.calculated is None and day.interval_in_hours is not None and float(day.interval_in_hours).is_integer(),
            )
            for day in one.storage_daily or ()
        ),
        month_byte_hours=one.storage_summary,
        average_bytes=one.average_usage_bytes,
    )


def _usage(
    one: wire.Satellite | wire.AllSatellites,
    satellite: str,
    joined_at: float | None,
    vetted_at: float | None,
    prices: earnings.Pricing | None,
) -> earnings.SatelliteUsage:
    return earnings.SatelliteUsage(
        satellite=satellite,
        bandwidth=tuple(
            earnings.BandwidthDay(
                start_ms=_ms(day.interval_start),
                egress_usage_bytes=day.egress.usage,
                egress_repair_bytes=day.egress.repair,
                egress_audit_bytes=day.egress.audit,
                ingress_usage_bytes=day.ingress.usage,
                ingress_repair_bytes=day.ingress.repair,
            )
            for day in one.bandwidth_daily or ()
        ),
        storage=tuple(
            earnings.StorageDay(
                start_ms=_ms(day.interval_start),
                byte_hours=day.at_rest_total,
                average_bytes=day.at_rest_total_bytes,
                interval_h=day.interval_in_hours,
                calculated=day.calculated,
            )
            for day in one.storage_daily or ()
        ),
        storage_byte_hours=one.storage_summary,
        average_usage_bytes=one.average_usage_bytes,
        prices=prices,
        joined_ms=None if joined_at is None else round(joined_at * 1000),
        vetted_ms=round(vetted_at * 1000) if vetted_at else None,
    )


def decode_notifications(reply: Reply) -> tuple[Notification, ...]:
    """`/api/notifications/list`, newest first."""
    page = decode_as(_NOTIFICATIONS, reply).page
    return tuple(
        Notification(
            id=one.id, kind=one.type, title=one.title, message=one.message, created_at=unix_s(one.created_at), read_at=unix_s(one.read_at)
        )
        for one in page.notifications or ()
    )


def decode_health(reply: Reply) -> HealthAnswer:
    """`/` of the public port."""
    health = decode_as(_HEALTH, reply)
    return HealthAnswer(
        taken_at=reply.asked_at,
        all_healthy=health.all_healthy,
        statuses=tuple(
            HealthStatus(
                one.satellite_id, _score(one.online_score), unix_s(one.disqualified_at) or NEVER, unix_s(one.suspended_at) or NEVER
            )
            for one in health.statuses or ()
        ),
    )


def unix_s(at: datetime | None) -> float | None:
    """Unix seconds; None for JSON null and for Go's zero time (year 1), which means never."""
    return None if at is None or at.year <= 1 else at.timestamp()


def contact_s(at: datetime | None) -> float | None:
    """The same of a contact: never is something to tell, an answer without it is not."""
    return None if at is None else NEVER if at.year <= 1 else at.timestamp()


def unix_ms(at: datetime | None) -> int | None:
    """The same in milliseconds."""
    return None if at is None or at.year <= 1 else _ms(at)


def _score(value: float) -> float:
    """What a mean of floats leaves above 1 is 1; what cannot be a score stays as it is, for those who keep scores to refuse."""
    return 1.0 if 1.0 < value <= 1.001 else value


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _vetted(at: datetime | None | UnsetType) -> float | None:
    return None if at is UNSET else unix_s(at) or NEVER


def _place(message: str, body: bytes) -> tuple[str, str]:
    """(field path, what is wrong) out of msgspec's message."""
    at = _AT.search(message)
    field = at[1] if at else "$"
    why = message[: at.start()] if at else message
    if (missing := _MISSING.search(why)) is not None:
        return f"{field}.{missing[1]}", "a missing field"
    broken = _BYTE.search(why)
    if at is None and (broken is not None or "truncated" in why):
        keys = _KEY.findall(body, 0, int(broken[1]) if broken else len(body))
        return (f"$..{keys[-1].decode('utf-8', 'replace')}" if keys else "$"), "broken JSON: " + why.removeprefix("JSON is malformed: ")
    return field, why
