"""What is wrong with the database and what happened to it: in the greeting of pages and at `/api/v1/store`."""

from __future__ import annotations

from storj_monitor.server.ports import Payload

STORE_SCHEMA: Payload = {
    "type": "object",
    "properties": {
        "now": {"type": "number", "description": "Unix seconds"},
        "problem": {"type": "string", "description": 'why the database cannot be read or written just now; "" when all is well'},
        "notices": {
            "type": "array",
            "items": {"type": "string"},
            "description": "what happened to the database since the monitor was started, oldest first",
        },
    },
    "required": ["now", "problem", "notices"],
    "additionalProperties": False,
}
STORE_OPERATION: Payload = {
    "operationId": "store",
    "summary": "Whether the database can be used, and what happened to it",
    "parameters": [],
    "responses": {
        "200": {"description": "The answer", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Store"}}}},
        "default": {"$ref": "#/components/responses/Error"},
    },
}
