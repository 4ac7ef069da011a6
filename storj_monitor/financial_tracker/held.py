"""Held amounts, and the balance of all that was paid: the share that is withheld by age, what is held now, and when half of it comes back.

Two rules live side by side. The node reckons age in calendar months. The satellite, which pays, counts from the day of joining:
the rates are the same but for nodes that joined on the last days of a month (see `satellite_held_percent`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from storj_monitor.financial_tracker.months import add_months, end_ms, months_between, period_of, shifted
from storj_monitor.model.earnings import HeldHistoryRow, Paystub, StubKey
from storj_monitor.model.estimates import Balance, HeldPosition

HELD_PERCENTS = (75, 75, 75, 50, 50, 50, 25, 25, 25)
"""By month of age, the first one first; 0 afterwards."""

WITHHOLDING_MONTHS = 15
"""In month 16 half of what was held is given back."""

RETURN_PERCENT = 50
_STAGE_MONTHS = 3
Group = TypeVar("Group", bound=Hashable)


def held_percent(joined_ms: int | None, period: str) -> float:
    """The node's rate for a month, 0 to 100. 0 also before joining and where the join date is unknown, as the node reckons."""
    return 0.0 if joined_ms is None else _percent_at(months_between(joined_ms, period))


def _percent_at(age_months: int) -> float:
    return float(HELD_PERCENTS[age_months]) if 0 <= age_months < len(HELD_PERCENTS) else 0.0


def satellite_age_months(joined_ms: int, period: str) -> int:
    """Age as the satellite counts it: full months from joining that have passed at the end of the period."""
    end = end_ms(period)
    months = max(0, months_between(joined_ms, period) - 1)
    while add_months(joined_ms, months + 1) <= end:
        months += 1
    return months


def satellite_held_percent(joined_ms: int, period: str) -> float:
    """The satellite's rate for a month. 31 January + 1 month is 3 March, so that node's February still counts as its first month."""
    return _percent_at(satellite_age_months(joined_ms, period))


def return_period(joined_ms: int) -> str:
    """The first period that is no longer withheld, whose paystub gives half back."""
    period = shifted(period_of(joined_ms), WITHHOLDING_MONTHS - 1)
    while satellite_age_months(joined_ms, period) < WITHHOLDING_MONTHS:
        period = shifted(period, 1)
    return period


def held_position(
    satellite: str, joined_ms: int | None, stubs: Sequence[Paystub], history: HeldHistoryRow | None, now_ms: int, disqualified: bool = False
) -> HeldPosition:
    """What one satellite holds. `stubs` are all known paystubs of this satellite, in any order. Disqualified: nothing comes back.

    The node's held history leaves out whatever was held after the ninth paystub, and our paystubs may lack months from before a node's
    history begins: of the two sums the larger one is nearer to the truth.
    """
    ordered = sorted(stubs, key=lambda stub: stub.period)
    joined_ms = joined_ms if joined_ms is not None or history is None else history.joined_ms
    stages = _stages(ordered, joined_ms)
    disposed = sum(stub.disposed_usd_micros for stub in ordered)
    if history is not None:
        disposed = max(disposed, history.total_disposed_usd_micros)
        if history.total_held_usd_micros > sum(stages):
            stages = (history.first_period_usd_micros, history.second_period_usd_micros, history.third_period_usd_micros, 0)
    held = sum(stages)
    due = 0 if disqualified else max(0, held * RETURN_PERCENT // 100 - disposed)
    returns = _next_return(joined_ms, ordered) if due and joined_ms is not None else None
    period = period_of(now_ms)
    percent = held_percent(joined_ms, period)
    step = _next_step(joined_ms, period, percent)
    return HeldPosition(
        satellite=satellite,
        held_usd_micros=held,
        disposed_usd_micros=disposed,
        stages_usd_micros=stages,
        age_months=None if joined_ms is None else months_between(joined_ms, period),
        percent=percent,
        next_percent=None if step is None else held_percent(joined_ms, step),
        next_period=step,
        return_period=returns,
        return_usd_micros=due,
        exit_usd_micros=0 if disqualified else max(0, held - disposed - due),
        lost_usd_micros=max(0, held - disposed) if disqualified else 0,
    )


def _stages(ordered: Sequence[Paystub], joined_ms: int | None) -> tuple[int, int, int, int]:
    """Sums by age in the stub's own period; without a join date by the stub's place, as the node does it."""
    sums = [0, 0, 0, 0]
    for place, stub in enumerate(ordered):
        age = place if joined_ms is None else max(0, months_between(joined_ms, stub.period))
        sums[min(age // _STAGE_MONTHS, 3)] += stub.held_usd_micros
    return sums[0], sums[1], sums[2], sums[3]


def _next_return(joined_ms: int, ordered: Sequence[Paystub]) -> str:
    """Not before the period after the newest paystub: what did not come back with that one can only come later."""
    first = return_period(joined_ms)
    return max(first, shifted(ordered[-1].period, 1)) if ordered else first


def _next_step(joined_ms: int | None, period: str, percent: float) -> str | None:
    """The first later month with another rate; None when it stays 0."""
    if joined_ms is None or percent == 0:
        return None
    step = shifted(period, 1)
    while held_percent(joined_ms, step) == percent:
        step = shifted(step, 1)
    return step


def expected_disposed_usd_micros(position: HeldPosition | None, period: str) -> int:
    """What the paystub of this period should give back."""
    return 0 if position is None or position.return_period != period else position.return_usd_micros


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
