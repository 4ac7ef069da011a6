"""Encodings, line ends and lengths: what goes out is UTF-8 with LF, and the offsets are those on disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sources.source_helpers import NOW, Ledger, commit_all, drain, text

from storj_monitor.model.sources import Chunk
from storj_monitor.sources import FileSource
from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.sources.source import LINE_BYTES, Encoding, first_line, whole_lines

SAMPLE = "2026-08-20T06:00:01Z\tINFO\t41.2µs ਊ 🐢\n\nsecond\n"


@pytest.mark.parametrize(
    "raw",
    [
        SAMPLE.encode(),
        b"\xef\xbb\xbf" + SAMPLE.encode(),
        SAMPLE.replace("\n", "\r\n").encode(),
        b"\xff\xfe" + SAMPLE.encode("utf-16-le"),
        b"\xff\xfe" + SAMPLE.replace("\n", "\r\n").encode("utf-16-le"),
        b"\xfe\xff" + SAMPLE.encode("utf-16-be"),
    ],
    ids=["utf-8", "bom", "crlf", "utf-16le", "utf-16le crlf", "utf-16be"],
)
def test_every_form_of_the_same_text(tmp_path: Path, raw: bytes) -> None:
    """Byte by byte, with a restart after each chunk."""
    log = tmp_path / "node.log"
    ledger = Ledger()
    for length in range(len(raw) + 1):
        log.write_bytes(raw[:length])
        source = FileSource("n", str(log), ledger.saved(), now=NOW)
        commit_all(ledger, drain(source, seconds=0.5))
        if length == len(raw):
            assert source.lines_before() == ledger.data
        source.close()
    assert ledger.data == SAMPLE.encode()
    (position,) = ledger.saved()
    assert position.offset == len(raw)


def test_bytes_that_are_no_text_pass(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"a\xff\xfe\x80b\n\xc3\n")
    source = FileSource("n", str(log), [], now=NOW)
    assert text(drain(source)) == b"a\xff\xfe\x80b\n\xc3\n"
    source.close()


@pytest.mark.parametrize("limit", [1000, 1 << 20, 8 << 20])
@pytest.mark.parametrize("length", [LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, LINE_BYTES + 5, 3 * LINE_BYTES])
def test_long_lines(tmp_path: Path, length: int, limit: int) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"first\n" + b"x" * length + b"\nlast\n")
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source, limit_bytes=limit))
    assert ledger.data == b"first\n" + b"x" * min(length, LINE_BYTES) + b"\nlast\n"
    (position,) = ledger.saved()
    assert position.offset == log.stat().st_size
    source.close()


def test_a_long_line_that_grows_slowly(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"first\n")
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    with log.open("ab", buffering=0) as file:
        for _ in range(40):
            file.write(b"y" * 70_001)
            assert source.read(NOW) is None
        file.write(b"\nlast\n")
    commit_all(ledger, drain(source))
    assert ledger.data == b"first\n" + b"y" * LINE_BYTES + b"\nlast\n"
    source.close()


def test_a_long_line_in_utf_16(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"\xff\xfe" + ("x" * (LINE_BYTES + 99) + "\r\nlast\r\n").encode("utf-16-le"))
    source = FileSource("n", str(log), [], now=NOW)
    assert text(drain(source)) == b"x" * LINE_BYTES + b"\nlast\n"
    source.close()


def test_a_hole_of_nul_bytes_is_no_line(tmp_path: Path) -> None:
    """A node that does not append leaves one when its log is truncated; so does a power cut."""
    log = tmp_path / "node.log"
    log.write_bytes(b"one\n" + bytes(3 << 20) + b"two\n\0\0three\n")
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    assert ledger.data == b"one\ntwo\nthree\n"
    source.close()


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\x05", b"\n").replace(b"\x06", b"\0")))
def test_newlines_in_utf_16_are_found_at_even_places_only(raw: bytes) -> None:
    for encoding in (Encoding.UTF16LE, Encoding.UTF16BE):
        places = [at + 2 for at in range(0, len(raw) - 1, 2) if raw[at : at + 2] == encoding.newline]
        assert whole_lines(raw, encoding) == (places[-1] if places else 0)
        assert first_line(raw, encoding) == (places[0] if places else 0)


ENTRIES = [f"2026-08-20T06:00:{second:02}Z\tINFO\tpiecestore\tuploaded µ {second}" for second in range(60)]


def test_carriage_returns_alone_end_lines(tmp_path: Path) -> None:
    """In any pieces, with a restart after each; a bar of progress that is drawn over itself is one line."""
    raw = "".join(entry + "\r" for entry in ENTRIES).encode()
    log, ledger = tmp_path / "node.log", Ledger()
    for length in [*range(60, len(raw), 97), len(raw)]:
        log.write_bytes(raw[:length])
        source = FileSource("n", str(log), ledger.saved(), now=NOW)
        commit_all(ledger, drain(source, seconds=0.5))
        source.close()
    assert ledger.data == raw.replace(b"\r", b"\n")
    log.write_bytes(b"10 %\r20 %\r100 %\n" + ENTRIES[0].encode() + b"\n")
    source = FileSource("other", str(log), [], now=NOW)
    assert text(drain(source)).count(b"\n") == 2
    source.close()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("layers", [2, 3])
def test_what_was_compressed_twice(tmp_path: Path, pack: Callable[[bytes], bytes], layers: int) -> None:
    raw = "".join(entry + "\n" for entry in ENTRIES).encode() * 500
    data = raw
    for layer in range(layers):
        data = gzip.compress(data) if layer else pack(data)
    log = tmp_path / "node.log.gz"
    log.write_bytes(data)
    for source in (ArchiveSource("n", str(log)), ArchiveSource("n", io.BytesIO(data))):
        assert text(chunks_of(source)) == raw
        assert source.error == ""
    log.write_bytes(data[: len(data) // 2])
    source = ArchiveSource("n", str(log))
    assert len(text(chunks_of(source))) < len(raw)
    assert "incomplete" in source.error or "damaged" in source.error


def test_a_bomb_in_a_bomb_takes_bounded_steps(tmp_path: Path) -> None:
    """A thousand times a thousand: 300 MB of blank lines in less than a kilobyte."""
    log = tmp_path / "node.log.gz"
    log.write_bytes(gzip.compress(gzip.compress(b"\n" * 300_000_000)))
    source = ArchiveSource("n", str(log))
    tracemalloc.start()
    try:
        chunks = 0
        while not source.finished and chunks < 50:
            chunks += source.read(NOW) is not None
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
        source.close()


def chunks_of(source: ArchiveSource) -> list[Chunk]:
    """Seconds go by from one look to the next."""
    found, now = [], time.time()
    while not source.finished:
        now += 1
        if (chunk := source.read(now)) is not None:
            found.append(chunk)
    return found


def test_progress_in_a_log_that_was_compressed_twice_is_of_the_file(tmp_path: Path) -> None:
    log = tmp_path / "node.log.gz"
    log.write_bytes(gzip.compress(gzip.compress(b"".join(b"2026-08-20T07:00:00Z\tINFO\tcontact\tline %d\n" % n for n in range(9000)))))
    source = ArchiveSource("n", str(log), [], NOW)
    assert text(drain(source)).count(b"\n") == 9000  # type: ignore[arg-type]
    assert source.consumed_bytes == source.total_bytes == log.stat().st_size
