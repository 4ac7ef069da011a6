"""Which files beside a log are its rotated parts, by name, and which match of a pattern is the live one."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

_COMPRESSED = re.compile(r"\.(gz|zst|zstd|xz|bz2)$", re.IGNORECASE)
_OTHER_PACKERS = re.compile(r"\.(lz4|lzma|lzo|lz|Z|7z|zip|br|rar)$", re.IGNORECASE)
# name.log.1, name.log-20260820, name.log.2026-08-20T06.00.00, name.log.old
_AFTER = re.compile(r"[._-](\d[\dTZ:+._-]*|old|bak|prev|previous|last)", re.IGNORECASE)
# name.1.log; name-20260820.log: fewer than six digits behind a dash may well be another node's log (node-2.log)
_BETWEEN = re.compile(r"\.\d[\dTZ:+._-]*|[_-](?=(\D*\d){6})\d[\dTZ:+._-]*", re.IGNORECASE)
_SEPARATOR = re.compile(r"[._-]")
# where logrotate's `olddir` and people's scripts put rotated parts, below the log's own folder
_OLD_FOLDERS = frozenset({"old", "olddir", "archive", "archives", "archived", "rotated", "backup", "backups", "history"})
# svlogd, multilog and s6-log: the live file is called `current`, its parts by their time
_TAI64N_PART = re.compile(r"@[0-9a-f]{24}\.[su]")
_CURRENT = "current"
_DATE_DIGITS = 6


def is_pattern(log: str) -> bool:
    """Whether a setting is a pattern rather than the path of a file."""
    return glob.has_magic(log) and not Path(log).exists()


def is_compressed(path: str) -> bool:
    """By its name: a log that a node writes is never compressed."""
    return bool(_COMPRESSED.search(path) or _OTHER_PACKERS.search(path))


def is_unreadable(path: str) -> bool:
    """By its name: compressed in a form that is not read here."""
    return bool(_OTHER_PACKERS.search(path))


def _live_names(name: str) -> Iterator[str]:
    """Names of the logs that a file of this name may be a rotated part of."""
    name = _OTHER_PACKERS.sub("", _COMPRESSED.sub("", name))
    suffix = Path(name).suffix
    base = name.removesuffix(suffix)
    for separator in _SEPARATOR.finditer(name):
        at = separator.start()
        if at and _AFTER.fullmatch(name, at):
            yield name[:at]
        if at and suffix and _BETWEEN.fullmatch(base, at):
            yield base[:at] + suffix


def beside(path: str, lives: Iterable[str]) -> dict[str, int]:
    """Files where lines of the log at `path` may stand beside it; `lives`: other matches of its pattern."""
    parts = {live: 0 for live in lives if live != path}
    # a link's parts lie by its target
    parts.update(siblings(place for name in [path, *parts] for place in (name, os.path.realpath(name))))
    parts.update(_siblings_of_target(path))
    parts.pop(path, None)
    return parts


def siblings(lives: Iterable[str]) -> dict[str, int]:
    """Paths of the rotated parts of logs with their inode numbers; nothing of a folder that is not there. Raises no OSError.

    Each folder is looked through once, whatever the number of logs and parts.
    """
    folders: dict[Path, set[str]] = {}
    for live in dict.fromkeys(lives):
        folders.setdefault(Path(live).parent, set()).add(Path(live).name)
    found: dict[str, int] = {}
    for folder, names in folders.items():
        for entry in _entries(folder):
            if entry.name not in names and is_part(entry.name, names):
                found[str(folder / entry.name)] = entry.inode()
            elif entry.name.lower() in _OLD_FOLDERS and _is_folder(entry):
                for old in _entries(folder / entry.name):
                    if old.name in names or is_part(old.name, names):
                        found[str(folder / entry.name / old.name)] = old.inode()
    return found


def _siblings_of_target(link: str) -> dict[str, int]:
    """Parts of a log that is named by a link: they may be called like its target with other numbers, as `node-2026-08-19.log` is."""
    target = Path(os.path.realpath(link))
    if target.name == Path(link).name or sum(map(str.isdigit, target.name)) < _DATE_DIGITS:
        return {}
    shape = _shape(target.name)
    return {
        str(target.parent / entry.name): entry.inode()
        for entry in _entries(target.parent)
        if entry.name != target.name and _shape(entry.name) == shape and not entry.is_symlink()
    }


def _shape(name: str) -> str:
    return re.sub(r"\d", "0", _COMPRESSED.sub("", name))


def is_part(name: str, lives: Set[str]) -> bool:
    """Whether file `name` is a rotated part of one of these logs (names without folder)."""
    if _CURRENT in lives and _TAI64N_PART.fullmatch(_COMPRESSED.sub("", name)):
        return True
    return any(live in lives for live in _live_names(name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (OSError, ValueError):
        return []


def matches(pattern: str) -> list[str]:
    """Paths that match a pattern and may be live logs, newest first: no compressed ones, no rotated parts of another match."""
    found = [Path(path) for path in glob.glob(pattern, recursive=True) if not is_compressed(path)]
    folders: dict[Path, set[str]] = {}
    for path in found:
        folders.setdefault(path.parent, set()).add(path.name)
    dated = []
    for path in found:
        if not any(live in folders[path.parent] for live in _live_names(path.name)):
            try:
                dated.append((path.stat().st_mtime_ns, str(path)))
            except (OSError, ValueError):
                continue  # gone since, or out of reach
    return [path for _, path in sorted(dated, reverse=True)]
