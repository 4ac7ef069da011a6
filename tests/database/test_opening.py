"""What happens at the endpoint: locks, newer versions, damage."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from storj_monitor.database.connection import MonitorLock
from storj_monitor.database.nodes import node_care
from storj_monitor.database.opening import open_database
from storj_monitor.database.restoring import restore, trust_clock
from storj_monitor.errors import StoreError, StoreForeign, StoreLocked, StoreTooNew


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


@pytest.mark.parametrize("damage", ["first page", "middle"])
def test_a_damaged_database_is_set_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "s")
    size = path.stat().st_size
    with path.open("r+b") as file:
        if damage == "middle":
            file.seek(4096)
        file.write(b"\xff" * (4096 if damage == "first page" else size - 4096))
    before = path.read_bytes()
    aside = open_database(path, 1.0, "20260101T000000Z", pauses_s=())
    assert aside is not None
    assert Path(aside).read_bytes() == before
    assert sqlite3.connect(path).execute("SELECT count(*) FROM node").fetchone() == (0,)


_STRANGERS = [b"root:x:0:0:root:/root:/bin/bash\n" * 40, b"\x89PNG" + bytes(100_000), b"x"]


@pytest.mark.parametrize("content", _STRANGERS)
def test_a_file_that_was_never_a_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """`--database` named a stranger's file by mistake: as root it can be a file that the system needs."""
    path = tmp_path / "passwd"
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(StoreForeign, match=r"passwd is no database.*--database"):
        open_database(path, 1.0, "s", pauses_s=())
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["passwd"]


@pytest.mark.parametrize("content", _STRANGERS)
def test_no_command_writes_to_what_was_never_a_database(tmp_path: Path, content: bytes) -> None:
    path, good = tmp_path / "passwd", tmp_path / "good.db"
    open_database(good, 1.0, "s")
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(StoreForeign):
        trust_clock(path, 1.0)
    with pytest.raises(StoreForeign):
        restore(path, good, 1.0, lambda *_: None)
    with pytest.raises(StoreForeign), node_care(path, 1.0):
        pass
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not list(tmp_path.glob("passwd.before*"))


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot use"):
        open_database(tmp_path / "file" / "monitor.db", 1.0, "s")


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "s")
    assert open_database(path, 2.0, "s") is None
