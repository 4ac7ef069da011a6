"""A day of log time in less: lines of several nodes, written at so many seconds of log a second, with exact truth at the end.

    python tests/perf/day_feeder.py --folder logs --nodes 4 --rate 200 --hours 24 --speed 48 --truth truth.json

The lines' own times begin so long ago that the last one is of now.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

import checkout  # noqa: F401  (before the package)

from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.transfers import TransferStream
from storj_monitor.simulator.writer import write_truth

TICK_S = 0.1


def feed(folder: Path, nodes: int, rate: float, log_s: float, speed: float, stop: threading.Event) -> dict[str, GroundTruth]:
    """Write until the log time is over, or `stop` is set; the truth of each node."""
    streams = {f"node{n}": TransferStream(NodeProfile(f"node{n}"), n) for n in range(1, nodes + 1)}
    begin_s, begun, owed, done_s = time.time() - log_s, time.monotonic(), 0.0, 0
    while done_s < log_s and not stop.is_set():
        due_s = min(log_s, (time.monotonic() - begun) * speed)
        blocks: dict[str, list[bytes]] = {name: [] for name in streams}
        while done_s < due_s:
            owed += rate / nodes
            starts = int(owed)
            owed -= starts
            for name, stream in streams.items():
                blocks[name].append(stream.step(begin_s + done_s, starts).data)
            done_s += 1
        for name, data in blocks.items():
            _append(folder / f"{name}.log", b"".join(data))
        stop.wait(TICK_S)
    truths = {}
    for name, stream in streams.items():
        _append(folder / f"{name}.log", stream.drain(begin_s + done_s).data)
        truths[name] = GroundTruth()
        truths[name].add(stream.tally.truth())
    return truths


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--rate", type=float, default=200.0, help="transfers a second of log time, all nodes together")
    parser.add_argument("--hours", type=float, default=24.0, help="log time")
    parser.add_argument("--speed", type=float, default=48.0, help="seconds of log a second")
    parser.add_argument("--truth", type=Path, required=True)
    args = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    write_truth(args.truth, feed(args.folder, args.nodes, args.rate, args.hours * 3600, args.speed, stop))
    return 0


if __name__ == "__main__":
    sys.exit(main())
