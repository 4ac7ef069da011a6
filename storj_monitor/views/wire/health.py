"""Rows of `health`: who a node is, whether it is reached, by which endpoints, and when it was away."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.node_answers import ApiStatus, Endpoint, RouteStatus
from storj_monitor.model.uptime import UptimeState, Witness
from storj_monitor.views.wire.fields import (
    ActionName,
    Bytes,
    Count,
    Date,
    Direction,
    Flag,
    NodeId,
    NodeName,
    Number,
    Outcome,
    Sentence,
    Text,
    UnixSeconds,
    Whole,
    Wire,
    doc,
    one_of,
)

WitnessName = Annotated[str, one_of((one.value for one in Witness), "who saw it, see uptime.md")]


class RouteProblem(Wire, frozen=True, kw_only=True):
    """A route of the API that gives nothing now; all others answer."""

    path: Annotated[str, doc("of the route")]
    status: Annotated[str, one_of((one.value for one in RouteStatus), "`absent`: not in this version of the node")]
    since: UnixSeconds
    answered_at: Annotated[float | None, doc("Unix seconds; null = never")]
    detail: Annotated[str, doc("what is wrong")]


class EndpointSummary(Wire, frozen=True, kw_only=True):
    """An endpoint of the node: what a first look shows."""

    endpoint: Annotated[str, one_of((one.value for one in Endpoint), "its API, its debug port, its public port")]
    status: Annotated[str, one_of((one.value for one in ApiStatus), "`partial`: it answers, but a route hangs or breaks off")]
    since: UnixSeconds
    detail: Annotated[str, doc('why, or ""')]


class EndpointRow(EndpointSummary, frozen=True, kw_only=True):
    """An endpoint of the node."""

    url: Annotated[str, doc("its address")]
    found: Annotated[bool, doc("not from the settings, but found on this machine")]
    routes: Annotated[list[RouteProblem], doc("those that give nothing now")]


class LastWord(Wire, frozen=True, kw_only=True):
    """What the node said before it went."""

    at: UnixSeconds
    text: Annotated[str, doc("as the log has it")]
    cause: Annotated[bool, doc("it says why")]


class UptimeSummary(Wire, frozen=True, kw_only=True):
    """Whether the node runs: what a first look shows."""

    state: Annotated[str, one_of((one.value for one in UptimeState), "`starting` counts as away")]
    since: Annotated[float | None, doc("Unix seconds; null = unknown")]
    certain: Annotated[bool, doc("by a witness that cannot be mistaken, or by two")]
    failed_starts: Annotated[Count, doc("since it was up last")]
    last_messages: Annotated[list[LastWord], doc("of a node that is down or starts, the most telling first: at most 8, in a summary 3")]


class Uptime(UptimeSummary, frozen=True, kw_only=True):
    """Whether the node runs."""

    reason: Sentence
    witnesses: list[WitnessName]


class Downtime(Wire, frozen=True, kw_only=True):
    """When it was away."""

    from_: UnixSeconds
    until: Annotated[float | None, doc("Unix seconds; null while it lasts")]
    witnesses: list[WitnessName]
    certain: Annotated[bool, doc("with `process`, `probe`, or two witnesses")]
    duration_s: Annotated[int | None, doc("seconds; null while it lasts")]


class NodeDowntime(Downtime, frozen=True, kw_only=True):
    """The same in an answer about the past."""

    node: NodeName


class NoticeSummary(Wire, frozen=True, kw_only=True):
    """What the node notifies of: what a first look shows."""

    kind: Annotated[int, doc("as the node numbers it")]


class Notice(NoticeSummary, frozen=True, kw_only=True):
    """What the node notifies of."""

    title: Annotated[str, doc("in the node's words")]
    message: Annotated[str, doc("in the node's words")]
    at: Annotated[UnixSeconds | None, doc("Unix seconds, or null")]


class CountedTransfers(Wire, frozen=True, kw_only=True):
    """What the node's own counters say of one action and outcome."""

    action: ActionName
    direction: Direction
    outcome: Outcome
    count: Count
    bytes: Bytes
    mean_ms: Annotated[float | None, doc("milliseconds; null = unknown")]


class NodeCounters(Wire, frozen=True, kw_only=True):
    """What the node's own counters grew by since the monitor's first answer."""

    source: Annotated[str, one_of(("metrics",), "who counted")]
    since: UnixSeconds
    rows: list[CountedTransfers]


class HealthCommon(Wire, frozen=True, kw_only=True):
    """What whole rows and summaries both have."""

    node: NodeName
    wallet: Annotated[str, doc('"" = unknown')]
    wallet_features: Annotated[list[str], doc("payout networks that it has opted in to")]
    version: Text
    minimum_version: Text
    up_to_date: Flag
    quic: Text
    quic_at: Number
    last_contact: Date
    started_at: Number
    uptime_s: Annotated[Number, doc("figure, seconds at the time that it was asked; null = unknown, or the node is down")]
    all_healthy: Flag
    warnings: Annotated[list[Sentence], doc("sentences for the operator")]
    down_hours_30d: Annotated[float, doc("hours of the last 30 days in which it was away for certain")]


class HealthSummary(HealthCommon, frozen=True, kw_only=True):
    """What a view of several nodes has of a row."""

    endpoints: list[EndpointSummary]
    uptime: UptimeSummary
    downtimes: Annotated[list[Downtime], doc("the one that lasts, or none")]
    notifications: Annotated[list[NoticeSummary], doc("newest 5")]


class HealthRow(HealthCommon, frozen=True, kw_only=True):
    """One node. Key: its name."""

    node_id: NodeId
    clock_ahead_s: Annotated[Number, doc("figure, seconds that its clock is ahead of the monitor's; null = unknown")]
    bandwidth_bytes: Annotated[Whole, doc("figure, bytes of this UTC month; null = unknown")]
    endpoints: list[EndpointRow]
    uptime: Uptime
    downtimes: Annotated[list[Downtime], doc("last 30 days, newest first, at most 20")]
    notifications: Annotated[list[Notice], doc("newest 5")]
    transfers: Annotated[NodeCounters | None, doc("null = the node has no counters")]
