"""`nodes rename` carries all that a node said of itself along, `nodes remove` takes it away, and a neighbour keeps its own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from keeper_rig import keeper_of
from polling_rig import generated

from storj_monitor.clock import SystemClock
from storj_monitor.database import node_tables as store
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.node_loading import LOADED
from storj_monitor.database.nodes import node_care
from storj_monitor.database.opening import open_database
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, ApiStatus, Endpoint
from storj_monitor.node_api.decode import decode_node
from storj_monitor.node_api.metrics import decode_metrics
from storj_monitor.node_api.transport import Reply
from storj_monitor.services.node_status import NodeStatusService
from storj_monitor.simulator.demo import remember
from storj_monitor.simulator.fake_api import API, DEBUG, Answers
from storj_monitor.state.node_status import NodeRegistry, NodeStatus
from storj_monitor.state.nodes import State
from storj_monitor.views.topic_renderers import TopicRenderers


class Desk:
    """Writes at once."""

    def __init__(self, path: Path) -> None:
        self.db = connect_writer(path)

    def submit_write(self, write: Callable[[sqlite3.Connection], None], done: Callable[[], None]) -> None:
        write(self.db)
        done()


def keeper_for(names: list[str], desk: Desk) -> NodeStatusService:
    renderers = TopicRenderers(NodeRegistry(names), State(names), time.time)
    return keeper_of(renderers, State(names), desk, SystemClock())


def tell(keeper: NodeStatusService, name: str, answers: Answers, at: float) -> None:
    """What a node says within a minute, and that its API then does not answer any more."""
    for moment in (at - 60, at):
        reply = answers.answer(API, "/api/sno/", moment)
        node = decode_node(Reply("/api/sno/", 200, reply.content_type, reply.body, moment, 1.0, 0.0))
        keeper.on_answer(Answer(name, AnswerKind.NODE, None, moment, 1.0, node))
        metrics = decode_metrics(answers.answer(DEBUG, "/metrics", moment).body, moment)
        keeper.on_answer(Answer(name, AnswerKind.METRICS, None, moment, 1.0, metrics))
    for status in (ApiStatus.OK, ApiStatus.UNREACHABLE):
        keeper.on_state(name, ApiState(status, at, "", "http://node", Endpoint.API))
    keeper.keep_last()


def kept(path: Path, name: str) -> NodeStatus:
    """What a monitor that starts now knows of a node."""
    with closing(connect_reader(path)) as db:
        found = store.read_all(db, LOADED, [name], {})
    keeper = keeper_for([name], None)  # type: ignore[arg-type]
    keeper.load(found)
    return keeper.registry.of(name)


async def test_history_goes_with_the_name(tmp_path: Path) -> None:
    path, at = tmp_path / "monitor.db", time.time()
    open_database(path, 1.0, "stamp")
    desk = Desk(path)
    keeper = keeper_for(["a", "b"], desk)
    for number, name in enumerate("ab"):
        answers = generated(number)
        await remember(keeper, name, answers, at, Event())
        tell(keeper, name, answers, at)
    desk.db.close()
    before, neighbour = kept(path, "a"), kept(path, "b")
    assert len(before.space.points) > 100 and len(before.standing.points) == 4
    assert before.node_id and before.node_id != neighbour.node_id and before.counted.hours
    with node_care(path, at) as care:
        care.rename("a", "attic")
    after = kept(path, "attic")
    for part in ("node_id", "standing", "space", "outages", "counted"):
        assert getattr(after, part) == getattr(before, part), part
    assert not kept(path, "a").space.points
    with node_care(path, at) as care:
        assert care.remove("attic", lambda _: None) > 100
    gone = kept(path, "attic")
    assert (gone.node_id, gone.standing.points, gone.space.points, gone.outages, gone.counted.hours) == ("", {}, (), (), {})
    assert kept(path, "b").space == neighbour.space and kept(path, "b").standing == neighbour.standing


@pytest.mark.parametrize("open_endpoint", [Endpoint.API, Endpoint.HEALTH])
async def test_an_open_outage_goes_with_the_name_and_ends_under_it(tmp_path: Path, open_endpoint: Endpoint) -> None:
    path, at = tmp_path / "monitor.db", time.time()
    open_database(path, 1.0, "stamp")
    desk = Desk(path)
    keeper = keeper_for(["a"], desk)
    for status in (ApiStatus.OK, ApiStatus.UNREACHABLE):
        keeper.on_state("a", ApiState(status, at - 500, "", "http://node", open_endpoint))
    desk.db.close()
    with node_care(path, at) as care:
        care.rename("a", "attic")
    desk = Desk(path)
    keeper = keeper_for(["attic"], desk)
    with closing(connect_reader(path)) as db:
        keeper.load(store.read_all(db, LOADED, ["attic"], {}))
    keeper.on_state("attic", ApiState(ApiStatus.OK, at, "", "http://node", open_endpoint))
    desk.db.close()
    (outage,) = kept(path, "attic").outages
    assert outage.from_at == pytest.approx(at - 500, abs=0.01)
    assert outage.until_at == pytest.approx(at, abs=60)
