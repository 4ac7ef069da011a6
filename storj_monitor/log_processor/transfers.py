"""Transfer lines: which messages they are, and the vocabularies in which nodes have written their fields since v1.20."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from storj_monitor.log_processor.fields import Fields
from storj_monitor.model.events import UNKNOWN_SIZE
from storj_monitor.model.ids import Action, Outcome, op_code
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
    """Since v1.146. A line that lacks one of the first four does not decode: the exact way reads it."""

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
