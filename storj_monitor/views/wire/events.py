"""Rows of the answer `events`: what nodes said of themselves beside transfers."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.views.event_words import KIND_NAMES
from storj_monitor.views.wire.fields import (
    Count,
    EventSeverity,
    NodeName,
    SatelliteId,
    SatelliteName,
    Sentence,
    UnixSeconds,
    Wire,
    doc,
    one_of,
)

KindName = Annotated[str, one_of(KIND_NAMES, "what sort of event")]


class EventRow(Wire, frozen=True, kw_only=True):
    """Equal events of an hour."""

    id: Annotated[int, doc("of the row, for lists")]
    node: NodeName
    at: Annotated[UnixSeconds, doc("Unix seconds of the first")]
    last: Annotated[UnixSeconds, doc("Unix seconds of the newest")]
    count: Count
    kind: KindName
    label: Annotated[str, doc("the kind in words")]
    group: Annotated[str, doc("what it belongs to")]
    severity: EventSeverity
    level: Annotated[str, doc("of the line")]
    satellite: SatelliteId
    name: SatelliteName
    text: Annotated[Sentence, doc("one plain sentence")]


class EventKind(Wire, frozen=True, kw_only=True):
    """A kind with its label and group."""

    kind: KindName
    label: Annotated[str, doc("the kind in words")]
    group: Annotated[str, doc("what it belongs to")]


class GarbageRun(Wire, frozen=True, kw_only=True):
    """One garbage collection at one satellite."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    state: Annotated[str, one_of(("received", "running", "done", "failed", "nothing_moved"), "how far it is")]
    at: Annotated[UnixSeconds, doc("Unix seconds of its newest event")]
    filter_made: Annotated[float | None, doc("Unix seconds: when the satellite made the filter; null = unknown")]
    received: Annotated[float | None, doc("Unix seconds; null = unknown")]
    started: Annotated[float | None, doc("Unix seconds; null = unknown")]
    finished: Annotated[float | None, doc("Unix seconds; null = it has not ended")]
    filter_bytes: Annotated[int | None, doc("bytes; null = unknown")]
    pieces: Annotated[int | None, doc("looked at; null = unknown")]
    trashed: Annotated[int | None, doc("moved to the trash; null = unknown")]
    kept: Annotated[int | None, doc("null = unknown")]
    failed: Annotated[Count, doc("pieces that could not be read or moved")]
    duration_s: Annotated[float | None, doc("seconds; null = unknown")]
    text: Sentence


class EventFigure(Wire, frozen=True, kw_only=True):
    """What the node's /metrics says now."""

    node: NodeName
    group: Annotated[str, doc("what it belongs to")]
    severity: EventSeverity
    text: Sentence
    at: Annotated[UnixSeconds, doc("Unix seconds: when it was asked")]
