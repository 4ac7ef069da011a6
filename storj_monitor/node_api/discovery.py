"""Finds the API of nodes for which none was given: on this machine, port 14002 and those after it, recognised by what the log said.

An API belongs to a node when the log named the same node id, or the same start. Nothing is guessed: what fits nobody, or more than one, is
reported in words instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import aiohttp

from storj_monitor.clock import Clock
from storj_monitor.errors import NodeApiError, NodeUnreachable, RouteHangs, RouteMissing
from storj_monitor.model.node_answers import ApiState, ApiStatus, Endpoint, RouteState, RouteStatus
from storj_monitor.node_api.client import NodeClient
from storj_monitor.node_api.transport import Limits
from storj_monitor.units import plain_text

# ---- How one endpoint of a node (API, debug port, public port) is doing: told when it changes, logged when it breaks and when it heals.
#
# An endpoint is one address with many routes. One route that hangs is that route's trouble: the endpoint then answers in part.


_log = logging.getLogger(__name__)
_NAMES = {Endpoint.API: "API", Endpoint.METRICS: "debug port", Endpoint.HEALTH: "health answer"}
_SILENT_ROUTES = 2
"""So many routes in a row that hang, and none that answers: the node itself hangs."""


class _Trouble(NamedTuple):
    error: NodeApiError
    since: float
    absent: bool = False


class EndpointMonitor:
    """Broken while any of its questions failed when it was last asked. `level` is that of the log line when it breaks.

    first -- the question about the node itself: before it was asked, what another one gives says nothing of the endpoint
    """

    def __init__(
        self, node: str, endpoint: Endpoint, base_url: str, on_state: Callable[[ApiState], None], now: float, first: Hashable | None = None
    ) -> None:
        self._node = node
        self._on_state = on_state
        self._first = first
        self._troubles: dict[Hashable, _Trouble] = {}
        self._answered: dict[Hashable, float] = {}
        self._silent: set[Hashable] = set()
        # the public port is often not reachable from here: worth knowing, no trouble
        self._level = logging.INFO if endpoint is Endpoint.HEALTH else logging.WARNING
        self.state = ApiState(ApiStatus.UNKNOWN, now, "not asked yet", base_url, endpoint, opened_at=now)

    def failed(self, question: Hashable, error: NodeApiError, now: float) -> None:
        """This question got no usable answer."""
        before = self._troubles.get(question)  # it keeps its place: what is said of the endpoint does not change with each question
        self._troubles[question] = _Trouble(error, now if before is None or before.absent else before.since)
        if isinstance(error, NodeUnreachable):
            self._silent.add(question)
        self._tell(now)

    def absent(self, question: Hashable, error: RouteMissing, now: float) -> None:
        """The node does not have this route: no trouble, but to be told."""
        before = self._troubles.pop(question, None)
        self._troubles[question] = _Trouble(error, before.since if before is not None and before.absent else now, absent=True)
        self._silent.clear()
        self._tell(now)

    def succeeded(self, question: Hashable, now: float) -> None:
        """This question was answered."""
        self._answered[question] = now
        self._silent.clear()
        self._troubles.pop(question, None)
        self._tell(now)

    def forget(self, question: Hashable, now: float) -> None:
        """This question is not asked any more."""
        self._answered.pop(question, None)
        self._silent.discard(question)
        if self._troubles.pop(question, None) is not None:
            self._tell(now)

    def _tell(self, now: float) -> None:
        status, detail = self._judge()
        was, routes = self.state, self._routes()
        if (status, detail, routes) == (was.status, was.detail, was.routes):
            return
        self.state = was._replace(status=status, detail=detail, since=now if status is not was.status else was.since, routes=routes)
        bad, extra = status in _BAD, {"node": self._node}
        if bad and was.status not in _BAD:
            _log.log(self._level, "%s of node %s at %s: %s", _NAMES[was.endpoint], self._node, was.base_url, detail, extra=extra)
        elif not bad and was.status in _BAD:
            after_s = max(0.0, now - was.since)
            _log.info(
                "%s of node %s at %s answers again, after %.0f s", _NAMES[was.endpoint], self._node, was.base_url, after_s, extra=extra
            )
        self._on_state(self.state)

    def _routes(self) -> tuple[RouteState, ...]:
        if self.state.endpoint is not Endpoint.API:
            return ()
        return tuple(
            RouteState(one.error.path, _route_status(one), one.since, self._answered.get(question), plain_text(one.error.why))
            for question, one in self._troubles.items()
        )

    def _judge(self) -> tuple[ApiStatus, str]:
        errors = [one.error for one in self._troubles.values() if not one.absent]
        if not errors:
            return ApiStatus.OK, ""
        unreachable = [error for error in errors if isinstance(error, NodeUnreachable)]
        shut = [error for error in unreachable if not isinstance(error, RouteHangs)]
        first = (shut or unreachable or errors)[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        said = f"{plain_text(str(first))}{more}"
        if not unreachable:
            if self._first is not None and not self._answered and self._first not in self._troubles:
                return ApiStatus.UNKNOWN, "not asked yet"
            lost = self._troubles.get(self._first)
            answers = any(at > lost.since if lost else True for question, at in self._answered.items() if question not in self._troubles)
            return (ApiStatus.PARTIAL if answers else ApiStatus.NOT_UNDERSTOOD), said
        return (ApiStatus.UNREACHABLE if shut or self._all_hang() else ApiStatus.PARTIAL), said

    def _all_hang(self) -> bool:
        """However many routes hang: while the question about the node itself is answered, it is not the node that hangs."""
        if self.state.endpoint is not Endpoint.API or not self._answered:
            return bool(self._silent)
        return len(self._silent) >= _SILENT_ROUTES and (self._first not in self._answered or self._first in self._silent)


def _route_status(trouble: _Trouble) -> RouteStatus:
    if trouble.absent:
        return RouteStatus.ABSENT
    return RouteStatus.HANGING if isinstance(trouble.error, RouteHangs) else RouteStatus.FAILING


_BAD = frozenset({ApiStatus.PARTIAL, ApiStatus.UNREACHABLE, ApiStatus.NOT_UNDERSTOOD})


# ---- Finds the API of nodes for which none was given: on this machine, port 14002 and those after it, recognised by what the log said.


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
