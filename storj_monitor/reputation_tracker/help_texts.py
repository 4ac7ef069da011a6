"""The words beside reputation figures, by the name of the figure."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.model.figures import Help

HELP: Mapping[str, Help] = {
    "standing": Help(
        "The verdict on this node at this satellite, the worst first.",
        "Healthy, or vetting for a new node.",
        "Read the reason beside it. Disqualified is final: the node earns nothing more at that satellite.",
    ),
    "audit_score": Help(
        "How well the node proved that it still has the pieces it should have. Every failed audit takes a thousandth, good ones give it "
        "back slowly.",
        "1. Anything below means that audits failed lately.",
        "At 0.96 or below the node is disqualified for ever. Look at the failing pieces and at the disk before that.",
    ),
    "failures_allowed": Help(
        "How many audits may fail in a row from now on without disqualification; the one after them brings it.",
        "40 at a score of 1.",
        "Below 20: find out now why audits fail. If the disk is unreliable, a node that is off loses less than one that fails audits.",
    ),
    "hours_to_disqualification": Help(
        "When the audit score reaches 0.96 if audits go on failing at the present rate.",
        "Never.",
        "Stop the cause: a broken disk, a wrong mount, lost files, a disk that answers too late.",
    ),
    "suspension_score": Help(
        "Audits that ended with an error that the satellite does not know. Suspended at 0.6 or below, and free again above it.",
        "1. It recovers within some sixty good audits.",
        "Read the node's errors: usually a disk or a permission that fails in an unusual way.",
    ),
    "suspension_allowed": Help(
        "How many audits in a row may end with an unknown error before the node is suspended.",
        "9 at a score of 1; less in the first hundred audits of a new node, each of which weighs more.",
        "Suspension ends by itself, but there is no traffic while it lasts: look at the node's errors before it is 0.",
    ),
    "online_score": Help(
        "Share of audits that found the node online: the mean over the windows (12 hours) of the last 30 days.",
        "Above 0.99.",
        "Below 0.6 the node is suspended until it rises again; one audited for less than 30 days is not yet. Use the downtime "
        "log to find out when it was away.",
    ),
    "missed_audits": Help(
        "Audits without success: missed while offline, unknown, or failed. Only the audit score tells whether any failed.",
        "Small beside the total.",
        "With an audit score of 1 these are offline times: nothing is lost.",
    ),
    "vetting": Help(
        "A new node gets little traffic until a satellite has audited it 100 times and knows it for 504 hours (21 days).",
        "About a month to some months; it differs from satellite to satellite.",
        "Nothing: keep the node online.",
    ),
    "disqualified_at": Help(
        "When the satellite disqualified the node. Scores beside it are the last ones and may still say 1: the date decides.",
        "Never.",
        "It is final. `forget-satellite` frees the space; the held amount of that satellite is lost.",
    ),
    "suspended_at": Help(
        "When the satellite suspended the node for unknown audit results. Suspension for being offline is not told by the node's API.",
        "Never.",
        "Find the error in the log; the suspension ends by itself when the score is above 0.6.",
    ),
    "offline_windows": Help(
        "Windows of the audit history in which audits did not find the node.",
        "None, or short ones after restarts.",
        "Compare with the downtime log. Windows without a downtime point to a line or a port that fails now and then.",
    ),
    "downtime_budget": Help(
        "How long the node may be off from now on before its online score is below 0.6 and the satellite suspends it for that. A satellite "
        "suspends only once it has 60 windows of 12 hours of the node.",
        "288 hours (12 days) after a month without downtime.",
        "Plan maintenance within it. After 4 hours off there are no new uploads, after 30 days the node is disqualified.",
    ),
    "failing_pieces": Help(
        "Pieces whose audits or repairs failed, from the log.",
        "None.",
        "The same piece again and again: it is lost, but one piece does little harm. Many different pieces: the disk or the mount is bad.",
    ),
    "found_in_trash": Help(
        "Pieces that were asked for while they lay in the trash; they were still served.",
        "None, or a few.",
        "Do not empty the trash by hand. Many: keep the node running, so that the satellite can call them back.",
    ),
    "downtimes": Help(
        "When satellites could not reach the node: from the lines of its process and the pauses of its log, its API and /metrics, our own "
        "probe of its port, and check-ins that failed at several satellites. It is up from `Node … started` on. Certain when the log shows "
        "a stop, or a start without one (killed, power cut), when our probe failed, or when two of them agree.",
        "A minute or two at each update.",
        "Suspected ones have one witness only; look what else happened at that time.",
    ),
}
