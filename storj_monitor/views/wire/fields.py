"""What fields have in common: units, what null means, the words that a field may hold. One alias a kind, so that a field is one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from storj_monitor.model.figures import Source
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.model.severity import Severity

T = TypeVar("T")


def wire_name(name: str) -> str:
    """`from_` in Python is `from` on the wire: words that Python keeps for itself have an underscore behind."""
    return name.removesuffix("_")


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=wire_name):
    """An object on the wire. Closed: what is not declared is a mistake."""


def doc(text: str) -> Meta:
    """The line about a field: what it is, its unit, what null means."""
    return Meta(description=text)


def one_of(words: Iterable[str | None], text: str) -> Meta:
    """The same of a text that is one of a few words."""
    return Meta(description=text, extra_json_schema={"enum": list(words)})


def at_most(number: int, text: str) -> Meta:
    """The same of a list that has so many items at most."""
    return Meta(description=text, max_length=number)


UnixSeconds = Annotated[float, doc("Unix seconds")]
WholeSeconds = Annotated[int, doc("Unix seconds, whole")]
Seconds = Annotated[float, doc("seconds")]
Bytes = Annotated[int, doc("bytes")]
Count = Annotated[int, Meta(ge=0, description="how many")]
Milliseconds = Annotated[float, doc("milliseconds")]
UsdMicros = Annotated[int, doc("micro-dollars (1e-6 USD)")]
Percent = Annotated[float, doc("percent")]
Share = Annotated[float, Meta(ge=0, le=1, description="0 to 1")]
Period = Annotated[str, Meta(description="month, YYYY-MM", pattern=r"^\d{4}-\d{2}$")]
NodeName = Annotated[str, doc("name of the node, from the settings")]
NodeId = Annotated[str, doc('the node\'s identity; "" while it is unknown')]
SatelliteId = Annotated[str, doc('id of the satellite; "" = none')]
SatelliteName = Annotated[str, doc("short name of the satellite, for people")]
Sentence = Annotated[str, doc("a sentence for people")]
Direction = Annotated[str, one_of(("up", "down"), "`up` (the node stores) or `down` (it serves)")]
Outcome = Annotated[str, one_of(("success", "canceled", "failed"), "how the transfers ended")]
ActionName = Annotated[str, doc("what the transfers were for: the node's own spelling, or UNKNOWN")]
EventSeverity = Annotated[str, one_of((one.value for one in Severity), "how bad it is")]
StateName = Annotated[str, one_of((kind.label for kind in NodeStateKind), "state of the node, the worst first")]
FigureSource = Annotated[str, one_of((one.value for one in Source), "who said so")]


class Figure(Wire, Generic[T], frozen=True, kw_only=True):
    """A value with who said it and when. A figure that is null is unknown."""

    value: Annotated[T, doc("the value; null in a date = it has not happened")]
    source: FigureSource
    at: Annotated[float, doc("Unix seconds: when it was said")]


Number = Annotated[Figure[float] | None, doc("figure; null = unknown")]
Whole = Annotated[Figure[int] | None, doc("figure; null = unknown")]
Text = Annotated[Figure[str] | None, doc("figure; null = unknown")]
Flag = Annotated[Figure[bool] | None, doc("figure; null = unknown")]
Date = Annotated[Figure[float | None] | None, doc("figure, Unix seconds; its value null = it has not happened; null = unknown")]


class HelpText(Wire, frozen=True, kw_only=True):
    """The words beside a figure."""

    what: Annotated[str, doc("what it is")]
    normal: Annotated[str, doc("what is normal")]
    do: Annotated[str, doc("what to do when it is not")]
