"""Time as a part that is handed in: who needs the time gets a `Clock`, so that tests decide what time it is."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The two clocks of a machine, and waiting."""

    def now(self) -> float:
        """Unix seconds. May jump when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment. Never jumps; for intervals and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` (at once when it is not positive)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
