"""Every line by the exact path, one by one: what the fast path is measured against. Says the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from storj_monitor.log_processor.exact_path import ExactPath
from storj_monitor.log_processor.harvest import Harvest
from storj_monitor.log_processor.line_state import LineState
from storj_monitor.log_processor.objects import DOCKER_START


class PlainPath:
    """For one log; see `FastPath.read`."""

    def __init__(self, state: LineState) -> None:
        self._state = state

    def read(self, lines: Iterator[bytes], arrivals: Iterator[int | None] | None, harvest: Harvest) -> bytes | None:
        """Read lines in order. Stops at a line of Docker's, which must be unwrapped first, and gives it back."""
        exact = ExactPath(self._state, harvest)
        for line, arrival in zip(lines, arrivals or repeat(None), strict=False):
            if arrivals is None and line.startswith(DOCKER_START):
                return line
            exact.read(line, arrival)
        return None
