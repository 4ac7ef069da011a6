"""One node's minutes: collected until they are complete, handed to its series in order, with grace around restarts."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator

from storj_monitor.analytics_engine.comparison import RESTART
from storj_monitor.analytics_engine.finding_text import learning_words
from storj_monitor.analytics_engine.growth import Growth
from storj_monitor.analytics_engine.hours import SIDE_BY_OP, Sums
from storj_monitor.analytics_engine.levels import LEAST_HOURS
from storj_monitor.analytics_engine.series import Series
from storj_monitor.model.analytics import Basis, Change, Evidence, FailureCount, HourCell, Learning, NodeInput, StoredBaseline, Work
from storj_monitor.model.ids import DIRECTIONS
from storj_monitor.model.rollups import HOUR_S, MINUTE_S, Cell

ALL = ""
"""Stands for all satellites together."""
LATE_S = 10
"""A minute is closed this long after its end."""
WATCH_WITHIN_S = 3 * HOUR_S
"""What is older when it comes (a backlog) is learnt, not judged."""
MAX_MINUTES_A_TICK = 20
"""After a pause of the monitor the minutes in between are judged over several ticks, none of which is long."""
MAX_SATELLITES = 64
GRACE_BEFORE_S = 90
GRACE_AFTER_S = 240
"""Around a start or stop of the node nothing is judged or learnt: transfers are cut off and come back."""
MAX_RESTARTS_AN_HOUR = 4
"""... unless it restarts all the time."""
KEEP_CHANGES_S = 24 * HOUR_S
KEEP_FAILURES = 2000
STORE_HOURS = 6
"""A changed baseline is stored this often; the hours since are learnt again from hour rows after a restart."""
COMPARE_WITHIN_S = 600
"""A change that is told later than this still explains, but nothing is compared with before it."""
CAUSE_BEFORE_S = 1800
CAUSE_AFTER_S = 120

SeriesKey = tuple[str, int]


class NodeWatch:
    """`series` by (satellite, side); (ALL, side) first. `has_news`: something came or was closed since it was judged last."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.series: dict[SeriesKey, Series] = {}
        self.growth = Growth()
        self.has_news = False
        self.changes: deque[Change] = deque()
        self._minutes: dict[int, dict[SeriesKey, Sums]] = {}
        self._failures: deque[FailureCount] = deque(maxlen=KEEP_FAILURES)
        self._cursor_s: int | None = None
        self._read_to_s = 0
        self._judge_from_s = 0
        self._restarts: deque[int] = deque()
        self._stored: dict[SeriesKey, int] = {}
        self._due_hour = -1
        self.mute = False
        """Nothing is judged or learnt of a log that does not tell what succeeds."""
        for side in range(len(DIRECTIONS)):
            self.series_of((ALL, side))

    def restore(self, stored: StoredBaseline) -> None:
        """Take a baseline from the database; what cannot be read is learnt again."""
        if stored.direction not in DIRECTIONS:
            self.growth.restore(stored.data)
            return
        series = self.series_of((stored.satellite, DIRECTIONS.index(stored.direction)))
        if series is not None:
            series.restore(stored.data)

    def learn(self, rows: Iterable[HourCell]) -> None:
        """Closed hours of the node, any order; those that a series knows already are left out."""
        hours: dict[int, dict[SeriesKey, Sums]] = {}
        for start_s, satellite, op, cell in rows:
            self._add_cell(hours.setdefault(start_s // HOUR_S * HOUR_S, {}), satellite, op, cell)
        for start_s in sorted(hours):
            sums = hours[start_s]
            for key, series in self.series.items():
                if series.history.newest < start_s // HOUR_S:
                    series.learn(start_s, sums.get(key), 60)

    def take(self, new: NodeInput, work: Work) -> None:
        """Put aside what came; nothing is judged yet."""
        self.has_news = True
        self._read_to_s = max(self._read_to_s, new.read_to_s)
        self._judge_from_s = max(self._judge_from_s, new.judge_from_s)
        if new.mute is not None:
            self.mute = new.mute
        if new.from_s is not None:
            self._cursor_s = new.from_s if self._cursor_s is None else max(self._cursor_s, new.from_s)
        for key, cell in new.cells.items():
            minute = key.start_s // MINUTE_S * MINUTE_S
            if self._cursor_s is not None and minute < self._cursor_s:
                work.late += 1
                continue
            self._add_cell(self._minutes.setdefault(minute, {}), key.satellite, key.op, cell)
        self._failures.extend(new.failures)
        for sample in new.samples:
            self.growth.add(sample)
        for change in new.changes:
            self._note(change)

    def close(self, now_s: int, work: Work) -> None:
        """Hand every complete minute to the series."""
        end = min(now_s - LATE_S, self._read_to_s) // MINUTE_S * MINUTE_S
        if self._cursor_s is None:
            if not self._read_to_s:
                return
            self._cursor_s = min(self._minutes, default=end)
        for minute in self._backlog(min(end, max(now_s - WATCH_WITHIN_S, self._judge_from_s))):
            sums = self._minutes.pop(minute, {})
            if self.mute:
                continue
            for key, series in self.series.items():
                series.learn(minute, sums.get(key))
        end = min(end, self._cursor_s + MAX_MINUTES_A_TICK * MINUTE_S)
        while self._cursor_s < end:
            minute = self._cursor_s
            self._cursor_s += MINUTE_S
            self.has_news = True
            found = self._minutes.pop(minute, {})
            work.minutes += 1
            if self.mute:
                for series in self.series.values():
                    series.forget_suspicion()
                continue
            if self._in_grace(minute):
                for series in self.series.values():
                    series.calm()
                continue
            for key, series in self.series.items():
                series.watch(minute, found.get(key), work)
        for minute in [minute for minute in self._minutes if minute > now_s + HOUR_S]:
            del self._minutes[minute]

    def cause(self, onset_s: int) -> str:
        """The change that an onset came right after: a version or setting before a mere restart, the newest first."""
        near = [c for c in self.changes if onset_s - CAUSE_BEFORE_S <= c.at_s <= onset_s + CAUSE_AFTER_S]
        return max(near, key=lambda c: (c.kind != RESTART, c.at_s)).text if near else ""

    def reasons(self, satellite: str, direction: str, since_s: int, most: int = 3) -> list[Evidence]:
        """Most frequent reasons of failures since then."""
        counts: dict[str, int] = {}
        for start_s, where, which, reason, count in self._failures:
            if start_s >= since_s and which == direction and satellite in (ALL, where):
                counts[reason] = counts.get(reason, 0) + count
        whole = sum(counts.values())
        return [Evidence(reason, counts[reason], whole) for reason in sorted(counts, key=lambda r: (-counts[r], r))[:most]]

    def due(self, now_s: int, everything: bool) -> Iterator[StoredBaseline]:
        """Baselines to store: changed, and not stored for STORE_HOURS (each at its own hour), or all changed ones."""
        if now_s // HOUR_S == self._due_hour and not everything:
            return
        self._due_hour = now_s // HOUR_S
        for key, series in self.series.items():
            offset = zlib.crc32(f"{self.name}{key}".encode()) % STORE_HOURS
            turn = (now_s // HOUR_S + offset) // STORE_HOURS
            if series.is_changed and series.history.newest >= 0 and (everything or self._stored.get(key, turn) < turn):
                series.is_changed = False
                through_s = (series.history.newest + 1) * HOUR_S
                self._stored[key] = turn
                yield StoredBaseline(self.name, key[0], DIRECTIONS[key[1]], through_s, series.history.encode())
            self._stored.setdefault(key, turn)
        turn = now_s // HOUR_S // STORE_HOURS
        if self.growth.is_changed and (everything or self._stored.get(("", -1), turn) < turn):
            self.growth.is_changed = False
            yield StoredBaseline(self.name, ALL, "", now_s, self.growth.encode())
            self._stored["", -1] = turn
        self._stored.setdefault(("", -1), turn)

    def learning(self) -> Learning:
        """How much the baselines of all satellites together rest on."""
        every = [self.series[ALL, side] for side in range(len(DIRECTIONS))]
        hours = max(series.history.known() for series in every)
        levels = [level for series in every for metric in LEAST_HOURS if (level := series.level(metric)) is not None]
        basis = next((basis for basis in Basis if any(level.basis is basis for level in levels)), None)
        return Learning(self.name, hours, basis, learning_words(hours, basis), self._cursor_s or 0, len(self.series))

    def _add_cell(self, into: dict[SeriesKey, Sums], satellite: str, op: int, cell: Cell) -> None:
        side = SIDE_BY_OP[op]
        for key in ((ALL, side), (satellite, side)) if satellite else ((ALL, side),):
            if self.series_of(key) is None:
                continue
            sums = into.get(key)
            if sums is None:
                sums = into[key] = Sums()
            sums.add_cell(op, cell)

    def series_of(self, key: SeriesKey) -> Series | None:
        """The series, made when it is new; None when there are too many satellites."""
        found = self.series.get(key)
        if found is None and len(self.series) < 2 * MAX_SATELLITES + 2:
            found = self.series[key] = Series(key[0], DIRECTIONS[key[1]])
        return found

    def _backlog(self, until_s: int) -> list[int]:
        """Minutes that are too old to be judged; the cursor moves on behind them. Of a long time only those that have something."""
        if self._cursor_s is None or self._cursor_s >= until_s:
            return []
        begin, self._cursor_s = self._cursor_s, until_s // MINUTE_S * MINUTE_S
        if self._cursor_s - begin <= 2 * WATCH_WITHIN_S:
            return list(range(begin, self._cursor_s, MINUTE_S))
        return sorted(minute for minute in self._minutes if minute < self._cursor_s)

    def _note(self, change: Change) -> None:
        self.changes.append(change)
        while self.changes and self.changes[0].at_s < change.at_s - KEEP_CHANGES_S:
            self.changes.popleft()
        if change.kind == RESTART:
            self._restarts.append(change.at_s)
            while self._restarts and self._restarts[0] < change.at_s - HOUR_S:
                self._restarts.popleft()
        if change.at_s < max(self._cursor_s or 0, self._judge_from_s) - COMPARE_WITHIN_S:
            return  # most of what came since was seen by an earlier run: no fair comparison any more
        for series in self.series.values():
            known = series.comparison.change if series.comparison else None
            if known is None or change.kind != RESTART or known.kind == RESTART:
                series.compare_from(change)

    def _in_grace(self, minute_s: int) -> bool:
        if len(self._restarts) > 2 * MAX_RESTARTS_AN_HOUR:
            return False
        return any(at - GRACE_BEFORE_S <= minute_s <= at + GRACE_AFTER_S for at in self._restarts)
