"""Error texts become templates: what differs from one line to the next is replaced by a word for what it is."""

from __future__ import annotations

import re

from storj_monitor.units import plain_text

MAX_TEMPLATE = 300
MAX_FOLDED_INPUT = 2000
MAX_REMEMBERED = 1024

_PATTERN = re.compile(
    r"""
      (?P<time>\d{4}-\d\d-\d\d[T\ ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|\ ?[+-]\d\d:?\d\d)?(?:\ UTC)?)
    | (?P<satellite>\b1[1-9A-HJ-NP-Za-km-z]{45,51}\b)
    | (?P<piece>\b[A-Z2-7]{52}\b | \b[a-z2-7]{50,52}\b)
    | (?P<addr>\[[0-9a-fA-F:.]*:[0-9a-fA-F:.%\w]*\](?::\d+)? | \b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?)
    | (?P<path>\b[A-Za-z]:\\[^\s"':;,]* | (?<![\w/:<>.])/(?:[^\s"':;,()]+/?)+)
    | (?P<version>\bv?\d+\.\d+\.\d+(?:-[\w.]+)?\b)
    | (?P<duration>\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:h|ms|m|s|µs|ns)\b)
    | (?P<hex>\b0x[0-9a-fA-F]+\b | \b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b)
    | (?P<n>(?<![A-Za-z_])-?\d+(?:\.\d+)?)
    """,
    re.VERBOSE,
)
_WORDS = {"piece": "<id>", "satellite": "<id>"}

# Whole numbers that stand alone (ports included): they change with every line, so they go before the look-up in the memory.
# The digit comes first in the pattern because the engine then skips to digits quickly.
_LONE_NUMBER = re.compile(r"\d(?<![\w.-]\d)\d*(?![\w.-])")


def _word(match: re.Match[str]) -> str:
    name = match.lastgroup or "n"
    return _WORDS.get(name, f"<{name}>")


def fold_text(text: str) -> str:
    """The template of `text`: at most MAX_TEMPLATE characters, one line; the same text always gives the same template."""
    return _fold_rest(_without_numbers(text))


def _without_numbers(text: str) -> str:
    return _LONE_NUMBER.sub("0", text[:MAX_FOLDED_INPUT])


def _fold_rest(text: str) -> str:
    return plain_text(" ".join(_PATTERN.sub(_word, text).split())[:MAX_TEMPLATE], MAX_TEMPLATE)


class TemplateMasker:
    """`fold_text` that remembers: the same errors come again and again."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._max_remembered = max_remembered
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        template = self._known.get(text)
        if template is not None:
            return template
        key = _without_numbers(text)
        template = self._known.get(key)
        if template is None:
            template = _fold_rest(key)
            if len(self._known) >= self._max_remembered:
                self._known.clear()
            # texts can be long; a longer one is folded anew rather than kept
            if len(key) <= MAX_TEMPLATE:
                self._known[key] = template
        return template
