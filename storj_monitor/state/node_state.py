"""From evidence to the one state of a node: the worst of all rules, with every reason.

OK is not the absence of trouble: it needs good evidence, fresh enough, from every source that is set.
"""

from __future__ import annotations

from storj_monitor.model.node_state import NOT_JUDGED, NodeEvidence, NodeState, NodeStateKind, StateReason, StateSource
from storj_monitor.state.node_conditions import NAMES, named
from storj_monitor.state.node_rules import RULES

_CAUSES = {
    "stopped": 0, "gone": 1, "severe_start": 1, "silent": 2, "not_heard": 3, "starting": 3, "source_silent": 4, "log_silent": 4,
}  # fmt: skip
"""Rules that tell the same from less and less evidence."""


def judge(evidence: NodeEvidence, now: float, before: NodeState = NOT_JUDGED) -> NodeState:
    """The state now. `before` only lends its begin to a state of the same kind that has no date of its own."""
    reasons = [reason for rule in RULES if getattr(evidence, rule.needs) for reason in rule.reasons(evidence, now)]
    if len(reasons) > 1:
        reasons = [one for one in reasons if not _is_told_by(one, reasons)]
    reasons.sort(key=lambda one: one.kind)  # stable: of one kind, the order of the table
    if not reasons or reasons[0].kind >= NodeStateKind.OK:
        reasons.insert(0, _best(evidence, now))
    kind = reasons[0].kind
    return NodeState(kind, _since(kind, reasons, now, before), tuple(reasons))


def _is_told_by(one: StateReason, reasons: list[StateReason]) -> bool:
    """That sources are silent says nothing new of a node of which it is known that it is down."""
    place = _CAUSES.get(one.code)
    return place is not None and any(_CAUSES.get(other.code, place) < place for other in reasons)


def _best(evidence: NodeEvidence, now: float) -> StateReason:
    """Where no rule finds anything: OK if every source says so, else not known."""
    required = [one for one in evidence.sources if one.required]
    if not required:
        return NOT_JUDGED.reasons[0]
    missing = [one for one in required if not one.is_good(now)]
    if missing:
        sentence = f"Nothing good has been heard of the {NAMES[missing[0].source]} yet."
        return StateReason("pending", NodeStateKind.LEARNING, sentence, missing[0].since, missing[0].source)
    speaking = [one for one in evidence.sources if one.speaks(now)]
    if not speaking:
        why = "is above INFO, so that neither its lines nor its silence show it" if required[0].is_mute else "has nothing but errors so far"
        sentence = f"Whether the node works is unknown: its log {why}, and there is no other source."
        return StateReason("no_data", NodeStateKind.NO_DATA, sentence, None, required[0].source)
    words = named(speaking)
    oldest = min(one.good_at for one in speaking if one.good_at is not None)
    return StateReason("ok", NodeStateKind.OK, f"All is well by {words}.", None, StateSource.MONITOR, "", oldest)


def _since(kind: NodeStateKind, reasons: list[StateReason], now: float, before: NodeState) -> float | None:
    """The first of the reasons of this kind; as long as the state lasts it does not begin later than it was said to."""
    if kind is NodeStateKind.NO_DATA:
        return None
    dates = [one.since for one in reasons if one.kind is kind and one.since is not None]
    if before.kind is kind and before.since is not None:
        dates.append(before.since)
    return min(dates, default=now)
