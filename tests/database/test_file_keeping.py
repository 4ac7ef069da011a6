"""The file under an open writer: deleted, replaced, without its WAL, on a disk that is gone; values that the database never takes."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import NOON_MS, US1, batch, transfer

from storj_monitor.database import queries
from storj_monitor.database.connection import connect_reader
from storj_monitor.database.file_keeper import FileHooks
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals
from storj_monitor.database.writer import Writer
from storj_monitor.model.ids import Outcome
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.state.accumulator import Accumulator

LIMIT_S = 60.0


def part(number: int, node: str = "n1", size: int = 1000) -> NodeDelta:
    """The number-th stretch of a log: one transfer."""
    accumulator = Accumulator(node)
    accumulator.add(
        batch([transfer(NOON_MS + number * 60_000, satellite=US1, size=size)], node=node, start=number * 100, end=number * 100 + 100)
    )
    return accumulator.drain()


def transfers(db: sqlite3.Connection) -> int:
    ids = [node.id for node in queries.nodes(db)]
    return sum(cell.count for cell in queries.totals(db, ids, NOON_MS // 1000 - 3600, NOON_MS // 1000 + 86400).values())


class Rig:
    """A writer with a reader beside it, as the monitor has them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data" / "monitor.db"
        self.path.parent.mkdir()
        open_database(self.path, 1.0, "stamp")
        self.anew = threading.Event()
        self.notices: list[str] = []
        self.problems: list[str] = []
        self.refused: list[str] = []
        self._moved = threading.Condition()
        self.reader = Reader(self.path, 1)
        self.on_reopen: Callable[[], object] = lambda: None
        self.writer = Writer(
            self.path, Retention(), signals=StoreSignals([self.refused.append], problem=[self._problem]),
            hooks=FileHooks(self._reopen, self.anew.set, self._notice),
        )  # fmt: skip

    def _reopen(self) -> None:
        self.reader.reopen()
        self.on_reopen()

    def _problem(self, words: str) -> None:
        with self._moved:
            self.problems.append(words)
            self._moved.notify_all()

    def _notice(self, words: str) -> None:
        with self._moved:
            self.notices.append(words)
            self._moved.notify_all()

    def wait_for(self, what: Callable[[], bool]) -> None:
        with self._moved:
            assert self._moved.wait_for(what, LIMIT_S), (self.problems, self.notices)

    def commit(self, delta: NodeDelta) -> None:
        assert self.writer.submit([delta])
        assert self.writer.barrier(LIMIT_S)

    def count(self) -> int:
        return self.reader.ask_now(transfers)

    def stored(self) -> int:
        """As somebody who comes now sees it."""
        with closing(connect_reader(self.path)) as db:
            return transfers(db)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.writer.close()
    rig.reader.close()


def test_a_file_that_was_deleted_is_written_anew_with_all_that_it_held(rig: Rig) -> None:
    rig.commit(part(0))
    assert rig.count() == 1
    for suffix in ("", "-wal", "-shm"):
        rig.path.with_name(rig.path.name + suffix).unlink(missing_ok=True)
    rig.commit(part(1))
    assert rig.stored() == rig.count() == 2
    assert any("deleted" in words for words in rig.problems), rig.problems
    assert rig.problems[-1] == "", "all is well again"
    assert any("written anew" in words for words in rig.notices)
    assert not rig.anew.is_set()
    assert [path.name for path in rig.path.parent.iterdir() if "rescued" in path.name] == []


def test_a_file_that_takes_the_place_of_the_deleted_one_meanwhile_is_used_and_nothing_is_lost(rig: Rig, tmp_path: Path) -> None:
    rig.commit(part(0))
    other = tmp_path / "other.db"
    open_database(other, 1.0, "stamp")
    rig.on_reopen = lambda: shutil.copy(other, rig.path)
    rig.path.unlink()
    assert rig.anew.wait(LIMIT_S), (rig.problems, rig.notices)
    (copy,) = [path for path in rig.path.parent.iterdir() if ".rescued-" in path.name]
    with closing(connect_reader(copy)) as db:
        assert transfers(db) == 1
    assert any("another one stands there now" in words and str(copy) in words for words in rig.notices)


def test_only_the_file_itself_was_deleted_and_nothing_is_written(rig: Rig) -> None:
    """An idle writer finds it, too; the old WAL must not meet the new file."""
    for number in range(20):
        rig.commit(part(number))
    rig.path.unlink()
    rig.wait_for(lambda: bool(rig.notices))
    assert rig.stored() == 20
    rig.commit(part(20))
    assert rig.stored() == rig.count() == 21


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_deleted_wal_costs_nothing(rig: Rig, suffix: str) -> None:
    rig.commit(part(0))
    assert rig.count() == 1
    rig.path.with_name("monitor.db" + suffix).unlink()
    rig.commit(part(1))
    assert rig.stored() == rig.count() == 2
    assert any("WAL" in words for words in rig.notices)


def test_a_file_that_was_replaced_is_used_and_the_old_one_kept(rig: Rig, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    open_database(backup, 1.0, "stamp")
    rig.commit(part(0))
    shutil.copy(backup, rig.path.with_name("coming"))
    rig.path.with_name("coming").rename(rig.path)
    assert rig.anew.wait(LIMIT_S)
    rig.writer.close()
    assert rig.stored() == 0
    (kept,) = rig.path.parent.glob("monitor.db.replaced-*")
    with closing(connect_reader(kept)) as db:
        assert transfers(db) == 1
    assert any("replaced" in words and str(kept) in words for words in rig.notices)


def test_another_program_s_database_is_left_alone_and_said(rig: Rig) -> None:
    rig.commit(part(0))
    other = rig.path.with_name("other.db")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t(a)")
    before = other.read_bytes()
    other.rename(rig.path)
    assert rig.writer.submit([part(1)])
    rig.wait_for(lambda: any("another program" in words for words in rig.problems))
    assert rig.path.read_bytes() == before
    assert not rig.anew.is_set()


def test_a_file_that_is_no_database_is_left_alone_and_said(rig: Rig) -> None:
    rig.commit(part(0))
    good = rig.path.with_name("good")
    rig.path.rename(good)
    rig.path.write_bytes(b"this is something else" * 1000)
    assert rig.writer.submit([part(1)])
    rig.wait_for(lambda: any("no sound database" in words for words in rig.problems))
    assert rig.path.read_bytes() == b"this is something else" * 1000
    assert not rig.anew.is_set()
    good.rename(rig.path)
    assert rig.writer.barrier(LIMIT_S)
    assert rig.stored() == 2


def test_a_folder_that_is_gone_is_waited_for(rig: Rig) -> None:
    rig.commit(part(0))
    folder, away = rig.path.parent, rig.path.parent.with_name("away")
    folder.rename(away)
    assert rig.writer.submit([part(1)])
    rig.wait_for(lambda: any("is its disk still there" in words for words in rig.problems))
    assert not folder.exists(), "nothing is made in its place"
    away.rename(folder)
    assert rig.writer.barrier(LIMIT_S)
    assert rig.stored() == 2


def test_a_value_that_the_database_never_takes_is_left_out_and_counted(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """It does not stop the writer, the other nodes, or the log that it stands in."""
    bad = part(1)
    bad.notable = [transfer(NOON_MS, outcome=Outcome.FAILED, size=1 << 80)]
    rig.commit(part(0))
    assert rig.writer.submit([bad, part(0, "n2")])
    assert rig.writer.barrier(LIMIT_S)
    rig.commit(part(2))
    assert rig.stored() == 4
    assert rig.writer.status.left_out == 1
    assert rig.refused == []
    assert "n1: failed transfers of a commit were left out" in caplog.text


def test_a_small_write_with_an_error_that_is_not_sqlites_is_given_up(rig: Rig) -> None:
    done = threading.Event()

    def write(db: sqlite3.Connection) -> None:
        raise TypeError("a bug")

    rig.writer.submit_write(write, done.set)
    assert done.wait(LIMIT_S)
    rig.commit(part(0))
    assert rig.stored() == 1
    assert rig.writer.status.left_out == 1


def test_a_damaged_sketch_does_not_refuse_its_row_for_ever(rig: Rig) -> None:
    rig.commit(part(0))
    with closing(sqlite3.connect(rig.path, isolation_level=None, timeout=LIMIT_S)) as db:
        db.execute("UPDATE total_day SET sketch = x'0102030405'")
    rig.commit(part(1))
    assert rig.stored() == 2
    assert rig.writer.status.left_out == 0
