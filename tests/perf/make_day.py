"""A database with a day of events of four nodes, built through `storj_monitor ingest`, kept outside the repository.

    python tests/perf/make_day.py                     # 17,280,000 events: 200/s for 24 h (some minutes, a few GB passing through)
    python tests/perf/make_day.py --events 400000     # the same shape, thinner

The logs of a large day are made in slices, loaded and removed, so that the disk holds one slice and the database. The cache folder is
$STORJ_MONITOR_PERF_CACHE, or storj_monitor-perf in the user's cache folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from harness import run_python

NODES = 4
DAY_S = 86_400
SLICE_EVENTS = 1_500_000
"""Most events that are on the disk as logs at once."""


class Day(NamedTuple):
    """A database and the window that its events fill (Unix seconds)."""

    database: Path
    events: int
    from_s: float
    to_s: float
    nodes: int


def cache_folder() -> Path:
    """Where built databases are kept."""
    named = os.environ.get("STORJ_MONITOR_PERF_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "storj_monitor-perf"


def make_day(events: int, folder: Path | None = None) -> Day:
    """The database from the cache, or a new one; an unfinished one is removed and made again. `events` is what it holds about."""
    folder = folder or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    database, note = folder / f"day-{events}.db", folder / f"day-{events}.json"
    if note.exists() and database.exists():
        found = json.loads(note.read_text(encoding="utf-8"))
        return Day(database, found["events"], found["from_s"], found["to_s"], NODES)
    for old in folder.glob(f"{database.name}*"):
        old.unlink()
    to_s = time.time() // 3600 * 3600
    from_s = to_s - DAY_S
    slices = -(-events // SLICE_EVENTS)
    rate, slice_s = events / DAY_S / NODES, DAY_S / slices
    made = sum(_load_slice(database, rate, from_s + i * slice_s, slice_s, i) for i in range(slices))
    note.write_text(json.dumps({"events": made, "from_s": from_s, "to_s": to_s}), encoding="utf-8")
    return Day(database, made, from_s, to_s, NODES)


def _load_slice(database: Path, rate: float, start_s: float, slice_s: float, number: int) -> int:
    """A part of the day of all nodes; returns the results in it."""
    lines = int(rate * slice_s * 2)
    results = 0
    with tempfile.TemporaryDirectory(prefix="storj_monitor-day-") as name:
        folder = Path(name)
        inputs = []
        for node in range(1, NODES + 1):
            log, truth = folder / f"node{node}.log", folder / f"truth{node}.json"
            command = [
                "-m", "storj_monitor.simulator", "bulk", "--file", str(log), "--lines", str(lines), "--rate", str(rate),
                "--start", str(start_s), "--name", f"node{node}", "--seed", str(number), "--truth", str(truth),
            ]  # fmt: skip
            run_python(command)
            total = json.loads(truth.read_text(encoding="utf-8"))["total"]["transfers"]
            results += sum(n for key, n in total.items() if not key.endswith("started"))
            inputs.append(f"node{node}:{log}")
        run_python(["-m", "storj_monitor", "ingest", "--database", str(database), *inputs])
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=17_280_000)
    args = parser.parse_args()
    begin = time.monotonic()
    day = make_day(args.events)
    size = day.database.stat().st_size
    print(f"{day.events} events, {size} bytes, {size / day.events:.1f} B an event, {time.monotonic() - begin:.0f} s: {day.database}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
