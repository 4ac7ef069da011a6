"""How busy the monitor is, and what that means for pages: settled types, no decisions."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class LoadState(StrEnum):
    """What pages get; the text is what goes on the wire. Reading and storing of logs never gets less."""

    NORMAL = "normal"
    DOWNSAMPLED = "downsampled"
    PAUSED = "paused"


class Measures(NamedTuple):
    """How busy it is at one moment.

    lag_bytes       -- bytes of all logs that are known and not read yet (compressed bytes of compressed files)
    commits_waiting -- commits handed to the database that are not on disk yet; the pipeline waits when there are two
    loop_lag_s      -- how much later than due the event loop came to a timer
    """

    lag_bytes: int = 0
    commits_waiting: int = 0
    loop_lag_s: float = 0.0


class Load(NamedTuple):
    """The answer for pages.

    reason -- the measure that keeps the state from being better ("lag", "commits", "loop"); "" while normal
    left_s -- seconds until all is read at the pace of the last seconds; None when nothing waits, or it does not get less
    """

    state: LoadState = LoadState.NORMAL
    reason: str = ""
    measures: Measures = Measures()
    left_s: float | None = None
