"""What memory knows of the logs of all nodes right now, their severe entries too. Changed on the event loop only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storj_monitor.model.events import EventBatch, LineKey, LineKind, NodeEvent
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.node_events import NodeStarted, UploadRejected
from storj_monitor.model.node_state import NOT_JUDGED
from storj_monitor.model.node_state import NodeState as JudgedState
from storj_monitor.model.rollups import ErrorCount, ErrorKey, HotPiece, NodeDelta, NodeHistory
from storj_monitor.model.severity import SevereEntry, classify
from storj_monitor.model.versions import version_of
from storj_monitor.state.compactions import Compactions
from storj_monitor.state.live import Ring
from storj_monitor.state.windows import AHEAD_S, OTHER, Window
from storj_monitor.stats import add_counts

# More than there are. Ids come from logs, and a log may be full of noise: what is new beyond is told as OTHER.
MAX_SATELLITES = 1000
SEVERE_S = 7 * 86400
"""Entries that did not come again for so long (by our clock) are history: they are in the database only."""
MOST_SEVERE = 100
"""Different ones of one node; beyond, the one that has been quiet for longest goes."""


@dataclass(frozen=True, slots=True)
class LogStatus:
    """How the reading of one log stands; `state` is one of live, catching_up, waiting, error, off."""

    state: str = "off"
    detail: str = ""
    path: str = ""
    lag_bytes: int = 0
    since: float = 0.0
    read_at: float | None = None


MINUTE_MS = 60_000
MOST_MINUTES = 70


@dataclass(slots=True)
class NodeState:
    """One node. `lines` and `samples` count since the database began; windows are the last hour; `judged` is how the node is.

    rejected -- uploads that the node turned away because it had too many at once, by minute (Unix); of the last hour or so
    """

    name: str
    node_id: str = ""
    version: str = ""
    newest_ms: int = 0
    resolution_ms: int = 0
    status: LogStatus = LogStatus()
    character: LogCharacter = LogCharacter()
    ring: Ring = field(default_factory=Ring)
    window: Window = field(default_factory=Window)
    compactions: Compactions = field(default_factory=Compactions)
    lines: dict[LineKey, int] = field(default_factory=dict)
    samples: dict[LineKey, str] = field(default_factory=dict)
    hot: dict[int, HotPiece] = field(default_factory=dict)
    rejected: dict[int, int] = field(default_factory=dict)
    judged: JudgedState = NOT_JUDGED
    severe: SevereLog = field(init=False)

    def __post_init__(self) -> None:
        self.severe = SevereLog(self.name)

    def reject(self, time_ms: int) -> None:
        """An upload was turned away."""
        minute = time_ms // MINUTE_MS
        self.rejected[minute] = self.rejected.get(minute, 0) + 1
        if len(self.rejected) > MOST_MINUTES:
            del self.rejected[min(self.rejected)]

    def rejected_since(self, from_s: float) -> int:
        """How many were turned away since then."""
        return sum(count for minute, count in self.rejected.items() if minute * MINUTE_MS >= from_s * 1000)

    def count_lines(self) -> dict[str, int]:
        """Totals by class, `lines` being their sum."""
        totals = {LineKind.UNDERSTOOD: 0, LineKind.IGNORED: 0, LineKind.NOT_UNDERSTOOD: 0}
        for key, count in self.lines.items():
            totals[key.kind] += count
        return {"lines": sum(totals.values()), **totals}


class State:
    """All nodes, in the order of the settings; nodes that only the database knows come after them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.nodes: dict[str, NodeState] = {name: NodeState(name) for name in names}
        self.satellites: dict[str, int] = {}
        self.satellite_names: dict[str, str] = {}
        """Of satellites beyond the well-known ones: by the addresses that nodes tell."""
        self.store_problem = ""
        self.store_notices: tuple[str, ...] = ()
        """What happened to the database while the monitor ran, oldest first: damage, a file that was deleted or replaced."""
        self.loads = 0
        """How often memory was taken from the database: another process may have written before each."""
        self.revision = 0
        """Grows whenever a table topic may have changed."""

    def satellite_index(self, satellite: str) -> int:
        """A small number for a satellite on the wire, stable while the process runs."""
        if satellite not in self.satellites and len(self.satellites) >= MAX_SATELLITES:
            satellite = OTHER
        return self.satellites.setdefault(satellite, len(self.satellites))

    def on_batch(self, batch: EventBatch, now: float) -> None:
        """Lines were read: the second-by-second part moves."""
        self.nodes[batch.node].ring.add(batch.rows, now, batch.newest_ms)

    def on_hot(self, name: str, hot: dict[int, HotPiece]) -> None:
        """The open hour's most downloaded pieces were ranked anew."""
        self.nodes[name].hot = hot
        self.revision += 1

    def load(self, history: NodeHistory) -> None:
        """Begin anew with what the database has of a node; a node that only the database knows is added at the end."""
        self.loads += 1
        node = self.nodes.setdefault(history.name, NodeState(history.name))
        node.node_id, node.version = history.node_id, history.version
        node.newest_ms, node.resolution_ms = history.newest_ms, history.resolution_ms
        node.window.load(history)
        node.lines, node.samples = dict(history.lines), dict(history.samples)
        node.severe = SevereLog(node.name)
        node.severe.add(history.severe)
        node.compactions = Compactions()
        for event in history.events:
            node.compactions.on_event(event)
        self.revision += 1

    def on_delta(self, delta: NodeDelta, now: float) -> None:
        """A second's worth of lines was summed up: the windows move."""
        node = self.nodes[delta.node]
        node.window.add(delta, now)
        # A line from the future does not tell how far the node is; the database sees it the same way.
        ahead_ms = int((now + AHEAD_S) * 1000)
        newest_ms = min(delta.newest_ms, ahead_ms)
        node.newest_ms = max(node.newest_ms, newest_ms) if node.newest_ms <= ahead_ms else newest_ms or node.newest_ms
        node.resolution_ms = delta.resolution_ms or node.resolution_ms
        add_counts(node.lines, delta.lines)
        node.samples.update(delta.samples)
        node.severe.add(delta.errors)
        self._on_events(node, delta.events)
        self.revision += 1

    def on_status(self, name: str, status: LogStatus) -> None:
        """The state of a source changed."""
        if self.nodes[name].status != status:
            self.nodes[name].status = status
            self.revision += 1

    def on_character(self, name: str, character: LogCharacter) -> None:
        """What kind of log it is: the newest lines told something else."""
        self.nodes[name].character = character
        self.revision += 1

    def on_store_problem(self, problem: str) -> None:
        """The database cannot be written (why), or can be again ("")."""
        self.store_problem = problem
        self.revision += 1

    def on_store_notices(self, notices: Iterable[str]) -> None:
        """Something happened to the file of the database."""
        self.store_notices = tuple(notices)
        self.revision += 1

    def expire(self, now: float) -> None:
        """Let go of what has left the windows; call about once a second while somebody watches."""
        for node in self.nodes.values():
            if node.window.expire(now) | node.severe.expire(now):
                self.revision += 1

    @staticmethod
    def _on_events(node: NodeState, events: Iterable[NodeEvent]) -> None:
        for event in events:
            node.compactions.on_event(event)
            if isinstance(event, NodeStarted):
                node.node_id = event.node_id
            elif isinstance(event, UploadRejected):
                node.reject(event.time_ms)
            elif version := version_of(event):
                node.version = version


class SevereLog:
    """Fed with the folded errors of each delta; `entries` are worst first, then newest first. `revision` grows with every change."""

    def __init__(self, node: str) -> None:
        self.revision = 0
        self._node = node
        self._kept: dict[ErrorKey, ErrorCount] = {}

    def add(self, errors: Mapping[ErrorKey, ErrorCount]) -> bool:
        """Take in errors of any class; True when a severe one was among them."""
        found = False
        for error, seen in errors.items():
            if classify(*error[1:]).is_severe:
                found = True
                self._kept.setdefault(error._replace(start_s=0), ErrorCount()).merge(seen)
        while len(self._kept) > MOST_SEVERE:
            del self._kept[min(self._kept, key=lambda error: self._kept[error].last_ms)]
        self.revision += found
        return found

    def expire(self, now: float) -> bool:
        """Let go of what is too old; True when something left."""
        oldest_ms = (now - SEVERE_S) * 1000
        gone = [error for error, seen in self._kept.items() if seen.last_ms < oldest_ms]
        for error in gone:
            del self._kept[error]
        self.revision += bool(gone)
        return bool(gone)

    def entries(self) -> tuple[SevereEntry, ...]:
        """All that are kept."""
        found = [
            SevereEntry(
                classify(*error[1:]),
                self._node,
                seen.first_ms,
                seen.last_ms,
                seen.count,
                seen.sample or error.message,
                error.level,
                error.logger,
                error.message,
                seen.satellite,
            )
            for error, seen in self._kept.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.kind, -one.last_ms)))
