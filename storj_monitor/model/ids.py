"""Ids and names: satellites, pieces, and what a transfer is and became."""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType

DIRECTIONS = ("up", "down")


class Action(IntEnum):
    """What a transfer was for. A line without a known action still has a direction."""

    UNKNOWN_UP = 0
    UNKNOWN_DOWN = 1
    PUT = 2
    PUT_REPAIR = 3
    PUT_GRACEFUL_EXIT = 4
    GET = 5
    GET_AUDIT = 6
    GET_REPAIR = 7
    GET_GRACEFUL_EXIT = 8

    @property
    def label(self) -> str:
        """The node's own spelling, or UNKNOWN."""
        return "UNKNOWN" if self < Action.PUT else self.name

    @property
    def direction(self) -> str:
        """`up` (ingress, the node stores) or `down` (egress, the node serves)."""
        return "up" if self in _UP else "down"


_UP = frozenset({Action.UNKNOWN_UP, Action.PUT, Action.PUT_REPAIR, Action.PUT_GRACEFUL_EXIT})


class Outcome(IntEnum):
    """How a transfer ended. STARTED is counted in logs but never stored as a transfer."""

    STARTED = 0
    SUCCESS = 1
    CANCELED = 2
    FAILED = 3

    @property
    def label(self) -> str:
        return self.name.lower()


def op_code(action: int, outcome: int) -> int:
    """One small number for (action, outcome): the key of every rollup cell."""
    return action << 2 | outcome


def op_action(op: int) -> Action:
    return Action(op >> 2)


def op_outcome(op: int) -> Outcome:
    return Outcome(op & 3)


def op_label(op: int) -> str:
    """`"GET down success"`, the spelling of statistics and of the API."""
    action = op_action(op)
    return f"{action.label} {action.direction} {op_outcome(op).label}"


# RFC 4648 base32 letters to the digits that int(…, 32) understands; other characters become '!', which int() refuses.
_LETTERS, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv"
_BASE32 = str.maketrans(_LETTERS, _DIGITS, "=")
_BASE32_BYTES, _TO_DIGITS = _LETTERS.encode(), bytes.maketrans(_LETTERS.encode(), _DIGITS.encode())
_PIECE_ID_LENGTH = 52


def piece_hash(piece_id: str) -> int:
    """First 64 bits of the piece id (its 32 bytes are random already).

    A piece id is 52 characters of base32; 13 of them hold 65 bits. Text that is no base32 gets a BLAKE2b hash instead.
    """
    if len(piece_id) == _PIECE_ID_LENGTH:
        try:
            return int(piece_id[:13].translate(_BASE32), 32) >> 1
        except ValueError:
            pass
    return int.from_bytes(hashlib.blake2b(piece_id.encode("utf-8", "replace"), digest_size=8).digest())


def piece_hashes(piece_ids: Sequence[str]) -> list[int]:
    """`piece_hash` of each, all at once."""
    heads = _heads(piece_ids)
    if heads is None:
        return [piece_hash(piece_id) for piece_id in piece_ids]
    return [value for (value,) in struct.iter_unpack(">Q2x", heads)]


def piece_hashes_hex(piece_ids: Sequence[str]) -> list[str]:
    """`piece_hash_hex` of the hash of each, all at once."""
    heads = _heads(piece_ids)
    if heads is None:
        return [piece_hash_hex(piece_hash(piece_id)) for piece_id in piece_ids]
    digits = heads.hex()
    return [digits[at : at + 16] for at in range(0, len(digits), 20)]


def _heads(piece_ids: Sequence[str]) -> bytes | None:
    """The first 80 bits of each: 16 characters of base32, of which the first 64 bits are the hash. None unless all are usual ids."""
    heads = "".join([piece_id[:16] for piece_id in piece_ids]).encode()
    if set(map(len, piece_ids)) != {_PIECE_ID_LENGTH} or heads.translate(None, _BASE32_BYTES):
        return None
    return int(heads.translate(_TO_DIGITS), 32).to_bytes(10 * len(piece_ids), "big")


def piece_hash_hex(value: int) -> str:
    """16 hexadecimal digits: how a piece hash is written on the wire (JavaScript has no 64-bit integers)."""
    return f"{value:016x}"


# ---- The satellites of the public network by the names that operators say, and what to call any other one.


WELL_KNOWN = MappingProxyType(
    {
        "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
        "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
        "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
        "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
    }
)
"""Name by id."""

GONE = MappingProxyType(
    {
        "12rfG3sh9NCWiX3ivPjq2HtdLmbqCrvHVEzJubnzFzosMuawymB": "europe-north-1",
        "12tRQrMTWUWwzwGh18i7Fqs67kmdhH9t6aToeiwbo5mfS2rUmo": "us2",
        "118UWpMCHzs6CvSgWd9BfFVjw5K9pZbJjkfZJexMtSkmKxvvAW": "stefan-benten",
    }
)
"""Satellites that were shut down and of which old nodes still have paystubs: nothing but this list names them."""

NO_NAMES: Mapping[str, str] = MappingProxyType({})
_PUBLIC = (".storj.io", ".tardigrade.io")


def name_of_address(address: str) -> str:
    """`us2` of `us2.storj.io:7777`; of other addresses the host, of a bare number with its port. "" for no address."""
    host, _, port = address.rpartition(":")
    host = host or port
    if not host:
        return ""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.partition(".")[0] if host.endswith(_PUBLIC) else host
    return address


def satellite_name(satellite: str, addressed: Mapping[str, str] = NO_NAMES) -> str:
    """`us1`, or the first characters of an id that has no name; "" for a line without a satellite. `addressed`: names by addresses."""
    known = WELL_KNOWN.get(satellite) or GONE.get(satellite) or addressed.get(satellite)
    return known or (satellite[:8] + "…" if len(satellite) > 9 else satellite)
