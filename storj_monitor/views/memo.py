"""What was made once for a change, kept until the next one: the only thing that views keep between two looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """One value for each name."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, object, T]] = {}

    def of(self, name: str, version: object, make: Callable[[], T], made_of: object = None) -> T:
        """The value, made anew when `version` (a revision, or several) is not equal, or `made_of` not the very same object."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != version or kept[1] is not made_of:
            kept = self._kept[name] = (version, made_of, make())
        return kept[2]
