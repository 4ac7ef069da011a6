"""Every kind of event that is stored is one plain sentence, whatever of its fields is missing."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest
from builders import NOON_MS, US1

from storj_monitor.log_processor.event_builders import EVENT_BUILDERS
from storj_monitor.log_processor.fields import Fields, LogRecord
from storj_monitor.model import hashstore_events as h
from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.severity import Severity
from storj_monitor.views.event_phrases import lasting
from storj_monitor.views.event_words import KIND_NAMES, KINDS, say

CLASSES: set[type[NodeEvent]] = {
    member
    for module in (ev, h)
    for member in vars(module).values()
    if inspect.isclass(member) and issubclass(member, NodeEvent) and member is not NodeEvent
}
TIME: dict[str, Any] = {"time_ms": NOON_MS, "satellite": US1}


def test_every_kind_has_words() -> None:
    assert set(KINDS) == CLASSES
    assert len(KIND_NAMES) == len(CLASSES)


@pytest.mark.parametrize("cls", sorted(CLASSES, key=str), ids=str)
def test_with_nothing_known_and_with_an_error(cls: type[NodeEvent]) -> None:
    needed = {name: "x" for name in cls.__struct_fields__ if name not in ("time_ms", "level", "satellite")}
    bare = {name: value for name, value in needed.items() if name in _required(cls)}
    for values in (bare, bare | {"error": "disk failed.\n\tat x"} if "error" in needed else bare):
        for satellite in ("", US1):
            event = cls(time_ms=NOON_MS, satellite=satellite, **values)
            told = say(event)
            assert told.text[0].isupper() or told.text.startswith("'")
            assert told.text.endswith(".")
            assert not told.text.endswith("..")
            assert "\n" not in told.text
            assert "-1" not in told.text
            assert "  " not in told.text
            assert told.severity in KINDS[cls].severities


def _required(cls: type[NodeEvent]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(cls) if field.required and field.name != "time_ms"} - {"worsened"} | (
        {"worsened"} if cls is ev.ScoresReported else set()
    )


def test_what_every_maker_makes_can_be_said() -> None:
    for logger, message in EVENT_BUILDERS:
        event = EVENT_BUILDERS[logger, message](LogRecord(NOON_MS, "INFO", logger, message, Fields({"error": "x"})))
        assert say(event).severity in KINDS[type(event)].severities, (logger, message)


SAID = [
    (
        ev.RetainFinished(**TIME, deleted_pieces=0, pieces=33_022_028, duration_ms=24_660_000, status="enabled"),
        "info",
        "Garbage collection of us1 moved 0 of 33,022,028 pieces to the trash in 6 h 51 min.",
    ),
    (
        ev.RetainFinished(**TIME, deleted_pieces=5, pieces=100, duration_ms=1000, status="debug"),
        "warning",
        "Garbage collection of us1 ran in status debug and moved nothing: it looked at 100 pieces in 1 s, 5 pieces of them garbage.",
    ),
    (ev.BloomFilterFailed(**TIME, error="open /x: no space left on device"), "critical", "no space left on device."),
    (ev.BloomFilterFailed(**TIME, error="not a filter"), "warning", "this garbage collection does not take place: not a filter."),
    (ev.TrashEmptying(**TIME, state="finished", duration_ms=61_000), "info", "The trash of us1 was emptied in 1 min 1 s."),
    (ev.TrashRestoring(**TIME, state="failed", error="boom"), "critical", "Restore of the trash of us1 failed: boom."),
    (ev.ExpiredCollection(time_ms=1, state="finished", pieces=1), "info", "1 piece that had expired were deleted."),
    (ev.GracefulExit(**TIME, step="graceful exit completed.", state="completed"), "warning", "the node has left this satellite."),
    (ev.GracefulExit(**TIME, step="graceful exit completed."), "warning", "the node has left this satellite."),
    (ev.GracefulExit(**TIME, step="graceful exit failed.", state="failed", reason="X"), "critical", "Graceful exit at us1 failed"),
    (ev.UploadRejected(time_ms=1, live_requests=11, request_limit=10), "warning", "11 at once, the node's own limit is 10."),
    (ev.ConfigurationInvalid(time_ms=1, what="x", key="storage.spce"), "warning", "the key 'storage.spce' of its configuration"),
    (ev.PingFailed(**TIME, step="x", error="context canceled"), "info", "could not check in at us1"),
    (ev.PingFailed(**TIME, step="x", error="i/o timeout"), "warning", "could not check in at us1: i/o timeout."),
    (ev.LostPiece(**TIME, piece_id="ABC"), "critical", "Piece ABC of us1 is missing or damaged"),
    (h.CompactionFinished(**TIME, store="s0", duration_ms=197_000), "info", "Compaction of s0 at us1 finished in 3 min 17 s."),
    (h.CompactionFinished(**TIME, store="s0", error="no space left on device"), "critical", "Compaction of s0 at us1 failed"),
    (ev.ScoresReported(**TIME, worsened=True, audit_score=0.97, audit_score_delta=-0.01), "critical", "got worse: audit 97.0 %."),
]


@pytest.mark.parametrize(("event", "severity", "text"), SAID)
def test_words_and_severity(event: NodeEvent, severity: str, text: str) -> None:
    told = say(event)
    assert text in told.text
    assert told.severity is Severity(severity)


def test_text_of_logs_cannot_steer_a_sentence() -> None:
    told = say(ev.OrdersFailed(**TIME, step="{why} {0}", error="{of} %s {x.__class__}"))
    assert told.text == "Orders at us1 could not be settled ({why} {0}): {of} %s {x.__class__}."


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.041, "41 ms"), (14, "14 s"), (197, "3 min 17 s"), (24_660, "6 h 51 min"), (187_200, "2 d 4 h"), (3600, "1 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert lasting(seconds) == text
