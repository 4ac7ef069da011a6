"""CPU of two ways of doing the same, measured in turns in one run: what compares on any machine, busy or not."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import thread_time

ROUNDS = 5


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this thread."""
    gc.collect()
    begun = thread_time()
    work()
    return thread_time() - begun


def ratio(ours: Callable[[], object], plain: Callable[[], object], what: str, rounds: int = ROUNDS) -> float:
    """Best of the interleaved rounds of ours over best of the plain way; printed, for `pytest -s`."""
    pairs = [(cpu_s(ours), cpu_s(plain)) for _ in range(rounds)]
    mine, theirs = (min(pair[i] for pair in pairs) for i in (0, 1))
    print(f"\n{what}: {1000 * mine:.2f} ms, the plain way {1000 * theirs:.2f} ms, ratio {mine / theirs:.3f}")
    return mine / theirs
