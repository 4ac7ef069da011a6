"""How one door of a node (API, debug port, public port) is doing: told when it changes, logged when it breaks and when it heals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable

from storj_monitor.errors import NodeApiError, NodeUnreachable
from storj_monitor.model.node_answers import ApiState, ApiStatus, Door

_log = logging.getLogger(__name__)
_NAMES = {Door.API: "API", Door.METRICS: "debug port", Door.HEALTH: "health answer"}


class DoorWatch:
    """Broken while any of its questions failed when it was last asked. `level` is that of the log line when it breaks."""

    def __init__(self, node: str, door: Door, base_url: str, on_state: Callable[[ApiState], None], now: float) -> None:
        self._node = node
        self._on_state = on_state
        self._broken: dict[Hashable, NodeApiError] = {}
        # the public port is often not reachable from here: worth knowing, no trouble
        self._level = logging.INFO if door is Door.HEALTH else logging.WARNING
        self.state = ApiState(ApiStatus.UNKNOWN, now, "not asked yet", base_url, door)

    def failed(self, question: Hashable, error: NodeApiError, now: float) -> None:
        """This question got no usable answer."""
        self._broken.pop(question, None)
        self._broken[question] = error
        self._tell(now)

    def succeeded(self, question: Hashable, now: float) -> None:
        """This question was answered."""
        self._broken.pop(question, None)
        self._tell(now)

    def forget(self, question: Hashable, now: float) -> None:
        """This question is not asked any more."""
        if self._broken.pop(question, None) is not None:
            self._tell(now)

    def _tell(self, now: float) -> None:
        status, detail = self._judge()
        was = self.state
        if (status, detail) == (was.status, was.detail):
            return
        self.state = was._replace(status=status, detail=detail, since=now if status is not was.status else was.since)
        bad = status in _BAD
        if bad and was.status not in _BAD:
            _log.log(self._level, "%s of node %s at %s: %s", _NAMES[was.door], self._node, was.base_url, detail)
        elif not bad and was.status in _BAD:
            _log.info(
                "%s of node %s at %s answers again, after %.0f s", _NAMES[was.door], self._node, was.base_url, max(0.0, now - was.since)
            )
        self._on_state(self.state)

    def _judge(self) -> tuple[ApiStatus, str]:
        if not self._broken:
            return ApiStatus.OK, ""
        errors = list(self._broken.values())
        unreachable = [error for error in errors if isinstance(error, NodeUnreachable)]
        first = unreachable[0] if unreachable else errors[0]
        more = f" (and {len(self._broken) - 1} more)" if len(self._broken) > 1 else ""
        return ApiStatus.UNREACHABLE if unreachable else ApiStatus.NOT_UNDERSTOOD, f"{first}{more}"


_BAD = frozenset({ApiStatus.UNREACHABLE, ApiStatus.NOT_UNDERSTOOD})
