"""Which kind of source a LOG setting means (a line stream, a pattern, a file), and the newest lines of one to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from storj_monitor.model.sources import HEAD_BYTES, SavedPosition
from storj_monitor.sources.content import Content
from storj_monitor.sources.file_source import FileSource
from storj_monitor.sources.logfile import LogFile
from storj_monitor.sources.nested import open_content
from storj_monitor.sources.siblings import is_compressed, is_pattern, matches
from storj_monitor.sources.source import LineSource
from storj_monitor.sources.stream_source import StreamSource

# ---- The newest lines of a log, to see what kind of log it is. Nothing is followed and nothing remembered.


SAMPLE_BYTES = 4 << 20
MOST_READ_BYTES = 256 << 20


class Sample(NamedTuple):
    """Whole lines from the end of one file, normalised. `others`: how many further files match the pattern."""

    path: str
    size_bytes: int
    data: bytes
    others: int


def newest_lines(log: str, size_bytes: int = SAMPLE_BYTES) -> Sample:
    """Of the file that a LOG setting means now. Raises OSError, also FileNotFoundError where nothing matches; ValueError for a
    compressed one."""
    found = matches(log) if is_pattern(log) else [log]
    if not found:
        raise FileNotFoundError(log)
    path = found[0]
    if is_compressed(path):
        raise ValueError(f"{path} is compressed, so no node writes it: name the log that it writes now, and `ingest` this one")
    content = open_content(path)
    try:
        size = content.size()
        if size is None:  # Docker's local driver: only reading tells where its lines are
            return Sample(path, Path(path).stat().st_size, _tail_of(content, size_bytes), len(found) - 1)
        file = LogFile(content, path, content.read_at(0, HEAD_BYTES), size, None)
        return Sample(path, size, file.lines_before(size_bytes), len(found) - 1)
    finally:
        content.close()


def _tail_of(content: Content, size_bytes: int) -> bytes:
    """The newest whole lines of a content that is read from its start."""
    tail, at = b"", 0
    while at < MOST_READ_BYTES and (data := content.read_at(at, 1 << 20)):
        at += len(data)
        tail = (tail + data)[-size_bytes:]
    cut = 0 if at <= size_bytes else tail.find(b"\n") + 1
    return tail[cut : tail.rfind(b"\n") + 1]


# ---- Which kind of source a LOG setting means: a line stream, a pattern, or a file.


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
