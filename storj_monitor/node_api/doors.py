"""How one door of a node (API, debug port, public port) is doing: told when it changes, logged when it breaks and when it heals.

A door is one address with many routes. One route that hangs is that route's trouble: the door then answers in part.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import NamedTuple

from storj_monitor.errors import NodeApiError, NodeUnreachable, RouteHangs, RouteMissing
from storj_monitor.model.node_answers import ApiState, ApiStatus, Door, RouteState, RouteStatus
from storj_monitor.units import plain_text

_log = logging.getLogger(__name__)
_NAMES = {Door.API: "API", Door.METRICS: "debug port", Door.HEALTH: "health answer"}
_SILENT_ROUTES = 2
"""So many routes in a row that hang, and none that answers: the node itself hangs."""


class _Trouble(NamedTuple):
    error: NodeApiError
    since: float
    absent: bool = False


class DoorWatch:
    """Broken while any of its questions failed when it was last asked. `level` is that of the log line when it breaks.

    first -- the question about the node itself: before it was asked, what another one gives says nothing of the door
    """

    def __init__(
        self, node: str, door: Door, base_url: str, on_state: Callable[[ApiState], None], now: float, first: Hashable | None = None
    ) -> None:
        self._node = node
        self._on_state = on_state
        self._first = first
        self._troubles: dict[Hashable, _Trouble] = {}
        self._answered: dict[Hashable, float] = {}
        self._silent: set[Hashable] = set()
        # the public port is often not reachable from here: worth knowing, no trouble
        self._level = logging.INFO if door is Door.HEALTH else logging.WARNING
        self.state = ApiState(ApiStatus.UNKNOWN, now, "not asked yet", base_url, door, opened_at=now)

    def failed(self, question: Hashable, error: NodeApiError, now: float) -> None:
        """This question got no usable answer."""
        before = self._troubles.get(question)  # it keeps its place: what is said of the door does not change with each question
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
            _log.log(self._level, "%s of node %s at %s: %s", _NAMES[was.door], self._node, was.base_url, detail, extra=extra)
        elif not bad and was.status in _BAD:
            after_s = max(0.0, now - was.since)
            _log.info("%s of node %s at %s answers again, after %.0f s", _NAMES[was.door], self._node, was.base_url, after_s, extra=extra)
        self._on_state(self.state)

    def _routes(self) -> tuple[RouteState, ...]:
        if self.state.door is not Door.API:
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
        if self.state.door is not Door.API or not self._answered:
            return bool(self._silent)
        return len(self._silent) >= _SILENT_ROUTES and (self._first not in self._answered or self._first in self._silent)


def _route_status(trouble: _Trouble) -> RouteStatus:
    if trouble.absent:
        return RouteStatus.ABSENT
    return RouteStatus.HANGING if isinstance(trouble.error, RouteHangs) else RouteStatus.FAILING


_BAD = frozenset({ApiStatus.PARTIAL, ApiStatus.UNREACHABLE, ApiStatus.NOT_UNDERSTOOD})
