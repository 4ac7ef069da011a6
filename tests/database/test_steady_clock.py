"""Nothing is pruned by a clock that has jumped."""

from __future__ import annotations

from contextlib import closing

import pytest
from builders import NOON_MS, batch, transfer
from database.database_store import Store

from storj_monitor.database.retention import DAY_S, STEADY_S, Pruner, Retention, SteadyClock, accept_clock
from storj_monitor.model.sources import FileIdentity

NOON = NOON_MS / 1000
STEP_S = 30.0
YEARS_13 = 13 * 365 * DAY_S


class Machine:
    """Both clocks of a machine."""

    def __init__(self, clock: SteadyClock, now: float = NOON) -> None:
        self.clock = clock
        self.now = now
        self.monotonic = 100.0

    def run(self, seconds: float) -> float:
        """What is believed after so long; the clock is asked every half a minute."""
        believed = 0.0
        for _ in range(max(1, round(seconds / STEP_S))):
            self.now += STEP_S
            self.monotonic += STEP_S
            believed = self.clock.move(self.now, self.monotonic)
        return believed

    def restart(self, off_s: float) -> None:
        self.now += off_s
        self.monotonic = 50.0
        self.clock = SteadyClock(self.clock.believed_s, self.clock.spans)


def test_a_clock_that_goes_on_is_believed_at_once() -> None:
    machine = Machine(SteadyClock(NOON))
    assert machine.run(7200) == machine.now
    machine.restart(1200)
    assert machine.run(STEP_S) == machine.now


@pytest.mark.parametrize("jump_s", [7 * DAY_S, YEARS_13])
def test_a_jump_forward_is_believed_after_a_day_of_running(jump_s: float) -> None:
    machine = Machine(SteadyClock(NOON))
    before = machine.run(3600)
    machine.now += jump_s
    assert machine.run(STEADY_S - 2 * STEP_S) == before
    assert machine.run(4 * STEP_S) == machine.now


def test_a_jump_forward_and_back_costs_nothing() -> None:
    machine = Machine(SteadyClock(NOON))
    before = machine.run(3600)
    machine.now += YEARS_13
    assert machine.run(75) == before
    machine.now -= YEARS_13
    assert machine.run(STEP_S) == machine.now
    machine.now += YEARS_13
    machine.restart(0.0)
    assert machine.run(75) < NOON + 2 * DAY_S


def test_a_machine_that_runs_eight_hours_a_day_follows_some_days_later() -> None:
    machine = Machine(SteadyClock(NOON))
    days = 8
    for _ in range(days):
        believed = machine.run(8 * 3600)
        machine.restart(16 * 3600)
    assert NOON + (days - 4) * DAY_S <= believed < machine.now - DAY_S


def test_a_clock_of_1970_is_believed_for_it_prunes_less() -> None:
    machine = Machine(SteadyClock(NOON))
    machine.run(3600)
    machine.now = 1000.0
    assert machine.run(STEP_S) == machine.now


def fill(store: Store, now: float) -> None:
    store.commit(batch([transfer(int(now * 1000) - i * 1000) for i in range(100)], identity=FileIdentity(4096, str(now))))


def events(store: Store) -> int:
    return int(store.reader.execute("SELECT coalesce(sum(n), 0) FROM events").fetchone()[0])


def prune(store: Store, now: float, monotonic: float) -> None:
    """As a monitor that has just started."""
    pruner = Pruner(store.writer, Retention())
    while pruner.step(now, monotonic):
        pass


def test_lines_and_machine_in_2039_prune_nothing(store: Store) -> None:
    fill(store, NOON)
    prune(store, NOON, 0.0)
    fill(store, NOON + YEARS_13)
    for monotonic in (30.0, 60.0, 90.0):
        prune(store, NOON + YEARS_13 + monotonic, monotonic)
    assert events(store) == 200
    prune(store, NOON + 600, 0.0)
    assert events(store) == 200


def test_a_steady_clock_is_known_after_restarts_and_prunes_then(store: Store) -> None:
    fill(store, NOON)
    prune(store, NOON, 0.0)
    later = NOON + 10 * DAY_S
    fill(store, later)
    pruner = Pruner(store.writer, Retention())
    for second in range(0, int(STEADY_S) - 600, 300):
        if second == int(STEADY_S) // 2 // 300 * 300:
            pruner = Pruner(store.writer, Retention())  # begins anew with what it has kept
        pruner.step(later + second, float(second))
    assert pruner.waits_for_clock
    assert events(store) == 200
    for second in range(int(STEADY_S) - 600, int(STEADY_S) + 3600, 300):
        pruner.step(later + second, float(second))
    assert events(store) == 100
    assert not pruner.waits_for_clock


def test_the_operators_word(store: Store) -> None:
    fill(store, NOON)
    prune(store, NOON, 0.0)
    later = NOON + 10 * DAY_S
    fill(store, later)
    pruner = Pruner(store.writer, Retention())
    pruner.step(later, 1.0)
    assert pruner.waits_for_clock
    assert events(store) == 200
    with closing(store.writer.cursor()):
        accept_clock(store.writer, later)
    pruner.step(later + 30, 31.0)
    assert events(store) == 100
