"""Texts of an answer, before anything is made of them: what a node (or whoever answers in its place) writes is shown to its operator."""

from __future__ import annotations

import json
import re
from typing import Final

from storj_monitor.units import MOST_TEXT, plain_text

# A text without an end is taken to the end of the body: looking for its end again from each of its quotes would take hours.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_LONG: Final = re.compile(rb'"[^"\\]{%d}' % MOST_TEXT)


def plain_body(body: bytes) -> bytes:
    """The same JSON with every text bounded and without characters that are not to be seen. Nearly always the very same bytes."""
    if body.isascii() and b"\\" not in body and _LONG.search(body) is None:
        return body
    return _STRING.sub(_plain, body)


def _plain(match: re.Match[bytes]) -> bytes:
    try:
        text = json.loads(match[0], strict=False)
    except ValueError:
        return match[0]  # the decoder says what is wrong with it
    plain = plain_text(text, keep="\n\t")
    return match[0] if plain == text else json.dumps(plain).encode()
