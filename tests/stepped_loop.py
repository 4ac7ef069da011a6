"""An event loop whose time passes only while everybody sleeps: hours of timers in milliseconds, always in the same order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

START = 1_764_158_400.0


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.at = 100.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for nothing"
        self.at += max(0.0, timeout)
        return super().select(0)


class SteppedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._stepped = _Selector()
        super().__init__(self._stepped)

    def time(self) -> float:
        return self._stepped.at


class LoopClock:
    """The clock of such a loop."""

    def now(self) -> float:
        return START + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_stepped(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end, in stepped time."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main)
