"""Files of Docker's `local` driver are followed and read like any log: entries as they come, parts joined, rotated ones unpacked."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest
from sources.source_helpers import NOW, Ledger, commit_all, drain

from storj_monitor.log_processor import LineProcessor, character_of
from storj_monitor.model.sources import Chunk
from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.sources.factory import newest_lines
from storj_monitor.sources.file_source import FileSource

SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def entry(line: bytes, time_ns: int, *, partial: bool = False, last: bool = False) -> bytes:
    """As the driver's Go code marshals it."""
    body = b"\x0a\x06stderr\x10" + varint(time_ns) + b"\x1a" + varint(len(line)) + line
    if partial:
        about = (b"\x08\x01" if last else b"") + b"\x12\x04abcd\x18\x01"
        body += b"\x20\x01\x2a" + varint(len(about)) + about
    size = len(body).to_bytes(4, "big")
    return size + body + size


def transfer(i: int) -> bytes:
    piece = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[i >> shift & 31] for shift in range(0, 60, 5)).ljust(52, "A")
    return (
        f"2026-11-23T08:{i // 60 % 60:02}:{i % 60:02}Z\tINFO\tpiecestore\tuploaded\t"
        f'{{"process": "storagenode", "piece_id": "{piece}", "satellite_id": "{SATELLITE}", "action": "PUT", "size": 1000, '
        f'"remote_address": "1.2.3.4:5"}}'
    ).encode()


def at_ns(i: int) -> int:
    return (1_795_421_400 + i) * 1_000_000_000 + 137_000_000


def entries(begin: int, end: int) -> bytes:
    return b"".join(entry(transfer(i), at_ns(i)) for i in range(begin, end))


def uploads(data: bytes) -> int:
    chunk = Chunk("n", data, 0, len(data), 0.0, None, "p")
    return len(LineProcessor("n", lambda _: "").process(chunk).rows)


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    long = b'2026-11-23T08:59:00Z\tINFO\thashstore\tcompaction computed details\t{"satellite": "s", "store": "s0", "rewrite": ['
    long += b", ".join(b"%d" % i for i in range(6000)) + b"]}"
    parts = [long[i : i + 16384] for i in range(0, len(long), 16384)]
    path = tmp_path / "container.log"
    path.write_bytes(
        entries(0, 300) + b"".join(entry(part, at_ns(300), partial=True, last=i == len(parts) - 1) for i, part in enumerate(parts))
    )
    os.utime(path, (1, 1))
    source = ArchiveSource("n", str(path))
    data = b""
    while not source.finished:
        if chunk := source.read(time.time(), 1 << 16):
            data += chunk.data
    assert source.error == ""
    assert uploads(data) == 300
    character = character_of(newest_lines(str(path)).data)
    assert character.envelopes == ("Docker local driver",)
    assert (character.not_understood, character.understood) == (0, 301)


def test_it_is_followed_through_rotation_and_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "container.log"
    log.write_bytes(entries(0, 100))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source))
    with log.open("ab") as file:
        half = entries(100, 101)
        file.write(half[:50])
        file.flush()
        commit_all(ledger, drain(source, NOW + 20))
        assert uploads(ledger.data) == 100
        file.write(half[50:] + entries(101, 200))
    commit_all(ledger, drain(source, NOW + 40))
    assert uploads(ledger.data) == 200
    # the driver rotates: renamed, begun anew, then compressed
    log.rename(tmp_path / "container.log.1")
    log.write_bytes(entries(200, 300))
    commit_all(ledger, drain(source, NOW + 60))
    source.close()
    assert uploads(ledger.data) == 300
    (tmp_path / "container.log.1.gz").write_bytes(gzip.compress((tmp_path / "container.log.1").read_bytes()))
    (tmp_path / "container.log.1").unlink()
    with log.open("ab") as file:
        file.write(entries(300, 350))
    again = FileSource("n", str(log), ledger.saved(), now=NOW + 100)
    commit_all(ledger, drain(again, NOW + 100))
    assert uploads(ledger.data) == 350
    assert again.status().detail == ""
    again.close()


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_missed_is_read_from_rotated_files(tmp_path: Path, packed: bool) -> None:
    log = tmp_path / "container.log"
    log.write_bytes(entries(0, 100))
    os.utime(log, (NOW - 100, NOW - 100))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW - 90)
    commit_all(ledger, drain(source, NOW - 90))
    source.close()
    old = log.read_bytes() + entries(100, 150)
    log.unlink()
    part = tmp_path / ("container.log.1.gz" if packed else "container.log.1")
    part.write_bytes(gzip.compress(old) if packed else old)
    os.utime(part, (NOW - 50, NOW - 50))
    log.write_bytes(entries(150, 200))
    os.utime(log, (NOW - 10, NOW - 10))
    again = FileSource("n", str(log), ledger.saved(), now=NOW)
    commit_all(ledger, drain(again))
    assert uploads(ledger.data) == 200
    again.close()


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "container.log"
    path.write_bytes(entries(0, 100) + b"\0\0\0\x09something" + entries(100, 200))
    os.utime(path, (1, 1))
    source = ArchiveSource("n", str(path))
    while not source.finished:
        source.read(time.time(), 1 << 16)
    assert "damaged after" in source.error
