"""Keeps the one state of every node: gathers the evidence, has it judged, and tells when a state is another one.

A node is judged anew when something about it was told, and by the clock: cheaply, for what was told rarely changes between two looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import NamedTuple

from storj_monitor.app.node_evidence import gather, sources_of
from storj_monitor.clock import Clock
from storj_monitor.model.node_state import NodeEvidence, NodeState, NodeStateKind, SourceEvidence
from storj_monitor.state.node_conditions import GONE_S, SILENT_S, silent_s
from storj_monitor.state.node_state import judge
from storj_monitor.state.nodes import NodeState as LiveNode
from storj_monitor.state.nodes import State
from storj_monitor.views.cards import Cards
from storj_monitor.views.subjects import NodeSubjects, Subject

EVERY_S = 5.0
AT_LEAST_S = 60.0
"""However little happens, a state is judged anew this often, so that its evidence has an age."""
ASLEEP_S = 30.0
"""A pause of the clock that is longer: the machine slept or the clock was set. Silence before it is the monitor's own."""
_BAD = frozenset({NodeStateKind.DOWN, NodeStateKind.AT_RISK})
_log = logging.getLogger(__name__)


class _Judged(NamedTuple):
    """What a state was made of: it stands while both are the same."""

    revision: Hashable
    signs: Hashable
    at: float


class NodeStates:
    """`changed` is called when pages may want to know; `silent_s`: the operator's threshold for a log without lines, 0 = never."""

    def __init__(
        self, cards: Cards, state: State, clock: Clock, *, with_log: frozenset[str], silent_s: float, changed: Callable[[], None]
    ) -> None:
        self._cards = cards
        self._state = state
        self._clock = clock
        self._with_log = with_log
        self._silent_s = silent_s
        self._changed = changed
        self._judged: dict[str, _Judged] = {}
        self._watching_since = self._looked_at = clock.now()

    async def look(self) -> None:
        """By the clock: judge every node whose evidence is another one, or older."""
        now = self._clock.now()
        if not 0 <= now - self._looked_at <= ASLEEP_S:
            self._watching_since = now
        self._looked_at = now
        new = [name for name in self._state.nodes if self._judge(name, now)]
        if new:
            self._changed()

    def moved(self, name: str) -> None:
        """Something was told about this node."""
        if name in self._state.nodes and self._judge(name, self._clock.now()):
            self._changed()

    def _judge(self, name: str, now: float) -> bool:
        """True when the state is another one."""
        node, log = self._cards.subjects.of(name), self._state.nodes[name]
        sources = sources_of(node, log, self._silent_s, now, has_log=name in self._with_log, is_kept=not self._state.store_problem)
        revision = _revision(node, log)
        signs = tuple([_sign(one, self._watching_since, now) for one in sources])
        last = self._judged.get(name)
        if last is not None and (last.revision, last.signs) == (revision, signs) and 0 <= now - last.at < AT_LEAST_S:
            return False
        evidence = gather(node, log, sources, self._cards, now, self._watching_since, store_problem=self._state.store_problem)
        before, after = log.judged, judge(evidence, now, log.judged)
        log.judged = after
        is_new = before != after
        if is_new:
            self._state.revision += 1
            self._cards.subjects.changed(name, Subject.ANALYTICS)
            _tell(name, before, after)
            revision = _revision(node, log)
        self._judged[name] = _Judged(revision, signs, now)
        return is_new


def _revision(node: NodeSubjects, log: LiveNode) -> Hashable:
    """Another one when anything was told."""
    return (tuple(node.revisions.values()), node.signs.revision, log.node_id, log.severe.revision, log.status.detail)


def _sign(one: SourceEvidence, watching_since: float, now: float) -> Hashable:
    """What of a source can change a state by time alone."""
    for_s = silent_s(one, NodeEvidence(watching_since=watching_since), now)
    return (one.hearing, one.since, one.is_good(now), for_s >= SILENT_S, for_s >= GONE_S)


def _tell(name: str, before: NodeState, after: NodeState) -> None:
    """Into the monitor's own log, when it becomes bad and when that is over."""
    if after.kind is before.kind:
        return
    if after.kind in _BAD:
        _log.warning("node %s: %s: %s", name, after.kind.label.replace("_", " "), after.sentence)
    elif before.kind in _BAD:
        _log.info("node %s: %s: %s", name, after.kind.label, after.sentence)
