"""Vetting: 100 audits and 504 hours at a satellite; until then it sends little traffic."""

from __future__ import annotations

from dataclasses import dataclass

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.reputation import Reputation

AUDITS_NEEDED = 100
HOURS_NEEDED = 504.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetting:
    """Progress at one satellite.

    done         -- True or False as the node told; None when it cannot be known (nodes before v1.131 and log-only nodes that miss
                    one of the figures)
    vetted_at    -- Unix seconds, None when not told
    audits       -- as far as known; `at_least` when they are those of the audit windows (30 days) only
    hours        -- since the node joined
    """

    done: bool | None
    vetted_at: float | None
    audits: Figure[int] | None
    at_least: bool
    hours: Figure[float] | None

    @property
    def audits_left(self) -> int | None:
        return None if self.audits is None else max(0, AUDITS_NEEDED - self.audits.value)

    @property
    def hours_left(self) -> float | None:
        return None if self.hours is None else max(0.0, HOURS_NEEDED - self.hours.value)


def vetting(reputation: Reputation, now: float) -> Vetting:
    """Progress as of `now`."""
    audits, at_least = reputation.total_audits, False
    if audits is None and reputation.windows is not None:
        windows = reputation.windows
        audits, at_least = Figure(sum(w.total for w in windows.value), windows.source, windows.taken_at), True
    joined = reputation.joined_at
    hours = None
    if joined is not None and joined.value > 0:
        hours = Figure(max(0.0, now - joined.value) / 3600, Source.COMPUTED, joined.taken_at)
    told = reputation.vetted_at
    done: bool | None = None
    if told is not None:
        done = told.value > 0
    elif hours is not None and hours.value < HOURS_NEEDED or audits is not None and not at_least and audits.value < AUDITS_NEEDED:
        done = False
    elif hours is not None and audits is not None and audits.value >= AUDITS_NEEDED:
        done = True
    return Vetting(done=done, vetted_at=told.value or None if told else None, audits=audits, at_least=at_least, hours=hours)
