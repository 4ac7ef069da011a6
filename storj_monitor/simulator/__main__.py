"""`python -m storj_monitor.simulator`: simulated logs from a process of their own, for benchmarks and trials."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from storj_monitor.simulator.demo import run_demo
from storj_monitor.simulator.ground_truth import GroundTruth
from storj_monitor.simulator.log_formatter import VERSIONS
from storj_monitor.simulator.profile import NodeProfile
from storj_monitor.simulator.writer import LogWriter, NodeLog, Target, transfer_blocks, write_truth

EXAMPLES = """examples:
  python -m storj_monitor.simulator live --folder logs --nodes 4 --rate 200 --seconds 60 --truth truth.json
  python -m storj_monitor.simulator bulk --file big.log --lines 400000 --truth truth.json
  python -m storj_monitor.simulator demo --folder logs --nodes 4 --rate 50
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m storj_monitor.simulator", description="Write logs of storage nodes that do not exist.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    live = commands.add_parser("live", help="several nodes in real time: FOLDER/node1.log …")
    bulk = commands.add_parser("bulk", help="many lines at once into one file")
    demo = commands.add_parser("demo", help="a day of history, then real time")
    for sub in (live, bulk):
        sub.add_argument("--version", choices=VERSIONS, default=VERSIONS[0], help="vocabulary (default: %(default)s)")
        sub.add_argument("--encoding", choices=("console", "json"), default="console")
        sub.add_argument("--info", action="store_true", help="log level INFO: no start lines (default: DEBUG)")
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--truth", type=Path, metavar="FILE", help="exact counts as JSON, written at the end")
        sub.add_argument("--rate", type=float, default=200.0, help="transfers a second, all nodes together")
    for sub in (live, demo):
        sub.add_argument("--folder", type=Path, required=True)
        sub.add_argument("--nodes", type=int, default=4)
    live.add_argument("--seconds", type=float, help="stop after this time (default: until a signal)")
    live.add_argument("--tick-ms", type=float, default=20.0, help="one write a node each tick (default: %(default)s)")
    live.add_argument("--trace", type=Path, metavar="FILE", help="when each result was written, to measure delays")
    live.add_argument("--trouble", type=float, default=0.0, help="share of transfers that go wrong on the last node, 0..1")
    live.add_argument("--chores", action="store_true", help="also start-up, compactions, retains, scores …")
    live.add_argument("--rotate-s", type=float, default=0.0, help="rotate the files this often (0 = never)")
    live.add_argument("--rotate-how", choices=("rename", "copytruncate"), default="rename")
    live.add_argument("--drain", action="store_true", help="at the end write the results of running transfers at once")
    bulk.add_argument("--file", type=Path, required=True)
    bulk.add_argument("--lines", type=int, default=400_000)
    bulk.add_argument("--start", type=float, help="Unix seconds of the first line (default: so that the last is now)")
    bulk.add_argument("--name", default="node1", help="name of the node; other names give other lines")
    demo.add_argument("--rate", type=float, default=50.0, help="transfers a second, all nodes together")
    return parser


def _profile(args: argparse.Namespace, name: str, trouble: float = 0.0) -> NodeProfile:
    return NodeProfile(name, args.version, args.encoding, debug=not args.info, rhythm=0.0, trouble=trouble)


def _live(args: argparse.Namespace, stop: threading.Event) -> None:
    tick_s = args.tick_ms / 1000
    now_s = time.time()
    targets = []
    for number in range(1, args.nodes + 1):
        profile = _profile(args, f"node{number}", args.trouble if number == args.nodes else 0.0)
        log = NodeLog(profile, args.seed, now_s, tick_s=tick_s, start_up=args.chores, chores=args.chores)
        targets.append(Target(log, args.folder / f"node{number}.log"))
    writer = LogWriter(targets, args.rate, tick_s, args.trace)
    try:
        writer.run(stop, args.seconds, args.rotate_s, args.rotate_how)
        if args.drain:
            writer.drain()
    finally:
        writer.close()
        if args.truth:
            write_truth(args.truth, writer.truth())


def _bulk(args: argparse.Namespace) -> None:
    per_event = 1 if args.info else 2
    start_s = args.start if args.start is not None else time.time() - args.lines / args.rate / per_event - 40
    truth = GroundTruth()
    with args.file.open("wb") as file:
        file.writelines(transfer_blocks(args.lines, _profile(args, args.name), args.seed, start_s, args.rate, truth))
    if args.truth:
        write_truth(args.truth, {args.name: truth})


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 2 for wrong arguments."""
    args = _parser().parse_args(argv)
    if args.rate <= 0 or getattr(args, "nodes", 1) < 1:
        _parser().error("--rate and --nodes must be positive")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if args.command == "live":
        _live(args, stop)
    elif args.command == "bulk":
        _bulk(args)
    else:
        run_demo(args.folder, args.nodes, args.rate, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
