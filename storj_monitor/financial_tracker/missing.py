"""What sums about a node leave out, and why: satellites whose route gives nothing, paystubs that were never told."""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.node_answers import ApiStatus, Endpoint, RouteState, RouteStatus
from storj_monitor.state.node_conditions import in_brackets
from storj_monitor.state.node_status import NodeStatus

_PAYSTUBS = "/api/heldamount/paystubs"
_PERIODS = "/api/heldamount/periods"


class MissingSatellite(NamedTuple):
    """A satellite of a node that is in no sum of this month, and why."""

    node: str
    satellite: str
    why: str


def missing_satellites(node: NodeStatus) -> list[MissingSatellite]:
    """Satellites that the node trusts and that have not disqualified it, of which its month is not known."""
    trusted = [one.satellite for one in node.answer.standings] if node.answer is not None else [*node.standing.known]
    gone = node.disqualified_ms
    return [
        MissingSatellite(node.name, satellite, why_nothing(node, satellite) or "It has not been asked yet.")
        for satellite in trusted
        if satellite not in node.money.usages and satellite not in gone
    ]


def why_nothing(node: NodeStatus, satellite: str) -> str:
    """Why the node's route about a satellite gives nothing; "" when it does."""
    route = next((one for one in _routes(node) if one.path == f"/api/sno/satellite/{satellite}"), None)
    return "" if route is None else _words(route)


def missing_paystubs(node: NodeStatus) -> str:
    """Why sums of what was paid may lack this node (or its newest months); "" when they do not."""
    route = next((one for one in _routes(node) if one.path.startswith((_PERIODS, _PAYSTUBS))), None)
    if route is not None:
        return _words(route)
    if node.money.stubs or node.money.periods_at:
        return ""
    api = node.endpoints.get(Endpoint.API)
    if api is None:
        return "Its API is not asked: nothing else tells what was paid."
    return (
        f"Its API does not answer ({in_brackets(api.detail)})."
        if api.status in (ApiStatus.UNREACHABLE, ApiStatus.NOT_UNDERSTOOD)
        else "Not asked yet."
    )


def _routes(node: NodeStatus) -> tuple[RouteState, ...]:
    api = node.endpoints.get(Endpoint.API)
    return api.routes if api is not None else ()


def _words(route: RouteState) -> str:
    if route.status is RouteStatus.ABSENT:
        return "This version of the node does not tell it."
    return f"The node's answer about it fails: {route.detail}."
