"""Topic and question `actions`: results and durations by action, from each node's log or, where that does not tell, its own counters.

The counters (/metrics) stand in for a log that is above INFO or that is not there; their durations for a log without start lines. Failures
that only the counters know are added to those of the log: since v1.114 most failed uploads are DEBUG lines. The node does not tell its
uploads apart, and its percentiles are those of its own recent sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from storj_monitor.model.ids import Action, Outcome, op_action, op_code
from storj_monitor.model.node_metrics import Growth, NodeMetrics, Spread
from storj_monitor.model.rollups import Cell
from storj_monitor.state.accumulator import DIRECTION_BY_OP
from storj_monitor.state.counters import add_up
from storj_monitor.state.node_status import NodeStatus
from storj_monitor.stats import quantile
from storj_monitor.views.tables import sum_cells
from storj_monitor.views.wire.tables import ActionRow

INFO = "INFO"
"""The level of a log without DEBUG lines."""
SEEN_SHARE = 0.9
"""A log that shows less of what the node counted hides lines: it is above INFO, or was for a while, or is not read to its end."""
FEW_HIDDEN, HIDDEN_SHARE = 2, 0.05
_DIRECTIONS = ("up", "down")
_OUTCOMES = (Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED)
_ALL_UPLOADS = op_code(Action.UNKNOWN_UP, Outcome.SUCCESS)
Cells = Mapping[int, Cell]
Grown = Mapping[int, Growth]


class Counters(NamedTuple):
    """What a node's own counters say of a stretch of time.

    growth  -- by op
    results -- of these the results (no starts) by direction, and how many they are
    spreads -- durations of the node's recent sample (seconds), by op; empty for stretches that have ended
    """

    growth: Grown
    results: Mapping[str, tuple[Grown, int]]
    spreads: Mapping[int, Spread]


@dataclass(frozen=True, slots=True)
class NodeActions:
    """One node in a stretch of time.

    cells    -- what its log says, by op
    counters -- None when it has none, or they did not move
    compared -- what the log says of the stretch that `counters` are of, where that is another one
    tells_success -- False: a log without lines of successes, as one above INFO has none
    rejected -- uploads that the node turned away because it had too many at once: they are no transfers
    hides_failures -- a log at INFO: what it does not show of failed uploads nobody tells, where there are no counters
    """

    cells: Cells
    resolution_ms: int = 0
    counters: Counters | None = None
    compared: Cells | None = None
    tells_success: bool = True
    hides_failures: bool = False
    rejected: int = 0


class _Timed(NamedTuple):
    """Durations from counters: for how many transfers, how long together (seconds), and the node's recent sample."""

    number: int
    total_s: float
    spread: Spread | None


def counters_of(growth: Grown, metrics: NodeMetrics | None) -> Counters | None:
    """`metrics`: the newest answer, where the stretch goes on to now."""
    if not growth:
        return None
    results: dict[str, tuple[Grown, int]] = {}
    for direction in _DIRECTIONS:
        own = {op: one for op, one in growth.items() if op & 3 and DIRECTION_BY_OP[op] == direction}
        results[direction] = (own, sum(one.number for one in own.values()))
    sampled = metrics.transfers.items() if metrics is not None else ()
    return Counters(growth, results, {op: count.duration_s for op, count in sampled if count.duration_s is not None})


def counted_hours(stored: Iterable[Sequence[Any]], nodes: Iterable[NodeStatus], from_ms: int, to_ms: int) -> dict[str, dict[int, Growth]]:
    """Growth by node name in whole hours [from_ms, to_ms): rows that are stored, and what only memory has yet."""
    found: dict[tuple[str, int], dict[int, Growth]] = {}
    for name, start_ms, op, number, size_bytes, timed, total_ms in stored:
        found.setdefault((name, start_ms), {})[op] = Growth(number, size_bytes, timed, total_ms / 1000)
    for node in nodes:
        found |= {(node.name, start_ms): ops for start_ms, ops in node.counted.hours.items() if from_ms <= start_ms < to_ms}
    by_name: dict[str, list[dict[int, Growth]]] = {}
    for (name, _), ops in found.items():
        by_name.setdefault(name, []).append(ops)
    return {name: total for name, parts in by_name.items() if (total := add_up(parts))}


def action_rows(nodes: Sequence[NodeActions]) -> dict[str, ActionRow]:
    """By action: counts of the three outcomes, bytes, durations of the successes, and who told them."""
    logged: list[Cells] = []
    mute: list[Cells] = []
    grown: list[Grown] = []
    timed: dict[Action, list[_Timed]] = {}
    hidden: dict[Action, int] = {}
    for node in nodes:
        counters = node.counters
        if counters is None:
            logged.append(node.cells)
            if not node.tells_success:
                mute.append(node.cells)
            continue
        for direction, (growth, number) in counters.results.items():
            seen = node.cells if node.compared is None else node.compared
            if sum(cell.count for op, cell in seen.items() if op & 3 and DIRECTION_BY_OP[op] == direction) < SEEN_SHARE * number:
                grown.append(growth)
                actions = [op_action(op) for op in growth if op & 3 == Outcome.SUCCESS]
            else:
                cells = {op: cell for op, cell in node.cells.items() if DIRECTION_BY_OP[op] == direction}
                logged.append(cells)
                for action, number_hidden in hidden_failures(growth, seen, direction).items():
                    hidden[action] = hidden.get(action, 0) + number_hidden
                if not node.tells_success:
                    mute.append(cells)
                actions = [op_action(op) for op, cell in cells.items() if op & 3 == Outcome.SUCCESS and not cell.timed]
            for action in actions:
                if one := _timed(counters, action):
                    timed.setdefault(action, []).append(one)
    told, counted = sum_cells(logged), add_up(grown)
    found = _Found(
        told,
        counted,
        mute,
        hidden,
        resolution_ms=max((node.resolution_ms for node in nodes), default=0),
        rejected=sum(node.rejected for node in nodes),
        may_hide=any(node.hides_failures and node.counters is None for node in nodes),
    )
    rows = ((action, found.row(action, timed.get(action, []))) for action in Action)
    return {f"{action.label} {action.direction}": row for action, row in rows if row is not None}


def hidden_failures(growth: Grown, seen: Cells, direction: str) -> dict[Action, int]:
    """Failures that the node counted and its log does not tell, in the same time. Uploads are one sum: they go to those of customers.

    The two do not begin and end at the same second: a few more or less is no difference.
    """
    failed = {op_action(op): one.number for op, one in growth.items() if op & 3 == Outcome.FAILED and DIRECTION_BY_OP[op] == direction}
    told = {op_action(op): cell.count for op, cell in seen.items() if op & 3 == Outcome.FAILED and DIRECTION_BY_OP[op] == direction}
    if direction == "up":
        failed, told = {Action.PUT: sum(failed.values())}, {Action.PUT: sum(told.values())}
    more = {action: number - told.get(action, 0) for action, number in failed.items()}
    return {action: number for action, number in more.items() if number > max(FEW_HIDDEN, HIDDEN_SHARE * failed[action])}


def _timed(counters: Counters, action: Action) -> _Timed | None:
    own = op_code(action, Outcome.SUCCESS)
    op = own if own in counters.growth or action.direction == "down" else _ALL_UPLOADS
    growth = counters.growth.get(op)
    return _Timed(growth.timed, growth.total_s, counters.spreads.get(op)) if growth and growth.timed else None


class _Found(NamedTuple):
    """Of all nodes together.

    told, counted -- by op: what logs say, and what counters say where these stand in
    mute          -- cells of logs that do not tell successes
    hidden        -- failures that only counters know, by action
    """

    told: Cells
    counted: Grown
    mute: Sequence[Cells]
    hidden: Mapping[Action, int]
    resolution_ms: int
    rejected: int
    may_hide: bool

    def row(self, action: Action, durations: Sequence[_Timed]) -> ActionRow | None:
        """None where nobody told of this action.

        `untold`: results of logs that do not tell successes, which are part of no rate. Where there are no others, successes are unknown.
        """
        ops = [(outcome, op_code(action, outcome)) for outcome in _OUTCOMES]
        logged = {outcome: self.told[op] for outcome, op in ops if op in self.told}
        counted = {outcome: self.counted[op] for outcome, op in ops if op in self.counted}
        if not logged and not counted:
            return None
        good, more = logged.get(Outcome.SUCCESS, Cell()), counted.get(Outcome.SUCCESS, Growth())
        results = {
            outcome: (logged[outcome].count if outcome in logged else 0) + (counted[outcome].number if outcome in counted else 0)
            for outcome in _OUTCOMES
        }
        hidden = self.hidden.get(action, 0)
        untold = sum(cells[op].count for cells in self.mute for _, op in ops if op in cells)
        is_unknown = untold > 0 and untold == sum(results.values()) + hidden
        source = "log" if not counted else "metrics" if not logged else "mixed"
        times = _log_durations(good, self.resolution_ms) if good.timed or not durations else _counted_durations(durations)
        return ActionRow(
            action=action.label,
            direction=action.direction,
            success=None if is_unknown else results[Outcome.SUCCESS],
            canceled=results[Outcome.CANCELED],
            failed=results[Outcome.FAILED] + hidden,
            bytes=None if is_unknown else good.size_bytes + more.size_bytes,
            all_bytes=sum(cell.size_bytes for cell in logged.values()) + sum(one.size_bytes for one in counted.values()),
            unrated=untold,
            counters_only=hidden,
            rejected=self.rejected if action is Action.PUT else 0,
            may_hide_failures=self.may_hide and action.direction == "up" and source != "metrics",
            source=source,
            **times._asdict(),
        )


class _Durations(NamedTuple):
    """Fields of ActionRow."""

    timed: int
    mean_ms: float | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    resolution_ms: int | None
    timed_source: str | None


def _log_durations(good: Cell, resolution_ms: int) -> _Durations:
    return _Durations(
        timed=good.timed,
        mean_ms=round(good.duration_sum_ms / good.timed, 1) if good.timed else None,
        p50_ms=_whole_ms(quantile(good.buckets, 0.50)),
        p95_ms=_whole_ms(quantile(good.buckets, 0.95)),
        p99_ms=_whole_ms(quantile(good.buckets, 0.99)),
        resolution_ms=resolution_ms if good.timed else None,
        timed_source="log" if good.timed else None,
    )


def _counted_durations(durations: Sequence[_Timed]) -> _Durations:
    """Means add up; percentiles of several nodes do not, and the node has none of 95 %."""
    number = sum(one.number for one in durations)
    spread = durations[0].spread if len(durations) == 1 else None
    return _Durations(
        timed=number,
        mean_ms=round(sum(one.total_s for one in durations) / number * 1000, 1),
        p50_ms=_ms_of_s(spread.p50) if spread else None,
        p95_ms=None,
        p99_ms=_ms_of_s(spread.p99) if spread else None,
        resolution_ms=None,
        timed_source="metrics",
    )


def _whole_ms(value: float | None) -> int | None:
    return None if value is None else round(value)


def _ms_of_s(value: float | None) -> int | None:
    return None if value is None else round(value * 1000)
