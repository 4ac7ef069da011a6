"""/api/v1 about what nodes say of themselves, as JSON Schema: the rows in docs/protocol.md, held to the real answers by tests."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.model.uptime import UptimeState

Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_NUMBER: Schema = {"type": "number"}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_INTEGER: Schema = {"type": "integer"}
_FIGURE: Schema = {
    "type": ["object", "null"],
    "properties": {
        "value": {},
        "source": {"enum": ["api", "metrics", "log", "file_system", "probe", "computed"]},
        "at": {"type": "number", "description": "Unix seconds"},
    },
}
_OBJECT: Schema = {"type": "object"}
_OBJECT_OR_NULL: Schema = {"type": ["object", "null"]}
_LIST: Schema = {"type": "array", "items": _OBJECT}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_POINTS: Schema = {"type": "array", "items": {"type": "array"}, "maxItems": 300}
_HELP: Schema = {
    "type": "object",
    "additionalProperties": {"type": "object", "properties": dict.fromkeys(("what", "normal", "do"), _TEXT), "required": ["what"]},
}


def _rows(properties: Mapping[str, object]) -> Schema:
    return {"type": "array", "items": {"type": "object", "properties": dict(properties), "required": list(properties)}}


def _rows_of_kinds(*kinds: Mapping[str, object]) -> Schema:
    """Rows of several kinds: which one is told by `kind`."""
    objects = [{"type": "object", "properties": dict(one), "required": list(one)} for one in kinds]
    return {"type": "array", "items": {"oneOf": objects}}


_WINDOWS: Schema = {"type": "array", "items": {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}}
_STANDINGS = ("disqualified", "suspended", "offline_suspended", "at_risk", "watch", "unknown", "vetting", "healthy", "exiting", "exited")
_REPUTATION: Schema = {
    **dict.fromkeys(("node", "satellite", "name", "address", "reason"), _TEXT),
    "rank": _INTEGER,
    "standing": {"enum": list(_STANDINGS)},
    "exit": {"type": ["object", "null"], "properties": {"state": {"enum": ["begun", "completed", "failed"]}, "at": _NUMBER}},
    "offline_suspended_at": _NUMBER_OR_NULL,
    **dict.fromkeys(("audit_score", "suspension_score", "online_score", "total_audits", "successful_audits"), _FIGURE),
    **dict.fromkeys(("disqualified_at", "suspended_at", "vetted_at", "joined_at"), _FIGURE),
    "guard": _OBJECT_OR_NULL,
    **dict.fromkeys(("suspension_allowed", "missed_audits"), _NUMBER_OR_NULL),
    **dict.fromkeys(("vetting", "budget", "failures"), _OBJECT),
    "refused_audits": _OBJECT_OR_NULL,
    "unknown": _TEXT_OR_NULL,
    "windows": _WINDOWS,
    "offline_windows": _LIST,
}
_SPACE_FIGURES = (
    "allocated", "used", "pieces", "trash", "reclaimable", "overhead", "reserved", "free", "overused", "file_system_total",
    "file_system_free", "reported", "reported_month", "unpaid",
)  # fmt: skip
_FLEET_SUM: Schema = {
    "type": ["object", "null"],
    "properties": {"value": _INTEGER, "nodes": _INTEGER, "oldest_at": _NUMBER, "left_out": _TEXTS},
    "required": ["value", "nodes", "oldest_at", "left_out"],
}
_SPACE_FORECAST: Schema = {"window_days": _NUMBER, "growth": _OBJECT, "levels": _LIST}
_SPACE: Schema = {
    "node": _TEXT,
    "at": _NUMBER_OR_NULL,
    "capacity_bytes": _NUMBER_OR_NULL,
    "bar": _rows({"part": _TEXT, "bytes": _INTEGER}),
}
_STORAGE_NODE: Schema = {
    "kind": {"const": "node"},
    **_SPACE,
    **dict.fromkeys(_SPACE_FIGURES, _FIGURE),
    "meaning": {"enum": ["old", "new", None]},
    "differences": _rows({"gap": _TEXT, "difference_bytes": _INTEGER, "text": _TEXT}),
    "impossible": _rows({"figure": _TEXT, "value": _NUMBER, "source": _TEXT, "text": _TEXT}),
    "forecasts": _rows(_SPACE_FORECAST),
    "file_system": {
        "type": ["object", "null"],
        "properties": {"path": _TEXT, "problem": _TEXT_OR_NULL},
        "required": ["path", "problem"],
    },
}
_STORAGE_FLEET: Schema = {
    "kind": {"const": "fleet"},
    **_SPACE,
    **dict.fromkeys(_SPACE_FIGURES, _FLEET_SUM),
    "forecasts": _rows({**_SPACE_FORECAST, **dict.fromkeys(("counted", "left_out", "shrinking"), _TEXTS)}),
}
_LEFT_OUT: Schema = _rows(dict.fromkeys(("node", "satellite", "name", "why"), _TEXT))
_EARNINGS: Schema = {
    **dict.fromkeys(("node", "satellite", "name", "source"), _TEXT),
    "at": _NUMBER,
    "now": _OBJECT_OR_NULL,
    "month_end": _OBJECT_OR_NULL,
    "expected_usd_micros": {"type": ["integer", "null"]},
    "previous": _OBJECT_OR_NULL,
    "theirs": _OBJECT_OR_NULL,
    "comparison": _OBJECT_OR_NULL,
    "held": _OBJECT_OR_NULL,
}
_EARNINGS_SATELLITE: Schema = {
    "kind": {"const": "satellite"},
    **_EARNINGS,
    "prices": _OBJECT_OR_NULL,
    "formula": _TEXT_OR_NULL,
    **dict.fromkeys(("joined_at", "disqualified_at"), _NUMBER_OR_NULL),
    "notes": _TEXTS,
    "unknown": _TEXT_OR_NULL,
}
_EARNINGS_SUM: Schema = {
    **_EARNINGS,
    **dict.fromkeys(("balance", "band", "revenue", "unpaid", "profit_now", "profit_month_end", "currency"), _OBJECT_OR_NULL),
    "left_out_satellites": _LEFT_OUT,
}
_EARNINGS_NODE: Schema = {"kind": {"const": "node"}, **_EARNINGS_SUM, "forecast_reasons": _TEXTS}
_EARNINGS_FLEET: Schema = {
    "kind": {"const": "fleet"},
    **_EARNINGS_SUM,
    "nodes": _INTEGER,
    **dict.fromkeys(("left_out", "without_costs"), _TEXTS),
    "left_out_paystubs": _rows({"node": _TEXT, "why": _TEXT}),
}
_STUB: Schema = {
    **dict.fromkeys(("node", "node_id", "satellite", "name", "period", "codes", "receipt", "network", "transaction_url"), _TEXT),
    "storage_byte_months": _NUMBER,
    **dict.fromkeys(("surge_percent", "egress_bytes", "repair_bytes", "audit_bytes"), _INTEGER),
    **{
        f"{name}_usd_micros": _INTEGER
        for name in ("storage", "egress", "repair", "audit", "earned", "held", "disposed", "paid", "distributed")
    },
}
_MONTH: Schema = {
    "period": _TEXT,
    **{f"{name}_usd_micros": _INTEGER for name in ("earned", "held", "disposed", "paid", "distributed", "undistributed")},
}
_SCORE: Schema = {
    **dict.fromkeys(("node", "satellite", "name", "period"), _TEXT),
    "estimated_usd_micros": _INTEGER,
    "paid_usd_micros": _INTEGER,
    "error_percent": _NUMBER_OR_NULL,
    "agrees": {"type": "boolean"},
    "reasons": _TEXTS,
}
_FORECAST: Schema = {
    **dict.fromkeys(("node", "period"), _TEXT),
    "made": _NUMBER,
    "now_usd_micros": _INTEGER,
    "expected_usd_micros": _INTEGER,
    "theirs_usd_micros": _NUMBER_OR_NULL,
}
_SUMS: Schema = {
    "paystubs": _INTEGER,
    "scores": _INTEGER,
    "score_error_percent": _NUMBER_OR_NULL,
    "days": _rows({"day": _NUMBER, "payout_usd_micros": _INTEGER, "complete": {"type": "boolean"}}),
    "forecasts": _rows({"period": _TEXT, "made": _NUMBER, "expected_usd_micros": _INTEGER}),
}
_EARNED_DAY: Schema = {"node": _TEXT, "day": _NUMBER, "payout_usd_micros": _INTEGER, "complete": {"type": "boolean"}}
_HEALTH_FIGURES = (
    "version", "minimum_version", "up_to_date", "quic", "quic_at", "last_contact", "started_at", "uptime_s", "all_healthy", "clock_ahead_s",
    "bandwidth_bytes",
)  # fmt: skip
_DOWNTIME: Schema = {
    "from": _NUMBER,
    "until": _NUMBER_OR_NULL,
    "witnesses": _TEXTS,
    "certain": {"type": "boolean"},
    "duration_s": _NUMBER_OR_NULL,
}
_UPTIME: Schema = {
    "state": {"enum": [state.value for state in UptimeState]},
    "since": _NUMBER_OR_NULL,
    "certain": {"type": "boolean"},
    "reason": _TEXT,
    "witnesses": _TEXTS,
    "last_words": _rows({"at": _NUMBER, "text": _TEXT, "cause": {"type": "boolean"}}),
    "failed_starts": _INTEGER,
}
_DOOR: Schema = {
    "door": {"enum": ["api", "metrics", "health"]},
    "status": {"enum": ["unknown", "ok", "partial", "unreachable", "not_understood"]},
    "since": _NUMBER,
    "detail": _TEXT,
    "url": _TEXT,
    "found": {"type": "boolean"},
    "routes": _rows(
        {
            "path": _TEXT,
            "status": {"enum": ["failing", "hanging", "absent"]},
            "since": _NUMBER,
            "answered_at": _NUMBER_OR_NULL,
            "detail": _TEXT,
        }
    ),
}
_HEALTH: Schema = {
    **dict.fromkeys(("node", "node_id", "wallet"), _TEXT),
    "wallet_features": _TEXTS,
    **dict.fromkeys(_HEALTH_FIGURES, _FIGURE),
    "doors": _rows(_DOOR),
    "remarks": _TEXTS,
    "uptime": {"type": "object", "properties": _UPTIME, "required": list(_UPTIME)},
    "downtimes": _rows(_DOWNTIME),
    "down_hours_30d": _NUMBER,
    "notifications": _LIST,
    "transfers": _OBJECT_OR_NULL,
}

_EVIDENCE: Schema = {"name": _TEXT, "part": _INTEGER, "whole": _INTEGER}
_STEP: Schema = {"state": {"enum": ["new", "active", "resolved"]}, "at": _INTEGER, "value": _NUMBER}
_FINDING: Schema = {
    "row": {"const": "finding"},
    "number": _INTEGER,
    **dict.fromkeys(("node", "title", "text", "advice"), _TEXT),
    **dict.fromkeys(("satellite", "satellite_name", "resolved", "cause"), _TEXT_OR_NULL),
    "direction": {"enum": ["up", "down", None]},
    "kind": {"enum": ["anomaly", "change", "forecast", "state"]},
    "node_state": {"enum": ["down", "at_risk", "warning", "ok", None]},
    "metric": _TEXT,
    "severity": {"enum": ["good", "info", "warning", "critical"]},
    "state": {"enum": ["new", "active", "resolved"]},
    **dict.fromkeys(("since", "found", "changed"), _INTEGER),
    **dict.fromkeys(("until", "samples"), {"type": ["integer", "null"]}),
    "unit": {"enum": ["per_minute", "share", "ms", "bytes_per_day", "days", "hours", "usd_micros", ""]},
    **dict.fromkeys(("value", "expected"), _NUMBER_OR_NULL),
    "band": {"type": ["array", "null"], "items": _NUMBER_OR_NULL, "minItems": 2, "maxItems": 2},
    "z": _NUMBER_OR_NULL,
    "evidence": _rows(_EVIDENCE),
    "history": _rows(_STEP),
}
_LEARNING: Schema = {
    "row": {"const": "node"},
    **dict.fromkeys(("node", "words"), _TEXT),
    **dict.fromkeys(("hours", "full_hours", "series", "standing"), _INTEGER),
    "basis": {"enum": ["none", "overall", "hour_of_day", "hour_of_week"]},
    "judged_to": {"type": ["integer", "null"]},
}

SUBJECT_ANSWERS: Mapping[str, tuple[str, Schema]] = {
    "reputation": (
        "Standing at each satellite, worst first, and the history of scores",
        {
            "rows": _rows(_REPUTATION),
            "help": _HELP,
            "columns": _TEXTS,
            "history": _rows({"node": _TEXT, "satellite": _TEXT, "name": _TEXT, "points": _POINTS}),
        },
    ),
    "standings": (
        "Audit windows, suspensions and disqualifications, kept when the node tells of them no more",
        {
            "audit_windows": _rows(
                {
                    **dict.fromkeys(("node", "satellite", "name"), _TEXT),
                    "length_s": {"type": ["integer", "null"]},
                    "windows": {**_WINDOWS, "maxItems": 300},
                }
            ),
            "standings": {
                **_rows(
                    {
                        **dict.fromkeys(("node", "satellite", "name"), _TEXT),
                        "kind": {"enum": ["disqualified", "suspended"]},
                        "from": _NUMBER,
                        "until": _NUMBER_OR_NULL,
                    }
                ),
                "maxItems": 300,
            },
        },
    ),
    "storage": (
        "Space of each node and of all together, its history and forecast",
        {
            "rows": _rows_of_kinds(_STORAGE_NODE, _STORAGE_FLEET),
            "help": _HELP,
            "columns": _TEXTS,
            "history": _rows({"node": _TEXT, "points": _POINTS}),
        },
    ),
    "earnings": (
        "Earnings of this month, paystubs and payouts",
        {
            "rows": _rows_of_kinds(_EARNINGS_SATELLITE, _EARNINGS_NODE, _EARNINGS_FLEET),
            "help": _HELP,
            "paystubs": _rows(_STUB),
            "months": _rows(_MONTH),
            "missing_periods": {"type": "object", "additionalProperties": _TEXTS},
            "scores": _rows(_SCORE),
            "days": _rows(_EARNED_DAY),
            "forecasts": _rows(_FORECAST),
            "sums": {"type": "object", "properties": _SUMS, "required": list(_SUMS), "additionalProperties": False},
        },
    ),
    "health": (
        "Who the nodes are, whether they are reached, and when they were away",
        {"rows": _rows(_HEALTH), "help": _HELP, "downtimes": _rows({"node": _TEXT, **_DOWNTIME})},
    ),
    "findings": (
        "What is out of the ordinary, since when, why, and what to do; newest change first",
        {"rows": {**_rows(_FINDING), "maxItems": 500}, "more": _INTEGER, "learning": _rows(_LEARNING), "help": _HELP},
    ),
}
"""As openapi.ANSWERS."""

PARTS: Mapping[str, tuple[str, ...]] = {name: tuple(SUBJECT_ANSWERS[name][1]) for name in ("reputation", "storage", "earnings", "health")}
"""Paths that answer in parts (`part=`), and which there are."""

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
