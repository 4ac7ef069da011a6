"""Compactions of a node's hashstore, put together from their lines: which run now, how far they are, how the last ones ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from storj_monitor.model import hashstore_events as h
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import NodeStarted

COMPACTION_KINDS = tuple(
    str(kind.__struct_config__.tag)
    for kind in (
        h.CompactionStarted,
        h.CompactionRoundStarted,
        h.CompactionPlanned,
        h.CompactionRecordsRewritten,
        h.CompactionTableRewritten,
        h.CompactionRoundFinished,
        h.CompactionFinished,
        NodeStarted,
    )
)
"""Tags of the events that `Compactions` is made of, as the database stores them."""

HISTORY_KINDS = tuple(
    str(kind.__struct_config__.tag) for kind in (h.CompactionStarted, h.CompactionTableRewritten, h.CompactionFinished, NodeStarted)
)
"""The few of them that tell how a compaction ended; a compaction may have many rounds with many lines each."""

RUNNING, DONE, FAILED, BROKEN_OFF = "running", "done", "failed", "broken_off"
# More stores than any node has: what never ends (a log full of noise) is let go.
MAX_RUNNING = 200


@dataclass(frozen=True, slots=True)
class Compaction:
    """One compaction of one store (s0, s1) of one satellite. Amounts are the node's own rounded texts of the last round, or None."""

    satellite: str
    store: str
    state: str
    started_ms: int
    finished_ms: int = 0
    duration_s: float | None = None
    rounds: int = 0
    stage: str = ""
    error: str = ""
    total: str | None = None
    reclaimed: str | None = None
    rewritten: str | None = None
    trashed: str | None = None
    expired: str | None = None


class Compactions:
    """Fed with events in order; keeps the newest `keep` that have ended."""

    def __init__(self, keep: int = 10) -> None:
        self._running: dict[tuple[str, str], Compaction] = {}
        self._ended: deque[Compaction] = deque(maxlen=keep)

    def current(self) -> list[Compaction]:
        """One for each store: the running one, else the last that ended."""
        newest = {(one.satellite, one.store): one for one in self._ended}
        return list({**newest, **self._running}.values())

    def every(self) -> list[Compaction]:
        """All that are known."""
        return [*self._ended, *self._running.values()]

    def on_event(self, event: NodeEvent) -> None:
        """Take in one event; others than those of COMPACTION_KINDS are let pass."""
        if isinstance(event, NodeStarted):
            # A new process does not go on with the compactions of the old one.
            for key in list(self._running):
                self._break_off(key, "the node restarted")
            return
        store = getattr(event, "store", None)
        if not isinstance(store, str):
            return
        key = (event.satellite, store)
        if isinstance(event, h.CompactionStarted):
            self._begin(key, event.time_ms)
            return
        one = self._running.get(key)
        if isinstance(event, h.CompactionFinished):
            self._end(key, one, event)
        elif (one := one or self._joined(key, event)) is not None:
            self._running[key] = _advanced(one, event)

    def _begin(self, key: tuple[str, str], time_ms: int) -> None:
        if key in self._running:
            self._break_off(key, "a new one began")
        elif len(self._running) >= MAX_RUNNING:
            self._break_off(next(iter(self._running)), "nothing was heard of it")
        self._running[key] = Compaction(*key, RUNNING, time_ms, stage="beginning")

    def _break_off(self, key: tuple[str, str], why: str) -> None:
        self._ended.append(replace(self._running.pop(key), state=BROKEN_OFF, stage="", error=f"broken off: {why}"))

    @staticmethod
    def _joined(key: tuple[str, str], event: NodeEvent) -> Compaction | None:
        """A round of a compaction whose first line we have not seen."""
        if isinstance(event, h.CompactionRoundStarted):
            return Compaction(*key, RUNNING, 0)
        return None

    def _end(self, key: tuple[str, str], one: Compaction | None, event: h.CompactionFinished) -> None:
        self._running.pop(key, None)
        known = one or Compaction(*key, RUNNING, event.time_ms - max(event.duration_ms, 0))
        self._ended.append(
            replace(
                known,
                state=FAILED if event.error else DONE,
                finished_ms=event.time_ms,
                duration_s=event.duration_ms / 1000 if event.duration_ms >= 0 else None,
                stage="",
                error=event.error,
            )
        )


def _advanced(one: Compaction, event: NodeEvent) -> Compaction:
    if isinstance(event, h.CompactionRoundStarted):
        return replace(one, rounds=one.rounds + 1, stage=f"round {one.rounds + 1}: looking")
    if isinstance(event, h.CompactionPlanned):
        return replace(one, stage=f"round {one.rounds}: rewriting {event.rewrite} of {event.candidates} logs")
    if isinstance(event, h.CompactionRecordsRewritten):
        return replace(one, stage=f"round {one.rounds}: {event.records:,} records rewritten")
    if isinstance(event, h.CompactionTableRewritten):
        return replace(
            one,
            stage=f"round {one.rounds}: table rewritten",
            total=event.total.text or None,
            reclaimed=event.reclaimed.text or None,
            rewritten=event.rewritten.text or None,
            trashed=event.trashed.text or None,
            expired=event.expired.text or None,
        )
    if isinstance(event, h.CompactionRoundFinished):
        return replace(one, stage=f"round {one.rounds} finished", error=event.error or one.error)
    return one
