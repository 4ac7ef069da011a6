"""What `ingest` says of an input: chunks that come again are told once, and many of them cost no more than their number."""

from __future__ import annotations

import math

from storj_monitor.commands.ingest_report import InputReport
from storj_monitor.model.events import LineKey, LineKind
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.model.sources import Checkpoint, FileIdentity

FILE = FileIdentity(4096, "ab")


def chunk(start: float, understood: int, not_understood: int = 0) -> NodeDelta:
    """A chunk of a log at `start`, or without a place."""
    delta = NodeDelta("a")
    delta.lines = {
        LineKey(LineKind.UNDERSTOOD, "piecestore", "uploaded"): understood,
        LineKey(LineKind.NOT_UNDERSTOOD, "", "no entry"): not_understood,
    }
    if start != math.inf:
        delta.checkpoints = [Checkpoint(FILE, int(start), int(start) + 100, "node.log")]
    return delta


def test_what_a_conflict_has_brought_again_is_told_once() -> None:
    report = InputReport("node.log")
    for start in (0, 100, 200, 100, 200, 300):
        report.note(chunk(start, 10))
    assert report.new == 40
    report.note(chunk(math.inf, 3))
    assert report.new == 43
    report.begin_again()
    assert report.new == 40, "what has no place comes again"
    report.note(chunk(300, 10))
    assert report.new == 40
    assert list(report.sentences()) == ["node.log: 40 lines read, all new"]


def test_a_log_of_next_to_nothing_but_other_lines_is_a_misfit() -> None:
    report = InputReport("node.log")
    for number in range(3):
        report.note(chunk(100 * number, 0, 50))
    assert report.misfit
    report.note(chunk(300, 5000))
    assert not report.misfit
