"""The distance between two looks at the logs."""

from __future__ import annotations

import pytest

from storj_monitor.services.log_pipeline import MIN_PAUSE_S, TickPacer


@pytest.mark.parametrize("took_s", [0.0, 0.0015, 0.005, 0.019])
def test_95_of_100_lines_wait_no_longer_than_asked(took_s: float) -> None:
    pacer = TickPacer(0.095)
    for _ in range(200):
        tick_s = took_s + pacer.rest_s(took_s)
    # the line that was written after 5 % of a tick had gone by, and then the work of the round
    assert 0.95 * tick_s + took_s == pytest.approx(0.095, rel=1e-4)


def test_a_round_that_waited_for_a_disk_hardly_changes_the_next_ticks() -> None:
    pacer = TickPacer(0.095)
    for _ in range(200):
        pacer.rest_s(0.001)
    usual_s = pacer.tick_s
    assert pacer.rest_s(30.0) == MIN_PAUSE_S
    assert 0.95 * usual_s < pacer.tick_s < usual_s


def test_long_rounds_do_not_come_more_often_for_it() -> None:
    """40 ms of work in a tick of 80 ms are half of it, not nine tenths."""
    pacer = TickPacer(0.095)
    for _ in range(200):
        tick_s = 0.04 + pacer.rest_s(0.04)
    assert tick_s == pytest.approx(0.08, rel=1e-3)


def test_rounds_that_take_longer_than_a_tick_leave_others_their_turn() -> None:
    pacer = TickPacer(0.095)
    assert {pacer.rest_s(0.2) for _ in range(50)} == {MIN_PAUSE_S}
    assert pacer.tick_s >= 0.05
