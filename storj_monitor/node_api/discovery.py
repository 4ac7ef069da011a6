"""Finds the API of nodes for which none was given: on this machine, port 14002 and those after it, recognised by what the log said.

An API belongs to a node when the log named the same node id, or the same start. Nothing is guessed: what fits nobody, or more than one, is
reported in words instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import aiohttp

from storj_monitor.clock import Clock
from storj_monitor.errors import NodeApiError
from storj_monitor.node_api.client import NodeClient
from storj_monitor.node_api.transport import Limits

PORTS: Final = tuple(range(14002, 14022))
START_TOLERANCE_S: Final = 30.0
"""The log's first line comes before the node opens its databases and notes its own start."""
_LIMITS: Final = Limits(total_s=3.0)


class FoundApi(NamedTuple):
    """A node that answered. `started_at` by its own clock, Unix seconds."""

    base_url: str
    node_id: str
    started_at: float | None
    version: str


class Known(NamedTuple):
    """What is known of one node without asking it.

    api         -- the setting, None where none was given
    node_id     -- from its log, "" when the log has not named it
    started_at  -- of its last start in the log, by the time of that line
    """

    name: str
    api: str | None = None
    node_id: str = ""
    started_at: float | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """`apis`: name -> base address, of nodes without a setting. `remarks`: what a person should know or decide, one sentence each."""

    apis: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


async def find_apis(
    session: aiohttp.ClientSession, clock: Clock, host: str = "127.0.0.1", ports: Iterable[int] = PORTS
) -> tuple[FoundApi, ...]:
    """Nodes that answer on these ports, one question each; other programs and silence are passed over."""
    found = []
    for port in ports:
        client = NodeClient(f"http://{host}:{port}", session, clock, _LIMITS)
        try:
            node = await client.node()
        except NodeApiError:
            continue
        found.append(FoundApi(client.base_url, node.node_id, node.started_at, node.version))
    return tuple(found)


def match_apis(nodes: Sequence[Known], found: Sequence[FoundApi]) -> Matches:
    """Who is who. `found` may hold the APIs that are in settings, too: those are checked, not given away."""
    remarks = shared_apis([(node.name, node.api, _id_at(node.api, found)) for node in nodes if node.api])
    for node in nodes:
        at = _id_at(node.api, found)
        if node.api and node.node_id and at and at != node.node_id:
            remarks.append(f"{node.api} is node {at}, but the log of {node.name} is that of node {node.node_id}")
    seeking = [node for node in nodes if node.api is None]
    claims: dict[str, list[str]] = {}
    for api in _free(nodes, found):
        by_id = [node.name for node in seeking if node.node_id == api.node_id]
        by_start = [node.name for node in seeking if not node.node_id and _same_start(node, api)]
        fitting = by_id or by_start
        if len(fitting) == 1:
            claims.setdefault(fitting[0], []).append(api.base_url)
        elif fitting:
            remarks.append(f"{api.base_url} (node {api.node_id}) fits {' and '.join(fitting)}: give each its api in the settings")
        else:
            remarks.append(f"{api.base_url} is node {api.node_id}, which no log belongs to")
    for name, urls in claims.items():
        if len(urls) > 1:
            remarks.append(f"{' and '.join(urls)} both fit {name}: give it its api in the settings")
    return Matches({name: urls[0] for name, urls in claims.items() if len(urls) == 1}, tuple(remarks))


def shared_apis(nodes: Iterable[tuple[str, str | None, str]]) -> list[str]:
    """One sentence for each API or node id that two or more of these (name, base address, node id or "") share."""
    by_what: dict[str, list[str]] = {}
    for name, api, node_id in nodes:
        what = f"node {node_id}" if node_id else api
        if what:
            by_what.setdefault(what, []).append(name)
    return [f"{' and '.join(names)} are given the same API: it is that of {what}" for what, names in by_what.items() if len(names) > 1]


def _id_at(api: str | None, found: Sequence[FoundApi]) -> str:
    return next((one.node_id for one in found if one.base_url == api), "")


def _free(nodes: Sequence[Known], found: Sequence[FoundApi]) -> list[FoundApi]:
    """APIs that no setting names; one of each node, the first when a node answers on several addresses."""
    configured = {node.api for node in nodes if node.api}
    # an address in the settings may be another name for one that was found: what that node said of itself tells
    seen = {api.node_id for api in found if api.base_url in configured} | {node.node_id for node in nodes if node.api and node.node_id}
    free = []
    for api in found:
        if api.node_id not in seen:
            seen.add(api.node_id)
            free.append(api)
    return free


def _same_start(node: Known, api: FoundApi) -> bool:
    return node.started_at is not None and api.started_at is not None and abs(node.started_at - api.started_at) <= START_TOLERANCE_S
