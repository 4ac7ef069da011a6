"""Which kind of source a LOG setting means: a line stream, a pattern, or a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storj_monitor.model.positions import SavedPosition
from storj_monitor.sources.file_source import FileSource
from storj_monitor.sources.source import LineSource
from storj_monitor.sources.stream_source import StreamSource

# a drive (X:\ or X:/) never matches: what follows the colon must be digits only
_STREAM = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s:/\\\[\]*?]+)):(?P<port>\d{1,5})")


def stream_address(log: str) -> tuple[str, int] | None:
    """Host (without brackets) and port of `HOST:PORT` or `[v6]:PORT`; None when the text is no such address."""
    match = _STREAM.fullmatch(log)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        return None
    return match["v6"] or match["host"], int(match["port"])


def open_source(node: str, log: str, saved: Sequence[SavedPosition], from_end: bool, now: float) -> LineSource:
    """A source for a node's LOG setting. Nothing is opened before the first read(); never raises for what it finds (or not) there."""
    address = stream_address(log)
    if address is not None:
        return StreamSource(node, *address, now=now)
    return FileSource(node, log, saved, from_end, now)
