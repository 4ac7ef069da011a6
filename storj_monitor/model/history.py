"""What memory takes from the database when it begins, or begins again: one node's last hour and running totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.model.events import LineKey, NodeEvent
from storj_monitor.model.rollups import Cell, ErrorCount, ErrorKey, HotPiece


class SatelliteMinute(NamedTuple):
    """Count and bytes of one minute, satellite and op; `start_s` in Unix seconds."""

    start_s: int
    satellite: str
    op: int
    transfers: int
    size_bytes: int


class TotalMinute(NamedTuple):
    """One minute of one op over all satellites, with sizes and durations."""

    start_s: int
    op: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """One node as committed.

    events            -- compaction lines of the last two days, oldest first
    hour_s            -- begin of the clock hour that `countries` ((country, direction) -> [count, bytes]) and `errors` are of
    hot_hour_s, hot   -- downloads by piece in the hour of the node's newest line
    severe            -- severe errors of the last days
    """

    name: str
    node_id: str
    version: str
    newest_ms: int
    resolution_ms: int
    satellites: Sequence[SatelliteMinute]
    totals: Sequence[TotalMinute]
    lines: Mapping[LineKey, int]
    samples: Mapping[LineKey, str]
    events: Sequence[NodeEvent]
    hour_s: int
    countries: Mapping[tuple[str, str], list[int]]
    errors: Mapping[ErrorKey, ErrorCount]
    hot_hour_s: int
    hot: Mapping[int, HotPiece]
    severe: Mapping[ErrorKey, ErrorCount] = field(default_factory=dict)
