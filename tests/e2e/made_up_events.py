"""Events that made-up nodes tell: real kinds in the monitor's own words, three pages of them."""

from __future__ import annotations

from typing import Any

from e2e.made_up_figures import EVIL, SATELLITES, Row
from plain import plain

from storj_monitor.model import hashstore_events as h
from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import satellite_name
from storj_monitor.views.event_words import KIND_NAMES, KINDS, say
from storj_monitor.views.garbage_runs import GarbageRun, run_row

US1, EU1, _ = SATELLITES


def _events(now_ms: int, error: str) -> list[tuple[NodeEvent, int]]:
    return [
        (ev.UploadRejected(time_ms=now_ms - 100_000, live_requests=11, request_limit=10), 40),
        (ev.RetainFinished(time_ms=now_ms - 200_000, satellite=US1, deleted_pieces=812, pieces=31_000_000, duration_ms=24_660_000), 1),
        (ev.BloomFilterFailed(time_ms=now_ms - 300_000, error=f"no space left on device {error}"), 1),
        (ev.GracefulExit(time_ms=now_ms - 400_000, satellite=EU1, step="graceful exit completed.", state="completed"), 1),
        (h.CompactionFinished(time_ms=now_ms - 500_000, satellite=US1, store="s0", duration_ms=197_000), 1),
        *((ev.OrdersSettled(time_ms=now_ms - 600_000 - i * 60_000, satellite=US1, count=200 + i), 1) for i in range(120)),
    ]


def events_answer(nodes: list[str], query: Any, now: float, hostile: bool) -> Row:
    """As /api/v1/events: with its filters and pages."""
    limit, before = int(query.get("limit", "100")), query.get("before")
    view = query.getall("node", nodes)
    kinds, groups, severities = (query.getall(name, []) for name in ("kind", "group", "severity"))
    rows = [
        row
        for number, (event, count) in enumerate(_events(int(now * 1000), EVIL if hostile else ""))
        for row in [_row(number, nodes[number % len(nodes)], event, count)]
        if row["node"] in view
        and (not (kinds or groups) or row["kind"] in kinds or row["group"] in groups)
        and (not severities or row["severity"] in severities)
    ]
    begin = int(before.split(".")[1]) if before else 0
    following = f"1.{begin + limit}" if len(rows) > begin + limit else None
    run = GarbageRun(
        US1, "done", int(now * 1000), created_ms=int(now * 1000) - 10**8, pieces=31_000_000, trashed=812, duration_ms=24_660_000
    )
    return {
        "from": now - 86400,
        "to": now,
        "as_of": now,
        "nodes": view,
        "rows": rows[begin : begin + limit],
        "next": following,
        "kinds": [{"kind": tag, "label": kind.label, "group": kind.group} for tag, kind in KIND_NAMES.items()],
        "garbage": [] if before else [plain(run_row(view[0], run))],
        "figures": [] if before else [
            {"node": view[0], "group": "Migration", "severity": "info", "text": "Migration at us1 runs: 1,024 pieces moved.", "at": now}
        ],
    }  # fmt: skip


def _row(number: int, node: str, event: NodeEvent, count: int) -> Row:
    told, kind = say(event), KINDS[type(event)]
    return {
        "id": number,
        "node": node,
        "at": event.time_ms / 1000,
        "last": event.time_ms / 1000 + (90 if count > 1 else 0),
        "count": count,
        "kind": str(event.__struct_config__.tag),
        "label": kind.label,
        "group": kind.group,
        "severity": told.severity.value,
        "level": event.level,
        "satellite": event.satellite,
        "name": satellite_name(event.satellite),
        "text": told.text,
    }
