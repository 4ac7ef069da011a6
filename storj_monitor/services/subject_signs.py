"""What lines of a log say about a node's state that no tracker keeps: writes that failed for want of space, a version that is refused."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import ClockChecked, VersionOutdated
from storj_monitor.model.rollups import MINUTE_S, NodeDelta
from storj_monitor.model.versions import version_of
from storj_monitor.node_api.discovery import shared_apis
from storj_monitor.state.node_status import NodeStatus, Signs

_NO_SPACE = ("no space left on device", "not enough space on the disk", "disk quota exceeded")
_STORED = frozenset({op_code(Action.PUT, Outcome.SUCCESS), op_code(Action.PUT_REPAIR, Outcome.SUCCESS)})


def take_space_signs(signs: Signs, delta: NodeDelta) -> bool:
    """Failed writes, and the first upload that worked in a later minute. True when something is new."""
    at_ms = [
        seen.last_ms
        for key, seen in delta.errors.items()
        if any(words in key.template or words in seen.sample for words in _NO_SPACE)
    ]  # fmt: skip
    if at_ms:
        at = max(at_ms) / 1000
        if signs.refused_at is None:
            signs.refused_since = at
        signs.refused_at = max(at, signs.refused_at or 0.0)
        signs.revision += 1
        return True
    if signs.refused_at is not None:
        next_minute_s = (signs.refused_at // MINUTE_S + 1) * MINUTE_S
        if any(key.op in _STORED and key.start_s >= next_minute_s for key in delta.cells):
            signs.refused_at = signs.refused_since = None
            signs.revision += 1
            return True
    return False


def take_event_signs(signs: Signs, events: Iterable[NodeEvent]) -> bool:
    """Typed lines, oldest first. True when something is new."""
    before = (signs.version_refused, signs.clock_off_at)
    for event in events:
        if isinstance(event, VersionOutdated):
            signs.version_refused = (event.current.removeprefix("v"), event.minimum.removeprefix("v"), event.time_ms / 1000)
        elif signs.version_refused is not None and (version_of(event) or signs.version_refused[0]) != signs.version_refused[0]:
            signs.version_refused = None
        elif isinstance(event, ClockChecked) and event.state in ("in_sync", "out_of_sync"):
            off = event.state == "out_of_sync"
            signs.clock_off_at = (signs.clock_off_at or event.time_ms / 1000) if off else None
    is_new = (signs.version_refused, signs.clock_off_at) != before
    signs.revision += is_new
    return is_new


def tell_doubles(nodes: Iterable[NodeStatus]) -> list[str]:
    """Two names for one node are a remark of both. Names of those whose remarks are other ones now."""
    every = list(nodes)
    doubles = shared_apis([(node.name, None, node.node_id) for node in every if node.node_id])
    changed = []
    for node in every:
        others = tuple(one for one in node.remarks if "are given the same API" not in one)
        own = tuple(one for one in doubles if node.node_id and node.node_id in one)
        if others + own != node.remarks:
            node.remarks = others + own
            changed.append(node.name)
    return changed
