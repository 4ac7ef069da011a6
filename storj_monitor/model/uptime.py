"""When a node was up, starting or down, what shows it, and what it said last. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.model.node_answers import Endpoint


class UptimeState(StrEnum):
    """Whether a node serves its satellites; the text is what goes on the wire.

    STARTING counts as being away: satellites reach a node only from `Node … started` on.
    UNKNOWN: nothing tells it at present, neither log nor API nor port.
    """

    UP = "up"
    STARTING = "starting"
    DOWN = "down"
    UNKNOWN = "unknown"


class Witness(StrEnum):
    """What shows that a node was away, or (marks: LIFE, API_STARTED) that it was there. The text is stored: append, never rename."""

    PROCESS = "process"
    """The log: a process stopped or failed, or a start without a stop before it."""
    LOG_GAP = "log_gap"
    """The log was silent for longer than this node ever is."""
    PING_FAILED = "ping_failed"
    API_DOWN = "api_down"
    PROBE = "probe"
    METRICS_DOWN = "metrics_down"
    LIFE = "life"
    """A mark: a transfer after a stop or a begun start, where no line tells the start itself."""
    API_STARTED = "api_started"
    """A mark: the start of the process that the API tells."""
    CONTACT = "contact"
    """Nobody from outside has reached the node for hours."""


WITNESS_OF_ENDPOINT: Mapping[Endpoint, Witness] = MappingProxyType(
    {Endpoint.API: Witness.API_DOWN, Endpoint.METRICS: Witness.METRICS_DOWN, Endpoint.HEALTH: Witness.PROBE}
)
"""Who sees that an endpoint does not answer."""

MARKS = frozenset({Witness.LIFE, Witness.API_STARTED})
"""A moment, not an outage."""


class Outage(NamedTuple):
    """What one witness saw; `until_at` None while it lasts, and the same as `from_at` for a mark."""

    witness: Witness
    from_at: float
    until_at: float | None


class LastWord(NamedTuple):
    """Something that a node said while it went down or failed to start.

    cause -- it says why, not only that
    ours  -- a sentence of this monitor about what it saw; else a quotation
    """

    at: float
    text: str
    cause: bool
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UptimeSpan:
    """One state without a break; `until_at` None while it lasts.

    certain  -- False where one weak witness alone says so
    evidence -- what shows it; empty for UP that only follows from the lack of any outage
    """

    from_at: float
    until_at: float | None
    state: UptimeState
    certain: bool
    evidence: tuple[Witness, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """A node at this moment.

    since         -- when this state began; None when nobody saw it begin
    reason        -- one sentence for the operator
    last_words    -- of a node that is down or starting, the most telling one first; () while it is up
    failed_starts -- starts that came to nothing since it was up last
    """

    state: UptimeState
    since: float | None
    certain: bool
    reason: str
    evidence: tuple[Witness, ...] = ()
    last_words: tuple[LastWord, ...] = ()
    failed_starts: int = 0


SILENT_S = 180.0
"""No log is silent too long before this."""


SILENT_GAPS = 20
"""A log is silent too long after so many of its usual pauses between two transfers: by chance that happens once in many years."""


def silence_limit_s(usual_pause_s: float) -> float:
    """How long a log must be silent to be a witness."""
    return max(SILENT_S, SILENT_GAPS * usual_pause_s)


@dataclass(frozen=True, slots=True)
class Begun:
    """The start that is under way, or the end that no start has followed."""

    down_at: float | None = None
    loading_at: float | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True)
class ProcessLife:
    """As the log tells it.

    outages       -- by Witness.PROCESS, oldest first; the last one may be open. Each lasts until `Node … started`
    starting      -- from `Configuration loaded` to `Node … started` within them
    begun         -- what is open now
    up_at         -- when it was up last: the newest start or sign of life; None when none is known
    started_at    -- the newest `Node … started`
    words         -- what was said in the newest outage, oldest first
    failed_starts -- in it
    """

    outages: tuple[Outage, ...] = ()
    starting: tuple[tuple[float, float], ...] = ()
    begun: Begun | None = None
    up_at: float | None = None
    started_at: float | None = None
    words: tuple[LastWord, ...] = ()
    failed_starts: int = 0
