"""No read takes more than some megabytes of memory or a moment of time, whatever a few bytes on disk stand for."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.sources.content import SequentialContent
from storj_monitor.sources.file_source import FileSource
from storj_monitor.sources.logfile import LogFile
from storj_monitor.sources.opening import WINDOW_MOST_BYTES

MOST_BYTES = 24 << 20


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstd, "xz": lzma.compress, "bz2": bz2.compress}
SKIPPED = b"\x5f\x2a\x4d\x18\x05\x00\x00\x00count"
"""A Zstandard frame without content, as pzstd writes one in front of each part."""


def bomb(kind: str, size: int, fill: bytes) -> bytes:
    """`size` bytes of `fill`, made without holding them."""
    block = fill * (1 << 20)
    if kind == "zst":
        out = io.BytesIO()
        with zstandard.ZstdCompressor(level=3).stream_writer(out, closefd=False) as writer:
            for _ in range(size >> 20):
                writer.write(block)
        return out.getvalue()
    if kind == "gz":
        out = io.BytesIO()
        with gzip.open(out, "wb", compresslevel=1) as file:
            for _ in range(size >> 20):
                file.write(block)
        return out.getvalue()
    packer = lzma.LZMACompressor(preset=0) if kind == "xz" else bz2.BZ2Compressor(9)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fill", [b"\0", b"x", b"x\n"])
@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_read_in_small_steps(kind: str, fill: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"node.log.{kind}"
    path.write_bytes(bomb(kind, 32 << 20, fill[:1]) if len(fill) == 1 else PACKERS[kind](fill * (2 << 20)))
    source = ArchiveSource("n", str(path))

    def some_rounds() -> None:
        for _ in range(12):
            source.read(time.time(), 1 << 16)

    assert peak_of(some_rounds) < MOST_BYTES
    source.close()


@pytest.mark.parametrize("kind", PACKERS)
def test_one_step_is_small_even_where_a_block_is_all(kind: str) -> None:
    content = SequentialContent(io.BytesIO(bomb(kind, 64 << 20, b"\0")))
    assert peak_of(lambda: content.read_at(0, 4096)) < MOST_BYTES


@pytest.mark.parametrize("kind", PACKERS)
def test_every_form_is_read_to_its_end(kind: str, tmp_path: Path) -> None:
    lines = b"".join(b"line %d of a log, not too short to be of use\n" % i for i in range(40_000))
    path = tmp_path / f"node.log.{kind}"
    half = lines.index(b"line 20000")
    path.write_bytes(PACKERS[kind](lines[:half]) + PACKERS[kind](lines[half:]))  # two members, as after `cat`
    source = ArchiveSource("n", str(path))
    found = []
    while not source.finished:
        if chunk := source.read(time.time(), 1 << 16):
            found.append(chunk.data)
    assert source.error == ""
    assert b"".join(found) == lines


@pytest.mark.parametrize("kind", PACKERS)
def test_a_form_that_is_cut_off_says_so(kind: str, tmp_path: Path) -> None:
    packed = PACKERS[kind](os.urandom(30_000).hex().encode() + b"\n")
    path = tmp_path / f"node.log.{kind}"
    path.write_bytes(packed[:-20])
    os.utime(path, (1, 1))
    source = ArchiveSource("n", str(path))
    while not source.finished:
        source.read(time.time())
    assert "incomplete" in source.error


def test_zstandard_that_begins_with_a_frame_without_content_is_read(tmp_path: Path) -> None:
    """It was taken for a plain log of a few odd lines, and nothing was said."""
    lines = [b"2026-11-30T10:00:00Z\tINFO\tfine %d\n" % number for number in range(2000)]
    path = tmp_path / "node.log.zst"
    path.write_bytes(b"".join(SKIPPED + zstd(b"".join(lines[at : at + 500])) for at in range(0, 2000, 500)))
    source = ArchiveSource("n", str(path))
    found = []
    while not source.finished:
        if chunk := source.read(time.time(), 1 << 16):
            found.append(chunk.data)
    assert (b"".join(found), source.error) == (b"".join(lines), "")


def test_a_window_that_is_too_large_is_refused_with_a_word(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as writer:
        for i in range(50):
            writer.write(b"line %d\n" % i)
    path = tmp_path / "node.log.zst"
    path.write_bytes(out.getvalue())
    source = ArchiveSource("n", str(path))
    while not source.finished:
        source.read(time.time())
    assert "more memory than is allowed" in source.error
    assert WINDOW_MOST_BYTES < 1 << 27


def test_level_19_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zstandard.ZstdCompressor(level=19).stream_writer(out, closefd=False) as writer:
        writer.write(b"a line\n" * 100)
    path = tmp_path / "node.log.zst"
    path.write_bytes(out.getvalue())
    source = ArchiveSource("n", str(path))
    chunk = source.read(time.time())
    assert chunk is not None
    assert chunk.data == b"a line\n" * 100
    source.close()


def rounds(source: FileSource, until: bytes, most: int) -> list[float]:
    """How long each read took, until that line came."""
    took = []
    for _ in range(most):
        begun = time.process_time()
        chunk = source.read(time.time(), 1 << 16)
        took.append(time.process_time() - begun)
        if chunk is not None and until in chunk.data:
            return took
    raise AssertionError(f"{until!r} did not come within {most} rounds")


def test_a_hole_of_ten_gigabytes_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    with path.open("wb") as file:
        file.write(b"before\n")
        file.seek(10 << 30)
        file.write(b"behind\n")
    source = FileSource("n", str(path), [])
    assert sum(rounds(source, b"behind", 50)) < 1
    source.close()


def test_real_nuls_are_looked_through_in_turns(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    with path.open("wb") as file:
        file.write(b"before\n")
        for _ in range(180):
            file.write(b"\0" * (1 << 20))
    source = FileSource("n", str(path), [])
    assert source.read(time.time()) is not None
    turns = 0
    while source.read(time.time()) is None and source.due(time.time()) and turns < 50 and source._queue[0].busy:  # noqa: SLF001
        turns += 1
    assert turns >= 10
    # what was looked at is not looked at again
    with path.open("ab") as file:
        file.write(b"behind\n")
    assert len(rounds(source, b"behind", 60)) <= 3
    source.close()


@pytest.mark.parametrize("fill", [b"\0", b"x"])
@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_long_stretch_is_unpacked_once(kind: str, fill: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"node.log.{kind}"
    path.write_bytes(PACKERS[kind](b"before\n") + bomb(kind, 96 << 20, fill) + PACKERS[kind](b"\nbehind\n"))
    source = ArchiveSource("n", str(path))
    found = []

    def rewind(_content: SequentialContent) -> None:
        raise AssertionError("unpacked from its start again")

    monkeypatch.setattr(SequentialContent, "_rewind", rewind)
    turns = 0
    while not source.finished:
        turns += 1
        if chunk := source.read(time.time(), 1 << 16):
            found.append(chunk.data)
    assert source.error == ""
    data = b"".join(found)
    assert data.startswith(b"before\n")
    assert data.endswith(b"\nbehind\n")
    assert turns >= 5


def test_the_way_to_a_far_place_is_not_gone_at_once(tmp_path: Path) -> None:
    """A restart in the middle of a large compressed part: the lines in front of the place are not worth minutes."""
    path = tmp_path / "node.log.gz"
    path.write_bytes(bomb("gz", 128 << 20, b"x") + gzip.compress(b"\nline\n"))
    content = SequentialContent(path.open("rb"))
    file = LogFile(content, str(path), b"x" * 4096, 127 << 20, None)
    begun = time.process_time()
    assert file.lines_before(1 << 20) == b""
    assert time.process_time() - begun < 5
    content.close()
