"""Numbers that a document may hold and no figure can be: NaN, infinity, integers of thirty digits.

They make a strict decoder refuse the whole answer, with every good figure in it. Here they become the largest number that fits into the
database; whoever keeps the figure sees that it is impossible, says so and leaves that one out.
"""

from __future__ import annotations

import json
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

HUGE: Final = 2**63 - 1


def decode_clamped(body: bytes, to: type[T]) -> T | None:
    """The body as the type, its numbers clamped; None when that is not what is wrong with it."""
    try:
        return msgspec.convert(json.loads(body, parse_int=_whole, parse_float=_real, parse_constant=_constant), to)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _whole(text: str) -> int:
    return max(-HUGE, min(HUGE, int(text))) if len(text) < 400 else _constant(text)


def _real(text: str) -> int | float:
    """A whole number stays one however it is written (`4.3e12`): the decoder does not take a float for an integer."""
    value = float(text)
    if abs(value) >= HUGE:
        return _constant(text)
    return int(value) if value.is_integer() else value


def _constant(text: str) -> int:
    return -HUGE if text.startswith("-") else HUGE
