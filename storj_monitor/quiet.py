"""A log that does not drown: the same message again and again is written once in a while, with the number left out.

Errors too: the first of its kind is written with its traceback, the others are counted. Whatever can be repeated at will (by a
client, a full disk, a node) would otherwise fill the disk. Errors are of one kind only when they have the same type and were raised
at the same place, so none hides another.

Nothing is left out without being told: the next message of its kind tells how many there were, or, where none follows, `tell` does.
Attach a `RepeatFilter` to a handler (or a logger); it looks at the message template, so `log.warning("cannot read %s", path)` counts
as the same line for every path of one call site. A message about one node has `extra={"node": NAME}`: two nodes with the same trouble
are two kinds, or the second one's name would not be in the log. Called from any thread.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from pathlib import Path

TELL_S = 60.0
"""How often `tell` is worth calling."""
_MOST_KEYS = 512
_MOST_TEXT = 300
_Key = tuple[str, int, str, str, str]
_log = logging.getLogger(__name__)


class _Seen:
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
        self._seen: OrderedDict[_Key, _Seen] = OrderedDict()
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
                self._seen[key] = _Seen(record.created)
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
