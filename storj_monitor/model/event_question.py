"""What is asked about events, checked."""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.severity import Severity


class EventFilter(NamedTuple):
    """Which events, beside nodes and window; an empty filter lets all pass.

    kinds      -- tags of types
    before     -- (time_ms, id) of the last row of the page before, None for the first page
    limit      -- rows of a page at most
    """

    kinds: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    before: tuple[int, int] | None = None
    limit: int = 100
