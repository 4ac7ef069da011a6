"""Free space of start lines: the newest of a chunk, in every spelling and wrapping, and nothing that only looks like it."""

from __future__ import annotations

import json

import pytest
from log_processor.log_lines import OTHER_PIECE, PIECE, SATELLITE, TIME_MS, chunk_of, new_fields, new_processor, one, zap

from storj_monitor.log_processor import line_state
from storj_monitor.model.events import FreeSpace
from storj_monitor.state.accumulator import Accumulator

TITLE = f'{{"Process": "storagenode", "Piece ID": "{PIECE}", "Satellite ID": "{SATELLITE}", "Action": "PUT"'
OLD = zap("upload started", TITLE + ', "Available Space": 77}')
TITLED = zap("upload started", TITLE + ', "Remote Address": "203.0.113.24:51322", "Available Space": 77}')


def start(free: int, piece: str = PIECE, time: str = "2026-08-20T07:01:10Z") -> bytes:
    return zap("upload started", new_fields(piece, more=f', "available_space": {free}'), level="DEBUG", time=time)


def as_json(free: int) -> bytes:
    fields = {"L": "DEBUG", "T": "2026-08-20T07:01:10Z", "N": "piecestore", "M": "upload started", "process": "storagenode"}
    more = {"piece_id": PIECE, "satellite_id": SATELLITE, "action": "PUT", "remote_address": "203.0.113.24:51322"}
    return json.dumps({**fields, **more, "available_space": free}, separators=(",", ":")).encode() + b"\n"


def in_docker(line: bytes) -> bytes:
    return json.dumps({"log": line.decode(), "stream": "stdout", "time": "2026-08-20T07:01:11.5Z"}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        start(77), OLD, TITLED, as_json(77), in_docker(start(77)), in_docker(as_json(77)),
        b"2026-08-20T07:01:10.123456789Z " + start(77), b"Aug 20 07:01:10 host storagenode[12]: " + start(77),
    ],
)  # fmt: skip
def test_every_spelling_and_wrapping(line: bytes) -> None:
    assert one(line).free_space == FreeSpace(TIME_MS, 77)


def test_the_newest_of_a_chunk_whatever_stands_behind_it() -> None:
    lines = [start(1), start(2, OTHER_PIECE), zap("uploaded", new_fields()), zap("download started", new_fields(action="GET"))]
    assert one(*lines).free_space == FreeSpace(TIME_MS, 2)


@pytest.mark.parametrize(
    "line",
    [
        zap("uploaded", new_fields(more=', "size": 5, "available_space": 9')),
        zap("upload started", new_fields(more=', "available_space": -1'), level="DEBUG"),
        zap("upload started", new_fields(more=', "available_space": "9"'), level="DEBUG"),
        zap("upload started", new_fields(more=""), level="DEBUG"),
        zap("upload started", new_fields(more=', "available_space": 9'), level="DEBUG", logger="other"),
        zap("disk", '{"error": "available_space"}', level="ERROR"),
        b"available_space\n",
    ],
)
def test_what_only_looks_like_it_tells_nothing(line: bytes) -> None:
    assert one(line).free_space is None
    assert one(start(5), line).free_space == FreeSpace(TIME_MS, 5)


def test_a_chunk_without_starts_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("storj_monitor.log_processor.processor.newest_free_space", look)
    assert one(zap("uploaded", new_fields()), zap("download started", new_fields(action="GET"))).free_space is None


def test_many_quotes_of_the_name_are_not_all_read() -> None:
    quotes = [zap("disk", '{"error": "available_space"}', level="ERROR")] * (line_state._TRIES + 1)
    assert one(start(5), *quotes).free_space is None


def test_it_is_looked_for_once_a_minute_of_the_log() -> None:
    processor = new_processor()
    found = [
        processor.process(chunk_of(start(9, time=f"2026-08-20T07:{time}Z"))).free_space for time in ("01:00", "01:59", "02:00", "01:00")
    ]
    assert [one is not None for one in found] == [True, False, True, True]


def test_a_delta_has_the_newest_of_every_ten_minutes() -> None:
    processor, accumulator = new_processor(), Accumulator("node")
    for minute, free in ((1, 10), (8, 9), (12, 8)):
        accumulator.add(processor.process(chunk_of(start(free, time=f"2026-08-20T07:{minute:02d}:00Z"))))
    delta = accumulator.drain()
    assert [one.free_bytes for one in delta.free_space.values()] == [9, 8]
    accumulator.add(processor.process(chunk_of(start(7, time="2026-08-20T07:14:00Z"))))
    delta.absorb(accumulator.drain())
    assert [one.free_bytes for one in delta.free_space.values()] == [9, 7]
