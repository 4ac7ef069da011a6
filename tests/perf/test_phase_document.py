"""The tools, tests, scenarios and flags that the document of phase 13 tells to run exist."""

from __future__ import annotations

import re
from pathlib import Path

from scenarios import FOUR, FURTHER
from test_perf_reports import ABSOLUTE

from storj_monitor.config import table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TEXT = (ROOT / "docs" / "completed" / "PHASE_13_COMPLETE.md").read_text(encoding="utf-8")


def test_tools_tests_scenarios_and_flags_exist() -> None:
    for name in set(re.findall(r"`(?:python tests/perf/)?(\w+\.py)[ `]", TEXT)):
        assert (HERE / name).exists(), name
    for path in set(re.findall(r"`(tests/\w+/\w+\.py)", TEXT)):
        assert (ROOT / path).exists(), path
    for names in re.findall(r"scenarios\.py --only ([\w ]+)`", TEXT):
        assert set(names.split()) <= {*FOUR, *FURTHER}, names
    assert {f"PERF_{name}" for name in re.findall(r"--only PERF_(\w+)", TEXT)} <= set(vars(table))


def test_no_path_of_a_machine() -> None:
    assert ABSOLUTE.search(TEXT.encode()) is None
