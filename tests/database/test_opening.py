"""What happens at the door: locks, newer versions, damage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storj_monitor.database.connection import MonitorLock
from storj_monitor.database.opening import open_database
from storj_monitor.errors import StoreError, StoreLocked, StoreTooNew


def test_one_monitor_per_database(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "monitor.db"
    with MonitorLock(path), pytest.raises(StoreLocked, match="another storj_monitor"), MonitorLock(path):
        pass
    with MonitorLock(path):
        pass


def test_a_lock_file_that_was_deleted_is_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    with MonitorLock(path) as lock:
        assert not lock.renew()
        (tmp_path / "monitor.db.lock").unlink()
        assert lock.renew()
        assert not lock.renew()
        with pytest.raises(StoreLocked), MonitorLock(path):
            pass
        (tmp_path / "monitor.db.lock").unlink()
        with MonitorLock(path), pytest.raises(StoreLocked):
            lock.renew()
        assert lock.renew()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "s")
    db = sqlite3.connect(path)
    db.execute("INSERT INTO migration VALUES ('9999_future', 1)")
    db.commit()
    db.close()
    with pytest.raises(StoreTooNew, match="9999_future"):
        open_database(path, 1.0, "s")
    assert sorted(p.name for p in tmp_path.glob("*damaged*")) == []


@pytest.mark.parametrize("damage", ["garbage", "overwritten middle"])
def test_a_damaged_database_is_set_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "monitor.db"
    if damage == "garbage":
        path.write_bytes(b"this is no database, but it is long enough to look at" * 100)
    else:
        open_database(path, 1.0, "s")
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
    before = path.read_bytes()
    aside = open_database(path, 1.0, "20260101T000000Z")
    assert aside is not None
    assert Path(aside).read_bytes() == before
    assert sqlite3.connect(path).execute("SELECT count(*) FROM node").fetchone() == (0,)


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot use"):
        open_database(tmp_path / "file" / "monitor.db", 1.0, "s")


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "s")
    assert open_database(path, 2.0, "s") is None
