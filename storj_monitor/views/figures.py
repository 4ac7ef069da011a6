"""Figures, dates and money as they go on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, overload

import msgspec

from storj_monitor.model import figures as model
from storj_monitor.views.wire.fields import Figure, HelpText, Wire

T = TypeVar("T")
W = TypeVar("W", bound=Wire)


def figure(one: model.Figure[T] | None) -> Figure[T] | None:
    """Value, source and time; None where nobody tells."""
    return None if one is None else Figure(value=one.value, source=one.source.value, at=one.taken_at)


def said(value: T | None, source: str, at: float | None) -> Figure[T] | None:
    """The same of a bare value; None stays None."""
    return None if value is None or at is None else Figure(value=value, source=source, at=at)


def date(one: model.Figure[float] | None) -> Figure[float | None] | None:
    """A date that may be known not to have come: then its value is None."""
    return None if one is None else Figure(value=one.value if one.value > 0 else None, source=one.source.value, at=one.taken_at)


def helps(texts: Mapping[str, model.Help]) -> dict[str, HelpText]:
    """Help by the name of the figure."""
    return {name: HelpText(**help_._asdict()) for name, help_ in texts.items()}


@overload
def alike(struct: type[W], one: None) -> None: ...
@overload
def alike(struct: type[W], one: object) -> W: ...
def alike(struct: type[W], one: object) -> W | None:
    """A Struct of the wire from what has attributes of the same names; None stays None."""
    return None if one is None else msgspec.convert(one, struct, from_attributes=True)
