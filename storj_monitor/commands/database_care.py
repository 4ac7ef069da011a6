"""`database` and `nodes`: is the file sound, a copy of it, back to one that was set aside; which nodes it has, another name, an end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from storj_monitor.database import restoring
from storj_monitor.database.nodes import NodeSummary, RemovalProgress, half_removed, node_care, summaries
from storj_monitor.database.opening import refuse_foreign
from storj_monitor.database.reader import Reader
from storj_monitor.database.restoring import AsideFile, Checked, CopyProgress, Restored
from storj_monitor.database.schema import Owner
from storj_monitor.errors import StoreError, StoreForeign

NOT_USABLE = frozenset((Owner.EMPTY, Owner.FOREIGN, Owner.NEWER))
"""Sound, perhaps, but nothing that this monitor can go on with."""


def check_database(path: Path, tell: Callable[[int], None], *, thorough: bool) -> Checked:
    """May run beside a monitor. StoreError when there is no such file."""
    return restoring.check(path, tell, thorough=thorough)


def why_not_usable(path: Path) -> str:
    """What would keep `run` from this database, without changing anything; "" when nothing is seen."""
    if path.is_dir():
        return f"{path} is a folder: name a file in it"
    if path.exists():
        try:
            refuse_foreign(path)
        except StoreForeign as error:
            return str(error)
        return "" if os.access(path, os.R_OK | os.W_OK) else f"this user may not read and write {path}"
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir():
        return f"{path} cannot be made: {there} is no folder"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{path} cannot be made: this user may not write to {there}"


def set_aside_files(database: Path) -> list[AsideFile]:
    """What stands beside the database and can be taken back, newest first."""
    return restoring.files_aside(database)


def back_up(database: Path, target: Path, progress: CopyProgress) -> None:
    """May run beside a monitor. StoreError."""
    restoring.backup(database, target, progress)


def restore_database(database: Path, source: Path, progress: CopyProgress, *, salvage: bool) -> Restored:
    """Raises StoreLocked while a monitor runs, StoreError; then nothing was changed."""
    return restoring.restore(database, source, time.time(), progress, save_what_can_be=salvage)


def accept_clock(database: Path) -> float:
    """What is old by the machine's clock may be deleted, though it jumped; returns that time, Unix seconds. StoreError."""
    now = time.time()
    restoring.trust_clock(database, now)
    return now


def list_nodes(path: Path) -> tuple[list[NodeSummary], list[str]]:
    """All nodes, and the names of those whose removal was interrupted. May run beside a monitor. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    reader = Reader(path, 1)
    try:
        return reader.ask_now(summaries), reader.ask_now(half_removed)
    finally:
        reader.close()


def rename_node(path: Path, old: str, new: str) -> None:
    """The node keeps its history under another name. Raises StoreError, StoreLocked while a monitor runs."""
    with node_care(path, time.time()) as care:
        care.rename(old, new)


def remove_node(path: Path, name: str, progress: Callable[[RemovalProgress], None]) -> int:
    """Delete everything of a node; returns how many rows. Raises StoreError, StoreLocked while a monitor runs."""
    with node_care(path, time.time()) as care:
        return care.remove(name, progress)
