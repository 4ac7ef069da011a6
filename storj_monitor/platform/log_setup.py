"""The monitor's own messages, on the standard error stream; with a limit, repeated ones are told once in a while and with their number."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storj_monitor.clock import Clock
from storj_monitor.units import plain_text

MOST_LINE = 8000
_log = logging.getLogger(__name__)
TELL_S = 60.0
"""How often `tell` is worth calling."""
_MOST_KEYS = 512
_MOST_TEXT = 300
_Key = tuple[str, int, str, str, str]


class _Repeats:
    __slots__ = ("left_out", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.left_out = 0


class RepeatFilter(logging.Filter):
    """Lets `every_s` pass between two lines of the same logger, level, template and origin of the exception."""

    def __init__(self, every_s: float = 30.0) -> None:
        super().__init__()
        self._every_s = every_s
        self._lock = threading.Lock()
        self._seen: OrderedDict[_Key, _Repeats] = OrderedDict()
        self._forgotten = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == __name__:
            return True
        key = (record.name, record.levelno, _template(record), _origin(record), str(getattr(record, "node", "")))
        with self._lock:
            seen = self._seen.get(key)
            if seen is None:
                if len(self._seen) >= _MOST_KEYS:
                    self._forgotten += self._seen.popitem(last=False)[1].left_out
                self._seen[key] = _Repeats(record.created)
                return True
            if 0 <= record.created - seen.since < self._every_s:
                seen.left_out += 1
                return False
            self._seen.move_to_end(key)
            left_out, since = seen.left_out, seen.since
            seen.since, seen.left_out = record.created, 0
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more like this in the last {record.created - since:.0f} s)"
            record.args = None
        return True

    def summaries(self, now: float) -> list[str]:
        """What was left out by templates that have since fallen silent; each is told once. `now` in Unix seconds."""
        told: list[str] = []
        with self._lock:
            for key, seen in list(self._seen.items()):
                if now - seen.since < self._every_s:
                    continue
                if seen.left_out:
                    of_node = key[4] and f" of node {key[4]}"
                    told.append(f"{key[0]}: {key[2]}{key[3] and f' [{key[3]}]'} ({seen.left_out} more like this{of_node})")
                del self._seen[key]
            if self._forgotten:
                told.append(f"{self._forgotten} more of other repeated messages")
                self._forgotten = 0
        return told

    def tell(self, now: float = math.inf) -> None:
        """Log the summaries; without `now` also of what has not fallen silent yet: at the end of the program."""
        for summary in self.summaries(now):
            _log.info("%s", summary)


def _template(record: logging.LogRecord) -> str:
    """A template that is all argument tells nothing of its kind: two different warnings are two, or one would hide the other."""
    return record.getMessage()[:_MOST_TEXT] if record.msg == "%s" else str(record.msg)


def _origin(record: logging.LogRecord) -> str:
    """Type of the exception and where it was raised; "" without one."""
    kind, _, trace = record.exc_info or (None, None, None)
    if kind is None:
        return ""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return kind.__name__ if trace is None else f"{kind.__name__} at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class _PlainFormatter(logging.Formatter):
    """No line can move the cursor of a terminal or turn its direction of writing, whatever a node or a client said."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        return plain_text(super().formatMessage(record), MOST_LINE, keep="\n\t")

    def format(self, record: logging.LogRecord) -> str:
        """The last line of a traceback is what somebody said, too; another handler may have written it down already."""
        return "\n".join(plain_text(line, MOST_LINE, keep="\t") for line in super().format(record).split("\n"))


class LoggingSetup:
    """`limited`: see RepeatFilter."""

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
def logging_setup(clock: Clock, *, limited: bool) -> Iterator[LoggingSetup]:
    """Messages go out from here on; at the end the last words are said."""
    log = LoggingSetup(clock, limited=limited)
    try:
        yield log
    finally:
        log.end()
