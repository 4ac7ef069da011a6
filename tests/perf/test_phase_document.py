"""The document of phase 13 speaks of things that exist: modules, tools and tests; and has a row for each bullet of steps 2 to 6."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scenarios import FOUR, FURTHER
from test_perf_reports import ABSOLUTE

from storj_monitor.config import table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TEXT = (ROOT / "docs" / "completed" / "PHASE_13_COMPLETE.md").read_text(encoding="utf-8")
BULLETS = {2: 10, 3: 11, 4: 5, 5: 5, 6: 4}


def rows(step: int) -> list[str]:
    section = TEXT.split(f"## Step {step}:")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("step", BULLETS)
def test_every_bullet_has_a_row_with_its_measure_and_effect(step: int) -> None:
    assert len(rows(step)) == BULLETS[step]
    for row in rows(step):
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 4, row
        assert all(cells), row


def test_modules_exist() -> None:
    package = ROOT / "storj_monitor"
    rooms = {p.stem for p in package.iterdir() if not p.name.startswith("_")}
    for name in sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", TEXT))):
        parts = name.split(".")
        if parts[0] not in rooms or parts[-1] in ("py", "md", "csv"):
            continue
        # the last part may be a name inside the module
        found = [package.joinpath(*parts[:n]) for n in (len(parts), len(parts) - 1)]
        assert any(path.with_suffix(".py").exists() or (n == 0 and path.is_dir()) for n, path in enumerate(found)), name


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
