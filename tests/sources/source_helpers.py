"""A stand-in for the writer (positions committed by compare-and-swap) and a loop that reads a source dry."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.sources import Chunk, FileIdentity, SavedPosition
from storj_monitor.sources import LineSource

NOW = 1_780_000_000.0


class Ledger:
    """What a database would hold after these chunks: lines and positions, together."""

    def __init__(self) -> None:
        self.rows: dict[FileIdentity, SavedPosition] = {}
        self.data = b""

    def commit(self, chunk: Chunk) -> None:
        assert chunk.identity is not None
        assert chunk.data.endswith(b"\n")
        assert chunk.start < chunk.end
        key = chunk.previous or chunk.identity
        row = self.rows.get(key)
        if chunk.previous:
            assert row is not None
            assert chunk.identity not in self.rows
        if row is not None:
            assert row.offset == chunk.start, "compare-and-swap failed"
        self.rows.pop(key, None)
        self.rows[chunk.identity] = SavedPosition(chunk.identity, chunk.end, chunk.path, chunk.read_at)
        self.data += chunk.data

    def saved(self) -> list[SavedPosition]:
        return list(self.rows.values())


def drain(source: LineSource, now: float = NOW, limit_bytes: int = 1 << 20, seconds: float = 8.0) -> list[Chunk]:
    """Every chunk that comes while the clock goes on for `seconds` after the last one."""
    chunks = []
    silent_since = now
    while now - silent_since < seconds:
        chunk = source.read(now, limit_bytes)
        if chunk is None:
            now += 0.5
        else:
            chunks.append(chunk)
            silent_since = now
    return chunks


def text(chunks: Iterable[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


def commit_all(ledger: Ledger, chunks: Iterable[Chunk]) -> None:
    for chunk in chunks:
        ledger.commit(chunk)
