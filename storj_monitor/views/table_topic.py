"""One table of a view: its rows, numbered, and what changed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from storj_monitor.views.tables import Rows

Payload = dict[str, object]
NOTHING: Mapping[str, object] = MappingProxyType({})


class TableTopic:
    """Rows by key; a delta is what changed since the last one (or everything, where diff payloads are off).

    always -- what each snapshot has beside the rows
    """

    def __init__(
        self,
        build: Callable[[], Rows],
        diffs: bool,
        since: Callable[[float], float] | None = None,
        always: Mapping[str, object] = NOTHING,
    ) -> None:
        self._build = build
        self._always = always
        self._since = since
        self._diffs = diffs
        self._n = 0
        self._rows: Rows = {}
        self._as_of = 0.0
        self._revision = -1

    def advance(self, revision: int, now: float) -> Payload | None:
        """The delta, None when nothing changed. Rows are only made when the state has moved."""
        if revision == self._revision:
            return None
        self._revision = revision
        rows = self._build()
        if rows == self._rows:
            self._as_of = self._as_of or now  # that there is nothing yet is known, too
            return None
        changed = {key: row for key, row in rows.items() if self._rows.get(key) != row}
        gone = [key for key in self._rows if key not in rows]
        self._rows = rows
        self._n += 1
        self._as_of = now
        if not self._diffs:
            return {**self._head(), "rows": rows}
        return {**self._head(), "set": changed, "del": gone}

    def snapshot(self) -> Payload:
        return {**self._head(), "rows": self._rows, **self._always}

    def _head(self) -> Payload:
        head: Payload = {"n": self._n, "as_of": self._as_of}
        if self._since:
            head["from"] = self._since(self._as_of)
        return head
