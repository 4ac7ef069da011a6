"""Space of all nodes together; every sum says which nodes it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from storj_monitor.model.figures import Figure
from storj_monitor.storage_tracker.picture import FIGURES, SpacePicture


class FleetFigure(NamedTuple):
    """One sum. `oldest_at` is the oldest part's time, 0 with no part; `left_out` are nodes that do not tell this figure."""

    value_bytes: int
    nodes: int
    oldest_at: float
    left_out: tuple[str, ...]


def fleet_space(nodes: Mapping[str, SpacePicture], shared_disks: Mapping[str, str] | None = None) -> dict[str, FleetFigure]:
    """Sums by name of the figure. `shared_disks`: node to a key of its file system, so that one disk of two nodes counts once."""
    return {name: _sum(name, nodes, shared_disks or {}) for name in FIGURES}


def _sum(name: str, nodes: Mapping[str, SpacePicture], disks: Mapping[str, str]) -> FleetFigure:
    total, parts, seen = 0, [], set()
    on_disk: dict[str, int] = {}
    left_out = []
    for node, picture in nodes.items():
        figure: Figure[int] | None = getattr(picture, name)
        if figure is None:
            left_out.append(node)
            continue
        parts.append(figure.taken_at)
        disk = disks.get(node)
        if name.startswith("file_system") and disk is not None:
            if disk in seen:
                continue
            seen.add(disk)
        if name == "free" and disk is not None and picture.file_system_free is not None:
            # What is free on a disk is free for one of its nodes only.
            value = min(figure.value, max(0, picture.file_system_free.value - on_disk.get(disk, 0)))
            on_disk[disk] = on_disk.get(disk, 0) + value
            total += value
            continue
        total += figure.value
    return FleetFigure(total, len(parts), min(parts, default=0.0), tuple(sorted(left_out)))
