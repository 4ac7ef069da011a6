"""Rows of `earnings`: a satellite of a node, a node, all nodes of the view together; and the lists of the answer about the past."""

from __future__ import annotations

from typing import Annotated

from storj_monitor.model.estimates import PriceSource, StorageFormula
from storj_monitor.views.wire.fields import (
    Bytes,
    Count,
    NodeName,
    Percent,
    Period,
    SatelliteId,
    SatelliteName,
    Sentence,
    UnixSeconds,
    UsdMicros,
    Wire,
    doc,
    one_of,
)

PerTb = Annotated[int, doc("micro-dollars for a TB (1e12 bytes)")]
PerTbMonth = Annotated[int, doc("micro-dollars for a TB for a month (720 h)")]
UsdMicrosOrNull = Annotated[int | None, doc("micro-dollars (1e-6 USD), or null")]


class MonthSummary(Wire, frozen=True, kw_only=True):
    """One month: what a first look shows."""

    period: Period
    payout_usd_micros: Annotated[int, doc("micro-dollars that are paid out: gross less held")]


class Month(MonthSummary, frozen=True, kw_only=True):
    """One month, as far as it is estimated."""

    through: Annotated[float, doc("Unix seconds: up to here")]
    egress_bytes: Bytes
    repair_bytes: Bytes
    audit_bytes: Bytes
    storage_byte_months: Annotated[float, doc("bytes stored for a month of 720 hours")]
    egress_usd_micros: UsdMicros
    repair_usd_micros: UsdMicros
    audit_usd_micros: UsdMicros
    storage_usd_micros: UsdMicros
    gross_usd_micros: UsdMicros
    held_percent: Annotated[float | None, doc("percent that is held, by age; null in a sum of satellites")]
    held_usd_micros: UsdMicros
    disposed_usd_micros: Annotated[int, doc("micro-dollars, formerly held, expected back this month; in no other figure")]


class TheirsSummary(Wire, frozen=True, kw_only=True):
    """The node's own estimate: what a first look shows."""

    now_usd_micros: Annotated[int, doc("micro-dollars, this month so far, after held")]


class NodeOwnEstimate(TheirsSummary, frozen=True, kw_only=True):
    """The node's own estimate."""

    held_usd_micros: UsdMicros
    expected_usd_micros: Annotated[int, doc("micro-dollars at the month's end")]
    previous_usd_micros: Annotated[int, doc("micro-dollars of the month before, after held")]
    at: Annotated[float, doc("Unix seconds: when it was asked")]
    source: Annotated[str, one_of(("api",), "who said so")]


class PriceDifference(Wire, frozen=True, kw_only=True):
    """One figure of ours beside the other side's."""

    category: Annotated[str, doc("egress, repair, storage, payout, …")]
    ours_usd_micros: UsdMicros
    theirs_usd_micros: UsdMicros
    difference_usd_micros: Annotated[int, doc("micro-dollars, ours less theirs")]


class ComparisonSummary(Wire, frozen=True, kw_only=True):
    """Ours beside the node's own estimate: what a first look shows."""

    agrees: Annotated[bool, doc("no category is off by more than a cent")]
    reasons: Annotated[list[Sentence], doc("why they differ: sentences; a summary has the first")]


class Comparison(ComparisonSummary, frozen=True, kw_only=True):
    """Ours beside the node's own estimate."""

    differences: list[PriceDifference]


class Prices(Wire, frozen=True, kw_only=True):
    """What the satellite pays."""

    egress_usd_micros_per_tb: PerTb
    repair_usd_micros_per_tb: PerTb
    audit_usd_micros_per_tb: PerTb
    storage_usd_micros_per_tb_month: PerTbMonth
    source: Annotated[str, one_of((one.value for one in PriceSource), "the weakest source of the four")]
    overridden: Annotated[list[str], doc("names of those from the settings")]


class HeldSummary(Wire, frozen=True, kw_only=True):
    """What satellites hold: what a first look shows."""

    net_usd_micros: Annotated[int, doc("micro-dollars that are still held")]


class HeldSum(HeldSummary, frozen=True, kw_only=True):
    """What several satellites hold."""

    held_usd_micros: UsdMicros
    disposed_usd_micros: Annotated[int, doc("micro-dollars given back")]
    return_usd_micros: Annotated[int, doc("micro-dollars that come back in month 16")]
    exit_usd_micros: Annotated[int, doc("micro-dollars that only a graceful exit brings back")]
    lost_usd_micros: Annotated[int, doc("micro-dollars lost to disqualification")]


class Held(HeldSum, frozen=True, kw_only=True):
    """What one satellite holds."""

    stages_usd_micros: Annotated[tuple[int, int, int, int], doc("micro-dollars held in months 1-3, 4-6, 7-9 and later")]
    age_months: Annotated[int | None, doc("months since the node joined; null = unknown")]
    percent: Annotated[Percent, doc("percent held of this month")]
    next_percent: Annotated[float | None, doc("percent held from `next_period` on; null = it stays")]
    next_period: Annotated[str | None, doc("month, YYYY-MM, or null")]
    return_period: Annotated[str | None, doc("month in which half is due back, YYYY-MM; null = unknown, or given back already")]


class BalanceSummary(Wire, frozen=True, kw_only=True):
    """Approved and not transferred yet: what a first look shows."""

    undistributed_usd_micros: Annotated[int, doc("micro-dollars that wait, paystub by paystub")]


class Balance(BalanceSummary, frozen=True, kw_only=True):
    """Sums over paystubs."""

    earned_usd_micros: UsdMicros
    held_usd_micros: UsdMicros
    disposed_usd_micros: UsdMicros
    paid_usd_micros: Annotated[int, doc("micro-dollars approved")]
    distributed_usd_micros: Annotated[int, doc("micro-dollars transferred")]


class Band(Wire, frozen=True, kw_only=True):
    """Where the payout of the whole month lies in nine of ten cases."""

    low_usd_micros: UsdMicros
    high_usd_micros: UsdMicros


class Revenue(Wire, frozen=True, kw_only=True):
    """What a TB brings, before held."""

    storage_usd_micros_per_tb_month: Annotated[int | None, doc("micro-dollars; null = nothing is stored")]
    egress_usd_micros_per_tb: Annotated[int | None, doc("micro-dollars; null = nothing was served")]
    all_usd_micros_per_tb_month: Annotated[int | None, doc("micro-dollars of all income a TB stored; null = nothing is stored")]


class Unpaid(Wire, frozen=True, kw_only=True):
    """Data on the disk that nobody pays for."""

    trash_bytes: Bytes
    reclaimable_bytes: Bytes
    uncollected_bytes: Annotated[int, doc("bytes stored that satellites do not report")]
    total_bytes: Bytes
    total_usd_micros_per_month: Annotated[int, doc("micro-dollars that it would bring in a month")]


class Profit(Wire, frozen=True, kw_only=True):
    """What is left after costs."""

    revenue_usd_micros: UsdMicros
    power_usd_micros: UsdMicros
    fixed_usd_micros: UsdMicros
    profit_usd_micros: UsdMicros


class Currency(Wire, frozen=True, kw_only=True):
    """The other currency of the settings."""

    code: Annotated[str, doc("e.g. EUR")]
    per_usd: Annotated[float, doc("how much of it a dollar is worth")]


class LeftOutSatellite(Wire, frozen=True, kw_only=True):
    """A satellite whose month is in no sum."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    why: Sentence


class LeftOutPaystubs(Wire, frozen=True, kw_only=True):
    """A node whose paystubs, or newest ones, are in no sum."""

    node: NodeName
    why: Sentence


NowMonth = Annotated[Month | None, doc("this month so far; null = unknown")]
EndMonth = Annotated[Month | None, doc("the whole month at the present pace; null = too young to tell, or unknown")]
PreviousMonth = Annotated[Month | None, doc("the month before; null = unknown")]
Expected = Annotated[int | None, doc("micro-dollars at the month's end, computed the node's way; null = unknown")]
At = Annotated[UnixSeconds, doc("Unix seconds: the newest answer used")]
Theirs = Annotated[NodeOwnEstimate | None, doc("null = the node gives none")]
Compared = Annotated[Comparison | None, doc("null = there is nothing to compare with")]
RowName = Annotated[str, doc('of the satellite, or of the node; "" = all nodes')]
OfNode = Annotated[str, doc('name of the node; "" = all nodes')]
OfSatellite = Annotated[str, doc('id of the satellite; "" = all of them')]


class EarningsCommon(Wire, tag_field="kind", frozen=True, kw_only=True):
    """What the rows of all kinds have."""

    node: OfNode
    satellite: OfSatellite
    name: RowName
    source: Annotated[str, one_of(("computed",), "who said so")]
    at: At
    now: NowMonth
    month_end: EndMonth
    expected_usd_micros: Expected
    previous: PreviousMonth
    theirs: Theirs
    comparison: Compared


class EarningsSatelliteRow(EarningsCommon, tag="satellite", frozen=True, kw_only=True):
    """One satellite of a node. Key: `node/satellite`."""

    prices: Annotated[Prices | None, doc("null = the month is unknown")]
    formula: Annotated[str | None, one_of((*(one.value for one in StorageFormula), None), "how days of storage become byte-hours, or null")]
    joined_at: Annotated[float | None, doc("Unix seconds, or null")]
    disqualified_at: Annotated[float | None, doc("Unix seconds; null = it is not")]
    notes: Annotated[list[Sentence], doc("what a reader should know: sentences")]
    unknown: Annotated[str | None, doc("why the node's answer about it fails, or null")]
    held: Annotated[Held | None, doc("null = nothing is known")]


class EarningsSumCommon(EarningsCommon, frozen=True, kw_only=True):
    """What the rows of nodes and of the fleet have."""

    held: HeldSum
    balance: Balance
    band: Annotated[Band | None, doc("null with fewer than 7 whole days")]
    revenue: Annotated[Revenue | None, doc("null = unknown")]
    unpaid: Annotated[Unpaid | None, doc("null = unknown")]
    profit_now: Annotated[Profit | None, doc("this month so far; null where no cost is set")]
    profit_month_end: Annotated[Profit | None, doc("the whole month; null where no cost is set, or too young to tell")]
    currency: Annotated[Currency | None, doc("null = the settings name none")]
    left_out_satellites: Annotated[list[LeftOutSatellite], doc("satellites whose month is in no sum; their own row has null figures")]


class EarningsNodeRow(EarningsSumCommon, tag="node", frozen=True, kw_only=True):
    """One node. Key: its name."""

    forecast_reasons: Annotated[list[Sentence], doc("why the month's end is as it is: sentences")]


class EarningsFleetRow(EarningsSumCommon, tag="fleet", frozen=True, kw_only=True):
    """All nodes of the view together. Key: ""."""

    nodes: Annotated[Count, doc("nodes that are in the sums of this month")]
    left_out: Annotated[list[NodeName], doc("nodes without figures of this month")]
    without_costs: Annotated[list[NodeName], doc("nodes that no profit counts")]
    left_out_paystubs: list[LeftOutPaystubs]


EarningsRow = EarningsSatelliteRow | EarningsNodeRow | EarningsFleetRow


class EarningsNodeSummary(Wire, tag_field="kind", tag="node", frozen=True, kw_only=True):
    """What a view of several nodes has of a node's row; rows of satellites it has none."""

    node: OfNode
    satellite: OfSatellite
    name: RowName
    at: At
    expected_usd_micros: Expected
    now: Annotated[MonthSummary | None, doc("this month so far; null = unknown")]
    theirs: Annotated[TheirsSummary | None, doc("null = the node gives none")]
    comparison: Annotated[ComparisonSummary | None, doc("null = there is nothing to compare with")]
    held: HeldSummary
    balance: BalanceSummary


EarningsSummary = EarningsNodeSummary | EarningsFleetRow


class Paystub(Wire, frozen=True, kw_only=True):
    """What one satellite settled for one month."""

    node: NodeName
    node_id: Annotated[str, doc("a node that was set up anew under its old name has paystubs under both ids")]
    satellite: SatelliteId
    name: SatelliteName
    period: Period
    codes: Annotated[str, doc("the satellite's letters, e.g. D for disqualified")]
    surge_percent: Annotated[int, doc("100 = no surge")]
    storage_byte_months: Annotated[float, doc("bytes stored for a month of 720 hours")]
    egress_bytes: Bytes
    repair_bytes: Bytes
    audit_bytes: Bytes
    storage_usd_micros: UsdMicros
    egress_usd_micros: UsdMicros
    repair_usd_micros: UsdMicros
    audit_usd_micros: UsdMicros
    earned_usd_micros: UsdMicros
    held_usd_micros: UsdMicros
    disposed_usd_micros: UsdMicros
    paid_usd_micros: Annotated[int, doc("micro-dollars approved")]
    distributed_usd_micros: Annotated[int, doc("micro-dollars transferred")]
    receipt: Annotated[str, doc('as the node has it; "" = none')]
    network: Annotated[str, doc('that it was transferred by; "" = unknown')]
    transaction_url: Annotated[str, doc('"" = unknown')]


class PaidMonth(Balance, frozen=True, kw_only=True):
    """Sums over the paystubs of one month."""

    period: Period


class EstimateScore(Wire, frozen=True, kw_only=True):
    """The last estimate of a month beside its paystub."""

    node: NodeName
    satellite: SatelliteId
    name: SatelliteName
    period: Period
    estimated_usd_micros: UsdMicros
    paid_usd_micros: UsdMicros
    error_percent: Annotated[float | None, doc("100 x (estimate - paid) / paid; null when nothing was paid")]
    agrees: Annotated[bool, doc("no category is off by more than a cent")]
    reasons: list[Sentence]


class SummedDay(Wire, frozen=True, kw_only=True):
    """What one day has brought all nodes asked about, after held."""

    day: Annotated[float, doc("Unix seconds of its start, UTC")]
    payout_usd_micros: UsdMicros
    complete: Annotated[bool, doc("it is over and all of it is reported")]


class EarnedDay(SummedDay, frozen=True, kw_only=True):
    """What one day has brought one node, after held."""

    node: NodeName


class SummedForecast(Wire, frozen=True, kw_only=True):
    """What all nodes were expected to bring in a month, as it was on one day."""

    period: Period
    made: UnixSeconds
    expected_usd_micros: UsdMicros


class MadeForecast(SummedForecast, frozen=True, kw_only=True):
    """What one node was expected to bring in a month, as it was made on one day."""

    node: NodeName
    now_usd_micros: UsdMicros
    theirs_usd_micros: UsdMicrosOrNull


class EarningsSums(Wire, frozen=True, kw_only=True):
    """Of all nodes together, so that a page need not have each."""

    paystubs: Annotated[Count, doc("how many there are")]
    scores: Annotated[Count, doc("how many there are")]
    score_error_percent: Annotated[float | None, doc("percent, the median size of the error; null = there is none")]
    days: list[SummedDay]
    forecasts: Annotated[list[SummedForecast], doc("the last of each UTC day; a period begins when all nodes of it have one")]
