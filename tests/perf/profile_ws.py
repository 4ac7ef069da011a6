"""WebSocket: N clients on the live page's topics; delay from the written line to the received frame, and CPU.

    python tests/perf/profile_ws.py                                  # 1, 2, 5 updates/s × 3, 6, 10 clients
    python tests/perf/profile_ws.py --rate 200 --clients 10          # a steady 200 events/s
    python tests/perf/profile_ws.py --rate 2000 --clients 10 --profile
    python tests/perf/profile_ws.py --rate 200 --clients 1000        # all but ten in a process of their own: crowd.py

`--updates` is how often a second the nodes write; without it and with `--rate` they write every 20 ms.
"""

from __future__ import annotations

import sys
from typing import Any

from bars import CROWD_FROM
from profile_ingestion import run_and_profile
from reporting import Report, arguments, guarded
from workload import Load

UPDATES = (1.0, 2.0, 5.0)
CLIENTS = (3, 6, 10)
EVENTS_PER_UPDATE = 10
RECORDERS = 10


def add_runs(report: Report, args: Any) -> None:
    """The scenario's grid, or the one run that the flags ask for."""
    if args.rate and not args.updates:
        clients = args.clients or RECORDERS
        few = clients if clients <= CROWD_FROM else RECORDERS
        loads = [Load(f"ws-{args.rate:g}eps-{clients}c", args.rate, args.nodes or 4, few, args.seconds, crowd=clients - few)]
    else:
        loads = [
            Load(f"ws-{updates:g}ups-{clients}c", args.rate or updates * EVENTS_PER_UPDATE, args.nodes or 4, clients, args.seconds,
                 tick_ms=1000 / updates)
            for updates in ((args.updates,) if args.updates else UPDATES)
            for clients in ((args.clients,) if args.clients else CLIENTS)
        ]  # fmt: skip
    for load in loads:
        load.server_args = args.server_arg
        load.py_spy_s = min(20.0, args.seconds) if args.profile else 0.0
        guarded(report, load.name, lambda load=load: run_and_profile(load, report.folder, args))


def main() -> int:
    parser = arguments(__doc__, rate=None, clients=None, nodes=4, seconds=60.0)
    parser.add_argument("--updates", type=float, help="writes a second of each node")
    args = parser.parse_args()
    report = Report("WebSocket", args.report)
    add_runs(report, args)
    return report.finish(budget=args.budget)


if __name__ == "__main__":
    sys.exit(main())
