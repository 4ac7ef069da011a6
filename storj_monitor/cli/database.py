"""`database`: check it, back it up, take back what was set aside."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.progress import PagesBar
from storj_monitor.cli.streams import Exit
from storj_monitor.commands.database_care import NOT_USABLE, accept_clock, back_up, check_database, restore_database, set_aside_files
from storj_monitor.config import load
from storj_monitor.errors import MonitorError
from storj_monitor.units import format_bytes


def main(arguments: Namespace) -> int:
    database = load(environ=os.environ, flags=given_flags(arguments), config_path=arguments.config).settings.database
    if arguments.deed == "backup":
        return _backup(database, arguments.target)
    if arguments.deed == "restore":
        return _restore(database, arguments.file, salvage=arguments.salvage)
    if arguments.deed == "accept-clock":
        now = datetime.fromtimestamp(accept_clock(database), UTC).strftime("%Y-%m-%d %H:%M")
        print(f"It is {now} UTC: what is old by that may be deleted from now on.")
        return Exit.OK
    return _check(database, Path(arguments.file).expanduser() if arguments.file else database, thorough=arguments.thorough)


def _check(database: Path, path: Path, *, thorough: bool) -> int:
    size = path.stat().st_size if path.is_file() else 0
    with PagesBar("checking", size) as bar:
        look, owner = check_database(path, lambda done: bar.update(done, size), thorough=thorough)
    if owner is not None and owner in NOT_USABLE:
        print(f"{path}: {format_bytes(size)}, {owner}")
        return Exit.FAILED
    print(f"{path}: {format_bytes(size)}, {look.verdict} ({look.words}){f'; {owner}' if owner else ''}")
    for words in sorted(look.found - {look.words})[:10]:
        print(f"  {words}")
    if path == database:
        _list_aside(database)
    return Exit.OK if look.verdict == "sound" else Exit.DATABASE


def _backup(database: Path, name: str) -> int:
    target = Path(name).expanduser()
    if name.endswith(("/", os.sep)) and not target.is_dir():
        raise MonitorError(f"{name} is no folder: is the disk that it is on mounted? Nothing was copied")
    if target.is_dir():
        target = target / f"{database.stem}-{datetime.fromtimestamp(time.time(), UTC).strftime('%Y%m%dT%H%M%SZ')}{database.suffix}"
    with PagesBar("copying") as bar:
        back_up(database, target, bar.update)
    print(f"{target}: {format_bytes(target.stat().st_size)}, a copy of {database}; it was opened and checked.")
    return Exit.OK


def _restore(database: Path, name: str | None, *, salvage: bool) -> int:
    if name is None:
        if not _list_aside(database):
            print(f"Nothing was ever set aside beside {database}. Name the file that is to be restored.")
        return Exit.OK
    source = Path(name).expanduser()
    if not source.exists() and (database.parent / name).exists():
        source = database.parent / name
    with PagesBar("copying") as bar:
        done = restore_database(database, source, bar.update, salvage=salvage)
    print(f"{database} is a checked copy of {source} now; that file may be deleted when all is well.")
    if done.salvaged is not None:
        print(f"{sum(done.salvaged.rows.values()):,} rows could be read.")
        if done.salvaged.incomplete:
            print(f"Not all could be read of: {', '.join(done.salvaged.incomplete)}.")
    if done.kept is not None:
        print(f"What was there before is kept as {done.kept}.")
    print("At its next start the monitor reads the logs on from where this file ends.")
    return Exit.OK


def _list_aside(database: Path) -> bool:
    """What can be taken back; False when there is nothing."""
    found = set_aside_files(database)
    if found:
        print(f"Beside {database} stands what was set aside; storj_monitor database restore NAME takes one back:")
    for one in found:
        written = datetime.fromtimestamp(one.changed_at, UTC).strftime("%Y-%m-%d %H:%M")
        print(f"  {one.path.name}  {format_bytes(one.size_bytes)}, written last {written} UTC")
    return bool(found)
