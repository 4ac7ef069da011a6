"""What goes from a source to the log processor: whole lines and where they stood."""

from __future__ import annotations

import msgspec

from storj_monitor.model.positions import FileIdentity


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
