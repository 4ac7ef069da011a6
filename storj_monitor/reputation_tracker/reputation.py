"""One node at one satellite, put together from API, /metrics and log: each figure is the newest that anyone told, with its source.

What cannot be is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from storj_monitor.model.figures import Figure, ImpossibleValue, Source
from storj_monitor.model.node_events import ScoresReported
from storj_monitor.model.reputation import AddressScores, AuditWindow, HealthAnswer, Reputation, ReputationSnapshot

T = TypeVar("T")

_ROUNDING = 1e-6
_RANK = {Source.API: 2, Source.METRICS: 1}
_SCORES = ("audit_score", "suspension_score", "online_score")
_DATES = ("disqualified_at", "suspended_at", "vetted_at", "joined_at")
MOST_AUDITS = 1 << 40
"""Counts of a window beyond this are noise, and their sums would be too."""


def snapshot_of_event(event: ScoresReported) -> ReputationSnapshot:
    """A `node scores …` line as a snapshot."""
    return ReputationSnapshot(
        satellite=event.satellite,
        source=Source.LOG,
        taken_at=event.time_ms / 1000,
        audit_score=known_score(event.audit_score),
        suspension_score=known_score(event.suspension_score),
        online_score=known_score(event.online_score),
        total_audits=event.total_audits if event.total_audits >= 0 else None,
        successful_audits=event.successful_audits if event.successful_audits >= 0 else None,
    )


def snapshots_of_addresses(
    scores: Iterable[AddressScores], satellites: Mapping[str, str], taken_at: float, source: Source = Source.API
) -> list[ReputationSnapshot]:
    """Scores of `/api/sno/satellites`; `satellites` is address to id, from `/api/sno/`. Unknown addresses are left out."""
    return [
        ReputationSnapshot(
            satellite=satellites[one.address],
            source=source,
            taken_at=taken_at,
            address=one.address,
            audit_score=known_score(one.audit_score),
            suspension_score=known_score(one.suspension_score),
            online_score=known_score(one.online_score),
        )
        for one in scores
        if one.address in satellites
    ]


def snapshots_of_health(answer: HealthAnswer) -> list[ReputationSnapshot]:
    """What the public port told about single satellites."""
    return [
        ReputationSnapshot(
            satellite=one.satellite,
            source=Source.PROBE,
            taken_at=answer.taken_at,
            online_score=known_score(one.online_score),
            disqualified_at=one.disqualified_at,
            suspended_at=one.suspended_at,
        )
        for one in answer.statuses
    ]


def known_score(value: float | None) -> float | None:
    """The score, or None for anything outside 0..1 (NaN too). What rounding puts a hair above 1 is 1."""
    if value is None or not 0.0 <= value <= 1.0 + _ROUNDING:
        return None
    return min(value, 1.0)


def not_from_the_future(snapshot: ReputationSnapshot, now: float) -> ReputationSnapshot:
    """A node whose clock runs ahead must not shut out what others say later: such a snapshot counts as taken now."""
    return snapshot if snapshot.taken_at <= now else replace(snapshot, taken_at=now)


def merge(known: Reputation | None, snapshot: ReputationSnapshot) -> Reputation:
    """Take in one snapshot: field by field the newest stays. Snapshots may come in any order, and twice."""
    reputation = known or Reputation(satellite=snapshot.satellite)
    changes: dict[str, object] = {}
    for name in (*_SCORES, "total_audits", "successful_audits", *_DATES, "windows"):
        value = getattr(snapshot, name)
        if name in _SCORES:
            value = known_score(value)
        if value is None:
            continue
        old: Figure[float] | None = getattr(reputation, name)
        if old is not None and old.value == value:
            value = old.value  # a month of windows, told each time anew, is kept once by all who keep it
        new = Figure(value, snapshot.source, snapshot.taken_at)
        chosen = _newer_date(old, new) if name in _DATES else _newer(old, new)
        if chosen is not old:
            changes[name] = chosen
    if snapshot.address and snapshot.source is Source.API and snapshot.address != reputation.address:
        changes["address"] = snapshot.address
    return replace(reputation, **changes) if changes or known is None else known  # type: ignore[arg-type]


def _newer(old: Figure[T] | None, new: Figure[T]) -> Figure[T]:
    if old is None or (new.taken_at, _RANK.get(new.source, 0)) > (old.taken_at, _RANK.get(old.source, 0)):
        return new
    return old


def _newer_date(old: Figure[float] | None, new: Figure[float]) -> Figure[float]:
    """As above, but a date that /metrics gives as an age (hours old itself) never replaces the exact one for the same thing."""
    if old is None:
        return new
    newest = _newer(old, new)
    other = old if newest is new else new
    if newest.source is Source.METRICS and newest.value > 0 and other.value > 0:
        if other.source is not Source.METRICS:
            return other
        return newest if newest.value <= other.value else other
    return newest


def checked(snapshot: ReputationSnapshot) -> tuple[ReputationSnapshot, tuple[ImpossibleValue, ...]]:
    """The snapshot without scores outside 0..1 and windows that count less than nothing, and what was left out."""
    found = [
        _refused(snapshot, name.replace("_", " "), value, "a score is between 0 and 1")
        for name in _SCORES
        if (value := getattr(snapshot, name)) is not None and known_score(value) is None
    ]
    windows = snapshot.windows
    if windows is not None and not all(map(_can_be, windows)):
        worst = next(window for window in windows if not _can_be(window))
        found.append(_refused(snapshot, "audits of a window", min(worst.total, worst.online), f"{worst.online} of {worst.total} online"))
        snapshot = replace(snapshot, windows=tuple(filter(_can_be, windows)))
    return snapshot, tuple(found)


def _can_be(window: AuditWindow) -> bool:
    return 0 <= window.online <= window.total <= MOST_AUDITS


def _refused(snapshot: ReputationSnapshot, figure: str, value: float, why: str) -> ImpossibleValue:
    where = f"{figure} at {snapshot.address or snapshot.satellite[:8]}"
    text = f"The node reports an impossible value: {where} {value:.4g} ({snapshot.source.value}), {why}. It is left out."
    return ImpossibleValue(where, value, snapshot.source, snapshot.taken_at, text)
