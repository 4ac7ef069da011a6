"""What was said about a node's counters goes into memory."""

from __future__ import annotations

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import Pending
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.node_api.counters import transfer_growth
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.state.node_status import CounterInterval, NodeStatus, add_up

HOUR_S = 3600
MOST_UNKEPT = 80
"""Of the stretches of the last hour: one a minute, and some more."""


def count_transfers(node: NodeStatus, after: NodeMetrics) -> None:
    """Counters by delta, across restarts of the node, and of the monitor where the answer before is a stored one."""
    counted = node.counted
    before, counted.position = counted.position or node.metrics, after.position
    growth = transfer_growth(before, after)
    if counted.since:
        counted.ops = add_up((counted.ops, growth))
    else:
        counted.since = after.taken_at
    if before is None or not 0 < after.taken_at - before.taken_at <= DAY_S:
        return
    stretch = CounterInterval(before.taken_at, growth)
    counted.add(stretch)
    counted.unkept = [*counted.unkept[1 - MOST_UNKEPT :], stretch]
    counted.last_hour(after.taken_at)
    hour = counted.hours.setdefault(int(after.taken_at // HOUR_S * HOUR_S * 1000), {})
    hour.update({op: hour[op].plus(more) if op in hour else more for op, more in growth.items()})


def keep_counters(node: NodeStatus, pending: Pending, now: float) -> None:
    """To be stored together with the position that they count to: so no growth is lost or counted twice, whenever the monitor ends."""
    counted, hours = node.counted, node.counted.hours
    if counted.position is None:
        return
    counted.kept_at = now
    pending.put(store.COUNTER_POSITION, rows.position_row(node.name, counted.position))
    for stretch in counted.unkept:
        pending.put(store.COUNTER_RECENT, rows.stretch_row(node.name, counted.slot, stretch.from_at, stretch.growth))
        counted.slot = (counted.slot + 1) % MOST_UNKEPT
    counted.unkept = []
    for start_ms, ops in hours.items():
        for op, growth in ops.items():
            pending.put(store.COUNTER_HOUR, rows.counter_row(node.name, start_ms, op, growth))
    for start_ms in sorted(hours)[:-1]:
        del hours[start_ms]
