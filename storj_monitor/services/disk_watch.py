"""Looks at the disks that nodes keep their data on, where they are on this machine: how large, how much is free, who said so.

A folder that cannot be read is said on the page, and once in the log. A disk that does not answer (a network share that is gone) holds up
nobody: each look has a thread of its own, and there is never more than one of a node.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from storj_monitor.clock import Clock
from storj_monitor.model.space import FileSystemSpace
from storj_monitor.tasks import every

LOOK_EVERY_S = 60.0
_log = logging.getLogger(__name__)

Take = Callable[[str, FileSystemSpace | None, str], None]
"""Node, what was found (None: nothing), and why not ("" where all is well)."""


def look(folder: Path, now: float) -> FileSystemSpace:
    """The file system of a folder, by the system's own figures (statvfs, or Windows' like). OSError."""
    found = folder.stat()
    if not folder.is_dir():
        raise NotADirectoryError
    usage = shutil.disk_usage(folder)
    return FileSystemSpace(taken_at=now, path=str(folder), total_bytes=usage.total, free_bytes=usage.free, device=str(found.st_dev))


class FileSystems:
    """`folders` by node; `take` is called on the event loop. `jitter_pct` moves each round (0.15 = by up to 15 % of a minute)."""

    def __init__(self, folders: Mapping[str, Path], take: Take, clock: Clock, *, jitter_pct: float = 0.0) -> None:
        self._folders = dict(folders)
        self._take = take
        self._clock = clock
        self._jitter_pct = jitter_pct
        self._looking: set[str] = set()
        self._problems: dict[str, str] = {}

    async def run(self) -> None:
        """Look at each disk at once and then every minute, for ever."""
        await every(LOOK_EVERY_S, self.look_at_all, clock=self._clock, rng=Random(), jitter_pct=self._jitter_pct)

    async def look_at_all(self) -> None:
        """Begin a look at each disk; what is found is taken when it comes."""
        loop = asyncio.get_running_loop()
        for node, folder in self._folders.items():
            if node in self._looking:
                self._tell(node, None, "the disk does not answer")
                continue
            self._looking.add(node)
            threading.Thread(target=self._look, args=(node, folder, loop), name=f"disk of {node}", daemon=True).start()

    def _look(self, node: str, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own."""
        found: FileSystemSpace | None = None
        problem = ""
        try:
            found = look(folder, self._clock.now())
        except FileNotFoundError:
            problem = "there is no such folder"
        except NotADirectoryError:
            problem = "this is not a folder"
        except PermissionError:
            problem = "this user may not look at it"
        except OSError as error:
            problem = error.strerror or type(error).__name__
        with suppress(RuntimeError):  # the monitor has stopped meanwhile
            loop.call_soon_threadsafe(self._found, node, found, problem)

    def _found(self, node: str, found: FileSystemSpace | None, problem: str) -> None:
        self._looking.discard(node)
        self._tell(node, found, problem)

    def _tell(self, node: str, found: FileSystemSpace | None, problem: str) -> None:
        before = self._problems.get(node, "")
        if problem and not before:
            _log.warning("node %s: storage %s: %s; its disk is not shown", node, self._folders[node], problem, extra={"node": node})
        elif before and not problem:
            _log.info("node %s: storage %s is there again", node, self._folders[node], extra={"node": node})
        self._problems[node] = problem
        self._take(node, found, problem)
