"""Rotated parts wherever they lie and however they are called or packed: read, or named with the reason why not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from sources.source_helpers import NOW, Ledger, commit_all, drain

from storj_monitor.model.sources import SourceState
from storj_monitor.sources.file_source import FileSource
from storj_monitor.sources.siblings import beside, is_part, matches


def lines(day: int, count: int = 200) -> bytes:
    """One day's log; longer than what a file is known by."""
    return b"".join(b"2026-11-%02dT%02d:%02d:00Z\tINFO\tline %d\n" % (day, i // 60, i % 60, i) for i in range(count))


def write(path: Path, data: bytes, age_s: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (NOW - age_s, NOW - age_s))


@pytest.fixture
def seen(tmp_path: Path) -> Ledger:
    """The log of day 1 was read, then the monitor ended."""
    log = tmp_path / "node.log"
    write(log, lines(1), 3 * 86_400)
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW - 3 * 86_400)
    commit_all(ledger, drain(source, NOW - 3 * 86_400))
    source.close()
    assert ledger.data == lines(1)
    log.unlink()
    return ledger


def read_on(log: Path, ledger: Ledger) -> FileSource:
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    commit_all(ledger, drain(source))
    return source


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}


@pytest.mark.parametrize("folder", ["", "old", "archive", "Backup"])
@pytest.mark.parametrize("packed", PACKERS)
def test_parts_in_every_form_and_folder(tmp_path: Path, seen: Ledger, folder: str, packed: str) -> None:
    pack = PACKERS[packed]
    write(tmp_path / folder / f"node.log.3{packed}", pack(lines(1)), 3 * 86_400)
    write(tmp_path / folder / f"node.log.2{packed}", pack(lines(2)), 2 * 86_400)
    write(tmp_path / folder / f"node.log-20261103{packed}", pack(lines(3)), 86_400)
    write(tmp_path / "node.log", lines(4), 10)
    source = read_on(tmp_path / "node.log", seen)
    assert seen.data == lines(1) + lines(2) + lines(3) + lines(4)
    assert source.status().detail == ""
    source.close()
    again = read_on(tmp_path / "node.log", seen)
    assert seen.data == lines(1) + lines(2) + lines(3) + lines(4)
    again.close()


def test_a_part_that_is_moved_into_the_old_folder_without_another_name(tmp_path: Path, seen: Ledger) -> None:
    write(tmp_path / "old" / "node.log", lines(2), 86_400)
    write(tmp_path / "node.log", lines(3), 10)
    read_on(tmp_path / "node.log", seen).close()
    assert seen.data == lines(1) + lines(2) + lines(3)


def test_a_part_with_an_older_time_of_change_is_read(tmp_path: Path, seen: Ledger) -> None:
    """Restored from somewhere, or changed by a machine whose clock was wrong: its lines tell that it was missed."""
    write(tmp_path / "node.log.2", lines(1), 3 * 86_400)
    write(tmp_path / "node.log.1", lines(2), 20 * 365 * 86_400)
    write(tmp_path / "node.log", lines(3), 10)
    read_on(tmp_path / "node.log", seen).close()
    assert sorted(seen.data.splitlines()) == sorted((lines(1) + lines(2) + lines(3)).splitlines())


def test_what_is_older_than_the_monitor_stays_left_out(tmp_path: Path, seen: Ledger) -> None:
    seen.rows.clear()
    seen.data = b""
    write(tmp_path / "node.log.1", lines(2), 86_400)
    write(tmp_path / "node.log", lines(3), 10)
    read_on(tmp_path / "node.log", seen).close()
    assert seen.data == lines(3)
    write(tmp_path / "node.log", lines(3) + b"more\n", 0)
    read_on(tmp_path / "node.log", seen).close()
    assert seen.data == lines(3) + b"more\n"


def test_a_link_named_current_and_parts_by_date(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    write(folder / "2026-11-01.log", lines(1), 3 * 86_400)
    link = tmp_path / "current"
    link.symlink_to(folder / "2026-11-01.log")
    ledger = Ledger()
    source = FileSource("n", str(link), [], now=NOW - 3 * 86_400)
    commit_all(ledger, drain(source, NOW - 3 * 86_400))
    source.close()
    # two days later
    write(folder / "2026-11-02.log", lines(2), 86_400)
    write(folder / "2026-11-03.log", lines(3), 10)
    write(folder / "other-2026-11-03.log", b"of another program\n", 10)
    link.unlink()
    link.symlink_to(folder / "2026-11-03.log")
    read_on(link, ledger).close()
    assert ledger.data == lines(1) + lines(2) + lines(3)


def test_current_of_svlogd_and_s6(tmp_path: Path) -> None:
    log = tmp_path / "current"
    write(log, lines(1), 3 * 86_400)
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW - 3 * 86_400)
    commit_all(ledger, drain(source, NOW - 3 * 86_400))
    source.close()
    log.rename(tmp_path / "@4000000069250f1c2f2e8d94.s")
    write(tmp_path / "@400000006926609c2f2e8d94.s", lines(2), 86_400)
    write(log, lines(3), 10)
    read_on(log, ledger).close()
    assert ledger.data == lines(1) + lines(2) + lines(3)


def test_what_cannot_be_unpacked_is_named(tmp_path: Path, seen: Ledger) -> None:
    write(tmp_path / "node.log.3", lines(1), 3 * 86_400)
    write(tmp_path / "node.log.2.lz4", b"\x04\x22\x4d\x18 not for us", 3600)
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as writer:
        writer.write(lines(2))
    write(tmp_path / "node.log.1.zst", out.getvalue(), 1800)
    write(tmp_path / "node.log", lines(4), 10)
    source = read_on(tmp_path / "node.log", seen)
    assert seen.data == lines(1) + lines(4)
    detail = source.status().detail
    assert "node.log.2.lz4 is not read" in detail
    assert source.status().state is SourceState.LIVE
    source.close()


@pytest.mark.parametrize("damage", ["damaged after", "incomplete"])
def test_a_damaged_part_is_named(tmp_path: Path, seen: Ledger, damage: str) -> None:
    write(tmp_path / "node.log.3", lines(1), 3 * 86_400)
    packed = bytearray(gzip.compress(lines(2, 5000)))
    if damage == "incomplete":
        del packed[len(packed) // 2 :]
    else:
        packed[-8:] = bytes(8)
    write(tmp_path / "node.log.1.gz", bytes(packed), 1800)
    write(tmp_path / "node.log", lines(4), 10)
    source = read_on(tmp_path / "node.log", seen)
    assert f"node.log.1.gz is {damage}" in source.status().detail
    assert seen.data.endswith(lines(4))
    source.close()


def test_a_part_that_is_nowhere_is_told(tmp_path: Path, seen: Ledger) -> None:
    write(tmp_path / "node.log", lines(4), 10)
    source = read_on(tmp_path / "node.log", seen)
    assert "olddir" in source.status().detail
    assert source.status().state is SourceState.LIVE
    source.close()


def test_thousands_of_parts_are_looked_through_at_once(tmp_path: Path, seen: Ledger) -> None:
    """Linear in their number, with few files open; none is left out."""
    count = 3000
    for i in range(count):
        write(tmp_path / f"node.log.{count - i}", b"2026-10-01T00:00:00Z\tINFO\tolder %d\n" % i * 3, 30 * 86_400 - i)
    write(tmp_path / "node.log-20261101", lines(1), 3 * 86_400)
    missed = b""
    for i in range(150):
        data = b"2026-11-02T%02d:%02d:00Z\tINFO\tmissed\n" % (i // 60, i % 60)
        missed += data
        write(tmp_path / f"node.log-20261102{i:04}", data, 86_400 - i)
    write(tmp_path / "node.log", lines(3), 10)
    begun = time.process_time()
    read_on(tmp_path / "node.log", seen).close()
    assert seen.data == lines(1) + missed + lines(3)
    assert time.process_time() - begun < 20


def test_a_pattern_with_thousands_of_matches(tmp_path: Path) -> None:
    for i in range(3000):
        (tmp_path / f"node-2026{i:04}.log").write_bytes(b"x\n")
    begun = time.process_time()
    found = matches(str(tmp_path / "node-*.log"))
    parts = beside(found[0], found)
    assert len(found) == 3000
    assert len(parts) == 2999
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("name", "live", "expected"),
    [
        ("node.log.1", "node.log", True),
        ("node.log.1.xz", "node.log", True),
        ("node.log-20260820.bz2", "node.log", True),
        ("node.log.2.lz4", "node.log", True),
        ("node-20260820.log", "node.log", True),
        ("node.1.log", "node.log", True),
        ("node-2.log", "node.log", False),
        ("node.log.old", "node.log", True),
        ("node.logs", "node.log", False),
        ("other.log.1", "node.log", False),
        ("node.1", "node", True),
    ],
)
def test_names_of_parts(name: str, live: str, expected: bool) -> None:
    assert is_part(name, {live}) is expected
