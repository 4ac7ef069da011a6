"""What a first look shows: what a page that watches several nodes gets of each row. What it does not show is not sent.

One rule: a view of one node has its rows whole, a view of several has summaries of them. The whole rows of a node are there for
the asking, in a view of that node or at /api/v1 (docs/protocol.md). A topic that is not named here has no more than its first look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from storj_monitor.state.node_status import Topic
from storj_monitor.views.tables import Row, Rows

_Cut = Callable[[Any], Any]


class Summary(NamedTuple):
    """Of one topic.

    kinds  -- rows of these kinds are sent at all; () means all
    whole  -- rows of this kind are not cut: they are sums that no node has
    fields -- what the other rows keep, and how much of it
    """

    fields: Mapping[str, _Cut]
    kinds: tuple[str, ...] = ()
    whole: str = ""


def _all(value: object) -> object:
    return value


def _only(*names: str) -> _Cut:
    """These parts of an object; null stays null."""
    return lambda value: value and {name: value[name] for name in names}


def _each(cut: _Cut, first: int | None = None) -> _Cut:
    """Of each item of a list, or of the first ones."""
    return lambda values: [cut(value) for value in values[:first]]


def _lasting(downtimes: list[Row]) -> list[Row]:
    return [one for one in downtimes if one["until"] is None]


def _uptime(one: dict[str, Any]) -> Row:
    return {**_only("state", "since", "certain", "failed_starts")(one), "last_words": one["last_words"][:_WORDS]}


def _first_forecast(forecasts: list[Any]) -> list[Row]:
    """The one that is shown before anybody chose, and of its levels the last: when the disk is full."""
    known = {one["window_days"]: one for one in forecasts if one["growth"]["state"] != "unknown"}
    shown = next((known[days] for days in _PREFERRED_DAYS if days in known), None) or next(iter(forecasts), None)
    growth = _only("state", "bytes_per_day", "low", "high")
    return [] if shown is None else [{**shown, "growth": growth(shown["growth"]), "levels": shown["levels"][-1:]}]


_WORDS = 3
_PREFERRED_DAYS = (30, 7, 90)


def _as_they_are(*names: str) -> dict[str, _Cut]:
    return dict.fromkeys(names, _all)


SUMMARIES: Mapping[str, Summary] = MappingProxyType(
    {
        Topic.REPUTATION.value: Summary(
            {
                **_as_they_are("node", "satellite", "name", "rank", "standing", "reason", "vetting", "unknown"),
                **_as_they_are("audit_score", "suspension_score", "online_score", "disqualified_at", "suspended_at"),
                "guard": _only("failures_allowed", "trend", "hours_to_verdict"),
                "budget": _only("hours", "state", "windows", "estimated", "limited_by", "away_since"),
                "failures": _only("audits"),
            }
        ),
        Topic.STORAGE.value: Summary(
            {
                **_as_they_are("kind", "node", "at", "used", "allocated", "free", "overused", "capacity_bytes", "bar", "file_system"),
                "differences": _each(_only("gap")),
                "impossible": _each(_only("figure")),
                "forecasts": _first_forecast,
            },
            whole="fleet",
        ),
        Topic.EARNINGS.value: Summary(
            {
                **_as_they_are("kind", "node", "satellite", "name", "at", "expected_usd_micros"),
                "now": _only("period", "payout_usd_micros"),
                "theirs": _only("now_usd_micros"),
                "comparison": lambda one: one and {"agrees": one["agrees"], "reasons": one["reasons"][:1]},
                "held": _only("net_usd_micros"),
                "balance": _only("undistributed_usd_micros"),
            },
            kinds=("fleet", "node"),
            whole="fleet",
        ),
        Topic.HEALTH.value: Summary(
            {
                **_as_they_are("node", "wallet", "wallet_features", "version", "minimum_version", "up_to_date", "quic", "quic_at"),
                **_as_they_are("last_contact", "started_at", "uptime_s", "all_healthy", "remarks", "down_hours_30d"),
                "doors": _each(_only("door", "status", "since", "detail")),
                "uptime": _uptime,
                "downtimes": _lasting,
                "notifications": _each(_only("kind")),
            }
        ),
    }
)
"""By topic."""


def summary(topic: str, rows: Rows) -> Rows:
    """The rows of a topic as a view of several nodes has them."""
    known = SUMMARIES[topic]
    return {
        key: row if known.whole and row["kind"] == known.whole else {name: cut(row[name]) for name, cut in known.fields.items()}
        for key, row in rows.items()
        if not known.kinds or row["kind"] in known.kinds
    }
