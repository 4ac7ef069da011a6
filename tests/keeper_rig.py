"""What keeps memory of nodes, joined as the monitor joins it, without a page and without tasks."""

from __future__ import annotations

from storj_monitor.clock import Clock
from storj_monitor.services.node_states import NodeStates
from storj_monitor.services.node_status import NodeStatusService
from storj_monitor.services.row_queue import RowQueue, Works
from storj_monitor.state.nodes import State
from storj_monitor.views.topic_renderers import TopicRenderers


def keeper_of(renderers: TopicRenderers, state: State, works: Works, clock: Clock) -> NodeStatusService:
    """Rows go to `works` at once."""
    return NodeStatusService(renderers.registry, state, renderers.estimates, RowQueue(works, lambda call: call()), clock)


def states_of(renderers: TopicRenderers, state: State, clock: Clock, *, with_log: frozenset[str] = frozenset({"n"})) -> NodeStates:
    """A log may be silent for five minutes."""
    return NodeStates(renderers.registry, renderers.reports, state, clock, with_log=with_log, silent_s=300, changed=lambda: None)
