"""The flags of the performance settings, as an operator meets them: in `check-config`."""

from __future__ import annotations

import sys

import pytest

from storj_monitor.cli import main

ON = ["--perf-ws-coalesce-ms", "50", "--perf-use-orjson", "--perf-db-executor-max-workers", "3", "--perf-max-broadcast-hz", "1"]


def lines_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["check-config", "--all", "--node", "a:/a.log", *arguments]) == 1, "there is no such log"
    return capsys.readouterr().out.splitlines()


def test_the_baseline_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines_of(capsys, *ON, "--perf-baseline")
    assert "perf.baseline = true  [flag]" in told
    assert "perf.ws_coalesce_ms = 0  [perf.baseline]" in told
    assert "perf.enable_diff_payloads = false  [perf.baseline]" in told
    assert "note: perf.baseline is on: every optimisation is off, whatever its own setting says" in told


def test_without_it_each_flag_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines_of(capsys, *ON)
    assert {"perf.baseline = false  [default]", "perf.ws_coalesce_ms = 50  [flag]", "perf.db_executor_max_workers = 3  [flag]"} <= set(told)
    assert not any("baseline is on" in line for line in told)


def test_a_missing_orjson_is_a_note(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("orjson is not installed" in line for line in lines_of(capsys, *ON))
    monkeypatch.setitem(sys.modules, "orjson", None)
    # what Python says of a module that is not there
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (note,) = [line for line in lines_of(capsys, *ON) if "orjson is not installed" in line]
    assert note.startswith("note: perf.use_orjson is on") and "storj-monitor[fast]" in note


@pytest.mark.parametrize(("wrong", "hint"), [("--databse", "did you mean --database?"), ("--frobnicate", "")])
def test_a_flag_that_does_not_exist(capsys: pytest.CaptureFixture[str], wrong: str, hint: str) -> None:
    """What is hardly alike is no slip, and a guess at it sends people astray."""
    assert main(["run", wrong, "x"]) == 2
    err = capsys.readouterr().err
    assert f"unrecognized arguments: {wrong}" in err
    assert hint in err and ("did you mean" in err) == bool(hint)
