"""/api/v1/events: the parameters of its own, beside nodes and window."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storj_monitor.errors import RequestError
from storj_monitor.model.severity import Severity
from storj_monitor.model.stored_events import EventFilter
from storj_monitor.views.event_words import KIND_NAMES

PAGE, PAGE_MOST = 100, 500
OWN = frozenset({"kind", "group", "severity", "limit", "before"})
GROUPS = tuple(dict.fromkeys(kind.group for kind in KIND_NAMES.values()))
_CURSOR = re.compile(r"(-?\d{1,15})\.(\d{1,18})", re.ASCII)


def read_filter(query: Sequence[tuple[str, str]]) -> EventFilter:
    """The filter that a question asks for; RequestError `bad_parameter` names the mistake."""
    given: dict[str, list[str]] = {name: [value for key, value in query if key == name] for name in OWN}
    for name in ("limit", "before"):
        if len(given[name]) > 1:
            raise RequestError("bad_parameter", f"{name}: given more than once")
    kinds = {*_checked("kind", given["kind"], list(KIND_NAMES))}
    groups = {*_checked("group", given["group"], list(GROUPS))}
    kinds |= {tag for tag, kind in KIND_NAMES.items() if kind.group in groups}
    severities = frozenset(Severity(one) for one in _checked("severity", given["severity"], [one.value for one in Severity]))
    return EventFilter(frozenset(kinds), severities, _before(given["before"]), _limit(given["limit"]))


def _checked(name: str, values: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    for value in values:
        if value not in known:
            raise RequestError("bad_parameter", f"{name}: {value[:60]!r} is none of {', '.join(known)}")
    return values


def _limit(values: Sequence[str]) -> int:
    if not values:
        return PAGE
    if not re.fullmatch(r"\d{1,4}", values[0], re.ASCII) or not 1 <= int(values[0]) <= PAGE_MOST:
        raise RequestError("bad_parameter", f"limit: must be a number from 1 to {PAGE_MOST}")
    return int(values[0])


def _before(values: Sequence[str]) -> tuple[int, int] | None:
    if not values:
        return None
    match = _CURSOR.fullmatch(values[0])
    if match is None:
        raise RequestError("bad_parameter", "before: must be `next` of the page before")
    return int(match[1]), int(match[2])
