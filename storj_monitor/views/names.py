"""Names of satellites. The well-known ones have names that operators say, others that of their address; else a short id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from storj_monitor.model.satellites import GONE, WELL_KNOWN, name_of_address
from storj_monitor.state.node_status import NodeStatus

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def satellite_name(satellite: str, addressed: Mapping[str, str] = NO_NAMES) -> str:
    """`us1`, or the first characters of an id that has no name; "" for a line without a satellite. `addressed`: names by addresses."""
    known = WELL_KNOWN.get(satellite) or GONE.get(satellite) or addressed.get(satellite)
    return known or (satellite[:8] + "…" if len(satellite) > 9 else satellite)


def name_at(node: NodeStatus, satellite: str) -> str:
    """The same, with what this node has told of the satellite's address."""
    return satellite_name(satellite, addressed(node, satellite))


def addressed(node: NodeStatus, satellite: str) -> Mapping[str, str]:
    """Its name by its address, from its standing, its payouts or what it holds; nothing where none of them tells one."""
    known, held = node.standing.known.get(satellite), node.money.held_history.get(satellite)
    address = (known.address if known is not None else "") or (held.satellite_address if held is not None else "")
    address = address or next((one.satellite_address for key, one in node.money.payouts.items() if key.satellite == satellite), "")
    name = name_of_address(address)
    return {satellite: name} if name else NO_NAMES


def addressed_by(nodes: Mapping[str, NodeStatus]) -> dict[str, str]:
    """Names by addresses of all satellites that any node trusts."""
    return {
        satellite: name
        for node in nodes.values()
        for satellite, known in node.standing.known.items()
        if (name := name_of_address(known.address))
    }
