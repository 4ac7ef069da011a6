"""All four scenarios in one report: ingestion, WebSocket, mixed, aggregation.

    python tests/perf/scenarios.py                       # 60 s each, about 20 minutes
    python tests/perf/scenarios.py --quick               # a few seconds each: does everything work?
    python tests/perf/scenarios.py --only mixed burst --profile --budget

ingestion    100, 200, 400 events/s, no clients
websocket    1, 2, 5 updates/s × 3, 6, 10 clients
mixed        200 events/s, 4 nodes, 10 clients, node chores in the logs, an hour of history in the database
idle         silent logs, no clients
burst        2,000 events/s, 10 clients;  flood  20,000 events/s, 10 clients
crowd        200 events/s, 1,000 clients
aggregation  24 h questions in turns over a database (--day: 17,280,000 events)
restart      from the start of the process to the first live frame, over a day of events (--day: 17,280,000)
ingest       400,000 lines into a new database
hour         the mixed load for an hour (--hour): memory at its end
simulated-day  24 h of log time at 200 events/s within --day-minutes (--simulated-day): memory must stay flat

The long ones run in the background: --hour --background, then --status, --stop.
"""

from __future__ import annotations

import sys
from typing import Any

import background
import profile_db
import profile_ingest
import profile_ingestion
import profile_restart
import profile_ws
from reporting import REPORTS, Report, arguments, guarded, new_folder
from workload import Load, run_load

FOUR = ("ingestion", "websocket", "mixed", "aggregation")
FURTHER = ("idle", "burst", "flood", "crowd", "restart", "ingest", "hour", "simulated-day")
HOUR_S = 3600.0


def _steady(report: Report, args: Any, name: str, rate: float) -> None:
    load = Load(name, args.rate or rate, args.nodes or 4, args.clients or 10, args.seconds, chores=True, server_args=args.server_arg,
                py_spy_s=min(20.0, args.seconds) if args.profile else 0.0)  # fmt: skip
    if name == "mixed":
        load.polling = True
        load.history_s = 0.0 if args.quick else 3600.0
    guarded(report, load.name, lambda: profile_ingestion.run_and_profile(load, report.folder, args))


def _hour(report: Report, args: Any) -> None:
    seconds = args.seconds if args.quick else args.hours * HOUR_S
    load = Load("hour", args.rate or 200.0, args.nodes or 4, args.clients or 10, seconds, chores=True, server_args=args.server_arg)
    load.polling, load.warm_up_s = True, 10.0
    guarded(report, load.name, lambda: run_load(load, report.folder))


def _simulated_day(report: Report, args: Any) -> None:
    seconds = args.seconds if args.quick else args.day_minutes * 60
    warm_up_s = seconds / 20
    load = Load("simulated-day", args.rate or 200.0, args.nodes or 4, args.clients or 3, seconds, warm_up_s=warm_up_s,
                speed=24 * HOUR_S / (seconds + warm_up_s), server_args=args.server_arg)  # fmt: skip
    if args.quick:
        load.speed = 60.0
    guarded(report, load.name, lambda: run_load(load, report.folder))


def main() -> int:
    parser = arguments(__doc__, rate=None, clients=None, nodes=None, seconds=60.0)
    parser.add_argument("--only", nargs="+", choices=FOUR + FURTHER, default=list(FOUR), metavar="SCENARIO", help=" ".join(FOUR + FURTHER))
    parser.add_argument("--quick", action="store_true", help="6 s each")
    parser.add_argument("--day", action="store_true", help="aggregation over the full day of 17,280,000 events")
    parser.add_argument("--hour", action="store_true", help="the long form `hour` alone")
    parser.add_argument("--hours", type=float, default=1.0, help="length of the scenario `hour` [default: %(default)s]")
    parser.add_argument("--simulated-day", action="store_true", help="the long form `simulated-day` alone")
    parser.add_argument("--day-minutes", type=float, default=30.0, help="what the simulated day takes [default: %(default)s]")
    background.add_flags(parser)
    args = parser.parse_args()
    long_forms = [name for name, wished in (("hour", args.hour), ("simulated-day", args.simulated_day)) if wished]
    args.only = long_forms or args.only
    argv = list(sys.argv)
    if args.report is None:
        args.report = (background.folder_at_work(REPORTS) if args.status or args.stop else None) or new_folder()
        argv += ["--report", str(args.report)]
    return background.run(lambda: work(args), args.report, args, argv)


def work(args: Any) -> int:
    """All wished scenarios into one report."""
    args.seconds = 6.0 if args.quick else args.seconds
    args.updates, args.database = None, None
    args.events, args.repeats = (40_000, 5) if args.quick else (400_000, 100)
    report = Report("Scenarios", args.report)
    for name in args.only:
        if name == "ingestion":
            profile_ingestion.add_runs(report, args)
        elif name == "websocket":
            profile_ws.add_runs(report, args)
        elif name == "aggregation":
            profile_db.add_runs(report, args)
        elif name == "restart":
            profile_restart.add_runs(report, args)
        elif name == "crowd":
            crowd = Load("crowd", args.rate or 200.0, args.nodes or 4, 10, args.seconds, crowd=(args.clients or 1000) - 10,
                         server_args=args.server_arg)  # fmt: skip
            guarded(report, "crowd", lambda load=crowd: run_load(load, report.folder))
        elif name == "idle":
            idle = Load("idle", 0.0, args.nodes or 4, 0, args.seconds, server_args=args.server_arg)
            guarded(report, "idle", lambda load=idle: run_load(load, report.folder))
        elif name == "hour":
            _hour(report, args)
        elif name == "simulated-day":
            _simulated_day(report, args)
        elif name == "ingest":
            guarded(report, "ingest-400000", lambda: profile_ingest.measure(400_000, 3))
        else:
            _steady(report, args, name, {"mixed": 200.0, "burst": 2000.0, "flood": 20_000.0}[name])
    return report.finish(budget=args.budget)


if __name__ == "__main__":
    sys.exit(main())
