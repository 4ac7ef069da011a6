"""A commit that the database will never take as it is: what of it can be kept. One bad value must not stop a node's log for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from storj_monitor.model.rollups import NodeDelta

_ALL: Mapping[str, Mapping[str, Any]] = {
    "single transfers": {"transfers": [], "singles": [], "blocks": []},
    "failed transfers": {"notable": []},
    "sums": {"cells": {}},
    "countries": {"countries": {}},
    "errors": {"errors": {}},
    "most downloaded pieces": {"hot": {}},
    "events": {"events": []},
    "counts of lines": {"lines": {}, "samples": {}},
}  # fmt: skip


def reductions(delta: NodeDelta) -> Iterator[tuple[str, NodeDelta]]:
    """The delta without one part after the other, at last with nothing but its positions; each with the name of what is left out."""
    for name, empty in _ALL.items():
        if any(getattr(delta, part) for part in empty):
            yield name, replace(delta, **empty)
    yield "everything but the position in the log", NodeDelta(delta.node, checkpoints=delta.checkpoints)
