"""Makes the sieves of a followed log: it trusts its place in the file, and compares lines where that says nothing.

Compared are a file that was never seen before (it may be another form of a log that is known), and what is read again because somebody
else, an `ingest`, has brought lines of the same time meanwhile; each until the log is caught up.
"""

from __future__ import annotations

import logging
import time

from storj_monitor.database import queries
from storj_monitor.database.known_lines import knows_lines, newest_row
from storj_monitor.database.line_lookup import StoredLines
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError
from storj_monitor.log_processor.sieve import LineSieve
from storj_monitor.model.fingerprints import PASSES, new_session

_log = logging.getLogger(__name__)
PASSES_OF_A_SIEVE = 1 << 10
"""A sieve numbers its own passes from where it begins."""
_TRIES = 5
_PAUSE_S = 0.2


class LineSieves:
    """Of one node. `placed`: its log can be read again from a place; a stream cannot, so its lines are never refused.

    All of them are passes of one session: what an earlier one has read is this reader's own, and refuses no commit of a later one.
    """

    def __init__(self, reader: Reader, name: str, *, placed: bool) -> None:
        self._reader = reader
        self._name = name
        self._placed = placed
        self._session = new_session()
        self._passes = 0

    def __call__(self, compare: bool) -> LineSieve:
        """A new one; without `compare`, or where nothing is known of the node, all its lines are new. Raises StoreError."""
        session = self._session + self._passes * PASSES_OF_A_SIEVE % PASSES
        self._passes += 1
        if not self._placed:
            return LineSieve(session)
        node = next((node.id for node in self._reader.ask_now(queries.nodes) if node.name == self._name), None)
        if compare and node is not None and self._reader.ask_now(knows_lines, node):
            return LineSieve(session, _PatientLines(self._reader, node))
        return LineSieve(session, seen=self._reader.ask_now(newest_row))


class _PatientLines(StoredLines):
    """A database that does not answer for a moment is asked again: reading waits."""

    def _rows(self, hour_s: int, but: int) -> dict[int, list[bytes]]:
        for _ in range(_TRIES):
            try:
                return super()._rows(hour_s, but)
            except StoreError as error:
                problem = error
                time.sleep(_PAUSE_S)
        hour = time.strftime("%Y-%m-%d %H:00", time.gmtime(hour_s))
        _log.warning("lines of %s are not compared with those of the database: %s", hour, problem)
        return {}
