"""What memory knows of nodes stays small and true, whatever a log says."""

from __future__ import annotations

from builders import NOON_MS, US1, batch, transfer

from storj_monitor.model.events import ErrorSeen, NodeEvent
from storj_monitor.model.hashstore_events import CompactionFinished, CompactionStarted
from storj_monitor.model.node_events import NodeStarted
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.compactions import MAX_RUNNING, Compactions
from storj_monitor.state.nodes import MAX_SATELLITES, State
from storj_monitor.state.windows import MAX_ERRORS, Window
from storj_monitor.state.windows import MAX_SATELLITES as MOST_IN_WINDOW

NOW = NOON_MS / 1000


def test_errors_and_satellites_of_a_window_are_bounded() -> None:
    window = Window()
    for part in range(20):
        accumulator = Accumulator("n1")
        errors = [ErrorSeen(NOON_MS, "ERROR", "logger", "message", f"template {part} {i}", "sample", "") for i in range(400)]
        accumulator.add(batch([transfer(satellite=f"made up {part} {i}") for i in range(400)], errors=errors))
        window.add(accumulator.drain(), NOW)
    assert len(window.errors) == MAX_ERRORS + 1
    assert sum(seen.count for seen in window.errors.values()) == 8000
    assert len(window.by_satellite) == MOST_IN_WINDOW + 1
    assert sum(count for count, _ in window.by_satellite.values()) == 8000
    window.expire(NOW + 7200)
    assert (window.errors, window.by_satellite) == ({}, {})


def test_satellites_on_the_wire_are_bounded() -> None:
    state = State(["n1"])
    indices = {state.satellite_index(f"made up {i}") for i in range(MAX_SATELLITES + 500)}
    assert len(indices) == len(state.satellites) == MAX_SATELLITES + 1
    assert state.satellite_index("made up 0") == 0


def test_a_line_from_the_future_is_not_the_newest() -> None:
    state = State(["n1"])
    accumulator = Accumulator("n1")
    accumulator.add(batch([transfer()], newest_ms=NOON_MS + 10**10))
    state.on_delta(accumulator.drain(), NOW)
    assert state.nodes["n1"].newest_ms <= NOON_MS + 120_000


def started(second: int, store: str = "s0", satellite: str = US1) -> NodeEvent:
    return CompactionStarted(time_ms=NOON_MS + second * 1000, satellite=satellite, store=store)


def test_a_restart_breaks_compactions_off() -> None:
    compactions = Compactions()
    for event in (started(0), started(5, "s1"), NodeStarted(time_ms=NOON_MS + 10_000, node_id="id")):
        compactions.on_event(event)
    assert {(one.store, one.state, one.error) for one in compactions.current()} == {
        ("s0", "broken_off", "broken off: the node restarted"),
        ("s1", "broken_off", "broken off: the node restarted"),
    }
    compactions.on_event(started(20))
    compactions.on_event(CompactionFinished(time_ms=NOON_MS + 30_000, satellite=US1, store="s0", duration_ms=10_000))
    assert {(one.store, one.state) for one in compactions.current()} == {("s0", "done"), ("s1", "broken_off")}


def test_compactions_without_end_are_bounded() -> None:
    compactions = Compactions()
    for i in range(MAX_RUNNING + 50):
        compactions.on_event(started(i, satellite=f"made up {i}"))
    assert len(compactions.every()) == MAX_RUNNING + 10
