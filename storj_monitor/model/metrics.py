"""Figures for Prometheus, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple


class Family(NamedTuple):
    """One Prometheus metric family. A counter's `name` has no `_total`: that is added. Values come from memory."""

    name: str
    help: str
    kind: Literal["gauge", "counter"]
    samples: Iterable[tuple[Mapping[str, str], float]]
