"""A simulated node says the same in its log and at its ports: audits, scores, and what its counters grew by."""

from __future__ import annotations

from collections import Counter

import pytest

from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import ScoresReported
from storj_monitor.model.sources import Chunk
from storj_monitor.node_api.decode import decode_satellite
from storj_monitor.node_api.metrics import decode_metrics
from storj_monitor.node_api.transport import Reply
from storj_monitor.reputation_tracker.beta import AUDIT, settled
from storj_monitor.simulator.fake_api import API, DEBUG
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.ground_truth import LogFigures
from storj_monitor.simulator.profile import SATELLITES, NodeProfile
from storj_monitor.simulator.writer import NodeLog
from storj_monitor.state.counters import transfer_growth

BEGIN = 1_795_000_020.0  # a full minute
HOUR = 3600


class Node:
    """Writes its log and answers."""

    def __init__(self, trouble: float = 0.0) -> None:
        profile, figures = NodeProfile("attic", trouble=trouble, rhythm=0.0), LogFigures()
        self.log = NodeLog(profile, 1, BEGIN, figures=figures)
        self.answers = GeneratedAnswers(profile, 1, BEGIN, figures=figures)
        self.processor = LineProcessor("attic", lambda _: "")

    def write(self, to_s: float, rate: float = 5.0) -> tuple[Counter[int], list[ScoresReported]]:
        """Results by op, and score lines, up to then."""
        data = b"".join(self.log.lines(BEGIN, to_s, rate))
        batch = self.processor.process(Chunk("attic", data, 0, len(data), 0.0, None, ""))
        return Counter(t.op for t in batch.transfers), [event for event in batch.events if isinstance(event, ScoresReported)]

    def metrics(self, at: float) -> object:
        return decode_metrics(self.answers.answer(DEBUG, "/metrics", at).body, at)


def test_counters_grow_by_what_the_log_shows() -> None:
    node = Node()
    node.write(BEGIN + 600)
    before = node.metrics(BEGIN + 600)
    results, _ = node.write(BEGIN + 1200)
    growth = transfer_growth(before, node.metrics(BEGIN + 1200))  # type: ignore[arg-type]
    for action in (Action.GET, Action.GET_AUDIT, Action.GET_REPAIR):
        op = op_code(action, Outcome.SUCCESS)
        assert growth[op].number == pytest.approx(results[op], rel=0.15), "up to the minute that is not over"
    uploads = results[op_code(Action.PUT, Outcome.SUCCESS)] + results[op_code(Action.PUT_REPAIR, Outcome.SUCCESS)]
    assert growth[op_code(Action.UNKNOWN_UP, Outcome.SUCCESS)].number == pytest.approx(uploads, rel=0.15)


def test_a_score_falls_by_the_failed_audits_of_the_log_and_all_doors_tell_the_same() -> None:
    node = Node(trouble=0.5)
    results, told = node.write(BEGIN + 5 * HOUR, 3.0)
    failed = results[op_code(Action.GET_AUDIT, Outcome.FAILED)]
    assert failed > 5
    at = BEGIN + 5 * HOUR
    for satellite in SATELLITES:
        path = f"/api/sno/satellite/{satellite.id}"
        reply = node.answers.answer(API, path, at)
        api = decode_satellite(Reply(path, 200, reply.content_type, reply.body, at, 1.0, 0.0)).reputation
        (counted,) = [one for one in node.metrics(at).reputation if one.satellite == satellite.id]  # type: ignore[attr-defined]
        assert api.audit_score == pytest.approx(counted.audit_score)
        assert api.online_score == counted.online_score == told[-1].online_score
        lines = [event for event in told if event.satellite == satellite.id]
        assert [event.total_audits for event in lines] == sorted(event.total_audits for event in lines)
        assert counted.total_audits >= lines[-1].total_audits
    (us1,) = [one for one in node.metrics(at).reputation if one.satellite == SATELLITES[0].id]  # type: ignore[attr-defined]
    assert 0.96 < us1.audit_score < 1.0
    assert us1.audit_score < settled(1.0, AUDIT).after(False, AUDIT).score, "more than one has failed"
