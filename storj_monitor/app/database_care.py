"""`database`: is the file sound, a copy of it, and back to one that was set aside."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from storj_monitor.database import restoring
from storj_monitor.database.copying import CopyProgress
from storj_monitor.database.restoring import AsideFile, Checked, Restored
from storj_monitor.database.schema import Owner

NOT_USABLE = frozenset((Owner.EMPTY, Owner.FOREIGN, Owner.NEWER))
"""Sound, perhaps, but nothing that this monitor can go on with."""


def check_database(path: Path, tell: Callable[[int], None], *, thorough: bool) -> Checked:
    """May run beside a monitor. StoreError when there is no such file."""
    return restoring.check(path, tell, thorough=thorough)


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
