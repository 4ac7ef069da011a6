"""What lines of a log say about a node's state that no tracker keeps: writes that failed for want of space, a version that is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import ClockChecked, VersionOutdated
from storj_monitor.model.rollups import MINUTE_S, NodeDelta
from storj_monitor.model.space import SpaceFigures
from storj_monitor.model.versions import version_of
from storj_monitor.state.node_conditions import OVER_SHARE, REFUSED_S, needed_bytes

_NO_SPACE = ("no space left on device", "not enough space on the disk", "disk quota exceeded")
_STORED = frozenset({op_code(Action.PUT, Outcome.SUCCESS), op_code(Action.PUT_REPAIR, Outcome.SUCCESS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the log says about the node's state, and since when other trouble is seen. Unix seconds.

    version_refused -- the version that is not allowed, the minimum, and when the node said so
    """

    revision: int = 0
    refused_at: float | None = None
    refused_since: float | None = None
    version_refused: tuple[str, str, float] | None = None
    clock_off_at: float | None = None
    full_since: float | None = None
    over_since: float | None = None
    problem_since: float | None = None


def signs_after_delta(signs: Signs, delta: NodeDelta) -> Signs:
    """After failed writes, and after the first upload that worked in a later minute."""
    at_ms = [
        seen.last_ms
        for key, seen in delta.errors.items()
        if any(words in key.template or words in seen.sample for words in _NO_SPACE)
    ]  # fmt: skip
    if at_ms:
        at = max(at_ms) / 1000
        since = at if signs.refused_at is None else signs.refused_since
        return replace(signs, refused_at=max(at, signs.refused_at or 0.0), refused_since=since, revision=signs.revision + 1)
    if signs.refused_at is not None:
        next_minute_s = (signs.refused_at // MINUTE_S + 1) * MINUTE_S
        if any(key.op in _STORED and key.start_s >= next_minute_s for key in delta.cells):
            return replace(signs, refused_at=None, refused_since=None, revision=signs.revision + 1)
    return signs


def signs_after_lines(signs: Signs, events: Iterable[NodeEvent]) -> Signs:
    """After typed lines, oldest first."""
    refused, off_at = signs.version_refused, signs.clock_off_at
    for event in events:
        if isinstance(event, VersionOutdated):
            refused = (event.current.removeprefix("v"), event.minimum.removeprefix("v"), event.time_ms / 1000)
        elif refused is not None and (version_of(event) or refused[0]) != refused[0]:
            refused = None
        elif isinstance(event, ClockChecked) and event.state in ("in_sync", "out_of_sync"):
            off_at = (off_at or event.time_ms / 1000) if event.state == "out_of_sync" else None
    if (refused, off_at) == (signs.version_refused, signs.clock_off_at):
        return signs
    return replace(signs, version_refused=refused, clock_off_at=off_at, revision=signs.revision + 1)


def signs_of_space(signs: Signs, figures: SpaceFigures, problem: str, now: float) -> Signs:
    """After a look at the space: since when it is trouble. `problem`: why the disk cannot be looked at, "" when it can."""
    needed = needed_bytes(figures.allocated)
    is_low = figures.disk_free is not None and figures.disk_free < needed
    if signs.refused_at is not None and not is_low and now - signs.refused_at >= REFUSED_S:
        signs = replace(signs, refused_at=None, refused_since=None)
    after = (
        _since(signs.full_since, is_low, now),
        _since(signs.over_since, figures.overused > OVER_SHARE * (figures.allocated or 0), now),
        _since(signs.problem_since, bool(problem), now),
    )
    if after == (signs.full_since, signs.over_since, signs.problem_since):
        return signs
    return replace(signs, full_since=after[0], over_since=after[1], problem_since=after[2])


def _since(before: float | None, holds: bool, now: float) -> float | None:
    if not holds:
        return None
    return now if before is None else before
