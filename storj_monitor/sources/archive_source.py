"""Reads one log, or standard input, once to its end: plain, gzip or Zstandard; goes on where it was left."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from storj_monitor.model.sources import HEAD_BYTES, Chunk, SavedPosition, Skipped, SourceState, SourceStatus
from storj_monitor.sources.content import Content, SequentialContent
from storj_monitor.sources.file_offsets import FileOffsets
from storj_monitor.sources.logfile import FileChanged, LogFile
from storj_monitor.sources.nested import open_content, unpacked
from storj_monitor.sources.opening import why_not
from storj_monitor.sources.source import PRIME_BYTES, READ_ERRORS, SourceHealth, elapsed
from storj_monitor.units import readable

_QUIET_S = 2.0  # a last line without newline is taken when the file did not change for so long


class ArchiveSource:
    """One file or one binary stream (which may block), handed out as chunks that are never live.

    read() may return None before `finished`: a last line without newline in a file that was changed just now is waited for.
    A file that cannot be opened or read is finished at once, with `error` set.
    """

    def __init__(self, node: str, log: str | BinaryIO, saved: Sequence[SavedPosition] = (), now: float = 0.0, name: str = "-") -> None:
        """`log`: a path, or an open stream that is called `name` in messages."""
        self.node = node
        self.finished = False
        self.error = ""
        self.total_bytes: int | None = None
        self._log = log
        self._path = log if isinstance(log, str) else name
        self._places = FileOffsets(saved)
        self._file: LogFile | None = None
        self._quiet: tuple[int, float] | None = None
        self._last_read_at: float | None = None
        self._health = SourceHealth(now)
        self._health.set(SourceState.CATCHING_UP, "", now)
        self._consumed = 0
        self._skipped: Skipped | None = None
        self._placeless = False

    @property
    def busy(self) -> bool:
        """The last read() came back before it had looked at everything: call it again at once."""
        return self._file is not None and self._file.busy

    @property
    def consumed_bytes(self) -> int:
        """Bytes as they stand on disk (compressed ones for compressed files), to be compared with total_bytes."""
        if self._file is None:
            return self._consumed
        content = self._file.content
        return content.consumed_bytes if isinstance(content, SequentialContent) else self._file.offset

    @property
    def skipped(self) -> Skipped:
        """What stood in front of the place where reading began."""
        return self._skipped or Skipped(0, 0)

    def read(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """See LineSource."""
        if self.finished:
            return None
        try:
            chunk = self._read(now, limit_bytes)
        except FileChanged:
            self._end(now, f"{self._path} was truncated while it was read: run it again")
            return None
        except READ_ERRORS as error:
            self._end(now, why_not(error, self._path))
            return None
        if chunk is not None:
            self._last_read_at = now
        return chunk

    @property
    def knows_its_place(self) -> bool:
        """See LineSource."""
        return self._places.has_met

    def due(self, now: float) -> bool:
        """See LineSource; there is always something to do until it is finished."""
        return not self.finished

    def status(self) -> SourceStatus:
        """See LineSource."""
        lag = max(0, self.total_bytes - self.consumed_bytes) if self.total_bytes is not None else 0
        return self._health.status(self._path, lag, self._last_read_at)

    def resync(self, saved: Sequence[SavedPosition]) -> None:
        """See LineSource; a path that was finished is read on.

        A pipe cannot be read again: where it would have to be, it ends with `error`.
        """
        self._places = FileOffsets(saved)
        if self.finished and isinstance(self._log, str) and not self.error:
            self.finished = False
        if self._file is not None:
            self._file = self._log_file(self._file.content, self._file.probe)
        self._quiet = None

    def lines_before(self) -> bytes | None:
        """Up to PRIME_BYTES of whole lines in front of the saved position; None when there are none. To be called before read()."""
        try:
            return (self._file or self._open()).lines_before(PRIME_BYTES, sys.maxsize) or None
        except READ_ERRORS:
            return None  # read() will say so

    def close(self) -> None:
        """See LineSource."""
        if self._file is not None:
            self._consumed = self.consumed_bytes
            self._file.close()
            self._file = None
        self.finished = True

    def _read(self, now: float, limit_bytes: int) -> Chunk | None:
        file = self._file or self._open()
        offset = file.offset
        piece, is_part = file.read(limit_bytes), False
        if self._skipped is None and not file.busy:
            self._skipped = Skipped(offset, file.content.lines_before(offset))
        if piece is None and not file.busy:
            if not self._is_done(file, now):
                return None
            piece, is_part = file.read(limit_bytes, final=True), True
            if piece is None and not file.busy:
                complaint = file.content.complaint()
                self._end(now, f"{self._path} is {complaint}" if complaint else "")
        if piece is None:
            return None
        # What has no line end may be the beginning of a line: the next reading begins in front of it, and knows it again if it was whole.
        has_place = not (self._placeless or is_part)
        identity, previous = (piece.identity, piece.previous) if has_place else (None, None)
        if has_place:
            self._places.advance(piece.identity, piece.end, piece.previous)
        return Chunk(self.node, piece.data, piece.start, piece.end, now, identity, readable(self._path), previous, live=False)

    def _open(self) -> LogFile:
        content: Content
        if isinstance(self._log, str):
            info = Path(self._log).stat()
            if stat.S_ISFIFO(info.st_mode) or stat.S_ISCHR(info.st_mode):
                content = unpacked(SequentialContent(open(self._log, "rb")))  # noqa: SIM115, PTH123 - closed by close()
            else:
                self.total_bytes = info.st_size
                content = open_content(self._log)
        else:
            content = unpacked(SequentialContent(self._log))
        self._file = self._log_file(content, content.read_at(0, HEAD_BYTES))
        return self._file

    def _log_file(self, content: Content, probe: bytes) -> LogFile:
        """Where it was left. A file that is shorter than that is an older copy of it, or lost its end: its lines tell, not its place."""
        identity, offset = self._places.match(probe) or (None, 0)
        size = content.size()
        self._placeless = size is not None and size < offset
        if self._placeless:
            identity, offset = None, 0
        return LogFile(content, self._path, probe, offset, identity)

    def _is_done(self, file: LogFile, now: float) -> bool:
        content = file.content
        if content.complete() or (content.size() is not None and not file.has_tail()):
            return True
        info: os.stat_result | None = content.stat()
        if info is None or info.st_mtime <= now - _QUIET_S:
            return True
        if self._quiet is None or self._quiet[0] != info.st_size:
            self._quiet = info.st_size, now
            return False
        return elapsed(self._quiet[1], now, _QUIET_S)

    def _end(self, now: float, error: str) -> None:
        self.error = error
        self._health.set(SourceState.ERROR if error else SourceState.LIVE, error, now)
        self.close()
