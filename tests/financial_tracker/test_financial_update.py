"""Recorded answers of whole nodes go through the financial tracker's `update`: what is known, what is stored, nothing in place."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from msgspec import structs
from tracker_answers import AT, FOLDERS, answers, parts

from storj_monitor.financial_tracker.earnings import NodeEstimates
from storj_monitor.financial_tracker.update import resume, update, update_from_estimate
from storj_monitor.model.kept import KeptDay, KeptEstimate, KeptHeld, KeptPayout, KeptPaystub, KeptPricing
from storj_monitor.model.node_answers import AnswerKind, NodeAnswer
from storj_monitor.state.node_status import NodeStatus, Topic


def told(folder: str) -> tuple[NodeStatus, list[object]]:
    status, kept = NodeStatus("a"), list[object]()
    for answer in answers(folder):
        changes = update(status, answer, AT)
        kept += changes.kept
        status.apply(changes)
        status.take(answer)
    return status, kept


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_update_changes_nothing_in_place(folder: str) -> None:
    status = NodeStatus("a")
    for answer in answers(folder):
        before, copied = parts(status), deepcopy(status.money)
        changes = update(status, answer, AT)
        assert parts(status) == before and status.money == copied, answer.kind
        assert changes.standing is None and changes.space is None, "what others keep"
        status.apply(changes)
        status.take(answer)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_known_is_stored_once(folder: str) -> None:
    status, kept = told(folder)
    money = status.money
    assert {one.key: one.stub for one in kept if isinstance(one, KeptPaystub)} == money.stubs
    assert {one.key: one.payout for one in kept if isinstance(one, KeptPayout)} == money.payouts
    assert {one.held.satellite: one.held for one in kept if isinstance(one, KeptHeld)} == money.held_history
    assert {one.pricing.satellite: one.pricing for one in kept if isinstance(one, KeptPricing)} == money.pricing
    assert {one.satellite for one in kept if isinstance(one, KeptDay)} <= set(money.usages) == set(money.kept)
    assert all(key.node_id == status.node_id for key in money.stubs)
    for answer in answers(folder):
        assert update(status, answer, AT).kept == (), answer.kind


def test_paystubs_of_a_node_without_an_id_are_not_kept() -> None:
    status = NodeStatus("a")
    stubs = next(answer for answer in answers("v1.162-payout") if answer.kind is AnswerKind.PAYSTUBS)
    changes = update(status, stubs, AT)
    assert changes.kept == () and changes.topics == set() and not (changes.money or status.money).stubs


def test_a_satellite_that_is_not_trusted_any_more_is_no_part_of_the_month() -> None:
    status, _ = told("v1.162-info")
    node = next(iter(answers("v1.162-info")))
    assert isinstance(node.value, NodeAnswer)
    assert update(status, node, AT).money is None, "all are trusted"
    kept = node.value.standings[0].satellite
    changes = update(status, node._replace(value=replace(node.value, standings=node.value.standings[:1])), AT)
    assert changes.money is not None and set(changes.money.usages) == {kept} and set(changes.money.estimates) == {"", kept}
    assert changes.topics == {Topic.EARNINGS} and changes.money.stubs == status.money.stubs


def test_an_estimate_is_kept_once_a_day_after_the_nodes_own_sum() -> None:
    status, _ = told("v1.162-info")
    sums = [answer for answer in answers("v1.162-info") if update(status, answer, AT).ends_month]
    assert [(answer.kind, answer.satellite) for answer in sums] == [(AnswerKind.ESTIMATE, None)]
    earnings = NodeEstimates().of(status, AT)
    assert earnings is not None
    changes = update_from_estimate(status, earnings)
    made = [one for one in changes.kept if isinstance(one, KeptEstimate) and one.estimate.now.period == "2026-11"]
    assert {one.estimate.satellite for one in made} == set(status.money.usages)
    assert changes.topics == set()
    status.apply(changes)
    assert update_from_estimate(status, earnings).kept == (), "the same day"


def test_after_a_restart_only_the_nodes_own_paystubs_count() -> None:
    status, _ = told("v1.162-info")
    stubs = dict(status.money.stubs)
    key = next(iter(stubs))
    other = key._replace(node_id="another")
    status.money = structs.replace(status.money, stubs={**stubs, other: stubs[key]})
    resumed = resume(status).money
    assert resumed is not None and resumed.stubs == stubs and resumed.usage_since == 0.0
