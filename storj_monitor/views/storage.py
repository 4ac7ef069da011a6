"""Topic and question `storage`: a row for each node and one for all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

from storj_monitor.state.node_status import NodeStatus, Space, Topic
from storj_monitor.storage_tracker.forecast import WINDOWS_DAYS, DaysUntil, Forecast, Growth, fleet_growth, forecast
from storj_monitor.storage_tracker.help_texts import HELP
from storj_monitor.storage_tracker.picture import FIGURES, FleetFigure, SpacePicture, fleet_space
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.views.figures import alike, figure, helps
from storj_monitor.views.memo import Memo
from storj_monitor.views.wire import storage as wire

HELP_TEXTS = helps(HELP)
POINT_COLUMNS = (
    "at", "allocated_bytes", "used_bytes", "pieces_bytes", "trash_bytes", "reclaimable_bytes", "overhead_bytes", "free_bytes",
    "disk_free_bytes", "reported_bytes", "source",
)  # fmt: skip
_PARTS = ("pieces", "trash", "reclaimable", "overhead")


class _Made(NamedTuple):
    picture: SpacePicture
    forecasts: tuple[Forecast, ...]
    row: wire.StorageNodeRow
    folder: str
    device: str


class StorageView:
    """Pictures and forecasts are made once for a change; forecasts only when the history has grown."""

    def __init__(self) -> None:
        self._made: Memo[_Made] = Memo()
        self._forecasts: Memo[tuple[Forecast, ...]] = Memo()

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> dict[str, wire.StorageNodeRow | wire.StorageFleetRow]:
        """By node name; "" is the fleet."""
        made = {node.name: self._made.of(node.name, node.revisions[Topic.STORAGE], partial(self._make, node, now)) for node in nodes}
        told = {name: one for name, one in made.items() if one.picture.taken_at or one.folder}
        if not told:
            return {}
        silent = [name for name in made if name not in told]
        return {"": _fleet(told, silent), **{name: one.row for name, one in told.items()}}

    def _make(self, node: NodeStatus, now: float) -> _Made:
        picture = reconcile(node.space.evidence, now)
        points = node.space.points
        forecasts = self._forecasts.of(node.name, len(points), lambda: tuple(forecast(points, now, days) for days in WINDOWS_DAYS))
        row = _row(node.name, picture, forecasts, node.space)
        disk = node.space.evidence.file_system
        return _Made(picture, forecasts, row, node.space.folder, disk.device if disk else "")


def _file_system(space: Space) -> wire.DataFolder | None:
    """Where the node keeps its data on this machine, and why its disk cannot be looked at."""
    return wire.DataFolder(path=space.folder, problem=space.problem or None) if space.folder else None


def _row(name: str, picture: SpacePicture, forecasts: Iterable[Forecast], space: Space) -> wire.StorageNodeRow:
    figures = {field: getattr(picture, field) for field in FIGURES}
    values = {field: one.value for field, one in figures.items() if one is not None}
    return wire.StorageNodeRow(
        node=name,
        at=picture.taken_at or None,
        meaning=picture.meaning.value if picture.meaning else None,
        **{field: figure(one) for field, one in figures.items()},
        capacity_bytes=picture.capacity_bytes,
        bar=bar(values),
        differences=[wire.SpaceGap(gap=d.gap.value, difference_bytes=d.difference_bytes, text=d.text) for d in picture.differences],
        impossible=[wire.ImpossibleSize(figure=i.figure, value=i.value, source=i.source.value, text=i.text) for i in picture.impossible],
        forecasts=[
            wire.Forecast(window_days=one.growth.window_days, growth=_growth(one.growth), levels=_levels(one.levels)) for one in forecasts
        ],
        file_system=_file_system(space),
    )


def bar(values: Mapping[str, int]) -> list[wire.BarPart]:
    """Parts of the allocation from left to right: what is used by kind (or as one), free, and what is neither.

    `reserved` is what the node keeps for compactions; `missing` what the disk has not, by its file system; `unavailable` what nobody
    explains: a hashstore reserves space also where only /metrics could say so.
    """
    parts = [(name, values[name]) for name in _PARTS if name in values] if "pieces" in values else []
    used = values.get("used")
    rest = 0 if used is None else used - sum(size for _, size in parts)
    if rest > 0:
        parts.append(("used", rest))
    if "free" in values:
        parts.append(("free", values["free"]))
    left = values.get("allocated", 0) - (used or 0) - values.get("free", 0)
    if used is not None and "free" in values and left > 0:
        reserved = min(left, max(0, values.get("reserved", 0)))
        lacking = values["allocated"] - used - reserved - values["file_system_free"] if "file_system_free" in values else 0
        missing = min(left - reserved, max(0, lacking))
        parts += [("reserved", reserved), ("missing", missing), ("unavailable", left - reserved - missing)]
    return [wire.BarPart(part=name, bytes=size) for name, size in parts if size > 0]


def _growth(one: Growth) -> wire.SpaceGrowth:
    return alike(wire.SpaceGrowth, one)


def _levels(levels: Iterable[DaysUntil]) -> list[wire.Level]:
    return [
        wire.Level(level=one.level, bytes=one.level_bytes, days=one.days, earliest=one.earliest, latest=one.latest, reached=one.reached)
        for one in levels
    ]


def _fleet_bar(made: Mapping[str, _Made], sums: Mapping[str, FleetFigure]) -> list[wire.BarPart]:
    """Of nodes whose used and free space are both known: the allocation of another one would show as space that is not offered."""
    disks = {name: one.device for name, one in made.items() if one.device}
    whole = {name: one.picture for name, one in made.items() if one.picture.used is not None and one.picture.free is not None}
    shown = sums if len(whole) in (0, len(made)) else fleet_space(whole, disks)
    return bar({name: one.value_bytes for name, one in shown.items() if one.nodes})


def _fleet(made: Mapping[str, _Made], silent: list[str]) -> wire.StorageFleetRow:
    """`silent`: nodes of the view of whose space nothing is known; every sum names them."""
    sums = fleet_space({name: one.picture for name, one in made.items()}, {name: one.device for name, one in made.items() if one.device})
    grown = [fleet_growth({name: one.forecasts[i] for name, one in made.items()}) for i in range(len(WINDOWS_DAYS))]
    capacities = [one.picture.capacity_bytes for one in made.values() if one.picture.capacity_bytes is not None]
    return wire.StorageFleetRow(
        node="",
        at=max(one.picture.taken_at for one in made.values()) or None,
        **{name: _sum(one, silent) for name, one in sums.items()},
        capacity_bytes=sum(capacities) if capacities else None,
        bar=_fleet_bar(made, sums),
        forecasts=[
            wire.FleetForecast(
                window_days=one.growth.window_days,
                growth=_growth(one.growth),
                levels=_levels(one.levels),
                included=list(one.counted),
                left_out=sorted([*one.left_out, *silent]),
                shrinking=list(one.shrinking),
            )
            for one in grown
        ],
    )


def _sum(one: FleetFigure, silent: list[str]) -> wire.FleetSum | None:
    if not one.nodes:
        return None
    return wire.FleetSum(value=one.value_bytes, nodes=one.nodes, oldest_at=one.oldest_at, left_out=sorted([*one.left_out, *silent]))
