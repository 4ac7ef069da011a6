"""An honest count of every line, by class, logger and message, with samples of what was not used. The number of keys is bounded."""

from __future__ import annotations

from storj_monitor.model.events import LineKey
from storj_monitor.units import plain_text

MAX_KEYS = 2000
MAX_KEY_TEXT = 200
MAX_SAMPLE = 500
OTHER = "(other)"


class KnownKeys:
    """The keys of one log so far: beyond MAX_KEYS, further ones are counted as (other)."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], LineKey] = {}

    def key(self, kind: str, logger: str, message: str) -> LineKey:
        found = self._known.get((kind, logger, message))
        if found is None:
            if len(self._known) >= MAX_KEYS - 3:
                return LineKey(kind, OTHER, OTHER)
            found = LineKey(kind, plain_text(logger[:MAX_KEY_TEXT], MAX_KEY_TEXT), plain_text(message[:MAX_KEY_TEXT], MAX_KEY_TEXT))
            self._known[kind, logger, message] = found
        return found
