"""What makes a node down, at risk or worth a warning: one table of rules, and the judge that goes by it. Conditions: node_conditions."""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.model.node_state import NOT_JUDGED, NodeEvidence, NodeState, NodeStateKind, StandingLevel, StateReason, StateSource
from storj_monitor.state.node_conditions import (
    NAMES,
    Find,
    at_satellite,
    below_minimum,
    has_no_space,
    has_stopped,
    is_gone,
    is_overused,
    is_pending,
    is_silent,
    is_starting,
    log_is_silent,
    log_is_unread,
    named,
    no_contact,
    no_storage_folder,
    quic_misconfigured,
    remarked,
    says_not_healthy,
    source_is_silent,
    standing_findings,
)
from storj_monitor.units import plain_text

MOST_SENTENCE = 700
_CAUSES = {
    "stopped": 0, "gone": 1, "severe_start": 1, "silent": 2, "not_heard": 3, "starting": 3, "source_silent": 4, "log_silent": 4,
}  # fmt: skip
"""Rules that tell the same from less and less evidence."""


class Rule(NamedTuple):
    """`when` is the condition in words, `advice` what to do, `needs` the evidence without which it has nothing to say."""

    code: str
    kind: NodeStateKind
    when: str
    advice: str
    needs: str
    find: Find

    def reasons(self, evidence: NodeEvidence, now: float) -> list[StateReason]:
        """What this rule has to say."""
        return [
            StateReason(
                self.code,
                self.kind if one.kind is None else one.kind,
                plain_text(one.sentence, MOST_SENTENCE),
                one.since,
                one.source,
                one.subject,
                one.evidence_at,
            )
            for one in self.find(evidence, now)
        ]


_DOWN, _RISK, _WARN, _LEARN = NodeStateKind.DOWN, NodeStateKind.AT_RISK, NodeStateKind.WARNING, NodeStateKind.LEARNING

RULES: tuple[Rule, ...] = (
    Rule(
        "stopped",
        _DOWN,
        "The log shows that the process has ended or does not start, and nothing has answered since.",
        "Read its last words, mend what they name, and start the node.",
        "process",
        has_stopped,
    ),
    Rule(
        "gone",
        _DOWN,
        "Two of API, /metrics and public port refuse connections, and the log has no later line.",
        "Start the node; if it ends again, the last lines of its log say why.",
        "sources",
        is_gone,
    ),
    Rule(
        "silent",
        _DOWN,
        "Two sources say nothing for three minutes, counted from their last good answer or line, and no other says anything later; or the "
        "only one: an API for three minutes, a log for half an hour and three times what is long for it, but no longer than six hours.",
        "Look whether the machine, its network and the node's process run; if they do, whether the addresses in the settings are right.",
        "sources",
        is_silent,
    ),
    Rule(
        "not_heard",
        _DOWN,
        "For a minute two of log, API, /metrics and public port agree that the node is away; of a log, by its own rhythm.",
        "Look whether the machine, its network and the node's process run.",
        "warnings",
        remarked("not_heard"),
    ),
    Rule(
        "disqualified",
        _RISK,
        "A satellite has disqualified the node, or its audit score is at 0.96 or below.",
        "It is final. The other satellites go on: find out why pieces were lost before the same happens there.",
        "standings",
        at_satellite(StandingLevel.DISQUALIFIED),
    ),
    Rule(
        "suspended",
        _RISK,
        "A satellite has suspended the node for unknown audit results.",
        "Look for errors of GET_AUDIT in the log (disk, permissions, time-outs) and mend them; it ends by itself when audits succeed.",
        "standings",
        at_satellite(StandingLevel.SUSPENDED),
    ),
    Rule(
        "offline_suspended",
        _RISK,
        "The online score at a satellite is below 0.6 and it has 30 days of audits of this node.",
        "Keep the node online: the score recovers as the windows of downtime leave the last 30 days.",
        "standings",
        at_satellite(StandingLevel.OFFLINE_SUSPENDED),
    ),
    Rule(
        "no_space",
        _RISK,
        "Writes failed for want of space in the last half hour and no upload has worked since, or the disk has less free than a node "
        "needs (1 GB, or 5 % of a small allocation).",
        "Make room on the disk or lower the allocation: databases and compactions fail on a full disk.",
        "space",
        has_no_space,
    ),
    Rule(
        "storage_folder",
        _RISK,
        "The storage folder in the settings cannot be looked at.",
        "Look whether the disk is mounted. Do not start the node on an empty folder.",
        "space",
        no_storage_folder,
    ),
    Rule(
        "version",
        _RISK,
        "The version is below the oldest one that is allowed, by API or log.",
        "Update the node: below the minimum it gets no uploads and does not start again.",
        "version",
        below_minimum,
    ),
    Rule(
        "no_contact",
        _RISK,
        "No satellite has ever reached a node that runs for half an hour, or the last contact is two hours ago.",
        "Check port forwarding (TCP and UDP), firewall, and the external address in the node's settings.",
        "contact",
        no_contact,
    ),
    Rule(
        "standing_at_risk",
        _RISK,
        "Few more failed audits or hours away lead to suspension or disqualification.",
        "See the reputation card for what is left and why.",
        "standings",
        at_satellite(StandingLevel.AT_RISK),
    ),
    Rule(
        "severe_data",
        _RISK,
        "In the last day the log had an entry that threatens data: disk, database, missing or damaged pieces (a full disk is `no_space`).",
        "See the errors card for the whole line. Check the disk (SMART, file system) before anything else.",
        "warnings",
        remarked("severe_data"),
    ),
    Rule(
        "severe_start",
        _WARN,
        "In the last hour the log had an entry that threatens the node's life, and the node has not started again since.",
        "See the errors card for the whole line.",
        "warnings",
        remarked("severe_start"),
    ),
    Rule(
        "severe_reputation",
        _WARN,
        "In the last six hours the log had an entry that costs reputation.",
        "See the errors card for the whole line, and the reputation card for the scores.",
        "warnings",
        remarked("severe_reputation"),
    ),
    Rule(
        "starting",
        _WARN,
        "The process has begun, and its log does not say yet that the node has started.",
        "Wait: with a hashstore it can take ten minutes. Longer: read the log.",
        "process",
        is_starting,
    ),
    Rule(
        "source_silent",
        _WARN,
        "A source that is set (or the public port, once it has answered) does not answer.",
        "Look whether the address in the settings is right and the node's port is open to the monitor.",
        "sources",
        source_is_silent,
    ),
    Rule(
        "log_unread",
        _WARN,
        "The log cannot be read. That says nothing about the node itself, unless the log was read before and is gone.",
        "The reason names the file; `storj_monitor check-config` says more.",
        "sources",
        log_is_unread,
    ),
    Rule(
        "log_silent",
        _WARN,
        "The log is read to its end and has no new line, for longer than its own rhythm (and the threshold `silent`) allow.",
        "Look whether the node works, and whether this is still its log.",
        "sources",
        log_is_silent,
    ),
    Rule(
        "quic",
        _WARN,
        "The node says that QUIC is misconfigured.",
        "Forward the node's port for UDP as well as for TCP.",
        "contact",
        quic_misconfigured,
    ),
    Rule(
        "not_healthy",
        _WARN,
        "The health answer on the public port is no, and no other source says why.",
        "See the reputation card: the node's rule is disqualified, suspended, or an online score below 0.9 at any satellite.",
        "healthy_at",
        says_not_healthy,
    ),
    Rule(
        "standing_watch",
        _WARN,
        "Audits failed lately, or the audit score falls.",
        "See the reputation card for the pieces and the reasons.",
        "standings",
        at_satellite(StandingLevel.WATCH),
    ),
    Rule(
        "leaving",
        _WARN,
        "The node is leaving a satellite (graceful exit), by its log or its newest paystub there.",
        "Keep the node online until it is complete; what is held back is paid after that.",
        "warnings",
        remarked("leaving"),
    ),
    Rule(
        "overused",
        _WARN,
        "The node uses more than its allocation, by more than 1 %.",
        "Nothing is lost. Raise the allocation where the disk has room, or wait for the trash to be emptied.",
        "space",
        is_overused,
    ),
    Rule(
        "clock",
        _WARN,
        "The node's clock is off, by its own check or against the monitor's.",
        "Set the clock (NTP): satellites refuse orders of a node whose clock is wrong.",
        "warnings",
        remarked("clock"),
    ),
    Rule(
        "other_node",
        _WARN,
        "Log and API under one name, or the lines of one log, are of different nodes.",
        "Give each node its own log and API in the settings.",
        "warnings",
        remarked("other_node"),
    ),
    Rule(
        "log_poor",
        _WARN,
        "Next to nothing of the log is understood.",
        "The sentence says how to give the log; the log card has examples of its lines.",
        "warnings",
        remarked("log_poor"),
    ),
    Rule(
        "not_kept",
        _WARN,
        "The monitor cannot write its database, so that no log is read.",
        "Make room for the monitor's database, or mend its disk.",
        "warnings",
        remarked("not_kept"),
    ),
    Rule(
        "route",
        _WARN,
        "The API answers, but not every route of it.",
        "The health card has each route and its error; figures that come from it grow old.",
        "warnings",
        remarked("route"),
    ),
    Rule(
        "finding",
        _WARN,
        "A finding of the analytics stands; critical ones are a risk.",
        "See the finding.",
        "findings",
        standing_findings,
    ),
    Rule(
        "pending",
        _LEARN,
        "A source has not been tried yet, or the log is still being read up to now.",
        "Wait a moment.",
        "sources",
        is_pending,
    ),
    Rule(
        "left",
        NodeStateKind.OK,
        "The node has left a satellite (graceful exit is complete): a note, no trouble.",
        "Nothing: the satellite pays what it held back with the next payout.",
        "warnings",
        remarked("left"),
    ),
    Rule(
        "log_level",
        NodeStateKind.OK,
        "The log is above INFO or has no transfers by its settings: a note on what cannot be known, no trouble.",
        "Set log.level to info, or give the node's debug address (metrics).",
        "warnings",
        remarked("log_level"),
    ),
    Rule(
        "log_moved",
        NodeStateKind.OK,
        "The log is followed, with something to say about its file: a note, no trouble.",
        "Restart the node or let it reopen its log, if it goes on writing into the old file.",
        "warnings",
        remarked("log_moved"),
    ),
)  # fmt: skip


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
