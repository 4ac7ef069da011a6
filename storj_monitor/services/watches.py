"""What is looked at as long as the monitor runs: how busy it is, the disks of nodes, and damage of the database."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from storj_monitor.clock import Clock
from storj_monitor.database.integrity import Verdict, check_table, tables
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError, StoreFailing
from storj_monitor.model.load import Load, LoadState, Measures
from storj_monitor.model.space import FileSystemSpace
from storj_monitor.state.load import Judgement, judge
from storj_monitor.tasks import every

# ---- Looks at the load and says what it is to whoever sends to pages. Costs one timer; changes nothing about reading.


LOOK_S = 1.0
# While nobody watches, and all has been well for a minute.
UNWATCHED_LOOK_S = 5.0
WELL_S = 60.0
LASTING = 3


class LoadWatch:
    """`run` is a task for as long as the monitor lives.

    lag_bytes, commits_waiting -- the measures, asked for on the event loop
    watched                    -- is a page connected; without one, and after a while in which all was well, looks are rarer
    tell                       -- called with each look's answer, on the event loop

    One long commit or one big snapshot is no load: of these two measures the least of `LASTING` looks counts.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        lag_bytes: Callable[[], int],
        commits_waiting: Callable[[], int],
        watched: Callable[[], bool],
        tell: Callable[[Load], None],
    ) -> None:
        self._clock = clock
        self._lag_bytes = lag_bytes
        self._commits_waiting = commits_waiting
        self._watched = watched
        self._tell = tell

    async def run(self) -> None:
        """Until cancelled."""
        judgement = Judgement()
        seen = deque([Measures()], maxlen=LASTING)
        unwell_at = self._clock.monotonic()
        while True:
            if self._watched() or judgement.load.state is not LoadState.NORMAL:
                unwell_at = self._clock.monotonic()
            look_s = LOOK_S if self._clock.monotonic() - unwell_at < WELL_S else UNWATCHED_LOOK_S
            due = self._clock.monotonic() + look_s
            await self._clock.sleep(look_s)
            now = self._clock.monotonic()
            seen.append(Measures(self._lag_bytes(), self._commits_waiting(), max(0.0, now - due)))
            lasting = Measures(seen[-1].lag_bytes, min(one.commits_waiting for one in seen), min(one.loop_lag_s for one in seen))
            judgement = judge(judgement, lasting, now)
            self._tell(judgement.load)


# ---- Looks at the disks that nodes keep their data on, where they are on this machine: how large, how much is free, who said so.
#
# A folder that cannot be read is said on the page, and once in the log. A disk that does not answer (a network share that is gone) holds up
# nobody: each look has a thread of its own, and there is never more than one of a node.


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


# ---- Looks for damage in the database before it is met by chance: one table after the other, rarely while all is well, soon after a crash.
#
# What is found here is no proof: the writer examines the file (see database.integrity).


REST_S = 1800.0
"""Between two tables: a round takes about a day and a half."""
FIRST_S = 60.0
"""A start is busy enough."""
DUTY = 0.05
"""After a crash all tables follow each other; the disk is left alone for the rest of the time."""


class IntegrityWatch:
    """`run` is the body of a task. `suspect` is called when a table does not look right."""

    def __init__(self, path: Path, suspect: Callable[[], None], clock: Clock, *, first_s: float = FIRST_S, rest_s: float = REST_S) -> None:
        self._path = path
        self._suspect = suspect
        self._clock = clock
        self._first_s = first_s
        self._rest_s = rest_s

    async def run(self, *, after_crash: bool) -> None:
        """For ever. `after_crash`: the first round is a quick one."""
        await self._clock.sleep(self._first_s)
        while True:
            for table in await self._ask_tables():
                began = self._clock.monotonic()
                await self._look_at(table)
                took_s = self._clock.monotonic() - began
                await self._clock.sleep(min(self._rest_s, took_s / DUTY) if after_crash else self._rest_s)
            after_crash = False
            await self._clock.sleep(self._rest_s)

    async def _ask_tables(self) -> list[str]:
        reader = Reader(self._path, 1)
        try:
            return await reader.ask(tables)
        except StoreError as error:
            _log.warning("the database is not looked at for damage: %s", error)
            return []
        finally:
            await asyncio.to_thread(reader.close)

    async def _look_at(self, table: str) -> None:
        """On a connection of its own: one that is in use may show its memory instead of the file."""
        reader = Reader(self._path, 1, time_limit_s=math.inf)
        try:
            look = await reader.ask(check_table, table)
        except StoreFailing as error:  # the disk, or damage that does not let the check begin
            _log.error("the table %s of the database cannot be read: the whole file is examined: %s", table, error)
            self._suspect()
            return
        except StoreError as error:
            _log.warning("the table %s of the database is not looked at for damage: %s", table, error)
            return
        finally:
            await asyncio.to_thread(reader.close)
        if look.verdict is Verdict.DAMAGED:
            _log.error("the table %s of the database does not look right (%s): the whole file is examined", table, look.words)
            self._suspect()
