"""Which files beside a log are its rotated parts, by name, and which match of a pattern is the live one."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

_COMPRESSED = re.compile(r"\.(gz|zst|zstd)$", re.IGNORECASE)
# name.log.1, name.log-20260820, name.log.2026-08-20T06.00.00, name.log.old
_AFTER = re.compile(r"[._-](\d[\dTZ:+._-]*|old|bak|prev|previous|last)", re.IGNORECASE)
# name.1.log; name-20260820.log: fewer than six digits behind a dash may well be another node's log (node-2.log)
_BETWEEN = re.compile(r"\.\d[\dTZ:+._-]*|[_-](?=(\D*\d){6})\d[\dTZ:+._-]*", re.IGNORECASE)


def is_pattern(log: str) -> bool:
    """Whether a setting is a pattern rather than the path of a file."""
    return glob.has_magic(log) and not Path(log).exists()


def is_compressed(path: str) -> bool:
    """By its name: a log that a node writes is never compressed."""
    return bool(_COMPRESSED.search(path))


def is_sibling(name: str, live: str) -> bool:
    """Whether file `name` is a rotated part of `live` (names without folder)."""
    name = _COMPRESSED.sub("", name)
    stem, suffix = Path(live).stem, Path(live).suffix
    if name.startswith(live) and _AFTER.fullmatch(name[len(live) :]):
        return True
    return bool(
        suffix and name.startswith(stem) and name.endswith(suffix) and _BETWEEN.fullmatch(name[len(stem) : len(name) - len(suffix)])
    )


def siblings(live: str) -> dict[str, int]:
    """Paths of the rotated parts of a log with their inode numbers; empty when its folder is not there. Raises no OSError."""
    folder, name = Path(live).parent, Path(live).name
    try:
        with os.scandir(folder) as entries:
            return {str(folder / entry.name): entry.inode() for entry in entries if entry.name != name and is_sibling(entry.name, name)}
    except (OSError, ValueError):
        return {}


def matches(pattern: str) -> list[str]:
    """Paths that match a pattern and may be live logs, newest first: no compressed ones, no rotated parts of another match."""
    found = [Path(path) for path in glob.glob(pattern, recursive=True) if not is_compressed(path)]
    folders: dict[Path, list[str]] = {}
    for path in found:
        folders.setdefault(path.parent, []).append(path.name)
    dated = []
    for path in found:
        if not any(is_sibling(path.name, other) for other in folders[path.parent] if other != path.name):
            try:
                dated.append((path.stat().st_mtime_ns, str(path)))
            except (OSError, ValueError):
                continue  # gone since, or out of reach
    return [path for _, path in sorted(dated, reverse=True)]
