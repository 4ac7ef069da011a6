"""How long tests wait for an event before they call it missing, and how far this machine is behind its own clock.

A test waits for what it can see, never for a time to pass; the limit is only there for what never comes, so it is generous: it costs
nothing where the event comes. A budget in seconds of the wall clock is stretched by what the machine takes for work of known length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 90.0
"""For one event."""
LOOK_S = 0.005
_WORK_CPU_S = 0.2


async def eventually(holds: Callable[[], bool], what: str = "") -> None:
    """Wait on the event loop until something holds that other threads or processes bring about."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what or "it never came"
        await asyncio.sleep(LOOK_S)


def stretched(budget_s: float) -> float:
    """A budget for a machine with a free core, in seconds of this machine as it is now: what else runs takes its share of the cores."""
    wall, cpu = time.perf_counter(), time.thread_time()
    while time.thread_time() - cpu < _WORK_CPU_S:
        pass
    return budget_s * max(1.0, (time.perf_counter() - wall) / _WORK_CPU_S)
