"""What every source of lines offers to the one thread that drives them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storj_monitor.model.lines import Chunk
from storj_monitor.model.positions import SavedPosition
from storj_monitor.model.sources import SourceState, SourceStatus
from storj_monitor.units import readable

WARM_UP_BYTES = 1 << 20  # read in front of a saved position, so that transfers that were under way find their starts
READ_ERRORS = (OSError, ValueError, MemoryError)
"""What reading one log may meet: also names that this system's encoding cannot write, and more than there is memory for."""
ACTIVE_S = 10.0  # a source that brought something within this time is asked at every turn
SILENT_POLL_S = 0.5  # a silent one only this often


class LineSource(Protocol):
    """Lines of one node. Nothing here blocks, sleeps or raises OSError; `now` is Unix seconds, wall clock."""

    node: str

    def read(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """The next whole lines, about `limit_bytes` of them (one longer line is still handed out whole); None: nothing now."""

    def read_at_once(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """The same without waiting for a disk: BlockingIOError where that cannot be promised, or where more than reading on is due.

        `read` must be asked then; nothing was done.
        """

    @property
    def at_once(self) -> bool:
        """Whether read_at_once() is worth trying."""

    @property
    def knows_its_place(self) -> bool:
        """Something of this log was read before, in this run or an earlier one. To be asked after the first read()."""

    def due(self, now: float) -> bool:
        """Whether read() is worth calling; cheap."""

    def status(self) -> SourceStatus:
        """How the source is doing."""

    def resync(self, saved: Sequence[SavedPosition]) -> None:
        """Somebody else committed further: forget the own place and go on from these positions."""

    def close(self) -> None:
        """Give everything back; may be called twice."""


class Pace:
    """When a source should be asked again. Survives clock jumps: a time in the future counts as long ago."""

    def __init__(self) -> None:
        self.last_data_at: float | None = None
        self.last_poll_at: float | None = None

    def due(self, now: float) -> bool:
        """Always while lines come, every SILENT_POLL_S after ACTIVE_S of silence."""
        if self.last_data_at is not None and 0 <= now - self.last_data_at <= ACTIVE_S:
            return True
        return elapsed(self.last_poll_at, now, SILENT_POLL_S)


def elapsed(since: float | None, now: float, seconds: float) -> bool:
    """Whether `seconds` went by since then (or the clock was set back)."""
    return since is None or not 0 <= now - since < seconds


_LIVE = SourceState.LIVE


class Mood:
    """State and detail of a source, and since when."""

    def __init__(self, now: float) -> None:
        self.state = SourceState.WAITING
        self.detail = ""
        self.since = now

    @property
    def is_live(self) -> bool:
        """All is well, and there is nothing to say."""
        return self.state is _LIVE and not self.detail

    def set(self, state: SourceState, detail: str, now: float) -> None:
        """`since` moves only when the state changes."""
        if state is not self.state:
            self.state, self.since = state, now
        self.detail = readable(detail)

    def status(self, path: str, lag_bytes: int, last_read_at: float | None) -> SourceStatus:
        return SourceStatus(self.state, self.detail, readable(path), lag_bytes, self.since, last_read_at)
