"""Decompression in bounded steps: gzip, Zstandard, xz, bzip2. A few bytes may stand for gigabytes; no step brings more than megabytes."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import zstandard

WINDOW_MOST_BYTES = 32 << 20
"""What a Zstandard frame may look back: levels 1 to 20 do with it, `--long` does not."""
XZ_MOST_BYTES = 96 << 20
"""Memory of an xz decoder: `xz -9` needs 65 MiB."""
_ZSTD_FEED = 128
"""Compressed bytes handed over at a time. Four of them may be a block of 128 KiB."""

Damage = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)
"""What the libraries say of data that they cannot unpack; bz2 says OSError."""


class Inflater(Protocol):
    """One compressed member after its beginning; like the objects of bz2 and lzma."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._object.decompress(self._object.unconsumed_tail + data, max_length)
        # output of exactly that length may have more behind it that needs no input
        self.needs_input = not self._object.unconsumed_tail and len(out) < max_length
        return out


class _Zstd:
    """Its library knows no limit of the output, so it is fed in small bites."""

    def __init__(self) -> None:
        self._object = zstandard.ZstdDecompressor(max_window_size=WINDOW_MOST_BYTES).decompressobj()
        self._waiting = memoryview(b"")
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data + bytes(self._waiting)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        waiting = memoryview(bytes(self._waiting) + data) if self._waiting else memoryview(data)
        parts, size, at = [], 0, 0
        while at < len(waiting) and size < max_length and not self._object.eof:
            part = self._object.decompress(waiting[at : at + _ZSTD_FEED])
            at += _ZSTD_FEED
            size += len(part)
            parts.append(part)
        self._waiting = waiting[at:]
        self.needs_input = not self._waiting
        return b"".join(parts)


def _new_xz() -> Inflater:
    return lzma.LZMADecompressor(memlimit=XZ_MOST_BYTES)


_ZSTD_SKIPPABLE = tuple(bytes((number,)) + b"\x2a\x4d\x18" for number in range(0x50, 0x60))
"""Frames without content, with which pzstd and seekable Zstandard begin; data follows in another frame."""

_CODECS: tuple[tuple[bytes, Callable[[], Inflater]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"\x28\xb5\x2f\xfd", _Zstd),
    *((magic, _Zstd) for magic in _ZSTD_SKIPPABLE),
    (b"\xfd7zXZ\x00", _new_xz),
    (b"BZh", bz2.BZ2Decompressor),
)
MAGIC_BYTES = 6


def codec_of(beginning: bytes) -> Callable[[], Inflater] | None:
    """How to unpack a file that begins so; None: it is not compressed."""
    for magic, new in _CODECS:
        if beginning.startswith(magic) and (new is not bz2.BZ2Decompressor or beginning[3:4] in b"123456789"):
            return new
    return None


def why_damaged(error: BaseException, at: int) -> str:
    """What is wrong with the compressed data, and what the operator can do where it is only too much."""
    text = str(error)
    if "too much memory" in text or "Memory usage limit" in text or "memory" in text.lower():
        return f"not read from byte {at:,} on: unpacking it needs more memory than is allowed. Unpack it, or compress it without --long"
    return f"damaged after {at} bytes ({text})"
