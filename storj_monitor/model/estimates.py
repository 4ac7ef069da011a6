"""What we compute about earnings. Money is whole micro-dollars (1e-6 USD), so that sums are exact.

Times are Unix milliseconds (UTC), periods are `YYYY-MM`, a TB is 1e12 bytes, a byte-month is 720 byte-hours.
`satellite` is "" where a figure is a sum over satellites.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

MICROS_PER_CENT = 10_000
MICROS_PER_USD = 1_000_000
TB_BYTES = 10**12
MONTH_H = 720


class PriceSource(StrEnum):
    """Where a price comes from, best first. PUBLISHED is the last resort: nobody asked the satellite."""

    SETTINGS = "settings"
    NODE = "node"
    PUBLISHED = "published"


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid by one satellite. `source` is the weakest source of the four; `overridden` names the ones from settings."""

    satellite: str
    egress_usd_micros_per_tb: int
    repair_usd_micros_per_tb: int
    audit_usd_micros_per_tb: int
    storage_usd_micros_per_tb_month: int
    source: PriceSource
    overridden: tuple[str, ...] = ()


class StorageFormula(StrEnum):
    """How the node turns days of storage into byte-hours.

    REPORTED -- before v1.162: the sum of what the satellite has reported, one or two days behind
    AREA     -- since v1.162: average of each day × its hours, gaps filled, up to now
    """

    REPORTED = "reported"
    AREA = "area"


class MonthUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Paid usage of one month with one satellite, up to some moment."""

    egress_bytes: int = 0
    repair_bytes: int = 0
    audit_bytes: int = 0
    storage_byte_months: float = 0.0


class MonthEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """Earnings of one month up to `through_ms`. gross = egress + repair + audit + storage; payout = gross - held.

    held_percent -- by age; None in a sum over satellites
    disposed     -- formerly held, expected to be given back in this month; in no other figure, as in the node's estimate
    """

    satellite: str
    period: str
    through_ms: int
    usage: MonthUsage
    egress_usd_micros: int = 0
    repair_usd_micros: int = 0
    audit_usd_micros: int = 0
    storage_usd_micros: int = 0
    held_percent: float | None = None
    held_usd_micros: int = 0
    disposed_usd_micros: int = 0

    @property
    def gross_usd_micros(self) -> int:
        return self.egress_usd_micros + self.repair_usd_micros + self.audit_usd_micros + self.storage_usd_micros

    @property
    def payout_usd_micros(self) -> int:
        return self.gross_usd_micros - self.held_usd_micros


class SatelliteEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One satellite. A disqualified one has zeros, as the node counts it.

    month_end             -- each category at the present pace; None while the month is too young to tell
    expected_usd_micros   -- the month's payout as the node reckons it (whole cents, fractions dropped); of nodes before v1.162, which take
                             days whose report is late for empty ones, that of `month_end`
    previous              -- the month before; None where nothing is known of it
    notes                 -- what a reader should know, as sentences
    """

    satellite: str
    now: MonthEstimate
    month_end: MonthEstimate | None
    expected_usd_micros: int
    prices: Prices
    formula: StorageFormula
    joined_ms: int | None = None
    disqualified_ms: int | None = None
    previous: MonthEstimate | None = None
    notes: tuple[str, ...] = ()


class NodeEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One node: its satellites and their sums. `previous` sums those satellites of which the month before is known."""

    satellites: tuple[SatelliteEstimate, ...]
    now: MonthEstimate
    month_end: MonthEstimate | None
    expected_usd_micros: int
    previous: MonthEstimate | None


class DayEarnings(NamedTuple):
    """Payout of one UTC day. `complete`: the day is over and all of it has been told."""

    start_ms: int
    usd_micros: int
    complete: bool


class Band(NamedTuple):
    """Where the payout of a month lies in nine of ten cases."""

    low_usd_micros: int
    high_usd_micros: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of ours beside the other side's. `difference` = ours - theirs."""

    category: str
    ours_usd_micros: int
    theirs_usd_micros: int

    @property
    def difference_usd_micros(self) -> int:
        return self.ours_usd_micros - self.theirs_usd_micros


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Ours beside the node's estimate or a paystub. `agrees` when no category is off by more than a cent."""

    satellite: str
    period: str
    differences: tuple[Difference, ...]
    agrees: bool
    reasons: tuple[str, ...]


class HeldPosition(msgspec.Struct, frozen=True, kw_only=True):
    """What one satellite holds of one node's money.

    stages_usd_micros        -- held in months 1-3, 4-6, 7-9 and later, by the paystub's own period
    net_usd_micros           -- held - disposed: what is still there
    percent                  -- rate of the present month; `next_percent` from `next_period` on (None when it stays)
    return_period            -- first period in which half is due back (month 16); None when unknown or given back already
    return_usd_micros        -- what will be given back then, as far as held today
    exit_usd_micros          -- what only a successful graceful exit brings back
    lost_usd_micros          -- what never comes back, because the satellite has disqualified the node
    """

    satellite: str
    held_usd_micros: int
    disposed_usd_micros: int
    stages_usd_micros: tuple[int, int, int, int]
    age_months: int | None
    percent: float
    next_percent: float | None
    next_period: str | None
    return_period: str | None
    return_usd_micros: int
    exit_usd_micros: int
    lost_usd_micros: int = 0

    @property
    def net_usd_micros(self) -> int:
        return self.held_usd_micros - self.disposed_usd_micros


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Approved and transferred so far. `undistributed` is what waits, paystub by paystub: a bonus of one month is no debt of another."""

    earned_usd_micros: int = 0
    held_usd_micros: int = 0
    disposed_usd_micros: int = 0
    paid_usd_micros: int = 0
    distributed_usd_micros: int = 0
    undistributed_usd_micros: int = 0


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How good an estimate was. `error_percent` = 100 × (estimate - paid) / paid; None when nothing was paid."""

    satellite: str
    period: str
    estimated_usd_micros: int
    paid_usd_micros: int
    error_percent: float | None
    comparison: Comparison


class Revenue(msgspec.Struct, frozen=True, kw_only=True):
    """Revenue per TB; None where there was nothing to divide by. Gross, before held."""

    storage_usd_micros_per_tb_month: int | None
    egress_usd_micros_per_tb: int | None
    all_usd_micros_per_tb_month: int | None


class UnpaidData(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on the disk that nobody pays for, and what they would bring in a month (720 h) at the storage price."""

    trash_bytes: int
    reclaimable_bytes: int
    uncollected_bytes: int
    trash_usd_micros_per_month: int
    reclaimable_usd_micros_per_month: int
    uncollected_usd_micros_per_month: int

    @property
    def total_bytes(self) -> int:
        return self.trash_bytes + self.reclaimable_bytes + self.uncollected_bytes

    @property
    def total_usd_micros_per_month(self) -> int:
        return self.trash_usd_micros_per_month + self.reclaimable_usd_micros_per_month + self.uncollected_usd_micros_per_month


class CostRates(msgspec.Struct, frozen=True, kw_only=True):
    """What running one node costs: settings of the operator. Power is the node's share of the machine."""

    power_w: float = 0.0
    power_usd_micros_per_kwh: int = 0
    fixed_usd_micros_per_month: int = 0


class Profit(msgspec.Struct, frozen=True, kw_only=True):
    """Revenue against cost over the same time. `revenue` is what is paid out: after held, with disposed."""

    revenue_usd_micros: int
    power_usd_micros: int
    fixed_usd_micros: int

    @property
    def profit_usd_micros(self) -> int:
        return self.revenue_usd_micros - self.power_usd_micros - self.fixed_usd_micros


class NodeEarnings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about the money of one node at one moment.

    comparison            -- ours beside the node's own sum; None while the node has given none
    satellite_comparisons -- the same for each satellite that the node gave an estimate for, and for those where it refuses
    previous_comparisons  -- the month before, for each satellite that both know it of
    held                  -- each satellite that holds or held something, or may
    revenue, unpaid_price -- of the present month so far; the storage price that unpaid data is valued at
    days, band            -- what each day has brought, the month before included where it is known; where the month's end may lie
    profit                -- None where nobody said what the node costs
    """

    estimate: NodeEstimate
    comparison: Comparison | None
    satellite_comparisons: tuple[Comparison, ...]
    previous_comparisons: tuple[Comparison, ...]
    forecast_reasons: tuple[str, ...]
    held: tuple[HeldPosition, ...]
    balance: Balance
    revenue: Revenue
    unpaid_price_usd_micros_per_tb_month: int
    days: tuple[DayEarnings, ...]
    band: Band | None
    profit_now: Profit | None
    profit_month_end: Profit | None
