"""Topic `analytics` and question `findings`: findings and the state of learning, as they go on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from types import MappingProxyType

from storj_monitor.model.analytics import FULL_HOURS, Band, Finding, FindingKind, FindingState, Learning, Metric
from storj_monitor.model.figures import Help
from storj_monitor.model.ids import satellite_name
from storj_monitor.state.node_status import NodeStatus, Topic
from storj_monitor.state.nodes import State
from storj_monitor.views.figures import helps
from storj_monitor.views.memo import Memo
from storj_monitor.views.node_states import reason_rows
from storj_monitor.views.wire import analytics as wire
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.topics import Rows

UNITS = MappingProxyType(
    {
        Metric.RATE: "per_minute",
        Metric.SUCCESS: "share",
        Metric.LATENCY: "ms",
        Metric.ERRORS: "share",
        Metric.SILENCE: "per_minute",
        Metric.GROWTH: "bytes_per_day",
        Metric.SPACE: "days",
        Metric.BUDGET: "hours",
        Metric.EARNINGS: "usd_micros",
    }
)
_OF_TRANSFERS = frozenset({Metric.RATE, Metric.SUCCESS, Metric.LATENCY, Metric.ERRORS, Metric.SILENCE})

HELP = MappingProxyType(
    {
        Metric.RATE.label: Help(
            "Transfers a minute, against the same hour of other weeks (of other days, or of all hours, while there are no four weeks).",
            "It follows day and week; half or double of what is usual happens.",
            "All satellites together: look at free space and the network. One alone: mostly its customers' doing.",
        ),
        Metric.SUCCESS.label: Help(
            "Share of transfers that succeeded; canceled ones count against it.",
            "From 95 % up, steady from day to day.",
            "Read what most failures say. All satellites: the disk, the processor, the uplink. One alone: the way to it.",
        ),
        Metric.LATENCY.label: Help(
            "How long a successful transfer typically takes (the mean of the durations' logarithms).",
            "Within a fifth of what it was in the same hour of other weeks.",
            "A slow disk is the usual cause: filewalker, compaction, other programs, its health.",
        ),
        Metric.ERRORS.label: Help(
            "Share of transfers that failed; canceled ones are not in it.",
            "Below 1 %.",
            "Read the reasons: disk and database errors are yours to mend, resets and time-outs are the network.",
        ),
        Metric.SILENCE.label: Help(
            "No transfers at all where some should have come. Only judged while the log is read up to its end.",
            "A busy node is never silent for minutes, a slow one may be for hours.",
            "Look whether the node runs, its port is open, and the monitor reads the right log.",
        ),
        Metric.GROWTH.label: Help(
            "How fast used space grows, in stretches of six minutes, against the last week.",
            "Steady, with the traffic.",
            "Look what is written: a log level of debug, trash that is not emptied, other programs.",
        ),
        Metric.SPACE.label: Help(
            "Days until the node is full at its present growth, with the forecast's band.",
            "Many weeks, or full for long already.",
            "Add space or lower the allocation in time; a full node keeps serving but gets no uploads.",
        ),
        Metric.BUDGET.label: Help(
            "Hours that the node may be away until its worst online score is too low.",
            "Several days.",
            "Keep the node online until the score has recovered.",
        ),
        Metric.EARNINGS.label: Help(
            "The month's expected payout against the month before, when it is lower by more than a quarter and the estimate's own error.",
            "About the month before.",
            "Compare storage and egress with last month; deleted data, downtime and suspension lower both.",
        ),
    }
)
HELP_TEXTS = helps(HELP)


class AnalyticsView:
    """Rows are made once for a change of a node, however many pages look. Reasons of its state are findings from the first moment."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._made: Memo[Rows] = Memo()

    def rows(self, nodes: Iterable[NodeStatus]) -> Rows:
        """By `node/NAME` and `finding/NUMBER`."""
        found: dict[str, Wire] = {}
        for node in nodes:
            found.update(self._made.of(node.name, node.revisions[Topic.ANALYTICS], partial(self._rows, node)))
        return found

    def _rows(self, node: NodeStatus) -> Rows:
        rows: dict[str, wire.FindingRow | wire.LearningRow] = {f"node/{node.name}": learning_row(node)}
        rows.update((f"finding/{row.number}", row) for row in self.reasons(node.name))
        rows.update((f"finding/{one.number}", finding_row(one)) for one in node.insight.findings.values())
        return rows

    def reasons(self, name: str) -> list[wire.FindingRow]:
        """Why the node is in the state that it is in, as findings."""
        live = self._state.nodes.get(name)
        return [] if live is None else list(reason_rows(name, live.judged))


def learning_row(node: NodeStatus) -> wire.LearningRow:
    """How much is known of a node."""
    known = node.insight.learning or Learning(node.name, 0, None, "the first look comes within a minute", 0, 0)
    return wire.LearningRow(
        node=node.name,
        hours=known.hours,
        full_hours=FULL_HOURS,
        basis="none" if known.basis is None else known.basis.value,
        text=known.words,
        analysed_until=known.through_s or None,
        series=known.series,
        open_findings=sum(one.state is not FindingState.RESOLVED for one in node.insight.findings.values()),
    )


def finding_row(one: Finding) -> wire.FindingRow:
    """One finding. Figures have six digits at most."""
    node, satellite, direction, metric = one.subject
    stands = one.state is not FindingState.RESOLVED
    return wire.FindingRow(
        number=one.number,
        node=node,
        satellite=satellite or None,
        satellite_name=satellite_name(satellite) or None,
        direction=direction or None,
        kind=one.kind.value,
        node_state=None,
        metric=metric.label,
        severity=one.severity.name.lower(),
        state=one.state.value,
        resolved=None if stands else one.why_resolved,
        since=one.onset_s,
        found=one.found_s,
        changed=one.changed_s,
        until=one.resolved_s,
        title=one.title,
        text=one.text,
        advice=one.advice,
        cause=one.cause or None,
        unit=UNITS[metric],
        value=_short(one.after),
        expected=_short(one.before),
        band=_band(one.band),
        z=None if one.kind is FindingKind.FORECAST else one.score,
        samples=one.samples if metric in _OF_TRANSFERS else None,
        evidence=[wire.FindingEvidence(name=name, part=part, whole=whole) for name, part, whole in one.evidence],
        history=[wire.FindingStep(state=step.state.value, at=step.at_s, value=_short(step.value)) for step in one.history],
    )


def _band(band: Band | None) -> tuple[float | None, float | None] | None:
    if band is None:
        return None
    low, high = band
    return None if low is None else _short(low), None if high is None else _short(high)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
