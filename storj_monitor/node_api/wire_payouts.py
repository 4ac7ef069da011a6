"""The shapes of a node's answers about money, as msgspec structs. The estimate is in cents, all else in micro-dollars."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from storj_monitor.node_api.wire import Amount, Camel, Int, Time

Cents = Amount
"""Bounded so that sums stay numbers; what no node earns is left out by those who keep it."""
Period = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Pricing(Camel, frozen=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    egress_bandwidth: Int
    repair_bandwidth: Int
    audit_bandwidth: Int
    disk_space: Int


class Month(Camel, frozen=True):
    egress_bandwidth: Int
    egress_bandwidth_payout: Cents
    egress_repair_audit: Int
    egress_repair_audit_payout: Cents
    disk_space: Amount
    disk_space_payout: Cents
    held_rate: Amount
    payout: Cents
    held: Cents


class EstimatedPayout(Camel, frozen=True):
    current_month: Month
    previous_month: Month
    current_month_expectations: Cents


class Paystub(Camel, frozen=True, kw_only=True):
    satellite_id: str
    period: Period
    created: Time | None = None
    codes: str = ""
    usage_at_rest: Amount = 0.0
    usage_get: Int = 0
    usage_put: Int = 0
    usage_get_repair: Int = 0
    usage_put_repair: Int = 0
    usage_get_audit: Int = 0
    comp_at_rest: Int = 0
    comp_get: Int = 0
    comp_put: Int = 0
    comp_get_repair: Int = 0
    comp_put_repair: Int = 0
    comp_get_audit: Int = 0
    surge_percent: Int = 0
    held: Int = 0
    owed: Int = 0
    disposed: Int = 0
    paid: Int
    distributed: Int = 0


class PayoutHistoryRow(Camel, frozen=True, kw_only=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    satellite_url: str = msgspec.field(name="satelliteURL", default="")
    age: Int = 0
    earned: Int
    surge: Int = 0
    surge_percent: Int = 0
    held: Int = 0
    held_percent: Amount | None = None
    after_held: Int = 0
    disposed: Int = 0
    paid: Int
    receipt: str = ""
    is_exit_complete: bool = False
    distributed: Int = 0


class HeldHistoryRow(Camel, frozen=True, kw_only=True):
    satellite_id: str = msgspec.field(name="satelliteID")
    satellite_name: str = ""
    hold_for_first_period: Int = 0
    hold_for_second_period: Int = 0
    hold_for_third_period: Int = 0
    total_held: Int
    total_disposed: Int
    joined_at: Time | None = None
