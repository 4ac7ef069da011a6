"""Findings in words: what is different, by how much, since when, after what, what most of it is made of, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from storj_monitor.model.analytics import Basis, Evidence, Finding, FindingKind, Metric
from storj_monitor.units import DAY_S, HOUR_S, MINUTE_S, format_bytes, format_hours

_NOUNS = {"up": "uploads", "down": "downloads", "": "transfers"}
_PREPOSITIONS = {"up": "from", "down": "for", "": "with"}

ADVICE: Mapping[tuple[Metric, bool], str] = {
    (Metric.SILENCE, True): "Look whether the node runs and its port is open; when it does, whether the monitor still reads its log.",
    (Metric.SILENCE, False): "The node still works for other satellites: look at this satellite's scores and at its status page.",
    (Metric.RATE, True): "Look at free space, at the online scores and at the network; all satellites can also be quiet together.",
    (Metric.RATE, False): "One satellite alone is mostly its customers' doing: look at its scores, then wait.",
    (
        Metric.SUCCESS,
        True,
    ): "Look at the disk (busy, full, filewalker or compaction running), the processor and the uplink of this machine.",
    (Metric.SUCCESS, False): "Compare with the other satellites: one alone is mostly the route to its customers, not this machine.",
    (Metric.ERRORS, True): "Read the reasons below: disk and database errors are yours to mend, resets and time-outs are the network.",
    (Metric.ERRORS, False): "Read the reasons below; compare with the other satellites.",
    (Metric.LATENCY, True): "A slow disk is the usual cause: look at filewalker, compaction, other programs on the disk, and its health.",
    (Metric.LATENCY, False): "Compare with the other satellites: one alone is mostly the way to its customers.",
    (Metric.GROWTH, True): "Look what is written: a log level of debug, a compaction, trash that is not emptied, or other programs.",
    (Metric.SPACE, True): "Add space, lower the allocation in time, or let it run full: a full node keeps serving but gets no uploads.",
    (Metric.BUDGET, True): "Put off maintenance until the score has recovered; keep the node online.",
    (Metric.EARNINGS, True): "Compare storage and egress with last month; deleted data, downtime and suspension lower both.",
}
SURGE_ADVICE = "More traffic is more pay; look that disk and uplink keep pace."
CHANGE_ADVICE = "Compare with your other nodes: when all have it, the version does it; when only this one, look at this machine."


def render_finding(
    draft: Finding, names: Mapping[str, str], reasons: Sequence[Evidence], cause: str, now_s: int, also: str = ""
) -> Finding:
    """The draft with title, text, advice, evidence and cause. Times are UTC. `also`: the other direction, when it has the same trouble."""
    subject = draft.subject
    if draft.kind is FindingKind.FORECAST or subject.metric is Metric.GROWTH:
        title, text = _space_words(draft, names)
        return replace(draft, title=title, text=text, advice=ADVICE[subject.metric, True])
    title = _headline(draft, names)
    since = f"since {_clock(draft.onset_s, now_s)}"
    parts = [f"{title} {since}"]
    if cause:
        parts.append(f"right after {cause}")
    text = ", ".join(parts)
    if reasons:
        first = reasons[0]
        text += f"; {_percent(first.part / first.whole, 0)} of failures are '{first.name}'"
    if also:
        text += f"; {_NOUNS[also]} too"
    if draft.kind is FindingKind.CHANGE:
        advice = CHANGE_ADVICE
    elif subject.metric is Metric.RATE and draft.after > draft.before:
        advice = SURGE_ADVICE
    else:
        advice = ADVICE[subject.metric, not subject.satellite]
    return replace(draft, title=title, text=text + ".", advice=advice, evidence=tuple(reasons), cause=cause)


def learning_words(hours: int, basis: Basis | None) -> str:
    """How much is known, for an operator. `basis` None: too little to judge anything."""
    if basis is None:
        seen = (
            "no full hour has been seen yet" if not hours else "one hour has been seen" if hours == 1 else f"{hours} hours have been seen"
        )
        return f"{seen}; the first judgements come after twelve"
    if basis is Basis.HOUR_OF_WEEK:
        return f"baselines from {hours} hours, for each hour of the week"
    return f"baselines from {hours} hours; full after four weeks"


def _headline(draft: Finding, names: Mapping[str, str]) -> str:
    node, satellite, direction, metric = draft.subject
    noun = _NOUNS[direction]
    place = f"{_PREPOSITIONS[direction]} {names.get(satellite) or satellite[:8]}" if satellite else f"of {node}"
    what = f"{noun} {place}" if not satellite else f"{node}: {noun} {place}"
    before, after = draft.before, draft.after
    verb = "fell" if after < before else "rose"
    if metric is Metric.SILENCE:
        return f"no {what} (usually {_rate(before)})" if not satellite else f"{node}: no {noun} {place} (usually {_rate(before)})"
    if metric is Metric.RATE:
        return f"{what} {verb} from {_rate(before)} to {_rate(after)}"
    if metric is Metric.SUCCESS:
        return (
            f"success of {what} {verb} from {_percent(before)} to {_percent(after)}"
            if not satellite
            else (f"{node}: success of {noun} {place} {verb} from {_percent(before)} to {_percent(after)}")
        )
    if metric is Metric.ERRORS:
        return (
            f"failed {what} {verb} from {_percent(before)} to {_percent(after)}"
            if not satellite
            else (f"{node}: failed {noun} {place} {verb} from {_percent(before)} to {_percent(after)}")
        )
    speed = "slower" if after > before else "faster"
    return f"{what} got {speed}: typically {_duration(after)} instead of {_duration(before)}"


def _space_words(draft: Finding, names: Mapping[str, str]) -> tuple[str, str]:
    node, satellite, _, metric = draft.subject
    before, after = draft.before, draft.after
    if metric is Metric.GROWTH:
        title = f"{node} grows by {format_bytes(round(after))} a day instead of {format_bytes(round(before))}"
        return title, f"{title} since {_clock(draft.onset_s, draft.changed_s)}."
    if metric is Metric.SPACE:
        title = f"{node} is full" if not after else f"{node} could be full in {_days(after)}"
        if after and draft.severity > 1:
            title = f"{node} will be full in {_days(after)}"
        return title, f"{title} at the present growth."
    if metric is Metric.BUDGET:
        title = f"{node} may be away for {format_hours(after)} at most" if after else f"{node} may not be away any more"
        worst = f" ({names.get(satellite) or satellite[:8]})" if satellite else ""
        return title, f"{title} before its online score{worst} is too low." if after else f"{title}: its online score{worst} is at 0.6."
    share = 1 - after / before if before else 0.0
    title = f"{node} will earn {_percent(share, 0)} less than last month"
    return title, f"{title}: {_usd(after)} instead of {_usd(before)}, more than the estimate's own error explains."


def _clock(at_s: int, now_s: int) -> str:
    when = datetime.fromtimestamp(at_s, UTC)
    return when.strftime("%H:%M") if now_s - at_s < 20 * HOUR_S else when.strftime("%Y-%m-%d %H:%M")


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %".replace(".0 %", " %")


def _rate(per_minute: float) -> str:
    if per_minute >= 1:
        return f"{per_minute:.3g} a minute"
    per_hour = per_minute * HOUR_S / MINUTE_S
    return f"{per_hour:.3g} an hour" if per_hour >= 1 else f"{per_minute * DAY_S / MINUTE_S:.2g} a day"


def _duration(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 950 else f"{ms / 1000:.1f} s"


def _days(days: float) -> str:
    if days < 2:
        return format_hours(24 * days)
    return f"{days:.0f} days"


def _usd(micros: float) -> str:
    return f"${micros / 1e6:.2f}"
