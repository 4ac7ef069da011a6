"""/api/v1 as an OpenAPI 3.1 document: written by hand, held to the real answers by tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storj_monitor.model.severity import Severity, SeverityClass
from storj_monitor.server.events_route import GROUPS, PAGE, PAGE_MOST
from storj_monitor.server.load import LOAD_OPERATION, LOAD_SCHEMA
from storj_monitor.server.openapi_subjects import CSV_OPERATION, PARTS, SUBJECT_ANSWERS
from storj_monitor.server.store_state import STORE_OPERATION, STORE_SCHEMA
from storj_monitor.server.window import BUCKETS, NODES_MOST, POINTS_MOST
from storj_monitor.views.event_words import KIND_NAMES

Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "description": "Unix seconds"}
_SECONDS_OR_NULL: Schema = {"type": ["number", "null"], "description": "Unix seconds"}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_DIRECTION: Schema = {"enum": ["up", "down"]}
_COUNT_OR_NULL: Schema = {"type": ["integer", "null"]}
_OUTCOME: Schema = {"enum": ["success", "canceled", "failed"]}
_RESULTS: Schema = {"type": "array", "items": _COUNT_OR_NULL, "minItems": 3, "maxItems": 3, "description": "success, canceled, failed"}

_NODE_NAMES: Schema = {"type": "array", "items": _TEXT, "maxItems": NODES_MOST}

_NODE_STATE: Schema = {"enum": ["down", "at_risk", "warning", "learning", "ok", "no_data"]}
_REASON: Schema = {
    "code": _TEXT,
    "state": _NODE_STATE,
    "sentence": _TEXT,
    "since": _SECONDS_OR_NULL,
    "source": {"enum": ["log", "api", "metrics", "public_port", "file_system", "analytics", "monitor"]},
    "subject": _TEXT_OR_NULL,
}
_LOG_REMARK: Schema = {"trouble": {"enum": ["not_understood", "above_info", "no_transfers", "two_nodes"]}, "text": _TEXT}
_LOG: Schema = {
    "form": {"enum": ["", "console", "json", "gcloudlogging", "unknown"]},
    "wrappers": {"type": "array", "items": _TEXT},
    "level": _TEXT,
    "transfers": {"type": "boolean"},
    "quiet": {"type": "boolean"},
    "untold": {**_TEXT, "description": "why traffic and success are unknown; empty where the log tells them"},
    "understood_pct": _NUMBER_OR_NULL,
    "node_ids": {"type": "array", "items": _TEXT},
    "remarks": {"type": "array", "items": {"type": "object", "properties": _LOG_REMARK, "required": list(_LOG_REMARK)}},
}
_NODE: Schema = {
    "name": _TEXT,
    "node_id": _TEXT_OR_NULL,
    "version": _TEXT_OR_NULL,
    "first": _SECONDS_OR_NULL,
    "last": _SECONDS_OR_NULL,
    "lines": _COUNT,
    "understood": _COUNT,
    "ignored": _COUNT,
    "not_understood": _COUNT,
    "state": {"enum": ["live", "catching_up", "waiting", "error", "off"]},
    "detail": _TEXT,
    "path": _TEXT_OR_NULL,
    "node_state": _NODE_STATE,
    "node_state_since": _SECONDS_OR_NULL,
    "node_state_reason": _TEXT,
    "reasons": {"type": "array", "items": {"type": "object", "properties": _REASON, "required": list(_REASON)}},
    "log": {"type": "object", "properties": _LOG, "required": list(_LOG)},
}
_ACTION: Schema = {
    "action": _TEXT,
    "direction": _DIRECTION,
    "success": _COUNT_OR_NULL,
    "canceled": _COUNT,
    "failed": _COUNT,
    "bytes": _COUNT_OR_NULL,
    "untold": _COUNT,
    "only_counted": _COUNT,
    "rejected": _COUNT,
    "may_hide": {"type": "boolean"},
    "all_bytes": _COUNT,
    "timed": _COUNT,
    "p50_ms": _NUMBER_OR_NULL,
    "p95_ms": _NUMBER_OR_NULL,
    "p99_ms": _NUMBER_OR_NULL,
    "mean_ms": _NUMBER_OR_NULL,
    "resolution_ms": _NUMBER_OR_NULL,
    "source": {"enum": ["log", "metrics", "mixed"]},
    "timed_source": {"enum": ["log", "metrics", None]},
}
_SATELLITE: Schema = {
    "satellite": _TEXT,
    "name": _TEXT,
    "put": _RESULTS,
    "get": _RESULTS,
    "audit": _RESULTS,
    "repair": _RESULTS,
    "up_bytes": _COUNT_OR_NULL,
    "down_bytes": _COUNT_OR_NULL,
}
_LATENCY: Schema = {
    "action": _TEXT,
    "direction": _DIRECTION,
    "outcome": _OUTCOME,
    "count": _COUNT,
    "timed": _COUNT,
    **{f"{name}_ms": _NUMBER_OR_NULL for name in ("mean", "p50", "p90", "p95", "p99", "max", "resolution")},
}
_SIZE: Schema = {
    "direction": _DIRECTION,
    "class": {"type": "integer", "minimum": 0, "maximum": 7},
    "from_bytes": _COUNT,
    "to_bytes": {"type": ["integer", "null"]},
    "count": _COUNT,
    "success": _COUNT,
}
_ERROR_ROW: Schema = {
    "level": _TEXT,
    "logger": _TEXT,
    "message": _TEXT,
    "template": _TEXT,
    "count": _COUNT,
    "first": _SECONDS,
    "last": _SECONDS,
    "sample": _TEXT,
    "satellite": _TEXT,
    "class": {"enum": [kind.label for kind in SeverityClass]},
    "rank": _COUNT,
    "severity": {"enum": [severity.value for severity in Severity]},
    "nodes": {"type": "array", "items": _TEXT, "maxItems": 20},
    "node_count": _COUNT,
}
_PIECE: Schema = {
    "piece": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    "piece_id": _TEXT,
    "count": _COUNT,
    "error": _COUNT,
    "bytes": _COUNT,
    "satellite": _TEXT,
}
_COUNTRY: Schema = {"country": _TEXT, "up_count": _COUNT, "down_count": _COUNT, "up_bytes": _COUNT, "down_bytes": _COUNT}
_COMPACTION: Schema = {
    "node": _TEXT,
    "satellite": _TEXT,
    "name": _TEXT,
    "store": _TEXT,
    "state": {"enum": ["running", "done", "failed", "broken_off"]},
    "started": _SECONDS_OR_NULL,
    "finished": _SECONDS_OR_NULL,
    "duration_s": _NUMBER_OR_NULL,
    **dict.fromkeys(("stage", "error", "reclaimed", "total", "rewritten", "trashed", "expired"), _TEXT_OR_NULL),
}
_LINE: Schema = {
    "node": _TEXT,
    "kind": {"enum": ["ignored", "not_understood"]},
    "logger": _TEXT,
    "message": _TEXT,
    "count": _COUNT,
    "sample": _TEXT,
}


_SEVERITY: Schema = {"enum": [severity.value for severity in Severity]}
_EVENT: Schema = {
    "id": _COUNT,
    "node": _TEXT,
    "at": _SECONDS,
    "last": _SECONDS,
    "count": _COUNT,
    "kind": {"enum": list(KIND_NAMES)},
    **dict.fromkeys(("label", "group"), _TEXT),
    "severity": _SEVERITY,
    **dict.fromkeys(("level", "satellite", "name", "text"), _TEXT),
}
_GARBAGE_RUN: Schema = {
    **dict.fromkeys(("node", "satellite", "name", "text"), _TEXT),
    "state": {"enum": ["received", "running", "done", "failed", "nothing_moved"]},
    "at": _SECONDS,
    **dict.fromkeys(("filter_made", "received", "started", "finished"), _SECONDS_OR_NULL),
    **dict.fromkeys(("filter_bytes", "pieces", "trashed", "kept"), _COUNT_OR_NULL),
    "failed": _COUNT,
    "duration_s": _NUMBER_OR_NULL,
}
_EVENT_FIGURE: Schema = {**dict.fromkeys(("node", "group", "text"), _TEXT), "severity": _SEVERITY, "at": _SECONDS}


def _object(properties: Mapping[str, object]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _rows(row: Schema, most: int | None = None) -> Schema:
    rows: Schema = {"type": "array", "items": _object(row)}
    if most is not None:
        rows["maxItems"] = most
    return {"rows": rows}


def _points(item: Schema) -> Schema:
    return {"type": "array", "items": item, "maxItems": POINTS_MOST}


_UNTOLD: Schema = {
    "unknown": {**_TEXT_OR_NULL, "description": "why successes and bytes are unknown (null, not 0); null: they are known"},
    "left_out": {"type": "array", "items": _TEXT, "description": "nodes whose logs do not tell transfers"},
}
_SERIES: Schema = {
    "action": _TEXT,
    "direction": _DIRECTION,
    "outcome": _OUTCOME,
    "count": _points(_COUNT_OR_NULL),
    "bytes": _points(_COUNT_OR_NULL),
}
_TRAFFIC: Schema = {
    "bucket_s": {"type": "integer", "enum": list(BUCKETS.values())},
    "times": {**_points({"type": "integer"}), "description": "start of each bucket, Unix seconds"},
    "series": {"type": "array", "items": _object(_SERIES)},
    **_UNTOLD,
}
_LOG_TOTALS: Schema = {"node": _TEXT, **dict.fromkeys(("lines", "understood", "ignored", "not_understood"), _COUNT)}
_LOGS: Schema = {**_rows(_LINE), "totals": {"type": "array", "items": _object(_LOG_TOTALS), "description": "one a node"}}

ANSWERS: Mapping[str, tuple[str, Schema]] = {
    "nodes": ("The nodes and how their logs are read", _rows(_NODE)),
    "traffic": ("Transfers and bytes over time", _TRAFFIC),
    "actions": (
        "Results, bytes and durations by action, from the log or from the nodes' own counters",
        {**_rows(_ACTION), "counted": {"type": ["object", "null"], "description": "the hours that figures of counters are of"}, **_UNTOLD},
    ),
    "satellites": ("Results and bytes by satellite", {**_rows(_SATELLITE), **_UNTOLD}),
    "latency": ("Durations by action and outcome", _rows(_LATENCY)),
    "sizes": ("Transfers by size class", _rows(_SIZE)),
    "errors": ("Errors and warnings, folded: worst first, then most frequent", _rows(_ERROR_ROW, 100)),
    "pieces": ("Pieces asked for most often", _rows(_PIECE, 100)),
    "countries": ("Transfers by country of the other side", _rows(_COUNTRY)),
    "compactions": ("Hashstore compactions, newest first", _rows(_COMPACTION, 200)),
    "logs": ("What the lines of the logs were taken for", _LOGS),
    "events": (
        "What nodes said of themselves beside transfers, one sentence each, newest first; equal ones of an hour are one row",
        {
            **_rows(_EVENT, PAGE_MOST),
            "next": {**_TEXT_OR_NULL, "description": "`before` of the next page; null: there is none"},
            "kinds": {"type": "array", "items": _object(dict.fromkeys(("kind", "label", "group"), _TEXT))},
            "garbage": {"type": "array", "items": _object(_GARBAGE_RUN), "maxItems": 200},
            "figures": {"type": "array", "items": _object(_EVENT_FIGURE)},
        },
    ),
}
"""Path under /api/v1 -> (summary, properties of the answer beside from, to, as_of, nodes)."""

_ALL: Mapping[str, tuple[str, Schema]] = {**ANSWERS, **SUBJECT_ANSWERS}

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


def answer_schema(name: str) -> Schema:
    """JSON Schema of one path's answer."""
    window: Schema = {
        "from": {"type": "integer", "description": "start of the window after snapping, Unix seconds"},
        "to": {"type": "integer", "description": "end of the window after snapping, exclusive, Unix seconds"},
        "as_of": {**_SECONDS_OR_NULL, "description": "the commit that the answer reflects"},
        "nodes": {"type": "array", "items": _TEXT},
    }
    whole = _object({**window, **_ALL[name][1]})
    return {**whole, "required": list(window), "description": "all of it, or the parts asked for"} if name in PARTS else whole


def error_schema() -> Schema:
    """JSON Schema of every error."""
    return _object({"error": _object({"code": {"enum": list(ERROR_CODES)}, "message": _TEXT})})


def document(version: str, subjects: bool = True) -> dict[str, object]:
    """The whole document; `version` is the product's; without `subjects` the paths about what nodes say of themselves are left out."""
    names = list(_ALL if subjects else ANSWERS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "storj_monitor", "version": version, "description": "Questions about the past of Storj storage nodes."},
        "servers": [{"url": "/"}],
        "security": [{}, {"cookie": []}, {"basic": []}],
        "paths": {
            **{f"/api/v1/{name}": {"get": _operation(name)} for name in names},
            "/api/v1/load": {"get": LOAD_OPERATION},
            "/api/v1/store": {"get": STORE_OPERATION},
            **({"/api/v1/earnings.csv": {"get": CSV_OPERATION}} if subjects else {}),
        },
        "components": {
            "schemas": {
                "Error": error_schema(),
                "Load": LOAD_SCHEMA,
                "Store": STORE_SCHEMA,
                **{name.capitalize(): answer_schema(name) for name in names},
            },
            "responses": {
                "Error": {
                    "description": "The question cannot be answered",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
            "parameters": _parameters(),
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "storj_monitor_{port}"},
            },
        },
    }


def _operation(name: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name.capitalize()}"}}}
    return {
        "operationId": name,
        "summary": _ALL[name][0],
        "parameters": [
            *({"$ref": f"#/components/parameters/{parameter}"} for parameter in _parameters()),
            *(_EVENT_PARAMETERS if name == "events" else ()),
            *([_repeated("part", PARTS[name])] if name in PARTS else ()),
        ],
        "responses": {"200": {"description": "The answer", "content": content}, "default": {"$ref": "#/components/responses/Error"}},
    }


def _parameters() -> Schema:
    moment = "Unix seconds, ISO 8601 (UTC without a zone), now, or -90m, -24h, -30d before now"
    return {
        "from": _parameter("from", moment + "; default 24 hours before `to`. Snaps down to the bucket.", _TEXT),
        "to": _parameter("to", moment + "; default now. Snaps up to the bucket.", _TEXT),
        "bucket": _parameter(
            "bucket",
            f"width of a point; auto is the finest that gives at most {POINTS_MOST} points, or the minute where there are no points",
            {"enum": ["auto", *BUCKETS], "default": "auto"},
        ),
        "node": {
            **_parameter("node", "name of a node; repeat it for several; default all", _NODE_NAMES),
            "style": "form",
            "explode": True,
        },
    }


def _parameter(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _repeated(name: str, values: Sequence[str]) -> Schema:
    schema: Schema = {"type": "array", "items": {"enum": list(values)}}
    return {**_parameter(name, "repeat it for several; default all", schema), "style": "form", "explode": True}


_EVENT_PARAMETERS: Sequence[Schema] = (
    _repeated("kind", list(KIND_NAMES)),
    _repeated("group", GROUPS),
    _repeated("severity", [severity.value for severity in Severity]),
    _parameter("limit", "rows of a page", {"type": "integer", "minimum": 1, "maximum": PAGE_MOST, "default": PAGE}),
    _parameter("before", "`next` of the page before", _TEXT),
)
