"""Growth of a node's counters between two answers of `/metrics`, across its restarts. Pure."""

from __future__ import annotations

from storj_monitor.model.node_metrics import CounterPosition, Growth, NodeMetrics, TransferCount

_SLACK_S = 5.0


def has_restarted(before: NodeMetrics | CounterPosition, after: NodeMetrics) -> bool:
    """Whether the node's process began again between the two answers.

    By its uptime; by the time that went by, where the new process is already older than the old one was; by a counter that fell.
    """
    if before.uptime_s is not None and after.uptime_s is not None:
        elapsed_s = after.taken_at - before.taken_at
        if after.uptime_s < before.uptime_s:
            return True
        if before.uptime_s + _SLACK_S < elapsed_s and after.uptime_s + _SLACK_S < elapsed_s:
            return True
    return any(op in after.transfers and after.transfers[op].number < was.number for op, was in before.transfers.items())


def transfer_growth(before: NodeMetrics | CounterPosition | None, after: NodeMetrics) -> dict[int, Growth]:
    """What was added by op; ops without a change are left out.

    Without a `before` nothing is known to be new: an empty result. After a restart all that the new process counted is new.
    """
    if before is None:
        return {}
    restarted = has_restarted(before, after)
    grown = {op: _growth(None if restarted else before.transfers.get(op), count) for op, count in after.transfers.items()}
    return {op: growth for op, growth in grown.items() if growth.number}


def _growth(before: TransferCount | None, after: TransferCount) -> Growth:
    was, now = (before.duration_s if before else None), after.duration_s
    timed = (now.number if now else 0) - (was.number if was else 0)
    total_s = (now.total if now else 0.0) - (was.total if was else 0.0)
    size_bytes = (after.size_bytes or 0) - ((before.size_bytes or 0) if before else 0)
    return Growth(after.number - (before.number if before else 0), max(0, size_bytes), max(0, timed), max(0.0, total_s))
