"""What a first look shows: what a page that watches several nodes gets of each row. What it does not show is not sent.

One rule: a view of one node has its rows whole, a view of several has summaries of them. The whole rows of a node are there for
the asking, in a view of that node or at /api/v1 (docs/protocol.md). A topic that is not named here has no more than its first look.
What a summary keeps is what its Struct has (views.wire); here is which items of a list it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from storj_monitor.state.node_status import Topic
from storj_monitor.views.figures import alike
from storj_monitor.views.wire.earnings import EarningsFleetRow, EarningsNodeRow, EarningsNodeSummary
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.health import HealthRow, HealthSummary
from storj_monitor.views.wire.reputation import ReputationRow, ReputationSummary
from storj_monitor.views.wire.storage import Forecast, StorageFleetRow, StorageNodeRow, StorageNodeSummary
from storj_monitor.views.wire.topics import Rows

replace = msgspec.structs.replace
_WORDS = 3
_PREFERRED_DAYS = (30, 7, 90)
SUMMARIES = (Topic.REPUTATION.value, Topic.STORAGE.value, Topic.EARNINGS.value, Topic.HEALTH.value)
"""Topics with summaries."""


def summary(rows: Rows) -> Rows:
    """The rows of a topic as a view of several nodes has them; a sort of row that is not named has none there."""
    return {key: _CUTS[type(row)](row) for key, row in rows.items() if type(row) in _CUTS}


def _whole(row: Wire) -> Wire:
    """Sums that no node has."""
    return row


def _reputation(row: Wire) -> Wire:
    return alike(ReputationSummary, row)


def _storage(row: Wire) -> Wire:
    assert isinstance(row, StorageNodeRow)
    return alike(StorageNodeSummary, replace(row, forecasts=_first_forecast(row.forecasts)))


def _first_forecast(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """The one that is shown before anybody chose, and of its levels the last: when the disk is full."""
    known = {one.window_days: one for one in forecasts if one.growth.state != "unknown"}
    shown = next((known[days] for days in _PREFERRED_DAYS if days in known), None) or next(iter(forecasts), None)
    return [] if shown is None else [replace(shown, levels=shown.levels[-1:])]


def _earnings(row: Wire) -> Wire:
    assert isinstance(row, EarningsNodeRow)
    one = row.comparison
    return alike(EarningsNodeSummary, replace(row, comparison=one and replace(one, reasons=one.reasons[:1])))


def _health(row: Wire) -> Wire:
    assert isinstance(row, HealthRow)
    uptime = replace(row.uptime, last_messages=row.uptime.last_messages[:_WORDS])
    lasting = [one for one in row.downtimes if one.until is None]
    return alike(HealthSummary, replace(row, uptime=uptime, downtimes=lasting))


_CUTS: Mapping[type[Wire], Callable[[Wire], Wire]] = MappingProxyType(
    {
        ReputationRow: _reputation,
        StorageNodeRow: _storage,
        StorageFleetRow: _whole,
        EarningsNodeRow: _earnings,
        EarningsFleetRow: _whole,
        HealthRow: _health,
    }
)
