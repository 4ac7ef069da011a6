"""Ingestion only: real lines into files at a set rate, the server reads, parses, stores; CPU, throughput, exactness.

python tests/perf/profile_ingestion.py                       # 100, 200, 400 events/s, 60 s each
python tests/perf/profile_ingestion.py --rate 20000 --seconds 30 --profile
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from reporting import Report, arguments, guarded
from workload import Load, profile_load, run_load

RATES = (100.0, 200.0, 400.0)


def add_runs(report: Report, args: Any, rates: tuple[float, ...] = RATES) -> None:
    """One run a rate into the report."""
    for rate in (args.rate,) if args.rate else rates:
        load = Load(f"ingestion-{rate:g}", rate, args.nodes or 4, 0, args.seconds, server_args=args.server_arg,
                    py_spy_s=min(20.0, args.seconds) if args.profile else 0.0)  # fmt: skip
        guarded(report, load.name, lambda load=load: run_and_profile(load, report.folder, args))


def run_and_profile(load: Load, folder: Path, args: Any) -> dict[str, Any]:
    """Measure, then profile in a run of its own when wished."""
    figures = run_load(load, folder)
    if args.profile:
        figures |= profile_load(load, folder, scalene=args.scalene)
    return figures


def main() -> int:
    args = arguments(__doc__, rate=None, nodes=4, seconds=60.0).parse_args()
    report = Report("Ingestion", args.report)
    add_runs(report, args)
    return report.finish(budget=args.budget)


if __name__ == "__main__":
    sys.exit(main())
