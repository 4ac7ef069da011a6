"""Looks for damage in the database before it is met by chance: one table after the other, rarely while all is well, soon after a crash.

What is found here is no proof: the writer examines the file (see database.integrity).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from pathlib import Path

from storj_monitor.clock import Clock
from storj_monitor.database.integrity import Verdict, check_table, tables
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError, StoreFailing

REST_S = 1800.0
"""Between two tables: a round takes about a day and a half."""
FIRST_S = 60.0
"""A start is busy enough."""
DUTY = 0.05
"""After a crash all tables follow each other; the disk is left alone for the rest of the time."""
_log = logging.getLogger(__name__)


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
