"""Archives and pipes are read once, to the end, and go on where they were left."""

from __future__ import annotations

import gzip
import io
import os
import threading
from pathlib import Path

import pytest
import zstandard
from sources.source_helpers import NOW, Ledger, commit_all, drain, text

from storj_monitor.model.sources import Chunk
from storj_monitor.sources import ArchiveSource, FileSource
from storj_monitor.sources.nested import open_content

DATA = b"".join(b"2026-08-20T06:00:01Z\tINFO\tline %d %s\n" % (n, bytes([65 + n % 26]) * (n % 90)) for n in range(30_000))


def pack(kind: str, data: bytes = DATA) -> bytes:
    half = data.find(b"\n", len(data) // 2) - 3  # parts meet in mid-line
    if kind == "gz":
        return gzip.compress(data)
    if kind == "gz in parts":
        return gzip.compress(data[:half]) + gzip.compress(data[half:]) + bytes(512)
    if kind == "zst":
        return zstandard.ZstdCompressor().compress(data)
    if kind == "zst in parts":
        return zstandard.ZstdCompressor().compress(data[:half]) + zstandard.ZstdCompressor().compress(data[half:])
    return data


KINDS = ["plain", "gz", "gz in parts", "zst", "zst in parts"]


def read_all(source: ArchiveSource) -> list[Chunk]:
    chunks: list[Chunk] = []
    now = NOW
    while not source.finished:
        chunks += drain(source, now, seconds=1)  # type: ignore[arg-type]
        now += 1
    return chunks


@pytest.mark.parametrize("kind", KINDS)
def test_whole_and_resumed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "history"
    path.write_bytes(pack(kind))
    ledger = Ledger()
    source = ArchiveSource("n", str(path), [], now=NOW)
    commit_all(ledger, read_all(source)[:2])
    assert not source.error
    assert source.total_bytes == path.stat().st_size == source.consumed_bytes
    for _ in range(2):
        source = ArchiveSource("n", str(path), ledger.saved(), now=NOW)
        chunks = read_all(source)
        assert not any(chunk.live for chunk in chunks)
        commit_all(ledger, chunks)
    assert ledger.data == DATA


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_from_a_pipe(kind: str) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(pack(kind, DATA + b"no newline"))

    thread = threading.Thread(target=write)
    thread.start()
    source = ArchiveSource("n", os.fdopen(reading, "rb"), now=NOW)
    assert text(read_all(source)) == DATA + b"no newline\n"
    assert source.total_bytes is None
    thread.join()


def test_known_to_the_follower_and_back(tmp_path: Path) -> None:
    """A live log that was compressed and is loaded again brings nothing new."""
    log = tmp_path / "node.log"
    log.write_bytes(DATA[: DATA.index(b"\n") + 1])
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source))
    log.write_bytes(DATA)
    commit_all(ledger, drain(source))
    source.close()
    archive = ArchiveSource("n", io.BytesIO(gzip.compress(DATA)), ledger.saved(), now=NOW)
    assert read_all(archive) == []
    assert ledger.data == DATA


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_incomplete_and_then_complete(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"history.{kind}"
    packed = pack(kind)
    path.write_bytes(packed[: len(packed) // 2])
    ledger = Ledger()
    source = ArchiveSource("n", str(path), [], now=NOW)
    commit_all(ledger, read_all(source))
    assert "incomplete" in source.error
    path.write_bytes(packed)
    source = ArchiveSource("n", str(path), ledger.saved(), now=NOW)
    commit_all(ledger, read_all(source))
    assert not source.error
    assert ledger.data == DATA


def test_damaged(tmp_path: Path) -> None:
    path = tmp_path / "history.gz"
    packed = bytearray(gzip.compress(DATA))
    packed[len(packed) // 2 : len(packed) // 2 + 50] = bytes(50)
    path.write_bytes(packed)
    source = ArchiveSource("n", str(path), [], now=NOW)
    chunks = read_all(source)
    assert "damaged" in source.error
    assert chunks


def test_a_last_line_without_newline(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"one\ntwo")
    os.utime(path, (NOW, NOW))
    source = ArchiveSource("n", str(path), [], now=NOW)
    assert [source.read(NOW).data for _ in range(1)] == [b"one\n"]  # type: ignore[union-attr]
    assert source.read(NOW + 1) is None
    assert not source.finished
    last = source.read(NOW + 2)
    assert last is not None
    assert last.data == b"two\n"
    assert source.read(NOW + 2) is None
    assert source.finished


@pytest.mark.parametrize("kind", ["plain", "gz", "zst"])
def test_nothing_in_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "history"
    path.write_bytes(pack(kind, b""))
    source = ArchiveSource("n", str(path), [], now=NOW)
    assert read_all(source) == []
    assert not source.error


def test_far_into_a_compressed_file_in_steps(tmp_path: Path) -> None:
    """No single read() unpacks more than a few megabytes on the way to the saved position."""
    path = tmp_path / "history.gz"
    data = DATA * 12
    path.write_bytes(gzip.compress(data, 1))
    ledger = Ledger()
    source = ArchiveSource("n", str(path), [], now=NOW)
    commit_all(ledger, read_all(source)[:-3])
    position = ledger.saved()[0].offset
    assert position > 8 << 20
    source = ArchiveSource("n", str(path), ledger.saved(), now=NOW)
    assert source.read(NOW) is None
    assert source.due(NOW)
    commit_all(ledger, read_all(source))
    assert ledger.data == data


def test_lines_before_the_place(tmp_path: Path) -> None:
    path = tmp_path / "history.gz"
    path.write_bytes(gzip.compress(DATA))
    ledger = Ledger()
    commit_all(ledger, read_all(ArchiveSource("n", str(path), [], now=NOW))[:2])
    source = ArchiveSource("n", str(path), ledger.saved(), now=NOW)
    before = source.lines_before()
    assert before is not None
    assert (1 << 20) - 200 < len(before) <= 1 << 20
    assert ledger.data.endswith(b"\n" + before)
    commit_all(ledger, read_all(source))
    assert ledger.data == DATA


def test_somebody_else_was_quicker(tmp_path: Path) -> None:
    """Told so after the last chunk was handed out, it still looks again."""
    path = tmp_path / "history"
    path.write_bytes(DATA)
    ledger = Ledger()
    commit_all(ledger, read_all(ArchiveSource("n", str(path), [], now=NOW))[:1])
    source = ArchiveSource("n", str(path), [], now=NOW)
    assert text(read_all(source)) == DATA
    source.resync(ledger.saved())
    commit_all(ledger, read_all(source))
    assert ledger.data == DATA


def test_not_there(tmp_path: Path) -> None:
    source = ArchiveSource("n", str(tmp_path / "nowhere"), [], now=NOW)
    assert source.read(NOW) is None
    assert source.finished
    assert source.error


def test_lines_in_front_are_counted_once_also_when_the_file_was_closed_between(tmp_path: Path) -> None:
    path, lines = tmp_path / "node.log.gz", [b"line %d\n" % number for number in range(3000)]
    path.write_bytes(gzip.compress(b"".join(lines)))
    offset = len(b"".join(lines[:2000]))
    content = open_content(str(path))
    for _ in range(2):
        while not content.approach(offset):
            pass
        assert content.lines_before(offset) == 2000
        content.park()
    content.close()
