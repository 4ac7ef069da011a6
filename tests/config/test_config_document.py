"""docs/settings.md is what the table says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from storj_monitor.config import load
from storj_monitor.config.document import markdown
from storj_monitor.config.table import SETTINGS

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_document_is_in_step() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(), "run: python -m storj_monitor.config.document > docs/settings.md"


def test_the_example_file_is_the_defaults(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", markdown(), re.DOTALL)[-1]
    assert tomllib.loads(example)
    path = tmp_path / "monitor.toml"
    path.write_text(example, encoding="utf-8")
    with_file = load(environ={}, config_path=str(path)).settings
    without = load(environ={}, node_texts=["mine:/var/log/storagenode.log"]).settings
    assert with_file == without


def test_names_are_unique() -> None:
    for names in ([row.environment for row in SETTINGS], [row.flag for row in SETTINGS if row.flag], [row.name for row in SETTINGS]):
        assert len(set(names)) == len(names)
