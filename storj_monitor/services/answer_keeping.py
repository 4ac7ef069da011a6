"""The last answer to each question and how far counters are, stored often enough that a kill of the monitor costs a minute or two.

What this writes is bounded: small things with about every answer, large ones more rarely, and of many nodes everything more rarely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import KEPT_ANSWERS, Pending
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.services.subject_health import keep_counters
from storj_monitor.state.node_status import NodeRegistry, NodeStatus

KEEP_COUNTERS_S = 45.0
"""How far a node's counters are, and what was added since: some 2 kB, with about every answer."""
KEEP_S = {AnswerKind.NODE: 110.0, AnswerKind.HEALTH: 110.0, AnswerKind.METRICS: 290.0}
KEEP_OTHERS_S = 600.0
"""An answer is stored this often, and when the monitor stops."""
PER_NODE_S = 3.0
"""No interval is shorter than this times the number of nodes."""
_Question = tuple[str, AnswerKind, str]


class AnswerKeeper:
    """Puts to the rows that wait what is to be stored now."""

    def __init__(self, subjects: NodeRegistry) -> None:
        self._subjects = subjects
        self._kept_at: dict[_Question, float] = {}
        self._answers: dict[_Question, Answer] = {}

    def take(self, node: NodeStatus, answer: Answer, pending: Pending) -> None:
        """An answer came, and memory has taken it."""
        if answer.kind not in KEPT_ANSWERS:
            return
        least_s = PER_NODE_S * len(self._subjects.nodes)
        if answer.kind is AnswerKind.METRICS and answer.asked_at - node.counted.kept_at >= max(KEEP_COUNTERS_S, least_s):
            keep_counters(node, pending, answer.asked_at)
        key = _question(answer)
        self._answers[key] = answer
        if answer.asked_at - self._kept_at.get(key, 0.0) >= max(KEEP_S.get(answer.kind, KEEP_OTHERS_S), least_s):
            self._kept_at[key] = answer.asked_at
            pending.put(store.LAST_ANSWER, rows.answer_row(answer))

    def keep_all(self, pending: Pending, now: float) -> None:
        """The monitor stops."""
        for answer in self._answers.values():
            pending.put(store.LAST_ANSWER, rows.answer_row(answer))
        for node in self._subjects.nodes.values():
            keep_counters(node, pending, now)

    def load(self, stored: Iterable[store.Row]) -> Iterator[Answer]:
        """Those of an earlier run, a node's own before others of it, older ones first."""
        kept = [answer for row in stored if (answer := rows.answer(row, KEPT_ANSWERS)) is not None]
        for answer in sorted(kept, key=lambda answer: (answer.kind is not AnswerKind.NODE, answer.asked_at)):
            self._kept_at[_question(answer)] = answer.asked_at
            self._answers[_question(answer)] = answer
            yield answer


def _question(answer: Answer) -> _Question:
    return (answer.node, answer.kind, answer.satellite or "")
