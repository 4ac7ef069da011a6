"""A finished log file that stays open for a while: its writer may still have had something to say."""

from __future__ import annotations

from storj_monitor.sources.logfile import LogFile
from storj_monitor.sources.source import elapsed

_LATE_S = 600.0  # so long it is watched for lines that came after all


class LateFile:
    """At most one file, the one that was finished last."""

    def __init__(self) -> None:
        self._file: LogFile | None = None
        self._size = 0
        self._since = 0.0

    @property
    def files(self) -> list[LogFile]:
        """The file, if there is one."""
        return [self._file] if self._file is not None else []

    def keep(self, file: LogFile, size: int, now: float) -> None:
        """This one instead of the one before; all of its `size` bytes were read."""
        self.drop()
        self._file, self._size, self._since = file, size, now

    def grown(self, now: float) -> LogFile | None:
        """The file when something was added to it: it is the caller's again. Raises OSError."""
        file = self._file
        if file is None:
            return None
        info = file.content.stat()
        if info is not None and info.st_size > self._size:
            self._file = None
            return file
        if info is None or info.st_size < self._size or info.st_nlink == 0 or elapsed(self._since, now, _LATE_S):
            self.drop()
        return None

    def drop(self) -> None:
        """Close it."""
        if self._file is not None:
            self._file.close()
            self._file = None
