"""Severe entries of one node's log of the last days: what is said at once, however rare it is. See model.severity for what is severe."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.model.rollups import ErrorCount, ErrorKey
from storj_monitor.model.severity import SevereEntry, classify

SEVERE_S = 7 * 86400
"""Entries that did not come again for so long (by our clock) are history: they are in the database only."""
MOST = 100
"""Different ones of one node; beyond, the one that has been quiet for longest goes."""


class SevereLog:
    """Fed with the folded errors of each delta; `entries` are worst first, then newest first. `revision` grows with every change."""

    def __init__(self, node: str) -> None:
        self.revision = 0
        self._node = node
        self._kept: dict[ErrorKey, ErrorCount] = {}

    def add(self, errors: Mapping[ErrorKey, ErrorCount]) -> bool:
        """Take in errors of any class; True when a severe one was among them."""
        found = False
        for error, seen in errors.items():
            if classify(*error[1:]).is_severe:
                found = True
                self._kept.setdefault(error._replace(start_s=0), ErrorCount()).merge(seen)
        while len(self._kept) > MOST:
            del self._kept[min(self._kept, key=lambda error: self._kept[error].last_ms)]
        self.revision += found
        return found

    def expire(self, now: float) -> bool:
        """Let go of what is too old; True when something left."""
        oldest_ms = (now - SEVERE_S) * 1000
        gone = [error for error, seen in self._kept.items() if seen.last_ms < oldest_ms]
        for error in gone:
            del self._kept[error]
        self.revision += bool(gone)
        return bool(gone)

    def entries(self) -> tuple[SevereEntry, ...]:
        """All that are kept."""
        found = [
            SevereEntry(
                classify(*error[1:]),
                self._node,
                seen.first_ms,
                seen.last_ms,
                seen.count,
                seen.sample or error.message,
                error.level,
                error.logger,
                error.message,
                seen.satellite,
            )
            for error, seen in self._kept.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.kind, -one.last_ms)))
