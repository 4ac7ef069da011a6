"""Totals of batches, and their sums."""

from __future__ import annotations

from builders import completed, rows_of

from storj_monitor.model.events import OPS, UNKNOWN_SIZE, ErrorSeen, EventBatch, LineKey, LineKind, Transfer
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.statistics import Statistics, StatisticsCounter

MINUTE = 29_923_677
SAT = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"


def transfer(action: Action, outcome: Outcome, size_bytes: int, second: int = 0, satellite: str = SAT) -> Transfer:
    return Transfer((MINUTE * 60 + second) * 1000, satellite, op_code(action, outcome), size_bytes, -1, 0, "", "", "")


def batch(transfers: list[Transfer]) -> EventBatch:
    lines = {LineKey(LineKind.UNDERSTOOD, "piecestore", "uploaded"): len(transfers), LineKey(LineKind.IGNORED, "", "foreign"): 1}
    samples = {LineKey(LineKind.IGNORED, "", "foreign"): "goroutine 1 [running]:"}
    starts = [3 * (op == op_code(Action.GET, Outcome.STARTED)) for op in range(OPS)]
    error = ErrorSeen(0, "ERROR", "piecestore", "download failed", "pieces error: *", "", "")
    return EventBatch("mine", 0.0, False, rows_of(transfers), completed, starts, [], [error], lines, samples, 0, 1000, None)


def counted() -> Statistics:
    counter = StatisticsCounter()
    counter.add(batch([transfer(Action.GET, Outcome.SUCCESS, 100), transfer(Action.GET, Outcome.SUCCESS, 50, 60)]))
    counter.add(
        batch(
            [
                transfer(Action.UNKNOWN_UP, Outcome.CANCELED, UNKNOWN_SIZE, satellite=""),
                transfer(Action.PUT, Outcome.FAILED, 7, -MINUTE * 60),
            ]
        )
    )
    return counter.result()


def test_totals() -> None:
    statistics = counted()
    assert statistics.to_json() == {
        "transfers": {"GET down started": 6, "GET down success": 2, "PUT up failed": 1, "UNKNOWN up canceled": 1},
        "bytes": {"GET down success": 150, "PUT up failed": 7, "UNKNOWN up canceled": 0},
        "satellites": {" UNKNOWN canceled": 1, f"{SAT} GET success": 2, f"{SAT} PUT failed": 1},
        "minutes": {f"{MINUTE} GET success": 1, f"{MINUTE} UNKNOWN canceled": 1, f"{MINUTE + 1} GET success": 1},
        "lines": 12,
        "understood": 10,
        "ignored": 2,
        "not_understood": 0,
        "remarks": [],
    }
    assert statistics.satellite_bytes[f"{SAT} GET success"] == 150
    assert statistics.errors[0].number == 2
    assert statistics.reasons[0][:4] == (LineKind.IGNORED, "", "foreign", 2)
    assert statistics.reasons[0].sample == "goroutine 1 [running]:"


def test_merge_adds_everything() -> None:
    one = counted()
    both = one.merge(one)
    for key, value in one.to_json().items():
        doubled = {name: 2 * number for name, number in value.items()} if isinstance(value, dict) else 2 * value
        assert both.to_json()[key] == doubled
    assert both.errors[0].number == 4
    assert both.reasons[0].number == 4
    assert one.merge(Statistics()) == one
