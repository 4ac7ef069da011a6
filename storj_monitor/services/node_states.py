"""Keeps the one state of every node: gathers the evidence, has it judged, and tells when a state is another one.

A node is judged anew when something about it was told, and by the clock: cheaply, for what was told rarely changes between two looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import NamedTuple

from storj_monitor.clock import Clock
from storj_monitor.model.node_state import NodeState, NodeStateKind, StandingEvidence, StateSource
from storj_monitor.reputation_tracker.report import SatelliteReports, standing_evidence
from storj_monitor.reputation_tracker.uptime import node_uptime
from storj_monitor.state.node_conditions import SILENT_S, needed_bytes, silent_s
from storj_monitor.state.node_evidence import TrackerEvidence, gather, sources_of, turns_at
from storj_monitor.state.node_rules import judge
from storj_monitor.state.node_status import NodeRegistry, NodeStatus, Topic
from storj_monitor.state.nodes import NodeState as LiveNode
from storj_monitor.state.nodes import State
from storj_monitor.state.signs import signs_of_space
from storj_monitor.storage_tracker.differences import space_figures

EVERY_S = 5.0
AT_LEAST_S = 60.0
"""However little happens, a state is judged anew this often, so that its evidence has an age."""
STANDINGS_S = 900.0
ASLEEP_S = 30.0
"""A pause of the clock that is longer: the machine slept or the clock was set. Silence before it is the monitor's own."""
_BAD = frozenset({NodeStateKind.DOWN, NodeStateKind.AT_RISK})
_log = logging.getLogger(__name__)


class _Judged(NamedTuple):
    """What a look has to compare: a state stands until `due_at` while the log says nothing new of itself.

    newest_ms -- of a log that was silent: any line is news; None while lines come, for then they are none
    """

    due_at: float
    log: Hashable
    newest_ms: int | None


class NodeStates:
    """`changed` is called when pages may want to know; `silent_s`: the operator's threshold for a log without lines, 0 = never.

    with_log, with_stream -- nodes that have a log, and those of them whose log is a line stream: what it said before is gone
    """

    def __init__(
        self,
        registry: NodeRegistry,
        reports: SatelliteReports,
        state: State,
        clock: Clock,
        *,
        with_log: frozenset[str],
        silent_s: float,
        changed: Callable[[], None],
        with_stream: frozenset[str] = frozenset(),
    ) -> None:
        self._registry = registry
        self._reports = reports
        self._state = state
        self._clock = clock
        self._with_log = with_log
        self._with_stream = with_stream
        self._silent_s = silent_s
        self._changed = changed
        self._judged: dict[str, _Judged] = {}
        self._standings: dict[str, tuple[Hashable, tuple[StandingEvidence, ...]]] = {}
        self._watching_since = self._looked_at = clock.now()
        self._awake_since = 0.0

    async def look(self) -> None:
        """By the clock: judge every node whose evidence is another one, or older."""
        now = self._clock.now()
        if not 0 <= now - self._looked_at <= ASLEEP_S:
            self._watching_since = self._awake_since = now
        self._looked_at = now
        new = [name for name in self._state.nodes if not self._stands(name, now) and self._judge(name, now)]
        if new:
            self._changed()

    def moved(self, name: str) -> None:
        """Something was told about this node."""
        if name in self._state.nodes and self._judge(name, self._clock.now()):
            self._changed()

    def _stands(self, name: str, now: float) -> bool:
        """Nothing has happened that could make the state another one."""
        judged, log = self._judged.get(name), self._state.nodes[name]
        return (
            judged is not None
            and judged.due_at - AT_LEAST_S <= now < judged.due_at
            and judged.newest_ms in (None, log.newest_ms)
            and judged.log == self._log_key(log)
        )

    def _log_key(self, log: LiveNode) -> Hashable:
        return (log.status.state, log.status.detail, log.severe.revision, log.node_id, self._state.store_problem)

    def _standings_of(self, node: NodeStatus, now: float) -> tuple[StandingEvidence, ...]:
        """Made anew when a score or a date is another one, and now and then, for forecasts move with time."""
        key = (id(node), node.standing.changes, int(now // STANDINGS_S))
        made = self._standings.get(node.name)
        if made is None or made[0] != key:
            made = self._standings[node.name] = (key, tuple(standing_evidence(self._reports.of(node, now))))
        return made[1]

    def _judge(self, name: str, now: float) -> bool:
        """True when the state is another one."""
        node, log = self._registry.of(name), self._state.nodes[name]
        problem, is_stream = self._state.store_problem, name in self._with_stream
        sources = sources_of(node, log, self._silent_s, now, has_log=name in self._with_log, is_stored=not problem, is_stream=is_stream)
        figures = space_figures(node.space.evidence, needed_bytes)
        node.signs = signs_of_space(node.signs, figures, node.space.problem, now)
        told = TrackerEvidence(node_uptime(node, now), self._standings_of(node, now), figures)
        evidence = gather(node, log, sources, told, now, (self._watching_since, self._awake_since), store_problem=problem)
        before, after = log.judged, judge(evidence, now, log.judged)
        log.judged = after
        is_silent = any(one.source is StateSource.LOG and silent_s(one, evidence, now) >= SILENT_S for one in sources)
        due_at = min([now + AT_LEAST_S, *(at for one in sources for at in turns_at(one, evidence) if at > now)])
        self._judged[name] = _Judged(due_at, self._log_key(log), log.newest_ms if is_silent else None)
        if before == after:
            return False
        self._state.revision += 1
        self._registry.changed(name, Topic.ANALYTICS)
        _tell(name, before, after)
        return True


def _tell(name: str, before: NodeState, after: NodeState) -> None:
    """Into the monitor's own log, when it becomes bad and when that is over."""
    if after.kind is before.kind:
        return
    if after.kind in _BAD:
        _log.warning("node %s: %s: %s", name, after.kind.label.replace("_", " "), after.sentence, extra={"node": name})
    elif before.kind in _BAD:
        _log.info("node %s: %s: %s", name, after.kind.label, after.sentence, extra={"node": name})
