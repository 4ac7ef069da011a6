"""Loading a log: 400,000 lines into a new database with `storj_monitor ingest`, against `json.loads` of the same contexts.

    python tests/perf/profile_ingest.py [--lines 400000] [--rounds 3] [--budget]

Start-up is excluded: a load of one line is measured in the same run and subtracted. Both sides are the best of the rounds,
taken in turns, because machines are noisy.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import MeasureError, run_python, stored_stats
from reporting import Report, arguments, guarded

from storj_monitor.simulator.bulk import transfer_lines
from storj_monitor.simulator.profile import NodeProfile


def measure(lines: int, rounds: int) -> dict[str, Any]:
    """Wall and CPU seconds of both, lines a second, bytes on disk an event."""
    data, truth = transfer_lines(lines, NodeProfile("node1"), start_s=time.time() // 60 * 60 - lines / 400)
    one = data[: data.index(b"\n") + 1]
    ingest_s: list[float] = []
    start_s: list[float] = []
    json_s: list[float] = []
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        folder = Path(name)
        (folder / "big.log").write_bytes(data)
        (folder / "one.log").write_bytes(one)
        for number in range(rounds):
            json_s.append(json_loads_seconds(data))
            start_s.append(ingest_seconds(folder / f"one{number}.db", folder / "one.log"))
            database = folder / f"big{number}.db"
            ingest_s.append(ingest_seconds(database, folder / "big.log"))
        stored = stored_stats(database)
        size = sum(f.stat().st_size for f in folder.glob(f"{database.name}*"))
    wanted = {k: n for k, n in truth.transfers.items() if not k.endswith("started")}
    if {k: n for k, n in stored["transfers"].items() if not k.endswith("started")} != wanted or stored["lines"] != truth.lines:
        raise MeasureError("the database does not hold what the log holds")
    net = min(ingest_s) - min(start_s)
    return {
        "lines": truth.lines, "bytes": len(data), "rounds": rounds, "ingest_s": round(net, 3), "start_s": round(min(start_s), 3),
        "json_loads_s": round(min(json_s), 3), "of_json_loads": round(net / min(json_s), 3), "lines_per_s": round(truth.lines / net),
        "bytes_per_event": round(size / truth.results, 1),
    }  # fmt: skip


def json_loads_seconds(data: bytes) -> float:
    """The standard library's `json.loads` of every line's context; finding the context is not counted."""
    contexts = [line[line.index(b"{") :] for line in data.splitlines()]
    loads = json.loads
    begin = time.perf_counter()
    for context in contexts:
        loads(context)
    return time.perf_counter() - begin


def ingest_seconds(database: Path, log: Path) -> float:
    """Wall seconds of the whole command."""
    begin = time.perf_counter()
    run_python(["-m", "storj_monitor", "ingest", "--database", str(database), f"node1:{log}"])
    return time.perf_counter() - begin


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--lines", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    report = Report("Ingest", args.report)
    guarded(report, f"ingest-{args.lines}", lambda: measure(args.lines, args.rounds))
    return report.finish(budget=args.budget)


if __name__ == "__main__":
    sys.exit(main())
