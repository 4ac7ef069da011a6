"""Old logs into the database: one after the other or side by side, once or many times, always the same rows."""

from __future__ import annotations

import gzip
import io
import sqlite3
import sys
import time
from pathlib import Path

import pytest
import zstandard
from app_rig import ingest_quietly, line, settings_for

from storj_monitor.commands.ingest import CELLS_A_CHUNK, CHUNK_BYTES, PARALLEL_FROM_BYTES, ingest, next_chunk_bytes
from storj_monitor.commands.stats import stats_of_database, stats_of_logs
from storj_monitor.config import STANDARD_INPUT, IngestInput

RECORDED = Path(__file__).parent.parent / "corpus" / "logs"
DEBUG_LOG = RECORDED / "eventful" / "v1.120-debug.log.gz"
SMALL_LOG = RECORDED / "quiet" / "v1.145-info.log.gz"
# Where, when and by whom it was read.
NOT_COMPARED = {"position", "migration", "known_line", "prune_clock"}


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    db = sqlite3.connect(database)
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'") if name not in NOT_COMPARED]
        return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}
    finally:
        db.close()


def fingerprints(database: Path) -> list[tuple[int, int]]:
    """How many lines are known of each minute."""
    db = sqlite3.connect(database)
    try:
        return db.execute("SELECT minute_s, sum(n) FROM known_line GROUP BY 1 ORDER BY 1").fetchall()
    finally:
        db.close()


@pytest.fixture
def debug_log(tmp_path: Path) -> Path:
    """The recorded log of several years in a row: more than enough for worker processes."""
    path = tmp_path / "node.log"
    data = gzip.decompress(DEBUG_LOG.read_bytes())
    years = range(2026 - PARALLEL_FROM_BYTES // len(data), 2027)
    path.write_bytes(b"".join(data.replace(b"2026-", b"%d-" % year) for year in years))
    assert path.stat().st_size > PARALLEL_FROM_BYTES
    return path


def test_side_by_side_is_the_same_as_one_after_the_other(tmp_path: Path, debug_log: Path) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    assert ingest_quietly(one, IngestInput("n1", str(debug_log))) == 0
    assert ingest(settings_for(other), [IngestInput("n1", str(debug_log))], lambda _: None, parallel_from_bytes=sys.maxsize) == 0
    left, right = rows(one), rows(other)
    assert left.keys() == right.keys()
    for table, found in left.items():
        assert found == right[table], table
    assert fingerprints(one) == fingerprints(other)
    assert stats_of_database(one, []).minutes == stats_of_logs([str(debug_log)]).minutes


def test_loaded_again_nothing_is_added(tmp_path: Path) -> None:
    database, inputs = tmp_path / "monitor.db", [IngestInput("n1", str(SMALL_LOG))]
    assert ingest_quietly(database, *inputs) == 0
    first = rows(database)
    assert ingest_quietly(database, *inputs, *inputs) == 0
    assert rows(database) == first


def test_the_same_log_in_any_wrapping_is_the_same_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.decompress(SMALL_LOG.read_bytes())
    (tmp_path / "a.log").write_bytes(data)
    (tmp_path / "a.log.zst").write_bytes(zstandard.compress(data))
    paths = [str(SMALL_LOG), str(tmp_path / "a.log"), str(tmp_path / "a.log.zst")]
    expected = stats_of_logs(paths[:1]).to_json()
    for number, path in enumerate(paths):
        database = tmp_path / f"{number}.db"
        assert ingest_quietly(database, IngestInput("n1", path)) == 0
        stored = stats_of_database(database, []).to_json()
        assert {key: stored[key] for key in ("bytes", "satellites", "minutes", "lines", "understood")} == {
            key: expected[key] for key in ("bytes", "satellites", "minutes", "lines", "understood")
        }
        assert ingest_quietly(database, *(IngestInput("n1", other) for other in paths)) == 0
        assert stats_of_database(database, []).to_json() == stored
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert ingest_quietly(tmp_path / "stdin.db", IngestInput("n1", STANDARD_INPUT)) == 0
    assert stats_of_database(tmp_path / "stdin.db", []).minutes == expected["minutes"]


def test_a_file_that_cannot_be_read_is_said_and_the_others_are_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = IngestInput("n1", str(tmp_path / "missing.log"))
    assert ingest_quietly(tmp_path / "monitor.db", missing, IngestInput("n1", str(SMALL_LOG))) == 1
    assert "missing.log" in capsys.readouterr().err
    assert stats_of_database(tmp_path / "monitor.db", []).lines > 0


def download(at_s: float, number: int, message: str) -> bytes:
    return line(at_s, number, message=message, action="GET")


@pytest.mark.parametrize("cut", range(1, 12, 2))
def test_a_log_in_two_parts_is_the_same_as_in_one(tmp_path: Path, cut: int) -> None:
    """Durations, cancels of two lines and hot pieces go over the place where the first call ended."""
    hour_s = time.time() // 3600 * 3600 - 7200
    parts = []
    for i in range(4):
        at_s = hour_s + 60 * i
        parts += [download(at_s, 7, "download started"), download(at_s + 5, 7, "downloaded"), download(at_s + 6, i, "downloaded")]
    later = download(hour_s + 3600, 99, "downloaded")
    whole, growing = tmp_path / "whole.log", tmp_path / "growing.log"
    whole.write_bytes(b"".join(parts) + later)
    growing.write_bytes(b"".join(parts[:cut]))
    assert ingest_quietly(tmp_path / "one.db", IngestInput("n1", str(whole))) == 0
    assert ingest_quietly(tmp_path / "two.db", IngestInput("n1", str(growing))) == 0
    growing.write_bytes(whole.read_bytes())
    assert ingest_quietly(tmp_path / "two.db", IngestInput("n1", str(growing))) == 0
    one, two = rows(tmp_path / "one.db"), rows(tmp_path / "two.db")
    for table in ("total_hour", "satellite_minute", "line_count", "hot_hour"):
        skip = 3 if table == "hot_hour" else None
        assert [row[:skip] + row[5:] if skip else row for row in one[table]] == [
            row[:skip] + row[5:] if skip else row for row in two[table]
        ]


def test_chunks_of_a_log_with_few_lines_a_minute_are_small() -> None:
    """Each minute has its rows in seven tables: a commit of 2 MiB of such a log would hold the database for too long."""
    busy = b"".join(line(1_764_158_400 + i / 100, i) for i in range(6000))
    quiet = b"".join(line(1_764_158_400 + i * 60, i) for i in range(6000))
    assert next_chunk_bytes(busy) == CHUNK_BYTES
    assert next_chunk_bytes(quiet) // len(line(0, 0)) <= CELLS_A_CHUNK
    assert next_chunk_bytes(b"no time\n" * 10_000) == CHUNK_BYTES


def test_a_database_of_a_log_at_level_error_does_not_say_that_nothing_succeeded(tmp_path: Path) -> None:
    """`stats --database` said 0 % of 18, where `stats LOG` said unknown."""
    log, database = tmp_path / "node.log", tmp_path / "monitor.db"
    log.write_bytes(
        b"".join(line(time.time() - 600 + number, number, "download failed", "GET", ', "error": "reset"') for number in range(18))
    )
    assert ingest_quietly(database, IngestInput("a", str(log))) == 0
    found = stats_of_database(database, [])
    assert not found.tells_success and "success rates and bytes are unknown" in found.remarks[0]
