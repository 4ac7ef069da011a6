"""Figures, dates and money as they go on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.model.figures import Figure, Help

Wire = dict[str, object]


def figure(one: Figure[int] | Figure[float] | None) -> Wire | None:
    """Value, source and time; None where nobody tells."""
    return None if one is None else {"value": one.value, "source": one.source.value, "at": one.taken_at}


def said(value: object, source: str, at: float | None) -> Wire | None:
    """The same of a bare value; None stays None."""
    return None if value is None or at is None else {"value": value, "source": source, "at": at}


def date(one: Figure[float] | None) -> Wire | None:
    """A date that may be known not to have come: then its value is None."""
    return None if one is None else {"value": one.value if one.value > 0 else None, "source": one.source.value, "at": one.taken_at}


def helps(texts: Mapping[str, Help]) -> Wire:
    """Help by the name of the figure."""
    return {name: help_._asdict() for name, help_ in texts.items()}
