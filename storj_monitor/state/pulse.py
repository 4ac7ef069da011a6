"""The rhythm of one log: how its transfers come, so that a silence can be told from a pause. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from storj_monitor.model.ids import Outcome, op_outcome
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.uptime import Outage, Witness, silence_limit_s

HOUR_S = 3600
DAY_S = 86_400
MINUTE_S = 60
ENOUGH_TRANSFERS = 20
"""Fewer in a day tell of no rhythm."""


class _Counted:
    """Transfers of the last so many seconds before the newest minute."""

    def __init__(self, length_s: int) -> None:
        self._length_s = length_s
        self.minutes: deque[tuple[int, int]] = deque()
        self.count = 0

    def add(self, minute: int, count: int) -> None:
        if self.minutes and self.minutes[-1][0] == minute:
            self.minutes[-1] = (minute, self.minutes[-1][1] + count)
        else:
            self.minutes.append((minute, count))
        self.count += count
        while self.minutes[0][0] <= minute - self._length_s:
            self.count -= self.minutes.popleft()[1]

    def usual_pause_s(self) -> float:
        """Mean time between two transfers."""
        length_s = self.minutes[-1][0] - self.minutes[0][0] + MINUTE_S
        return length_s / self.count


class Pulse:
    """Minutes of one log that had transfers. A log that tells only failures (its level is above INFO) has no rhythm."""

    def __init__(self) -> None:
        self._hour, self._day = _Counted(HOUR_S), _Counted(DAY_S)
        self._good_at: int | None = None
        self.transfer_at: float | None = None
        """Time of the newest transfer."""

    def __iter__(self) -> Iterator[int]:
        """Starts of the minutes with transfers, of the last day, ascending."""
        return (minute for minute, _ in self._day.minutes)

    @property
    def last_minute(self) -> int | None:
        """Start of the newest minute with transfers."""
        return self._day.minutes[-1][0] if self._day.minutes else None

    @property
    def usual_pause_s(self) -> float | None:
        """Between two transfers, at the slower of the last hour's and the last day's pace; None while that is not known."""
        last = self.last_minute
        if last is None or self._day.count < ENOUGH_TRANSFERS or self._good_at is None or self._good_at < last - DAY_S:
            return None
        return max(self._hour.usual_pause_s(), self._day.usual_pause_s())

    def lose_track(self) -> None:
        """Lines may be missing before what comes next: that is no silence."""
        self._hour, self._day = _Counted(HOUR_S), _Counted(DAY_S)

    def take(self, delta: NodeDelta, latest: float) -> list[Outage]:
        """Silences that ended in lines that were just read; those of a time after `latest` are let pass."""
        if not delta.follows:
            self.lose_track()
        if delta.transfers and (newest_s := delta.transfers[-1].time_ms / 1000) <= latest:
            self.transfer_at = max(self.transfer_at or 0.0, newest_s)
        if not delta.cells:
            return []
        minutes: dict[int, tuple[int, int]] = {}
        for key, cell in delta.cells.items():
            if key.start_s <= latest:
                count, good = minutes.get(key.start_s, (0, 0))
                minutes[key.start_s] = (count + cell.count, good + cell.count * (op_outcome(key.op) is Outcome.SUCCESS))
        return self.add(minutes)

    def recall(self, minutes: Mapping[int, tuple[int, int]], latest: float) -> list[Outage]:
        """The same of minutes that an earlier run stored."""
        gaps = self.add({minute: counts for minute, counts in minutes.items() if minute <= latest})
        if self.last_minute is not None:
            self.transfer_at = max(self.transfer_at or 0.0, float(self.last_minute))
        return gaps

    def add(self, minutes: Mapping[int, tuple[int, int]]) -> list[Outage]:
        """Silences that ended in these minutes (start in Unix seconds -> transfers, successes). Older minutes are let pass."""
        found: list[Outage] = []
        for minute in sorted(minutes):
            count, good = minutes[minute]
            last, pause_s = self.last_minute, self.usual_pause_s
            if last is not None and minute < last:
                continue
            if last is not None and pause_s is not None and minute - last - MINUTE_S >= silence_limit_s(pause_s):
                found.append(Outage(Witness.LOG_GAP, last + MINUTE_S, minute))
            self._hour.add(minute, count)
            self._day.add(minute, count)
            if good:
                self._good_at = minute
        return found
