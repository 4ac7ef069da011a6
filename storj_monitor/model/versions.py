"""Which version a node runs and which is the oldest one allowed, whoever says so: its API, its /metrics, its log, its updater."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.node_answers import AnswerValue, NodeAnswer
from storj_monitor.model.node_events import UpdaterStep, VersionMinimum, VersionOutdated, VersionSeen
from storj_monitor.model.node_metrics import NodeMetrics

MOST_VERSION: Final = 64
"""Characters of a version that are kept: a real one has some twenty."""
_NODE: Final = ("", "storagenode")
_INSTALLED: Final = "Current binary version"


def version_of(event: NodeEvent) -> str:
    """The version of the node that a line tells; "" when it tells none. The updater says which one is installed, also at level INFO."""
    if isinstance(event, VersionSeen):
        return event.version
    if isinstance(event, UpdaterStep) and event.message == _INSTALLED and event.service in _NODE:
        return event.binary_version.removeprefix("v")
    return ""


def version_key(version: str) -> tuple[int, ...]:
    """What versions compare by: 1.9.2 is older than 1.10.0. What comes after a `-` does not count; () for no version."""
    numbers = version.removeprefix("v").partition("-")[0].split(".")
    return tuple(int(number) for number in numbers) if all(number.isdecimal() for number in numbers) else ()


@dataclass(frozen=True, slots=True)
class Versions:
    """`running`: as who spoke last said. `minimum`: the highest that anybody told, because it only rises and some tell it late."""

    running: Figure[str] | None = None
    minimum: Figure[str] | None = None

    def with_running(self, version: str, source: Source, at: float) -> Versions:
        """The same, if that is newer than what is known."""
        version = version.removeprefix("v")
        known = self.running
        if not version or (known is not None and known.taken_at > at):
            return self
        if known is not None and known.value == version and known.source is Source.API and source is not Source.API:
            return self  # the node itself says so
        return replace(self, running=Figure(version, source, at))

    def with_minimum(self, version: str, source: Source, at: float) -> Versions:
        """The same, if that is not below what is known."""
        version = version.removeprefix("v")
        if not version_key(version) or (self.minimum is not None and version_key(self.minimum.value) > version_key(version)):
            return self
        if self.minimum is not None and self.minimum.value == version and self.minimum.taken_at > at:
            return self
        return replace(self, minimum=Figure(version, source, at))

    def with_events(self, events: Iterable[NodeEvent]) -> Versions:
        """What lines of the log say."""
        known = self
        for event in events:
            at = event.time_ms / 1000
            known = known.with_running(version_of(event), Source.LOG, at)
            if isinstance(event, VersionMinimum):
                known = known.with_minimum(event.minimum, Source.LOG, at)
            elif isinstance(event, VersionOutdated):
                known = known.with_running(event.current, Source.LOG, at).with_minimum(event.minimum, Source.LOG, at)
        return known

    def with_answer(self, value: AnswerValue) -> Versions:
        """What the API or /metrics says."""
        if isinstance(value, NodeAnswer):
            known = self.with_minimum(value.allowed_version, Source.API, value.taken_at)
            return known.with_running(value.version, Source.API, value.taken_at)
        return self.with_running(value.version, Source.METRICS, value.taken_at) if isinstance(value, NodeMetrics) else self

    @property
    def is_allowed(self) -> Figure[bool] | None:
        """Whether what runs is at or above the minimum; None where one of the two is unknown."""
        running, minimum = self.running, self.minimum
        if running is None or minimum is None or not version_key(running.value):
            return None
        allowed = version_key(running.value) >= version_key(minimum.value)
        return Figure(allowed, minimum.source, max(running.taken_at, minimum.taken_at))
