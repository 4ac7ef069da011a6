"""Answers of /api/v1 about the past, from the reader; see docs/protocol.md for the shapes and server.ports for the window."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar, cast

import msgspec

from storj_monitor.database import node_tables as store
from storj_monitor.database import queries
from storj_monitor.database.bad_rows import bad_rows_of
from storj_monitor.database.queries import Connection, Kept, clip_to_retention
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError
from storj_monitor.model.events import LineKey, LineKind
from storj_monitor.model.ids import op_action, op_outcome, satellite_name
from storj_monitor.model.node_events import AnyNodeEvent
from storj_monitor.model.node_metrics import Growth
from storj_monitor.model.rollups import HOUR_S, Cell, HotPiece
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.state.compactions import HISTORY_KINDS, RUNNING, Compactions
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.stats import quantile
from storj_monitor.views import tables
from storj_monitor.views.actions import INFO, NodeActions, action_rows, counted_hours
from storj_monitor.views.event_queries import event_page
from storj_monitor.views.node_states import state_reasons
from storj_monitor.views.topic_renderers import TopicRenderers
from storj_monitor.views.untold import has_success, satellite_answer_row, traffic_series, untold_of, untold_reason
from storj_monitor.views.windows import AnyWindow, Window, about, in_hours
from storj_monitor.views.wire import answers as wire
from storj_monitor.views.wire.tables import CompactionRow, LatencyRow

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)
KEPT_ANSWERS = 64
MAX_ERRORS = 100
MAX_PIECES = 100
MAX_COMPACTIONS = 200
# Lines of a compaction that a window of MAX_COMPACTIONS can have; each has about a dozen.
MAX_COMPACTION_EVENTS = 4000
DAY_MS = 86_400_000
_DECODE = msgspec.json.Decoder(AnyNodeEvent).decode


class AnswerCache:
    """The newest answers of the database, good until the next commit, ours (`committed_at`) or another process's (`loads`).

    Ten pages that ask the same make one question; on a quiet node most questions are never asked twice.
    """

    def __init__(self, version: Callable[[], Hashable], size: int = KEPT_ANSWERS) -> None:
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


class HistoryQueries:
    """One method a path. `committed_at` tells the time of the newest commit: the `as_of` of every answer."""

    def __init__(self, reader: Reader, state: State, committed_at: Callable[[], float], renderers: TopicRenderers | None = None) -> None:
        self._renderers = renderers
        self._reader = reader
        self._state = state
        self._committed_at = committed_at
        self._answers = AnswerCache(lambda: (committed_at(), state.loads))
        self._ids: dict[str, int] = {}
        self._ids_of = -1
        self._stored: dict[str, queries.StoredNode] = {}

    async def nodes(self, window: AnyWindow) -> wire.NodesAnswer:
        as_of = self._as_of()
        try:
            self._stored = {node.name: node for node in await self._ask(queries.nodes)}
            totals = await self._ask(queries.line_totals)
        except StoreError:
            _log.warning("nodes are answered from memory, the database cannot be read")
            totals = None
        rows = [self._node(self._state.nodes[name], self._stored.get(name), totals) for name in window.nodes]
        return wire.NodesAnswer(**about(window, as_of), rows=rows)

    def _node(self, node: NodeState, known: queries.StoredNode | None, totals: Mapping[tuple[int, str], int] | None) -> wire.NodeAnswerRow:
        state, detail = tables.log_state(node, self._state.store_problem)
        judged = node.judged
        return wire.NodeAnswerRow(
            name=node.name,
            node_id=node.node_id,
            version=node.version,
            first=known.first_ms / 1000 if known and known.first_ms else None,
            last=known.newest_ms / 1000 if known and known.newest_ms else node.newest_ms / 1000 or None,
            **(node.count_lines() if totals is None else _line_totals(totals, known.id if known else 0)),
            state=state,
            detail=detail,
            path=node.status.path,
            node_state=judged.kind.label,
            node_state_since=judged.since,
            node_state_reason=judged.sentence,
            reasons=state_reasons(judged),
            log=tables.log_row(node.character, untold_reason(node)),
        )

    async def traffic(self, window: AnyWindow) -> wire.TrafficAnswer:
        as_of = self._as_of()
        kept, rows = await self._ask_of(window.nodes, _traffic, window.from_s, window.to_s, window.bucket_s)
        times = list(range(kept.from_s, kept.to_s, kept.bucket_s))
        columns: dict[int, tuple[list[int], list[int]]] = {}
        for start, op, count, size in rows:
            counts, sizes = columns.setdefault(op, ([0] * len(times), [0] * len(times)))
            place = (start - kept.from_s) // kept.bucket_s
            counts[place] += count
            sizes[place] += size
        untold = untold_of(self._state, window.nodes).beside(has_successes=has_success(columns))
        series = [traffic_series(op, [*counts], [*sizes]) for op, (counts, sizes) in sorted(columns.items())]
        return wire.TrafficAnswer(
            **about(window, as_of, kept),
            bucket_s=kept.bucket_s,
            times=times,
            series=[*series, *untold.series(len(times))],
            unknown=untold.unknown,
            left_out=untold.left_out,
        )

    async def actions(self, window: AnyWindow) -> wire.ActionsAnswer:
        as_of = self._as_of()
        hours = in_hours(window)
        counters = await self._counters(hours)
        plain = [name for name in window.nodes if name not in counters]
        mute = [name for name in plain if not self._state.nodes[name].character.tells_transfers]
        plain = [name for name in plain if name not in mute]
        kept, cells = await self._ask_of(plain, _totals, window.from_s, window.to_s)
        hides = any(self._state.nodes[name].character.level == INFO for name in plain)
        told = [NodeActions(cells, self._resolution_ms(plain), hides_failures=hides)]
        if mute:
            kept, cells = await self._ask_of(mute, _totals, window.from_s, window.to_s)
            told.append(NodeActions(cells, tells_success=False))
        for name, growth in counters.items():
            kept, cells = await self._ask_of([name], _totals, window.from_s, window.to_s)
            _, compared = await self._ask_of([name], _totals, hours.from_s, hours.to_s)
            own = self._renderers.counters(name, growth, window.to_s) if self._renderers else None
            tells = self._state.nodes[name].character.tells_transfers
            told.append(NodeActions(cells, self._resolution_ms([name]), own, compared, tells_success=tells))
        rows = list(action_rows(told).values())
        untold = untold_of(self._state, window.nodes).beside(has_successes=any(row.success for row in rows))
        return wire.ActionsAnswer(
            **about(window, as_of, kept),
            rows=rows,
            counters_window=wire.CountedHours(from_=hours.from_s, to=hours.to_s) if counters else None,
            unknown=untold.unknown,
            left_out=untold.left_out,
        )

    async def _counters(self, hours: Window) -> dict[str, dict[int, Growth]]:
        """Growth of nodes' own counters by name; nodes without are not in it."""
        if self._renderers is None:
            return {}
        from_ms, to_ms = hours.from_s * 1000, hours.to_s * 1000
        stored = await self._ask(store.read, store.COUNTER_HOUR, hours.nodes, from_ms, to_ms)
        return counted_hours(stored, self._renderers.nodes(hours.nodes), from_ms, to_ms)

    async def satellites(self, window: AnyWindow) -> wire.SatellitesAnswer:
        as_of = self._as_of()
        kept, sums, names = await self._ask_of(window.nodes, _satellite_sums, window.from_s, window.to_s)
        rows = tables.satellite_rows(
            {(names.get(satellite, ""), op): pair for (satellite, op), pair in sums.items()}, names=self._state.satellite_names
        )
        untold = untold_of(self._state, window.nodes).beside(has_successes=has_success(op for _, op in sums))
        is_unknown = untold.unknown is not None
        return wire.SatellitesAnswer(
            **about(window, as_of, kept),
            rows=[satellite_answer_row(satellite, row, is_unknown=is_unknown) for satellite, row in rows.items()],
            unknown=untold.unknown,
            left_out=untold.left_out,
        )

    async def latency(self, window: AnyWindow) -> wire.LatencyAnswer:
        as_of = self._as_of()
        kept, cells = await self._ask_of(window.nodes, _totals, window.from_s, window.to_s)
        resolution_ms = self._resolution_ms(window.nodes)
        rows = [_latency(op, cell, resolution_ms) for op, cell in sorted(cells.items())]
        return wire.LatencyAnswer(**about(window, as_of, kept), rows=rows)

    async def sizes(self, window: AnyWindow) -> wire.SizesAnswer:
        as_of = self._as_of()
        kept, cells = await self._ask_of(window.nodes, _totals, window.from_s, window.to_s)
        return wire.SizesAnswer(**about(window, as_of, kept), rows=list(tables.size_rows(cells).values()))

    async def errors(self, window: AnyWindow) -> wire.ErrorsAnswer:
        as_of = self._as_of()
        hours = in_hours(window)
        kept, found = await self._ask_of(window.nodes, _errors, hours.from_s, hours.to_s)
        names = {number: name for name, number in self._ids.items()}
        nodes = {one.key: [names[number] for number in one.nodes if number in names] for one in found}
        rows = tables.error_rows({one.key: one.seen for one in found}, nodes, MAX_ERRORS)
        return wire.ErrorsAnswer(**about(window, as_of, kept), rows=list(rows.values()))

    async def pieces(self, window: AnyWindow) -> wire.PiecesAnswer:
        as_of = self._as_of()
        hours = in_hours(window)
        found = await self._ask_of(window.nodes, queries.hot_pieces, hours.from_s, hours.to_s, MAX_PIECES)
        pieces = {
            piece & 0xFFFFFFFFFFFFFFFF: HotPiece(piece_id, satellite or "", count, error, size)
            for piece, piece_id, satellite, count, error, size in found
        }
        for name in window.nodes:
            self._add_open_hour(pieces, self._state.nodes[name], hours)
        rows = list(tables.piece_rows(pieces, MAX_PIECES).values())
        return wire.PiecesAnswer(**about(window, as_of, hours), rows=rows)

    async def countries(self, window: AnyWindow) -> wire.CountriesAnswer:
        as_of = self._as_of()
        hours = in_hours(window)
        kept, found = await self._ask_of(window.nodes, _countries, hours.from_s, hours.to_s)
        rows = tables.country_rows({(country, direction): [count, size] for country, direction, count, size in found}, 300)
        return wire.CountriesAnswer(**about(window, as_of, kept), rows=list(rows.values()))

    async def compactions(self, window: AnyWindow) -> wire.CompactionsAnswer:
        as_of = self._as_of()
        rows = await self._ask_of(window.nodes, _compactions, window.from_s * 1000, window.to_s * 1000)
        found = [self._as_it_runs(row) for row in rows]
        return wire.CompactionsAnswer(**about(window, as_of), rows=found)

    def _as_it_runs(self, row: CompactionRow) -> CompactionRow:
        """Memory has the stage of what runs now, and names by addresses."""
        row = msgspec.structs.replace(row, name=satellite_name(row.satellite, self._state.satellite_names))
        node = self._state.nodes.get(row.node)
        if row.state != RUNNING or node is None:
            return row
        now = (tables.compaction_row(node.name, one) for one in node.compactions.current())
        same = (row.satellite, row.store, row.started)
        return next((other for other in now if (other.satellite, other.store, other.started) == same), row)

    async def logs(self, window: AnyWindow) -> wire.LogsAnswer:
        as_of = self._as_of()
        found = await self._ask_of(window.nodes, queries.line_counts)
        names = {self._ids[name]: name for name in window.nodes if name in self._ids}
        nodes = {name: NodeState(name) for name in window.nodes}
        for node, kind, logger, message, count, sample in found:
            if node in names:
                key = LineKey(kind, logger, message)
                nodes[names[node]].lines[key] = count
                nodes[names[node]].samples[key] = sample
        most = tables.most_reasons(len(nodes))
        return wire.LogsAnswer(
            **about(window, as_of),
            totals=[tables.line_totals(one) for one in nodes.values()],
            rows=[row for one in nodes.values() for row in tables.line_reasons(one, most).values()],
        )

    async def events(self, window: AnyWindow, wanted: EventFilter) -> wire.EventsAnswer:
        return await event_page(self._reader, self._renderers, window, wanted, self._as_of())

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
        if self._ids_of != self._state.loads or any(name not in self._ids for name in names):
            # Names and ids may have changed with the last commit of another process.
            loads = self._state.loads
            self._ids = {node.name: node.id for node in await self._ask(queries.nodes)}
            self._ids_of = loads  # only now: a question that fails, or that is not answered yet, has brought nothing
        ids = [self._ids[name] for name in names if name in self._ids]
        key = (question, tuple(ids), args, tuple(kwargs.items()))
        return await self._answers.get(key, lambda: self._reader.ask(question, ids, *args, **kwargs))

    def _as_of(self) -> float | None:
        """To be taken before the question: what is committed meanwhile may be in the answer, or not."""
        return self._committed_at() or None

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


def _line_totals(totals: Mapping[tuple[int, str], int], node: int) -> dict[str, int]:
    """As `NodeState.count_lines`, of the commit that the answer is of: memory has already more."""
    counts = {kind: totals.get((node, kind), 0) for kind in (LineKind.UNDERSTOOD, LineKind.IGNORED, LineKind.NOT_UNDERSTOOD)}
    return {"lines": sum(counts.values()), **counts}


def _latency(op: int, cell: Cell, resolution_ms: int) -> LatencyRow:
    action = op_action(op)
    return LatencyRow(
        action=action.label,
        direction=action.direction,
        outcome=op_outcome(op).label,
        count=cell.count,
        timed=cell.timed,
        mean_ms=round(cell.duration_sum_ms / cell.timed, 1) if cell.timed else None,
        p50_ms=_rounded(quantile(cell.buckets, 0.50)),
        p90_ms=_rounded(quantile(cell.buckets, 0.90)),
        p95_ms=_rounded(quantile(cell.buckets, 0.95)),
        p99_ms=_rounded(quantile(cell.buckets, 0.99)),
        max_ms=cell.duration_max_ms if cell.timed else None,
        resolution_ms=resolution_ms if cell.timed else None,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _traffic(db: Connection, node_ids: Sequence[int], from_s: int, to_s: int, bucket_s: int) -> tuple[Kept, list[queries.Row]]:
    kept = clip_to_retention(db, node_ids, from_s, to_s, bucket_s, points=True)
    return kept, queries.traffic(db, node_ids, *kept)


def _totals(db: Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> tuple[Kept, dict[int, Cell]]:
    kept = clip_to_retention(db, node_ids, from_s, to_s, 60, points=False)
    return kept, queries.totals(db, node_ids, kept.from_s, kept.to_s)


def _satellite_sums(
    db: Connection, node_ids: Sequence[int], from_s: int, to_s: int
) -> tuple[Kept, dict[tuple[int, int], list[int]], dict[int, str]]:
    kept = clip_to_retention(db, node_ids, from_s, to_s, 60, points=False)
    return kept, queries.by_satellite(db, node_ids, kept.from_s, kept.to_s), queries.satellites(db)


def _errors(db: Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> tuple[Kept, list[queries.FoundError]]:
    kept = clip_to_retention(db, node_ids, from_s, to_s, HOUR_S, points=False)
    return kept, queries.errors(db, node_ids, kept.from_s, kept.to_s, MAX_ERRORS)


def _countries(db: Connection, node_ids: Sequence[int], from_s: int, to_s: int) -> tuple[Kept, list[queries.Row]]:
    kept = clip_to_retention(db, node_ids, from_s, to_s, HOUR_S, points=False)
    return kept, queries.countries(db, node_ids, kept.from_s, kept.to_s)


def _compactions(db: Connection, node_ids: Sequence[int], from_ms: int, to_ms: int) -> list[CompactionRow]:
    """Those that ran within the window, newest first.

    Read a day around it, so that none is without its beginning, or looks as if it were running when it has ended since.
    """
    rows: list[CompactionRow] = []
    for node in (node for node in queries.nodes(db) if node.id in node_ids):
        compactions = Compactions(keep=MAX_COMPACTIONS)
        around = (from_ms - DAY_MS, to_ms + DAY_MS)
        stored = queries.newest_compactions(db, node.id, HISTORY_KINDS, *around, MAX_COMPACTIONS, MAX_COMPACTION_EVENTS)
        for event in bad_rows_of(db).each("node_event", stored, _DECODE):
            compactions.on_event(event)
        within = (one for one in compactions.every() if (one.started_ms or one.finished_ms) < to_ms and not 0 < one.finished_ms < from_ms)
        rows += [tables.compaction_row(node.name, one) for one in within]
    rows.sort(key=lambda row: -(row.started or 0.0))
    return rows[:MAX_COMPACTIONS]
