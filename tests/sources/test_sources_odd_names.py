"""A name that is no UTF-8, or that this system cannot write, is one source's trouble at most."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec
import pytest

from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.sources.file_source import FileSource
from storj_monitor.units import readable

ODD = "node-\udcff\u00e9.log"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")


def test_what_is_shown_can_be_encoded() -> None:
    assert readable("/var/log/node.log") == "/var/log/node.log"
    assert readable("/größe/日本.log") == "/größe/日本.log"
    assert readable("a\udcffb") == "a\\xffb"
    assert readable("a\ud800b").encode()


def test_such_a_log_is_read_and_its_path_can_be_sent_and_stored(tmp_path: Path) -> None:
    (tmp_path / ODD).write_bytes(b"one\n")
    (tmp_path / (ODD + ".1")).write_bytes(b"older\n")
    for log in (str(tmp_path / ODD), str(tmp_path / "node-*.log")):
        source = FileSource("n", log, [])
        chunk = source.read(time.time())
        assert chunk is not None
        assert chunk.data == b"one\n"
        msgspec.json.encode([chunk.path, source.status()])
        source.close()
    archive = ArchiveSource("n", str(tmp_path / ODD))
    chunk = archive.read(time.time())
    assert chunk is not None
    chunk.path.encode()
    archive.close()


@pytest.mark.parametrize("log", ["/nowhere\ud800/node.log", "/nowhere\0/node.log", "/nowhere\udcff/node.log"])
def test_a_name_that_cannot_be_opened_is_a_sentence(log: str) -> None:
    for source in (FileSource("n", log, []), ArchiveSource("n", log)):
        assert source.read(time.time()) is None
        msgspec.json.encode(source.status())
        assert source.lines_before() is None
        source.close()


def test_trouble_with_a_part_is_told_in_words_that_can_be_sent(tmp_path: Path) -> None:
    log = tmp_path / ODD
    log.write_bytes(b"x\n" * 10)
    source = FileSource("n", str(log), [])
    while source.read(time.time()):
        pass
    log.rename(tmp_path / (ODD + ".1"))
    (tmp_path / (ODD + ".2")).mkdir()
    log.write_bytes(b"y\n")
    os.utime(log)
    now = time.time()
    seen = [chunk.data for i in range(20) if (chunk := source.read(now + 2 * i))]
    assert b"".join(seen) == b"y\n"
    msgspec.json.encode(source.status())
    source.close()
