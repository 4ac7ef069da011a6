"""Where in a log we are: how a file is known again after it was renamed, copied or compressed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

HEAD_BYTES = 4096


class FileIdentity(NamedTuple):
    """A file is known by its first decompressed bytes: `head_bytes` (1..4096) of them and their BLAKE2b-128 hash (hex)."""

    head_bytes: int
    head_hash: str


class SavedPosition(NamedTuple):
    """One row of the database: how far a file of a node was read, as committed.

    offset    -- decompressed bytes read (always the end of a line)
    path      -- where the file was seen last; a hint only
    saved_at  -- wall clock (Unix seconds) of the commit; files last modified before it hold nothing new
    """

    identity: FileIdentity
    offset: int
    path: str
    saved_at: float


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a file that a batch covers: [start, end) in decompressed bytes.

    `previous` is set once, when a file that was shorter than HEAD_BYTES has grown: the position is then kept under
    `identity` from now on and `previous` is forgotten.
    """

    identity: FileIdentity
    start: int
    end: int
    path: str
    previous: FileIdentity | None = None
