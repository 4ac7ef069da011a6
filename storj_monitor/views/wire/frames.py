"""Messages of `/ws`: greeting, snapshots, deltas, load, replies; and what of them the topic `live` has."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from msgspec import UNSET, Meta, UnsetType

from storj_monitor.model.load import LoadState
from storj_monitor.views.wire.fields import Bytes, Count, HelpText, NodeName, Sentence, UnixSeconds, Wire, doc, one_of

Row = TypeVar("Row")
LiveEvent = tuple[float, str, int, int, int, int, int]
"""When its line was read, piece hash, index of the node, index of the satellite, op, size in bytes, duration in ms (-1 = unknown)."""
SecondTotals = tuple[int, int, int, int, int]
"""Unix second, up_bytes, down_bytes, up_ops, down_ops."""
OpTotals = tuple[int, int, int]
"""Op, count, bytes."""


class LoadFigures(Wire, frozen=True, kw_only=True):
    """How busy the monitor is, and so what pages get."""

    state: Annotated[str, one_of((one.value for one in LoadState), "what pages get: everything, a quarter of the updates, or none")]
    reason: Annotated[str, one_of(("", "lag", "commits", "loop"), "the measure that keeps the state from being better")]
    lag_bytes: Annotated[Bytes, doc("bytes of log not read yet")]
    left_s: Annotated[float | None, doc("seconds until they are read; null when unknown or nothing waits")]
    commits_waiting: Annotated[Count, doc("commits that are not on disk yet: the least of three looks")]
    loop_lag_ms: Annotated[float, doc("milliseconds that the event loop is late: the least of three looks")]


class LoadMessage(LoadFigures, tag_field="k", tag="load", frozen=True, kw_only=True):
    """The load: once a second while it is not normal, and once when it is again."""

    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]


class Thresholds(Wire, frozen=True, kw_only=True):
    """When a page marks something; 0 = never, left out = the page's own default."""

    silent_s: Annotated[float | UnsetType, doc("a live node whose newest line is older than so many seconds is silent")] = UNSET
    success_pct: Annotated[float | UnsetType, doc("a success rate below so many percent is low")] = UNSET


class Notices(Wire, frozen=True, kw_only=True):
    """What happened to the database since the monitor was started."""

    notices: Annotated[list[str], doc("sentences, at most 10, oldest first")]


class StoreState(Notices, frozen=True, kw_only=True):
    """The state of the database."""

    problem: Annotated[str, doc('why it cannot be read or written just now; "" when all is well')]


class Hello(Wire, tag_field="k", tag="hello", frozen=True, kw_only=True):
    """First, and again when nodes were added or something happened to the database."""

    protocol: Annotated[int, doc("version of the protocol")]
    version: Annotated[str, doc("version of the monitor")]
    demo: Annotated[bool, doc("the nodes are not real")]
    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]
    nodes: Annotated[list[NodeName], doc("names of all nodes; `node` in `live` events is an index into them")]
    coalesce_ms: Annotated[float, doc("milliseconds between two frames at least")]
    slow_hz: Annotated[float, doc("tables change at most so often a second")]
    sample: Annotated[Count, doc("single events in one live frame at most")]
    thresholds: Thresholds
    load: LoadFigures
    store: Notices
    login: Annotated[bool, doc("a password is set: a page offers to log out")]


class LiveRing(Wire, frozen=True, kw_only=True):
    """The last 300 seconds, oldest first. A transfer belongs to the second of its own line."""

    t: Annotated[int, doc("Unix second of the last cell")]
    step: Annotated[int, doc("seconds of a cell")]
    up_bytes: Annotated[list[int], doc("bytes of uploads by second")]
    down_bytes: Annotated[list[int], doc("bytes of downloads by second")]
    up_ops: Annotated[list[int], doc("uploads by second")]
    down_ops: Annotated[list[int], doc("downloads by second")]


class LiveSnap(Wire, frozen=True, kw_only=True):
    """Topic `live` in full."""

    n: Annotated[Count, doc("number of the newest delta that is in it")]
    sats: Annotated[dict[str, str], doc("satellite id by the index that events have")]
    ring: LiveRing


class LiveDelta(Wire, frozen=True, kw_only=True):
    """What happened between two reads of the logs."""

    n: Annotated[Count, doc("one more than that of the delta before")]
    sats: Annotated[dict[str, str], doc("satellites that no message has named yet: id by index")]
    ev: Annotated[
        list[LiveEvent], doc("`[read_at, piece hash, node, satellite, op, size, duration_ms]`, at most `hello.sample`; -1 = unknown")
    ]
    more: Annotated[Count, doc("events left out of `ev`")]
    tot: Annotated[list[SecondTotals], doc("`[second, up_bytes, down_bytes, up_ops, down_ops]` of all events, to be added to the ring")]
    ops: Annotated[list[OpTotals], doc("`[op, count, bytes]` of all events")]


class TableSnap(Wire, Generic[Row], frozen=True, kw_only=True):
    """A table in full."""

    n: Annotated[Count, doc("number of the newest delta that is in it")]
    as_of: Annotated[float, doc("Unix seconds: when the rows were made")]
    from_: Annotated[float | UnsetType, doc("Unix seconds: where the figures begin; left out where a topic is of no stretch of time")] = (
        UNSET
    )
    rows: Annotated[dict[str, Row], doc("by key")]
    help: Annotated[dict[str, HelpText] | UnsetType, doc("words on the figures by their name; topics of what nodes say have them")] = UNSET
    summary: Annotated[bool | UnsetType, doc("the rows are summaries: a view of several nodes has no more; left out = false")] = UNSET


class TableDelta(Wire, Generic[Row], frozen=True, kw_only=True):
    """What changed of a table: `set` and `del`, or all `rows` where differences are switched off."""

    n: Annotated[Count, doc("one more than that of the delta before")]
    as_of: Annotated[float, doc("Unix seconds: when the rows were made")]
    from_: Annotated[float | UnsetType, doc("Unix seconds: where the figures begin")] = UNSET
    set: Annotated[dict[str, Row] | UnsetType, doc("rows that are new or other than before, by key")] = UNSET
    del_: Annotated[list[str] | UnsetType, doc("keys of rows that are gone")] = UNSET
    rows: Annotated[dict[str, Row] | UnsetType, doc("all rows, instead of `set` and `del`")] = UNSET


class Snap(Wire, tag_field="k", tag="snap", frozen=True, kw_only=True):
    """Every subscribed topic in full; the deltas go on from there."""

    view: Annotated[list[NodeName], doc("the nodes that it is about")]
    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]
    load: LoadFigures
    topics: Annotated[dict[str, Any], Meta(description="by topic: `LiveSnap` or `TableSnap`", extra={"typescript": "SnapTopics"})]


class Delta(Wire, tag_field="k", tag="delta", frozen=True, kw_only=True):
    """What changed: all topics that are due."""

    now: Annotated[UnixSeconds, doc("Unix seconds, the server's clock")]
    topics: Annotated[dict[str, Any], Meta(description="by topic: `LiveDelta` or `TableDelta`", extra={"typescript": "DeltaTopics"})]


ERROR_CODES = (
    "bad_parameter",
    "unknown_node",
    "unknown_path",
    "bad_method",
    "not_logged_in",
    "too_many_logins",
    "forbidden_origin",
    "forbidden_host",
    "unavailable",
)
COMMAND_ERROR_CODES = ("bad_json", "bad_command", "unknown_topic", "unknown_node", "too_large")


class CommandError(Wire, frozen=True, kw_only=True):
    """Why a command was not obeyed."""

    code: Annotated[str, one_of(COMMAND_ERROR_CODES, "for programs")]
    message: Sentence


class Reply(Wire, tag_field="k", tag="re", frozen=True, kw_only=True):
    """The answer to a command."""

    id: Annotated[int | str | None, doc("of the command; null where it had none or it could not be read")]
    ok: Annotated[bool | UnsetType, doc("true; left out in an error")] = UNSET
    view: Annotated[list[NodeName] | UnsetType, doc("of `subscribe`: the nodes")] = UNSET
    topics: Annotated[list[str] | UnsetType, doc("of `subscribe`: the topics, sorted")] = UNSET
    hidden: Annotated[bool | UnsetType, doc("of `hint`")] = UNSET
    error: Annotated[CommandError | UnsetType, doc("why it was not obeyed")] = UNSET


ServerMessage = Hello | Snap | Delta | LoadMessage | Reply
