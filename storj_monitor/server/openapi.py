"""/api/v1 as an OpenAPI 3.1 document: paths and parameters from here, all schemas from the wire's Structs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from storj_monitor.model.severity import Severity
from storj_monitor.server.events_route import GROUPS, PAGE, PAGE_MOST
from storj_monitor.server.window import BUCKETS, NODES_MOST, POINTS_MOST
from storj_monitor.views.event_words import KIND_NAMES
from storj_monitor.views.wire import answers as wire
from storj_monitor.views.wire.fields import Wire

Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_NODE_NAMES: Schema = {"type": "array", "items": _TEXT, "maxItems": NODES_MOST}
_REFERENCE = "#/components/schemas/{name}"

ANSWERS: Mapping[str, type[wire.Answer]] = {
    "nodes": wire.NodesAnswer,
    "traffic": wire.TrafficAnswer,
    "actions": wire.ActionsAnswer,
    "satellites": wire.SatellitesAnswer,
    "latency": wire.LatencyAnswer,
    "sizes": wire.SizesAnswer,
    "errors": wire.ErrorsAnswer,
    "pieces": wire.PiecesAnswer,
    "countries": wire.CountriesAnswer,
    "compactions": wire.CompactionsAnswer,
    "logs": wire.LogsAnswer,
    "events": wire.EventsAnswer,
}
"""Path under /api/v1 -> what it answers."""

SUBJECT_ANSWERS: Mapping[str, type[wire.Answer]] = {
    "reputation": wire.ReputationAnswer,
    "standings": wire.StandingsAnswer,
    "storage": wire.StorageAnswer,
    "earnings": wire.EarningsAnswer,
    "health": wire.HealthAnswer,
    "findings": wire.FindingsAnswer,
}
"""The same about what nodes say of themselves."""

_ALL = {**ANSWERS, **SUBJECT_ANSWERS}
_OF_NOW: Mapping[str, type[Wire]] = {"load": wire.LoadAnswer, "store": wire.StoreAnswer}
"""Paths that are not about the past and have no parameters."""

PARTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(one.encode_name for one in msgspec.structs.fields(answer) if not one.required)
    for name, answer in SUBJECT_ANSWERS.items()
    if any(not one.required for one in msgspec.structs.fields(answer))
}
"""Paths that answer in parts (`part=`), and which there are."""


def answer_schema(name: str) -> Schema:
    """JSON Schema of one path's answer, with the schemas that it refers to."""
    return _schema(_ALL[name])


def error_schema() -> Schema:
    """JSON Schema of every error."""
    return _schema(wire.ErrorAnswer)


def _schema(struct: type[Wire]) -> Schema:
    (reference,), components = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    return {**reference, "components": {"schemas": components}}


def document(version: str, node_queries: bool = True) -> dict[str, object]:
    """The whole document; `version` is the product's; without `node_queries` the paths about what nodes say of themselves are left out."""
    answers = _ALL if node_queries else ANSWERS
    _, schemas = msgspec.json.schema_components([*answers.values(), *_OF_NOW.values(), wire.ErrorAnswer], ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "storj_monitor", "version": version, "description": "Questions about the past of Storj storage nodes."},
        "servers": [{"url": "/"}],
        "security": [{}, {"cookie": []}, {"basic": []}],
        "paths": {
            **{f"/api/v1/{name}": {"get": _operation(name, answer, _parameters_of(name))} for name, answer in answers.items()},
            **{f"/api/v1/{name}": {"get": _operation(name, answer, ())} for name, answer in _OF_NOW.items()},
            **({"/api/v1/earnings.csv": {"get": CSV_OPERATION}} if node_queries else {}),
        },
        "components": {
            "schemas": schemas,
            "responses": {
                "Error": {
                    "description": "The question cannot be answered",
                    "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(name=wire.ErrorAnswer.__name__)}}},
                }
            },
            "parameters": _parameters(),
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "storj_monitor_{port}"},
            },
        },
    }


def _operation(name: str, answer: type[Wire], parameters: Sequence[Schema]) -> Schema:
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name=answer.__name__)}}}
    return {
        "operationId": name,
        "summary": answer.__doc__,
        "parameters": list(parameters),
        "responses": {"200": {"description": "The answer", "content": content}, "default": {"$ref": "#/components/responses/Error"}},
    }


def _parameters_of(name: str) -> Sequence[Schema]:
    return (
        *({"$ref": f"#/components/parameters/{parameter}"} for parameter in _parameters()),
        *(_EVENT_PARAMETERS if name == "events" else ()),
        *([_repeated("part", PARTS[name])] if name in PARTS else ()),
    )


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

CSV_OPERATION: Schema = {
    "operationId": "earnings_csv",
    "summary": "Paystubs, estimates or profit as a CSV file",
    "parameters": [
        {"$ref": "#/components/parameters/node"},
        {"name": "kind", "in": "query", "required": False, "schema": {"enum": ["paystubs", "estimates", "profit"], "default": "paystubs"}},
        {"name": "currency", "in": "query", "required": False, "description": "e.g. EUR; needs `rate`", "schema": _TEXT},
        {"name": "rate", "in": "query", "required": False, "description": "how much of the currency a dollar is worth", "schema": _TEXT},
    ],
    "responses": {
        "200": {"description": "The file", "content": {"text/csv": {"schema": _TEXT}}},
        "default": {"$ref": "#/components/responses/Error"},
    },
}
