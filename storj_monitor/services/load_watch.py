"""Looks at the load and says what it is to whoever sends to pages. Costs one timer; changes nothing about reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from storj_monitor.clock import Clock
from storj_monitor.model.load import Load, LoadState, Measures
from storj_monitor.state.load import Judgement, judge

LOOK_S = 1.0
# While nobody watches, and all has been well for a minute.
UNWATCHED_LOOK_S = 5.0
WELL_S = 60.0
LASTING = 3


class LoadWatch:
    """`run` is a task for as long as the monitor lives.

    lag_bytes, commits_waiting -- the measures, asked for on the event loop
    watched                    -- is a page connected; without one, and after a while in which all was well, looks are rarer
    tell                       -- called with each look's answer, on the event loop

    One long commit or one big snapshot is no load: of these two measures the least of `LASTING` looks counts.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        lag_bytes: Callable[[], int],
        commits_waiting: Callable[[], int],
        watched: Callable[[], bool],
        tell: Callable[[Load], None],
    ) -> None:
        self._clock = clock
        self._lag_bytes = lag_bytes
        self._commits_waiting = commits_waiting
        self._watched = watched
        self._tell = tell

    async def run(self) -> None:
        """Until cancelled."""
        judgement = Judgement()
        seen = deque([Measures()], maxlen=LASTING)
        unwell_at = self._clock.monotonic()
        while True:
            if self._watched() or judgement.load.state is not LoadState.NORMAL:
                unwell_at = self._clock.monotonic()
            look_s = LOOK_S if self._clock.monotonic() - unwell_at < WELL_S else UNWATCHED_LOOK_S
            due = self._clock.monotonic() + look_s
            await self._clock.sleep(look_s)
            now = self._clock.monotonic()
            seen.append(Measures(self._lag_bytes(), self._commits_waiting(), max(0.0, now - due)))
            lasting = Measures(seen[-1].lag_bytes, min(one.commits_waiting for one in seen), min(one.loop_lag_s for one in seen))
            judgement = judge(judgement, lasting, now)
            self._tell(judgement.load)
