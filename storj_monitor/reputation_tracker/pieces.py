"""Pieces that harm a score: audits and repairs that failed, and pieces that were served from the trash, one row a piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from storj_monitor.model.ids import Action, Outcome, op_action, op_outcome
from storj_monitor.model.node_events import FoundInTrash
from storj_monitor.model.reputation import NotableTransfer


class Cause(StrEnum):
    """What is behind a failure; the words to it are in CAUSES."""

    MISSING = "missing"
    IN_TRASH = "in_trash"
    CORRUPT = "corrupt"
    DISK = "disk"
    TIMEOUT = "timeout"
    NETWORK = "network"
    OTHER = "other"


CAUSES = {
    Cause.MISSING: "The piece is not on the disk. Every audit of it fails: files were lost or deleted.",
    Cause.IN_TRASH: "The piece lay in the trash and was still served. One such piece is harmless; many mean that garbage collection "
    "took pieces that the satellite still wants.",
    Cause.CORRUPT: "The piece is there, but its content is wrong: check the disk, the memory and the file system.",
    Cause.DISK: "The disk did not deliver: look at the system's log and the disk's SMART values at once.",
    Cause.TIMEOUT: "The disk or the line was too slow. Three times over 5 minutes for one piece is a failed audit.",
    Cause.NETWORK: "The connection broke. That alone does not count as a failed audit.",
    Cause.OTHER: "See the reason as the node wrote it.",
}

_WORDS = (
    (Cause.DISK, ("input/output", "i/o error", "read-only file system", "permission denied", "stale file handle", "no such device")),
    (Cause.CORRUPT, ("corrupt", "checksum", "hash mismatch", "invalid piece", "invalid header", "unexpected header")),
    (Cause.MISSING, ("file does not exist", "no such file", "not found", "does not exist", "cannot find")),
    (Cause.TIMEOUT, ("timeout", "timed out", "deadline exceeded", "too slow")),
    (Cause.NETWORK, ("connection reset", "broken pipe", "eof", "connection closed", "use of closed", "canceled", "aborted", "unreachable")),
)
_SCORED = {Action.GET_AUDIT, Action.GET_REPAIR}


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledPiece:
    """One piece at one satellite. `reason` is the newest one; `audits` and `repairs` count failures; times are Unix seconds."""

    piece_id: str
    satellite: str
    cause: Cause
    reason: str
    audits: int
    repairs: int
    in_trash: int
    first_at: float
    last_at: float


class Failures(NamedTuple):
    """Failed transfers that a score depends on, newest piece first; `more` are left off. Sums are over all."""

    pieces: tuple[TroubledPiece, ...]
    more: int
    audits: int
    repairs: int
    in_trash: int


class RefusedAudits(NamedTuple):
    """Audits that the node's own counters have as failed and its log does not tell: it refused them, and their result is unknown.

    audits -- since the counters were first read (`since`, Unix seconds); lately -- in the last hour
    """

    audits: int
    since: float
    lately: int


def cause_of(reason: str) -> Cause:
    """What a (folded) reason points to."""
    text = reason.lower()
    return next((cause for cause, words in _WORDS if any(word in text for word in words)), Cause.OTHER)


def failures(
    transfers: Iterable[NotableTransfer], found_in_trash: Iterable[FoundInTrash] = (), *, satellite: str | None = None, limit: int = 100
) -> Failures:
    """Failed GET_AUDIT and GET_REPAIR by piece. Canceled ones are no failures. `satellite` None: all of them.

    A failure without a piece id is counted, but cannot be shown as a piece.
    """
    seen: dict[tuple[str, str], TroubledPiece] = {}
    audits = repairs = in_trash = 0
    for row in transfers:
        action = op_action(row.op)
        if action not in _SCORED or op_outcome(row.op) is not Outcome.FAILED or satellite not in (None, row.satellite):
            continue
        is_audit = action is Action.GET_AUDIT
        audits, repairs = audits + is_audit, repairs + (not is_audit)
        _add(seen, row.satellite, row.piece_id, row.time_ms, cause_of(row.reason), row.reason, (is_audit, not is_audit, False))
    for event in found_in_trash:
        if satellite in (None, event.satellite):
            in_trash += 1
            _add(seen, event.satellite, event.piece_id, event.time_ms, Cause.IN_TRASH, "file found in trash", (False, False, True))
    pieces = sorted(seen.values(), key=lambda p: (-p.last_at, p.piece_id))
    return Failures(tuple(pieces[:limit]), max(0, len(pieces) - limit), audits, repairs, in_trash)


def _add(
    seen: dict[tuple[str, str], TroubledPiece],
    satellite: str,
    piece_id: str,
    time_ms: int,
    cause: Cause,
    reason: str,
    counts: tuple[bool, bool, bool],
) -> None:
    if not piece_id:
        return
    at, known = time_ms / 1000, seen.get((satellite, piece_id))
    audits, repairs, in_trash = counts
    if known is None:
        seen[satellite, piece_id] = TroubledPiece(
            piece_id=piece_id,
            satellite=satellite,
            cause=cause,
            reason=reason,
            audits=int(audits),
            repairs=int(repairs),
            in_trash=int(in_trash),
            first_at=at,
            last_at=at,
        )
        return
    # A failure says more than a find in the trash, a newer one more than an older one.
    newer = at >= known.last_at
    takes = (newer and cause is not Cause.IN_TRASH) or known.cause is Cause.IN_TRASH
    seen[satellite, piece_id] = TroubledPiece(
        piece_id=piece_id,
        satellite=satellite,
        cause=cause if takes else known.cause,
        reason=reason if takes else known.reason,
        audits=known.audits + audits,
        repairs=known.repairs + repairs,
        in_trash=known.in_trash + in_trash,
        first_at=min(known.first_at, at),
        last_at=max(known.last_at, at),
    )
