"""What the server asks of the rest of the product; `views` answers, `app` joins the two."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from storj_monitor.model.figures import Family
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.views.wire.frames import StoreState

__all__ = ["LIVE", "Family", "TopicFeed", "TopicFeeds", "Gauges", "Parts", "Payload", "HistoryQueries", "NodeQueries", "Window"]

LIVE = "live"
Payload = Struct | Mapping[str, object]
"""An object for the wire, as the encoder takes it: a Struct of views.wire."""
Parts = frozenset[str]


class TopicFeed(Protocol):
    """The topics of one view (a set of nodes), shared by all clients that watch it. Called on the event loop only."""

    def snapshot(self, topics: Collection[str], now: float) -> Mapping[str, Payload]:
        """Each topic in full: exactly the state that its deltas up to its `n` describe, `n` included.

        Not more: a change that no delta has carried yet must not be in it. The broadcaster makes that easy: right before,
        in the same turn of the loop, it advances `live` and every topic that nobody was watching.
        """
        ...

    def advance(self, topics: Collection[str], now: float, slow: bool) -> Mapping[str, Payload]:
        """The deltas since the last call, by topic, each with its own `n` (one more than that topic's last).

        Topics without a change are left out. `slow=False`: only `live` is due. Cheap when there is nothing.
        """
        ...


class TopicFeeds(Protocol):
    """Where feeds come from. Work is done only for what is open."""

    def nodes(self) -> tuple[str, ...]:
        """Names of all nodes, in the order that `hello.nodes` has."""
        ...

    def topics(self) -> frozenset[str]:
        """All topics that can be subscribed."""
        ...

    def store(self) -> StoreState:
        """How the database stands; new notices are told to pages at once."""
        ...

    def open(self, nodes: tuple[str, ...]) -> TopicFeed:
        """A view got its first client. `nodes` is in the order of `nodes()`, without doubles."""
        ...

    def close(self, nodes: tuple[str, ...]) -> None:
        """The last client of a view has left."""
        ...


class Window(NamedTuple):
    """A checked question about the past: [from_s, to_s) in Unix seconds, both multiples of bucket_s; nodes as in `TopicFeeds.nodes()`."""

    from_s: int
    to_s: int
    bucket_s: int
    nodes: tuple[str, ...]


class HistoryQueries(Protocol):
    """/api/v1, one method a path. Each answers with what docs/protocol.md says, `as_of` included.

    `from` and `to` of an answer that had to take a coarser window (old minutes are pruned) are those of that window.
    Errors: MonitorError becomes 503 `unavailable`, RequestError itself.
    """

    async def nodes(self, window: Window) -> Payload: ...
    async def traffic(self, window: Window) -> Payload: ...
    async def actions(self, window: Window) -> Payload: ...
    async def satellites(self, window: Window) -> Payload: ...
    async def latency(self, window: Window) -> Payload: ...
    async def sizes(self, window: Window) -> Payload: ...
    async def errors(self, window: Window) -> Payload: ...
    async def pieces(self, window: Window) -> Payload: ...
    async def countries(self, window: Window) -> Payload: ...
    async def compactions(self, window: Window) -> Payload: ...
    async def logs(self, window: Window) -> Payload: ...
    async def events(self, window: Window, wanted: EventFilter) -> Payload: ...


class NodeQueries(Protocol):
    """/api/v1 about what nodes say of themselves; as `HistoryQueries`. `wanted`: the parts that the answer is to have, None = all."""

    async def reputation(self, window: Window, wanted: Parts | None = None) -> Payload: ...
    async def standings(self, window: Window) -> Payload: ...
    async def storage(self, window: Window, wanted: Parts | None = None) -> Payload: ...
    async def earnings(self, window: Window, wanted: Parts | None = None) -> Payload: ...
    async def health(self, window: Window, wanted: Parts | None = None) -> Payload: ...
    async def findings(self, window: Window) -> Payload: ...

    async def earnings_csv(self, nodes: Sequence[str], kind: str, rate: tuple[str, str] | None) -> str:
        """A whole CSV file; `rate` is a currency and how much of it a dollar is worth, both unchecked texts."""
        ...


class Gauges(Protocol):
    """Figures for /metrics."""

    def samples(self) -> Iterable[Family]: ...
