"""Sums over nodes of what each of them was expected to earn and has earned, day by day: as large for a hundred nodes as for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storj_monitor.model.estimates import DayEarnings
from storj_monitor.views.wire.earnings import SummedDay, SummedForecast

_DAY_S = 86_400


class MadeForecast(NamedTuple):
    """What a month was expected to bring, as it was made at `made` (Unix seconds); a row of database.subject_history."""

    node: str
    period: str
    made: float
    now_usd_micros: int
    expected_usd_micros: int
    theirs_usd_micros: int | None


def day_sums(nodes: Sequence[Sequence[DayEarnings]]) -> list[SummedDay]:
    """Oldest first. A day is complete when it is for every node that has it."""
    sums: dict[int, int] = {}
    incomplete: set[int] = set()
    for days in nodes:
        for day in days:
            sums[day.start_ms] = sums.get(day.start_ms, 0) + day.usd_micros
            if not day.complete:
                incomplete.add(day.start_ms)
    return [
        SummedDay(day=start_ms / 1000, payout_usd_micros=micros, complete=start_ms not in incomplete)
        for start_ms, micros in sorted(sums.items())
    ]


def forecast_sums(made: Sequence[MadeForecast]) -> list[SummedForecast]:
    """The last of each UTC day, oldest first. The sum of a period begins when all nodes that ever told of it have told."""
    tellers: dict[str, set[str]] = {}
    for one in made:
        tellers.setdefault(one.period, set()).add(one.node)
    known: dict[str, dict[str, int]] = {period: {} for period in tellers}
    sums: dict[tuple[str, int], SummedForecast] = {}
    for one in sorted(made, key=lambda one: one.made):
        known[one.period][one.node] = one.expected_usd_micros
        if len(known[one.period]) == len(tellers[one.period]):
            expected = sum(known[one.period].values())
            sums[one.period, int(one.made // _DAY_S)] = SummedForecast(period=one.period, made=one.made, expected_usd_micros=expected)
    return list(sums.values())
