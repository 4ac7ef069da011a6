"""Decompressed bytes of a log by offset: plain files that may grow or shrink, and compressed or piped ones read in one go."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import struct
import sys
from typing import BinaryIO, NamedTuple, Protocol

import zstandard

from storj_monitor.sources.docker_local import EntryDecoder, is_docker_local
from storj_monitor.sources.opening import Damage, Inflater, codec_of, open_log, read_at, read_in_memory, why_damaged

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_READ_BYTES = 16 << 10  # compressed bytes at a time: what comes out of them is held in memory
_INFLATED_BYTES = 256 << 10  # what one step of decompression brings, or some megabytes where the library knows no limit
_FIRST_BYTES = 16 << 10  # ... and the first one: many files are only looked at
_WAIT_S = 0.5  # a pipe is waited for in steps, see _wait_for
_COUNTED_BYTES = 1 << 30  # lines of so much that is not read again are counted
_STEP_BYTES = 4 << 20  # decompressed and thrown away in one step on the way to a saved position: about 20 ms


class Content(Protocol):
    """Bytes of one log by offset in the decompressed content."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer only where the content ends at this moment. Raises OSError."""

    def read_in_memory(self, offset: int, size: int) -> bytes:
        """Exactly these bytes. BlockingIOError where they would have to be waited for, OSError where that cannot be told."""

    def size(self) -> int | None:
        """Decompressed bytes there are now; None when only reading will tell. Raises OSError."""

    def complete(self) -> bool:
        """What was read came to its proper end; a compressed file that is not complete may end in mid-line."""

    def approach(self, offset: int) -> bool:
        """Do a bounded part of the way to `offset`; True when reading there costs no more than what is read. Raises OSError."""

    def lines_before(self, offset: int) -> int | None:
        """Line ends in front of the place where reading begins; None where that would take too long. Raises OSError."""

    def next_data(self, offset: int) -> int:
        """Where something stands from `offset` on, beyond a hole that the file system knows of; else `offset`. Raises OSError."""

    def lag(self, offset: int) -> int:
        """Bytes on disk behind `offset` (compressed ones for compressed files)."""

    def stat(self) -> os.stat_result | None:
        """The file behind it; None for a pipe. Raises OSError."""

    def complaint(self) -> str:
        """Why its end, as it was read, is none; "" when all is well. To be asked at the end."""

    def park(self) -> None:
        """Give the descriptor and all memory back until the next call; then OSError when another file has its name."""

    def close(self) -> None:
        """Give the descriptor back; may be called twice."""


class Parked(NamedTuple):
    """A file whose descriptor was given back for a while."""

    path: str
    device: int
    inode: int

    def open(self) -> int:
        """A new descriptor. Raises OSError, also when another file has that name now."""
        fd = open_log(self.path)
        info = os.fstat(fd)
        if (info.st_dev, info.st_ino) != (self.device, self.inode):
            os.close(fd)
            raise OSError(errno.ESTALE, "moved while it was waiting for its turn", self.path)
        return fd


def _park(fd: int, path: str) -> Parked:
    info = os.fstat(fd)
    return Parked(path, info.st_dev, info.st_ino)


class PlainContent:
    """A plain file, read by offset. It keeps no bytes."""

    def __init__(self, fd: int, path: str = "") -> None:
        self._fd = fd
        self._path = path
        self._parked: Parked | None = None

    def read_at(self, offset: int, size: int) -> bytes:
        return read_at(self._open(), size, offset)

    def read_in_memory(self, offset: int, size: int) -> bytes:
        return read_in_memory(self._fd, size, offset)

    def size(self) -> int:
        # a third of the price of fstat(), which follows every second
        return os.lseek(self._fd if self._fd >= 0 else self._open(), 0, os.SEEK_END)

    def complete(self) -> bool:
        return False

    def approach(self, offset: int) -> bool:
        return True

    def lines_before(self, offset: int) -> int | None:
        if offset > _COUNTED_BYTES:
            return None
        return sum(self.read_at(at, min(_STEP_BYTES, offset - at)).count(b"\n") for at in range(0, offset, _STEP_BYTES))

    def next_data(self, offset: int) -> int:
        if not hasattr(os, "SEEK_DATA"):
            return offset
        try:
            return os.lseek(self._open(), offset, os.SEEK_DATA)
        except OSError as error:
            # nothing but a hole up to the end; or a file system that cannot tell
            return max(offset, self.size()) if error.errno == errno.ENXIO else offset

    def lag(self, offset: int) -> int:
        return max(0, self.size() - offset)

    def stat(self) -> os.stat_result:
        return os.fstat(self._open())

    def complaint(self) -> str:
        return ""

    def park(self) -> None:
        if self._fd >= 0:
            self._parked = _park(self._fd, self._path)
            self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> int:
        if self._fd < 0 and self._parked is not None:
            self._fd = self._parked.open()
        return self._fd


class SequentialContent:
    """A compressed file or a pipe: read forwards, going back only over a file (from its start).

    A file that ends in the middle of a compressed frame (gzip is still at it) is not `complete`: later reads go on.
    Damage ends the content; `damage` then says where.
    """

    def __init__(self, raw: BinaryIO, path: str = "") -> None:
        """`path`: of a file, which can be opened again."""
        self._raw = raw
        self._pipe = None if path else _pipe_of(raw)
        self._path = path
        self._parked: Parked | None = None
        self._buffer = bytearray()
        self._start = 0  # offset of the first byte in the buffer
        self._passed_lines = 0
        self._ended = False
        self._inflater: Inflater | None = None
        self._waiting = b""
        self._consumed_bytes = 0
        self.damage = ""
        first = self._take()
        self._new = codec_of(first)
        self._entries: EntryDecoder | None = None
        if self._new is None:
            self._add(first)
        else:
            self._waiting = first

    def read_at(self, offset: int, size: int) -> bytes:
        self._open()
        if offset < self._start:
            self._rewind()
        while self._start + len(self._buffer) < offset + size:
            self._drop(offset)
            if not self._fill():
                break
        self._drop(offset)
        return bytes(self._buffer[offset - self._start : offset - self._start + size])

    def read_in_memory(self, offset: int, size: int) -> bytes:
        raise BlockingIOError

    def size(self) -> int | None:
        return None

    def complete(self) -> bool:
        return self._ended

    def approach(self, offset: int) -> bool:
        self._open()
        if offset < self._start:
            self._rewind()
        stop = min(offset, self._start + len(self._buffer) + _STEP_BYTES)
        while self._start + len(self._buffer) < stop:
            self._pass(offset)
            if not self._fill():
                return True
        self._pass(offset)
        return stop == offset

    def lines_before(self, offset: int) -> int | None:
        return self._passed_lines

    def next_data(self, offset: int) -> int:
        return offset

    @property
    def consumed_bytes(self) -> int:
        """Of the file as it is on the disk."""
        return self._consumed_bytes

    def lag(self, offset: int) -> int:
        info = self.stat()
        return max(0, info.st_size - self.consumed_bytes) if info else 0

    def stat(self) -> os.stat_result | None:
        self._open()
        try:
            return os.fstat(self._raw.fileno()) if self._raw.seekable() else None
        except io.UnsupportedOperation:  # bytes in memory
            return None

    def complaint(self) -> str:
        is_whole = self._ended or (self._new is None and self._entries is not None and self._entries.is_whole)
        if is_whole and not self.damage:
            return ""
        return self.damage or "incomplete: it ends in the middle of its compressed data"

    def park(self) -> None:
        if self._path and not self._raw.closed:
            self._parked = _park(self._raw.fileno(), self._path)
            self._forget()
            self._raw.close()

    def close(self) -> None:
        self._parked = None
        self._raw.close()

    def _open(self) -> None:
        if self._parked is not None and self._raw.closed:
            self._raw = os.fdopen(self._parked.open(), "rb", buffering=0)

    def may_have_more(self, offset: int) -> bool:
        """Whether a compressed file may hold more than `offset` bytes: False only where its own size field says exactly `offset`.

        gzip ends with the size of its last member modulo 2**32, Zstandard may begin with the size of its frame.
        To be asked before reading: the position of the file is put back. Raises OSError.
        """
        self._open()
        place = self._raw.tell()
        size = self._raw.seek(0, os.SEEK_END)
        self._raw.seek(0)
        head = self._raw.read(18)
        self._raw.seek(max(0, size - 4))
        tail = self._raw.read(4)
        self._raw.seek(place)
        if head.startswith(GZIP_MAGIC) and size >= 18:
            return bool(struct.unpack("<I", tail)[0] != offset & 0xFFFFFFFF)
        if head.startswith(ZSTD_MAGIC) and len(head) == 18:
            return bool(zstandard.frame_content_size(head) != offset)
        return True

    def _pass(self, offset: int) -> None:
        """Drop what is not read."""
        self._passed_lines += self._buffer.count(b"\n", 0, max(0, offset - self._start))
        self._drop(offset)

    def _drop(self, offset: int) -> None:
        gone = min(len(self._buffer), offset - self._start)
        if gone > 0:
            del self._buffer[:gone]
            self._start += gone

    def _rewind(self) -> None:
        self._raw.seek(0)  # OSError for a pipe, where nobody goes back
        self._forget()

    def _forget(self) -> None:
        self._buffer = bytearray()
        self._start = 0
        self._passed_lines = 0
        self._ended = False
        self._inflater = None
        self._entries = None
        self._waiting = b""
        self._consumed_bytes = 0
        self.damage = ""

    def _take(self) -> bytes:
        if self._pipe is None:
            data: bytes = self._raw.read(_READ_BYTES) or b""
        else:
            _wait_for(self._pipe)
            data = os.read(self._pipe, _READ_BYTES)
        self._consumed_bytes += len(data)
        return data

    def _fill(self) -> bool:
        """One more step into the buffer, of a bounded size; False where there is nothing now."""
        if self._ended:
            return False
        if self._new is None:
            data = self._take()
            # a pipe has ended; a file of Docker's goes on
            self._ended = self._ended or (not data and self._entries is None)
            return bool(data) and self._add(data)
        if self._inflater is not None and not self._inflater.eof and not self._inflater.needs_input:
            return self._inflate(b"")
        data = self._waiting or self._take()
        self._waiting = b""
        if not data:
            # a compressed file is done only at the end of a frame
            self._ended = self._inflater is None or self._inflater.eof
            return False
        return self._inflate(data)

    def _inflate(self, data: bytes) -> bool:
        if self._inflater is None or self._inflater.eof:
            if self._inflater is not None:
                data = data.lstrip(b"\0")  # padding between gzip members, as on tapes
                if not data:
                    return True
            assert self._new is not None
            self._inflater = self._new()
        try:
            out = self._inflater.decompress(data, _INFLATED_BYTES if self._buffer else _FIRST_BYTES)
        except Damage as error:
            return self._end_by(error)
        if self._inflater.eof:
            self._waiting = self._inflater.unused_data
        return self._add(out)

    def _add(self, data: bytes) -> bool:
        """Content as it stands in the file, or within its compression. False: it is damaged."""
        if self._entries is None and not self._start and not self._buffer and is_docker_local(data):
            self._entries = EntryDecoder()
        try:
            self._buffer += data if self._entries is None else self._entries.decode(data)
        except Damage as error:
            return self._end_by(error)
        return True

    def _end_by(self, error: Exception) -> bool:
        self.damage = why_damaged(error, self._start + len(self._buffer))
        self._ended = True
        return False


def is_packed(beginning: bytes) -> bool:
    """Whether a file that begins so is compressed, or otherwise no text as it stands."""
    return codec_of(beginning) is not None or is_docker_local(beginning)


def _pipe_of(raw: BinaryIO) -> int | None:
    """The descriptor of a pipe, a socket or a terminal; None for a file and for bytes in memory."""
    try:
        fd = raw.fileno()
    except io.UnsupportedOperation:
        return None
    return None if stat.S_ISREG(os.fstat(fd).st_mode) else fd


def _wait_for(pipe: int) -> None:
    """Until there is something to read. In steps: a signal that comes just before a read begins would wait as long as the read."""
    if sys.platform != "win32":  # knows no select on pipes
        while not select.select([pipe], [], [], _WAIT_S)[0]:
            pass
