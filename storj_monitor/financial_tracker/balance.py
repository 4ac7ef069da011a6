"""Sums over paystubs: earned, held, given back, paid, transferred, and what is still to be transferred."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from storj_monitor.model.earnings import Paystub, StubKey
from storj_monitor.model.estimates import Balance

Group = TypeVar("Group", bound=Hashable)


def earned_usd_micros(stub: Paystub) -> int:
    """What the period brought before held: paid + held - disposed, as the node's own page reckons it."""
    return stub.paid_usd_micros + stub.held_usd_micros - stub.disposed_usd_micros


def balance(stubs: Iterable[Paystub]) -> Balance:
    """Sums over any paystubs."""
    rows = list(stubs)
    return Balance(
        earned_usd_micros=sum(earned_usd_micros(row) for row in rows),
        held_usd_micros=sum(row.held_usd_micros for row in rows),
        disposed_usd_micros=sum(row.disposed_usd_micros for row in rows),
        paid_usd_micros=sum(row.paid_usd_micros for row in rows),
        distributed_usd_micros=sum(row.distributed_usd_micros for row in rows),
        undistributed_usd_micros=sum(max(0, row.paid_usd_micros - row.distributed_usd_micros) for row in rows),
    )


def balances_by(stubs: Mapping[StubKey, Paystub], group: Callable[[StubKey], Group]) -> dict[Group, Balance]:
    """Balances by node, satellite, period, or what else `group` makes of a key; sorted by it is the caller's."""
    parts: dict[Group, list[Paystub]] = {}
    for key, stub in stubs.items():
        parts.setdefault(group(key), []).append(stub)
    return {name: balance(rows) for name, rows in parts.items()}
