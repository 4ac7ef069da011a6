"""`stats` and `ingest` from the command line: log and database say the same, and nothing is counted twice."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli.small_log import LOG, SAT

from storj_monitor.cli import main

WANTED = {
    "transfers": {
        "GET down started": 1,
        "GET down success": 1,
        "GET_AUDIT down failed": 1,
        "PUT up canceled": 1,
        "PUT up started": 1,
        "PUT up success": 1,
    },
    "bytes": {"GET down success": 2048, "GET_AUDIT down failed": 256, "PUT up canceled": 500, "PUT up success": 1000},
    "satellites": {f"{SAT} GET success": 1, f"{SAT} GET_AUDIT failed": 1, f"{SAT} PUT canceled": 1, f"{SAT} PUT success": 1},
    "minutes": {"29923680 GET success": 1, "29923680 GET_AUDIT failed": 1, "29923680 PUT canceled": 1, "29923680 PUT success": 1},
    "lines": 7,
    "understood": 6,
    "ignored": 0,
    "not_understood": 1,
    "remarks": [],
}

FORMS = Path(__file__).parent.parent / "corpus" / "forms"


def stats_json(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["stats", "--json", *argv]) == 0
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_log_archive_and_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node.log").write_text(LOG, encoding="utf-8")
    (tmp_path / "node.log.1.gz").write_bytes(gzip.compress(LOG.encode()))
    assert stats_json(capsys, str(tmp_path / "node.log")) == WANTED
    assert stats_json(capsys, str(tmp_path / "node.log.1.gz")) == WANTED
    both = stats_json(capsys, str(tmp_path / "node.log*"))
    assert both["lines"] == 14
    assert both["bytes"] == {key: 2 * size for key, size in WANTED["bytes"].items()}  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
    assert stats_json(capsys, "-") == WANTED


def test_log_and_database_agree_and_a_repetition_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, database = tmp_path / "node.log", str(tmp_path / "new folder" / "m.db")
    log.write_text(LOG, encoding="utf-8")
    for _ in range(2):
        assert main(["ingest", f"mine:{log}", "--database", database]) == 0
        without_starts = WANTED | {"transfers": {key: n for key, n in WANTED["transfers"].items() if not key.endswith("started")}}  # type: ignore[attr-defined]
        assert stats_json(capsys, "--database", database, "--node", "mine") == without_starts
    assert main(["ingest", f"other:{log}", "--database", database]) == 0
    assert stats_json(capsys, "--database", database)["lines"] == 14


def test_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "node.log"
    log.write_text(LOG, encoding="utf-8")
    assert main(["stats", str(log)]) == 0
    out = capsys.readouterr().out
    for part in ("2026-11-23 08:00", "PUT up", "us1 GET_AUDIT", "file does not exist", "ignored on purpose"):
        assert part in out


def test_a_database_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--database", str(tmp_path / "none.db")]) == 3
    assert "none.db" in capsys.readouterr().err


def test_a_log_above_info_has_no_success_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = FORMS / "level_error.log"
    assert main(["stats", str(log)]) == 0
    text = capsys.readouterr().out
    assert "level ERROR" in text
    (row,) = [line for line in text.splitlines() if line.strip().startswith("GET down")]
    assert row.split()[:5] == ["GET", "down", "unknown", "0", "18"]
    answer = stats_json(capsys, str(log))
    assert answer["transfers"] == {"GET down failed": 18}
    assert "level ERROR" in str(answer["remarks"])


def test_another_program_s_log_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, database = tmp_path / "other.log", str(tmp_path / "m.db")
    log.write_text("root:x:0:0:root:/root:/bin/bash\n" * 50, encoding="utf-8")
    assert "Nothing of this log is understood" in str(stats_json(capsys, str(log))["remarks"])
    assert main(["ingest", f"mine:{log}", "--database", database]) == 1
    assert "Nothing of this log is understood" in str(stats_json(capsys, "--database", database)["remarks"])


def test_the_database_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, database, config = tmp_path / "node.log", tmp_path / "m.db", tmp_path / "monitor.toml"
    log.write_text(LOG, encoding="utf-8")
    config.write_text(f"database = '{database}'\n", encoding="utf-8")
    assert main(["ingest", f"mine:{log}", "--config", str(config)]) == 0
    capsys.readouterr()
    assert main(["stats", "--config", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"] == 7
    assert main(["stats", "--config", str(config), str(log)]) == 2
    assert "either" in capsys.readouterr().err


def test_nothing_but_results_where_nobody_looks(tmp_path: Path) -> None:
    """No bar of progress and no empty line in a file or a pipe."""
    log, database = tmp_path / "node.log", str(tmp_path / "m.db")
    log.write_text(LOG, encoding="utf-8")

    def said(*argv: str) -> tuple[str, str]:
        done = subprocess.run([sys.executable, "-m", "storj_monitor", *argv], capture_output=True, text=True, check=True)
        return done.stdout, done.stderr

    assert said("ingest", f"mine:{log}", "--database", database) == (f"{log}: 7 lines read, all new\n", "")
    for argv in (["check"], ["backup", str(tmp_path / "copy.db")]):
        out, err = said("database", *argv, "--database", database)
        assert len(out.splitlines()) == 1
        assert err == ""
    out, err = said("nodes", "remove", "mine", "--yes", "--database", database)
    assert err == ""
    assert "" not in out.splitlines()
