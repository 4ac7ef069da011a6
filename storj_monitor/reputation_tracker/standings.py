"""When a satellite disqualified or suspended a node and when that was over: made of the dates that nodes tell, kept when they are gone.

A node tells of a suspension only while it lasts. Its end is therefore the first answer that tells of none: at most one poll late.
Offline suspension has no date in any answer of a node; it can only be read from the online score.
"""

from __future__ import annotations

from storj_monitor.model.reputation import StandingKind, StandingSpan


def spans_after(last: StandingSpan | None, kind: StandingKind, date: float, told_at: float) -> tuple[StandingSpan, ...]:
    """What is new or different after a date was told: nothing, the last span with an end, the next one, or both.

    date    -- when the satellite did it; NEVER (0) = it has not, or not any more
    told_at -- when the answer came; answers are taken in the order in which they came
    """
    if date <= 0:
        return () if last is None or last.until_at is not None else (_ended(last, told_at),)
    told = StandingSpan(kind, date)
    if last is None:
        return (told,)
    if round(last.from_at * 1000) == round(date * 1000):
        return () if last.until_at is None else (told,)
    if last.until_at is not None:
        return (told,)
    # A new date ends the old one at the latest when it begins.
    return (_ended(last, date if date > last.from_at else told_at), told)


def _ended(last: StandingSpan, at: float) -> StandingSpan:
    return last._replace(until_at=max(at, last.from_at))
