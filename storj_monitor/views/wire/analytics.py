"""Rows of `analytics`: findings, and how much the analytics have learnt of a node."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.analytics import Basis, FindingKind, FindingState, Severity
from storj_monitor.views.wire.fields import Count, Direction, NodeName, Sentence, StateName, WholeSeconds, Wire, doc, one_of

UNIT_NAMES = ("per_minute", "share", "ms", "bytes_per_day", "days", "hours", "usd_micros", "")
FindingStateName = Annotated[str, one_of((one.value for one in FindingState), "`new` for ten minutes")]


class FindingEvidence(Wire, frozen=True, kw_only=True):
    """What most of the failures say."""

    name: Annotated[str, doc('e.g. "connection reset"')]
    part: Annotated[Count, doc("so many")]
    whole: Annotated[Count, doc("of so many")]


class FindingStep(Wire, frozen=True, kw_only=True):
    """A state that a finding came into."""

    state: FindingStateName
    at: WholeSeconds
    value: Annotated[float, doc("what was seen then, in `unit`")]


class FindingRow(Wire, tag_field="row", tag="finding", frozen=True, kw_only=True):
    """One finding. Key: `finding/NUMBER`."""

    number: Annotated[int, doc("never used twice in one database; negative: a reason of the node's state")]
    node: NodeName
    satellite: Annotated[str | None, doc("id; null = all of the node's")]
    satellite_name: Annotated[str | None, doc("short name, or null")]
    direction: Annotated[Direction | None, one_of(("up", "down", None), "null = neither")]
    kind: Annotated[str, one_of((*(one.value for one in FindingKind), "state"), "`state`: a reason of the node's state, without figures")]
    node_state: Annotated[StateName | None, doc("the state that a reason makes; null for all others")]
    metric: Annotated[str, doc("what is out of the ordinary; of a reason of the node's state its rule's code")]
    severity: Annotated[str, one_of((one.name.lower() for one in Severity), "how bad it is")]
    state: FindingStateName
    resolved: Annotated[str | None, doc("null while it stands, then why it ended")]
    since: Annotated[int, doc("Unix seconds: when it began, by the data")]
    found: Annotated[int, doc("Unix seconds: when it was raised")]
    changed: Annotated[int, doc("Unix seconds: when anything of it changed last")]
    until: Annotated[int | None, doc("Unix seconds; null while it stands")]
    title: Annotated[str, doc("short")]
    text: Annotated[str, doc("the whole sentence; its times are UTC")]
    advice: Annotated[str, doc("what to do")]
    cause: Annotated[str | None, doc("the change that it came right after, or null")]
    unit: Annotated[str, one_of(UNIT_NAMES, 'of the figures; "" = there are none')]
    value: Annotated[float | None, doc("what is seen since then, in `unit`; null = no figure")]
    expected: Annotated[float | None, doc("what is normal (forecasts: the limit, or the month before), in `unit`; null = no figure")]
    band: Annotated[
        tuple[float | None, float | None] | None,
        doc("`[from, to]`, either null where that end is open: what would still be normal; forecasts: where `value` may lie; null = none"),
    ]
    z: Annotated[float | None, doc("robust z-score; null for forecasts")]
    samples: Annotated[int | None, doc("transfers that it rests on; null where it is not made of transfers")]
    evidence: Annotated[list[FindingEvidence], doc("most first, at most 3")]
    history: Annotated[list[FindingStep], doc("oldest first")]


class LearningRow(Wire, tag_field="row", tag="node", frozen=True, kw_only=True):
    """How much is known of a node. Key: `node/NAME`."""

    node: NodeName
    hours: Annotated[Count, doc("hours that its baselines are made of")]
    full_hours: Annotated[Count, doc("672: four weeks")]
    basis: Annotated[str, one_of(("none", *(one.value for one in Basis)), "what is compared with now; `none` = still learning")]
    text: Annotated[Sentence, doc('e.g. "baselines from 53 hours; full after four weeks"')]
    analysed_until: Annotated[int | None, doc("Unix seconds: all lines up to here were looked at; null before the first look")]
    series: Annotated[Count, doc("satellites and directions that are followed")]
    open_findings: Annotated[Count, doc("findings that are not resolved")]


AnalyticsRow = FindingRow | LearningRow
