"""Reads what a monitor sends by the wire's Structs, strictly, and remembers which of them it has met."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec

from storj_monitor.server.wire_documents import ROOTS, structs
from storj_monitor.views.wire import answers, frames
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.topics import TOPIC_ROWS

MESSAGE = msgspec.json.Decoder(frames.ServerMessage)
COMMON = {answers.Answer}
"""What only others are made from."""


def answer_type(path: str) -> type[Wire]:
    """The Struct of the answer of `/api/v1/PATH`."""
    found: type[Wire] = getattr(answers, f"{path.capitalize()}Answer")
    return found


def paths() -> list[str]:
    """Paths of all answers."""
    names = [name.removesuffix("Answer").lower() for name in vars(answers) if name.endswith("Answer") and name != "Answer"]
    return [name for name in names if name != "error"]


def expected() -> set[type[Wire]]:
    """All Structs that something on the wire is."""
    return set(structs(ROOTS)) - COMMON


def held(value: object) -> Iterator[type[Wire]]:
    """The Structs in what was read."""
    if isinstance(value, Wire):
        yield type(value)
        for name in value.__struct_fields__:
            yield from held(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from held(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from held(one)


class Strict:
    """Decodes; a mistake names its place. `met`: the Structs that were in it."""

    def __init__(self) -> None:
        self.met: set[type[Wire]] = set()
        self.summaries: dict[str, bool] = {}

    def answer(self, path: str, body: bytes) -> Any:
        """An answer of /api/v1."""
        return self._keep(msgspec.json.decode(body, type=answer_type(path)))

    def message(self, text: str) -> Any:
        """A message of /ws, with the payloads of its topics."""
        message = self._keep(MESSAGE.decode(text))
        for topic, payload in getattr(message, "topics", {}).items() if isinstance(message, frames.Snap | frames.Delta) else ():
            self._payload(topic, payload, isinstance(message, frames.Snap))
        return message

    def _payload(self, topic: str, payload: Any, whole: bool) -> None:
        if topic == "live":
            self._keep(msgspec.convert(payload, frames.LiveSnap if whole else frames.LiveDelta))
            return
        table = self._keep(msgspec.convert(payload, frames.TableSnap[Any] if whole else frames.TableDelta[Any]))
        if whole:
            self.summaries[topic] = table.summary is True
        for rows in (table.rows, getattr(table, "set", msgspec.UNSET)):
            for row in (rows or {}).values():
                self.row(topic, row, self.summaries[topic])

    def row(self, topic: str, row: dict[str, Any], summary: bool) -> Any:
        """A row of a table."""
        kinds = TOPIC_ROWS[topic]
        wanted = kinds.summaries if summary and kinds.summaries else kinds.rows
        if topic == "lines":  # nothing but their fields tells the two sorts apart
            return self._keep(msgspec.convert(row, wanted["kind" in row]))
        union: Any = wanted[0]
        for one in wanted[1:]:
            union |= one
        return self._keep(msgspec.convert(row, union))

    def _keep(self, value: Any) -> Any:
        self.met.update(held(value))
        return value


def schema_errors(document: dict[str, Any], path: str, body: bytes) -> list[str]:
    """What is not as the served OpenAPI document says."""
    schema = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    return [f"{path} {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(json.loads(body))]
