"""The way of rows about nodes to the one writer, which may refuse them for hours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import Pending
from storj_monitor.database.subjects import Connection


class Works(Protocol):
    """What is needed of database.Writer."""

    def submit_work(self, write: Callable[[Connection], None], done: Callable[[], None]) -> None: ...


Later = Callable[[Callable[[], None]], object]


class RowQueue:
    """Rows wait in `pending` by key until the writer has taken those before them, so a database that refuses costs neither memory
    nor rows: the newest of each key is written when it takes them again.

    `from_writer` brings a call from the writer's thread to the event loop, where everything else here runs. `later` makes a call a
    little later, so that what comes together (the answers of one poll) is one transaction; without it, at once.
    """

    def __init__(self, works: Works, from_writer: Callable[[Callable[[], None]], object], later: Later | None = None) -> None:
        self._works = works
        self._from_writer = from_writer
        self._later = later
        self._is_due = False
        self._writing = False
        self.pending: Final = Pending()

    def flush_soon(self) -> None:
        """Hand over what waits, with what comes right after it."""
        if self._later is None:
            self.flush()
        elif not self._is_due:
            self._is_due = True
            self._later(self.flush)

    def flush(self, *, at_once: bool = False) -> None:
        """Hand over what waits, unless the writer has not taken what came before. `at_once`: nothing comes after this, do not wait."""
        self._is_due = False
        if self.pending and (at_once or not self._writing):
            self._writing = True
            self._works.submit_work(partial(store.write, changes=self.pending.take()), self._on_written)

    def forget(self) -> None:
        """What waits need not be written."""
        self.pending.take()

    def _on_written(self) -> None:
        """Called in the writer's thread."""
        self._from_writer(self._written)

    def _written(self) -> None:
        self._writing = False
        self.flush()
