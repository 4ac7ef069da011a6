"""What the lines of each case say, read once with `stats`: every transfer, every line understood or said not to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases.case_rig import stats_of, unix

OTHER_FORMS = ("ansi_levels.log", "cri_partial.log", "journal_json.log", "synology_logcenter_csv.log", "syslog5424_bom_sd.log")


def test_tabs_that_became_eight_spaces(tmp_path: Path) -> None:
    found = stats_of("02-journalctl-spaces", "default-output-8-spaces.log", tmp_path)
    assert found["transfers"] == {"PUT up success": 1, "GET down success": 1, "GET down canceled": 1, "GET_AUDIT down failed": 1}
    assert found["bytes"]["PUT up success"] == 2_319_360
    assert (found["understood"], found["not_understood"]) == (5, 0)


def test_a_caller_column_and_stacks(tmp_path: Path) -> None:
    found = stats_of("04-console-caller-stack", "node.log", tmp_path)
    assert found["transfers"] == {"PUT up success": 1}
    assert found["minutes"] == {f"{int(unix('2025-12-10T10:30:00Z')) // 60} PUT success": 1}
    assert (found["understood"], found["ignored"], found["not_understood"]) == (5, 12, 0)


@pytest.mark.parametrize("name", ["node.log", "docker-json.log", "k8s-cri.log"])
def test_one_hashstore_log_in_three_containers(name: str, tmp_path: Path) -> None:
    found = stats_of("22-hashstore-v1122", name, tmp_path)
    assert found["transfers"] == {"GET down success": 16, "PUT up success": 14}
    assert found["not_understood"] == 0


def test_garbage_collection_under_windows(tmp_path: Path) -> None:
    found = stats_of("23-gc-windows-and-debug", "node.log", tmp_path)
    assert (found["understood"], found["not_understood"], found["ignored"]) == (44, 0, 0)


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_what_stands_around_a_line(name: str, tmp_path: Path) -> None:
    found = stats_of("peer-wrappers", name, tmp_path)
    assert found["transfers"] == {"GET down success": 3}
    assert found["not_understood"] == 0


@pytest.mark.parametrize("case", ["net-unknown-lines", "net-gracefulexit-logger", "peer-errors-rare"])
def test_every_line_is_understood(case: str, tmp_path: Path) -> None:
    found = stats_of(case, "node.log", tmp_path)
    assert found["not_understood"] == 0, found
