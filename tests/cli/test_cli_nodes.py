"""`nodes` from the command line: what it shows, what it asks, what it refuses."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from app_rig import line
from builders import NOON_MS
from cli.small_log import LOG
from patience import PATIENCE_S

from storj_monitor.cli import main
from storj_monitor.cli.progress import RemovalBar
from storj_monitor.commands.database_care import remove_node
from storj_monitor.commands.ingest import ingest
from storj_monitor.config import IngestInput, IngestProgress, load
from storj_monitor.database.connection import MonitorLock


class Terminal(io.StringIO):
    """Standard input of somebody who types `text`."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A database with the nodes `mine` and `other one`."""
    path = str(tmp_path / "m.db")
    (tmp_path / "node.log").write_text(LOG, encoding="utf-8")
    assert main(["ingest", f"mine:{tmp_path / 'node.log'}", f"other one:{tmp_path / 'node.log'}", "--database", path]) == 0
    capsys.readouterr()
    return path


def listed(database: str, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Cells of the rows of the table."""
    capsys.readouterr()
    assert main(["nodes", "--database", database]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    return [[cell for cell in row.split("  ") if cell.strip()] for row in rows if row.strip()]


def names(database: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [row[0].strip() for row in listed(database, capsys)]


def test_the_list(database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with MonitorLock(Path(database)):
        (mine, other) = listed(database, capsys)
    cells = [cell.strip() for cell in mine]
    assert cells[0] == "mine"
    assert cells[3:7] == ["2026-11-23 08:00", "2026-11-23 08:00", "7", "4"]
    assert cells[7].endswith(" B")
    assert other[0].strip() == "other one"
    for argv in (["nodes", "list", "--database", database], ["nodes", "--database", database, "list"]):
        assert main(argv) == 0
        assert "other one" in capsys.readouterr().out
    monkeypatch.setenv("STORJ_MONITOR_DATABASE", database)
    assert main(["nodes"]) == 0
    assert "other one" in capsys.readouterr().out


def test_rename(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "rename", "mine", "attic 1", "--database", database]) == 0
    assert '"mine" is "attic 1" now' in capsys.readouterr().out
    assert names(database, capsys) == ["attic 1", "other one"]
    assert main(["stats", "--database", database, "--node", "attic 1"]) == 0


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["rename", "x", "y"], 3, "no node 'x'; it has mine, other one"),
        (["rename", "mine", "other one"], 3, "has a node 'other one' already"),
        (["rename", "mine", "a/b"], 2, "name = 'a/b': must be 1 to 64 letters"),
        (["rename", "mine"], 2, "NEW"),
        (["remove", "x", "--yes"], 3, "no node 'x'; it has mine, other one"),
        (["remove", "x"], 3, "no node 'x'; it has mine, other one"),
        (["remove"], 2, "NAME"),
        (["forget", "mine"], 2, "forget"),
    ],
)
def test_what_cannot_be_done(argv: list[str], code: int, said: str, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "--database", database, *argv]) == code
    assert said in capsys.readouterr().err
    assert names(database, capsys) == ["mine", "other one"]


def test_a_removal_is_asked_for(database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in ("\n", "n\n", "mine\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert main(["nodes", "remove", "mine", "--database", database]) == 1
        out = capsys.readouterr().out
        assert "4 transfers and 7 lines" in out
        assert "Nothing was removed." in out
    assert names(database, capsys) == ["mine", "other one"]
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert main(["nodes", "remove", "mine", "--database", database]) == 0
    assert names(database, capsys) == ["other one"]


def test_where_nobody_can_be_asked(database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["nodes", "remove", "mine", "--database", database]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["nodes", "remove", "mine", "--yes", "--database", database]) == 0
    assert '"mine" is removed' in capsys.readouterr().out
    assert main(["nodes", "remove", "other one", "--yes", "--database", database]) == 0
    assert main(["nodes", "--database", database]) == 0
    assert "has no nodes yet" in capsys.readouterr().out


@pytest.mark.parametrize("deed", [["rename", "mine", "yours"], ["remove", "mine", "--yes"]])
def test_a_running_monitor_is_not_disturbed(deed: list[str], database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with MonitorLock(Path(database)):
        assert main(["nodes", "--database", database, *deed]) == 3
    assert "another storj_monitor is running on this database" in capsys.readouterr().err
    assert names(database, capsys) == ["mine", "other one"]


def test_an_interrupted_removal_is_told_and_finished(
    database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by Ctrl-C at a moment in the middle."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RemovalBar, "update", interrupt)
        assert main(["nodes", "remove", "mine", "--yes", "--database", database]) == 130
    assert main(["nodes", "--database", database]) == 0
    assert 'the removal of "mine" was interrupted; finish it with: storj_monitor nodes remove "mine"' in capsys.readouterr().out
    assert main(["nodes", "remove", "mine", "--database", database]) == 0
    capsys.readouterr()
    assert names(database, capsys) == ["other one"]


def test_a_database_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for deed in ([], ["rename", "a", "b"], ["remove", "a", "--yes"]):
        assert main(["nodes", "--database", str(tmp_path / "none.db"), *deed]) == 3
        assert "there is no database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deed", ["list", "rename", "remove"])
def test_each_deed_has_help(deed: str) -> None:
    command = [sys.executable, "-m", "storj_monitor", "nodes", deed, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0
    assert f"storj_monitor nodes {deed}" in done.stdout


def test_a_removal_beside_an_ingest_of_the_same_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was loaded is removed, what is being loaded is loaded whole: no line is counted for a node that is no more, none is left out."""
    database, log = str(tmp_path / "m.db"), tmp_path / "node.log"
    log.write_bytes(b"".join(line(NOON_MS / 1000 + number / 100, number) for number in range(42_000)))
    reports = []

    def remove_in_the_middle(report: IngestProgress) -> None:
        reports.append(report)
        if len(reports) == 3:
            assert remove_node(Path(database), "mine", lambda _: None) > 0

    settings = load(environ={}, flags={"database": database}).settings
    assert ingest(settings, [IngestInput("mine", str(log))], remove_in_the_middle) == 0
    assert len(reports) > 5
    (mine,) = listed(database, capsys)
    assert [cell.strip() for cell in mine][5:7] == ["42,000", "42,000"]
