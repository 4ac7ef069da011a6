"""Answers about money into the types of earnings, in the node's own units (cents, micro-dollars)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from storj_monitor.errors import AnswerNotUnderstood
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, MonthPayout, PayoutHistoryRow, Paystub, Pricing
from storj_monitor.node_api import wire as wire
from storj_monitor.node_api.decode import decode_as, unix_ms
from storj_monitor.node_api.transport import Reply
from storj_monitor.node_api.wire import MOST_SATELLITES, Bounded

MOST_PERIODS = 1200
"""A hundred years."""
_PRICING: Final = msgspec.json.Decoder(wire.Pricing)
_ESTIMATE: Final = msgspec.json.Decoder(wire.EstimatedPayout)
_PERIODS: Final = msgspec.json.Decoder(Annotated[list[wire.Period], Meta(max_length=MOST_PERIODS)] | None)
_PAYSTUBS: Final = msgspec.json.Decoder(list[wire.Paystub] | wire.Paystub | None)
_PAYOUT_HISTORY: Final = msgspec.json.Decoder(Annotated[list[wire.PayoutHistoryRow], Bounded] | None)
_HELD_HISTORY: Final = msgspec.json.Decoder(Annotated[list[wire.HeldHistoryRow], Bounded] | None)


def decode_pricing(reply: Reply) -> Pricing:
    """`/api/sno/satellites/{id}/pricing`."""
    prices = decode_as(_PRICING, reply)
    return Pricing(
        satellite=prices.satellite_id,
        egress_cents_per_tb=prices.egress_bandwidth,
        repair_cents_per_tb=prices.repair_bandwidth,
        audit_cents_per_tb=prices.audit_bandwidth,
        storage_cents_per_tb_month=prices.disk_space,
    )


def decode_estimate(reply: Reply, satellite: str) -> EstimatedPayout:
    """`/api/sno/estimated-payout[?id=]`; `satellite` is "" for the sum."""
    estimate = decode_as(_ESTIMATE, reply, clamped=True)
    return EstimatedPayout(
        satellite=satellite,
        current_month=_month(estimate.current_month),
        previous_month=_month(estimate.previous_month),
        expected_cents=estimate.current_month_expectations,
    )


def _month(month: wire.Month) -> MonthPayout:
    return MonthPayout(
        egress_bytes=month.egress_bandwidth,
        egress_cents=month.egress_bandwidth_payout,
        repair_audit_bytes=month.egress_repair_audit,
        repair_audit_cents=month.egress_repair_audit_payout,
        storage_byte_months=month.disk_space,
        storage_cents=month.disk_space_payout,
        held_percent=month.held_rate,
        held_cents=month.held,
        payout_cents=month.payout,
    )


def decode_periods(reply: Reply) -> tuple[str, ...]:
    """`/api/heldamount/periods`, each once, oldest first."""
    return tuple(sorted(set(decode_as(_PERIODS, reply) or ())))


def decode_paystubs(reply: Reply) -> tuple[Paystub, ...]:
    """`/api/heldamount/paystubs/…`: an array, one object, or null."""
    found = decode_as(_PAYSTUBS, reply)
    stubs = [found] if isinstance(found, wire.Paystub) else found or []
    if len({one.satellite_id for one in stubs}) > MOST_SATELLITES:
        raise AnswerNotUnderstood(reply.path, "$", f"more than {MOST_SATELLITES} satellites")
    return tuple(
        Paystub(
            satellite=one.satellite_id,
            period=one.period,
            created_ms=unix_ms(one.created),
            codes=one.codes,
            usage_storage_byte_months=one.usage_at_rest,
            usage_get_bytes=one.usage_get,
            usage_put_bytes=one.usage_put,
            usage_get_repair_bytes=one.usage_get_repair,
            usage_put_repair_bytes=one.usage_put_repair,
            usage_get_audit_bytes=one.usage_get_audit,
            storage_usd_micros=one.comp_at_rest,
            get_usd_micros=one.comp_get,
            put_usd_micros=one.comp_put,
            get_repair_usd_micros=one.comp_get_repair,
            put_repair_usd_micros=one.comp_put_repair,
            get_audit_usd_micros=one.comp_get_audit,
            surge_percent=one.surge_percent,
            held_usd_micros=one.held,
            owed_usd_micros=one.owed,
            disposed_usd_micros=one.disposed,
            paid_usd_micros=one.paid,
            distributed_usd_micros=one.distributed,
        )
        for one in stubs
    )


def decode_payout_history(reply: Reply, period: str) -> tuple[PayoutHistoryRow, ...]:
    """`/api/heldamount/payout-history/{period}`."""
    return tuple(
        PayoutHistoryRow(
            satellite=one.satellite_id,
            period=period,
            satellite_address=one.satellite_url,
            age_months=one.age,
            earned_usd_micros=one.earned,
            surge_usd_micros=one.surge,
            surge_percent=one.surge_percent,
            held_usd_micros=one.held,
            held_percent=one.held_percent,
            after_held_usd_micros=one.after_held,
            disposed_usd_micros=one.disposed,
            paid_usd_micros=one.paid,
            distributed_usd_micros=one.distributed,
            receipt=one.receipt,
            is_exit_complete=one.is_exit_complete,
        )
        for one in decode_as(_PAYOUT_HISTORY, reply) or ()
    )


def decode_held_history(reply: Reply) -> tuple[HeldHistoryRow, ...]:
    """`/api/heldamount/held-history`."""
    return tuple(
        HeldHistoryRow(
            satellite=one.satellite_id,
            satellite_address=one.satellite_name,
            first_period_usd_micros=one.hold_for_first_period,
            second_period_usd_micros=one.hold_for_second_period,
            third_period_usd_micros=one.hold_for_third_period,
            total_held_usd_micros=one.total_held,
            total_disposed_usd_micros=one.total_disposed,
            joined_ms=unix_ms(one.joined_at),
        )
        for one in decode_as(_HELD_HISTORY, reply) or ()
    )
