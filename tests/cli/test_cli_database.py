"""`database` from the command line: check, backup, restore."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cli.small_log import LOG

from storj_monitor.cli import main
from storj_monitor.commands.ingest import ingest
from storj_monitor.config import IngestInput, load
from storj_monitor.database import integrity
from storj_monitor.database.connection import MonitorLock, connect_writer
from storj_monitor.database.opening import open_database

PAGE = 4096


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with the node `mine`."""
    monkeypatch.setattr("storj_monitor.database.restoring.PROOF_PAUSES_S", (0.0, 0.0))
    path = tmp_path / "m.db"
    (tmp_path / "node.log").write_text(LOG, encoding="utf-8")
    settings = load(environ={}, flags={"database": str(path)}).settings
    assert ingest(settings, [IngestInput("mine", str(tmp_path / "node.log"))], lambda _: None) == 0
    return path


def lines(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT coalesce(sum(n), 0) FROM line_count").fetchone()[0])


def damage(path: Path, table: str) -> None:
    """The root page of a table is overwritten."""
    with closing(connect_writer(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = int(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0])
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa5" * PAGE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("strange.txt", "strange.txt is no database"),
        ("folder", "folder is a folder: name a file in it"),
        ("strange.txt/new.db", "strange.txt is no folder"),
        ("folder/new.db", ""),
    ],
)
def test_check_config_says_that_a_database_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str) -> None:
    strange = tmp_path / "strange.txt"
    strange.write_text("what somebody needs")
    (tmp_path / "folder").mkdir()
    code = main(["check-config", "--database", str(tmp_path / name)])
    out = capsys.readouterr().out
    assert code == (1 if said else 0)
    assert said in out and ("TROUBLE: database: " in out) == bool(said)
    assert ("there is trouble with the database" in out) == bool(said)
    assert strange.read_text() == "what somebody needs"
    assert not list((tmp_path / "folder").iterdir())


def test_a_sound_one(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with MonitorLock(database):
        for argv in (["check"], ["check", "--thorough"], []):
            assert main(["database", "--database", str(database), *argv]) == 0
            assert "sound" in capsys.readouterr().out


def test_a_damaged_one_is_said_with_code_3(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage(database, "notable")
    before = database.read_bytes()
    assert main(["database", "check", "--database", str(database)]) == 3
    assert "damaged" in capsys.readouterr().out
    assert database.read_bytes() == before
    assert main(["database", "check", "--database", str(database.with_name("none.db"))]) == 3


@pytest.mark.parametrize("damaged", ["no database", "truncated"])
def test_other_damage(database: Path, damaged: str, capsys: pytest.CaptureFixture[str]) -> None:
    with database.open("r+b") as file:
        if damaged == "truncated":
            file.truncate(5 * PAGE)
        else:
            file.write(b"no database" * 3000)
    assert main(["database", "check", "--database", str(database)]) == 3
    assert "damaged" in capsys.readouterr().out


def test_a_backup_while_it_is_in_use_and_back(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = lines(database)
    with MonitorLock(database), closing(connect_writer(database)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM line_count")
        assert main(["database", "backup", str(tmp_path / "copy.db"), "--database", str(database)]) == 0
        writer.execute("COMMIT")
        assert main(["database", "backup", str(tmp_path / "copy.db"), "--database", str(database)]) == 3, "it is there already"
        assert "there already" in capsys.readouterr().err
        (tmp_path / "folder").mkdir()
        assert main(["database", "backup", str(tmp_path / "folder"), "--database", str(database)]) == 0
        assert main(["database", "restore", str(tmp_path / "copy.db"), "--database", str(database)]) == 3, "a monitor is running"
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / "folder").iterdir())) == 1
    assert lines(tmp_path / "copy.db") == known
    assert lines(database) == 0
    assert main(["database", "restore", str(tmp_path / "copy.db"), "--database", str(database)]) == 0
    assert "kept as" in capsys.readouterr().out
    assert lines(database) == known
    (kept,) = tmp_path.glob("m.db.before-restore-*")
    assert lines(kept) == 0
    assert sorted(path.name for path in tmp_path.glob("m.db*") if not path.name.endswith((".lock", "-wal", "-shm"))) == ["m.db", kept.name]


def test_a_backup_into_a_folder_that_is_not_there_copies_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the disk for backups is not mounted."""
    assert main(["database", "--database", str(database), "backup", f"{tmp_path / 'mounted'}/"]) == 1
    assert "is no folder" in capsys.readouterr().err
    assert not (tmp_path / "mounted").exists()


def test_what_was_set_aside_is_listed_and_taken_back_by_its_name(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = lines(database)
    database.rename(database.with_name("m.db.damaged-20260101T000000Z"))
    open_database(database, 1.0, "stamp")
    assert main(["database", "restore", "--database", str(database)]) == 0
    assert "m.db.damaged-20260101T000000Z" in capsys.readouterr().out
    assert main(["database", "restore", "m.db.damaged-20260101T000000Z", "--database", str(database)]) == 0
    assert lines(database) == known


def test_a_damaged_file_is_only_taken_back_row_by_row(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = lines(database)
    aside = database.with_name("m.db.damaged-20260101T000000Z")
    damage(database, "total_day")
    database.rename(aside)
    open_database(database, 1.0, "stamp")
    new = database.read_bytes()
    assert main(["database", "restore", aside.name, "--database", str(database)]) == 3
    assert "--salvage" in capsys.readouterr().err
    assert database.read_bytes() == new
    assert main(["database", "restore", "--salvage", aside.name, "--database", str(database)]) == 0
    said = capsys.readouterr().out
    assert "Not all could be read of: total_day" in said
    assert lines(database) == known
    assert integrity.examine(database).verdict is integrity.Verdict.SOUND


def test_what_is_no_database_of_ours_is_refused(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE t(a)")
    (tmp_path / "text").write_bytes(b"no database" * 3000)
    before = lines(database)
    for name in ("other.db", "text", "none"):
        assert main(["database", "restore", str(tmp_path / name), "--database", str(database)]) == 3
    assert main(["database", "restore", "--salvage", str(tmp_path / "text"), "--database", str(database)]) == 3
    assert "not a database" in capsys.readouterr().err
    assert lines(database) == before
    assert not list(tmp_path.glob("*restoring*"))


def test_the_clock_is_accepted(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(connect_writer(database)) as db:
        db.execute("INSERT OR REPLACE INTO prune_clock VALUES (1, 1000.0, '[[2000.0, 1.0]]')")
        assert main(["database", "accept-clock", "--database", str(database)]) == 0
        believed_s, spans = db.execute("SELECT believed_s, spans FROM prune_clock").fetchone()
    assert believed_s > 1_700_000_000
    assert spans == "[]"


def other_file(folder: Path, what: str) -> Path:
    """A file that is sound, but nothing that this monitor can go on with."""
    path = folder / f"{what}.db"
    path.touch()
    if what != "empty":
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("CREATE TABLE migration(version INTEGER, name TEXT)" if what == "foreign with a ledger" else "CREATE TABLE t(a)")
            db.execute("PRAGMA user_version = 7")
    if what == "newer":
        path.unlink()
        open_database(path, 1.0, "stamp")
        with closing(connect_writer(path)) as db:
            db.execute("INSERT INTO migration VALUES ('9999_later', 1.0)")
    return path


@pytest.mark.parametrize(
    ("what", "words"),
    [("empty", "empty"), ("foreign", "another program"), ("foreign with a ledger", "another program"), ("newer", "newer version")],
)
def test_a_sound_file_that_is_not_ours(tmp_path: Path, what: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = other_file(tmp_path, what)
    before = path.read_bytes()
    assert main(["database", "check", str(path)]) == 1
    said = capsys.readouterr().out
    assert words in said and ", sound" not in said
    if what != "newer":
        assert main(["database", "backup", str(tmp_path / "copy.db"), "--database", str(path)]) == 3
        assert words in capsys.readouterr().err
        assert not (tmp_path / "copy.db").exists()
    if what != "empty":
        (tmp_path / "node.log").write_text(LOG, encoding="utf-8")
        for argv in (["database", "accept-clock"], ["nodes", "rename", "a", "b"], ["ingest", f"mine:{tmp_path / 'node.log'}"]):
            assert main([*argv, "--database", str(path)]) == 3, argv
            assert words in capsys.readouterr().err
        assert path.read_bytes() == before or what == "newer", "nothing was changed"


def test_an_older_one_is_sound_and_said_to_be_older(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.db"
    open_database(path, 1.0, "stamp")
    with closing(connect_writer(path)) as db:
        db.execute("DELETE FROM migration WHERE name = (SELECT max(name) FROM migration)")
    assert main(["database", "check", str(path)]) == 0
    assert "older" in capsys.readouterr().out
