"""The topics of one view, numbered: snapshots, and deltas that lead from one to the next without a gap."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from storj_monitor.model.events import EventBatch, Row
from storj_monitor.model.ids import piece_hashes_hex
from storj_monitor.model.rollups import HOUR_S, ErrorCount, ErrorKey, HotPiece
from storj_monitor.state.live import AHEAD_S, MAX_WAITING, RING_S, Totals, totals_of
from storj_monitor.state.node_status import Topic
from storj_monitor.state.nodes import NodeState, State
from storj_monitor.state.windows import WINDOW_S
from storj_monitor.views import tables
from storj_monitor.views.actions import INFO, Counters, NodeActions, action_rows
from storj_monitor.views.summaries import SUMMARIES, summary
from storj_monitor.views.tables import TableTopic
from storj_monitor.views.topic_renderers import HELPS, TopicRenderers
from storj_monitor.views.untold import untold_reason
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.frames import LiveDelta, LiveEvent, LiveRing, LiveSnap, SecondTotals, StoreState
from storj_monitor.views.wire.topics import Rows

LIVE = "live"
MOST_NOTICES = 10
SAMPLE = 64
MAX_SECONDS = 4 * RING_S
K = TypeVar("K", bound=Hashable)


class LiveTopic:
    """Single events (a bounded sample) and exact totals since the last frame."""

    def __init__(self, state: State, nodes: list[NodeState], indices: dict[str, int]) -> None:
        self._state = state
        self._nodes = nodes
        self._indices = indices
        self._n = 0
        self._told: set[int] = set()
        self._clear()

    def _clear(self) -> None:
        self._samples: list[tuple[float, int, Sequence[Row]]] = []
        self._sampled = 0
        self._count = 0
        self._waiting: list[Sequence[Row]] = []
        self._rows_waiting = 0
        self._seconds: dict[int, list[int]] = {}
        self._ops: dict[int, list[int]] = {}

    def push(self, batch: EventBatch, totals: Totals | None = None) -> None:
        """Count a batch of one of this view's nodes; `totals` are its sums where they have been made already."""
        rows = batch.rows
        room = SAMPLE - self._sampled
        if room > 0:
            shown = rows[:room]
            self._samples.append((round(batch.read_at, 3), self._indices[batch.node], shown))
            self._sampled += len(shown)
        self._count += len(rows)
        if totals is not None:
            self._add(totals)
            return
        self._waiting.append(rows)
        self._rows_waiting += len(rows)
        if self._rows_waiting > MAX_WAITING:
            self._sum_up()

    def _sum_up(self) -> None:
        if self._waiting:
            totals = totals_of(chain.from_iterable(self._waiting))
            self._waiting, self._rows_waiting = [], 0
            self._add(totals)

    def _add(self, totals: Totals) -> None:
        _add_columns(self._seconds, totals.seconds)
        if len(self._seconds) > MAX_SECONDS:
            # Nobody takes the deltas (no page of this view shows them), or an old log is being read.
            for second in sorted(self._seconds)[:-RING_S]:
                del self._seconds[second]
        _add_columns(self._ops, totals.ops)

    def advance(self, now: float) -> LiveDelta | None:
        """The delta, None when nothing happened."""
        if not self._count:
            return None
        self._sum_up()
        self._n += 1
        oldest, newest = int(now) - RING_S, int(now) + AHEAD_S
        events = self._events()  # first: it may meet new satellites
        delta = LiveDelta(
            n=self._n,
            sats=self._new_satellites(),
            ev=events,
            more=self._count - self._sampled,
            tot=[_of_second(second, cell) for second, cell in self._seconds.items() if oldest < second <= newest],
            ops=[(op, count, size) for op, (count, size) in self._ops.items()],
        )
        self._clear()
        return delta

    def _events(self) -> list[LiveEvent]:
        """The sample. All hashes at once: that costs far less than one by one."""
        hashes = iter(piece_hashes_hex([row[5] for _, _, rows in self._samples for row in rows]))
        index = self._state.satellite_index
        return [
            (read_at, next(hashes), node, index(satellite), op, size, duration_ms)
            for read_at, node, rows in self._samples
            for _, satellite, op, size, duration_ms, _, _, _ in rows
        ]

    def snapshot(self, now: float) -> LiveSnap:
        """The ring of the view's nodes; call right after `advance`."""
        columns = [
            [sum(values) for values in zip(*parts, strict=True)] for parts in zip(*(n.ring.columns(now) for n in self._nodes), strict=True)
        ]
        up_bytes, down_bytes, up_ops, down_ops = columns or [[0] * RING_S] * 4
        return LiveSnap(
            n=self._n,
            sats={str(i): sat for sat, i in self._state.satellites.items()},
            ring=LiveRing(t=int(now), step=1, up_bytes=up_bytes, down_bytes=down_bytes, up_ops=up_ops, down_ops=down_ops),
        )

    def _new_satellites(self) -> dict[str, str]:
        """Satellites not told yet. Clients that join later have them from their snapshot."""
        if len(self._told) == len(self._state.satellites):
            return {}
        new = {str(i): sat for sat, i in self._state.satellites.items() if i not in self._told}
        self._told.update(self._state.satellites.values())
        return new


class TopicFeed:
    """One view; see server.ports.TopicFeed."""

    def __init__(
        self, state: State, renderers: TopicRenderers | None, nodes: tuple[str, ...], indices: dict[str, int], diffs: bool
    ) -> None:
        self.state = state
        self._renderers = renderers
        self.nodes = [state.nodes[name] for name in nodes]
        self._names = frozenset(nodes)
        self.live = LiveTopic(state, self.nodes, indices)
        self._tables = {
            name: TableTopic(partial(build, self), diffs, partial(SINCE[name], self) if name in SINCE else None)
            for name, build in TABLES.items()
        }
        if renderers is not None:
            self._tables |= {name: _node_table(renderers, name, nodes, diffs) for name in HELPS}

    def push(self, batch: EventBatch, totals: Totals | None = None) -> None:
        """A batch was read; batches of other nodes are not this view's."""
        if batch.node in self._names:
            self.live.push(batch, totals)

    def advance(self, topics: Collection[str], now: float, slow: bool) -> dict[str, Wire]:
        """Due deltas by topic."""
        due: dict[str, Wire] = {}
        if LIVE in topics and (delta := self.live.advance(now)) is not None:
            due[LIVE] = delta
        if slow:
            for topic in topics:
                table = self._tables.get(topic)
                if table and (change := table.advance(self._revision(topic), now)) is not None:
                    due[topic] = change
        return due

    def _revision(self, topic: str) -> int:
        if self._renderers is None:
            return self.state.revision
        if topic == "actions":  # nodes' own counters may stand in
            return self.state.revision + self._renderers.revision(Topic.HEALTH)
        return self._renderers.revision(topic) if topic in HELPS else self.state.revision

    def counted(self, name: str) -> Counters | None:
        """What a node's own counters say of the last hour."""
        return self._renderers.counted(name) if self._renderers is not None else None

    def snapshot(self, topics: Collection[str], now: float) -> dict[str, Wire]:
        """Each topic in full, as its deltas up to its `n` describe it."""
        return {topic: self.live.snapshot(now) if topic == LIVE else self._tables[topic].snapshot() for topic in topics}


def _node_table(renderers: TopicRenderers, topic: str, nodes: tuple[str, ...], diffs: bool) -> TableTopic:
    """What nodes say of themselves: of one node all of it, of several what a first look shows."""
    cut = len(nodes) > 1 and topic in SUMMARIES

    def build() -> Rows:
        rows = renderers.rows(topic, nodes)
        return summary(rows) if cut else rows

    return TableTopic(build, diffs, help=HELPS[topic], summary=cut)


def _actions(feed: TopicFeed) -> Rows:
    return action_rows(
        [
            NodeActions(
                n.window.by_op,
                n.resolution_ms,
                feed.counted(n.name),
                tells_success=n.character.tells_transfers,
                hides_failures=n.character.level == INFO,
                rejected=n.rejected_since(n.newest_ms / 1000 - WINDOW_S),
            )
            for n in feed.nodes
        ]
    )


def _satellites(feed: TopicFeed) -> Rows:
    return tables.satellite_rows(_sum_pairs(n.window.by_satellite for n in feed.nodes), tables.TOP_SATELLITES, feed.state.satellite_names)


def _sizes(feed: TopicFeed) -> Rows:
    return tables.size_rows(tables.sum_cells(n.window.by_op for n in feed.nodes))


def _errors(feed: TopicFeed) -> Rows:
    merged: dict[ErrorKey, ErrorCount] = {}
    nodes: dict[ErrorKey, list[str]] = {}
    for node in feed.nodes:
        for key, seen in node.window.errors.items():
            merged.setdefault(key, ErrorCount()).merge(seen)
            nodes.setdefault(key, []).append(node.name)
    return tables.error_rows(merged, nodes)


def _pieces(feed: TopicFeed) -> Rows:
    merged: dict[int, HotPiece] = {}
    for node in feed.nodes:
        for piece, hot in node.hot.items():
            known = merged.setdefault(piece, HotPiece(hot.piece_id, hot.satellite))
            known.count += hot.count
            known.error += hot.error
            known.size_bytes += hot.size_bytes
    return tables.piece_rows(merged)


def _countries(feed: TopicFeed) -> Rows:
    return tables.country_rows(_sum_pairs(n.window.by_country for n in feed.nodes))


def _sum_pairs(parts: Iterable[dict[K, list[int]]]) -> dict[K, list[int]]:
    """[count, bytes] by key, added up."""
    merged: dict[K, list[int]] = {}
    for part in parts:
        for key, (count, size) in part.items():
            pair = merged.setdefault(key, [0, 0])
            pair[0] += count
            pair[1] += size
    return merged


def _compactions(feed: TopicFeed) -> Rows:
    running = ((node.name, one) for node in feed.nodes for one in node.compactions.current())
    return tables.newest_compactions(running, names=feed.state.satellite_names)


def _nodes(feed: TopicFeed) -> Rows:
    problem = feed.state.store_problem
    return {node.name: tables.node_row(node, problem, untold_reason(node)) for node in feed.nodes}


def _lines(feed: TopicFeed) -> Rows:
    return tables.line_rows(feed.nodes)


def _of_second(second: int, cell: Sequence[int]) -> SecondTotals:
    up_bytes, down_bytes, up_ops, down_ops = cell
    return second, up_bytes, down_bytes, up_ops, down_ops


def _add_columns(into: dict[int, list[int]], more: Mapping[int, Sequence[int]]) -> None:
    """Add rows of numbers by key."""
    for key, values in more.items():
        known = into.get(key)
        if known is None:
            into[key] = list(values)
        else:
            for i, value in enumerate(values):
                known[i] += value


def _since_an_hour_ago(_feed: TopicFeed, now: float) -> float:
    return float(int(now) // 60 * 60 - WINDOW_S + 60)


def _since_known(feed: TopicFeed, now: float) -> float:
    """The last 60 minutes, or since the clock hour that a restart began with."""
    return max([_since_an_hour_ago(feed, now), *(float(node.window.since_s) for node in feed.nodes)])


def _since_full_hour(feed: TopicFeed, now: float) -> float:
    """Pieces are counted by the clock hour of the log."""
    return float(max((node.newest_ms // 1000 for node in feed.nodes), default=int(now)) // HOUR_S * HOUR_S)


SINCE: dict[str, Callable[[TopicFeed, float], float]] = {
    "actions": _since_an_hour_ago,
    "satellites": _since_an_hour_ago,
    "sizes": _since_an_hour_ago,
    "errors": _since_known,
    "countries": _since_known,
    "pieces": _since_full_hour,
}
"""Topics whose figures are of a stretch of time: where it begins."""

TABLES: dict[str, Callable[[TopicFeed], Rows]] = {
    "nodes": _nodes,
    "actions": _actions,
    "satellites": _satellites,
    "sizes": _sizes,
    "errors": _errors,
    "pieces": _pieces,
    "countries": _countries,
    "compactions": _compactions,
    "lines": _lines,
}


class TopicFeeds:
    """All open views; see server.ports.TopicFeeds. The app pushes batches in, the server takes deltas out."""

    def __init__(self, state: State, diffs: bool, renderers: TopicRenderers | None = None) -> None:
        self._state = state
        self._renderers = renderers
        self._diffs = diffs
        self.opened: list[Callable[[], None]] = []
        """Called when somebody begins to watch."""
        self._open: dict[tuple[str, ...], TopicFeed] = {}

    def nodes(self) -> tuple[str, ...]:
        return tuple(self._state.nodes)

    def store(self) -> StoreState:
        return StoreState(problem=self._state.store_problem, notices=list(self._state.store_notices[-MOST_NOTICES:]))

    def topics(self) -> frozenset[str]:
        return frozenset((LIVE, *TABLES, *(HELPS if self._renderers is not None else ())))

    def open(self, nodes: tuple[str, ...]) -> TopicFeed:
        feed = TopicFeed(self._state, self._renderers, nodes, {name: i for i, name in enumerate(self.nodes())}, self._diffs)
        self._open[nodes] = feed
        for subscriber in self.opened:
            subscriber()
        return feed

    def close(self, nodes: tuple[str, ...]) -> None:
        del self._open[nodes]

    def push(self, batch: EventBatch) -> None:
        """A batch was read. For one view the batches of a tick are summed up in one go; for several, each batch once for all."""
        totals = totals_of(batch.rows) if len(self._open) > 1 else None
        for feed in self._open.values():
            feed.push(batch, totals)


__all__ = ["SAMPLE", "TopicFeed", "TopicFeeds"]
