"""Paystubs and payouts for ever: what an answer adds to what is kept, and what to ask for next.

A row is known by (node, satellite, period). Nothing is ever deleted: a node that lost its database, left a satellite or was replaced
answers less than it once did. A newer paystub replaces an older one; what was transferred never shrinks; a receipt is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from storj_monitor.financial_tracker.months import is_period, month_number, period_of_number
from storj_monitor.model.earnings import PayoutHistoryRow, Paystub, StubKey

_MONEY_LIMIT_USD_MICROS = 10**15
"""A billion dollars: beyond that an answer is wrong, and a database column would be near its end."""


class Merge(NamedTuple):
    """What a batch of rows changes. `changed` are to be written, `refused` are rows that cannot be right, with the reason."""

    changed: dict[StubKey, Paystub]
    refused: list[str]


class PayoutMerge(NamedTuple):
    changed: dict[StubKey, PayoutHistoryRow]
    refused: list[str]


def merge_paystubs(node_id: str, stored: Mapping[StubKey, Paystub], answer: Iterable[Paystub]) -> Merge:
    """Rows to write. The same answer twice changes nothing the second time."""
    changed: dict[StubKey, Paystub] = {}
    refused: list[str] = []
    for row in answer:
        key = StubKey(node_id, row.satellite, row.period)
        wrong = paystub_mistake(row)
        if wrong:
            refused.append(f"paystub {row.period} of {row.satellite}: {wrong}")
            continue
        kept = changed.get(key, stored.get(key))
        merged = row if kept is None else merged_paystub(kept, row)
        if merged != kept:
            changed[key] = merged
    return Merge(changed, refused)


def merged_paystub(kept: Paystub, row: Paystub) -> Paystub:
    """What a new answer makes of a kept row: the answer, unless its paystub is older; of both, the larger amount transferred."""
    newer = row if kept.created_ms is None or (row.created_ms is not None and row.created_ms >= kept.created_ms) else kept
    distributed = max(kept.distributed_usd_micros, row.distributed_usd_micros)
    return newer if newer.distributed_usd_micros == distributed else msgspec.structs.replace(newer, distributed_usd_micros=distributed)


def paystub_mistake(row: Paystub) -> str:
    """Why a row cannot be a paystub, "" when it can."""
    if not row.satellite:
        return "no satellite"
    if not is_period(row.period):
        return "no period"
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if name.endswith("_usd_micros") and abs(value) > _MONEY_LIMIT_USD_MICROS:
            return f"{name} is beyond all reason"
        if name.startswith("usage_") and not 0 <= value < 2**63:
            return f"{name} is no amount"
    return ""


def merge_payouts(node_id: str, stored: Mapping[StubKey, PayoutHistoryRow], answer: Iterable[PayoutHistoryRow]) -> PayoutMerge:
    """As `merge_paystubs`. Age is not compared: it counts up to the day of asking and would change every row every month."""
    changed: dict[StubKey, PayoutHistoryRow] = {}
    refused: list[str] = []
    for row in answer:
        if not row.satellite or not is_period(row.period):
            refused.append(f"payout {row.period} of {row.satellite}: no satellite or period")
            continue
        key = StubKey(node_id, row.satellite, row.period)
        kept = changed.get(key, stored.get(key))
        merged = row if kept is None else _merged_payout(kept, row)
        if merged != kept:
            changed[key] = merged
    return PayoutMerge(changed, refused)


def _merged_payout(kept: PayoutHistoryRow, row: PayoutHistoryRow) -> PayoutHistoryRow:
    return msgspec.structs.replace(
        row,
        age_months=kept.age_months,
        receipt=row.receipt or kept.receipt,
        distributed_usd_micros=max(row.distributed_usd_micros, kept.distributed_usd_micros),
        satellite_address=row.satellite_address or kept.satellite_address,
        is_exit_complete=row.is_exit_complete or kept.is_exit_complete,
    )


def missing_periods(periods: Iterable[str]) -> list[str]:
    """Months between the first and the last one that have no paystub: gaps in the history."""
    numbers = {month_number(period) for period in periods}
    if not numbers:
        return []
    return [period_of_number(number) for number in range(min(numbers), max(numbers)) if number not in numbers]
