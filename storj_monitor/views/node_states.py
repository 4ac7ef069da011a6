"""The one state of a node on the wire: in rows of nodes, and its reasons as findings beside those of the analytics."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from storj_monitor.model.ids import satellite_name
from storj_monitor.model.node_state import NodeState, NodeStateKind, StandingLevel, StateReason
from storj_monitor.state.node_rules import RULES
from storj_monitor.views.wire import tables as wire
from storj_monitor.views.wire.analytics import FindingRow

_RULES = {rule.code: rule for rule in RULES}
_SEVERITIES = {
    NodeStateKind.DOWN: "critical",
    NodeStateKind.AT_RISK: "critical",
    NodeStateKind.WARNING: "warning",
    NodeStateKind.OK: "info",
}
_AT_SATELLITE = frozenset(StandingLevel)
"""Their subject is a satellite."""
_NO_FINDING = frozenset({"finding", "ok", "no_data"})
"""Reasons that are findings of the analytics already, or none at all."""


def state_reasons(judged: NodeState) -> list[wire.StateReason]:
    """All reasons of a state, the worst first."""
    return [
        wire.StateReason(
            code=one.code,
            state=one.kind.label,
            sentence=one.sentence,
            since=one.since,
            source=one.source.value,
            subject=one.subject or None,
        )
        for one in judged.reasons
    ]


def reason_rows(node: str, judged: NodeState) -> Iterator[FindingRow]:
    """What stands at once, without learning: one row `finding` a reason."""
    for one in judged.reasons:
        severity = _SEVERITIES.get(one.kind)
        if severity is not None and one.code not in _NO_FINDING:
            yield _finding(node, one, severity, judged.since)


def _finding(node: str, one: StateReason, severity: str, state_since: float | None) -> FindingRow:
    rule = _RULES[one.code]
    since = round(one.since or state_since or 0.0)
    satellite = one.subject if one.code in _AT_SATELLITE else ""
    sentence = one.sentence.rstrip(".")
    return FindingRow(
        number=-1 - zlib.crc32(f"{one.code}/{node}/{one.subject}".encode()),
        node=node,
        satellite=satellite or None,
        satellite_name=satellite_name(satellite) or None,
        direction=None,
        kind="state",
        node_state=one.kind.label,
        metric=one.code,
        severity=severity,
        state="active",
        resolved=None,
        since=since,
        found=since,
        changed=since,
        until=None,
        title=f"{node}: {sentence}",
        text=f"{one.sentence} {rule.when}",
        advice=rule.advice,
        cause=None,
        unit="",
        value=None,
        expected=None,
        band=None,
        z=None,
        samples=None,
        evidence=[],
        history=[],
    )
