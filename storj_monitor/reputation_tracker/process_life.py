"""What the lines of one node's log tell of its process: when it was away, when it was starting, and what it said last. Pure.

A process ends with a line of its own (a signal, FATAL, a panic, `Error: …`, what a supervisor says), or without any (kill -9, a power
cut): then the next start proves that it was away since its last sign of life. It is up only from `Node … started` on, for opening a
hashstore can take ten minutes and can fail. Where the log is above INFO no start is told: then the start that the API tells, or a
transfer, ends the time away.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import (
    ConfigurationLoaded,
    NodeFailed,
    NodeStarted,
    Panic,
    PlainError,
    ProcessEnded,
    ServiceStopped,
    SignalReceived,
)
from storj_monitor.model.uptime import Begun, LastWord, Outage, ProcessLife, Witness

ENDS = (NodeFailed, PlainError, Panic, ProcessEnded, ServiceStopped, SignalReceived)
STARTS = (ConfigurationLoaded, NodeStarted)
SAME_START_S = 90.0
"""A start that the API tells and one that the log tells are the same within this time."""
SHORT_LIFE_S = 60.0
"""A node that ends by itself within this time of `Node … started` has failed to start."""
SAME_END_S = 2.0
"""Lines of one end: `failure during run`, `Unrecoverable error` and `Error: …` come together."""
SIGNAL_TAIL_S = 300.0
"""A node that was told to stop finishes its transfers; Docker's usual way gives it five minutes."""
FAILURE_TAIL_S = 15.0
OTHER_PROCESS_S = 10.0
"""No node stops, starts and serves within this time without a line of its start."""
START_LIMIT_S = 1200.0
"""A start that has not come to its end after so long is one that nobody saw fail."""
QUICK_START_S = 60.0
"""A start that is over so soon took no time that anybody missed: without a known past it is no time away."""
MOST_WORDS = 8
_TEXT = 300


def is_process_line(event: NodeEvent) -> bool:
    """Whether it tells of the beginning or end of the node's own process."""
    if isinstance(event, (ConfigurationLoaded, SignalReceived)):
        return event.process in ("", "storagenode") and event.time_ms > 0
    return isinstance(event, (*ENDS, *STARTS)) and event.time_ms > 0


def process_life(events: Iterable[NodeEvent], marks: Iterable[Outage] = ()) -> ProcessLife:
    """`events`: the lines, those of one second in the log's order; `marks`: Witness.LIFE and Witness.API_STARTED."""
    lines = sorted((event for event in events if is_process_line(event)), key=lambda event: event.time_ms)
    told = sorted({event.time_ms / 1000 for event in lines if isinstance(event, STARTS)})
    signs = sorted({(mark.from_at, mark.witness) for mark in marks if mark.witness is Witness.LIFE or _is_alone(mark.from_at, told)})
    walk = _Walk()
    next_sign = 0
    for event in lines:
        at = event.time_ms / 1000
        while next_sign < len(signs) and signs[next_sign][0] < at:
            walk.sign(*signs[next_sign])
            next_sign += 1
        walk.line(event, at)
    for at, witness in signs[next_sign:]:
        walk.sign(at, witness)
    return walk.result()


def missing_signs(events: Sequence[NodeEvent], transfers_at: Sequence[float]) -> list[Outage]:
    """Marks of life: the first transfer after each end, and after each begun start, that no `Node … started` follows before it.

    `events`: in the log's order. `transfers_at`: ascending.
    """
    found: list[Outage] = []
    lines = [event for event in events if is_process_line(event)]
    for i, event in enumerate(lines):
        if isinstance(event, NodeStarted):
            continue
        at = event.time_ms / 1000
        first = bisect_right(transfers_at, at + _tail_s(event))
        until = lines[i + 1].time_ms / 1000 if i + 1 < len(lines) else float("inf")
        if first < len(transfers_at) and transfers_at[first] < until:
            found.append(Outage(Witness.LIFE, transfers_at[first], transfers_at[first]))
    return found


def _tail_s(event: NodeEvent) -> float:
    """For how long after this line transfers may still be those of the process that ends."""
    if isinstance(event, ConfigurationLoaded):
        return 0.0
    return SIGNAL_TAIL_S if isinstance(event, SignalReceived) else FAILURE_TAIL_S


def _is_alone(at: float, told: Sequence[float]) -> bool:
    """The log tells of no start at this time."""
    place = bisect_right(told, at - SAME_START_S)
    return place >= len(told) or told[place] > at + SAME_START_S


@dataclass(slots=True)
class _Walk:
    """Goes through the lines in order."""

    outages: list[Outage] = field(default_factory=list)
    starting: list[tuple[float, float]] = field(default_factory=list)
    down_at: float | None = None
    loading_at: float | None = None
    killed: bool = False
    up_at: float | None = None
    started_at: float | None = None
    words: list[LastWord] = field(default_factory=list)
    failed: int = 0
    ended_at: float = float("-inf")
    finals: set[str] = field(default_factory=set)
    only_plain: bool = False

    def line(self, event: NodeEvent, at: float) -> None:
        if isinstance(event, ConfigurationLoaded):
            self._loaded(at, event.previous_ms / 1000)
        elif isinstance(event, NodeStarted):
            if self.down_at is None and self.loading_at is None and event.previous_ms > 0:
                self._killed(event.previous_ms / 1000)
            self.started_at = at
            self._up(at)
        else:
            self._ended(event, at)

    def sign(self, at: float, witness: Witness) -> None:
        """A mark. A start that the log shows is not over because a process runs; transfers end it."""
        if witness is Witness.LIFE and self._was_another(at):
            self.down_at = self.loading_at = None
            self.words.clear()
            self.failed = 0
        elif self.loading_at is None:
            self._up(at)
        elif witness is Witness.LIFE:
            self._up(at if at - self.loading_at > QUICK_START_S else self.loading_at)

    def _was_another(self, at: float) -> bool:
        """What seemed to end or begin was another process that writes into the same log: transfers go on as if nothing had been.

        The updater's `Error: …` is like the node's, and so is `Configuration loaded` of a command that is run beside it.
        """
        if self.down_at is None:
            return False
        if self.loading_at is not None:
            return self.killed and self.failed == 0 and at - self.down_at < OTHER_PROCESS_S
        return self.only_plain and at - self.down_at < SHORT_LIFE_S

    def result(self) -> ProcessLife:
        begun = None
        if self.down_at is not None or self.loading_at is not None:
            begun = Begun(self.down_at, self.loading_at, self.killed)
            begin = self.down_at if self.down_at is not None else self.loading_at
            assert begin is not None
            self.outages.append(Outage(Witness.PROCESS, begin, None))
        return ProcessLife(
            tuple(self.outages),
            tuple(self.starting),
            begun,
            self.up_at,
            self.started_at,
            tuple(self.words[-MOST_WORDS:]),
            self.failed,
        )

    def _loaded(self, at: float, previous_at: float) -> None:
        if self.loading_at is not None and self.loading_at < at:
            self.failed += 1
        elif self.down_at is None and self.loading_at is None:
            self._forget_words(at)
            if 0 < previous_at <= at:
                self._killed(previous_at)
        self.loading_at = at
        self.finals.clear()  # those of the process before: this one says its own last words once

    def _killed(self, at: float) -> None:
        """Nothing tells how it ended, only that it did."""
        self.down_at, self.killed = at, True
        self.words.append(LastWord(at, "The log ends here without a stop: killed, out of memory, or the power was cut.", False, ours=True))

    def _ended(self, event: NodeEvent, at: float) -> None:
        if self.loading_at is not None:
            self.failed += 1
            self.down_at = self.loading_at if self.down_at is None else self.down_at
            self.loading_at = None
        elif self.down_at is None:
            self._forget_words(at)
            self.down_at, self.killed, self.only_plain = at, False, True
            if self._is_failed_start(event, at):
                self.failed += 1
        elif self._is_another_end(event, at):
            self.failed += 1
            self.finals.clear()
        self.only_plain = self.only_plain and isinstance(event, PlainError)
        if kind := _final_kind(event):
            self.finals.add(kind)
        self.ended_at = at
        self.words.append(
            LastWord(at, words_of(event)[:_TEXT], not isinstance(event, (SignalReceived, ProcessEnded)), isinstance(event, SignalReceived))
        )
        del self.words[: -4 * MOST_WORDS]

    def _is_failed_start(self, event: NodeEvent, at: float) -> bool:
        """An end soon after a start; or one that a supervisor tells of a process that was never seen up."""
        if self.up_at is None:
            return isinstance(event, ProcessEnded) and event.final and " stopped " not in event.text
        return at - self.up_at < SHORT_LIFE_S and not isinstance(event, SignalReceived)

    def _is_another_end(self, event: NodeEvent, at: float) -> bool:
        """A log without start lines tells only the ends of failed starts: the last line of a process comes once more."""
        kind = _final_kind(event)
        if not kind:
            return False
        if isinstance(event, (PlainError, ProcessEnded)) and kind in self.finals:
            return True
        return at - self.ended_at > (SAME_END_S if kind in self.finals else FAILURE_TAIL_S if self.finals else SIGNAL_TAIL_S)

    def _up(self, at: float) -> None:
        if self.loading_at is not None and at > self.loading_at:
            self.starting.append((self.loading_at, at))
        begin = self.down_at if self.down_at is not None else self.loading_at
        known = self.down_at is not None or at - (begin or at) > QUICK_START_S
        if begin is not None and at > begin and known:
            self.outages.append(Outage(Witness.PROCESS, begin, at))
        if begin is not None or self.up_at is None:
            self.up_at = at
        self.down_at = self.loading_at = None
        self.finals.clear()

    def _forget_words(self, at: float) -> None:
        """A new time away begins, unless the one before was over only for a moment."""
        if self.up_at is None or at - self.up_at >= SHORT_LIFE_S:
            self.words.clear()
            self.failed = 0


def _final_kind(event: NodeEvent) -> str:
    """What a process says only once, at its very end; "" for all other lines."""
    if isinstance(event, NodeFailed):
        return event.what if event.level in ("FATAL", "PANIC") else ""
    if isinstance(event, ProcessEnded) and not event.final:
        return ""
    return type(event).__name__ if isinstance(event, (PlainError, Panic, ProcessEnded)) else ""


def words_of(event: NodeEvent) -> str:
    """The line in the operator's words."""
    if isinstance(event, SignalReceived):
        return f'Stopped by signal "{event.signal}".' if event.signal else "Stopped by the service manager."
    if isinstance(event, ServiceStopped):
        return f"{event.name}: {event.error}" if event.error else f"{event.name} ended"
    if isinstance(event, NodeFailed):
        return f"{event.what}: {event.error}" if event.error else event.what
    if isinstance(event, Panic):
        return event.first_line
    return event.text if isinstance(event, (PlainError, ProcessEnded)) else ""
