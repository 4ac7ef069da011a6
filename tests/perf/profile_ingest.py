"""Loading a log: 400,000 lines into a new database with `storj_monitor ingest`, against `json.loads` of the same contexts.

    python tests/perf/profile_ingest.py [--lines 400000] [--rounds 3] [--budget]

Start-up is excluded: a load of one line is measured in the same run and subtracted. Both sides are the best of the rounds,
taken in turns, because machines are noisy.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from harness import MeasureError, run_python, stored_stats
from reporting import Report, arguments, guarded

from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import transfer_lines


def measure(lines: int, rounds: int) -> dict[str, Any]:
    """Wall and CPU seconds of both, lines a second, bytes on disk an event."""
    data, truth = transfer_lines(lines, NodeProfile("node1"), start_s=time.time() // 60 * 60 - lines / 400)
    one = data[: data.index(b"\n") + 1]
    ingest: list[Cost] = []
    start: list[Cost] = []
    plain: list[Cost] = []
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        folder = Path(name)
        (folder / "big.log").write_bytes(data)
        (folder / "one.log").write_bytes(one)
        for number in range(rounds):
            plain.append(json_loads_cost(data))
            start.append(ingest_cost(folder / f"one{number}.db", folder / "one.log"))
            database = folder / f"big{number}.db"
            ingest.append(ingest_cost(database, folder / "big.log"))
        stored = stored_stats(database)
        size = sum(f.stat().st_size for f in folder.glob(f"{database.name}*"))
    wanted = {k: n for k, n in truth.transfers.items() if not k.endswith("started")}
    if {k: n for k, n in stored["transfers"].items() if not k.endswith("started")} != wanted or stored["lines"] != truth.lines:
        raise MeasureError("the database does not hold what the log holds")
    net = _best(ingest, 0) - _best(start, 0)
    net_cpu = _best(ingest, 1) - _best(start, 1)
    unit, unit_cpu = _best(plain, 0), _best(plain, 1)
    return {
        "lines": truth.lines,
        "bytes": len(data),
        "rounds": rounds,
        "ingest_s": round(net, 3),
        "ingest_cpu_s": round(net_cpu, 3),
        "start_s": round(_best(start, 0), 3),
        "json_loads_s": round(unit, 3),
        "of_json_loads": round(net / unit, 3),
        "cpu_of_json_loads": round(net_cpu / unit_cpu, 3),
        "lines_per_s": round(truth.lines / net),
        "bytes_per_event": round(size / truth.results, 1),
    }


class Cost(NamedTuple):
    """What something took: wall and CPU seconds."""

    wall_s: float
    cpu_s: float


def _best(costs: list[Cost], which: int) -> float:
    return min(cost[which] for cost in costs)


def json_loads_cost(data: bytes) -> Cost:
    """The standard library's `json.loads` of every line's context; finding the context is not counted."""
    contexts = [line[line.index(b"{") :] for line in data.splitlines()]
    loads = json.loads
    begin, cpu = time.perf_counter(), time.process_time()
    for context in contexts:
        loads(context)
    return Cost(time.perf_counter() - begin, time.process_time() - cpu)


def ingest_cost(database: Path, log: Path) -> Cost:
    """The whole command."""
    begin, cpu = time.perf_counter(), os.times()
    run_python(["-m", "storj_monitor", "ingest", "--database", str(database), f"node1:{log}"])
    after = os.times()
    spent = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    return Cost(time.perf_counter() - begin, spent)


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
