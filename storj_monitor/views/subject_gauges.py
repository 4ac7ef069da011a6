"""Figures for /metrics about what nodes say of themselves: from memory, as it was last made for pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from storj_monitor.model.analytics import FindingState, Severity
from storj_monitor.model.figures import Family
from storj_monitor.model.node_answers import ApiStatus
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.state.nodes import NodeState
from storj_monitor.views.cards import Cards
from storj_monitor.views.wire.earnings import EarningsFleetRow, EarningsNodeRow
from storj_monitor.views.wire.health import HealthRow
from storj_monitor.views.wire.reputation import ReputationRow
from storj_monitor.views.wire.storage import StorageNodeRow

Samples = list[tuple[Mapping[str, str], float]]

_SCORES = ("audit_score", "suspension_score", "online_score")
_SPACE = ("allocated", "used", "pieces", "trash", "free", "reported", "file_system_total", "file_system_free")
_USD_MICROS = 1e6


def subject_families(cards: Cards) -> Iterator[Family]:
    """Doors, scores, space and earnings of every node that told them."""
    nodes = list(cards.subjects.nodes.values())
    names = [node.name for node in nodes]
    yield from _info(cards.subjects.nodes.values(), cards.log_nodes)
    yield from _doors(nodes)
    yield from _uptimes(cards.health(names).values())
    yield from _findings(nodes)
    yield from _impossible(nodes)
    rows = cards.reputation(names).values()
    for score in _SCORES:
        samples = [(_at_satellite(row), figure.value) for row in rows if (figure := getattr(row, score)) is not None]
        yield Family(f"storj_monitor_node_{score}", f"The node's {score.replace('_', ' ')} at a satellite, 0 to 1.", "gauge", samples)
    disqualified: Samples = [(_at_satellite(row), float(row.standing == "disqualified")) for row in rows]
    yield Family("storj_monitor_node_disqualified", "1 when the satellite has disqualified the node.", "gauge", disqualified)
    space = [row for row in cards.storage(names).values() if isinstance(row, StorageNodeRow)]
    sizes: Samples = [
        ({"node": row.node, "part": part}, float(figure.value))
        for row in space
        for part in _SPACE
        if (figure := getattr(row, part)) is not None
    ]
    yield Family("storj_monitor_node_space_bytes", "Space of the node by part.", "gauge", sizes)
    money = cards.earnings(names).values()
    left_out = [name for row in money if isinstance(row, EarningsFleetRow) for name in row.left_out]
    yield from _money(row for row in money if isinstance(row, EarningsNodeRow) and row.node not in left_out)


def _uptimes(rows: Iterable[HealthRow]) -> Iterator[Family]:
    rows = list(rows)
    away: Samples = [({"node": row.node}, row.down_hours_30d) for row in rows]
    yield Family("storj_monitor_node_down_hours_30d", "Hours of the last 30 days in which the node was away for certain.", "gauge", away)
    failed: Samples = [({"node": row.node}, float(row.uptime.failed_starts)) for row in rows]
    text = "Starts of the node that came to nothing since it was up last."
    yield Family("storj_monitor_node_failed_starts", text, "gauge", failed)


def _findings(nodes: Iterable[NodeStatus]) -> Iterator[Family]:
    samples: Samples = []
    for node in nodes:
        standing = [one.severity for one in node.insight.findings.values() if one.state is not FindingState.RESOLVED]
        samples += [({"node": node.name, "severity": each.name.lower()}, float(standing.count(each))) for each in Severity]
    yield Family("storj_monitor_node_findings", "Findings of the analytics that stand.", "gauge", samples)


def _info(nodes: Iterable[NodeStatus], logs: Mapping[str, NodeState]) -> Iterator[Family]:
    """Id and version by whoever tells them: the log, the API, /metrics."""
    samples: Samples = []
    for node in nodes:
        log, running = logs.get(node.name), node.versions.running
        node_id = node.node_id or (log.node_id if log else "")
        version = running.value if running is not None else log.version if log else ""
        samples.append(({"node": node.name, "node_id": node_id, "version": version}, 1.0))
    yield Family("storj_monitor_node_info", "Node id and version, as log, API or /metrics tell them.", "gauge", samples)


def _impossible(nodes: Iterable[NodeStatus]) -> Iterator[Family]:
    samples: Samples = [({"node": node.name}, float(sum(map(len, node.impossible.values())))) for node in nodes]
    text = "Values that the node reports and that cannot be; they are left out of all sums."
    yield Family("storj_monitor_node_impossible_values", text, "gauge", samples)


def _doors(nodes: Iterable[NodeStatus]) -> Iterator[Family]:
    samples: Samples = [
        ({"node": node.name, "door": door.value}, float(state.status is ApiStatus.OK))
        for node in nodes
        for door, state in node.doors.items()
    ]
    yield Family("storj_monitor_node_answers", "1 while the node answers at this door.", "gauge", samples)


def _money(rows: Iterable[EarningsNodeRow]) -> Iterator[Family]:
    """Of nodes that have told figures of this month; those of an earlier one would be taken for it."""
    now: Samples = []
    expected: Samples = []
    profit: Samples = []
    for row in rows:
        labels = {"node": row.node}
        if row.now is not None:
            now.append((labels, row.now.payout_usd_micros / _USD_MICROS))
        if row.expected_usd_micros is not None:
            expected.append((labels, row.expected_usd_micros / _USD_MICROS))
        if row.profit_month_end is not None:
            profit.append((labels, row.profit_month_end.profit_usd_micros / _USD_MICROS))
    yield Family("storj_monitor_node_month_usd", "Payout of this month so far, after held, by our estimate.", "gauge", now)
    yield Family("storj_monitor_node_month_expected_usd", "The same at the month's end.", "gauge", expected)
    yield Family("storj_monitor_node_month_profit_usd", "What is left at the month's end after the costs that are set.", "gauge", profit)


def _at_satellite(row: ReputationRow) -> Mapping[str, str]:
    return {"node": row.node, "satellite": row.satellite}
