"""Nodes whose logs do not tell what was transferred: nothing counted is then not nothing that happened, and why it is unknown is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storj_monitor.model.ids import Action, Outcome, op_action, op_code, op_outcome
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.views.wire.answers import TrafficSeries
from storj_monitor.views.wire.tables import SatelliteAnswerRow, SatelliteRow

_TOLD_BY_SUCCESS = (op_code(Action.PUT, Outcome.SUCCESS), op_code(Action.GET, Outcome.SUCCESS))
_REMEDY = "Set log.level to info, or give the node's debug address (metrics), whose counters know them."


def untold_reason(node: NodeState) -> str:
    """Why traffic and success of this node are unknown; "" where its log tells them."""
    log = node.character
    if log.is_readable is False:
        return "Unknown: next to nothing of the log is understood."
    if log.is_above_info:
        return f"Unknown: the log is at level {log.level}, which has no lines of successful transfers. {_REMEDY}"
    if not log.tells_transfers:
        return "Unknown: the log has no lines of transfers. Let piecestore log at info, or give the node's debug address (metrics)."
    if node.lines or node.newest_ms:
        return ""
    if node.status.state == "off":
        return "Unknown: this node has no log in the settings, and only a log tells single transfers."
    return (
        f"Unknown: the log is not read ({node.status.detail})." if node.status.state in ("error", "waiting") and node.status.detail else ""
    )


class Untold(NamedTuple):
    """`unknown`: why nothing is known of the nodes that were asked about; None where one tells. `left_out`: those that do not tell."""

    unknown: str | None
    left_out: list[str]

    def beside(self, *, has_successes: bool) -> Untold:
        """Where there are successes after all (of a time when the log was another one), what is there is known."""
        return self._replace(unknown=None) if has_successes else self

    def series(self, points: int) -> list[TrafficSeries]:
        """Successes over time where they are unknown."""
        nothing: list[int | None] = [None] * points
        return [traffic_series(op, nothing, nothing) for op in _TOLD_BY_SUCCESS] if self.unknown else []


def traffic_series(op: int, counts: list[int | None], sizes: list[int | None]) -> TrafficSeries:
    """One action and outcome over time."""
    action = op_action(op)
    return TrafficSeries(action=action.label, direction=action.direction, outcome=op_outcome(op).label, count=counts, bytes=sizes)


def untold_of(state: State, nodes: Sequence[str]) -> Untold:
    """Of the nodes that a question is about."""
    mute = {name: reason for name in nodes if (reason := untold_reason(state.nodes[name]))}
    reasons = list(dict.fromkeys(mute.values()))
    everyone = bool(mute) and len(mute) == len(nodes)
    return Untold((reasons[0] if len(reasons) == 1 else " ".join(reasons[:3])) if everyone else None, list(mute))


def has_success(ops: Iterable[int]) -> bool:
    """Whether one of these is a success."""
    return any(op_outcome(op) is Outcome.SUCCESS for op in ops)


def satellite_answer_row(satellite: str, row: SatelliteRow, *, is_unknown: bool) -> SatelliteAnswerRow:
    """`is_unknown`: only failures are told, successes and bytes are null."""

    def known(results: tuple[int, int, int]) -> tuple[int | None, int, int]:
        return (None, *results[1:]) if is_unknown else results

    return SatelliteAnswerRow(
        satellite=satellite,
        name=row.name,
        put=known(row.put),
        get=known(row.get),
        audit=known(row.audit),
        repair=known(row.repair),
        up_bytes=None if is_unknown else row.up_bytes,
        down_bytes=None if is_unknown else row.down_bytes,
    )
