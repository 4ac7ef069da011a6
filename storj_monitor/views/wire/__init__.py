"""Everything that goes on the wire, one closed Struct a message or row: the messages of `/ws` and the answers of `/api/v1`.

Made from these: the OpenAPI document (server.openapi), `web/src/wire.gen.ts` and the tables of docs/protocol.md (server.wire_documents).
"""
