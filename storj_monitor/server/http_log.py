"""What the HTTP library has to say, in one line each: a request that is none, or that breaks off,
is the client's doing, not ours, and needs no traceback."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

_MOST_CHARACTERS = 120


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """For aiohttp's `logger`. Bad requests are warnings of one line, counted in `bad`; everything else stays an error."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger, {})
        self.bad = 0

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:
        if isinstance(exc_info, HttpProcessingError | RequestPayloadError | ConnectionError):
            self.count(args[0] if args else "?", exc_info)
        else:
            super().exception(msg, *args, exc_info=exc_info, **kwargs)

    def debug(self, msg: object, *args: object, exc_info: Any = None, **kwargs: Any) -> None:
        """Something that is no HTTP at all, as a port scanner sends it, is told at this level."""
        if isinstance(exc_info, HttpProcessingError):
            self.count(args[0] if args else "?", exc_info)

    def count(self, client: object, error: Exception) -> None:
        """One bad request. What the client sent may be anything: it is written so that it cannot look like a line of our own."""
        self.bad += 1
        said = getattr(error, "message", "") or str(error)
        self.logger.warning("bad request from %s: %s", client, ascii(" ".join(str(said).split()))[:_MOST_CHARACTERS])
