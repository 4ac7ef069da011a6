"""What kind of log one node has: its form, what is around its lines, its level, whose it is, how much of it is understood."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

LEVEL_ORDER = ("DEBUG", "INFO", "WARN", "ERROR", "DPANIC", "PANIC", "FATAL")
"""Lowest first."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# Fewer lines than this say nothing about a log: a container's own first words may stand there.
LEAST_LINES = 3
# A log of which less than this is understood is as good as not read.
LEAST_UNDERSTOOD = 0.05
# A log at INFO has some lines an hour, so that this many, or this long a stretch, without one tell that it is above INFO.
LEAST_LEVELLED = 5
LEAST_SPAN_MS = HOUR_MS // 2
# Two nodes in one log: the other one was seen within this time before the newest line.
OTHER_NODE_MS = 7 * DAY_MS


class LogForm(StrEnum):
    """How the lines themselves are written; the text is what goes on the wire."""

    NONE = ""
    """Nothing was read yet."""
    CONSOLE = "console"
    JSON = "json"
    GCLOUD = "gcloudlogging"
    UNKNOWN = "unknown"
    """There are lines, but not one that a node wrote in a form that is known."""


class LogTrouble(StrEnum):
    """What may be wrong with a log."""

    NOT_UNDERSTOOD = "not_understood"
    ABOVE_INFO = "above_info"
    NO_TRANSFERS = "no_transfers"
    TWO_NODES = "two_nodes"


class LogWarning(NamedTuple):
    """One thing that an operator must know about a log: what it is, and a sentence with what to do."""

    trouble: LogTrouble
    text: str


class NodeIdSeen(NamedTuple):
    """A node that began in this log, and when its newest start line is of (Unix milliseconds)."""

    node_id: str
    newest_ms: int


class LogCharacter(NamedTuple):
    """One log, as its newest lines tell it. Counts are of the newest some thousand lines.

    envelopes       -- what stands around the lines, or was made of their columns, in words; none: as the node wrote them
    level          -- lowest level of the lines of the last hour or two of the log's time; "" before the first line with one
    transfer_level -- the same of lines about transfers; "" while there are none
    span_ms        -- how much of the log's time the two levels are of
    levelled       -- number of lines that they are of
    node_ids       -- nodes that started in this log, the newest last
    version        -- as the newest line that tells it says
    newest_ms      -- Unix milliseconds of the newest line; 0: none has a time
    successes      -- lines of successful uploads and downloads
    unread_reason  -- the most frequent reason why lines are not understood
    """

    form: LogForm = LogForm.NONE
    envelopes: tuple[str, ...] = ()
    level: str = ""
    transfer_level: str = ""
    span_ms: int = 0
    levelled: int = 0
    node_ids: tuple[NodeIdSeen, ...] = ()
    version: str = ""
    newest_ms: int = 0
    lines: int = 0
    understood: int = 0
    ignored: int = 0
    not_understood: int = 0
    successes: int = 0
    unread_reason: str = ""

    @property
    def node_id(self) -> str:
        """The node whose start line is the newest; "" when the lines do not tell."""
        return self.node_ids[-1].node_id if self.node_ids else ""

    @property
    def understood_share(self) -> float | None:
        """Of the lines that ought to be understood; None while there are none."""
        wanted = self.understood + self.not_understood
        return self.understood / wanted if wanted else None

    @property
    def is_readable(self) -> bool | None:
        """False: next to nothing of this log is understood. None: too few lines to tell."""
        share = self.understood_share
        if share is None or (self.understood == 0 and self.not_understood < LEAST_LINES):
            return None if self.understood == 0 else True
        return share >= LEAST_UNDERSTOOD

    @property
    def has_only_trouble(self) -> bool:
        """Not one of its lines is of something that worked, be it for its level or because there are few yet."""
        return self.level in LEVEL_ORDER[2:] and not self.successes

    @property
    def is_above_info(self) -> bool:
        """Successful transfers are not written to this log, nor most other things; it is quiet without anything being wrong."""
        if not self.has_only_trouble:
            return False
        return self.levelled >= LEAST_LEVELLED or self.span_ms >= LEAST_SPAN_MS

    @property
    def tells_transfers(self) -> bool:
        """False: a success rate cannot be told from this log (its failures are all that it has)."""
        return not (self.is_above_info or self._hides_transfers)

    @property
    def _hides_transfers(self) -> bool:
        """At INFO, with lines for half an hour, but no transfer below WARN among them: `log.custom-level` does that."""
        return bool(self.level) and self.transfer_level not in LEVEL_ORDER[:2] and not self.successes and self.span_ms >= LEAST_SPAN_MS

    @property
    def other_nodes(self) -> tuple[NodeIdSeen, ...]:
        """Nodes beside `node_id` that wrote to this log lately."""
        return tuple(seen for seen in self.node_ids[:-1] if seen.newest_ms >= self.newest_ms - OTHER_NODE_MS)

    def warnings(self) -> list[LogWarning]:
        """Everything that must be said about this log, the worst first."""
        found = []
        if self.is_readable is False:
            found.append(LogWarning(LogTrouble.NOT_UNDERSTOOD, self.not_understood_text))
        if self.is_above_info:
            found.append(LogWarning(LogTrouble.ABOVE_INFO, _ABOVE_INFO.format(level=self.level)))
        elif self._hides_transfers:
            found.append(LogWarning(LogTrouble.NO_TRANSFERS, _NO_TRANSFERS))
        if self.other_nodes:
            ids = ", ".join(seen.node_id for seen in (*self.other_nodes, self.node_ids[-1]))
            found.append(LogWarning(LogTrouble.TWO_NODES, _TWO_NODES.format(number=len(self.other_nodes) + 1, ids=ids)))
        return found

    @property
    def not_understood_text(self) -> str:
        """That it is no log of a node, or not as one writes it; with what to do."""
        wanted = self.understood + self.not_understood
        much = "Nothing" if not self.understood else "Next to nothing"
        advice = _ADVICE.get(self.unread_reason, _ANY_ADVICE)
        return f"{much} of this log is understood: {self.not_understood:,} of its newest {wanted:,} lines are not. {advice}"


NO_TIME = "no time (STORJ_LOG_NOTIME)"
PRETTY = "pretty encoding: no date"
LEFT_OUT = "message left out by journalctl"
BINARY = "binary data"

_ANY_ADVICE = (
    "Is it the log of a storage node? Give it as the node writes it: the file of log.output, `docker logs NAME`, "
    "or `journalctl -u NAME -o cat --all`."
)
_ADVICE = {
    NO_TIME: "The lines have no time: unset STORJ_LOG_NOTIME in the node's environment and restart the node.",
    PRETTY: "The node writes log.encoding pretty, which has no date: set log.encoding to console or json and restart the node.",
    LEFT_OUT: "journalctl leaves long messages out of its JSON: use `journalctl -u NAME -o json --all` or `-o cat --all`.",
    BINARY: "The file is not text: give the log itself, `docker logs NAME`, or `journalctl -u NAME -o cat --all`.",
}
_ABOVE_INFO = (
    "This log is at level {level}: it has no lines of successful transfers, so success rates, bytes and most events are unknown, "
    "and silence means nothing. Set log.level to info, or give the node's debug address (metrics), whose counters know them."
)
_NO_TRANSFERS = (
    "This log has no lines of transfers (log.custom-level of piecestore, or a node without traffic): success rates and bytes are unknown. "
    "Let piecestore log at info, or give the node's debug address (metrics), whose counters know them."
)
_TWO_NODES = "{number} nodes write to this log ({ids}): their figures cannot be told apart. Give each node its own log."
