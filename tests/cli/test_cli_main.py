"""The command line as a user meets it: messages, exit codes, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

from storj_monitor import __version__
from storj_monitor.cli import VERBS, main
from storj_monitor.cli.paths import expand, read_inputs, read_logs
from storj_monitor.config import IngestInput
from storj_monitor.config.table import SETTINGS
from storj_monitor.errors import ConfigError


def run_python(*arguments: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "storj_monitor", *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STORJ_MONITOR_")}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=environ)


def test_module_and_version() -> None:
    done = run_python("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"storj_monitor {__version__}\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples_and_exit_codes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"storj_monitor {verb}" in text
    for part in ("examples:", "exit codes:", "  0  ", "  1  ", "  2  ", "  3  ", "  130  "):
        assert part in text


def test_run_help_has_every_flag_with_default_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    for setting in SETTINGS:
        if setting.flag:
            assert setting.flag in text
            assert setting.environment in text


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["walk"],
        ["run", "--prot", "1"],
        ["run", "--port", "x"],
        ["run"],
        ["stats"],
        ["ingest"],
        ["ingest", "x"],
        ["demo", "--nodes", "0"],
        ["demo", "--rate", "nan"],
    ],
)
def test_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err


def test_run_without_nodes_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 2
    err = capsys.readouterr().err
    for way in ("run --node", "run --config", "storj_monitor demo"):
        assert way in err


def test_check_config_shows_values_and_where_they_are_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "m.toml"
    file.write_text('[server]\npassword = "geheim"\nport = 9\n[[node]]\nname = "mine"\nlog = "n.log"\n', encoding="utf-8")
    monkeypatch.setenv("STORJ_MONITOR_BIND", "0.0.0.0")
    given = ["--config", str(file), "--perf-ws-coalesce-ms", "50", "--perf-use-orjson=off", "--from-end"]
    assert main(["check-config", *given]) == 1
    assert "server.port" not in capsys.readouterr().out
    assert main(["check-config", "--all", *given]) == 1
    out = capsys.readouterr().out
    assert "geheim" not in out
    for line in (
        f"node mine: {tmp_path / 'n.log'}  [{file}]",
        "server.bind = 0.0.0.0  [environment]",
        f"server.port = 9  [{file}]",
        f"server.password = set (hidden)  [{file}]",
        "perf.ws_coalesce_ms = 50  [flag]",
        "perf.use_orjson = false  [flag]",
        "from_end = true  [flag]",
        "retention.events = 2 days  [default]",
    ):
        assert line in out.splitlines()
    assert f"TROUBLE  log {tmp_path / 'n.log'}: there is no such file now" in out
    assert out.endswith("there is trouble with mine: see above.\n")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("podman:sn", "podman inspect --format '{{.LogPath}}' sn"),
        ("container:sn", "docker inspect --format '{{.LogPath}}' sn"),
        ("docker://sn/", "docker inspect --format '{{.LogPath}}' sn"),
        ("journald:sn.service", "journalctl --unit sn.service"),
        ("journalctl:", "journalctl --unit storagenode"),
    ],
)
def test_what_is_no_file_gets_the_sentence_that_helps(capsys: pytest.CaptureFixture[str], log: str, said: str) -> None:
    assert main(["check-config", "--node", f"a:{log}"]) == 2
    assert said in capsys.readouterr().err


def test_check_config_tells_every_mistake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORJ_MONITOR_PORT", "-1")
    assert main(["check-config", "--port", "x", "--node", "q", "--node", "a:/a", "--node", "a:/b"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("storj_monitor: 4 mistakes in the settings:\n")
    assert len(err.splitlines()) == 5


def test_the_reader_of_the_output_goes_away() -> None:
    command = f"'{sys.executable}' -m storj_monitor run --help | head -n 1; true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_a_bug_is_told_without_a_traceback(tmp_path: Path) -> None:
    code = "import sys, tempfile, storj_monitor.cli as cli; cli.main(['--version']); tempfile.tempdir = sys.argv[1]; [].pop()"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "internal error" in done.stderr
    assert "Traceback" not in done.stderr
    (report,) = tmp_path.iterdir()
    assert "IndexError: pop from empty list" in report.read_text(encoding="utf-8")
    assert str(report) in done.stderr


def test_paths(tmp_path: Path) -> None:
    for name in ("node.log", "node.log.2", "node.log.10", "node.log.1.gz", "a[1].log"):
        (tmp_path / name).touch()
    (tmp_path / "node.log.d").mkdir()
    found = [Path(path).name for path in expand(str(tmp_path / "node.log*"))]
    assert found == ["node.log", "node.log.1.gz", "node.log.2", "node.log.10"]
    assert expand(str(tmp_path / "a[1].log")) == [str(tmp_path / "a[1].log")]
    assert expand("-") == ["-"]
    with pytest.raises(FileNotFoundError, match="no file matches"):
        expand(str(tmp_path / "x*.log"))
    with pytest.raises(FileNotFoundError, match="no such file"):
        expand(str(tmp_path / "x.log"))
    with pytest.raises(IsADirectoryError, match="is a folder"):
        expand(str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        read_logs([str(tmp_path / "x.log"), str(tmp_path / "node.log"), str(tmp_path / "y.log")])
    assert len(caught.value.mistakes) == 2
    assert len(read_logs([str(tmp_path / "node.log"), str(tmp_path / "node*")])) == 4


def test_ingest_inputs(tmp_path: Path) -> None:
    for name in ("a.log", "b.log.gz"):
        (tmp_path / name).touch()
    a, b = str(tmp_path / "a.log"), str(tmp_path / "b.log.gz")
    assert read_inputs([f"mine:{tmp_path / '*.log*'}", f"mine:{a}", f"other:{a}", "third:-"]) == [
        IngestInput("mine", a),
        IngestInput("mine", b),
        IngestInput("other", a),
        IngestInput("third", "-"),
    ]
    with pytest.raises(ConfigError) as caught:
        read_inputs(["nothing", f"b/d:{a}", "mine:", f"mine:{tmp_path / 'none.log'}", "x:-", "y:-"])
    assert len(caught.value.mistakes) == 5
