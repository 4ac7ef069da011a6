"""How bad a log entry is, whatever its level and count: one table, in the order of what it threatens.

A rule names loggers, words of the message and words of the text (the folded error). The first rule that fits decides; what fits none
is TRAFFIC: it counts by its number only. The table is data: to teach the product a new severe line, add a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple


class SeverityClass(IntEnum):
    """What an entry threatens, worst first; numbers are ranks and may be compared."""

    DATA = 0
    REPUTATION = 1
    START = 2
    MONEY = 3
    REACHABILITY = 4
    GARBAGE = 5
    TRAFFIC = 6

    @property
    def label(self) -> str:
        """The name on the wire and on the page."""
        return _LABELS[self]

    @property
    def is_severe(self) -> bool:
        """It threatens data, reputation or the node's life: it is never left out of a list, and it is a finding."""
        return self <= SeverityClass.START


class Severity(StrEnum):
    """How loudly something is said: of log entries, of events, of findings."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


_LABELS = {
    SeverityClass.DATA: "data or disk",
    SeverityClass.REPUTATION: "reputation",
    SeverityClass.START: "start and life",
    SeverityClass.MONEY: "money and orders",
    SeverityClass.REACHABILITY: "reachability",
    SeverityClass.GARBAGE: "garbage collection and migration",
    SeverityClass.TRAFFIC: "traffic",
}
OTHER = "(other)"
"""Message of entries that were too many to be told apart; their template is the label of their class."""
SCORED_ACTIONS = ("GET_AUDIT", "GET_REPAIR")
"""Failed transfers of these carry the action in their message: `download failed (GET_AUDIT)`."""


class _Rule(NamedTuple):
    """`loggers` are beginnings of names (none: every logger); `message` and `text` are patterns that must be found, where given."""

    kind: SeverityClass
    loggers: tuple[str, ...] = ()
    message: re.Pattern[str] | None = None
    text: re.Pattern[str] | None = None
    levels: frozenset[str] | None = None
    but: re.Pattern[str] | None = None

    def fits(self, level: str, logger: str, message: str, text: str) -> bool:
        if self.levels is not None and level not in self.levels:
            return False
        if self.loggers and not logger.startswith(self.loggers):
            return False
        if self.message is not None and not self.message.search(message):
            return False
        said = f"{message}\n{text}"
        return (self.text is None or bool(self.text.search(said))) and (self.but is None or not self.but.search(said))


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_SCORED = _words(r"\((?:GET_AUDIT|GET_REPAIR)\)$")
_TROUBLE = frozenset({"WARN", "ERROR", "DPANIC", "PANIC", "FATAL"})
_STOPPING = _words(r"context cancell?ed")
"""What a node that is being stopped says of all that it breaks off."""

_RULES: tuple[_Rule, ...] = (
    # a setting that is too small, said at each start
    _Rule(SeverityClass.TRAFFIC, ("collector", "usedserials"), _words(r"^ExpirationGracePeriod")),
    # data or disk: the words of operating systems, SQLite and the hashstore, wherever they stand
    _Rule(
        SeverityClass.DATA,
        text=_words(
            r"database disk image is malformed|file is not a database|database corruption|disk i/o error|database or disk is full"
            r"|read-only file ?system|input/output error|structure needs cleaning|no space left on device|disk quota exceeded"
            r"|not enough space on the disk|stale (?:nfs )?file handle|transport endpoint is not connected|no such device"
            r"|device not configured|device is not ready|i/o device error|cyclic redundancy check|corrupted and unreadable"
            r"|logslots calculation mismatch|hash ?table (?:is )?full|hashtbl (?:is )?full|bucket overflow"
            r"|unclean shutdown detected|mismatched log tail|reconciled log with invalid records|unable to revive record"
            r"|trashed record was read|(?:open|openat|lstat|stat|mkdir|rename|remove|unlink|read|write|truncate) \S+: permission denied"
            r"|access is denied"
        ),
    ),
    _Rule(SeverityClass.DATA, ("piecestore",), _SCORED, _words(r"file does not exist|no such file|not exist|not found|hash mismatch")),
    _Rule(SeverityClass.DATA, ("piecestore",), _words(r"^file found in trash$")),
    _Rule(SeverityClass.DATA, ("piecestore:monitor",), _words(r"verifying (?:location|readability|writability)")),
    _Rule(SeverityClass.DATA, message=_words(r"^unable to read the disk|piece may not be recoverable")),
    # reputation
    _Rule(SeverityClass.REPUTATION, ("piecestore",), _words(r"failed \(GET_AUDIT\)$")),
    _Rule(SeverityClass.REPUTATION, ("reputation:service",), _words(r"^node scores worsened$")),
    _Rule(SeverityClass.REPUTATION, text=_words(r"amnesty"), levels=_TROUBLE, but=_STOPPING),
    _Rule(SeverityClass.REPUTATION, ("contact:amnesty",), _words(r"^(?:adding bad piece|sending amnesty batch)")),
    _Rule(SeverityClass.REPUTATION, text=_words(r"clock is out of sync|order created too long ago|disqualified"), levels=_TROUBLE),
    _Rule(SeverityClass.REPUTATION, ("gracefulexit",), _words(r"^graceful exit failed")),
    # start and life
    _Rule(SeverityClass.START, levels=frozenset({"FATAL", "PANIC", "DPANIC"})),
    _Rule(
        SeverityClass.START,
        message=_words(
            r"^(?:unrecoverable error|failure during run|failed preflight check\.|panic|service failed\.|error: .*)$"
            r"|^(?:panic|fatal error|runtime): |^failed to determine if session is a service"
        ),
    ),
    _Rule(SeverityClass.START, ("services", "servers"), _words(r"^unexpected shutdown of a runner$"), but=_STOPPING),
    _Rule(
        SeverityClass.START,
        text=_words(
            r"version not allowed/outdated|outdated software version|database is locked|storage[ -]dir\S*[ -]verification"
            r"|verification file|storage directory (?:is )?(?:missing|does not exist|not found)|node id mismatch"
            r"|total disk space (?:\(minus reserved bytes\) )?is less than required minimum|unexpected shutdown"
            r"|too many open files|cannot allocate memory|out of memory"
        ),
    ),
    # money and orders
    _Rule(SeverityClass.MONEY, ("orders",), levels=_TROUBLE, but=_STOPPING),
    _Rule(SeverityClass.MONEY, ("piecestore",), _words(r"^failed to (?:add order|add bandwidth usage|unlock orders file)$"), but=_STOPPING),
    _Rule(SeverityClass.MONEY, ("bandwidth",), levels=_TROUBLE, but=_STOPPING),
    # reachability
    _Rule(
        SeverityClass.GARBAGE,
        ("retain", "filewalker", "lazyfilewalker", "pieces:trash", "piecemigrate", "collector", "cleanup", "blobscache", "contact:service"),
        _words(r"^retries timed out for this cycle$"),
        but=_STOPPING,
    ),
    _Rule(SeverityClass.REACHABILITY, ("contact:", "trust", "nodestats", "version", "consoleserver"), levels=_TROUBLE, but=_STOPPING),
    _Rule(
        SeverityClass.REACHABILITY,
        message=_words(r"^(?:ping satellite failed|failed PingMe|your node is still considered)|kernel support for .* disabled"),
        levels=_TROUBLE,
        but=_STOPPING,
    ),
    _Rule(SeverityClass.REACHABILITY, text=_words(r"\bquic\b|no such host|server misbehaving|dns"), levels=_TROUBLE, but=_STOPPING),
    # garbage collection and migration
    _Rule(
        SeverityClass.GARBAGE,
        (
            "retain", "filewalker", "lazyfilewalker", "pieces:trash", "piecemigrate", "collector", "cleanup", "blobscache",
            "piecestore:cache", "pieceexpiration", "forgetsatellite", "hashstore", "gracefulexit",
        ),
        levels=_TROUBLE,
        but=_STOPPING,
    ),
    _Rule(SeverityClass.GARBAGE, message=_words(r"bloom filter|migration state|slow shutdown|long to shutdown|compaction failed"),
          but=_words(r"context cancell?ed|^new bloomfilter is received")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SevereEntry:
    """A severe entry of one node's log, folded: equal ones are one with a count. Times are Unix milliseconds of the node's clock.

    kind -- what it threatens
    text -- the words of the newest one, for an operator: the error where there is one, else the message
    """

    kind: SeverityClass
    node: str
    first_ms: int
    last_ms: int
    count: int
    text: str
    level: str = ""
    logger: str = ""
    message: str = ""
    satellite: str = ""


@lru_cache(maxsize=8192)
def classify(level: str, logger: str, message: str, text: str = "") -> SeverityClass:
    """The class of an entry; `message` and `text` may be folded (numbers, ids, addresses and paths masked)."""
    if message == OTHER:
        return next((kind for kind, label in _LABELS.items() if label == text), SeverityClass.TRAFFIC)
    return next((rule.kind for rule in _RULES if rule.fits(level, logger, message, text)), SeverityClass.TRAFFIC)


def fold_class(kind: SeverityClass) -> tuple[str, str, str]:
    """(logger, message, template) of an entry that is one too many: it keeps its class, and so its place and its finding."""
    return ("", OTHER, kind.label if kind is not SeverityClass.TRAFFIC else "")


def severity_of(kind: SeverityClass) -> Severity:
    """How loudly entries of a class are said."""
    if kind.is_severe:
        return Severity.CRITICAL
    return Severity.INFO if kind is SeverityClass.TRAFFIC else Severity.WARNING
