"""What several answers change within some seconds is made and sent to pages once, and never lost."""

from __future__ import annotations

from storj_monitor.state.node_status import NodeRegistry, Topic
from storj_monitor.state.nodes import State
from storj_monitor.views.topic_renderers import GATHER_S, TopicRenderers


def test_changes_that_come_together_are_one() -> None:
    times = [1000.0]
    renderers = TopicRenderers(NodeRegistry(["a", "b"]), State(["a", "b"]), lambda: times[-1])
    first = renderers.revision("health")
    times.append(times[-1] + GATHER_S)
    renderers.registry.changed("a", Topic.HEALTH)
    second = renderers.revision("health")
    assert second != first, "after a quiet while a change is told at once"
    renderers.registry.changed("b", Topic.HEALTH)
    times.append(times[-1] + GATHER_S / 2)
    renderers.registry.changed("a", Topic.HEALTH)
    assert renderers.revision("health") == second
    assert renderers.revision("storage") == renderers.revision("storage")
    times.append(times[-1] + GATHER_S / 2)
    third = renderers.revision("health")
    assert third == renderers.registry.revisions[Topic.HEALTH]
    renderers.registry.changed("a", Topic.HEALTH)
    times.append(10.0)
    assert renderers.revision("health") != third, "our clock was set back: nothing waits for it"
