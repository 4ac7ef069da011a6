"""Figures for /metrics, from memory only: a scrape makes no work for the node and hardly any for the monitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from storj_monitor.model.analytics import FindingState, Severity
from storj_monitor.model.events import LineKind
from storj_monitor.model.figures import Family
from storj_monitor.model.ids import op_action, op_outcome
from storj_monitor.model.node_answers import ApiStatus
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.views.topic_renderers import TopicRenderers
from storj_monitor.views.wire.earnings import EarningsFleetRow, EarningsNodeRow
from storj_monitor.views.wire.health import HealthRow
from storj_monitor.views.wire.reputation import ReputationRow
from storj_monitor.views.wire.storage import StorageNodeRow


class StoreFigures(NamedTuple):
    """What the writer reports: time of the last commit (Unix seconds), how long it took, and whether the last one failed.

    left_out -- rows that could not be understood, and what the database never took
    """

    committed_at: float
    commit_s: float
    failing: bool
    left_out: int = 0


class Gauges:
    """See server.ports.Gauges."""

    def __init__(
        self,
        state: State,
        store: Callable[[], StoreFigures],
        clients: Callable[[], int],
        more: Callable[[], Iterable[Family]] = tuple,
    ) -> None:
        self._more = more
        self._state = state
        self._store = store
        self._clients = clients

    def samples(self) -> Iterable[Family]:
        yield from self._states()
        yield from self._windows()
        yield from self._logs()
        store = self._store()
        yield Family("storj_monitor_clients", "Pages that are connected.", "gauge", [({}, self._clients())])
        yield Family("storj_monitor_commit_timestamp_seconds", "Time of the last commit.", "gauge", [({}, store.committed_at)])
        yield Family("storj_monitor_commit_seconds", "How long the last commit took.", "gauge", [({}, store.commit_s)])
        text = "Rows of the database that could not be understood, and parts of commits that it never took; the log names them."
        yield Family("storj_monitor_store_left_out", text, "gauge", [({}, store.left_out)])
        yield from self._more()
        yield Family(
            "storj_monitor_store_failing",
            "1 while the database cannot be read or written, or its file is not there.",
            "gauge",
            [({}, float(store.failing))],
        )

    def _states(self) -> Iterable[Family]:
        nodes = list(self._state.nodes.values())
        states: list[tuple[Mapping[str, str], float]] = [
            ({"node": node.name, "state": kind.label}, float(node.judged.kind is kind)) for node in nodes for kind in NodeStateKind
        ]
        yield Family("storj_monitor_node_state", "1 for the state that the node is in, 0 for the others.", "gauge", states)
        yield Family(
            "storj_monitor_node_state_since_timestamp_seconds",
            "When the node came into its state.",
            "gauge",
            [({"node": node.name}, node.judged.since) for node in nodes if node.judged.since is not None],
        )
        yield Family("storj_monitor_node_reasons", "Reasons of the node's state, by rule.", "gauge", self._reasons(nodes))

    @staticmethod
    def _reasons(nodes: Iterable[NodeState]) -> list[tuple[Mapping[str, str], float]]:
        """How many of each code; a node that is well has none."""
        found: Counter[tuple[str, str, str]] = Counter()
        for node in nodes:
            found.update((node.name, one.code, one.kind.label) for one in node.judged.reasons if one.kind < NodeStateKind.LEARNING)
        return [({"node": name, "code": code, "state": kind}, float(number)) for (name, code, kind), number in found.items()]

    def _windows(self) -> Iterable[Family]:
        counts: list[tuple[Mapping[str, str], float]] = []
        sizes: list[tuple[Mapping[str, str], float]] = []
        for node in self._state.nodes.values():
            for op, cell in sorted(node.window.by_op.items()):
                action = op_action(op)
                labels = {"node": node.name, "action": action.label, "direction": action.direction, "outcome": op_outcome(op).label}
                counts.append((labels, cell.count))
                sizes.append((labels, cell.size_bytes))
        yield Family("storj_monitor_transfers_last_hour", "Transfers of the last 60 minutes by the log's own times.", "gauge", counts)
        yield Family("storj_monitor_transfer_bytes_last_hour", "Their bytes (downloads: bytes requested).", "gauge", sizes)

    def _logs(self) -> Iterable[Family]:
        nodes = list(self._state.nodes.values())
        totals = {node.name: node.count_lines() for node in nodes}
        lines: list[tuple[Mapping[str, str], float]] = [
            ({"node": name, "kind": kind}, counts[kind])
            for name, counts in totals.items()
            for kind in (LineKind.UNDERSTOOD, LineKind.IGNORED, LineKind.NOT_UNDERSTOOD)
        ]
        yield Family("storj_monitor_log_lines", "Log lines read, by what was made of them.", "counter", lines)
        yield Family(
            "storj_monitor_log_lag_bytes", "Bytes of log not read yet.", "gauge", [({"node": n.name}, n.status.lag_bytes) for n in nodes]
        )
        yield Family(
            "storj_monitor_log_last_line_timestamp_seconds",
            "Time of the newest line.",
            "gauge",
            [({"node": n.name}, n.newest_ms / 1000) for n in nodes if n.newest_ms],
        )
        shares = [({"node": n.name}, share) for n in nodes if (share := n.character.understood_share) is not None]
        yield Family("storj_monitor_log_understood_ratio", "Share of the newest lines that is understood.", "gauge", shares)
        yield Family(
            "storj_monitor_log_tells_transfers",
            "0 where the log has no lines of successful transfers (it is above INFO): rates from it are unknown.",
            "gauge",
            [({"node": n.name}, float(n.character.tells_transfers)) for n in nodes if n.character.lines],
        )
        yield Family(
            "storj_monitor_log_following",
            "1 while the log can be read.",
            "gauge",
            [({"node": n.name}, float(n.status.state in ("live", "catching_up"))) for n in nodes],
        )


# ---- Figures for /metrics about what nodes say of themselves: from memory, as it was last made for pages.


Samples = list[tuple[Mapping[str, str], float]]

_SCORES = ("audit_score", "suspension_score", "online_score")
_SPACE = ("allocated", "used", "pieces", "trash", "free", "reported", "file_system_total", "file_system_free")
_USD_MICROS = 1e6


def node_families(renderers: TopicRenderers) -> Iterator[Family]:
    """Endpoints, scores, space and earnings of every node that told them."""
    nodes = list(renderers.registry.nodes.values())
    names = [node.name for node in nodes]
    yield from _info(renderers.registry.nodes.values(), renderers.log_nodes)
    yield from _endpoints(nodes)
    yield from _uptimes(renderers.health(names).values())
    yield from _findings(nodes)
    yield from _impossible(nodes)
    rows = renderers.reputation(names).values()
    for score in _SCORES:
        samples = [(_at_satellite(row), figure.value) for row in rows if (figure := getattr(row, score)) is not None]
        yield Family(f"storj_monitor_node_{score}", f"The node's {score.replace('_', ' ')} at a satellite, 0 to 1.", "gauge", samples)
    disqualified: Samples = [(_at_satellite(row), float(row.standing == "disqualified")) for row in rows]
    yield Family("storj_monitor_node_disqualified", "1 when the satellite has disqualified the node.", "gauge", disqualified)
    space = [row for row in renderers.storage(names).values() if isinstance(row, StorageNodeRow)]
    sizes: Samples = [
        ({"node": row.node, "part": part}, float(figure.value))
        for row in space
        for part in _SPACE
        if (figure := getattr(row, part)) is not None
    ]
    yield Family("storj_monitor_node_space_bytes", "Space of the node by part.", "gauge", sizes)
    money = renderers.earnings(names).values()
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


def _endpoints(nodes: Iterable[NodeStatus]) -> Iterator[Family]:
    samples: Samples = [
        ({"node": node.name, "door": endpoint.value}, float(state.status is ApiStatus.OK))
        for node in nodes
        for endpoint, state in node.endpoints.items()
    ]
    yield Family("storj_monitor_node_answers", "1 while the node answers at this endpoint.", "gauge", samples)


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
