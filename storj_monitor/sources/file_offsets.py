"""Knows files again by their first bytes, and how far each was read in this session or before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from storj_monitor.model.sources import HEAD_BYTES, FileIdentity, SavedPosition


def identify(head: bytes) -> FileIdentity:
    """The identity of a file that starts with `head` (1..HEAD_BYTES bytes)."""
    return FileIdentity(len(head), hashlib.blake2b(head, digest_size=16).hexdigest())


class FileOffsets:
    """Offsets by identity: what the database had, advanced by what was handed out since.

    An identity covers min(HEAD_BYTES, offset) bytes: it grows with a short file. One that covers fewer than HEAD_BYTES
    although its offset is beyond them is a rewind: the same file after it had lost its end (a power cut), kept apart
    because the position under the full identity is further on than the file reached.

    has_met -- a file was looked at that is known
    """

    def __init__(self, saved: Sequence[SavedPosition]) -> None:
        self._offsets = {position.identity: position.offset for position in saved}
        self._lengths = Counter(identity.head_bytes for identity in self._offsets)
        self.has_met = False
        self.newest_saved_at = max((position.saved_at for position in saved), default=0.0)

    def __bool__(self) -> bool:
        return bool(self._offsets)

    def match(self, head: bytes) -> tuple[FileIdentity, int] | None:
        """Identity and offset of the file that starts with `head` (its first HEAD_BYTES, or all there is); None when it is new."""
        best: tuple[FileIdentity, int] | None = None
        for length in sorted((length for length in self._lengths if length <= len(head)), reverse=True):
            identity = identify(head[:length])
            offset = self._offsets.get(identity)
            if offset is not None and (best is None or (length < HEAD_BYTES <= offset)):
                best = identity, offset  # the longest, unless a rewind (the latest of them) stands beside it
        self.has_met |= best is not None
        return best

    def advance(self, identity: FileIdentity, offset: int, previous: FileIdentity | None) -> None:
        """What is about to be handed out ends at `offset`."""
        if previous is not None and self._offsets.pop(previous, None) is not None:
            self._lengths[previous.head_bytes] -= 1
            if not self._lengths[previous.head_bytes]:
                del self._lengths[previous.head_bytes]
        self._keep(identity, offset)

    def rewind(self, head: bytes, offset: int) -> FileIdentity:
        """A fresh identity for a known file of HEAD_BYTES or more that had lost its end and goes on at `offset`."""
        length = min(HEAD_BYTES, len(head)) - 1
        while identify(head[:length]) in self._offsets:
            length -= 1
        identity = identify(head[:length])
        self._keep(identity, offset)
        return identity

    def _keep(self, identity: FileIdentity, offset: int) -> None:
        if identity not in self._offsets:
            self._lengths[identity.head_bytes] += 1
        self._offsets[identity] = offset
