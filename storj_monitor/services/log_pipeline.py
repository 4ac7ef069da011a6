"""One thread takes all logs from bytes to sums: read, parse, accumulate, hand over.

    source -> processor -> accumulator -+-> every 5 seconds: window delta -> event loop
                    |                   +-> every few seconds: one commit -> database writer (waits when the writer is behind)
                    +-> every tick: the batch -> event loop

One tick serves all nodes and all pages: what it read is sent in the same wake-up. Nobody watching, or nothing written: two ticks a second.

While somebody watches and all is calm, the rounds run on the event loop: one wake-up a tick instead of two, and what was
parsed is sent while the processor still has it at hand. A round on the loop never waits: it reads only what the system has in memory.
Whatever more there is to do (a commit, a look at paths, a log that is behind, a disk that must be asked) gives the rounds back to the
thread, which does it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from storj_monitor.errors import StoreError
from storj_monitor.model.events import EventBatch
from storj_monitor.model.log_character import LogCharacter
from storj_monitor.model.rollups import HotPiece, NodeDelta, NodeHistory
from storj_monitor.model.sources import SavedPosition, SourceStatus
from storj_monitor.services.node_pipeline import Rest, Scheduler, parse

IDLE_TICK_S = 0.5
DRAIN_S = 5.0
# After a start tables move more often: each time twice as long.
FIRST_DRAIN_S = 0.5
RANK_S = 5.0
# A log that was written to within this time is looked at on every tick while somebody watches.
SILENT_AFTER_S = 10.0
# Bounds of what waits for a commit: memory while catching up, and a transaction well under 50 ms, so that another process never
# waits long for the database.
COMMIT_LINES = 10_000
COMMIT_LINES_BEHIND = 1_800
# Windows move on while nothing is read: a tick without news at least this often.
QUIET_TICK_S = 15.0
# Between two tries to take memory from a database that does not answer.
ANEW_AGAIN_S = 2.0
# The machine's clock was set when it moves by more than this against the one that never jumps.
JUMP_S = 60.0
# Most that a round on the event loop may have to sum up, so that nobody waits for it: some milliseconds.
LOOP_LINES = 3000
# The event loop rounds its timers up to milliseconds.
LOOP_LATE_S = 0.001
# What a round takes: the mean of about so many.
ROUNDS_OF_MEAN = 16
# Others get their turn even when a round took longer than a tick.
MIN_PAUSE_S = 0.01


class Tick(NamedTuple):
    """What one round brought, for the event loop. `hot` are the pieces downloaded most in the open hour, by node."""

    now: float
    batches: Sequence[EventBatch] = ()
    deltas: Sequence[NodeDelta] = ()
    hot: Mapping[str, dict[int, HotPiece]] = MappingProxyType({})
    statuses: Sequence[tuple[str, SourceStatus]] = ()
    loaded: Sequence[NodeHistory] = ()
    characters: Mapping[str, LogCharacter] = MappingProxyType({})


class TickPacer:
    """How far two looks at busy logs are apart, so that 95 of 100 lines are handed over within `delay_s` after they were written."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._took_s = 0.0

    @property
    def tick_s(self) -> float:
        """A line waits for up to one tick, any time as likely as the other, and then for the round's work."""
        return (self._delay_s - self._took_s) / 0.95

    def rest_s(self, took_s: float) -> float:
        """What a round that took so long leaves of its tick.

        Rounds that take more than a fifth of the delay are made no more often for that: they would be all that there is.
        """
        self._took_s += (min(took_s, self._delay_s / 5) - self._took_s) / ROUNDS_OF_MEAN
        return max(MIN_PAUSE_S, self.tick_s - took_s)


class Store(Protocol):
    """What the pipeline needs of database.Writer."""

    def submit(self, deltas: Sequence[NodeDelta]) -> bool: ...
    def barrier(self, timeout_s: float) -> bool: ...
    def resume(self, node: str) -> None: ...


Round = Callable[[], float | None]
"""Done on the event loop again and again; seconds until the next one, None: no more."""


class Pipeline:
    """`run` is the body of the thread; `stop` ends it after everything read has been submitted.

    delay_s   -- see TickPacer; while somebody watches
    watched   -- is a page open
    hand_over -- called in the pipeline's thread with each Tick that says something
    positions -- saved positions of a node, from the database
    histories -- what the database has of all nodes, one after the other, for memory to begin anew
    downloads -- the pieces downloaded most in an hour of a node, counted from the database
    run_on_loop -- has rounds done on the event loop, and returns after the last one; None: all rounds are the thread's
    hand_over_on_loop -- hand_over for rounds on the event loop
    (all may raise StoreError: they are asked again later)
    """

    def __init__(
        self,
        store: Store,
        *,
        delay_s: float,
        commit_s: float,
        watched: Callable[[], bool],
        hand_over: Callable[[Tick], None],
        positions: Callable[[str], list[SavedPosition]],
        histories: Callable[[], Iterable[NodeHistory]],
        downloads: Callable[[str, int], Mapping[int, HotPiece]],
        run_on_loop: Callable[[Round], None] | None = None,
        hand_over_on_loop: Callable[[Tick], None] | None = None,
        quiet_tick_s: float = QUIET_TICK_S,
    ) -> None:
        self.scheduler = Scheduler()
        """Of the pipeline's thread."""
        self._drained_at = self._ranked_at = self._told_at = self._committed_at = 0.0
        self._drain_s = min(FIRST_DRAIN_S, DRAIN_S)
        self._store = store
        self._pacer = TickPacer(delay_s)
        self.commit_s = commit_s
        self._quiet_tick_s = quiet_tick_s
        self._watched = watched
        self._hand_over = hand_over
        self._positions = positions
        self._histories = histories
        self._downloads = downloads
        self._run_on_loop = run_on_loop
        self._hand_over_on_loop = hand_over_on_loop or hand_over
        self._reload = False
        self._anew_at = 0.0
        self._unfinished = False
        self._resume_at = 0.0
        self._drift: float | None = None
        self._conflicts: set[str] = set()
        self._stopping = False
        self._wake = threading.Event()

    def wake(self) -> None:
        """Somebody began to watch: do not finish the long pause."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def conflict(self, node: str) -> None:
        """The database refused a batch of this node because another process has read on; called in the writer's thread."""
        self._conflicts.add(node)

    def reload(self) -> None:
        """Another process has committed: memory must take in what it brought; called in the writer's thread."""
        self._reload = True

    def run(self) -> None:
        """Until `stop`."""
        self._drained_at = self._told_at = time.monotonic()
        # The first lines are committed at once: a log is only known again after a rotation once its position is on disk.
        self._committed_at = self._drained_at - self.commit_s
        try:
            while not self._stopping:
                now, clock = time.time(), time.monotonic()
                if self._round(now, clock):
                    continue
                if self._run_on_loop is not None and self._is_calm(now):
                    time.sleep(self._rest_s(clock))
                    self._rounds_on_loop(self._run_on_loop)
                else:
                    self._pause(now, clock)
        finally:
            self.scheduler.drain(time.time())
            self._commit()
            for pipeline in self.scheduler:
                pipeline.source.close()

    def _rounds_on_loop(self, run_on_loop: Callable[[Round], None]) -> None:
        self._resume_at = 0.0
        run_on_loop(self._round_at_once)
        if self._unfinished:
            raise RuntimeError("a round on the event loop ended with an error (see the log): what it had read is not complete")
        time.sleep(max(0.0, self._resume_at - time.monotonic()))

    def _round(self, now: float, clock: float) -> bool:
        """Read, parse, drain, commit; True when more is waiting already."""
        self._look_at_clocks(now, clock)
        chunks, behind = self.scheduler.take(now)
        batches = parse(chunks, now)
        commit = self._is_commit_due(clock, behind)
        deltas, statuses = self._drain_in_time(now, clock, at_latest=commit)
        if commit:
            self._commit()
            self._committed_at = clock
        if (self._conflicts or self._reload) and clock >= self._anew_at:
            deltas += self.scheduler.drain(now)
            self._commit()
            self._hand_over(Tick(now, batches, deltas, {}, statuses))
            batches, deltas, statuses = [], [], []
            self._begin_anew(now)
        self._tell(self._hand_over, now, clock, batches, deltas, statuses)
        return behind

    def _round_at_once(self) -> float | None:
        """The same on the event loop, without what would have to be waited for: None gives the logs back to the thread."""
        now, clock = time.time(), time.monotonic()
        self._look_at_clocks(now, clock)
        if self._stopping or self._reload or self._conflicts or not self._busy(now) or self._is_commit_due(clock, behind=False):
            return None
        if clock - self._drained_at >= self._drain_s and self.scheduler.lines_to_sum_up > LOOP_LINES:
            return None
        self._unfinished = True
        chunks, rest = self.scheduler.take_at_once(now)
        batches = parse(chunks, now)
        deltas, statuses = self._drain_in_time(now, clock)
        self._unfinished = False
        self._tell(self._hand_over_on_loop, now, clock, batches, deltas, statuses)
        if rest is Rest.NONE:
            return self._rest_s(clock) - LOOP_LATE_S
        if rest is not Rest.BEHIND and chunks:
            # What was read has been sent: the thread goes on in time for the next frame, for one in between would upset the rhythm.
            self._resume_at = clock + self._pacer.tick_s
        return None

    def _drain_in_time(
        self, now: float, clock: float, *, at_latest: bool = False
    ) -> tuple[list[NodeDelta], list[tuple[str, SourceStatus]]]:
        if clock - self._drained_at < self._drain_s and not at_latest:
            return [], []
        self._drained_at = clock
        self._drain_s = min(2 * self._drain_s, DRAIN_S)
        return self.scheduler.drain(now), self.scheduler.statuses()

    def _is_commit_due(self, clock: float, behind: bool) -> bool:
        waiting = self.scheduler.weight
        most = COMMIT_LINES_BEHIND if behind else COMMIT_LINES
        return waiting >= most or (waiting > 0 and clock - self._committed_at >= self.commit_s)

    def _tell(
        self,
        whom: Callable[[Tick], None],
        now: float,
        clock: float,
        batches: Sequence[EventBatch],
        deltas: Sequence[NodeDelta],
        statuses: Sequence[tuple[str, SourceStatus]],
    ) -> None:
        """Hand over what a round brought, and in good time that there was nothing."""
        hot: dict[str, dict[int, HotPiece]] = {}
        if deltas and clock - self._ranked_at >= RANK_S:
            self._ranked_at = clock
            hot = self.scheduler.hot()
        if batches or deltas or statuses or clock - self._told_at >= self._quiet_tick_s:
            self._told_at = clock
            # with the sums, or with the first word of a log that has nothing new
            characters = self.scheduler.characters() if deltas or statuses else {}
            whom(Tick(now, batches, deltas, hot, statuses, characters=characters))

    def _look_at_clocks(self, now: float, clock: float) -> None:
        """After a jump of the clock another hour is the last one: memory takes it from the database."""
        drift = now - clock
        if self._drift is not None and abs(drift - self._drift) > JUMP_S:
            self._reload = True
        if self._drift is None or self._reload:
            self._drift = drift

    def _commit(self) -> None:
        if deltas := self.scheduler.take_staged():
            self._store.submit(deltas)

    def _begin_anew(self, now: float) -> None:
        """Everything of ours is submitted and told; take all memory from the database: from here on both are one again.

        Nodes in conflict drop what they read since the database's position, and read on from there. When the database does not
        answer it is asked again a little later. One node at a time: the last hours of a hundred would be much memory at once.
        """
        self._anew_at = time.monotonic() + ANEW_AGAIN_S
        if not self._store.barrier(timeout_s=10.0):
            return
        nodes = self._conflicts.copy()
        self._reload, reload = False, self._reload
        try:
            resumed = [
                (pipeline, self._positions(pipeline.node), pipeline.new_sieve(True))
                for pipeline in self.scheduler
                if pipeline.node in nodes
            ]
            for history in self._histories():
                self._count_hot_anew(history, nodes)
                self._hand_over(Tick(now, loaded=[history]))
        except StoreError:
            self._reload |= reload
            return
        # After the barrier and before the next submit the writer's thread adds none.
        self._conflicts -= nodes
        self._anew_at = 0.0
        for pipeline, positions, sieve in resumed:
            self._store.resume(pipeline.node)
            pipeline.resume_from(positions, sieve)

    def _count_hot_anew(self, history: NodeHistory, refused: Collection[str]) -> None:
        for pipeline in self.scheduler:
            if pipeline.node == history.name:
                # Another process has gone on to a later hour: ours is complete now. What was refused is in the counts of that process.
                closed = None if pipeline.node in refused else pipeline.hot.leave(pipeline.node, history.hot_hour_s * 1000)
                if closed:
                    pipeline.stage(closed)
                pipeline.hot.resume(history.hot_hour_s, history.hot)
                owed_s = pipeline.hot.owed_s
                if owed_s >= 0 and pipeline.node not in refused:
                    hot = {(owed_s, piece): one for piece, one in self._downloads(pipeline.node, owed_s).items()}
                    pipeline.stage(NodeDelta(pipeline.node, hot=hot))
                pipeline.hot.owed_s = -1

    def _is_calm(self, now: float) -> bool:
        """The event loop can do what there is to do without anybody noticing."""
        return self._busy(now) and self.scheduler.at_once

    def _busy(self, now: float) -> bool:
        """Somebody watches, and there is something to see."""
        return self._watched() and abs(now - self.scheduler.read_at) < SILENT_AFTER_S

    def _rest_s(self, clock: float) -> float:
        """Until the next tick."""
        return self._pacer.rest_s(time.monotonic() - clock)

    def _pause(self, now: float, clock: float) -> None:
        if self._busy(now):
            # So short a pause need not be cut short, and a plain sleep wakes up cheaper than a wait.
            time.sleep(self._rest_s(clock))
        elif self._wake.wait(IDLE_TICK_S):
            self._wake.clear()
