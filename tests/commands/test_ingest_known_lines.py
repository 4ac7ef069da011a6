"""The same lines in another form: each is counted once, wherever the overlap begins."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import line_forms
import pytest
from app_rig import ingest_quietly, line, settings_for
from commands.test_ingest import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.commands.ingest import ingest
from storj_monitor.config import STANDARD_INPUT, IngestInput

NOON_S = 1_795_953_600
# One line in each form is enough to be told apart by its text; four a second, so that overlaps begin within seconds.
A_SECOND = 4


def log(count: int, first: int = 0) -> list[bytes]:
    """Starts and ends of uploads in turn, and now and then a line that is no log entry."""
    lines = []
    for number in range(first, first + count):
        at_s = NOON_S + number // A_SECOND
        if number % 29 == 28:
            lines.append(f"goroutine {number} [running]:\n".encode())
        else:
            lines.append(line(at_s, number // 2, "upload started" if number % 2 == 0 else "uploaded"))
    return lines


def plain(lines: Sequence[bytes]) -> bytes:
    return b"".join(lines)


def crlf(lines: Sequence[bytes]) -> bytes:
    return plain(lines).replace(b"\n", b"\r\n")


def docker(lines: Sequence[bytes]) -> bytes:
    """As Docker's json-file driver stores it; a line of more than 16 KiB would come in parts."""
    stamp = datetime.fromtimestamp(NOON_S, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    objects = [{"log": one.decode(), "stream": "stderr", "time": f"{stamp}.{number:09d}Z"} for number, one in enumerate(lines)]
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in objects)


def journal(lines: Sequence[bytes]) -> bytes:
    return b"".join(b"Nov 28 12:00:00 host storagenode[712]: " + one for one in lines)


def syslog(lines: Sequence[bytes]) -> bytes:
    return b"".join(b"<30>2026-11-28T12:00:00.123456+00:00 host storagenode[712]: " + one.replace(b"\t", b"#011") for one in lines)


def docker_stamps(lines: Sequence[bytes]) -> bytes:
    return b"".join(b"2026-11-28T12:00:00.123456789Z " + one for one in lines)


FORMS = [plain, crlf, docker, journal, syslog, docker_stamps]


class Store:
    """A database into which logs are loaded, each a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "monitor.db"
        self._files = 0

    def load(self, data: bytes) -> None:
        self._files += 1
        file = self._folder / f"{self._files}.log"
        file.write_bytes(data)
        assert ingest_quietly(self.path, IngestInput("n1", str(file))) == (0 if data else 1)

    def counted(self) -> dict[str, object]:
        """What must not depend on the form, or on how often it came: lines by class, transfers, bytes."""
        found = rows(self.path)
        return {
            "lines": sorted((kind, logger, message, n) for _, kind, logger, message, n, _ in found["line_count"]),
            "transfers": sorted(row[:6] for row in found["total_minute"]),
        }


def expected(folder: Path, lines: Sequence[bytes]) -> dict[str, object]:
    """Of a log that was loaded once."""
    folder.mkdir()
    store = Store(folder)
    store.load(plain(lines))
    return store.counted()


@pytest.mark.parametrize("second", FORMS)
@pytest.mark.parametrize("first", [plain, docker, journal])
def test_another_form_of_the_same_lines(tmp_path: Path, first: Callable[..., bytes], second: Callable[..., bytes]) -> None:
    """Docker has dropped the oldest lines, and there are new ones."""
    lines = log(900)
    store = Store(tmp_path)
    store.load(first(lines[:600]))
    store.load(second(lines[333:]))
    assert store.counted() == expected(tmp_path / "once", lines)
    store.load(second(lines))
    assert store.counted() == expected(tmp_path / "once more", lines)


def test_standard_input_again_after_docker_dropped_the_oldest_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = log(900)
    store = Store(tmp_path)
    for part in (lines[:600], lines[301:], lines[602:]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(plain(part))))
        assert ingest_quietly(store.path, IngestInput("n1", STANDARD_INPUT)) == 0
    assert store.counted() == expected(tmp_path / "once", lines)
    said = capsys.readouterr().out
    assert "standard input: 599 lines read: 300 new, 299 in the database already" in said
    assert "standard input: 298 lines read, none new: all are in the database already" in said
    assert "cannot be told" not in said


def test_parts_in_one_file(tmp_path: Path) -> None:
    lines = log(900)
    once = expected(tmp_path / "once", lines)
    for number, parts in enumerate(
        (
            [lines[:500], lines[500:]],
            [lines[400:], lines[:650]],
            [lines[:500], lines[200:], lines],
            [[b"==> node.log <==\n"], lines[:500], [b"==> node.log.1 <==\n"], lines[300:]],
        )
    ):
        (tmp_path / str(number)).mkdir()
        store = Store(tmp_path / str(number))
        store.load(plain(lines[:200]))
        store.load(b"".join(map(plain, parts)))
        counted = store.counted()
        if number == 3:
            counted["lines"] = [(*row[:3], row[3] - 2) if row[2] == "" and row[0] == "ignored" else row for row in counted["lines"]]  # type: ignore[attr-defined]
        assert counted["transfers"] == once["transfers"], number
        assert number == 3 or counted == once, number


@pytest.mark.parametrize("front", [b"Attaching to storagenode\n", log(1, 5000)[0], log(1, 0)[0].replace(b"PUT", b"GET")])
def test_a_line_put_in_front(tmp_path: Path, front: bytes) -> None:
    lines = log(300)
    store = Store(tmp_path)
    store.load(plain(lines[:200]))
    store.load(front + plain(lines[100:]))
    assert store.counted() == expected(tmp_path / "once", [front, *lines])


def test_older_lines_come_later(tmp_path: Path) -> None:
    lines = log(900)
    store = Store(tmp_path)
    store.load(plain(lines[611:]))
    store.load(docker(lines[:700]))
    assert store.counted()["lines"] == expected(tmp_path / "once", lines)["lines"]


def test_lines_that_a_filter_left_over(tmp_path: Path) -> None:
    """`grep` of a log that is known brings nothing new, and the log itself brings what the filter had left out."""
    lines = log(600)
    store = Store(tmp_path)
    store.load(plain([one for one in lines if b"uploaded" in one]))
    store.load(plain(lines))
    assert store.counted()["lines"] == expected(tmp_path / "once", lines)["lines"]
    store.load(plain(lines[::3]))
    assert store.counted()["lines"] == expected(tmp_path / "again", lines)["lines"]


def burst(at_s: int, count: int) -> list[bytes]:
    return [line(at_s, 7, "upload failed", more=', "error": "disk"')] * count


def test_identical_lines_are_not_lost_and_not_doubled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A burst that both logs have whole is the same burst; more of it in the longer log are new."""
    lines = [*log(40), *burst(NOON_S + 10, 50), *log(40, 44)]
    store = Store(tmp_path)
    store.load(plain(lines[:70]))
    assert "already" not in capsys.readouterr().out
    store.load(docker(lines))
    assert store.counted() == expected(tmp_path / "once", lines)
    assert "cannot be told" not in capsys.readouterr().out


def test_a_burst_in_which_one_log_ends_and_the_other_begins_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [*log(40), *burst(NOON_S + 10, 50), *log(40, 44)]
    store = Store(tmp_path)
    store.load(plain(lines[:60]))
    store.load(plain(lines[50:]))
    said = capsys.readouterr().out
    assert "of 20 of these it cannot be told" in said
    failed = sum(row[3] for row in store.counted()["lines"] if row[2] == "upload failed")  # type: ignore[attr-defined]
    assert failed == 40


def test_a_burst_in_which_an_older_log_ends_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [*log(40), *burst(NOON_S + 10, 50), *log(40, 44)]
    store = Store(tmp_path)
    store.load(plain(lines[50:]))
    store.load(plain(lines[:70]))
    assert "of 30 of these it cannot be told" in capsys.readouterr().out


def test_durations_go_over_the_place_where_known_lines_end(tmp_path: Path) -> None:
    """The start is known, the end is new."""
    start, end = line(NOON_S, 1, "upload started"), line(NOON_S + 3, 1, "uploaded")
    store = Store(tmp_path)
    store.load(plain([*log(8, 400), start]))
    store.load(crlf([start, end]))
    assert [row[8] for row in rows(store.path)["total_hour"] if row[6]] == [3000]


def test_large_logs_side_by_side(tmp_path: Path) -> None:
    """Worker processes compare nothing: where the times meet, the log is read on in turn."""
    lines = log(9000)
    store = Store(tmp_path)
    store.load(plain(lines[:4000]))
    big = tmp_path / "big.log"
    big.write_bytes(plain(lines[:8000]) + plain(lines[2000:]))
    assert ingest(settings_for(store.path), [IngestInput("n1", str(big))], lambda _: None, parallel_from_bytes=1) == 0
    assert store.counted() == expected(tmp_path / "once", lines)


def test_a_history_from_before_lines_were_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An older version has counted these lines and kept nothing of them: they are not counted again, and that is said."""
    lines = log(400)
    store = Store(tmp_path)
    store.load(plain(lines[:200]))
    db = sqlite3.connect(store.path)
    with db:
        db.execute("DELETE FROM known_line")
        db.execute("INSERT OR REPLACE INTO known_lines_gone SELECT id, newest_ms / 1000 FROM node")
    db.close()
    once = store.counted()
    store.load(docker(lines[:200]))
    assert store.counted() == once
    assert "of 200 of these it cannot be told" in capsys.readouterr().out
    store.load(docker(log(400, 40_000)))
    assert sum(row[4] for row in store.counted()["transfers"]) > sum(row[4] for row in once["transfers"])  # type: ignore[attr-defined]


windows = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)


@settings(max_examples=40)
@given(st.lists(st.tuples(windows, st.sampled_from(FORMS)), min_size=1, max_size=5), st.integers(1, 12))
def test_any_windows_of_one_log_in_any_forms(parts: list[tuple[list[int], Callable[..., bytes]]], a_second: int) -> None:
    """In any order, with any overlaps and gaps: each line that was in one of them is counted once."""
    lines = [line(NOON_S + number // a_second, number) for number in range(60)]
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name))
        covered: set[int] = set()
        for (start, end), form in parts:
            store.load(form(lines[start:end]))
            covered.update(range(start, end))
        assert sum(row[3] for row in store.counted()["lines"]) == len(covered)  # type: ignore[attr-defined]


@settings(max_examples=60)
@given(st.lists(st.tuples(windows, st.sampled_from(sorted(line_forms.FORMS))), min_size=2, max_size=5), st.integers(1, 12))
def test_text_between_the_entries_is_known_in_any_form(parts: list[tuple[list[int], str]], a_second: int) -> None:
    """Panics and words on standard error have no time of their own, and lose whatever a container, a pod or a service puts in front."""
    lines = [both for number in range(60) for both in (line(NOON_S + number // a_second, number), line_forms.text(number))]
    with tempfile.TemporaryDirectory() as name:
        store, once = Store(Path(name)), Path(name) / "once"
        covered: set[int] = set()
        for (start, end), form in parts:
            store.load(line_forms.FORMS[form](lines[2 * start : 2 * end]))
            covered.update(range(2 * start, 2 * end))
        assert store.counted() == expected(once, [lines[number] for number in sorted(covered)])


def test_a_node_of_now(tmp_path: Path) -> None:
    """Lines of this second are compared like those of last year."""
    now = int(time.time())
    lines = [line(now, number) for number in range(50)]
    store = Store(tmp_path)
    store.load(plain(lines[:30]))
    store.load(crlf(lines[10:]))
    assert sum(row[3] for row in store.counted()["lines"]) == 50  # type: ignore[attr-defined]
