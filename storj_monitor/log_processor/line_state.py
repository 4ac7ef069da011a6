"""What one log's lines have left behind: starts waiting for their end, twins, caches. Shared by the fast and the full parser."""

from __future__ import annotations

from collections.abc import Sequence

from iptocc import country_code

from storj_monitor.log_processor.catalogue import canonical_logger
from storj_monitor.log_processor.entry import DOCKER_START, Entry, parse_entry
from storj_monitor.log_processor.envelopes import Opener, unwrap_docker, unwrap_line
from storj_monitor.log_processor.fields import FieldNames
from storj_monitor.log_processor.supervisors import SupervisorClock
from storj_monitor.log_processor.template_masker import TemplateMasker
from storj_monitor.log_processor.transfers import DOWN, MAX_PENDING, UP, OpenAudits, PendingStarts, TwinCancels
from storj_monitor.model.events import TRANSFER_LOGGER, FreeSpace
from storj_monitor.model.node_events import AuditUnfinished

# ---- Country of a remote address, from the table that comes with `iptocc`.
#
# Nothing is remembered: asked for many addresses at once the table answers in 0.1 µs each, quicker than a dictionary of past answers
# whose misses must be paid for as well.


class CountryLookup:
    """`lookup("203.0.113.24")` gives two letters of ISO 3166, or "" when unknown, private or no address."""

    def __call__(self, host: str) -> str:
        return self.many([host])[0]

    def many(self, hosts: Sequence[str]) -> list[str]:
        """The same for many hosts, in order. Brackets and zones of IPv6 addresses do not count."""
        try:
            found = country_code(hosts)
        except UnicodeEncodeError:
            return [self._one(host) for host in hosts]
        return [country or (self._one(host) if host[:1] == "[" or "%" in host else "") for host, country in zip(hosts, found, strict=True)]

    @staticmethod
    def _one(host: str) -> str:
        bare = host.strip("[]").partition("%")[0]
        return (country_code(bare) or "") if bare.isascii() else ""


# ---- What a node says is free, from the newest start line of an upload in a chunk: one look backwards a chunk, no cost for each line.


_SPELLINGS = (b"available_space", b"Available Space")
"""Since v1.146, and from v0.33 to v1.145."""
_START = "upload started"
_TRIES = 3
"""A text that only quotes the field's name is passed over, but not a chunk full of them."""


def newest_free_space(data: bytes, names: FieldNames) -> FreeSpace | None:
    """Of the last start line in `data` that tells it; None without one."""
    end = len(data)
    for _ in range(_TRIES):
        at = max(data.rfind(spelling, 0, end) for spelling in _SPELLINGS)
        if at < 0:
            return None
        begin = data.rfind(b"\n", 0, at) + 1
        line_end = data.find(b"\n", at)
        found = _of_line(data[begin : len(data) if line_end < 0 else line_end], names)
        if found is not None:
            return found
        end = begin
    return None


def _of_line(line: bytes, names: FieldNames) -> FreeSpace | None:
    bare = unwrap_docker([line]).lines if line.startswith(DOCKER_START) else [line]
    entry = parse_entry(bare[0]) if bare else None
    if entry is None and bare:
        entry = parse_entry(unwrap_line(bare[0])[0])
    if not isinstance(entry, Entry) or entry.message != _START:
        return None
    logger, _ = canonical_logger(entry.logger)
    free_bytes = names(entry.fields).number("available_space")
    return FreeSpace(entry.time_ms, free_bytes) if logger == TRANSFER_LOGGER and free_bytes >= 0 else None


# ---- What one log's lines have left behind: starts waiting for their end, twins, caches. Shared by the fast and the full parser.


LET_GO_MS = 60_000


class LineState:
    def __init__(self) -> None:
        self.starts = {UP: PendingStarts(), DOWN: PendingStarts()}
        self._up, self._down = self.starts[UP].pending, self.starts[DOWN].pending
        self.twins = TwinCancels()
        self.audits = OpenAudits(self.starts[DOWN])
        self.fold = TemplateMasker()
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
