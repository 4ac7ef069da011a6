"""Rows of the table topics and of the API's answers: one function a table, from sums to what goes on the wire."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import UNSET, UnsetType

from storj_monitor.model.events import LineKind
from storj_monitor.model.ids import NO_NAMES, Action, Outcome, op_action, op_outcome, piece_hash_hex, satellite_name
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.rollups import Cell, ErrorCount, ErrorKey, HotPiece
from storj_monitor.model.severity import classify, severity_of
from storj_monitor.state.compactions import RUNNING, Compaction
from storj_monitor.state.nodes import NodeState
from storj_monitor.state.windows import OTHER
from storj_monitor.stats import SIZE_CLASS_BOUNDS_BYTES, SIZE_CLASSES
from storj_monitor.views.node_states import state_reasons
from storj_monitor.views.wire import tables as wire
from storj_monitor.views.wire.fields import HelpText, Wire
from storj_monitor.views.wire.frames import TableDelta, TableSnap
from storj_monitor.views.wire.topics import Rows

# ---- One table of a view: its rows, numbered, and what changed of them.


class TableTopic:
    """Rows by key; a delta is what changed since the last one (or everything, where diff payloads are off).

    help, summary -- what each snapshot has beside the rows
    """

    def __init__(
        self,
        build: Callable[[], Rows],
        diffs: bool,
        since: Callable[[float], float] | None = None,
        help: Mapping[str, HelpText] | UnsetType = UNSET,
        summary: bool | UnsetType = UNSET,
    ) -> None:
        self._build = build
        self._help = help if help is UNSET else dict(help)
        self._summary = summary
        self._since = since
        self._diffs = diffs
        self._n = 0
        self._rows: Rows = {}
        self._as_of = 0.0
        self._revision = -1

    def advance(self, revision: int, now: float) -> TableDelta[Wire] | None:
        """The delta, None when nothing changed. Rows are only made when the state has moved."""
        if revision == self._revision:
            return None
        self._revision = revision
        rows = self._build()
        if rows == self._rows:
            self._as_of = self._as_of or now  # that there is nothing yet is known, too
            return None
        changed = {key: row for key, row in rows.items() if self._rows.get(key) != row}
        gone = [key for key in self._rows if key not in rows]
        self._rows = rows
        self._n += 1
        self._as_of = now
        if not self._diffs:
            return TableDelta(n=self._n, as_of=now, from_=self._from(), rows=dict(rows))
        return TableDelta(n=self._n, as_of=now, from_=self._from(), set=changed, del_=gone)

    def snapshot(self) -> TableSnap[Wire]:
        return TableSnap(n=self._n, as_of=self._as_of, from_=self._from(), rows=dict(self._rows), help=self._help, summary=self._summary)

    def _from(self) -> float | UnsetType:
        return UNSET if self._since is None else self._since(self._as_of)


# ---- Rows of the table topics and of the API's answers: one function a table, from sums to what goes on the wire.


GROUPS: Mapping[Action, str] = {
    Action.PUT: "put",
    Action.GET: "get",
    Action.GET_AUDIT: "audit",
    Action.PUT_REPAIR: "repair",
    Action.GET_REPAIR: "repair",
}
"""Columns of the satellites table; other actions only count in the bytes."""

TOP_ERRORS = 25
# Severe ones are never left out: they make the list longer, up to this.
MOST_ERRORS = 100
# Names of nodes in a row of errors; `node_count` has how many there are.
MOST_NAMED = 20
TOP_PIECES = 25
TOP_COUNTRIES = 40
TOP_LINES = 30
# Of all nodes together, and what each has at least.
TOP_LINES_IN_ALL = 300
LEAST_LINES = 3
TOP_SATELLITES = 50
TOP_COMPACTIONS = 200


def sum_cells(parts: Iterable[Mapping[int, Cell]]) -> dict[int, Cell]:
    """Cells of several nodes as one."""
    merged: dict[int, Cell] = {}
    for cells in parts:
        for op, cell in cells.items():
            known = merged.get(op)
            merged[op] = cell if known is None else known.plus(cell)
    return merged


def satellite_rows(
    sums: Mapping[tuple[str, int], Sequence[int]], limit: int | None = None, names: Mapping[str, str] = NO_NAMES
) -> dict[str, wire.SatelliteRow]:
    """By satellite, from (satellite id, op) -> [count, bytes]; beyond `limit` those with the fewest transfers are one row, OTHER."""
    if limit is not None and len({satellite for satellite, _ in sums}) > limit:
        sums = _busiest(sums, limit)
    results: dict[str, dict[str, list[int]]] = {}
    moved: dict[str, dict[str, int]] = {}
    for (satellite, op), (count, size) in sums.items():
        columns = results.setdefault(satellite, {name: [0, 0, 0] for name in ("put", "get", "audit", "repair")})
        total = moved.setdefault(satellite, {"up": 0, "down": 0})
        action, outcome = op_action(op), op_outcome(op)
        if group := GROUPS.get(action):
            columns[group][outcome - 1] += count
        if outcome == Outcome.SUCCESS:
            total[action.direction] += size
    return {
        satellite: wire.SatelliteRow(
            name=satellite_name(satellite, names),
            put=_outcomes(columns["put"]),
            get=_outcomes(columns["get"]),
            audit=_outcomes(columns["audit"]),
            repair=_outcomes(columns["repair"]),
            up_bytes=moved[satellite]["up"],
            down_bytes=moved[satellite]["down"],
        )
        for satellite, columns in results.items()
    }


def _outcomes(counts: Sequence[int]) -> tuple[int, int, int]:
    success, canceled, failed = counts
    return success, canceled, failed


def _busiest(sums: Mapping[tuple[str, int], Sequence[int]], limit: int) -> Mapping[tuple[str, int], Sequence[int]]:
    """The same sums with `limit` satellites and OTHER."""
    counts: dict[str, int] = {}
    for (satellite, _), (count, _size) in sums.items():
        counts[satellite] = counts.get(satellite, 0) + count
    kept = set(sorted(counts, key=lambda satellite: (-counts[satellite], satellite))[:limit])
    folded: dict[tuple[str, int], list[int]] = {}
    for (satellite, op), (count, size) in sums.items():
        pair = folded.setdefault((satellite if satellite in kept else OTHER, op), [0, 0])
        pair[0] += count
        pair[1] += size
    return folded


def size_rows(cells: Mapping[int, Cell]) -> dict[str, wire.SizeRow]:
    """By direction and size class; `count` is all outcomes."""
    rows: dict[str, wire.SizeRow] = {}
    for direction in ("up", "down"):
        every, good = [0] * SIZE_CLASSES, [0] * SIZE_CLASSES
        for op, cell in cells.items():
            if op_action(op).direction == direction:
                every = [a + b for a, b in zip(every, cell.sizes, strict=True)]
                if op_outcome(op) == Outcome.SUCCESS:
                    good = [a + b for a, b in zip(good, cell.sizes, strict=True)]
        for i, (count, success) in enumerate(zip(every, good, strict=True)):
            rows[f"{direction} {i}"] = wire.SizeRow(
                direction=direction,
                class_=i,
                from_bytes=SIZE_CLASS_BOUNDS_BYTES[i],
                to_bytes=SIZE_CLASS_BOUNDS_BYTES[i + 1] if i + 1 < SIZE_CLASSES else None,
                count=count,
                success=success,
            )
    return rows


def error_rows(
    errors: Mapping[ErrorKey, ErrorCount], nodes: Mapping[ErrorKey, Sequence[str]], limit: int = TOP_ERRORS
) -> dict[str, wire.ErrorRow]:
    """Worst first, then most frequent; severe ones beyond `limit` are still there. `nodes` are the names of those that had each."""
    ranked = sorted(errors.items(), key=lambda item: (classify(*item[0][1:]), -item[1].count, item[0]))
    severe = sum(classify(*key[1:]).is_severe for key in errors)
    return {
        "/".join((key.level, key.logger, key.message, key.template)): _error_row(key, seen, nodes.get(key, ()))
        for key, seen in ranked[: max(limit, min(severe, MOST_ERRORS))]
    }


def _error_row(key: ErrorKey, seen: ErrorCount, nodes: Sequence[str]) -> wire.ErrorRow:
    kind = classify(*key[1:])
    return wire.ErrorRow(
        level=key.level,
        logger=key.logger,
        message=key.message,
        template=key.template,
        count=seen.count,
        first=seen.first_ms / 1000,
        last=seen.last_ms / 1000,
        sample=seen.sample,
        satellite=seen.satellite,
        class_=kind.label,
        rank=int(kind),
        severity=severity_of(kind).value,
        nodes=list(nodes[:MOST_NAMED]),
        node_count=len(nodes),
    )


def piece_rows(pieces: Mapping[int, HotPiece], limit: int = TOP_PIECES) -> dict[str, wire.PieceRow]:
    """Most downloads first."""
    top = sorted(pieces.items(), key=lambda item: -item[1].count)[:limit]
    rows = (
        wire.PieceRow(
            piece=piece_hash_hex(piece),
            piece_id=hot.piece_id,
            count=hot.count,
            error=hot.error,
            bytes=hot.size_bytes,
            satellite=hot.satellite,
        )
        for piece, hot in top
    )
    return {row.piece: row for row in rows}


def country_rows(sums: Mapping[tuple[str, str], Sequence[int]], limit: int = TOP_COUNTRIES) -> dict[str, wire.CountryRow]:
    """From (country, direction) -> [count, bytes]; most transfers first."""
    counted: dict[str, dict[str, int]] = {}
    for (country, direction), (count, size) in sums.items():
        row = counted.setdefault(country, {"up_count": 0, "down_count": 0, "up_bytes": 0, "down_bytes": 0})
        row[f"{direction}_count"] += count
        row[f"{direction}_bytes"] += size
    top = sorted(counted.items(), key=lambda item: -(item[1]["up_count"] + item[1]["down_count"]))[:limit]
    return {country: wire.CountryRow(country=country, **row) for country, row in top}


def compaction_row(node: str, one: Compaction, names: Mapping[str, str] = NO_NAMES) -> wire.CompactionRow:
    """One compaction; texts are the node's own rounded ones."""
    return wire.CompactionRow(
        node=node,
        satellite=one.satellite,
        name=satellite_name(one.satellite, names),
        store=one.store,
        state=one.state,
        started=one.started_ms / 1000 if one.started_ms else None,
        finished=one.finished_ms / 1000 if one.finished_ms else None,
        duration_s=one.duration_s,
        stage=one.stage,
        error=one.error,
        reclaimed=one.reclaimed,
        total=one.total,
        rewritten=one.rewritten,
        trashed=one.trashed,
        expired=one.expired,
    )


def log_state(node: NodeState, store_problem: str) -> tuple[str, str]:
    """How its log stands (`state` and `detail`). While nothing can be kept, nothing is read: that is said first."""
    if store_problem:
        return "error", f"the database cannot be used ({store_problem}); the log waits"
    return node.status.state, node.status.detail


def node_row(node: NodeState, store_problem: str, untold: str) -> wire.NodeRow:
    """One node: how its log stands, who it is, and the one state that it is in."""
    state, detail = log_state(node, store_problem)
    judged = node.judged
    return wire.NodeRow(
        state=state,
        detail=detail,
        last_line=node.newest_ms / 1000 if node.newest_ms else None,
        read_at=node.status.read_at,
        lag_bytes=node.status.lag_bytes,
        lines=node.count_lines()["lines"],
        version=node.version,
        node_id=node.node_id,
        path=node.status.path,
        since=node.status.since,
        log=log_row(node.character, untold),
        node_state=judged.kind.label,
        node_state_since=judged.since,
        node_state_reason=judged.sentence,
        reasons=state_reasons(judged),
    )


def log_row(log: LogCharacter, untold: str) -> wire.LogCharacter:
    """What kind of log a node has, and what must be said about it. `untold`: why traffic and success are unknown, "" where they are not."""
    share = log.understood_share
    return wire.LogCharacter(
        form=log.form.value,
        envelopes=list(log.envelopes),
        level=log.level,
        transfers=log.tells_transfers,
        above_info=log.is_above_info,
        unknown_reason=untold,
        understood_pct=None if share is None else round(100 * share, 1),
        node_ids=[seen.node_id for seen in log.node_ids],
        warnings=[wire.LogWarning(trouble=warning.trouble.value, text=warning.text) for warning in log.warnings()],
    )


def newest_compactions(
    found: Iterable[tuple[str, Compaction]], limit: int = TOP_COMPACTIONS, names: Mapping[str, str] = NO_NAMES
) -> dict[str, wire.CompactionRow]:
    """From (node, compaction), by `node/satellite/store`: those that run first, then those that ended last."""
    order = sorted(found, key=lambda pair: (pair[1].state == RUNNING, pair[1].finished_ms or pair[1].started_ms), reverse=True)
    return {f"{node}/{one.satellite}/{one.store}": compaction_row(node, one, names) for node, one in order[:limit]}


def line_totals(node: NodeState) -> wire.LineTotalsRow:
    """What the lines of a node were taken for."""
    return wire.LineTotalsRow(node=node.name, **node.count_lines())


def line_reasons(node: NodeState, limit: int) -> dict[str, wire.LineReasonRow]:
    """The most frequent reasons of lines that were not used."""
    unused = [(key, count) for key, count in node.lines.items() if key.kind != LineKind.UNDERSTOOD]
    # What was not understood matters more than what was ignored on purpose.
    unused.sort(key=lambda item: (item[0].kind != LineKind.NOT_UNDERSTOOD, -item[1]))
    return {
        "/".join((node.name, *key)): wire.LineReasonRow(
            node=node.name, kind=key.kind, logger=key.logger, message=key.message, count=count, sample=node.samples.get(key, "")
        )
        for key, count in unused[:limit]
    }


def most_reasons(nodes: int) -> int:
    """How many reasons a node may have, of so many nodes."""
    return min(TOP_LINES, max(LEAST_LINES, TOP_LINES_IN_ALL // max(1, nodes)))


def line_rows(nodes: Collection[NodeState]) -> Rows:
    """Per node the totals, and the reasons."""
    rows: dict[str, Wire] = {}
    for node in nodes:
        rows[node.name] = line_totals(node)
        rows |= line_reasons(node, most_reasons(len(nodes)))
    return rows
