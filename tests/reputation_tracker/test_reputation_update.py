"""Recorded answers of whole nodes go through `update`: what changes, what is stored, and that nothing is changed in place."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from tracker_answers import AT, FOLDERS, answers, parts

from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.kept import Kept, KeptSanction, KeptScore, KeptWindow, Membership
from storj_monitor.model.node_answers import AnswerKind, ApiState, ApiStatus, Endpoint, NodeAnswer, SatelliteAnswer
from storj_monitor.model.reputation import SanctionKind
from storj_monitor.model.uptime import Outage, Witness
from storj_monitor.reputation_tracker.update import tidy, update, update_from_transfers
from storj_monitor.reputation_tracker.uptime_update import update_endpoint, update_start
from storj_monitor.state.node_status import NodeStatus, Topic


def told(folder: str) -> NodeStatus:
    status = NodeStatus("a")
    for answer in answers(folder):
        status.apply(update(status, answer, AT))
        status.take(answer)
    return status


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_update_changes_nothing_in_place(folder: str) -> None:
    status = NodeStatus("a")
    for answer in answers(folder):
        before, copied = parts(status), deepcopy(parts(status)[0])
        changes = update(status, answer, AT)
        assert parts(status) == before and status.standing == copied, answer.kind
        assert changes.money is None and changes.space is None, "what others keep"
        status.apply(changes)
        status.take(answer)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_told_again_is_not_stored_again(folder: str) -> None:
    status = told(folder)
    for answer in answers(folder):
        changes = update(status, answer, AT)
        assert changes.kept == () == changes.dropped, answer.kind
        assert Topic.REPUTATION not in changes.topics or answer.kind is AnswerKind.NOTIFICATIONS
        has_scores = answer.kind in (AnswerKind.NODE, AnswerKind.SATELLITE, AnswerKind.SATELLITES, AnswerKind.METRICS, AnswerKind.HEALTH)
        assert changes.told_again == ({Topic.REPUTATION} if has_scores else set())


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_satellite_is_known_and_its_records_are_stored(folder: str) -> None:
    status, kept = NodeStatus("a"), list[Kept]()
    for answer in answers(folder):
        changes = update(status, answer, AT)
        kept += changes.kept
        status.apply(changes)
        status.take(answer)
    assert status.answer is not None
    trusted = {one.satellite for one in status.answer.standings}
    assert set(status.standing.known) == trusted
    stored = {record.satellite for record in kept if isinstance(record, KeptScore)}
    assert stored == set(status.standing.points)
    windows = {record.satellite for record in kept if isinstance(record, KeptWindow)}
    with_windows = {one for one, known in status.standing.known.items() if known.windows is not None and known.windows.value}
    assert windows == with_windows == set(status.standing.written)
    dated = {one for one, known in status.standing.known.items() if known.joined_at is not None and known.joined_at.value > 0}
    assert dated <= {record.satellite for record in kept if isinstance(record, Membership)}


def test_a_disqualification_is_a_sanction_and_stays_when_the_satellite_is_not_trusted_any_more() -> None:
    status, kept = NodeStatus("a"), list[KeptSanction]()
    for answer in answers("v1.162-disqualified-offline"):
        changes = update(status, answer, AT)
        kept += [record for record in changes.kept if isinstance(record, KeptSanction)]
        status.apply(changes)
        status.take(answer)
    assert {one.span.kind for one in kept} == {SanctionKind.DISQUALIFIED} and len(kept) == 2
    assert status.disqualified_ms == {one.satellite: round(one.span.from_at * 1000) for one in kept}
    satellite = kept[0].satellite
    node = next(iter(answers("v1.162-disqualified-offline")))
    assert isinstance(node.value, NodeAnswer)
    fewer = replace(node.value, standings=tuple(one for one in node.value.standings if one.satellite != satellite))
    changes = update(status, node._replace(value=fewer), AT + 60)
    assert {Topic.REPUTATION, Topic.EARNINGS} <= changes.topics
    status.apply(changes)
    assert satellite not in status.standing.known and (satellite, SanctionKind.DISQUALIFIED) in status.standing.spans


def test_a_score_that_stays_grows_longer_and_another_one_is_a_new_point() -> None:
    status = told("v1.162-info")
    [answer, *_] = [one for one in answers("v1.162-info", AT + 7200) if isinstance(one.value, SatelliteAnswer)]
    assert isinstance(answer.value, SatelliteAnswer)
    satellite = answer.value.reputation.satellite
    before = status.standing.points[satellite]
    told_later = replace(answer.value, reputation=replace(answer.value.reputation, taken_at=AT + 7200))
    later = answer._replace(value=told_later)
    changes = update(status, later, AT + 7200)
    assert changes.standing is not None and changes.standing.points[satellite] == (before[-1]._replace(until=AT + 7200),)
    assert changes.topics == set(), "the same figures, only younger"
    worse = later._replace(value=replace(answer.value, reputation=replace(told_later.reputation, online_score=0.91)))
    changes = update(status, worse, AT + 7200)
    assert changes.standing is not None and [one.online_score for one in changes.standing.points[satellite]][-1] == 0.91
    assert changes.standing.changes == status.standing.changes + 1 and changes.topics == {Topic.REPUTATION}


def test_failures_of_a_score_are_kept_for_a_day() -> None:
    status = NodeStatus("a")
    failed = Transfer(int(AT * 1000), "sat", op_code(Action.GET_AUDIT, Outcome.FAILED), -1, -1, 0, "piece", "", "file does not exist")
    upload = failed._replace(op=op_code(Action.PUT, Outcome.FAILED))
    assert update_from_transfers(status, [upload]).standing is None
    status.apply(update_from_transfers(status, [failed, upload]))
    assert [one.piece_id for one in status.standing.failing] == ["piece"]
    assert tidy(status, AT + 86_000).topics == set()
    changes = tidy(status, AT + 86_500)
    assert changes.topics == {Topic.REPUTATION} and changes.standing is not None and changes.standing.failing == ()


def test_a_start_is_seen_in_the_answer_after_the_one_before() -> None:
    node = next(answer for answer in answers("v1.162-info"))
    assert isinstance(node.value, NodeAnswer) and node.value.started_at is not None
    first = update(NodeStatus("a"), node, AT)
    assert [one.witness for one in first.kept if isinstance(one, Outage)] == [Witness.API_STARTED]
    status = told("v1.162-info")
    again = replace(node.value, taken_at=AT + 120, started_at=AT + 100)
    changes = update_start(status, again, AT + 120)
    assert Outage(Witness.PROCESS, status.answer.taken_at if status.answer else 0.0, AT + 100) in (changes.outages or ())
    assert changes.topics == {Topic.HEALTH, Topic.REPUTATION}


def test_an_endpoint_that_never_answered_tells_nothing_and_one_that_did_is_an_outage() -> None:
    status = NodeStatus("a")
    shut = ApiState(ApiStatus.UNREACHABLE, AT, "refused", "http://node", Endpoint.API)
    assert update_endpoint(status, shut, AT).outages is None
    status.apply(update_endpoint(status, shut._replace(status=ApiStatus.OK), AT))
    changes = update_endpoint(status, shut, AT + 60)
    assert changes.outages == (Outage(Witness.API_DOWN, AT, None),) == changes.kept
    status.apply(changes)
    changes = update_endpoint(status, shut._replace(status=ApiStatus.OK), AT + 300)
    assert changes.outages == (Outage(Witness.API_DOWN, AT, AT + 300),)
