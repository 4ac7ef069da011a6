"""Log files named on the command line: globs are expanded here too, for shells that do not (Windows, quoted arguments)."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from storj_monitor.config import STANDARD_INPUT


def expand(pattern: str) -> list[str]:
    """Files that a path or glob names, each once, numbers in names in numeric order. Raises FileNotFoundError, IsADirectoryError."""
    if pattern == STANDARD_INPUT:
        return [STANDARD_INPUT]
    path = Path(pattern).expanduser() if pattern.startswith("~") else Path(pattern)
    if path.is_dir():
        raise IsADirectoryError(f"{pattern} is a folder: name the log files in it, for example {path / '*.log'}")
    if path.exists():
        return [str(path)]
    found = [match for match in glob.glob(str(path), recursive=True) if not Path(match).is_dir()]
    if not found:
        raise FileNotFoundError(f"{pattern}: no such file" if not glob.has_magic(pattern) else f"{pattern}: no file matches")
    return sorted(found, key=_natural)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
