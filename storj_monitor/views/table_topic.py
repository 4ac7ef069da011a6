"""One table of a view: its rows, numbered, and what changed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET, UnsetType

from storj_monitor.views.wire.fields import HelpText, Wire
from storj_monitor.views.wire.frames import TableDelta, TableSnap
from storj_monitor.views.wire.topics import Rows


class TableTopic:
    """Rows by key; a delta is what changed since the last one (or everything, where diff payloads are off).

    help, summary -- what each snapshot has beside the rows
    """

    def __init__(
        self,
        build: Callable[[], Rows],
        diffs: bool,
        since: Callable[[float], float] | None = None,
        help: Mapping[str, HelpText] | UnsetType = UNSET,
        summary: bool | UnsetType = UNSET,
    ) -> None:
        self._build = build
        self._help = help if help is UNSET else dict(help)
        self._summary = summary
        self._since = since
        self._diffs = diffs
        self._n = 0
        self._rows: Rows = {}
        self._as_of = 0.0
        self._revision = -1

    def advance(self, revision: int, now: float) -> TableDelta[Wire] | None:
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
            return TableDelta(n=self._n, as_of=now, from_=self._from(), rows=dict(rows))
        return TableDelta(n=self._n, as_of=now, from_=self._from(), set=changed, del_=gone)

    def snapshot(self) -> TableSnap[Wire]:
        return TableSnap(n=self._n, as_of=self._as_of, from_=self._from(), rows=dict(self._rows), help=self._help, summary=self._summary)

    def _from(self) -> float | UnsetType:
        return UNSET if self._since is None else self._since(self._as_of)
