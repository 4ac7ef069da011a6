"""Earnings as the node tells them: prices, usage by day, its own estimate, paystubs, payout and held history.

These types keep the node's own units, named: the estimate is in cents (floats, as given), paystubs and histories are in whole
micro-dollars (1e-6 USD). Times are Unix milliseconds (UTC), None where the node has none. A period is text, `YYYY-MM`.
A TB is 1e12 bytes; a byte-month is 720 byte-hours.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """What one satellite pays: `/api/sno/satellites/{id}/pricing`, or `priceModel` of `/api/sno/satellite/{id}`.

    All 0 when the node has not heard from the satellite yet: such a price is unknown, not free of charge.
    """

    satellite: str
    egress_cents_per_tb: int
    repair_cents_per_tb: int
    audit_cents_per_tb: int
    storage_cents_per_tb_month: int


class BandwidthDay(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one UTC day with one satellite: an item of `bandwidthDaily`."""

    start_ms: int
    egress_usage_bytes: int = 0
    egress_repair_bytes: int = 0
    egress_audit_bytes: int = 0
    ingress_usage_bytes: int = 0
    ingress_repair_bytes: int = 0


class StorageDay(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC day of storage at one satellite: an item of `storageDaily`.

    byte_hours    -- `atRestTotal`, as the satellite reported it; 0 on a day that was filled in (`calculated`)
    average_bytes -- `atRestTotalBytes`; None when the answer had no such key (before v1.71)
    interval_h    -- `intervalInHours`; None when the answer had none
    calculated    -- the node filled this day in itself (since v1.162); None when the answer had no such key (older nodes)
    """

    start_ms: int
    byte_hours: float
    average_bytes: float | None
    interval_h: float | None = None
    calculated: bool | None = None


class SatelliteUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The current month with one satellite: `/api/sno/satellite/{id}`. `null` arrays become empty ones.

    `joined_ms` is `nodeJoinedAt`; None when it is missing or the zero time of year 1.
    """

    satellite: str
    bandwidth: tuple[BandwidthDay, ...] = ()
    storage: tuple[StorageDay, ...] = ()
    storage_byte_hours: float = 0.0
    average_usage_bytes: float | None = None
    prices: Pricing | None = None
    joined_ms: int | None = None
    vetted_ms: int | None = None


class MonthPayout(msgspec.Struct, frozen=True, kw_only=True):
    """One month of the node's own estimate. Cents; `held_percent` 0..100 (always 0 in the sum over all satellites)."""

    egress_bytes: int = 0
    egress_cents: float = 0.0
    repair_audit_bytes: int = 0
    repair_audit_cents: float = 0.0
    storage_byte_months: float = 0.0
    storage_cents: float = 0.0
    held_percent: float = 0.0
    held_cents: float = 0.0
    payout_cents: float = 0.0


class EstimatedPayout(msgspec.Struct, frozen=True, kw_only=True):
    """`/api/sno/estimated-payout[?id=]`. `satellite` is "" for the sum over all satellites that have not disqualified the node."""

    satellite: str
    current_month: MonthPayout
    previous_month: MonthPayout
    expected_cents: float


class Paystub(msgspec.Struct, frozen=True, kw_only=True):
    """What one satellite paid for one period: an item of `/api/heldamount/paystubs/…`.

    codes                    -- colon-joined letters: D disqualified, S sanctioned, T no 1099, E in withholding, X graceful exit,
                                I gracefully exiting, O offline, B bonus
    usage_storage_byte_months -- `usageAtRest` (the API divides byte-hours by 720)
    surge_percent            -- 0 means 100
    held                     -- withheld in this period
    disposed                 -- formerly held and given back in this period
    owed                     -- after held; the satellite's own files have disposed in it, some node answers have not
    paid                     -- approved to be paid, disposed included
    distributed              -- really transferred so far: 0 under the minimum payout, more than paid with a bonus
    """

    satellite: str
    period: str
    created_ms: int | None = None
    codes: str = ""
    usage_storage_byte_months: float = 0.0
    usage_get_bytes: int = 0
    usage_put_bytes: int = 0
    usage_get_repair_bytes: int = 0
    usage_put_repair_bytes: int = 0
    usage_get_audit_bytes: int = 0
    storage_usd_micros: int = 0
    get_usd_micros: int = 0
    put_usd_micros: int = 0
    get_repair_usd_micros: int = 0
    put_repair_usd_micros: int = 0
    get_audit_usd_micros: int = 0
    surge_percent: int = 0
    held_usd_micros: int = 0
    owed_usd_micros: int = 0
    disposed_usd_micros: int = 0
    paid_usd_micros: int = 0
    distributed_usd_micros: int = 0


class PayoutHistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One satellite of `/api/heldamount/payout-history/{period}`; the period is that of the request.

    `surge_usd_micros` is the total after surge, not the extra. `age_months` counts from joining until the answer, not until the period.
    `receipt` is `prefix:transaction`, "" while nothing was transferred. `held_percent` may be a fraction, None when it was NaN.
    """

    satellite: str
    period: str
    satellite_address: str = ""
    age_months: int = 0
    earned_usd_micros: int = 0
    surge_usd_micros: int = 0
    surge_percent: int = 0
    held_usd_micros: int = 0
    held_percent: float | None = 0.0
    after_held_usd_micros: int = 0
    disposed_usd_micros: int = 0
    paid_usd_micros: int = 0
    distributed_usd_micros: int = 0
    receipt: str = ""
    is_exit_complete: bool = False


class HeldHistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One satellite of `/api/heldamount/held-history`: sums over the paystubs 1-3, 4-6 and 7-9; later helds are in no sum.

    `joined_ms` has whole minutes only.
    """

    satellite: str
    satellite_address: str = ""
    first_period_usd_micros: int = 0
    second_period_usd_micros: int = 0
    third_period_usd_micros: int = 0
    total_held_usd_micros: int = 0
    total_disposed_usd_micros: int = 0
    joined_ms: int | None = None


class StubKey(NamedTuple):
    """Whose paystub."""

    node_id: str
    satellite: str
    period: str
