"""Runs the server under cProfile in every thread: `python profiled.py OUT.prof run --database … --node …`.

The clock is the thread's own CPU time, so waiting costs nothing.
Merges all threads into one file when the server has stopped. Where Python allows one profiler only, the other threads run without.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
from pathlib import Path

from storj_monitor.cli import main


def run(out: Path, arguments: list[str]) -> int:
    """Returns the exit code of the server."""
    profiles: list[cProfile.Profile] = []
    lock = threading.Lock()
    plain_run = threading.Thread.run

    def profiled_run(self: threading.Thread) -> None:
        profile = cProfile.Profile(time.thread_time)
        try:
            profile.enable()
        except ValueError:
            plain_run(self)
            return
        try:
            plain_run(self)
        finally:
            profile.disable()
            with lock:
                profiles.append(profile)

    threading.Thread.run = profiled_run  # type: ignore[method-assign]
    own = cProfile.Profile(time.thread_time)
    try:
        return own.runcall(main, arguments)
    finally:
        stats = pstats.Stats(own)
        with lock:
            for profile in profiles:
                if profile.getstats():
                    stats.add(profile)
        stats.dump_stats(out)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
