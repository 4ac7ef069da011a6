"""Findings and the state of learning as rows: what the document of the API says of them, for every kind."""

from __future__ import annotations

import jsonschema
import pytest
from plain import plain

from storj_monitor.model.analytics import Basis, Evidence, Finding, FindingKind, FindingState, Learning, Metric, Severity, Step, Subject
from storj_monitor.model.node_state import NodeState, NodeStateKind, StateReason, StateSource
from storj_monitor.server.openapi import answer_schema
from storj_monitor.state.node_status import NodeRegistry, NodeStatus, Topic
from storj_monitor.state.nodes import State
from storj_monitor.views.analytics import HELP_TEXTS, AnalyticsView, finding_row, learning_row
from storj_monitor.views.node_states import reason_rows

SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
AT = 1_793_318_400


def finding(number: int, metric: Metric, kind: FindingKind = FindingKind.ANOMALY, node: str = "a") -> Finding:
    has_satellite = metric < Metric.GROWTH
    return Finding(
        number=number,
        kind=kind,
        subject=Subject(node, SATELLITE if has_satellite else "", "up" if has_satellite else "", metric),
        state=FindingState.NEW,
        severity=Severity.WARNING,
        onset_s=AT,
        found_s=AT + 300,
        changed_s=AT + 300,
        before=0.123456789,
        after=2.0,
        band=(None, 1.23456789) if has_satellite else None,
        score=5.5,
        samples=70,
        evidence=(Evidence("connection reset", 4, 5),),
        history=(Step(FindingState.NEW, AT + 300, 2.0),),
    )


def answer(*findings: Finding) -> dict[str, object]:
    node = NodeStatus("a")
    rows = [plain(finding_row(one)) for one in findings]
    return {
        "from": 0,
        "to": 60,
        "as_of": 1.0,
        "nodes": ["a"],
        "rows": rows,
        "more": 0,
        "learning": [plain(learning_row(node))],
        "help": plain(HELP_TEXTS),
    }


@pytest.mark.parametrize("metric", list(Metric))
@pytest.mark.parametrize("kind", list(FindingKind))
def test_every_kind_is_as_the_document_says_and_has_help(metric: Metric, kind: FindingKind) -> None:
    standing = finding(1, metric, kind)
    ended = standing.moved(FindingState.RESOLVED, AT + 900)
    jsonschema.validate(answer(standing, ended), answer_schema("findings"))
    assert HELP_TEXTS[metric.label]


def test_what_nobody_knows_is_null() -> None:
    known, unknown = plain(finding_row(finding(1, Metric.SUCCESS))), plain(finding_row(finding(2, Metric.BUDGET, FindingKind.FORECAST)))
    assert (known["satellite_name"], known["direction"], known["z"], known["samples"]) == ("us1", "up", 5.5, 70)
    assert (known["expected"], known["band"]) == (0.123457, [None, 1.23457])
    assert [
        unknown[name] for name in ("satellite", "satellite_name", "direction", "z", "samples", "band", "cause", "until", "resolved")
    ] == [None] * 9
    row = plain(learning_row(NodeStatus("a")))
    assert (row["hours"], row["basis"], row["analysed_until"], row["open_findings"]) == (0, "none", None, 0)


def test_a_finding_that_ended_says_when_and_why() -> None:
    ended = finding(1, Metric.SILENCE).moved(FindingState.RESOLVED, AT + 900)
    row = plain(finding_row(ended))
    assert (row["state"], row["until"]) == ("resolved", AT + 900)
    assert row["history"] == [{"state": "new", "at": AT + 300, "value": 2.0}, {"state": "resolved", "at": AT + 900, "value": 2.0}]


def test_rows_of_the_asked_nodes_made_anew_only_for_a_change() -> None:
    registry, view = NodeRegistry(["a", "b"]), AnalyticsView(State(["a", "b"]))
    a, b = registry.of("a"), registry.of("b")
    a.insight.findings[7] = finding(7, Metric.RATE)
    a.insight.learning = Learning("a", 53, Basis.OVERALL, "baselines from 53 hours; full after four weeks", AT, 3)
    assert list(plain(view.rows([a, b]))) == ["node/a", "finding/7", "node/b"]
    assert list(plain(view.rows([b]))) == ["node/b"]
    assert plain(view.rows([a]))["node/a"]["open_findings"] == 1
    a.insight.findings[7] = a.insight.findings[7].moved(FindingState.RESOLVED, AT + 900)
    assert plain(view.rows([a]))["node/a"]["open_findings"] == 1, "nobody said that it changed"
    registry.changed("a", Topic.ANALYTICS)
    assert plain(view.rows([a]))["node/a"]["open_findings"] == 0
    assert plain(view.rows([a]))["finding/7"]["until"] == AT + 900


def test_only_a_reason_about_a_satellite_names_one() -> None:
    never = StateReason("no_contact", NodeStateKind.AT_RISK, "No satellite has ever reached this node.", None, StateSource.API, "never")
    lost = StateReason("disqualified", NodeStateKind.AT_RISK, "us1: disqualified.", float(AT), StateSource.API, SATELLITE)
    rows = plain(list(reason_rows("a", NodeState(NodeStateKind.AT_RISK, float(AT), (never, lost)))))
    assert [(row["satellite"], row["satellite_name"]) for row in rows] == [(None, None), (SATELLITE, "us1")]
