"""What one log's lines have left behind: starts waiting for their end, twins, caches. Shared by the fast and the exact path."""

from __future__ import annotations

from storj_monitor.log_processor.fields import FieldNames
from storj_monitor.log_processor.folding import Folder
from storj_monitor.log_processor.pairing import PendingStarts, TwinCancels
from storj_monitor.log_processor.transfers import DOWN, UP


class LineState:
    def __init__(self) -> None:
        self.starts = {UP: PendingStarts(), DOWN: PendingStarts()}
        self.twins = TwinCancels()
        self.fold = Folder()
        self.names = FieldNames()
        self.last_ms = 0
        """Time of the last line that had one."""

    def node_started(self) -> None:
        """A new process: what the last one had begun will not end."""
        for starts in self.starts.values():
            starts.clear()
        self.twins.clear()

    def let_go(self, now_ms: int) -> None:
        for starts in self.starts.values():
            starts.let_go(now_ms)
