"""The tables by topic: which Struct a row is, in a view of one node and in a view of several."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from storj_monitor.views.wire.analytics import FindingRow, LearningRow
from storj_monitor.views.wire.earnings import EarningsFleetRow, EarningsNodeRow, EarningsNodeSummary, EarningsSatelliteRow
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.health import HealthRow, HealthSummary
from storj_monitor.views.wire.reputation import ReputationRow, ReputationSummary
from storj_monitor.views.wire.storage import StorageFleetRow, StorageNodeRow, StorageNodeSummary
from storj_monitor.views.wire.tables import (
    ActionRow,
    CompactionRow,
    CountryRow,
    ErrorRow,
    LineReasonRow,
    LineTotalsRow,
    NodeRow,
    PieceRow,
    SatelliteRow,
    SizeRow,
)

Rows = Mapping[str, Wire]
"""Rows of a topic by their key."""


class TopicRows(NamedTuple):
    """Structs of a topic's rows. `summaries`: what a view of several nodes has instead; () = the same."""

    rows: tuple[type[Wire], ...]
    summaries: tuple[type[Wire], ...] = ()


TOPIC_ROWS: Mapping[str, TopicRows] = MappingProxyType(
    {
        "nodes": TopicRows((NodeRow,)),
        "actions": TopicRows((ActionRow,)),
        "satellites": TopicRows((SatelliteRow,)),
        "sizes": TopicRows((SizeRow,)),
        "errors": TopicRows((ErrorRow,)),
        "pieces": TopicRows((PieceRow,)),
        "countries": TopicRows((CountryRow,)),
        "compactions": TopicRows((CompactionRow,)),
        "lines": TopicRows((LineTotalsRow, LineReasonRow)),
        "reputation": TopicRows((ReputationRow,), (ReputationSummary,)),
        "storage": TopicRows((StorageNodeRow, StorageFleetRow), (StorageNodeSummary, StorageFleetRow)),
        "earnings": TopicRows((EarningsSatelliteRow, EarningsNodeRow, EarningsFleetRow), (EarningsNodeSummary, EarningsFleetRow)),
        "health": TopicRows((HealthRow,), (HealthSummary,)),
        "analytics": TopicRows((FindingRow, LearningRow)),
    }
)
