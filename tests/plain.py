"""Rows, answers and messages as a client reads them: objects, lists and plain values."""

from __future__ import annotations

from typing import Any

import msgspec


def plain(value: object) -> Any:
    """What a client makes of the JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))


class Plain:
    """Questions with answers as a client reads them."""

    def __init__(self, questions: object) -> None:
        self._questions = questions

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._questions, name)

        async def answered(*args: Any, **kwargs: Any) -> Any:
            return plain(await ask(*args, **kwargs))

        return answered
