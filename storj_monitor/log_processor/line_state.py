"""What one log's lines have left behind: starts waiting for their end, twins, caches. Shared by the fast and the exact path."""

from __future__ import annotations

from storj_monitor.log_processor.fields import FieldNames
from storj_monitor.log_processor.folding import Folder
from storj_monitor.log_processor.pairing import MAX_PENDING, OpenAudits, PendingStarts, TwinCancels
from storj_monitor.log_processor.supervisors import SupervisorClock
from storj_monitor.log_processor.transfers import DOWN, UP
from storj_monitor.log_processor.wrappers import Opener
from storj_monitor.model.node_events import AuditUnfinished

LET_GO_MS = 60_000


class LineState:
    def __init__(self) -> None:
        self.starts = {UP: PendingStarts(), DOWN: PendingStarts()}
        self._up, self._down = self.starts[UP].pending, self.starts[DOWN].pending
        self.twins = TwinCancels()
        self.audits = OpenAudits(self.starts[DOWN])
        self.fold = Folder()
        self.names = FieldNames()
        self.opener = Opener()
        self.supervisor = SupervisorClock()
        self.last_ms = 0
        """Time of the last line that had one."""
        self._let_go_ms = 0
        self._aside_ms = 0
        self._life_ms = 0

    def put_aside(self, before_ms: int) -> None:
        """The line at `last_ms` is no sign of the running node: its updater's, or one of a start before the start's own. Told after
        it was read; `before_ms` is the time of the line before it."""
        if before_ms != self._aside_ms:
            self._life_ms = before_ms
        self._aside_ms = self.last_ms

    def last_life_ms(self, before_ms: int) -> int:
        """Of the last line at or before `before_ms` that is a sign of the running node; 0 when there was none."""
        return self._life_ms if before_ms == self._aside_ms else before_ms

    def lose_track(self) -> None:
        """What comes next need not follow on what was read last."""
        self.last_ms = self._aside_ms = self._life_ms = 0

    def node_started(self) -> list[AuditUnfinished]:
        """A new process: what the last one had begun will not end. Gives the audits among that."""
        broken_off = self.audits.unfinished(self.last_ms, node_stopped=True)
        for starts in self.starts.values():
            starts.clear()
        self.twins.clear()
        return broken_off

    def let_go(self, now_ms: int) -> list[AuditUnfinished]:
        """Once a minute of the log's time is enough for what is old; the bound on the number holds always. Gives audits without an end."""
        if 0 <= now_ms - self._let_go_ms < LET_GO_MS and len(self._up) <= MAX_PENDING and len(self._down) <= MAX_PENDING:
            return []
        self._let_go_ms = now_ms
        up, down = self.starts.values()
        unfinished = self.audits.unfinished(now_ms)
        up.let_go(now_ms)
        down.let_go(now_ms)
        return unfinished
