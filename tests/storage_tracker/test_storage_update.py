"""Recorded answers of whole nodes go through the storage tracker's `update`: evidence, points, and that nothing is changed in place."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from tracker_answers import AT, FOLDERS, answers, parts

from storj_monitor.model.events import FreeSpace
from storj_monitor.model.figures import Source
from storj_monitor.model.kept import Kept
from storj_monitor.model.node_answers import AnswerKind, NodeAnswer
from storj_monitor.model.space import SpacePoint
from storj_monitor.state.node_status import NodeStatus, Space, Topic
from storj_monitor.storage_tracker.update import recall_free_space, tidy, update, update_from_free_space

OF_SPACE = (AnswerKind.NODE, AnswerKind.SATELLITE, AnswerKind.SATELLITES, AnswerKind.METRICS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_answers_become_evidence_and_one_point(folder: str) -> None:
    status, kept = NodeStatus("a"), list[Kept]()
    for answer in answers(folder):
        before, copied = parts(status), deepcopy(status.space)
        changes = update(status, answer, AT)
        assert parts(status) == before and status.space == copied, "nothing is changed in place"
        assert (changes.space is None) == (answer.kind not in OF_SPACE)
        assert changes.topics == ({Topic.STORAGE} if answer.kind in OF_SPACE else set())
        kept += changes.kept
        status.apply(changes)
        status.take(answer)
    evidence = status.space.evidence
    assert evidence.disk is not None and (evidence.metrics is not None) == (status.metrics is not None)
    assert status.answer is not None
    assert len(evidence.usages) == len(status.answer.standings), "each satellite has told for itself"
    assert len(status.space.points) == 1 and kept[-1] == status.space.points[-1]
    assert all(isinstance(record, SpacePoint) for record in kept)


def test_usage_of_a_satellite_that_is_not_trusted_any_more_goes() -> None:
    status = NodeStatus("a")
    for answer in answers("v1.162-info"):
        status.apply(update(status, answer, AT))
        status.take(answer)
    assert status.answer is not None
    kept, *gone = (one.satellite for one in status.answer.standings)
    node = next(iter(answers("v1.162-info")))
    assert isinstance(node.value, NodeAnswer)
    fewer = replace(node.value, standings=tuple(one for one in node.value.standings if one.satellite == kept))
    changes = update(status, node._replace(value=fewer), AT + 60)
    assert gone and changes.space is not None and set(changes.space.usages) == {"", kept}


def test_free_space_of_the_log_is_history_where_nobody_else_tells() -> None:
    status = NodeStatus("a")
    lines = [FreeSpace(int((AT - 3600 + minute * 60) * 1000), 10**12 - minute) for minute in range(30)]
    changes = update_from_free_space(status, lines, AT)
    assert changes.topics == {Topic.STORAGE} and changes.space is not None
    assert len(changes.kept) == len(changes.space.points) == 3, "one each ten minutes"
    status.apply(changes)
    status.space = Space(points=status.space.points)
    recalled = recall_free_space(status).space
    assert recalled is not None and recalled.evidence.log is not None
    assert recalled.evidence.log.available_bytes == status.space.points[-1].free
    future = FreeSpace(int((AT + 3600) * 1000), 5)
    assert update_from_free_space(status, [future], AT).space is None, "a line from far ahead is not believed"


def test_old_points_go_from_memory_and_are_thinned_in_the_database() -> None:
    status = NodeStatus("a")
    day_s = 86_400.0
    some = SpacePoint(0.0, 1, 1, None, None, None, None, None, None, None, Source.API)
    status.space = Space(points=tuple(some._replace(at=AT - age_s) for age_s in (110 * day_s, 2 * day_s, 2 * day_s - 60, 60.0)))
    changes = tidy(status, AT)
    assert changes.space is not None and len(changes.space.points) == 2
    assert changes.dropped == (some._replace(at=AT - 2 * day_s),), "the last of its four hours stays"
