"""The way of what is stored of nodes to the one writer, which may refuse it for hours; and how often answers are stored at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

from storj_monitor.database import node_tables as store
from storj_monitor.database.node_records import KEPT_ANSWERS, Pending
from storj_monitor.database.node_tables import Connection
from storj_monitor.model.kept import Kept
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.state.node_status import NodeRegistry, NodeStatus


class Works(Protocol):
    """What is needed of database.Writer."""

    def submit_write(self, write: Callable[[Connection], None], done: Callable[[], None]) -> None: ...


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
            self._works.submit_write(partial(store.write, changes=self.pending.take()), self._on_written)

    def submit(self, write: Callable[[Connection], None]) -> None:
        """Something to be written that has no key."""
        self._works.submit_write(write, lambda: None)

    def _on_written(self) -> None:
        """Called in the writer's thread."""
        self._from_writer(self._written)

    def _written(self) -> None:
        self._writing = False
        self.flush()


KEEP_COUNTERS_S = 45.0
"""How far a node's counters are, and what was added since: some 2 kB, with about every answer."""
KEEP_S = {AnswerKind.NODE: 110.0, AnswerKind.HEALTH: 110.0, AnswerKind.METRICS: 290.0}
KEEP_OTHERS_S = 600.0
"""An answer is stored this often, and when the monitor stops."""
PER_NODE_S = 3.0
"""No interval is shorter than this times the number of nodes."""
_Route = tuple[str, AnswerKind, str]


class AnswerKeeper:
    """Stores the last answer of each route and how far counters are, often enough that a kill of the monitor costs a minute or two.

    What this writes is bounded: small things with about every answer, large ones more rarely, and of many nodes everything more rarely.
    """

    def __init__(self, registry: NodeRegistry) -> None:
        self._registry = registry
        self._kept_at: dict[_Route, float] = {}
        self._answers: dict[_Route, Answer] = {}

    def take(self, status: NodeStatus, answer: Answer) -> list[Kept]:
        """An answer came, and memory has taken it: what is to be stored now."""
        if answer.kind not in KEPT_ANSWERS:
            return []
        due: list[Kept] = []
        least_s = PER_NODE_S * len(self._registry.nodes)
        if answer.kind is AnswerKind.METRICS and answer.asked_at - status.counted.kept_at >= max(KEEP_COUNTERS_S, least_s):
            due += status.counted.take_unkept(answer.asked_at)
        key = self.know(answer, at=None)
        if answer.asked_at - self._kept_at.get(key, 0.0) >= max(KEEP_S.get(answer.kind, KEEP_OTHERS_S), least_s):
            self._kept_at[key] = answer.asked_at
            due.append(answer)
        return due

    def know(self, answer: Answer, at: float | None) -> _Route:
        """The newest answer of its route; `at`: when it was stored, where an earlier run has stored it."""
        key = (answer.node, answer.kind, answer.satellite or "")
        self._answers[key] = answer
        if at is not None:
            self._kept_at[key] = at
        return key

    def every(self) -> Iterable[Answer]:
        """The newest of each route."""
        return self._answers.values()
