"""Calendar months in UTC, as text `YYYY-MM`, and the two oddities of the node's calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MINUTE_MS = 60_000
# Months are asked for again and again, each satellite and each paystub anew; a node's life is some dozens of them.
MOST_REMEMBERED = 512

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIOD = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def is_period(text: str) -> bool:
    """Is this a `YYYY-MM`?"""
    return _PERIOD.fullmatch(text) is not None


@lru_cache(MOST_REMEMBERED)
def month_number(period: str) -> int:
    """Months since year 0. Raises ValueError for text that is no period."""
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ValueError(period)
    return int(match[1]) * 12 + int(match[2]) - 1


@lru_cache(MOST_REMEMBERED)
def period_of_number(number: int) -> str:
    """The inverse of `month_number`."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


@lru_cache(MOST_REMEMBERED)
def period_of(time_ms: int) -> str:
    """The month that a moment falls in."""
    moment = moment_of(time_ms)
    return f"{moment.year:04}-{moment.month:02}"


def shifted(period: str, months: int) -> str:
    """The period so many months later (or earlier)."""
    return period_of_number(month_number(period) + months)


@lru_cache(MOST_REMEMBERED)
def start_ms(period: str) -> int:
    """First moment of the month."""
    number = month_number(period)
    return unix_ms(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC))


def end_ms(period: str) -> int:
    """First moment of the month after."""
    return start_ms(shifted(period, 1))


def moment_of(time_ms: int) -> datetime:
    """A moment as a datetime in UTC; exact, also before 1970. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def unix_ms(moment: datetime) -> int:
    """The inverse of `moment_of`."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def months_between(from_ms: int, to_period: str) -> int:
    """Difference of calendar months, days ignored: how the node counts a node's age. Negative before `from_ms`'s month."""
    return month_number(to_period) - month_number(period_of(from_ms))


def add_months(time_ms: int, months: int) -> int:
    """The same day and time so many months later. A day that the month does not have flows over: 31 January + 1 = 3 March."""
    moment = moment_of(time_ms)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return unix_ms(moment.replace(year=year, month=month + 1, day=1) + timedelta(days=moment.day - 1))


def node_previous_period(now_ms: int) -> str:
    """The month that the node calls the previous one.

    It goes back by `add_months`, so on the 29th to 31st of a month that follows a shorter one it is the present month.
    """
    return period_of(add_months(now_ms, -1))
