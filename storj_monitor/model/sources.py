"""What a source gives: whole lines, where they stood in which file, and how it is doing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class SourceState(StrEnum):
    """The four states of a source; the text is what goes on the wire."""

    LIVE = "live"
    CATCHING_UP = "catching_up"
    WAITING = "waiting"
    ERROR = "error"


class Skipped(NamedTuple):
    """What of a log was read before and is not read again. `lines`: None where counting them would take too long."""

    size_bytes: int
    lines: int | None


class SourceStatus(NamedTuple):
    """One source at one moment.

    detail        -- why it is so and what to do about it; "" when there is nothing to say
    path          -- the file (or HOST:PORT) that is being read, or that is waited for
    lag_bytes     -- bytes on disk that are known and not read yet (for compressed files: compressed bytes)
    since         -- Unix seconds: when this state began
    last_read_at  -- Unix seconds: when bytes came last; None before the first
    """

    state: SourceState
    detail: str
    path: str
    lag_bytes: int
    since: float
    last_read_at: float | None


# ---- Where in a log we are: how a file is known again after it was renamed, copied or compressed.


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


# ---- What goes from a source to the log processor: whole lines and where they stood.


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Whole lines of one log, in order.

    node      -- name of the node
    data      -- UTF-8 (or undecodable) bytes with LF line ends, no BOM; the last line ends with LF too
    start,end -- the stretch of the file, in decompressed bytes as stored (UTF-16 and CRLF count as they are on disk)
    read_at   -- Unix seconds, taken when the bytes were read
    identity  -- None for a line stream, which has no position
    path      -- for messages and as a hint
    previous  -- see Checkpoint.previous
    live      -- the source has caught up: these lines were written just now
    """

    node: str
    data: bytes
    start: int
    end: int
    read_at: float
    identity: FileIdentity | None
    path: str
    previous: FileIdentity | None = None
    live: bool = True
