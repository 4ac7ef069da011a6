"""What others put around a node's lines, and lines that Docker has split."""

from __future__ import annotations

import json

import msgspec
import pytest
from log_processor.log_lines import (
    CORPUS,
    IDENTITY,
    OTHER_PIECE,
    PIECE,
    chunk_of,
    chunks_of,
    new_fields,
    new_processor,
    one,
    read_all,
    same_totals,
    zap,
)

from storj_monitor.log_processor.envelopes import SPLIT_PART, unwrap_line
from storj_monitor.model.events import LineKey, LineKind
from storj_monitor.model.hashstore_events import CompactionPlanned
from storj_monitor.model.sources import FileIdentity

STAMP = "2026-08-20T07:01:10.481920331Z"
SPLIT_KEY = LineKey(LineKind.IGNORED, "", SPLIT_PART)
LONG = zap(
    "compaction computed details",
    '{"satellite": "s", "store": "s0", "candidates": ' + json.dumps(list(range(9000))) + ', "rewrite": [1, 2], "duration": "2.9s"}',
    logger="hashstore",
)


def docker(text: str, *, stream: str = "stdout", stamp: str = STAMP) -> bytes:
    return json.dumps({"log": text, "stream": stream, "time": stamp}, ensure_ascii=False).encode() + b"\n"


def docker_parts(line: bytes, size: int = 16 << 10) -> list[bytes]:
    text = line.decode()
    return [docker(text[at : at + size]) for at in range(0, len(text), size)]


@pytest.mark.parametrize(
    "prefix",
    [
        b"Aug 20 07:02:01 nas storagenode[812]: ",
        b"Aug  2 07:02:01 nas storagenode[812]: ",
        b"2026-08-20T07:02:01+0000 nas storagenode[812]: ",
        b"2026-08-20T07:02:01.481920+02:00 nas docker/storagenode[812]: ",
        b"2026-08-20T07:02:01.481920331Z ",
        b"1787209321.482 ",
        b"1787209321 ",
        b"1787209321.482 Aug 20 07:02:01 nas storagenode[812]: ",
        b"Aug 20 07:02:01 storagenode[812]: ",
        b"Thu 2026-08-20 07:02:01 CEST nas storagenode[812]: ",
    ],
)
def test_prefixes_are_taken_off(prefix: bytes) -> None:
    plain = [zap("uploaded", new_fields()), b"panic: x\n", b"\n", zap("downloaded", new_fields(OTHER_PIECE, action="GET"))]
    wrapped = one(*[prefix + line for line in plain])
    assert wrapped.transfers == one(*plain).transfers
    assert wrapped.lines == one(*plain).lines
    # a first line without the prefix makes no difference
    assert one(b"downloading storagenode-updater\n", *[prefix + line for line in plain]).transfers == wrapped.transfers


@pytest.mark.parametrize(
    ("prefix", "arrives"),
    [
        (b"storagenode-1  | ", False),
        (b"\x1b[36mstoragenode |\x1b[0m ", False),
        (b"storagenode-1  | 2026-08-20T07:02:01.481920331Z ", True),
        (b"2026-08-20T07:02:01.481920331+02:00 stdout F ", True),
        (b"2026-08-20T07:02:01.481920331Z stdout F ", True),
        (b"<30>1 2026-08-20T07:02:01.481920+02:00 nas storagenode 812 - - ", True),
        (b"1787209321.481920 nas storagenode[812]: ", True),
        (b"storagenode.log.1:", False),
        (b"    12\t", False),  # cat -n, nl
        (b"\t", False),
        (b"2026-08-20 07:02:01\tstoragenode\t", False),
    ],
)
@pytest.mark.parametrize("tab", [b"\t", b"#011"])
def test_anything_may_stand_before_a_node_line(prefix: bytes, arrives: bool, tab: bytes) -> None:
    plain = [zap("uploaded", new_fields()), zap("downloaded", new_fields(OTHER_PIECE, action="GET"))]
    wrapped = one(*[prefix + line.replace(b"\t", tab) for line in plain])
    assert wrapped.transfers == one(*plain).transfers
    assert wrapped.lines == one(*plain).lines
    inner = plain[0].rstrip(b"\n")
    assert unwrap_line(prefix + inner)[0] == inner
    assert (unwrap_line(prefix + inner)[1] is not None) is arrives
    as_json = b'{"L":"INFO","T":"2026-08-20T07:01:10Z","N":"piecestore","M":"uploaded"}'
    assert unwrap_line(prefix + as_json)[0] == as_json


def test_a_time_within_a_text_is_no_beginning() -> None:
    quoted = b'node said "2026-08-20T07:01:10Z\tINFO\tpiecestore\tuploaded"'
    assert unwrap_line(quoted) == (quoted, None)
    assert unwrap_line(b"x" * 300 + zap("uploaded", new_fields()))[0].startswith(b"x")


def test_a_recording_in_docker_objects_gives_the_same() -> None:
    data = b"".join([line for line in (CORPUS / "sample-lines.log").read_bytes().splitlines(keepends=True) if line[:7] != b'{"log":'])
    wrapped = b"".join([docker(line.decode()) for line in data.splitlines(keepends=True)])
    same_totals(read_all([chunk_of(wrapped)]), read_all([chunk_of(data)]))


@pytest.mark.parametrize("size", [1, 700, 1 << 20])
def test_split_lines_are_joined_whatever_the_chunks(size: int) -> None:
    lines = [docker(zap("uploaded", new_fields()).decode()), *docker_parts(LONG), docker(zap("uploaded", new_fields(OTHER_PIECE)).decode())]
    data = b"".join(lines)
    processor = new_processor()
    batches = [processor.process(chunk) for chunk in chunks_of(data, size)]
    totals = read_all(chunks_of(data, size))
    assert [t.piece_id for t in totals.rows] == [PIECE, OTHER_PIECE]
    (planned,) = totals.events
    assert isinstance(planned, CompactionPlanned)
    assert (planned.candidates, planned.rewrite) == (9000, 2)
    assert totals.lines.total() == len(lines)
    assert totals.lines[SPLIT_KEY] == len(lines) - 3
    # every byte belongs to exactly one batch, in order
    stretches = [(b.checkpoint.start, b.checkpoint.end) for b in batches if b.checkpoint]
    assert stretches[0][0] == 0
    assert stretches[-1][1] == len(data)
    assert [start for start, _ in stretches[1:]] == [end for _, end in stretches[:-1]]


def test_the_checkpoint_stays_before_an_unfinished_line() -> None:
    first, parts = docker(zap("uploaded", new_fields()).decode()), docker_parts(LONG)
    processor = new_processor()
    batch = processor.process(chunk_of(first + parts[0], 1000))
    assert batch.checkpoint is not None
    assert (batch.checkpoint.start, batch.checkpoint.end) == (1000, 1000 + len(first))
    assert sum(batch.lines.values()) == 1
    # a restart reads the part again, and loses nothing
    again = new_processor().process(chunk_of(b"".join(parts), batch.checkpoint.end))
    assert len(again.events) == 1
    assert sum(again.lines.values()) == len(parts)


def test_another_stream_between_the_parts() -> None:
    parts = docker_parts(LONG)
    other = docker(zap("uploaded", new_fields()).decode(), stream="stderr")
    processor = new_processor()
    first = processor.process(chunk_of(parts[0] + other))
    assert not first.lines
    second = processor.process(chunk_of(b"".join(parts[1:]), len(parts[0] + other)))
    assert len(second.transfers) == len(second.events) == 1
    assert sum(second.lines.values()) == len(parts) + 1


def test_parts_of_another_file_are_let_go() -> None:
    processor = new_processor()
    processor.process(chunk_of(docker_parts(LONG)[0]))
    new_file = FileIdentity(4096, "11" * 16)
    batch = processor.process(chunk_of(docker(zap("uploaded", new_fields()).decode()), 0, identity=new_file))
    assert len(batch.transfers) == 1
    assert batch.checkpoint is not None
    assert (batch.checkpoint.identity, batch.checkpoint.start) == (new_file, 0)


def test_a_grown_file_keeps_its_parts() -> None:
    processor = new_processor()
    parts = docker_parts(LONG)
    short = FileIdentity(100, "22" * 16)
    processor.process(chunk_of(parts[0], identity=short))
    chunk = msgspec.structs.replace(chunk_of(b"".join(parts[1:]), len(parts[0])), previous=short)
    batch = processor.process(chunk)
    assert len(batch.events) == 1
    assert batch.checkpoint is not None
    assert (batch.checkpoint.start, batch.checkpoint.identity, batch.checkpoint.previous) == (0, IDENTITY, short)


def test_where_sizes_on_disk_differ_the_whole_chunk_waits() -> None:
    parts = docker_parts(LONG)
    before = docker(zap("uploaded", new_fields()).decode())
    processor = new_processor()
    first = processor.process(chunk_of(before + parts[0], 10, length=2 * len(before + parts[0])))
    assert not first.lines
    assert first.checkpoint is not None
    assert (first.checkpoint.start, first.checkpoint.end) == (10, 10)
    rest = b"".join(parts[1:])
    second = processor.process(chunk_of(rest, 10 + 2 * len(before + parts[0]), length=2 * len(rest)))
    assert len(second.transfers) == len(second.events) == 1
    assert second.checkpoint is not None
    assert (second.checkpoint.start, second.checkpoint.end) == (10, 10 + 2 * len(before + b"".join(parts)))


def test_a_stream_has_no_checkpoint_and_joins_lines_too() -> None:
    processor = new_processor()
    parts = docker_parts(LONG)
    first = processor.process(chunk_of(parts[0], identity=None, length=0))
    second = processor.process(chunk_of(b"".join(parts[1:]), identity=None, length=0))
    assert first.checkpoint is second.checkpoint is None
    assert len(second.events) == 1


def test_a_line_that_never_ends_does_not_fill_the_memory() -> None:
    processor = new_processor()
    part = docker("x" * 16_000) * 64
    start = 0
    ended = 0
    for _ in range(12):
        batch = processor.process(chunk_of(part, start))
        start += len(part)
        assert batch.checkpoint is not None
        ended = max(ended, batch.checkpoint.end)
    assert ended > 0
    assert start - ended < 9 << 20


def test_docker_objects_after_other_lines() -> None:
    plain, wrapped = zap("uploaded", new_fields()), docker(zap("downloaded", new_fields(OTHER_PIECE, action="GET")).decode())
    for lines in ([plain, wrapped], [wrapped, plain], [b"1787209321 " + plain, wrapped], [plain, wrapped, b"1787209321 " + plain]):
        assert len(one(*lines).transfers) == len(lines)


def test_line_ends_within_docker_objects() -> None:
    text = zap("uploaded", new_fields()).decode()
    batch = one(docker(text.replace("\n", "\r\n")), docker("panic: a\nb\n"), docker("\n"), docker(text))
    assert len(batch.transfers) == 2
    assert sum(batch.lines.values()) == 4


def test_broken_docker_objects_are_counted() -> None:
    good = docker(zap("uploaded", new_fields()).decode())
    batch = one(good, good[:-20] + b"\n", b'{"log":5}\n', b'{"log":"x\\ud800"}\n', good)
    assert len(batch.transfers) == 2
    assert sum(batch.lines.values()) == 5
