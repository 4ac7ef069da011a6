"""Log files named on the command line: globs are expanded here too, for shells that do not (Windows, quoted arguments)."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from storj_monitor.config import STANDARD_INPUT, IngestInput
from storj_monitor.config.nodes import NodeMistake, parse_name
from storj_monitor.errors import ConfigError


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


def read_logs(patterns: Iterable[str]) -> list[str]:
    """Files of all patterns, each once. Raises ConfigError with all mistakes."""
    paths: dict[str, None] = {}
    mistakes = []
    for pattern in patterns:
        try:
            paths.update(dict.fromkeys(expand(pattern)))
        except OSError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError(mistakes)
    return list(paths)


def read_inputs(texts: Iterable[str]) -> list[IngestInput]:
    """`NAME:PATH` each, NAME ends at the first colon; globs expanded. Raises ConfigError with all mistakes."""
    inputs: dict[IngestInput, None] = {}
    mistakes = []
    for text in texts:
        name, colon, pattern = text.partition(":")
        if not colon or not pattern:
            mistakes.append(
                f'"{text}": must be NAME:PATH, for example "mine:/var/log/storagenode.log.1.gz", or NAME:- for the standard input'
            )
            continue
        try:
            node = parse_name(name)
            inputs.update((IngestInput(node, path), None) for path in expand(pattern))
        except NodeMistake as mistake:
            mistakes.append(f'"{text}": {mistake}')
        except OSError as error:
            mistakes.append(str(error))
    if sum(path == STANDARD_INPUT for _, path in inputs) > 1:
        mistakes.append("the standard input can be read for one node only")
    if mistakes:
        raise ConfigError(mistakes)
    return list(inputs)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
