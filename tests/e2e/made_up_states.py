"""Made-up nodes in trouble: one that is down, one at risk, the others well. In the product's own words and shapes."""

from __future__ import annotations

from typing import Any

from plain import plain

from storj_monitor.model.node_state import NodeState, NodeStateKind, StateReason, StateSource
from storj_monitor.views.node_states import reason_rows, state_reasons

DOWN = "The node does not start (tried 3 times). Its last words: “storage-dir-verification: no such file or directory”."
AT_RISK = "The disk is full (3.00 MB free)."
_FOUND = {
    "cellar": ("stopped", NodeStateKind.DOWN, DOWN, StateSource.LOG),
    "office": ("no_space", NodeStateKind.AT_RISK, AT_RISK, StateSource.FILE_SYSTEM),
}
_WELL = ("ok", NodeStateKind.OK, "All is well by log, API and /metrics.", StateSource.MONITOR)


def _judged(name: str, began: float) -> NodeState:
    code, kind, sentence, source = _FOUND.get(name, _WELL)
    since = began - 660
    return NodeState(kind, since, (StateReason(code, kind, sentence, since, source),))


def node_state(name: str, began: float) -> dict[str, Any]:
    """The fields of a row of topic `nodes`."""
    judged = _judged(name, began)
    return {
        "node_state": judged.kind.label,
        "node_state_since": judged.since,
        "node_state_reason": judged.sentence,
        "reasons": plain(state_reasons(judged)),
    }


def state_findings(name: str, began: float) -> list[dict[str, Any]]:
    """The reasons as rows of topic `analytics`."""
    found: list[dict[str, Any]] = plain(list(reason_rows(name, _judged(name, began))))
    return found
