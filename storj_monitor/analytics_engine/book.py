"""All findings: raised once, updated while they last, resolved once. History goes to the database; resolved ones leave memory."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from storj_monitor.model.analytics import Finding, FindingKind, FindingState, Severity, Step, Subject

ACTIVE_AFTER_S = 600
"""A finding is new for ten minutes."""
LEAST_UPDATE_S = 300
"""Figures of a standing finding are told again no more often than this."""
MATERIAL_SHARE = 0.1
"""... and only when the figure has moved by a tenth of the distance between before and after."""

Key = tuple[FindingKind, Subject]


class Book:
    """Standing findings by kind and subject; one at a time for each."""

    def __init__(self) -> None:
        self._standing: dict[Key, Finding] = {}
        self._changed: dict[int, Finding] = {}
        self._next = 1

    def restore(self, findings: Iterable[Finding], next_number: int) -> None:
        """Findings of the database that are not resolved; `next_number` is above all numbers ever used."""
        for finding in findings:
            if finding.state is not FindingState.RESOLVED:
                self._standing[finding.kind, finding.subject] = finding
                next_number = max(next_number, finding.number + 1)
        self._next = max(self._next, next_number)

    def standing(self) -> list[Finding]:
        return list(self._standing.values())

    def find(self, kind: FindingKind, subject: Subject) -> Finding | None:
        return self._standing.get((kind, subject))

    def report(self, draft: Finding, now_s: int) -> None:
        """Raise the finding, or bring the standing one up to date (its number, state and history stay)."""
        key = (draft.kind, draft.subject)
        known = self._standing.get(key)
        if known is None:
            raised = replace(draft, number=self._next, history=(Step(FindingState.NEW, now_s, draft.after),))
            self._next += 1
            self._put(raised)
        elif _is_material(known, draft, now_s):
            self._put(
                replace(
                    draft,
                    number=known.number,
                    state=known.state,
                    history=known.history,
                    onset_s=known.onset_s,
                    found_s=known.found_s,
                    cause=known.cause or draft.cause,
                    changed_s=now_s,
                )
            )

    def resolve(self, kind: FindingKind, subject: Subject, now_s: int, why: str) -> None:
        """End a standing finding; nothing when there is none."""
        known = self._standing.pop((kind, subject), None)
        if known is not None:
            ended = replace(known.moved(FindingState.RESOLVED, now_s), why_resolved=why)
            self._changed[ended.number] = ended

    def age(self, now_s: int) -> None:
        """New findings become active."""
        for finding in list(self._standing.values()):
            if finding.state is FindingState.NEW and now_s - finding.found_s >= ACTIVE_AFTER_S:
                self._put(finding.moved(FindingState.ACTIVE, now_s))

    def take_changed(self) -> tuple[Finding, ...]:
        """What is new or has changed since the last call, in order of number."""
        changed = tuple(self._changed[number] for number in sorted(self._changed))
        self._changed.clear()
        return changed

    def _put(self, finding: Finding) -> None:
        self._standing[finding.kind, finding.subject] = finding
        self._changed[finding.number] = finding


def _is_material(known: Finding, draft: Finding, now_s: int) -> bool:
    if draft.severity > known.severity:
        return True
    if now_s - known.changed_s < LEAST_UPDATE_S:
        return False
    if draft.severity != known.severity:
        return True
    distance = abs(known.after - known.before) or abs(known.before) or 1.0
    return abs(draft.after - known.after) > MATERIAL_SHARE * distance


def unnumbered(kind: FindingKind, subject: Subject, severity: Severity, onset_s: int, now_s: int, before: float, after: float) -> Finding:
    """A draft for `Book.report`."""
    return Finding(
        number=0,
        kind=kind,
        subject=subject,
        state=FindingState.NEW,
        severity=severity,
        onset_s=onset_s,
        found_s=now_s,
        changed_s=now_s,
        before=before,
        after=after,
    )
