"""A log that does not drown: the same message again and again is written once in a while, with the number left out.

Errors are never left out. Attach a `RepeatFilter` to a handler (or a logger); it looks at the message template, so
`log.warning("cannot read %s", path)` counts as the same line for every path of one call site.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

_MOST_KEYS = 512
_Key = tuple[str, int, str]


class _Seen:
    __slots__ = ("left_out", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.left_out = 0


class RepeatFilter(logging.Filter):
    """Lets `every_s` pass between two lines of the same logger, level and template; below ERROR only."""

    def __init__(self, every_s: float = 30.0) -> None:
        super().__init__()
        self._every_s = every_s
        self._seen: OrderedDict[_Key, _Seen] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            return True
        key = (record.name, record.levelno, str(record.msg))
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= _MOST_KEYS:
                self._seen.popitem(last=False)
            self._seen[key] = _Seen(record.created)
            return True
        if 0 <= record.created - seen.since < self._every_s:
            seen.left_out += 1
            return False
        self._seen.move_to_end(key)
        if seen.left_out:
            record.msg = f"{record.getMessage()} ({seen.left_out} more like this in the last {record.created - seen.since:.0f} s)"
            record.args = None
        seen.since, seen.left_out = record.created, 0
        return True

    def summaries(self, now: float) -> list[str]:
        """What was left out by templates that have since fallen silent; each is told once. `now` in Unix seconds."""
        told: list[str] = []
        for key, seen in list(self._seen.items()):
            if now - seen.since < self._every_s:
                continue
            if seen.left_out:
                told.append(f"{key[0]}: {key[2]} ({seen.left_out} more like this)")
            del self._seen[key]
        return told
