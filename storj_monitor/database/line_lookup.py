"""Looks up which lines of a node were counted already: the database's side of log_processor.sieve."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterator

from storj_monitor.database.known_lines import bare_times, newest_row, rows_of_hour
from storj_monitor.database.reader import Reader
from storj_monitor.model.fingerprints import MINUTE_S, unpack_minute
from storj_monitor.model.rollups import HOUR_S

_HOURS = 3


class StoredLines:
    """log_processor.sieve.KnownLines from the database.

    node   -- its id, None when it is not there yet: then `find` is asked for it as soon as something was read
    settle -- makes sure that what was read so far is there
    """

    def __init__(
        self, reader: Reader, node: int | None, settle: Callable[[], object] = lambda: None,
        find: Callable[[], int | None] = lambda: None, *, ask_bare: bool = False,
    ) -> None:  # fmt: skip
        self._find = find
        self._reader = reader
        self._node = node
        self._settle = settle
        self._hours: dict[tuple[int, int], dict[int, list[bytes]]] = {}
        self._bare_hours: set[int] = set()
        self._bare_minutes: set[int] = set()
        if ask_bare and node is not None:
            self._bare_hours, self._bare_minutes = reader.ask_now(bare_times, node)

    @property
    def has_bare_times(self) -> bool:
        """Whether is_bare() is true for any time."""
        return bool(self._bare_hours or self._bare_minutes)

    def newest(self) -> int:
        """See KnownLines."""
        return self._reader.ask_now(newest_row)

    def minute(self, minute_s: int, but: int) -> Iterator[tuple[int, array[int]]]:
        """See KnownLines."""
        hour_s = minute_s // HOUR_S * HOUR_S
        hour = self._hours.get((hour_s, but))
        if hour is None:
            if len(self._hours) >= _HOURS:
                del self._hours[next(iter(self._hours))]
            hour = self._hours[hour_s, but] = self._rows(hour_s, but)
        for data in hour.get(minute_s, ()):
            with contextlib.suppress(ValueError):  # a damaged row knows no lines
                yield from unpack_minute(minute_s, data)

    def _rows(self, hour_s: int, but: int) -> dict[int, list[bytes]]:
        return {} if self._node is None else self._reader.ask_now(rows_of_hour, self._node, hour_s, but)

    def is_bare(self, second: int) -> bool:
        """See KnownLines."""
        return second // HOUR_S * HOUR_S in self._bare_hours or second // MINUTE_S * MINUTE_S in self._bare_minutes

    def refresh(self) -> None:
        """See KnownLines."""
        self._settle()
        self._hours.clear()
        if self._node is None:
            self._node = self._find()
