"""Which time pruning may go by. A clock that is wrong, far ahead, must not make everything old that is kept.

The clock is believed as long as it goes on from where it was. After a jump forward (a wrong clock, or the monitor was not running) the
time before the jump is kept until the monitor has run for a day at later times. A clock that goes back is believed at once, for that
prunes less.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

STEADY_S = 86_400.0
"""So long the monitor must have run after a jump, in one piece or several, before its new time is believed."""
TOLERANCE_S = 3600.0
"""A smaller step is none: an hour more or less is not worth a day of waiting."""
SAVE_EVERY_S = 600.0
_MOST_SPANS = 50


@dataclass(slots=True)
class Span:
    """The clock went on evenly since it showed `from_s`, while the monitor ran for `ran_s`."""

    from_s: float
    ran_s: float = 0.0


@dataclass(slots=True)
class SteadyClock:
    """`believed_s` is the time to prune by; `spans` are later times that are not believed yet, oldest first."""

    believed_s: float
    spans: list[Span] = field(default_factory=list)
    _last: tuple[float, float] | None = None

    def move(self, now: float, monotonic: float) -> float:
        """Time has passed; returns `believed_s`. `now` is the machine's clock, `monotonic` the one that never jumps."""
        last, self._last = self._last, (now, monotonic)
        ran_s = max(0.0, monotonic - last[1]) if last else 0.0
        before = last[0] + ran_s if last else (self.spans[-1].from_s + self.spans[-1].ran_s if self.spans else self.believed_s)
        if abs(now - before) > TOLERANCE_S:
            self._jump(now)
        elif self.spans:
            self.spans[-1].ran_s += ran_s
            self._promote(now)
        else:
            self.believed_s = now
        return min(self.believed_s, now)

    @property
    def is_waiting(self) -> bool:
        """The clock shows a time that is not believed yet."""
        return bool(self.spans)

    def _jump(self, now: float) -> None:
        self.spans = [span for span in self.spans if span.from_s <= now]
        if now <= self.believed_s + TOLERANCE_S:
            self.believed_s, self.spans = now, []
        else:
            self.spans = [*self.spans, Span(now)][-_MOST_SPANS:]

    def _promote(self, now: float) -> None:
        """Believe the latest time after which the monitor has run for a day."""
        ran_s = 0.0
        for place in range(len(self.spans) - 1, -1, -1):
            ran_s += self.spans[place].ran_s
            if ran_s >= STEADY_S:
                newest = place == len(self.spans) - 1
                self.believed_s = now if newest else self.spans[place].from_s
                del self.spans[: place + 1]
                return


class KeptClock:
    """A SteadyClock that a restart does not forget: one row of the database, written now and then."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._row: tuple[float, str] | None = None
        self._clock: SteadyClock | None = None
        self._saved_at = 0.0

    @property
    def is_waiting(self) -> bool:
        return self._clock is not None and self._clock.is_waiting

    def move(self, now: float, monotonic: float) -> float:
        """See SteadyClock.move. sqlite3.Error."""
        clock = self._known(now)
        was = (len(clock.spans), bool(self._row))
        believed = clock.move(now, monotonic)
        if (len(clock.spans), True) != was or monotonic - self._saved_at >= SAVE_EVERY_S:
            self._saved_at = monotonic
            self._save(clock)
        return believed

    def _known(self, now: float) -> SteadyClock:
        """As it is in the database: the operator may have spoken."""
        row = self._db.execute("SELECT believed_s, spans FROM prune_clock").fetchone()
        if self._clock is None or row != self._row:
            self._row = row
            self._clock = SteadyClock(*_read(row)) if row else SteadyClock(_last_commit(self._db, now))
        return self._clock

    def _save(self, clock: SteadyClock) -> None:
        self._row = (clock.believed_s, json.dumps([[span.from_s, span.ran_s] for span in clock.spans]))
        self._db.execute("INSERT OR REPLACE INTO prune_clock(id, believed_s, spans) VALUES (1, ?, ?)", self._row)


def accept_clock(db: sqlite3.Connection, now: float) -> None:
    """The operator says that the machine's clock is right."""
    db.execute("INSERT OR REPLACE INTO prune_clock(id, believed_s, spans) VALUES (1, ?, '[]')", (now,))


def _read(row: Sequence[object]) -> tuple[float, list[Span]]:
    """A row that cannot be understood believes nothing later than 1970: nothing is pruned for it."""
    try:
        return float(str(row[0])), [Span(float(from_s), float(ran_s)) for from_s, ran_s in json.loads(str(row[1]))]
    except (TypeError, ValueError):
        return 0.0, []


def _last_commit(db: sqlite3.Connection, now: float) -> float:
    """A database that was never asked before: when something was written into it last, as its own clock was then; `now` for a new one."""
    written = db.execute("SELECT max(saved_at) FROM position").fetchone()[0]
    return min(float(written), now) if isinstance(written, int | float) and written > 0 else now
