"""Recorded folders, and a clock whose time passes only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from pathlib import Path

from patience import PATIENCE_S

from storj_monitor.simulator.fake_api import Answers, FakeNode, RecordedAnswers

CORPUS = Path(__file__).parent.parent / "corpus" / "api"
FOLDERS = sorted(folder.name for folder in CORPUS.iterdir())
PAYOUT = "v1.162-payout"
SAT0 = "1xTwTPLWfiqffa5VbA9c7ZZgkhZuAqdp4aphJ6udVWU2LadQF"
SAT1 = "1ds2WEsr2Frv8AFcPkdHfCdUjDrnGpb6y4rpADpX32TXzxg57k"

StartNode = Callable[[Answers], Awaitable[FakeNode]]


def recorded(folder: str) -> RecordedAnswers:
    return RecordedAnswers(CORPUS / folder)


class HandClock:
    """Time stands still until `advance`. `idle(n)` waits until n tasks sleep: then nothing is under way."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at
        self.wall_offset = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0
        self._changed = asyncio.Event()

    def now(self) -> float:
        return self.at + self.wall_offset

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self.at + max(0.0, seconds), self._order, woken))
        self._changed.set()
        await woken

    async def idle(self, sleepers: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self._waiting()) < sleepers:
                self._changed.clear()
                await self._changed.wait()

    async def sleepers_change(self) -> None:
        """Wait until somebody goes to sleep (again)."""
        self._changed.clear()
        async with asyncio.timeout(PATIENCE_S):
            await self._changed.wait()

    async def advance(self, seconds: float, sleepers: int = 1) -> None:
        """Let so much time pass, waking who is due in order, each until everybody sleeps again."""
        end = self.at + seconds
        await self.idle(sleepers)
        while (waiting := self._waiting()) and waiting[0][0] <= end:
            at, _, woken = heapq.heappop(self._sleepers)
            self.at = max(self.at, at)
            woken.set_result(None)
            await asyncio.sleep(0)
            await self.idle(sleepers)
        self.at = end

    def _waiting(self) -> list[tuple[float, int, asyncio.Future[None]]]:
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].done()]
        heapq.heapify(self._sleepers)
        return self._sleepers
