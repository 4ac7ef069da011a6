"""Answers of /api/v1 about the past, from the reader; see docs/protocol.md for the shapes and server.ports for the window."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, cast

import msgspec

from storj_monitor.database import queries
from storj_monitor.database.queries import Connection
from storj_monitor.database.reader import Reader
from storj_monitor.model.events import LineKey
from storj_monitor.model.ids import op_action, op_outcome
from storj_monitor.model.node_events import AnyNodeEvent
from storj_monitor.model.rollups import HOUR_S, ErrorCount, ErrorKey, HotPiece
from storj_monitor.state.compactions import COMPACTION_KINDS, Compactions
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.stats import quantile
from storj_monitor.views import tables
from storj_monitor.views.tables import Row

P = ParamSpec("P")
T = TypeVar("T")
Payload = dict[str, object]

MAX_ERRORS = 100
MAX_PIECES = 100
MAX_COMPACTIONS = 200
# Lines of a compaction that a window of MAX_COMPACTIONS can have; each has about a dozen.
MAX_COMPACTION_EVENTS = 4000


class Window(NamedTuple):
    """A checked question: [from_s, to_s), both multiples of bucket_s. Same fields as server.ports.Window."""

    from_s: int
    to_s: int
    bucket_s: int
    nodes: tuple[str, ...]


class AnyWindow(Protocol):
    """Windows are only read."""

    @property
    def from_s(self) -> int: ...
    @property
    def to_s(self) -> int: ...
    @property
    def bucket_s(self) -> int: ...
    @property
    def nodes(self) -> tuple[str, ...]: ...


class AnswerCache:
    """The newest answers of the database, good until the next commit, ours (`committed_at`) or another process's (`loads`).

    Ten pages that ask the same make one question; on a quiet node most questions are never asked twice.
    """

    def __init__(self, version: Callable[[], Hashable], size: int = 64) -> None:
        self._version = version
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[Hashable, object]] = OrderedDict()

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The kept answer of this version, or a new one. Answers are shared: nobody may change them."""
        version = self._version()
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(key)
            return cast(T, kept[1])
        answer = await ask()
        self._kept[key] = (version, answer)
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return answer


def in_hours(window: AnyWindow) -> Window:
    """The window, snapped outward to hours: what is kept by the hour cannot be asked finer."""
    return Window(window.from_s // HOUR_S * HOUR_S, -(-window.to_s // HOUR_S) * HOUR_S, max(HOUR_S, window.bucket_s), window.nodes)


class Questions:
    """One method a path. `committed_at` tells the time of the newest commit: the `as_of` of every answer."""

    def __init__(self, reader: Reader, state: State, committed_at: Callable[[], float]) -> None:
        self._reader = reader
        self._state = state
        self._committed_at = committed_at
        self._answers = AnswerCache(lambda: (committed_at(), state.loads))
        self._ids: dict[str, int] = {}
        self._decode = msgspec.json.Decoder(AnyNodeEvent).decode

    async def nodes(self, window: AnyWindow) -> Payload:
        stored = {node.name: node for node in await self._ask(queries.nodes)}
        rows = []
        for name in window.nodes:
            node, known = self._state.nodes[name], stored.get(name)
            rows.append(
                {
                    "name": name,
                    "node_id": node.node_id,
                    "version": node.version,
                    "first": known.first_ms / 1000 if known and known.first_ms else None,
                    "last": known.newest_ms / 1000 if known and known.newest_ms else None,
                    **node.count_lines(),
                    "state": node.status.state,
                    "detail": node.status.detail,
                    "path": node.status.path,
                }
            )
        return self._answer(rows=rows)

    async def traffic(self, window: AnyWindow) -> Payload:
        rows = await self._ask_of(window.nodes, queries.traffic, window.from_s, window.to_s, window.bucket_s)
        times = list(range(window.from_s, window.to_s, window.bucket_s))
        columns: dict[int, tuple[list[int], list[int]]] = {}
        for start, op, count, size in rows:
            counts, sizes = columns.setdefault(op, ([0] * len(times), [0] * len(times)))
            place = (start - window.from_s) // window.bucket_s
            counts[place] += count
            sizes[place] += size
        series = [{**_op_names(op), "count": counts, "bytes": sizes} for op, (counts, sizes) in sorted(columns.items())]
        return self._answer(bucket_s=window.bucket_s, times=times, series=series)

    async def actions(self, window: AnyWindow) -> Payload:
        cells = await self._ask_of(window.nodes, queries.totals, window.from_s, window.to_s)
        return self._answer(rows=list(tables.action_rows(cells, self._resolution_ms(window.nodes)).values()))

    async def satellites(self, window: AnyWindow) -> Payload:
        sums, names = await self._ask_of(window.nodes, _satellite_sums, window.from_s, window.to_s)
        rows = tables.satellite_rows({(names.get(satellite, ""), op): pair for (satellite, op), pair in sums.items()})
        return self._answer(rows=[{"satellite": satellite, **row} for satellite, row in rows.items()])

    async def latency(self, window: AnyWindow) -> Payload:
        cells = await self._ask_of(window.nodes, queries.totals, window.from_s, window.to_s)
        rows: list[Row] = []
        for op, cell in sorted(cells.items()):
            quantiles = {f"p{p}_ms": _rounded(quantile(cell.buckets, p / 100)) for p in (50, 90, 95, 99)}
            rows.append(
                {
                    **_op_names(op),
                    "count": cell.count,
                    "timed": cell.timed,
                    "mean_ms": round(cell.duration_sum_ms / cell.timed, 1) if cell.timed else None,
                    **quantiles,
                    "max_ms": cell.duration_max_ms if cell.timed else None,
                    "resolution_ms": self._resolution_ms(window.nodes) if cell.timed else None,
                }
            )
        return self._answer(rows=rows)

    async def sizes(self, window: AnyWindow) -> Payload:
        cells = await self._ask_of(window.nodes, queries.totals, window.from_s, window.to_s)
        return self._answer(rows=list(tables.size_rows(cells).values()))

    async def errors(self, window: AnyWindow) -> Payload:
        hours = in_hours(window)
        found = await self._ask_of(window.nodes, queries.errors, hours.from_s, hours.to_s, MAX_ERRORS)
        errors = {
            ErrorKey(0, level, logger, message, template): ErrorCount(count, first, last, sample, satellite)
            for level, logger, message, template, count, first, last, sample, satellite in found
        }
        return self._answer(rows=list(tables.error_rows(errors, MAX_ERRORS).values()), **_bounds(hours))

    async def pieces(self, window: AnyWindow) -> Payload:
        hours = in_hours(window)
        found = await self._ask_of(window.nodes, queries.hot_pieces, hours.from_s, hours.to_s, MAX_PIECES)
        pieces = {
            piece & 0xFFFFFFFFFFFFFFFF: HotPiece(piece_id, satellite or "", count, error, size)
            for piece, piece_id, satellite, count, error, size in found
        }
        for name in window.nodes:
            self._add_open_hour(pieces, self._state.nodes[name], hours)
        return self._answer(rows=list(tables.piece_rows(pieces, MAX_PIECES).values()), **_bounds(hours))

    async def countries(self, window: AnyWindow) -> Payload:
        hours = in_hours(window)
        found = await self._ask_of(window.nodes, queries.countries, hours.from_s, hours.to_s)
        rows = tables.country_rows({(country, direction): [count, size] for country, direction, count, size in found}, 300)
        return self._answer(rows=list(rows.values()), **_bounds(hours))

    async def compactions(self, window: AnyWindow) -> Payload:
        events, names = await self._ask_of(window.nodes, _compaction_events, window.from_s * 1000, window.to_s * 1000)
        rows: list[Row] = []
        by_node: dict[int, Compactions] = {}
        for node, _, _, _, _, data in reversed(events):
            by_node.setdefault(node, Compactions(keep=MAX_COMPACTIONS)).on_event(self._decode(data))
        for node, compactions in by_node.items():
            rows += [tables.compaction_row(names[node], one) for one in compactions.every()]
        rows.sort(key=lambda row: -float(str(row["started"] or 0)))
        return self._answer(rows=rows[:MAX_COMPACTIONS])

    async def logs(self, window: AnyWindow) -> Payload:
        found = await self._ask_of(window.nodes, queries.line_counts)
        names = {identity: name for name, identity in self._ids.items()}
        nodes = {name: NodeState(name) for name in window.nodes}
        for node, kind, logger, message, count, sample in found:
            key = LineKey(kind, logger, message)
            nodes[names[node]].lines[key] = count
            nodes[names[node]].samples[key] = sample
        rows = tables.line_rows(nodes.values())
        totals = [row for row in rows.values() if "kind" not in row]
        return self._answer(totals=totals, rows=[row for row in rows.values() if "kind" in row])

    async def _ask(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._reader.ask(question, *args, **kwargs)

    async def _ask_of(
        self,
        names: Sequence[str],
        question: Callable[Concatenate[Connection, Sequence[int], P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Ask about nodes by name; a node that has never had a line is not in the database and adds nothing."""
        if any(name not in self._ids for name in names):
            self._ids = {node.name: node.id for node in await self._ask(queries.nodes)}
        ids = [self._ids[name] for name in names if name in self._ids]
        key = (question, tuple(ids), args, tuple(kwargs.items()))
        return await self._answers.get(key, lambda: self._reader.ask(question, ids, *args, **kwargs))

    def _answer(self, **parts: object) -> Payload:
        return {"as_of": self._committed_at() or None, **parts}

    def _resolution_ms(self, names: Sequence[str]) -> int:
        return max((self._state.nodes[name].resolution_ms for name in names), default=0)

    @staticmethod
    def _add_open_hour(pieces: dict[int, HotPiece], node: NodeState, window: Window) -> None:
        """The hour that is not closed yet is only in memory."""
        if not window.from_s <= node.newest_ms // 1000 < window.to_s:
            return
        for piece, hot in node.hot.items():
            known = pieces.setdefault(piece, HotPiece(hot.piece_id, hot.satellite))
            known.piece_id = known.piece_id or hot.piece_id
            known.count += hot.count
            known.error += hot.error
            known.size_bytes += hot.size_bytes


def _bounds(window: Window) -> dict[str, object]:
    return {"from": window.from_s, "to": window.to_s}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _op_names(op: int) -> Row:
    action = op_action(op)
    return {"action": action.label, "direction": action.direction, "outcome": op_outcome(op).label}


def _satellite_sums(
    db: Connection, node_ids: Sequence[int], from_s: int, to_s: int
) -> tuple[dict[tuple[int, int], list[int]], dict[int, str]]:
    return queries.by_satellite(db, node_ids, from_s, to_s), queries.satellites(db)


def _compaction_events(db: Connection, node_ids: Sequence[int], from_ms: int, to_ms: int) -> tuple[list[queries.Row], dict[int, str]]:
    rows = queries.node_events(db, COMPACTION_KINDS, node_ids, from_ms, to_ms, MAX_COMPACTION_EVENTS)
    return rows, {node.id: node.name for node in queries.nodes(db)}
