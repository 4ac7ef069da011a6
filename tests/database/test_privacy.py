"""The database, what lies beside it, and its folder are the owner's alone."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storj_monitor.database.connection import MonitorLock, connect_writer
from storj_monitor.database.opening import open_database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@pytest.fixture(autouse=True)
def open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_all_that_is_made_is_private(tmp_path: Path) -> None:
    database = tmp_path / "a" / "b" / "monitor.db"
    with MonitorLock(database):
        open_database(database, 1_700_000_000.0, "x")
        with closing(connect_writer(database)) as db:
            db.execute("CREATE TABLE more (x)")
            assert {file.name: rights(file) for file in database.parent.iterdir()} == dict.fromkeys(
                ("monitor.db", "monitor.db-wal", "monitor.db-shm", "monitor.db.lock"), "0o600"
            )
    assert rights(database.parent) == "0o700"


def test_what_an_older_version_made_becomes_private(tmp_path: Path) -> None:
    database = tmp_path / "storj_monitor" / "monitor.db"
    database.parent.mkdir()
    with closing(connect_writer(database)) as db:
        db.execute("CREATE TABLE t (x)")
        for file in database.parent.iterdir():
            file.chmod(0o644)
        database.parent.chmod(0o755)
        with MonitorLock(database), closing(connect_writer(database)):
            assert {rights(file) for file in database.parent.iterdir()} == {"0o600"}
    assert rights(database.parent) == "0o700"


def test_a_folder_that_somebody_else_chose_stays_as_it_is_and_no_right_is_given(tmp_path: Path) -> None:
    database = tmp_path / "shared" / "monitor.db"
    database.parent.mkdir()
    database.parent.chmod(0o775)
    connect_writer(database).close()
    database.chmod(0o400)
    with MonitorLock(database):
        connect_writer(database, create=False).close()
    assert (rights(database.parent), rights(database)) == ("0o775", "0o400")
