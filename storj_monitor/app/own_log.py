"""The monitor's own messages, on the standard error stream; with a limit, repeated ones are told once in a while and with their number."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from storj_monitor.clock import Clock
from storj_monitor.quiet import RepeatFilter
from storj_monitor.units import plain_text

MOST_LINE = 8000


class _PlainFormatter(logging.Formatter):
    """No line can move the cursor of a terminal or turn its direction of writing, whatever a node or a client said."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        return plain_text(super().formatMessage(record), MOST_LINE, keep="\n\t")

    def format(self, record: logging.LogRecord) -> str:
        """The last line of a traceback is what somebody said, too; another handler may have written it down already."""
        return "\n".join(plain_text(line, MOST_LINE, keep="\t") for line in super().format(record).split("\n"))


class OwnLog:
    """`limited`: see quiet.RepeatFilter."""

    def __init__(self, clock: Clock, *, limited: bool) -> None:
        self._clock = clock
        self._filter = RepeatFilter() if limited else None
        self._handler = logging.StreamHandler()
        self._handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        if self._filter is not None:
            self._handler.addFilter(self._filter)
        self._level_before = logging.root.level
        logging.root.addHandler(self._handler)
        logging.root.setLevel(logging.INFO)

    async def tell(self) -> None:
        """What was left out and has fallen silent since; to be called now and then."""
        if self._filter is not None:
            self._filter.tell(self._clock.now())

    def end(self) -> None:
        """What was left out and not told yet: the last words."""
        if self._filter is not None:
            self._filter.tell()
        logging.root.removeHandler(self._handler)
        logging.root.setLevel(self._level_before)


@contextmanager
def own_log(clock: Clock, *, limited: bool) -> Iterator[OwnLog]:
    """Messages go out from here on; at the end the last words are said."""
    log = OwnLog(clock, limited=limited)
    try:
        yield log
    finally:
        log.end()
