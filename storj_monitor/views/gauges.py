"""Figures for /metrics, from memory only: a scrape makes no work for the node and hardly any for the monitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from storj_monitor.model.events import LineKind
from storj_monitor.model.figures import Family
from storj_monitor.model.ids import op_action, op_outcome
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.state.nodes import NodeState, State


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
