"""Scores and audit windows that cannot be: left out by those who keep them, and named here."""

from __future__ import annotations

from dataclasses import replace

from storj_monitor.model.figures import ImpossibleValue
from storj_monitor.model.reputation import AuditWindow, ReputationSnapshot
from storj_monitor.reputation_tracker.reputation import known_score

MOST_AUDITS = 1 << 40
"""Counts of a window beyond this are noise, and their sums would be too."""
_SCORES = ("audit_score", "suspension_score", "online_score")


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
