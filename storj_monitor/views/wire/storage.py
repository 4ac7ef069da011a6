"""Rows of `storage`: a node's space, and that of all nodes of the view together."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.space import SpaceMeaning
from storj_monitor.storage_tracker.forecast import GrowthState
from storj_monitor.storage_tracker.picture import Gap
from storj_monitor.views.wire.fields import Bytes, Count, FigureSource, NodeName, Sentence, UnixSeconds, Whole, Wire, at_most, doc, one_of

BarPartName = Annotated[
    str,
    one_of(
        ("pieces", "trash", "reclaimable", "overhead", "used", "free", "reserved", "missing", "unavailable"),
        "`reserved`: for compactions; `missing`: allocated, but the disk does not have it; `unavailable`: unusable, for an unknown reason",
    ),
]


class BarPart(Wire, frozen=True, kw_only=True):
    """A part of the allocation."""

    part: BarPartName
    bytes: Bytes


class Level(Wire, frozen=True, kw_only=True):
    """When the node is so full."""

    level: Annotated[float, doc("share of the capacity, 0 to 1")]
    bytes: Bytes
    days: Annotated[float | None, doc("days from now; null = not within ten years, or not known")]
    earliest: Annotated[float | None, doc("days, the early end of the band, or null")]
    latest: Annotated[float | None, doc("days, the late end of the band, or null")]
    reached: Annotated[bool, doc("it is so full already")]


class GrowthSummary(Wire, frozen=True, kw_only=True):
    """How fast used space grows: what a first look shows."""

    state: Annotated[str, one_of((one.value for one in GrowthState), "which way")]
    bytes_per_day: Annotated[float | None, doc("bytes a day; null = unknown")]
    low: Annotated[float | None, doc("bytes a day, the low end of the band, or null")]
    high: Annotated[float | None, doc("bytes a day, the high end of the band, or null")]


class SpaceGrowth(GrowthSummary, frozen=True, kw_only=True):
    """How fast used space grows."""

    points: Annotated[Count, doc("points that it rests on")]
    why: Annotated[str, doc('why it is unknown, or ""')]


class ForecastSummary(Wire, frozen=True, kw_only=True):
    """When a node is full: what a first look shows."""

    window_days: Annotated[float, doc("days that the growth is taken from: 7, 30 or 90")]
    growth: GrowthSummary
    levels: Annotated[list[Level], doc("the last one: when it is full")]


class Forecast(Wire, frozen=True, kw_only=True):
    """When a node is full."""

    window_days: Annotated[float, doc("days that the growth is taken from: 7, 30 or 90")]
    growth: SpaceGrowth
    levels: list[Level]


class FleetForecast(Forecast, frozen=True, kw_only=True):
    """When all nodes of the view together are full."""

    included: Annotated[list[NodeName], doc("nodes that are in it")]
    left_out: Annotated[list[NodeName], doc("nodes that are not")]
    shrinking: Annotated[list[NodeName], doc("nodes that are in it and shrink")]


class SpaceGap(Wire, frozen=True, kw_only=True):
    """Two figures that ought to agree and do not."""

    gap: Annotated[str, one_of((one.value for one in Gap), "which")]
    difference_bytes: Bytes
    text: Sentence


class GapSummary(Wire, frozen=True, kw_only=True):
    """Which two figures do not agree."""

    gap: Annotated[str, one_of((one.value for one in Gap), "which")]


class ImpossibleSize(Wire, frozen=True, kw_only=True):
    """What the node says and cannot be: it is null among the figures, and in no sum."""

    figure: Annotated[str, doc("which one")]
    value: Annotated[float, doc("bytes, as the node says")]
    source: FigureSource
    text: Sentence


class ImpossibleSummary(Wire, frozen=True, kw_only=True):
    """Which figure cannot be."""

    figure: Annotated[str, doc("which one")]


class DataFolder(Wire, frozen=True, kw_only=True):
    """Where the node keeps its data on this machine."""

    path: Annotated[str, doc("as the settings name it")]
    problem: Annotated[str | None, doc("why its disk cannot be looked at, or null")]


class SpaceCommon(Wire, tag_field="kind", frozen=True, kw_only=True):
    """What whole rows and summaries of a node both have."""

    node: NodeName
    at: Annotated[UnixSeconds | None, doc("Unix seconds: when the node last reported its space; null = never")]
    allocated: Whole
    used: Whole
    free: Whole
    overused: Whole
    capacity_bytes: Annotated[int | None, doc("bytes at which the node is full; null = unknown")]
    bar: Annotated[list[BarPart], doc("parts of the allocation, from left to right")]
    file_system: Annotated[DataFolder | None, doc("null = the settings name no folder")]


class StorageNodeSummary(SpaceCommon, tag="node", frozen=True, kw_only=True):
    """What a view of several nodes has of a node's row."""

    differences: list[GapSummary]
    impossible: list[ImpossibleSummary]
    forecasts: Annotated[list[ForecastSummary], doc("the one of 30, 7 or 90 days that is known first, or none")]


class StorageNodeRow(SpaceCommon, tag="node", frozen=True, kw_only=True):
    """A node's space. Key: its name. Figures are bytes."""

    meaning: Annotated[str | None, one_of((*(one.value for one in SpaceMeaning), None), "what the node's version calls used, or null")]
    pieces: Whole
    trash: Whole
    reclaimable: Whole
    overhead: Whole
    reserved: Whole
    file_system_total: Whole
    file_system_free: Whole
    reported: Whole
    reported_month: Whole
    unpaid: Whole
    differences: Annotated[list[SpaceGap], doc("largest first")]
    impossible: list[ImpossibleSize]
    forecasts: Annotated[list[Forecast], doc("from 7, 30 and 90 days")]


class FleetSum(Wire, frozen=True, kw_only=True):
    """A sum over nodes."""

    value: Bytes
    nodes: Annotated[Count, doc("nodes that are in it")]
    oldest_at: Annotated[float, doc("Unix seconds: the oldest of its figures")]
    left_out: Annotated[list[NodeName], doc("nodes that are not in it")]


Sum = Annotated[FleetSum | None, doc("bytes; null = unknown")]


class StorageFleetRow(Wire, tag_field="kind", tag="fleet", frozen=True, kw_only=True):
    """All nodes of the view together. Key: ""."""

    node: Annotated[str, doc('""')]
    at: Annotated[UnixSeconds | None, doc("Unix seconds: when any node last reported its space; null = never")]
    allocated: Sum
    used: Sum
    pieces: Sum
    trash: Sum
    reclaimable: Sum
    overhead: Sum
    reserved: Sum
    free: Sum
    overused: Sum
    file_system_total: Sum
    file_system_free: Sum
    reported: Sum
    reported_month: Sum
    unpaid: Sum
    capacity_bytes: Annotated[int | None, doc("bytes; null = unknown")]
    bar: Annotated[list[BarPart], doc("parts of the allocation, from left to right")]
    forecasts: Annotated[list[FleetForecast], doc("from 7, 30 and 90 days")]


StorageRow = StorageNodeRow | StorageFleetRow
StorageSummary = StorageNodeSummary | StorageFleetRow


class SpaceHistory(Wire, frozen=True, kw_only=True):
    """A node's space over time."""

    node: NodeName
    points: Annotated[list[tuple[float | str | None, ...]], at_most(300, "oldest first, at most 300, each in the order of `columns`")]
