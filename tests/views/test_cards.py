"""What several answers change within some seconds is made and sent to pages once, and never lost."""

from __future__ import annotations

from storj_monitor.state.node_status import NodeRegistry, Topic
from storj_monitor.state.nodes import State
from storj_monitor.views.cards import GATHER_S, Cards


def test_changes_that_come_together_are_one() -> None:
    times = [1000.0]
    cards = Cards(NodeRegistry(["a", "b"]), State(["a", "b"]), lambda: times[-1])
    first = cards.revision("health")
    times.append(times[-1] + GATHER_S)
    cards.subjects.changed("a", Topic.HEALTH)
    second = cards.revision("health")
    assert second != first, "after a quiet while a change is told at once"
    cards.subjects.changed("b", Topic.HEALTH)
    times.append(times[-1] + GATHER_S / 2)
    cards.subjects.changed("a", Topic.HEALTH)
    assert cards.revision("health") == second
    assert cards.revision("storage") == cards.revision("storage")
    times.append(times[-1] + GATHER_S / 2)
    third = cards.revision("health")
    assert third == cards.subjects.revisions[Topic.HEALTH]
    cards.subjects.changed("a", Topic.HEALTH)
    times.append(10.0)
    assert cards.revision("health") != third, "our clock was set back: nothing waits for it"
