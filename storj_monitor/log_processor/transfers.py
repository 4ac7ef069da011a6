"""Transfer lines: which messages they are, and the vocabularies in which nodes have written their fields since v1.20."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from storj_monitor.log_processor.fields import Fields
from storj_monitor.model.events import UNKNOWN_DURATION, UNKNOWN_SIZE
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import AuditUnfinished
from storj_monitor.model.severity import SCORED_ACTIONS

RACE_LOST = "race lost or node shutdown"

UP, DOWN = "up", "down"


class TransferMessage(NamedTuple):
    direction: str
    outcome: Outcome
    race_lost: bool = False


TRANSFER_MESSAGES: Mapping[str, TransferMessage] = {
    "upload started": TransferMessage(UP, Outcome.STARTED),
    "uploaded": TransferMessage(UP, Outcome.SUCCESS),
    "upload canceled": TransferMessage(UP, Outcome.CANCELED),
    f"upload canceled ({RACE_LOST})": TransferMessage(UP, Outcome.CANCELED, race_lost=True),
    "upload failed": TransferMessage(UP, Outcome.FAILED),
    "download started": TransferMessage(DOWN, Outcome.STARTED),
    "downloaded": TransferMessage(DOWN, Outcome.SUCCESS),
    "download canceled": TransferMessage(DOWN, Outcome.CANCELED),
    f"download canceled ({RACE_LOST})": TransferMessage(DOWN, Outcome.CANCELED, race_lost=True),
    "download failed": TransferMessage(DOWN, Outcome.FAILED),
}

_ACTIONS = {(a.direction, a.label): a for a in Action if a.label != "UNKNOWN"}
_UNKNOWN = {UP: Action.UNKNOWN_UP, DOWN: Action.UNKNOWN_DOWN}


def action_of(direction: str, label: str) -> Action:
    """UNKNOWN when the line has none, or one that does not go in this direction."""
    return _ACTIONS.get((direction, label), _UNKNOWN[direction])


SCORED_SUFFIX: Mapping[int, str] = {
    int(op_code(action, Outcome.FAILED)): f" ({action.label})" for action in Action if action.label in SCORED_ACTIONS
}
"""What is added to the message of a failed audit or repair: it is worth far more than an ordinary failed download."""


class OpsByAction(dict[str, int]):
    """Op codes of one message by the action's text; every other text has the code of UNKNOWN."""

    def __init__(self, message: TransferMessage) -> None:
        direction, outcome = message.direction, message.outcome
        super().__init__({label: op_code(a, outcome) for (way, label), a in _ACTIONS.items() if way == direction})
        self._unknown = op_code(_UNKNOWN[direction], outcome)

    def __missing__(self, action: str) -> int:
        return self._unknown


class SnakeTransfer(msgspec.Struct, gc=False):
    """Since v1.146. A line that lacks one of the first four does not decode: the full parser reads it."""

    piece_id: str
    satellite_id: str
    action: str
    remote_address: str
    size: int = UNKNOWN_SIZE
    error: str = ""
    reason: str = ""


_TITLES = {
    "piece_id": "Piece ID", "satellite_id": "Satellite ID", "action": "Action", "remote_address": "Remote Address", "size": "Size",
}  # fmt: skip


class TitleTransfer(msgspec.Struct, gc=False, rename=_TITLES):
    """v1.72 to v1.145, and v1.79 to v1.98 with `process` in small letters."""

    piece_id: str
    satellite_id: str
    action: str
    remote_address: str
    size: int = UNKNOWN_SIZE
    error: str = ""
    reason: str = ""


_OLD_TITLES = _TITLES | {
    "process": "Process", "lower_process": "process", "offset": "Offset", "available_space": "Available Space", "verbose": "errorVerbose",
}  # fmt: skip


class OldTransfer(msgspec.Struct, gc=False, rename=_OLD_TITLES, forbid_unknown_fields=True):
    """Before v1.72: no address, downloads without size. All fields that may be there are named, so nothing is missed."""

    piece_id: str
    satellite_id: str
    action: str
    remote_address: str = ""
    size: int = UNKNOWN_SIZE
    error: str = ""
    reason: str = ""
    process: str = ""
    lower_process: str = ""
    offset: int = 0
    available_space: int = 0
    verbose: str = ""


class TransferFields(NamedTuple):
    """The exact reading of one transfer line, whatever its vocabulary."""

    piece_id: str
    satellite_id: str
    action: str
    remote_address: str
    size: int
    error: str
    reason: str


def transfer_fields(fields: Fields) -> TransferFields:
    return TransferFields(
        fields.text("piece_id"),
        fields.satellite(),
        fields.text("action"),
        fields.text("remote_address"),
        fields.size_bytes("size"),
        fields.text("error"),
        fields.text("reason"),
    )


# ---- Which start belongs to which result: durations, and the two lines that some cancels have. Bounded; a start without an end is let go.


MAX_PENDING = 16_384
MAX_AGE_MS = 24 * 3600 * 1000
MAX_OWED = 1024
MAX_TWIN_DISTANCE_MS = 60_000
MAX_AUDITS = 2000
UNFINISHED_MS = 10 * 60_000
"""Satellites wait five minutes for the answer to an audit."""

Begun = tuple[str, int]
"""Remote address and time (Unix milliseconds) of a start line."""

Pending = dict[str, "Begun | list[Begun]"]
"""By piece id, oldest first. A list where one piece is being transferred to several addresses at once."""


class PendingStarts:
    """Starts of one direction. `pending` is open to the fast parser, which does the simple case itself:

    one start for a piece, ended by a result of the same address. Everything else goes through `begin` and `end`.
    """

    def __init__(self) -> None:
        self.pending: Pending = {}

    def begin(self, piece_id: str, address: str, at_ms: int) -> None:
        """A transfer started. The newest start of the same piece and address wins."""
        known = self.pending.pop(piece_id, None)
        begun = (address, at_ms)
        if known is None:
            self.pending[piece_id] = begun
            return
        others = [b for b in (known if isinstance(known, list) else [known]) if b[0] != address]
        self.pending[piece_id] = [*others, begun] if others else begun

    def end(self, piece_id: str, address: str, at_ms: int) -> int:
        """Milliseconds since the newest fitting start, which is thereby used up; UNKNOWN_DURATION without one.

        A missing address on either side fits every address.
        """
        known = self.pending.pop(piece_id, None)
        if known is None:
            return UNKNOWN_DURATION
        begun = known if isinstance(known, list) else [known]
        fit = next((b for b in reversed(begun) if b[0] == address), None)
        fit = fit or next((b for b in reversed(begun) if not b[0] or not address), None)
        rest = [b for b in begun if b is not fit]
        if rest:
            self.pending[piece_id] = rest if len(rest) > 1 else rest[0]
        if fit is None:
            return UNKNOWN_DURATION
        duration = at_ms - fit[1]
        return max(duration, 0) if duration <= MAX_AGE_MS else UNKNOWN_DURATION

    def let_go(self, now_ms: int) -> None:
        """Drop the oldest beyond the bound, and all that began a day before `now_ms`. Call once in a while."""
        oldest_ms = now_ms - MAX_AGE_MS
        while self.pending:
            piece_id = next(iter(self.pending))
            begun = self.pending[piece_id]
            newest_ms = begun[1] if isinstance(begun, tuple) else begun[-1][1]
            if len(self.pending) <= MAX_PENDING and newest_ms >= oldest_ms:
                return
            del self.pending[piece_id]

    def clear(self) -> None:
        self.pending.clear()


class OpenAudits:
    """Audits that began: those whose start is still waiting for its end after UNFINISHED_MS have none."""

    def __init__(self, downloads: PendingStarts) -> None:
        self._downloads = downloads
        self._begun: dict[str, tuple[int, str]] = {}

    def begin(self, piece_id: str, satellite: str, at_ms: int) -> None:
        self._begun[piece_id] = (at_ms, satellite)
        if len(self._begun) > MAX_AUDITS:
            del self._begun[next(iter(self._begun))]

    def unfinished(self, now_ms: int, *, node_stopped: bool = False) -> list[AuditUnfinished]:
        """Those that are over without an end, each told once; all that are open when the node has stopped."""
        found: list[AuditUnfinished] = []
        for piece_id, (at_ms, satellite) in list(self._begun.items()):
            waiting = self._downloads.pending.get(piece_id)
            open_ = waiting is not None and any(at_ms == one[1] for one in (waiting if isinstance(waiting, list) else [waiting]))
            if open_ and not node_stopped and now_ms - at_ms < UNFINISHED_MS:
                continue
            del self._begun[piece_id]
            if open_:
                found.append(
                    AuditUnfinished(
                        time_ms=now_ms if node_stopped else at_ms + UNFINISHED_MS,
                        level="WARN",
                        satellite=satellite,
                        piece_id=piece_id,
                        started_ms=at_ms,
                        node_stopped=node_stopped,
                    )
                )
        return found


class TwinCancels:
    """`… canceled (race lost or node shutdown)` at INFO counts; the DEBUG line about the same piece that follows it does not."""

    def __init__(self) -> None:
        self._owed: dict[tuple[str, str], tuple[int, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._owed)

    def expect(self, direction: str, piece_id: str, at_ms: int) -> None:
        count, _ = self._owed.pop((direction, piece_id), (0, 0))
        self._owed[direction, piece_id] = (count + 1, at_ms)
        if len(self._owed) > MAX_OWED:
            del self._owed[next(iter(self._owed))]

    def settle(self, direction: str, piece_id: str, at_ms: int) -> bool:
        """Whether a DEBUG line is such a twin: one for each cancel, and only within a minute."""
        count, since_ms = self._owed.pop((direction, piece_id), (0, 0))
        if not count or abs(at_ms - since_ms) > MAX_TWIN_DISTANCE_MS:
            return False
        if count > 1:
            self._owed[direction, piece_id] = (count - 1, since_ms)
        return True

    def clear(self) -> None:
        self._owed.clear()
