"""Life cycle of findings: every legal move, no illegal one, one at a time for a subject, updates only when they say something."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from storj_monitor.analytics_engine.correlator import ACTIVE_AFTER_S, LEAST_UPDATE_S, FindingStore, unnumbered
from storj_monitor.model.analytics import FINDING_MOVES, Finding, FindingKind, FindingState, IllegalMove, Metric, Severity, Subject

KIND = FindingKind.ANOMALY
SUBJECT = Subject("oak", "us1", "up", Metric.SUCCESS)


def draft(now_s: int, after: float = 0.9, severity: Severity = Severity.WARNING) -> Finding:
    return unnumbered(KIND, SUBJECT, severity, now_s - 60, now_s, 0.99, after)


@pytest.mark.parametrize("state", FindingState)
@pytest.mark.parametrize("to", FindingState)
def test_only_legal_moves(state: FindingState, to: FindingState) -> None:
    finding = replace(draft(100), state=state)
    if to in FINDING_MOVES[state]:
        moved = finding.moved(to, 200)
        assert moved.state is to
        assert moved.history[-1][:2] == (to, 200)
        assert (moved.resolved_s == 200) == (to is FindingState.RESOLVED)
    else:
        with pytest.raises(IllegalMove):
            finding.moved(to, 200)


def test_a_whole_life() -> None:
    store = FindingStore()
    store.report(draft(1000), 1000)
    store.age(1000 + ACTIVE_AFTER_S - 1)
    assert [f.state for f in store.take_changed()] == [FindingState.NEW]
    store.age(1000 + ACTIVE_AFTER_S)
    store.resolve(KIND, SUBJECT, 5000, "back to normal")
    (ended,) = store.take_changed()
    assert [step[:2] for step in ended.history] == [("new", 1000), ("active", 1600), ("resolved", 5000)]
    assert ended.why_resolved == "back to normal"
    assert store.standing() == []
    store.resolve(KIND, SUBJECT, 6000, "nothing is there")
    assert store.take_changed() == ()


def test_what_comes_back_is_a_new_finding() -> None:
    store = FindingStore()
    for number in (1, 2, 3):
        store.report(draft(number), number)
        assert [f.number for f in store.take_changed()] == [number]
        store.resolve(KIND, SUBJECT, number, "")
        store.take_changed()


def test_updates_need_time_and_a_material_change() -> None:
    store = FindingStore()
    store.report(draft(0), 0)
    store.take_changed()
    store.report(draft(10, 0.5), 10)
    assert store.take_changed() == (), "too soon"
    store.report(draft(LEAST_UPDATE_S, 0.899), LEAST_UPDATE_S)
    assert store.take_changed() == (), "says nothing new"
    store.report(draft(LEAST_UPDATE_S, 0.5), LEAST_UPDATE_S)
    (told,) = store.take_changed()
    assert (told.number, told.after, told.onset_s, told.found_s) == (1, 0.5, -60, 0)
    store.report(draft(LEAST_UPDATE_S + 1, 0.1, Severity.CRITICAL), LEAST_UPDATE_S + 1)
    assert store.take_changed()[0].severity is Severity.CRITICAL, "what gets worse is told at once"


def test_numbers_go_on_after_a_restart() -> None:
    first = FindingStore()
    first.report(draft(0), 0)
    stored = msgspec.json.decode(msgspec.json.encode(first.take_changed()), type=tuple[Finding, ...])
    second = FindingStore()
    second.restore(stored, 8)
    second.report(draft(LEAST_UPDATE_S, 0.2), LEAST_UPDATE_S)
    second.report(replace(draft(9), subject=SUBJECT._replace(node="elm")), 9)
    assert [(f.number, f.subject.node) for f in second.take_changed()] == [(1, "oak"), (8, "elm")]
