"""How a log source is doing, in words that a page can show."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class SourceState(StrEnum):
    """The four states of a source; the text is what goes on the wire."""

    LIVE = "live"
    CATCHING_UP = "catching_up"
    WAITING = "waiting"
    ERROR = "error"


class Skipped(NamedTuple):
    """What of a log was read before and is not read again. `lines`: None where counting them would take too long."""

    size_bytes: int
    lines: int | None


class SourceStatus(NamedTuple):
    """One source at one moment.

    detail        -- why it is so and what to do about it; "" when there is nothing to say
    path          -- the file (or HOST:PORT) that is being read, or that is waited for
    lag_bytes     -- bytes on disk that are known and not read yet (for compressed files: compressed bytes)
    since         -- Unix seconds: when this state began
    last_read_at  -- Unix seconds: when bytes came last; None before the first
    """

    state: SourceState
    detail: str
    path: str
    lag_bytes: int
    since: float
    last_read_at: float | None
