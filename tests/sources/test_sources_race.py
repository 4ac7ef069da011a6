"""A node and a rotator that do not wait for the reader: another process, as in real life."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import shutil
import time
from pathlib import Path

import pytest
from sources.source_helpers import NOW, Ledger, commit_all, drain

from storj_monitor.sources import FileSource
from storj_monitor.sources.content import PlainContent

ROUNDS = 40
LINES_A_ROUND = 800


def line(number: int, n: int) -> bytes:
    return b"2026-08-20T%02d:%02d:%02dZ\tround %d line %d %s\n" % (6, number, n // 20, number, n, b"x" * (n * 7 % 300))


def write_and_rotate(log: Path, kind: str) -> None:
    """Write as a node does (at times half a line), and rotate between two lines."""
    for number in range(ROUNDS):
        with log.open("ab", buffering=0) as file:
            for n in range(LINES_A_ROUND):
                text = line(number, n)
                file.write(text[:20])
                file.write(text[20:])
        rotate(log, kind)
    log.write_bytes(line(ROUNDS, 0))


def rotate(log: Path, kind: str) -> None:
    """As logrotate does: shift the parts, move or copy the log, compress the second part."""
    for number in range(ROUNDS, 0, -1):
        for suffix in ("", ".gz"):
            part = log.with_name(f"node.log.{number}{suffix}")
            if part.exists():
                part.rename(log.with_name(f"node.log.{number + 1}{suffix}"))
    first, second = log.with_name("node.log.1"), log.with_name("node.log.2")
    if kind == "rename":
        log.rename(first)
    else:
        shutil.copyfile(log, first)
        os.truncate(log, 0)
    if second.exists():
        packed = second.with_name("node.log.2.gz")
        with second.open("rb") as plain, gzip.open(packed, "wb", 1) as file:
            shutil.copyfileobj(plain, file)
        shutil.copystat(second, packed)
        second.unlink()


@pytest.mark.parametrize("kind", ["rename", "copytruncate"])
def test_nothing_lost_and_nothing_twice(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"")
    source = FileSource("n", str(log), [], now=time.time())
    source.read(time.time())
    node = multiprocessing.get_context("spawn").Process(target=write_and_rotate, args=(log, kind))
    node.start()
    ledger = Ledger()
    expected = LINES_A_ROUND * ROUNDS + 1
    count = restarts = 0
    deadline = time.monotonic() + 20
    while count < expected and time.monotonic() < deadline:
        chunk = source.read(time.time(), 50_000)
        if chunk is None:
            continue
        ledger.commit(chunk)
        count += chunk.data.count(b"\n")
        if count > (restarts + 1) * expected // 10:
            restarts += 1
            source.close()
            source = FileSource("n", str(log), ledger.saved(), now=time.time())
    node.join()
    source.close()
    written = b"".join(line(number, n) for number in range(ROUNDS) for n in range(LINES_A_ROUND))
    written += line(ROUNDS, 0)
    # with hundreds of rotations a second a copy may be found late: its lines then come late, but once
    assert sorted(ledger.data.splitlines()) == sorted(written.splitlines())
    if kind == "rename":
        assert ledger.data == written


def test_a_log_written_anew_while_it_is_looked_at_has_not_lost_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is copied, and truncated after its beginning was read: as a file that had lost its end, its copy would be read again."""
    log = tmp_path / "node.log"
    old, new = (b"".join(line(number, n) for n in range(count)) for number, count in ((0, 400), (1, 50)))
    log.write_bytes(old)
    ledger = Ledger()
    commit_all(ledger, drain(FileSource("n", str(log), [], now=NOW)))
    shutil.copyfile(log, tmp_path / "node.log.1")
    read_at = PlainContent.read_at
    beginnings: list[bytes] = []

    def truncate_after(content: PlainContent, offset: int, size: int) -> bytes:
        data = read_at(content, offset, size)
        if not beginnings:
            beginnings.append(data)
            log.write_bytes(new)
        return data

    monkeypatch.setattr(PlainContent, "read_at", truncate_after)
    for _ in range(2):
        source = FileSource("n", str(log), ledger.saved(), now=NOW)
        commit_all(ledger, drain(source))
        source.close()
    assert old.startswith(beginnings[0])
    assert ledger.data == old + new
