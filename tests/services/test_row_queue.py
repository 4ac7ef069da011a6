"""Rows of nodes on their way to the writer: what comes together is one transaction, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storj_monitor.model.uptime import Outage, Witness
from storj_monitor.services.row_queue import RowQueue


class Desk:
    """A writer that takes work, and has done it when its `done` is called."""

    def __init__(self) -> None:
        self.taken: list[Callable[[], None]] = []

    def submit_write(self, _write: Callable[[Any], None], done: Callable[[], None]) -> None:
        self.taken.append(done)


def tell(rows: RowQueue, times: int) -> None:
    for number in range(times):
        rows.pending.write("node", [Outage(Witness.API_DOWN, float(number), None)])
        rows.flush_soon()


def test_answers_of_one_poll_are_one_transaction() -> None:
    desk, later = Desk(), list[Callable[[], None]]()
    rows = RowQueue(desk, lambda call: call(), later.append)
    tell(rows, 5)
    assert (len(later), len(desk.taken)) == (1, 0)
    later.pop()()
    assert len(desk.taken) == 1 and not rows.pending
    tell(rows, 1)
    later.pop()()
    assert len(desk.taken) == 1, "the writer has not taken what came before"
    desk.taken[0]()
    assert len(desk.taken) == 2 and not rows.pending


def test_a_stop_waits_for_nothing() -> None:
    desk, later = Desk(), list[Callable[[], None]]()
    rows = RowQueue(desk, lambda call: call(), later.append)
    tell(rows, 2)
    rows.flush(at_once=True)
    assert len(desk.taken) == 1
    later.pop()()
    assert len(desk.taken) == 1
