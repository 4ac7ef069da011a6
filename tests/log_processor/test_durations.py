"""Durations: which start belongs to which result, and how exact the answer is."""

from __future__ import annotations

import json

import pytest
from log_processor.log_lines import ADDRESS, OTHER_PIECE, PIECE, SATELLITE, TIME_MS, chunk_of, new_fields, new_processor, one, zap

from storj_monitor.log_processor import LineProcessor
from storj_monitor.log_processor.transfers import MAX_PENDING, PendingStarts
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import AuditUnfinished


def started(second: int, *, piece: str = PIECE, address: str = ADDRESS, direction: str = "upload", minute: int = 0) -> bytes:
    fields = new_fields(piece, action="PUT" if direction == "upload" else "GET", address=address)
    return zap(f"{direction} started", fields, level="DEBUG", time=f"2026-08-20T07:{minute:02}:{second:02}Z")


def ended(second: int, *, piece: str = PIECE, address: str = ADDRESS, direction: str = "upload", hour: int = 7) -> bytes:
    fields = new_fields(piece, action="PUT" if direction == "upload" else "GET", address=address)
    return zap(f"{direction}ed", fields, time=f"2026-08-20T{hour:02}:00:{second:02}Z")


def durations(*lines: bytes) -> list[int]:
    return [t.duration_ms for t in one(*lines).transfers]


def test_a_result_ends_its_start() -> None:
    batch = one(started(1), ended(4))
    assert [t.duration_ms for t in batch.transfers] == [3000]
    assert batch.duration_resolution_ms == 1000


def test_a_start_is_used_once() -> None:
    assert durations(started(1), ended(4), ended(5)) == [3000, -1]


def test_directions_and_pieces_do_not_mix() -> None:
    assert durations(started(1), ended(4, direction="download"), ended(5, piece=OTHER_PIECE), ended(6)) == [-1, -1, 5000]


def test_the_newest_start_wins() -> None:
    assert durations(started(1), started(3), ended(4), ended(5)) == [1000, -1]


def test_one_piece_to_several_addresses() -> None:
    a, b, c = "1.1.1.1:1", "2.2.2.2:2", "3.3.3.3:3"
    lines = [started(s, address=x, direction="download") for s, x in ((1, a), (2, b), (3, c))]
    lines += [ended(s, address=x, direction="download") for s, x in ((9, b), (10, a), (11, "4.4.4.4:4"), (12, c))]
    assert durations(*lines) == [7000, 9000, -1, 9000]


def test_a_missing_address_fits_any() -> None:
    assert durations(started(1), ended(4, address="")) == [3000]
    assert durations(started(1, address=""), ended(4)) == [3000]
    line = zap("upload canceled (race lost or node shutdown)", f'{{"Piece ID": "{PIECE}"}}', time="2026-08-20T07:00:05Z")
    assert durations(started(1), line) == [4000]


def test_a_clock_that_went_back_gives_zero() -> None:
    assert durations(started(9), ended(4)) == [0]


def test_a_start_of_yesterday_is_let_go() -> None:
    assert durations(started(1), zap("uploaded", new_fields(), time="2026-08-21T07:00:01Z")) == [24 * 3600 * 1000]
    assert durations(started(1), zap("uploaded", new_fields(), time="2026-08-21T07:00:02Z")) == [-1]


def test_pairs_are_found_across_chunks_and_after_a_warm_up() -> None:
    processor = new_processor()
    processor.process(chunk_of(started(1)))
    assert [t.duration_ms for t in processor.process(chunk_of(ended(4), 300)).transfers] == [3000]
    processor = new_processor()
    processor.prime(started(1) + ended(2, piece=OTHER_PIECE))
    batch = processor.process(chunk_of(ended(4), 900))
    assert [t.duration_ms for t in batch.transfers] == [3000]
    assert batch.lines.values() and sum(batch.lines.values()) == 1


def test_a_new_process_ends_nothing_that_the_last_began() -> None:
    node_started = zap("Node 1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ started", logger="")
    assert durations(started(1), node_started, ended(4)) == [-1]


def test_milliseconds_in_the_line_are_used() -> None:
    batch = one(
        zap("download started", new_fields(action="GET"), time="2023-02-20T12:00:00.123Z"),
        zap("downloaded", new_fields(action="GET"), time="2023-02-20T15:00:00.579+0300"),
    )
    assert [t.duration_ms for t in batch.transfers] == [456]
    assert batch.duration_resolution_ms == 1


def docker(line: bytes, stamp: str) -> bytes:
    return json.dumps({"log": line.decode(), "stream": "stdout", "time": stamp}).encode() + b"\n"


@pytest.mark.parametrize("wrap", ["docker", "timestamps", "unix"])
def test_finer_arrival_times_are_used_for_durations_only(wrap: str) -> None:
    lines = []
    for line, stamp, unix in (
        (started(1), "2026-08-20T07:00:01.9Z", "1787209201.900"),
        (ended(4), "2026-08-20T07:00:04.151234Z", "1787209204.151"),
    ):
        if wrap == "docker":
            lines.append(docker(line, stamp))
        else:
            lines.append((stamp if wrap == "timestamps" else unix).encode() + b" " + line)
    batch = one(*lines)
    (transfer,) = batch.transfers
    assert transfer.duration_ms == 2251
    assert transfer.time_ms == 1_787_209_204_000
    assert batch.duration_resolution_ms == 1


def test_pending_starts_are_bounded() -> None:
    starts = PendingStarts()
    for number in range(MAX_PENDING + 10):
        starts.begin(f"piece{number}", ADDRESS, number)
    starts.let_go(MAX_PENDING)
    assert len(starts.pending) == MAX_PENDING
    assert starts.end("piece9", ADDRESS, 20) == -1
    assert starts.end("piece10", ADDRESS, 20) == 10
    starts.let_go(25 * 3600 * 1000 + MAX_PENDING)
    assert not starts.pending


def _audit(message: str, minute: int, piece: str = PIECE, level: str = "DEBUG") -> bytes:
    return zap(message, new_fields(piece, action="GET_AUDIT", more=', "size": 256'), time=f"2026-08-20T07:{minute:02}:10Z", level=level)


@pytest.mark.parametrize("fast", [True, False])
def test_audits_that_begin_and_never_end_are_told(fast: bool) -> None:
    def events(*lines: bytes) -> list[NodeEvent]:
        processor = LineProcessor("node", lambda _: "", fast=fast)
        return [event for line in lines for event in processor.process(chunk_of(line)).events]

    begun, later = _audit("download started", 1), zap("deleted expired piece", logger="collector", time="2026-08-20T07:12:10Z")
    ended = _audit("downloaded", 2, level="INFO")
    failed = _audit("download failed", 2, level="ERROR")
    started = zap("Node 1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ started", logger="", time="2026-08-20T07:03:10Z")
    (told,) = events(begun, later, later)
    assert told == AuditUnfinished(
        time_ms=TIME_MS + 600_000, level="WARN", satellite=SATELLITE, piece_id=PIECE, started_ms=TIME_MS, node_stopped=False
    )
    assert events(begun, ended, later) == []
    assert events(begun, failed, later) == []
    (broken_off, _) = events(begun, started, later)
    assert isinstance(broken_off, AuditUnfinished)
    assert (broken_off.time_ms, broken_off.node_stopped) == (TIME_MS + 120_000, True)
    again = _audit("download started", 11)
    assert events(begun, again, later) == []
    ordinary = zap("download started", new_fields(action="GET"), level="DEBUG")
    assert events(ordinary, later) == []
