"""Where a figure comes from and how old it is: no figure about a node is shown without both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, NamedTuple, TypeVar

T = TypeVar("T")


class Source(StrEnum):
    """Who said so; the text is what goes on the wire and into the database."""

    API = "api"
    METRICS = "metrics"
    LOG = "log"
    FILE_SYSTEM = "file_system"
    PROBE = "probe"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """A value, who said it, and when it was said (Unix seconds)."""

    value: T
    source: Source
    taken_at: float

    def age_s(self, now: float) -> float:
        """Seconds since it was said; 0 for a source whose clock runs ahead of ours."""
        return max(0.0, now - self.taken_at)


class ImpossibleValue(NamedTuple):
    """A figure that cannot be true, so that nothing is made of it: which one, what was said, who said it and when, and why not."""

    figure: str
    value: float
    source: Source
    taken_at: float
    text: str


class Help(NamedTuple):
    """The words beside a figure: what it is, what is normal, what to do when it is not."""

    what: str
    normal: str
    do: str


# ---- Figures for Prometheus, as values.


class Family(NamedTuple):
    """One Prometheus metric family. A counter's `name` has no `_total`: that is added. Values come from memory."""

    name: str
    help: str
    kind: Literal["gauge", "counter"]
    samples: Iterable[tuple[Mapping[str, str], float]]
