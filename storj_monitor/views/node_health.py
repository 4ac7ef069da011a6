"""Topic and question `health`: a row for each node: who it is, whether it is reached, by which endpoints, and when it was away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.model.figures import Figure, Help, Source
from storj_monitor.model.ids import Outcome, op_action, op_outcome
from storj_monitor.model.node_answers import ApiState, ApiStatus
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.model.uptime import Uptime
from storj_monitor.reputation_tracker.downtime import Downtime, hours_down
from storj_monitor.reputation_tracker.help_texts import HELP as REPUTATION_HELP
from storj_monitor.reputation_tracker.uptime import node_downtimes, node_uptime
from storj_monitor.state.counters import CounterHistory
from storj_monitor.state.node_status import CLOCK_BELIEVED_S, NodeStatus, Topic
from storj_monitor.state.nodes import State
from storj_monitor.views.figures import date, helps, said
from storj_monitor.views.memo import Memo
from storj_monitor.views.wire import health as wire
from storj_monitor.views.wire.fields import Figure as WireFigure

MONTH_S = 30 * 86_400.0
MOST_DOWNTIMES = 20
HEALTHY_S = 300.0
"""The health answer is asked every minute; an older one says nothing of now."""
MOST_NOTIFICATIONS = 5
MOST_IMPOSSIBLE = 5
_FEW = 3

HELP = MappingProxyType(
    {
        "version": Help(
            "The version that the node runs, and the oldest one that satellites accept.",
            "At most a few weeks behind the newest one.",
            "Below the minimum the node gets no uploads and is disqualified in the end: update it.",
        ),
        "minimum_version": Help(
            "The oldest version that satellites accept, as the node was told last. It rises with most releases.",
            "Some versions below the one that runs.",
            "When it comes near: let the updater run, or update by hand before the node falls below it.",
        ),
        "up_to_date": Help(
            "Whether the running version is at or above the oldest accepted one. Yes does not mean that it is the newest one.",
            "Yes.",
            "No: satellites send no uploads any more. Update the node now.",
        ),
        "started_at": Help(
            "When the node's process began, by the node's own clock.",
            "At its last update, or when its machine was started.",
            "A time that nobody knows of: look for a crash in the log just before it.",
        ),
        "bandwidth_bytes": Help(
            "All traffic of this calendar month (UTC), in both directions, as the node counts it.",
            "It grows every day.",
            "If it stands still, look at last contact and at the log.",
        ),
        "transfers": Help(
            "What the node's own counters (/metrics) grew by since this monitor began to read them; restarts of the node are allowed for.",
            "About what its log tells; more where the log hides failures.",
            "Use it where the log is above INFO or has no start lines.",
        ),
        "quic": Help(
            "Whether the node can be reached by QUIC (UDP) too.",
            "OK.",
            "Misconfigured: forward the node's port for UDP as well as for TCP. The node works without, a little slower.",
        ),
        "quic_at": Help(
            "When satellites tried QUIC last: at every check-in of the node, whether it worked or not.",
            "Within the last hour.",
            "Older: the node does not reach its satellites; look at last contact.",
        ),
        "node_id": Help(
            "The node's identity, which satellites know it by.",
            "The same for ever.",
            "Another one than you expect: the address in the settings is that of another node.",
        ),
        "last_contact": Help(
            "When a satellite or a customer reached the node last.",
            "Within the last minutes.",
            "Longer than an hour: look at the port forwarding, the address in the node's settings and the line.",
        ),
        "uptime_s": Help(
            "How long the node's process has been running.",
            "Days or weeks, between updates.",
            "If it restarts every few hours, the log says why: look for FATAL lines.",
        ),
        "wallet": Help(
            "Where the node is paid, and the payout networks that it has opted in to.",
            "Your own address.",
            "Check it: what is paid to a wrong address is lost.",
        ),
        "endpoints": Help(
            "The places where the monitor asks the node: its API, its debug port, its public port.",
            "ok.",
            "The detail says what failed. Figures keep their last value and grow old meanwhile.",
        ),
        "all_healthy": Help(
            "What the node answers on its public port. By its own rule it is not healthy when any satellite has disqualified or suspended "
            "it, or when its online score at any satellite is below 0.9.",
            "True. It is shown for five minutes at most, and not while anything newer says otherwise.",
            "See the reputation card: which satellite, and why.",
        ),
        "clock_ahead_s": Help(
            "By how much the node's clock is ahead of the monitor's (whole seconds).",
            "0, give or take a second.",
            "Set the clock (NTP): satellites refuse orders of a node whose clock is wrong.",
        ),
        "downtimes": REPUTATION_HELP["downtimes"],
    }
)
HELP_TEXTS = helps(HELP)


class HealthView:
    """Rows are made once for a change, however many pages and questions look."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._made: Memo[wire.HealthRow] = Memo()

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> dict[str, wire.HealthRow]:
        """By node name."""
        return {node.name: self._of(node, now) for node in nodes}

    def _of(self, node: NodeStatus, now: float) -> wire.HealthRow:
        log = self._state.nodes.get(node.name)
        kind, healthy = log.judged.kind if log else NodeStateKind.NO_DATA, healthy_now(node, now)
        version = (node.revisions[Topic.HEALTH], log.version if log else "", log.node_id if log else "", kind, healthy)
        return self._made.of(node.name, version, lambda: _row(node, self._state, now))


def healthy_now(node: NodeStatus, now: float) -> bool | None:
    """The health answer, as long as it is of now and nobody knows better."""
    health = node.health
    if health is None or not 0 <= now - health.taken_at <= HEALTHY_S:
        return None
    known = node.standing.known.values()
    dates = [date for one in known for date in (one.disqualified_at, one.suspended_at) if date is not None and date.value > 0]
    shut = [one for one in node.endpoints.values() if one.status is ApiStatus.UNREACHABLE and one.since >= health.taken_at]
    return None if health.all_healthy and (dates or shut) else health.all_healthy


def downtime_row(one: Downtime, now: float) -> wire.Downtime:
    """One downtime."""
    return wire.Downtime(
        from_=one.from_at,
        until=one.until_at,
        witnesses=[witness.value for witness in one.witnesses],
        certain=one.certain,
        duration_s=None if one.until_at is None else round(one.duration_s(now)),
    )


def uptime_row(one: Uptime) -> wire.Uptime:
    """Whether a node runs."""
    return wire.Uptime(
        state=one.state.value,
        since=one.since,
        certain=one.certain,
        reason=one.reason,
        witnesses=[witness.value for witness in one.evidence],
        last_messages=[wire.LastWord(at=word.at, text=word.text, cause=word.cause) for word in one.last_words],
        failed_starts=one.failed_starts,
    )


def _row(node: NodeStatus, state: State, now: float) -> wire.HealthRow:
    times = node_downtimes(node, now, now - MONTH_S)
    recent = [one for one in times if one.until_at is None or one.until_at >= now - MONTH_S]
    who = _identity(node, state, now)
    return wire.HealthRow(
        node=node.name,
        node_id=who.node_id,
        wallet=who.wallet,
        wallet_features=list(who.wallet_features),
        version=who.version,
        minimum_version=who.minimum_version,
        up_to_date=who.up_to_date,
        quic=who.quic,
        quic_at=who.quic_at,
        last_contact=who.last_contact,
        started_at=who.started_at,
        uptime_s=who.uptime_s,
        clock_ahead_s=who.clock_ahead_s,
        bandwidth_bytes=who.bandwidth_bytes,
        all_healthy=said(healthy_now(node, now), "probe", node.health.taken_at) if node.health else None,
        endpoints=[_endpoint(node, one) for one in node.endpoints.values()],
        warnings=[*node.warnings, *_other_node_warning(node, state), *_clock_warning(node), *_impossible_warnings(node)],
        uptime=uptime_row(node_uptime(node, now)),
        downtimes=[downtime_row(one, now) for one in reversed(recent[-MOST_DOWNTIMES:])],
        down_hours_30d=round(hours_down(recent, now - MONTH_S, now), 2),
        notifications=[
            wire.Notice(kind=one.kind, title=one.title, message=one.message, at=one.created_at)
            for one in node.notifications[:MOST_NOTIFICATIONS]
        ],
        transfers=_transfers(node.counted),
    )


def _endpoint(node: NodeStatus, one: ApiState) -> wire.EndpointRow:
    return wire.EndpointRow(
        endpoint=one.endpoint.value,
        status=one.status.value,
        since=one.since,
        detail=one.detail,
        url=one.base_url,
        found=node.found,
        routes=[wire.RouteProblem(**route._asdict()) for route in one.routes],
    )


def _other_node_warning(node: NodeStatus, state: State) -> list[str]:
    """Log and API under one name may be of two nodes."""
    log = state.nodes.get(node.name)
    if log is None or not log.node_id or not node.node_id or log.node_id == node.node_id:
        return []
    return [f"The API is of node {node.node_id}, but the log is of node {log.node_id}: give each node its own log and API."]


def _impossible_warnings(node: NodeStatus) -> list[str]:
    """What the node says and cannot be; the first few, so that a node that is wrong throughout does not fill the page."""
    texts = node.impossible_texts
    more = len(texts) - MOST_IMPOSSIBLE
    return texts if more <= 0 else [*texts[:MOST_IMPOSSIBLE], f"{more} more impossible values are left out."]


def _clock_warning(node: NodeStatus) -> list[str]:
    ahead_s = (node.answer.clock_ahead_s or 0.0) if node.answer else 0.0
    if abs(ahead_s) <= CLOCK_BELIEVED_S:
        return []
    way = "ahead of" if ahead_s > 0 else "behind"
    return [f"The node's clock is {abs(ahead_s) / 3600:.1f} hours {way} the monitor's: its figures of the month are shown, but not kept."]


class _Identity(NamedTuple):
    """Who a node is, as far as anybody tells; fields as those of HealthRow."""

    node_id: str
    version: WireFigure[str] | None
    minimum_version: WireFigure[str] | None
    up_to_date: WireFigure[bool] | None
    started_at: WireFigure[float] | None = None
    uptime_s: WireFigure[float] | None = None
    wallet: str = ""
    wallet_features: Sequence[str] = ()
    quic: WireFigure[str] | None = None
    quic_at: WireFigure[float] | None = None
    last_contact: WireFigure[float | None] | None = None
    clock_ahead_s: WireFigure[float] | None = None
    bandwidth_bytes: WireFigure[int] | None = None


def _identity(node: NodeStatus, state: State, now: float) -> _Identity:
    """From the API; without one, what log and debug port tell. A node that is down has no uptime."""
    answer, log, metrics = node.answer, state.nodes.get(node.name), node.metrics
    is_down = log is not None and log.judged.kind is NodeStateKind.DOWN
    versions = node.versions
    running, minimum, allowed = versions.running, versions.minimum, versions.is_allowed
    version = said(running.value, running.source.value, running.taken_at) if running else None
    minimum_version = said(minimum.value, minimum.source.value, minimum.taken_at) if minimum else None
    up_to_date = said(allowed.value, allowed.source.value, allowed.taken_at) if allowed else None
    if answer is None:
        if version is None and log is not None:
            version = said(log.version or None, "log", log.newest_ms / 1000)
        return _Identity(
            log.node_id if log else "",
            version,
            minimum_version,
            up_to_date,
            None if metrics is None else said(metrics.started_at, "metrics", metrics.taken_at),
            None if metrics is None or is_down else said(metrics.uptime_s, "metrics", metrics.taken_at),
        )
    at = answer.taken_at
    return _Identity(
        answer.node_id,
        version,
        minimum_version,
        # as old as the answer: another witness may know a higher minimum since
        up_to_date or said(answer.up_to_date, "api", at),
        said(answer.started_at, "api", at),
        None if is_down else said(answer.uptime_s, "api", at),
        answer.wallet,
        answer.wallet_features,
        said(answer.quic_status or None, "api", at),
        said(answer.last_quic_pinged_at, "api", at),
        None if answer.last_pinged_at is None else date(Figure(answer.last_pinged_at, Source.API, at)),
        said(answer.clock_ahead_s, "api", at),
        said(None if ("traffic",) in node.impossible else answer.bandwidth_bytes, "api", at),
    )


def _transfers(counted: CounterHistory) -> wire.NodeCounters | None:
    """Growth of the node's own counters."""
    if not counted.since:
        return None
    rows: list[wire.CountedTransfers] = []
    for op, (number, size, timed, total_s) in sorted(counted.ops.items()):
        action, outcome = op_action(op), op_outcome(op)
        if outcome is Outcome.STARTED:
            continue
        mean_ms = round(total_s / timed * 1000, _FEW) if timed else None
        rows.append(
            wire.CountedTransfers(
                action=action.label, direction=action.direction, outcome=outcome.label, count=number, bytes=size, mean_ms=mean_ms
            )
        )
    return wire.NodeCounters(source="metrics", since=counted.since, rows=rows)
