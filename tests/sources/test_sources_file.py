"""Following one file: what is read, under which offsets, and what the status says."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

import pytest
import zstandard
from sources.source_helpers import NOW, Ledger, commit_all, drain, text

from storj_monitor.sources import FileSource, SourceState

LINE = b'2026-08-20T06:00:01Z\tINFO\tpiecestore\tuploaded\t{"n": %d}\n'


def lines(first: int, last: int) -> bytes:
    return b"".join(LINE % n for n in range(first, last + 1))


def old(path: Path, seconds: float) -> None:
    """As if it was last written that long ago."""
    os.utime(path, (NOW - seconds, NOW - seconds))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "node.log"


def test_lines_come_as_they_are_written(log: Path) -> None:
    log.write_bytes(lines(1, 3))
    source = FileSource("n", str(log), [], now=NOW)
    first = drain(source)
    assert text(first) == lines(1, 3)
    assert [(chunk.start, chunk.end, chunk.live) for chunk in first] == [(0, len(lines(1, 3)), False)]
    with log.open("ab") as file:
        file.write(lines(4, 4) + b"2026-08")
    (second,) = drain(source)
    assert (second.data, second.start, second.live) == (lines(4, 4), first[-1].end, True)
    with log.open("ab") as file:
        file.write(b"-20 the rest\n")
    assert text(drain(source)) == b"2026-08-20 the rest\n"
    source.close()
    source.close()


def test_limit_gives_whole_lines(log: Path) -> None:
    log.write_bytes(lines(1, 1000))
    source = FileSource("n", str(log), [], now=NOW)
    chunks = drain(source, limit_bytes=1000)
    assert text(chunks) == lines(1, 1000)
    assert all(len(chunk.data) <= 1000 for chunk in chunks)
    assert all(one.end == other.start for one, other in zip(chunks, chunks[1:], strict=False))
    source.close()


def test_identity_grows_with_a_short_file_and_settles(log: Path) -> None:
    log.write_bytes(lines(1, 2))
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    for n in range(3, 200, 4):
        commit_all(ledger, drain(source))
        (identity,) = ledger.rows
        assert identity.head_bytes == min(4096, log.stat().st_size)
        with log.open("ab") as file:
            file.write(lines(n, n + 3))
    (chunk,) = drain(source)
    assert chunk.previous is None
    source.close()


def test_from_end_keeps_the_line_being_written(log: Path) -> None:
    log.write_bytes(lines(1, 3) + b"half ")
    source = FileSource("n", str(log), [], from_end=True, now=NOW)
    assert drain(source) == []
    with log.open("ab") as file:
        file.write(b"done\n")
    assert text(drain(source)) == b"half done\n"
    source.close()


def test_from_end_reads_a_file_that_appears_later_from_its_start(log: Path) -> None:
    source = FileSource("n", str(log), [], from_end=True, now=NOW)
    assert drain(source) == []
    assert source.status().state is SourceState.WAITING
    log.write_bytes(lines(1, 2))
    (chunk,) = drain(source, NOW + 10)
    assert (chunk.data, chunk.live) == (lines(1, 2), True)
    source.close()


@pytest.mark.parametrize("kind", ["plain", "gz", "zst"])
def test_first_sight_reads_the_live_file_only(log: Path, kind: str) -> None:
    part = log.with_name("node.log.1" + ("" if kind == "plain" else f".{kind}"))
    part.write_bytes(pack(lines(1, 9), kind))
    old(part, 100)
    log.write_bytes(lines(10, 12))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source))
    source.close()
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    assert drain(source) == []
    assert ledger.data == lines(10, 12)
    source.close()


def pack(data: bytes, kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(data)
    return zstandard.ZstdCompressor().compress(data) if kind == "zst" else data


@pytest.mark.parametrize("kind", ["plain", "gz", "zst"])
@pytest.mark.parametrize("name", ["node.log.{}", "node.log-2026082{}", "node-2026082{}.log", "node.{}.log"])
def test_parts_rotated_while_we_were_down(log: Path, kind: str, name: str) -> None:
    log.write_bytes(lines(1, 200))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source, limit_bytes=2000)[:3])
    source.close()
    for number, stretch, age in ((3, lines(1, 200), 300), (2, lines(201, 400), 200), (1, lines(401, 600), 100)):
        part = log.with_name(name.format(number) + ("" if kind == "plain" else f".{kind}"))
        part.write_bytes(pack(stretch, kind))
        old(part, age)
    log.write_bytes(lines(601, 700))
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    assert source.lines_before() == ledger.data
    chunks = drain(source)
    commit_all(ledger, chunks)
    assert ledger.data == lines(1, 700)
    assert not any(chunk.live for chunk in chunks)
    source.close()


def test_interrupted_catching_up_goes_on_in_the_middle(log: Path) -> None:
    """Commits made while a backlog is read are later than the backlog's files: that must not hide these."""
    log.write_bytes(lines(1, 100))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source, limit_bytes=2000)[:1])
    source.close()
    log.rename(log.with_name("node.log.3"))
    old(log.with_name("node.log.3"), 5000)
    for number, stretch in ((2, lines(101, 200)), (1, lines(201, 300))):
        part = log.with_name(f"node.log.{number}")
        part.write_bytes(stretch)
        old(part, 1000 * number)
    log.write_bytes(lines(301, 310))
    while not ledger.data.endswith(lines(310, 310)):
        source = FileSource("n", str(log), ledger.saved(), now=NOW)
        chunk = source.read(NOW, 2000)
        assert chunk is not None
        ledger.commit(chunk)
        source.close()
    assert ledger.data == lines(1, 310)


def test_another_nodes_log_is_no_part(log: Path) -> None:
    log.write_bytes(lines(1, 3))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source))
    source.close()
    for name in ("node2.log", "node-2.log", "node-updater.log", "node.log.txt", "other.log.1"):
        log.with_name(name).write_bytes(b"not mine\n")
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    assert drain(source) == []
    source.close()


def test_copy_of_the_live_file_is_known(log: Path) -> None:
    log.write_bytes(lines(1, 300))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source))
    log.with_name("node.log.old").write_bytes(lines(1, 300))
    log.with_name("node.log.1.gz").write_bytes(gzip.compress(lines(1, 250)))
    source.close()
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    assert drain(source) == []
    source.close()


def test_deleted_and_made_anew(log: Path) -> None:
    log.write_bytes(lines(1, 3))
    source = FileSource("n", str(log), [], now=NOW)
    assert text(drain(source)) == lines(1, 3)
    with log.open("ab") as file:
        log.unlink()
        file.write(lines(4, 4))  # the node writes on into the deleted file
    assert text(drain(source)) == lines(4, 4)
    assert "deleted" in source.status().detail
    log.write_bytes(lines(5, 6))
    assert text(drain(source)) == lines(5, 6)
    assert source.status().detail == ""
    source.close()


def test_truncated_to_zero_and_grown_beyond_the_old_place(log: Path) -> None:
    log.write_bytes(lines(1, 30))
    source = FileSource("n", str(log), [], now=NOW)
    assert text(drain(source)) == lines(1, 30)
    log.write_bytes(lines(31, 90))
    assert text(drain(source)) == lines(31, 90)
    os.truncate(log, 0)
    assert drain(source) == []
    log.write_bytes(lines(91, 92))
    assert text(drain(source)) == lines(91, 92)
    source.close()


def test_renamed_while_the_node_writes_on(log: Path) -> None:
    """logrotate without a restart of the node: the new file stays empty, the node writes on into the renamed one."""
    log.write_bytes(lines(1, 3))
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    part = log.with_name("node.log.1")
    log.rename(part)
    log.write_bytes(b"")
    for n in (4, 6):
        with part.open("ab") as file:
            file.write(lines(n, n + 1))
        commit_all(ledger, drain(source))
        source.close()
        source = FileSource("n", str(log), ledger.saved(), now=NOW)  # a restart changes nothing
    assert drain(source) == []
    with part.open("ab") as file:
        file.write(lines(8, 8))
    commit_all(ledger, drain(source))
    log.write_bytes(lines(9, 9))
    commit_all(ledger, drain(source))
    with part.open("ab") as file:
        file.write(lines(10, 10))  # late, but not lost
    commit_all(ledger, drain(source))
    assert ledger.data == lines(1, 10)
    source.close()


def test_lost_end_after_a_power_cut(log: Path) -> None:
    """The database had seen lines that the disk had not: what is written behind the new end is read, nothing twice."""
    log.write_bytes(lines(1, 200))
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    source.close()
    for start in (301, 401):
        os.truncate(log, len(lines(1, 150)))
        source = FileSource("n", str(log), ledger.saved(), now=NOW)
        assert drain(source) == []
        with log.open("ab") as file:
            file.write(lines(start, start + 90))
        commit_all(ledger, drain(source))
        source.close()
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    assert drain(source) == []
    assert ledger.data == lines(1, 200) + lines(301, 391) + lines(401, 491)
    source.close()


def test_resync_goes_on_where_somebody_else_was(log: Path) -> None:
    log.write_bytes(lines(1, 20))
    ledger = Ledger()
    source = FileSource("n", str(log), [], now=NOW)
    commit_all(ledger, drain(source, limit_bytes=200))
    source.close()
    source = FileSource("n", str(log), [], now=NOW)
    assert source.read(NOW, 200) is not None
    source.resync(ledger.saved())
    assert drain(source) == []
    source.close()


def test_a_directory_in_place_of_the_log(log: Path) -> None:
    log.mkdir()
    source = FileSource("n", str(log), [], now=NOW)
    assert drain(source) == []
    status = source.status()
    assert status.state is SourceState.ERROR
    assert "is a directory" in status.detail
    log.rmdir()
    log.write_bytes(lines(1, 1))
    assert text(drain(source)) == lines(1, 1)
    assert source.status().state is SourceState.LIVE
    source.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_pipe_in_place_of_the_log_does_not_block(log: Path) -> None:
    os.mkfifo(log)
    source = FileSource("n", str(log), [], now=NOW)
    assert drain(source) == []
    assert "not a regular file" in source.status().detail
    source.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_may_not_be_read() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        Path(folder).chmod(0o711)
        log = Path(folder) / "node.log"
        log.write_bytes(lines(1, 1))
        log.chmod(0o600)
        os.seteuid(65534)
        try:
            source = FileSource("n", str(log), [], now=NOW)
            assert drain(source) == []
            status = source.status()
        finally:
            os.seteuid(0)
        assert status.state is SourceState.ERROR
        assert "may not be read" in status.detail
        assert text(drain(source, NOW + 20)) == lines(1, 1)
        source.close()


def test_pace(log: Path) -> None:
    log.write_bytes(lines(1, 1))
    source = FileSource("n", str(log), [], now=NOW)
    assert source.due(NOW)
    source.read(NOW)
    assert source.due(NOW + 0.01)
    source.read(NOW + 11)
    assert not source.due(NOW + 11.4)
    assert source.due(NOW + 11.5)
    assert source.due(NOW - 86400)  # the clock was set back
    source.close()


def test_lag_and_state(log: Path) -> None:
    log.write_bytes(lines(1, 100))
    source = FileSource("n", str(log), [], now=NOW)
    chunk = source.read(NOW, 1000)
    assert chunk is not None
    status = source.status()
    assert (status.state, status.lag_bytes) == (SourceState.CATCHING_UP, len(lines(1, 100)) - chunk.end)
    drain(source)
    status = source.status()
    assert (status.state, status.lag_bytes, status.path) == (SourceState.LIVE, 0, str(log))
    source.close()


def test_newest_match_of_a_pattern_is_followed(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name / f"{name}-json.log" for name in ("b1", "a2", "c3"))
    one.parent.mkdir()
    one.write_bytes(lines(1, 3))
    old(one, 100)
    pattern = str(tmp_path / "*" / "*-json.log")
    source = FileSource("n", pattern, [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    with one.open("ab") as file:
        file.write(lines(4, 4) + b"torn off")
    old(one, 50)
    two.parent.mkdir()
    two.write_bytes(lines(5, 6))
    old(two, 40)
    commit_all(ledger, drain(source))
    assert source.status().path == str(two)
    source.close()
    with two.open("ab") as file:
        file.write(lines(7, 7))
    old(two, 30)
    three.parent.mkdir()
    three.write_bytes(lines(8, 8))
    old(three, 20)
    source = FileSource("n", pattern, ledger.saved(), now=NOW)
    commit_all(ledger, drain(source))
    assert ledger.data == lines(1, 4) + b"torn off\n" + lines(5, 8)
    source.close()


def test_pattern_without_a_match_waits(tmp_path: Path) -> None:
    source = FileSource("n", str(tmp_path / "*.log"), [], now=NOW)
    assert drain(source) == []
    assert source.status().state is SourceState.WAITING
    (tmp_path / "x.log").write_bytes(lines(1, 1))
    (tmp_path / "x.log.1.gz").write_bytes(b"")
    assert text(drain(source)) == lines(1, 1)
    source.close()


def test_a_log_in_the_current_folder(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    log.write_bytes(lines(1, 1))
    source = FileSource("n", log.name, [], now=NOW)
    assert text(drain(source)) == lines(1, 1)
    log.rename("node.log.1")
    log.write_bytes(lines(2, 2))
    assert text(drain(source)) == lines(2, 2)
    source.close()


def test_a_link_to_the_log(log: Path, tmp_path: Path) -> None:
    """The rotated parts lie beside the file, not beside the link."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "node.log"
    real.write_bytes(lines(1, 3))
    log.symlink_to(real)
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    source.close()
    with real.open("ab") as file:
        file.write(lines(4, 4))
    real.rename(real.with_name("node.log.1"))
    real.write_bytes(lines(5, 5))
    source = FileSource("n", str(log), ledger.saved(), now=NOW)
    commit_all(ledger, drain(source))
    assert ledger.data == lines(1, 5)
    source.close()


@pytest.mark.parametrize("empty", [True, False])
def test_two_rotations_at_once_and_no_lines_since(log: Path, empty: bool) -> None:
    log.write_bytes(lines(1, 3))
    source = FileSource("n", str(log), [], now=NOW)
    ledger = Ledger()
    commit_all(ledger, drain(source))
    log.rename(log.with_name("node.log.2"))
    log.with_name("node.log.1").write_bytes(lines(4, 6))
    if empty:
        log.write_bytes(b"")
    commit_all(ledger, drain(source, NOW + 10))
    assert ledger.data == lines(1, 6)
    source.close()
