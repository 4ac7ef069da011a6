"""What a node says is free, from the newest start line of an upload in a chunk: one look backwards a chunk, no cost for each line."""

from __future__ import annotations

from storj_monitor.log_processor.catalogue import canonical_logger
from storj_monitor.log_processor.entry import Entry, parse_entry
from storj_monitor.log_processor.fields import FieldNames
from storj_monitor.log_processor.objects import DOCKER_START
from storj_monitor.log_processor.wrappers import unwrap_docker, unwrap_line
from storj_monitor.model.events import TRANSFER_LOGGER, FreeSpace

_SPELLINGS = (b"available_space", b"Available Space")
"""Since v1.146, and from v0.33 to v1.145."""
_START = "upload started"
_TRIES = 3
"""A text that only quotes the field's name is passed over, but not a chunk full of them."""


def newest_free_space(data: bytes, names: FieldNames) -> FreeSpace | None:
    """Of the last start line in `data` that tells it; None without one."""
    end = len(data)
    for _ in range(_TRIES):
        at = max(data.rfind(spelling, 0, end) for spelling in _SPELLINGS)
        if at < 0:
            return None
        begin = data.rfind(b"\n", 0, at) + 1
        line_end = data.find(b"\n", at)
        found = _of_line(data[begin : len(data) if line_end < 0 else line_end], names)
        if found is not None:
            return found
        end = begin
    return None


def _of_line(line: bytes, names: FieldNames) -> FreeSpace | None:
    bare = unwrap_docker([line]).lines if line.startswith(DOCKER_START) else [line]
    entry = parse_entry(bare[0]) if bare else None
    if entry is None and bare:
        entry = parse_entry(unwrap_line(bare[0])[0])
    if not isinstance(entry, Entry) or entry.message != _START:
        return None
    logger, _ = canonical_logger(entry.logger)
    free_bytes = names(entry.fields).number("available_space")
    return FreeSpace(entry.time_ms, free_bytes) if logger == TRANSFER_LOGGER and free_bytes >= 0 else None
