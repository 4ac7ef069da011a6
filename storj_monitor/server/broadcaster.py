"""Who watches what, and what each of them gets: one advance a view, one encoding a topic, one frame a topic set.

Numbering stays without a gap because a client joins a view only together with a snapshot taken in the same turn of the
event loop, and gets every delta of its topics from then on. A hidden client leaves its view (so costs nothing) and gets
a new snapshot when it comes back.

Under load (see state.load) deltas come four times less often, then not at all; feeds gather meanwhile, so nothing is lost or
counted twice, and everybody is told once a second how it stands.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from storj_monitor.clock import Clock
from storj_monitor.errors import RequestError
from storj_monitor.model.load import Load, LoadState
from storj_monitor.server.api import load_figures, load_message
from storj_monitor.server.encoding import Encoder
from storj_monitor.server.ports import LIVE, Payload, TopicFeed, TopicFeeds
from storj_monitor.views.wire.frames import Snap
from storj_monitor.websocket_utils import Frame, Outbox

_log = logging.getLogger(__name__)

BEAT_S = 1.0
SPARSE = 4  # under load a frame comes so many times less often
SPARSE_LEAST_S = 0.3  # and no two come closer than this
EARLY = 0.9  # a tick that comes after this part of the interval is on time: timers jitter

Topics = frozenset[str]


class Client:
    """One WebSocket: its outbox, and its subscription (`topics` empty: none)."""

    __slots__ = ("hidden", "nodes", "outbox", "topics")

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.topics: Topics = frozenset()
        self.nodes: tuple[str, ...] = ()
        self.hidden = False


class _View:
    """The clients of one node set: `groups` get deltas, `waiting` get a snapshot first."""

    __slots__ = ("feed", "flushed_at", "groups", "handle", "nodes", "slow_at", "topics", "waiting")

    def __init__(self, nodes: tuple[str, ...], feed: TopicFeed) -> None:
        self.nodes = nodes
        self.feed = feed
        self.groups: dict[Topics, set[Client]] = {}
        self.waiting: dict[Client, None] = {}
        self.topics: Topics = frozenset()  # union of the groups' topics
        self.flushed_at = float("-inf")
        self.slow_at = float("-inf")
        self.handle: asyncio.TimerHandle | None = None

    def join(self, client: Client) -> None:
        self.groups.setdefault(client.topics, set()).add(client)
        self.topics |= client.topics

    def leave(self, client: Client) -> None:
        self.waiting.pop(client, None)
        group = self.groups.get(client.topics)
        if group is None or client not in group:
            return
        group.remove(client)
        if not group:
            del self.groups[client.topics]
            self.topics = frozenset().union(*self.groups)


class Broadcaster:
    """Call on the event loop only.

    coalesce_s -- least time between two frames of one view; 0 = every tick sends
    slow_hz    -- greatest rate of all topics but `live`; 0 = no bound
    hello      -- makes the greeting, which is sent again to everybody when there are other nodes than before, or news of the database
    """

    def __init__(
        self,
        feeds: TopicFeeds,
        encoder: Encoder,
        clock: Clock,
        *,
        coalesce_s: float,
        slow_hz: float,
        max_clients: int,
        hello: Callable[[], Payload],
    ) -> None:
        self._feeds = feeds
        self._hello = hello
        self._told = self._greeted()
        self._encoder = encoder
        self._clock = clock
        self._usual_s = (coalesce_s, 1.0 / slow_hz if slow_hz > 0 else 0.0)
        self._coalesce_s, self._slow_s = self._usual_s
        self._paused = False
        self.load = Load()
        self._max_clients = max_clients
        self._views: dict[tuple[str, ...], _View] = {}
        self._clients: set[Client] = set()
        self._beat: asyncio.TimerHandle | None = None
        self.frames_sent = 0
        self.slow_closed = 0

    @property
    def clients(self) -> tuple[Client, ...]:
        return tuple(self._clients)

    @property
    def client_count(self) -> int:
        """Connected clients, hidden ones included."""
        return len(self._clients)

    @property
    def watching(self) -> bool:
        """Somebody looks at a topic now; False when all pages are hidden or gone."""
        return bool(self._views)

    @property
    def full(self) -> bool:
        return len(self._clients) >= self._max_clients

    def add(self, client: Client) -> None:
        """A client has connected. RequestError `unavailable`: there are too many."""
        if self.full:
            raise RequestError("unavailable", f"too many connections (at most {self._max_clients})", 503)
        self._clients.add(client)
        if self._beat is None:
            self._told = self._greeted()
            self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._on_heartbeat)

    def remove(self, client: Client) -> None:
        """A client has gone."""
        self._leave(client)
        self._clients.discard(client)
        if not self._clients and self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def count_slow(self) -> None:
        """A client was closed because it does not read."""
        self.slow_closed += 1
        _log.warning("closed a WebSocket client that reads too slowly")

    def subscribe(self, client: Client, topics: Topics, nodes: tuple[str, ...]) -> None:
        """Replace the client's subscription; its snapshot follows at once, or within `coalesce_s` when others watch the same view."""
        self._leave(client)
        client.topics, client.nodes = topics, nodes
        if not client.hidden:
            self._enter(client)

    def hide(self, client: Client, hidden: bool) -> None:
        """The page went out of sight (no frames until it is back) or came back (a snapshot follows)."""
        if hidden == client.hidden:
            return
        client.hidden = hidden
        if hidden:
            self._leave(client)
        elif client.topics:
            self._enter(client)

    def tick(self, now: float) -> None:
        """There may be news: send what is due. May be called at any rate. `now` in Unix seconds."""
        for view in list(self._views.values()):
            self._due(view, now)

    def on_load(self, load: Load) -> None:
        """How it stands now, about once a second: sets how often deltas come, and tells those who can be seen unless all is well."""
        before, self.load = self.load, load
        normal = load.state is LoadState.NORMAL
        if normal and before.state is LoadState.NORMAL:
            return
        coalesce_s, slow_s = self._usual_s
        self._coalesce_s = coalesce_s if normal else max(SPARSE * coalesce_s, SPARSE_LEAST_S)
        self._slow_s = slow_s if normal else max(SPARSE * slow_s, SPARSE_LEAST_S)
        self._paused = load.state is LoadState.PAUSED
        now = self._clock.now()
        frame = Frame(self._encoder.encode(load_message(load, round(now, 3))))
        for client in self.clients:
            if not client.hidden and client.outbox.send(frame):
                self.frames_sent += 1
        self.tick(now)

    def flush_idle(self, now: float) -> None:
        """There may be news in a table: quiet views send. A busy one takes them along; a frame in between would only upset its rhythm."""
        quiet_since = self._clock.monotonic() - BEAT_S / 2
        for view in list(self._views.values()):
            if view.flushed_at <= quiet_since:
                self._due(view, now)

    def send(self, client: Client, message: Payload) -> None:
        """One message to one client."""
        if client.outbox.send(Frame(self._encoder.encode(message))):
            self.frames_sent += 1

    def close(self) -> None:
        """Forget all clients and timers."""
        for client in self.clients:
            self.remove(client)

    def _greeted(self) -> tuple[object, ...]:
        """What a new greeting would be for."""
        return (self._feeds.nodes(), self._feeds.store().notices)

    def _on_heartbeat(self) -> None:
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._on_heartbeat)
        if (now := self._greeted()) != self._told:
            self._told = now
            greeting = Frame(self._encoder.encode(self._hello()))
            for client in self.clients:
                if client.outbox.send(greeting):
                    self.frames_sent += 1
        self.flush_idle(self._clock.now())

    def _enter(self, client: Client) -> None:
        if not client.topics:
            self.send(client, self._snap(client.nodes, self._clock.now(), {}))
            return
        view = self._views.get(client.nodes)
        if view is None:
            view = self._views[client.nodes] = _View(client.nodes, self._feeds.open(client.nodes))
        view.waiting[client] = None
        self._due(view, self._clock.now())

    def _leave(self, client: Client) -> None:
        view = self._views.get(client.nodes)
        if view is None:
            return
        view.leave(client)
        if not view.groups and not view.waiting:
            if view.handle is not None:
                view.handle.cancel()
            del self._views[view.nodes]
            self._feeds.close(view.nodes)

    def _due(self, view: _View, now: float) -> None:
        if view.handle is not None or (self._paused and not view.waiting):
            return
        rest_s = view.flushed_at + self._coalesce_s - self._clock.monotonic()
        if rest_s <= (1 - EARLY) * self._coalesce_s:
            self._flush(view, now)
        else:
            view.handle = asyncio.get_running_loop().call_later(rest_s, self._on_due, view)

    def _on_due(self, view: _View) -> None:
        view.handle = None
        if not self._paused or view.waiting:
            self._flush(view, self._clock.now())

    def _flush(self, view: _View, now: float) -> None:
        monotonic = view.flushed_at = self._clock.monotonic()
        slow = monotonic - view.slow_at >= self._slow_s
        if slow:
            view.slow_at = monotonic
        topics = view.topics if slow else view.topics & {LIVE}
        if topics:
            deltas = view.feed.advance(topics, now, slow)
            if deltas:
                self._send_deltas(view, deltas, now)
        if view.waiting:
            self._send_snapshots(view, now)

    def _send_deltas(self, view: _View, deltas: Mapping[str, Payload], now: float) -> None:
        encode = self._encoder.encode
        parts = {topic: b'"%b":%b' % (topic.encode(), encode(payload)) for topic, payload in deltas.items()}
        head = b'{"k":"delta","now":%.3f,"topics":{' % now
        frames: dict[tuple[str, ...], Frame] = {}
        for topics, clients in view.groups.items():
            due = tuple(topic for topic in parts if topic in topics)
            if not due:
                continue
            frame = frames.get(due)
            if frame is None:
                frame = frames[due] = Frame(head + b",".join([parts[topic] for topic in due]) + b"}}")
            for client in clients:
                if client.outbox.send(frame):
                    self.frames_sent += 1

    def _send_snapshots(self, view: _View, now: float) -> None:
        """Snapshots for those who wait. Topics that were not watched are advanced first: their deltas are for nobody."""
        waiting, view.waiting = view.waiting, {}
        fresh = frozenset().union(*(client.topics for client in waiting)) - view.topics
        if fresh:
            view.feed.advance(fresh, now, True)
        frames: dict[Topics, Frame] = {}
        for client in waiting:
            frame = frames.get(client.topics)
            if frame is None:
                snap = self._snap(view.nodes, now, view.feed.snapshot(client.topics, now))
                frame = frames[client.topics] = Frame(self._encoder.encode(snap))
            view.join(client)
            if client.outbox.send(frame):
                self.frames_sent += 1

    def _snap(self, nodes: tuple[str, ...], now: float, topics: Mapping[str, Payload]) -> Snap:
        return Snap(view=list(nodes), now=round(now, 3), load=load_figures(self.load), topics=dict(topics))
