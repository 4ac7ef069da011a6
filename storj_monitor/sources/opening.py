"""Opens a log for reading so that the node can go on renaming and deleting it, and reads at an offset on every system."""

from __future__ import annotations

import bz2
import errno
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import zstandard

# ---- Decompression in bounded steps: gzip, Zstandard, xz, bzip2. A few bytes may stand for gigabytes; no step brings more than megabytes.


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


# ---- Opens a log for reading so that the node can go on renaming and deleting it, and reads at an offset on every system.


if sys.platform == "win32":  # written from Microsoft's documentation; could not be tried on this project's machines
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _GENERIC_READ = 0x80000000
    _SHARE_READ_WRITE_DELETE = 0x1 | 0x2 | 0x4
    _OPEN_EXISTING = 3
    _FILE_ATTRIBUTE_NORMAL = 0x80
    _INVALID_HANDLE = ctypes.c_void_p(-1).value

    def _open(path: str) -> int:
        # Python's own open() does not share deletion: a rotation by rename would fail for as long as we read.
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        create = kernel32.CreateFileW
        create.restype = wintypes.HANDLE
        create.argtypes = [
            wintypes.LPCWSTR,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.LPVOID,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.HANDLE,
        ]
        handle = create(path, _GENERIC_READ, _SHARE_READ_WRITE_DELETE, None, _OPEN_EXISTING, _FILE_ATTRIBUTE_NORMAL, None)
        if handle is None or handle == _INVALID_HANDLE:
            code = ctypes.get_last_error()
            raise OSError(0, ctypes.FormatError(code), path, code)
        return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY)

    def read_at(fd: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file. Raises OSError."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)

else:

    def _open(path: str) -> int:
        # O_NONBLOCK: opening a FIFO by mistake must not hang the only thread.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def read_at(fd: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file. Raises OSError."""
        return os.pread(fd, size, offset)


if hasattr(os, "preadv") and hasattr(os, "RWF_NOWAIT"):

    def read_in_memory(fd: int, size: int, offset: int) -> bytes:
        """Exactly these bytes, if the system has them in memory.

        BlockingIOError: a disk or a lock would have to be waited for. OSError (ENOTSUP): a file system that cannot tell (a network's).
        """
        buffer = bytearray(size)
        try:
            count = os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
        except NotImplementedError:  # this Python's C library has only half of it
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP)) from None
        if count != size:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return bytes(buffer)

else:

    def read_in_memory(fd: int, size: int, offset: int) -> bytes:
        """Other systems cannot tell."""
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def open_log(path: str) -> int:
    """A file descriptor of a regular file. Raises OSError; IsADirectoryError or ENOTSUP for anything that is no file."""
    if Path(path).is_dir():  # Windows would say "permission denied"
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    fd = _open(path)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.ENOTSUP, "not a regular file", path)
    return fd


def why_not(error: Exception, path: str) -> str:
    """One sentence for the page: what is wrong with this log and what the operator can do."""
    if isinstance(error, UnicodeError):
        return f"{path} cannot be named in this system's encoding: start the monitor with LANG=C.UTF-8 or PYTHONUTF8=1"
    if isinstance(error, MemoryError):
        return f"{path} needs more memory to be read than there is"
    if not isinstance(error, OSError):
        return f"{path} cannot be read: {error}"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a directory: name the log file itself, or a pattern such as {Path(path) / '*.log'}"
    if isinstance(error, PermissionError):
        return f"{path} may not be read: let the user that runs the monitor read it and enter its folder (e.g. setfacl -m u:USER:r {path})"
    if error.errno == errno.ENOTSUP:
        return f"{path} is not a regular file: name the log file itself"
    return f"{path} cannot be read: {error.strerror or error}"
