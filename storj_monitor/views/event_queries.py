"""Question `events`: what nodes said of themselves beside transfers, one sentence a row, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from storj_monitor.database import queries
from storj_monitor.database.bad_rows import BadRows, bad_rows_of
from storj_monitor.database.event_rows import FoundEvent, events_page
from storj_monitor.database.queries import Connection
from storj_monitor.database.reader import Reader
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import satellite_name
from storj_monitor.model.node_events import AnyNodeEvent, MigrationProgress
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.views.event_figures import figure_rows
from storj_monitor.views.event_words import KIND_NAMES, KINDS, say
from storj_monitor.views.garbage_runs import RUN_KINDS, runs_of
from storj_monitor.views.topic_renderers import TopicRenderers
from storj_monitor.views.windows import AnyWindow, about
from storj_monitor.views.wire import events as wire
from storj_monitor.views.wire.answers import EventsAnswer

MOST_LOOKED_AT = 20_000
"""Rows that one answer reads in search of severities; the cursor says where the next one goes on."""
MOST_RUNS = 200
_MOST_RUN_EVENTS = 1000
_PROGRESS_MS = 6 * 3_600_000
_DECODE = msgspec.json.Decoder(AnyNodeEvent).decode


async def event_page(
    reader: Reader, renderers: TopicRenderers | None, window: AnyWindow, wanted: EventFilter, as_of: float | None
) -> EventsAnswer:
    """One page; `garbage` and `figures` (what /metrics says now, as `renderers` know it) come with the first page only."""
    first = wanted.before is None
    page = await reader.ask(_page, window.nodes, window.from_s * 1000, window.to_s * 1000, wanted, first)
    figures: list[wire.EventFigure] = []
    if first and renderers is not None:
        for node in renderers.nodes(window.nodes):
            figures += figure_rows(node.name, node.metrics, page.progress.get(node.name, ()))
    return EventsAnswer(
        **about(window, as_of),
        rows=page.rows,
        next=page.following,
        kinds=list(_KINDS),
        garbage=page.garbage,
        figures=figures,
    )


class _Page(NamedTuple):
    rows: list[wire.EventRow]
    following: str | None
    garbage: list[wire.GarbageRun]
    progress: dict[str, list[MigrationProgress]]


_KINDS = tuple(wire.EventKind(kind=tag, label=kind.label, group=kind.group) for tag, kind in KIND_NAMES.items())


def _page(db: Connection, names: Sequence[str], from_ms: int, to_ms: int, wanted: EventFilter, first: bool) -> _Page:
    ids = {node.id: node.name for node in queries.nodes(db) if node.name in names}
    satellites = queries.satellites(db)
    kinds, bad = _possible(wanted), bad_rows_of(db)
    rows: list[wire.EventRow] = []
    before, looked_at, following = wanted.before, 0, None
    while kinds is not None:
        found = events_page(db, list(ids), kinds, from_ms, to_ms, before, wanted.limit)
        looked_at += len(found)
        for one, event in _decoded(bad, found):
            row = _row(one, event, ids[one.node], satellites.get(one.satellite, ""))
            before = (one.first_ms, one.id)
            if not wanted.severities or row.severity in wanted.severities:
                rows.append(row)
            if len(rows) == wanted.limit:
                break
        else:  # a row that is left out is passed, too
            before = (found[-1].first_ms, found[-1].id) if found else before
        more = len(found) == wanted.limit
        if len(rows) == wanted.limit or not more or looked_at >= MOST_LOOKED_AT:
            following = f"{before[0]}.{before[1]}" if before and more else None
            break
    garbage = _garbage(db, ids, from_ms, to_ms) if first else []
    return _Page(rows, following, garbage, _progress(db, ids) if first else {})


def _possible(wanted: EventFilter) -> list[str] | None:
    """Kinds to look through: those asked for that can have a severity asked for. Empty: all kinds; None: there are none."""
    if not wanted.kinds and not wanted.severities:
        return []
    kinds = [
        tag
        for tag, kind in KIND_NAMES.items()
        if (not wanted.kinds or tag in wanted.kinds) and (not wanted.severities or wanted.severities.intersection(kind.severities))
    ]
    return kinds or None


def _decoded(bad: BadRows, found: Iterable[FoundEvent]) -> Iterator[tuple[FoundEvent, NodeEvent]]:
    """Rows with their events, without those that cannot be understood."""
    return bad.each("node_event", found, lambda one: (one, _DECODE(one.data)))


def _row(one: FoundEvent, event: NodeEvent, node: str, satellite: str) -> wire.EventRow:
    told, kind = say(event), KINDS[type(event)]
    return wire.EventRow(
        id=one.id,
        node=node,
        at=one.first_ms / 1000,
        last=one.last_ms / 1000,
        count=one.count,
        kind=one.kind,
        label=kind.label,
        group=kind.group,
        severity=told.severity.value,
        level=one.level,
        satellite=satellite,
        name=satellite_name(satellite),
        text=told.text,
    )


def _garbage(db: Connection, ids: dict[int, str], from_ms: int, to_ms: int) -> list[wire.GarbageRun]:
    rows: list[wire.GarbageRun] = []
    for number, name in ids.items():
        found = events_page(db, [number], RUN_KINDS, from_ms, to_ms, None, _MOST_RUN_EVENTS)
        rows += runs_of(name, (event for _, event in _decoded(bad_rows_of(db), reversed(found))))
    rows.sort(key=lambda row: -row.at)
    return rows[:MOST_RUNS]


def _progress(db: Connection, ids: dict[int, str]) -> dict[str, list[MigrationProgress]]:
    """The newest progress lines of each node that are of one run of its process, oldest first."""
    found: dict[str, list[MigrationProgress]] = {}
    kinds = ("migration_progress", "node_started")
    for number, name in ids.items():
        newest = events_page(db, [number], kinds, 0, 1 << 62, None, 20)
        lines: list[MigrationProgress] = []
        for one, event in _decoded(bad_rows_of(db), newest):
            if not isinstance(event, MigrationProgress) or one.first_ms < newest[0].first_ms - _PROGRESS_MS:
                break
            lines.append(event)
        found[name] = lines[::-1]
    return found
