"""Stretches of time that are asked about: what is asked, and what an answer is about."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypedDict

from storj_monitor.model.rollups import HOUR_S


class Window(NamedTuple):
    """A checked question: [from_s, to_s), both multiples of bucket_s. Same fields as server.ports.Window."""

    from_s: int
    to_s: int
    bucket_s: int
    nodes: tuple[str, ...]


class AnyBounds(Protocol):
    """Where a stretch begins and ends."""

    @property
    def from_s(self) -> int: ...
    @property
    def to_s(self) -> int: ...


class AnyWindow(Protocol):
    """Windows are only read."""

    @property
    def from_s(self) -> int: ...
    @property
    def to_s(self) -> int: ...
    @property
    def bucket_s(self) -> int: ...
    @property
    def nodes(self) -> tuple[str, ...]: ...


def in_hours(window: AnyWindow) -> Window:
    """The window, snapped outward to hours: what is kept by the hour cannot be asked finer."""
    return Window(window.from_s // HOUR_S * HOUR_S, -(-window.to_s // HOUR_S) * HOUR_S, max(HOUR_S, window.bucket_s), window.nodes)


class About(TypedDict):
    """Fields of wire.Answer."""

    from_: int
    to: int
    as_of: float | None
    nodes: list[str]


def about(window: AnyWindow, as_of: float | None, kept: AnyBounds | None = None) -> About:
    """What an answer is about; `kept`: where that is coarser than what was asked, because finer rows are kept no more."""
    of: AnyBounds = kept or window
    return {"from_": of.from_s, "to": of.to_s, "as_of": as_of, "nodes": list(window.nodes)}
