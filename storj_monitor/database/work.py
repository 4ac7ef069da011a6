"""What is handed to the writer's thread, and what it says of itself."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from storj_monitor.model.rollups import NodeDelta


class Work(NamedTuple):
    """A small write of another room, in a transaction of its own; `done` is called in the writer's thread after its commit."""

    write: Callable[[sqlite3.Connection], None]
    done: Callable[[], None]


class Suspicion:
    """See `Writer.suspect`."""


Task = Sequence[NodeDelta] | threading.Event | Work | Suspicion


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """`problem` is empty when the last commit succeeded; `commit_s` is how long it took.

    left_out -- parts of commits, and small writes, that the database would never have taken (they are in the log)
    believed_s -- the time that what is kept ages by, see steady_clock; 0 before anything was written
    """

    problem: str = ""
    since: float = 0.0
    committed_at: float = 0.0
    commit_s: float = 0.0
    longest_commit_s: float = 0.0
    commits: int = 0
    left_out: int = 0
    believed_s: float = 0.0

    def failing(self, words: str, now: float) -> WriterStatus:
        """It does not take what it is given, for this reason."""
        return replace(self, problem=words, since=self.since if self.problem else now)

    def committed(self, took_s: float, now: float) -> WriterStatus:
        """It took something."""
        longest_s = max(took_s, self.longest_commit_s)
        return replace(self, problem="", since=0.0, committed_at=now, commit_s=took_s, longest_commit_s=longest_s, commits=self.commits + 1)


@dataclass(slots=True)
class StoreSignals:
    """What the writer says, in its own thread, to its subscribers.

    conflict -- the log of this node was read by somebody else meanwhile: what was handed over is refused
    foreign  -- another process has written into the database
    problem  -- commits fail, in words; "" when they work again
    """

    conflict: list[Callable[[str], None]] = field(default_factory=list)
    foreign: list[Callable[[], None]] = field(default_factory=list)
    problem: list[Callable[[str], None]] = field(default_factory=list)
