"""Reading without waiting: what the system has in memory, and nothing else; all other cases are for read()."""

from __future__ import annotations

import codecs
import errno
import os
import shutil
from pathlib import Path

import pytest
from sources.source_helpers import NOW

from storj_monitor.model.sources import Chunk, SavedPosition
from storj_monitor.sources import FileSource, content
from storj_monitor.sources.file_offsets import identify
from storj_monitor.sources.opening import read_at, read_in_memory

LINES = b"".join(b"line %d\n" % number for number in range(500))  # more than by which a file is known


def can_tell(folder: Path) -> bool:
    """This system, and the file system of the tests."""
    probe = folder / "probe"
    probe.write_bytes(b"x")
    fd = os.open(probe, os.O_RDONLY)
    try:
        return read_in_memory(fd, 1, 0) == b"x"
    except OSError:
        return False
    finally:
        os.close(fd)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    if not can_tell(tmp_path):
        pytest.skip("this system or file system cannot tell what is in memory")
    path = tmp_path / "node.log"
    path.write_bytes(LINES)
    return path


def followed(log: Path) -> FileSource:
    """All that there is has been read, and looked at once more."""
    source = FileSource("n", str(log), [], now=NOW)
    data = b""
    while (chunk := source.read(NOW)) is not None:
        data += chunk.data
    assert data == log.read_bytes()
    assert source.at_once
    return source


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


def test_what_was_added_comes_at_once_as_it_would_otherwise(log: Path) -> None:
    one, other = followed(log), followed(log)
    assert one.read_at_once(NOW + 0.1) is None
    for number in range(5):
        append(log, b"more %d\nhalf" % number)
        chunk = one.read_at_once(NOW + 0.2)
        assert chunk is not None and chunk == other.read(NOW + 0.2)
        assert chunk.read_at == NOW + 0.2 and chunk.live
        append(log, b" a line\n")
    assert one.status() == other.status()


@pytest.mark.parametrize(
    "change",
    [
        lambda log: os.truncate(log, 0),
        lambda log: log.write_bytes(b"another line\n" * 100),
        lambda log: log.write_bytes(b"another line\n" * 1000),
        lambda log: log.write_bytes(b""),
    ],
)
def test_a_file_that_is_another_is_for_read(log: Path, change: object) -> None:
    source = followed(log)
    assert callable(change)
    change(log)
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW + 0.1)
    chunks: list[Chunk | None] = [source.read(NOW + seconds) for seconds in (0.1, 1.5, 3.0)]
    assert b"".join(chunk.data for chunk in chunks if chunk) == log.read_bytes()


def test_paths_are_for_read(log: Path) -> None:
    """A rotation shows when the path is looked at: by read(), once a second."""
    source = followed(log)
    log.rename(log.with_suffix(".log.1"))
    log.write_bytes(b"new\n")
    assert source.read_at_once(NOW + 0.5) is None
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW + 1.5)
    chunks = [source.read(NOW + seconds) for seconds in (1.5, 1.6)]
    assert [chunk.data for chunk in chunks if chunk] == [b"new\n"]


def test_what_only_the_disk_has_is_for_read(log: Path) -> None:
    """A page that was thrown out of memory is not waited for; the system may fetch it again at any moment."""
    fd = os.open(log, os.O_RDONLY)
    try:
        for _ in range(200):
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            try:
                assert read_in_memory(fd, len(LINES), 0) == LINES
            except BlockingIOError:
                break
        else:
            pytest.skip("this file system keeps all in memory")
        assert read_at(fd, len(LINES), 0) == LINES
        assert read_in_memory(fd, len(LINES), 0) == LINES
    finally:
        os.close(fd)


def test_a_file_system_that_cannot_tell_is_asked_once(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, asked = followed(log), []

    def cannot(_fd: int, _size: int, _offset: int) -> bytes:
        asked.append(1)
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(content, "read_in_memory", cannot)
    append(log, b"more\n")
    for _ in range(3):
        with pytest.raises(BlockingIOError):
            source.read_at_once(NOW + 0.1)
    assert not source.at_once and len(asked) == 1
    chunk = source.read(NOW + 0.1)
    assert chunk is not None and chunk.data == b"more\n"


def test_a_log_in_another_encoding_is_for_read(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(codecs.BOM_UTF16_LE + LINES.decode().encode("utf-16-le"))
    source = FileSource("n", str(log), [], now=NOW)
    while source.read(NOW):
        pass
    assert not source.at_once
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW)


def test_a_young_log_gets_its_full_name_at_once(log: Path) -> None:
    """By as many of its first bytes as there are."""
    log.write_bytes(b"a line\n")
    one, other = followed(log), followed(log)
    for number in range(20):
        append(log, b"%d %s\n" % (number, b"x" * 300))
        chunk = one.read_at_once(NOW + 0.1)
        assert chunk is not None and chunk == other.read(NOW + 0.1)
    assert chunk is not None and chunk.identity is not None and chunk.identity.head_bytes == 4096 and chunk.previous is None


@pytest.mark.parametrize("more", [b"\0" * 5000 + b"behind a hole\n", b"x" * 70_000 + b"\n", b"y" * 70_000])
def test_holes_and_long_lines_are_for_read(log: Path, more: bytes) -> None:
    one, other = followed(log), followed(log)
    append(log, more)
    with pytest.raises(BlockingIOError):
        one.read_at_once(NOW + 0.1, 1 << 16)
    assert one.read(NOW + 0.1, 1 << 16) == other.read(NOW + 0.1, 1 << 16)


def test_before_the_first_read_nothing_is_at_once(log: Path) -> None:
    source = FileSource("n", str(log), [], now=NOW)
    assert not source.at_once
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW)


def test_a_log_that_blocks_again_and_again_is_left_to_read_for_a_minute(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = followed(log)

    def blocks(_fd: int, _size: int, _offset: int) -> bytes:
        raise BlockingIOError

    with monkeypatch.context() as patched:
        patched.setattr(content, "read_in_memory", blocks)
        for number in range(3):
            append(log, b"more %d\n" % number)
            assert source.at_once
            with pytest.raises(BlockingIOError):
                source.read_at_once(NOW + number / 10)
            assert source.read(NOW + number / 10) is not None
    assert not source.at_once
    assert source.read(NOW + 30) is None and not source.at_once
    assert source.read(NOW + 61) is None and source.at_once
    append(log, b"at once\n")
    chunk = source.read_at_once(NOW + 61.1)
    assert chunk is not None and chunk.data == b"at once\n"


def test_a_change_that_was_met_at_once_is_met_by_read_as_quickly(log: Path) -> None:
    """Truncated and written anew, with less than a line behind the old place."""
    source = followed(log)
    log.write_bytes(b"another beginning\n" + b"x" * len(LINES))
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW + 0.1)
    chunk = source.read(NOW + 0.1)
    assert chunk is not None and chunk.data == b"another beginning\n"


def error_line(number: int) -> bytes:
    """They all end alike, further back than 256 bytes."""
    return b"2026-01-01T00:00:%02dZ\tERROR\tpiecestore\tupload failed\t{%s}\n" % (number, b"the same stack trace " * 30)


@pytest.mark.parametrize("lines", [3, 30])
def test_lines_that_end_alike_do_not_make_two_files_one(tmp_path: Path, lines: int) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"".join(error_line(number) for number in range(lines)))
    source = followed(log)
    copy_and_truncate(log)
    anew = b"".join(error_line(20 + number) for number in range(lines + 1))
    log.write_bytes(anew)
    with pytest.raises(BlockingIOError):
        source.read_at_once(NOW + 0.1)
    assert b"".join(chunk.data for chunk in iter(lambda: source.read(NOW + 0.1), None)) == anew


def test_an_empty_line_is_no_tail(log: Path) -> None:
    """The first thing that was read after a start: one byte tells nothing of the file."""
    saved = [SavedPosition(identify(LINES[:4096]), len(LINES), str(log), NOW)]
    source = FileSource("n", str(log), saved, now=NOW)
    append(log, b"\n")
    assert source.read(NOW) is not None
    assert not source.at_once


def test_a_silent_log_can_be_read_at_once_soon_after_a_start(log: Path) -> None:
    """One node that is down must not keep the others from it."""
    saved = [SavedPosition(identify(LINES[:4096]), len(LINES), str(log), NOW)]
    source = FileSource("n", str(log), saved, now=NOW)
    assert source.read(NOW) is None and source.read(NOW + 1.5) is None
    assert source.at_once and source.read_at_once(NOW + 1.6) is None
    append(log, b"the first line\n")
    chunk = source.read_at_once(NOW + 1.7)
    assert chunk is not None and chunk.data == b"the first line\n"


def copy_and_truncate(log: Path) -> None:
    shutil.copyfile(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)
